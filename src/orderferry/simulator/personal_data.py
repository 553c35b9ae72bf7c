"""Whom a simulated order is for, as far as Amazon tells: by status, by channel, and by the application's roles.

Source: sp-api-orders 2.4 and 5. Without a role the fields are absent, and the answer is a 200 all the same.
"""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from datetime import datetime
from enum import StrEnum
from typing import Any

from orderferry.domain.orders import Channel, OrderStatus
from orderferry.simulator.json_parts import present
from orderferry.simulator.orders import SimulatedOrder
from orderferry.simulator.people import Person, person_of
from orderferry.simulator.states import State, deliver_by

RELEASED = frozenset({OrderStatus.UNSHIPPED, OrderStatus.PARTIALLY_SHIPPED, OrderStatus.SHIPPED})
_PUBLIC_FIELDS = frozenset({"city", "stateOrRegion", "countryCode"})  # on no list of personal data
_FBA_FIELDS = _PUBLIC_FIELDS | {"postalCode", "addressType"}


class Role(StrEnum):
    """Roles of the application that decide which personal data Amazon gives."""

    SHIPPING = "direct-to-consumer-shipping"
    TAX = "tax-invoicing"


ALL_ROLES = frozenset(Role)


def personal_parts(order: SimulatedOrder, state: State, now: datetime, roles: AbstractSet[Role]) -> dict[str, Any]:
    """Given an order, its state and the moment of the answer, return `buyer`, `recipient` and `tax` of its JSON.

    Nothing before the payment is authorised, and nothing of a cancelled order.
    """
    if state.status not in RELEASED:
        return {}
    person = person_of(order.order_id, order.delivery_country)
    return {
        "buyer": _buyer(order, person, roles),
        "recipient": {"deliveryAddress": _delivery_address(order, state, person, now, roles)},
        "tax": _tax_registrations(order, roles),
    }


def _buyer(order: SimulatedOrder, person: Person, roles: AbstractSet[Role]) -> dict[str, Any]:
    """The name for the tax roles, for merchant-fulfilled orders for the shipping role, too; the e-mail only there."""
    shipped_by_merchant = order.channel is Channel.REGULAR and Role.SHIPPING in roles
    named = shipped_by_merchant or Role.TAX in roles
    business = order.business
    return present(
        {
            "buyerName": person.name if named else None,
            "buyerEmail": f"{person.alias}@marketplace.{order.market.domain}" if shipped_by_merchant else None,
            "buyerCompanyName": business.company if business and named else None,
            "buyerPurchaseOrderNumber": business.purchase_order if business else None,
        }
    )


def _delivery_address(
    order: SimulatedOrder, state: State, person: Person, now: datetime, roles: AbstractSet[Role]
) -> dict[str, Any]:
    """FBA: no name, street or telephone. A shipped order loses the telephone when its delivery date is past."""
    address = {**person.address, **dict(order.address), **state.address}
    if order.business and "companyName" not in address:
        address |= {"companyName": order.business.company, "addressType": "COMMERCIAL"}
    if state.status == OrderStatus.SHIPPED and now > deliver_by(order, state)[1]:
        address.pop("phone", None)
    fields = set(address)
    if order.channel is Channel.FBA:
        fields &= _FBA_FIELDS
    if Role.SHIPPING not in roles:
        fields &= _PUBLIC_FIELDS
    return present({key: value for key, value in address.items() if key in fields})


def _tax_registrations(order: SimulatedOrder, roles: AbstractSet[Role]) -> dict[str, Any] | None:
    business = order.business
    if business is None or not business.vat_number or Role.TAX not in roles:
        return None
    registration = {
        "entityType": "BUYER",
        "legalName": business.company,
        "taxRegistrationType": "VAT",
        "taxRegistrationNumber": business.vat_number,
    }
    return {"taxRegistrations": [registration]}
