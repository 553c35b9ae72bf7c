"""A simulated order as Amazon writes it: the JSON of Orders API 2026-01-01 for one moment of the order's life.

Personal data depends on status, channel and the application's roles. Without a role the
fields are absent, and the answer is a 200 all the same.
"""

from __future__ import annotations

import zlib
from collections.abc import Set as AbstractSet
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

from orderferry.domain.durations import iso
from orderferry.domain.orders import RELEASED_STATUSES, Channel, OrderStatus, ProceedsType
from orderferry.simulator.money import BreakdownRow, LineMoney, grand_total, line_money, order_rows, rounded
from orderferry.simulator.orders import Line, SimulatedOrder
from orderferry.simulator.people import Person, person_of
from orderferry.simulator.states import State, deliver_by, ship_by


def present(parts: dict[str, Any]) -> dict[str, Any]:
    """Leave out the parts that are empty, as Amazon does."""
    return {key: value for key, value in parts.items() if value not in (None, "", [], {})}


def amount(value: Decimal, currency: str) -> dict[str, str]:
    """Return an amount as Amazon writes it: a decimal string in the decimals of its currency."""
    return {"amount": str(rounded(value, currency)), "currencyCode": currency}


def breakdown(row: BreakdownRow, currency: str) -> dict[str, Any]:
    """Return one entry of `breakdowns`."""
    written: dict[str, Any] = {"type": row.type.value, "subtotal": amount(row.amount, currency)}
    if row.details:
        written["detailedBreakdowns"] = [
            {"subtype": kind.value, "value": amount(part, currency)} for kind, part in row.details
        ]
    return written


def window(span: tuple[datetime, datetime]) -> dict[str, str]:
    """Return a span as Amazon writes `shipByWindow` and `deliverByWindow`."""
    return {"earliestDateTime": iso(span[0]), "latestDateTime": iso(span[1])}


def item_id(order_id: str, position: int) -> str:
    """Return the `orderItemId` of the item at `position` (from 0) of an order: 14 digits."""
    digits = "".join(character for character in order_id if character.isdigit())
    return f"{digits[-12:]:0>12}{position + 1:02d}"


def item_json(order: SimulatedOrder, state: State, position: int, money: LineMoney | None) -> dict[str, Any]:
    """Return the JSON of one item of an order; proceeds of None are left out."""
    line = order.lines[position]
    return {
        "orderItemId": item_id(order.order_id, position),
        "quantityOrdered": state.ordered[position],
        "product": _product(order, line, priced=money is not None),
        **present(
            {
                "proceeds": _item_proceeds(order, money) if money is not None else None,
                "promotion": {"breakdowns": [{"promotionId": line.promotion}]} if line.promotion else None,
                "cancellation": _cancellation(state, position),
                "fulfillment": _item_fulfillment(line, state, position),
                "tax": _item_tax(order),
            }
        ),
    }


def _product(order: SimulatedOrder, line: Line, *, priced: bool) -> dict[str, Any]:
    price: dict[str, Any] | None = None
    if priced:
        designation = "BUSINESS_PRICE" if order.business else None
        price = present({"unitPrice": amount(line.price, order.market.currency), "priceDesignation": designation})
    return present(
        {
            "asin": line.asin or f"B0{zlib.crc32((line.sku or line.title).encode()):08X}",
            "title": line.title or line.sku,
            "sellerSku": line.sku,
            "condition": {"conditionType": "NEW", "conditionSubtype": "NEW", "conditionNote": ""},
            "price": price,
        }
    )


def _item_proceeds(order: SimulatedOrder, money: LineMoney) -> dict[str, Any]:
    currency = order.market.currency
    total, rows = money
    return {
        "proceedsTotal": amount(total, currency),
        "breakdowns": [breakdown(row, currency) for row in rows],
    }


def _cancellation(state: State, position: int) -> dict[str, Any]:
    parts: dict[str, Any] = {}
    if state.cancel_request is not None:
        parts["cancellationRequest"] = present({"requester": "BUYER", "cancelReason": state.cancel_request})
    if position in state.cancelled:
        by, reason = state.cancelled[position]
        parts["cancellationExecution"] = present({"cancelledBy": by, "cancelReason": reason})
    return parts


def _item_fulfillment(line: Line, state: State, position: int) -> dict[str, Any]:
    fulfilled = state.fulfilled[position]
    still_open = 0 if state.status == OrderStatus.CANCELLED else max(state.ordered[position] - fulfilled, 0)
    shown = not state.pending
    gift = present({"giftMessage": line.gift_message, "giftWrapLevel": line.gift_wrap_level}) if shown else {}
    on_delivery = {"shippingConstraints": {"cashOnDelivery": "MANDATORY"}} if line.cod_fee else {}
    abroad = {"internationalShipping": {"iossNumber": line.ioss_number}} if line.ioss_number and shown else {}
    parts = {
        "quantityFulfilled": fulfilled,
        "quantityUnfulfilled": still_open,
        "packing": {"giftOption": gift} if gift else None,
        "shipping": {**on_delivery, **abroad},
    }
    return present(parts)


def _item_tax(order: SimulatedOrder) -> dict[str, Any]:
    schemes = [{"reportingScheme": order.tax_scheme}] if order.tax_scheme else None
    collections = (
        [{"model": "MARKETPLACE_FACILITATOR", "responsibleParty": "Amazon Services Europe S.a.r.L."}]
        if order.collected_by_amazon
        else None
    )
    return present({"taxCalculationBreakdowns": schemes, "taxCollections": collections})


_PUBLIC_FIELDS = frozenset({"city", "stateOrRegion", "countryCode"})  # on no list of personal data
_FBA_FIELDS = _PUBLIC_FIELDS | {"postalCode", "addressType"}


class Role(StrEnum):
    """Roles of the application that decide which personal data Amazon gives."""

    SHIPPING = "direct-to-consumer-shipping"
    TAX = "tax-invoicing"


ALL_ROLES = frozenset(Role)


def personal_parts(order: SimulatedOrder, state: State, now: datetime, roles: AbstractSet[Role]) -> dict[str, Any]:
    """Return `buyer`, `recipient` and `tax` of an order's JSON at the moment of the answer.

    Nothing before the payment is authorised, and nothing of a cancelled order.
    """
    if state.status not in RELEASED_STATUSES:
        return {}
    person = person_of(order.order_id, order.delivery_country)
    return {
        "buyer": _buyer(order, person, roles),
        "recipient": {"deliveryAddress": _delivery_address(order, state, person, now, roles)},
        "tax": _tax_registrations(order, roles),
    }


def _buyer(order: SimulatedOrder, person: Person, roles: AbstractSet[Role]) -> dict[str, Any]:
    """Return `buyer`: the tax role sees the name; the shipping role name and e-mail of merchant-fulfilled orders."""
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
    """Return the address that Amazon shows of an order.

    An FBA order has no name, street or telephone. A shipped order loses the telephone after its delivery date.
    """
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


FULFILLED_BY = {Channel.REGULAR: "MERCHANT", Channel.FBA: "AMAZON"}
_CARRIERS = ("DHL", "DPD", "GLS", "UPS")


def render(order: SimulatedOrder, state: State, now: datetime, roles: AbstractSet[Role] = ALL_ROLES) -> dict[str, Any]:
    """Return an order's whole JSON at the moment of the answer, all datasets included.

    Amounts are missing while the order is pending (unless the order says otherwise) and when it was cancelled.
    """
    money = _money(order, state)
    return {
        **_identity(order, state),
        **present(
            {
                **personal_parts(order, state, now, roles),
                "proceeds": _proceeds(order, state, money) if money else None,
                "fulfillment": _fulfillment(order, state),
                "packages": _packages(order, state),
                "payment": _payment(order, money),
            }
        ),
        "orderItems": [
            item_json(order, state, position, money[position] if money else None)
            for position in range(len(order.lines))
        ],
    }


def _identity(order: SimulatedOrder, state: State) -> dict[str, Any]:
    market = order.market
    aliases = [{"aliasId": order.seller_order_id, "aliasType": "SELLER_ORDER_ID"}] if order.seller_order_id else None
    originals = [{"orderId": order.replaces, "associationType": "REPLACEMENT_ORIGINAL_ID"}] if order.replaces else None
    return present(
        {
            "orderId": order.order_id,
            "orderAliases": aliases,
            "createdTime": iso(order.placed),
            "lastUpdatedTime": iso(state.updated),
            "programs": list(order.programs),
            "associatedOrders": originals,
            "salesChannel": {
                "channelName": order.sales_channel,
                "marketplaceId": market.id,
                "marketplaceName": market.domain.capitalize(),
            },
        }
    )


def _money(order: SimulatedOrder, state: State) -> list[LineMoney]:
    """Return the proceeds of all items; empty when Amazon says none."""
    priced = order.prices_while_pending if state.pending else state.status != OrderStatus.CANCELLED
    quantities = zip(order.lines, state.ordered, strict=True)
    return [line_money(order, line, quantity) for line, quantity in quantities] if priced else []


def _proceeds(order: SimulatedOrder, state: State, money: list[LineMoney]) -> dict[str, Any]:
    currency = order.market.currency
    rows = [breakdown(row, currency) for row in order_rows(money, order.tip)]
    for row in rows:
        if row["type"] == ProceedsType.DELIVERY_TIP:
            row["status"] = "FINALIZED" if state.tip_final else "PENDING"
    return {"grandTotal": amount(grand_total(money, order.tip), currency), "breakdowns": rows}


def _fulfillment(order: SimulatedOrder, state: State) -> dict[str, Any]:
    dated = state.status in RELEASED_STATUSES
    return present(
        {
            "fulfillmentStatus": str(state.status),
            "fulfilledBy": FULFILLED_BY[order.channel],
            "fulfillmentServiceLevel": order.service_level,
            "shipByWindow": window(ship_by(order, state)) if dated else None,
            "deliverByWindow": window(deliver_by(order, state)) if dated else None,
        }
    )


def _packages(order: SimulatedOrder, state: State) -> list[dict[str, Any]]:
    """Return the parcels of a merchant-fulfilled order; Amazon names none of FBA orders."""
    parcels = () if order.channel is Channel.FBA else state.parcels
    digits = order.order_id.replace("-", "")
    packages = []
    for number, parcel in enumerate(parcels, start=1):
        carrier = parcel.carrier or _CARRIERS[sum(map(ord, digits)) % len(_CARRIERS)]
        packages.append(
            {
                "packageReferenceId": str(number),
                "createdTime": iso(parcel.shipped),
                "packageStatus": {"status": "DELIVERED" if parcel.delivered else "SHIPPED"},
                "carrier": carrier,
                "shipTime": iso(parcel.shipped),
                "shippingService": f"{carrier} Standard",
                "trackingNumber": parcel.tracking or f"SIM{digits}{number}",
                "packageItems": [
                    {"orderItemId": item_id(order.order_id, position), "quantity": quantity}
                    for position, quantity in parcel.contents
                ],
            }
        )
    return packages


def _payment(order: SimulatedOrder, money: list[LineMoney]) -> dict[str, Any] | None:
    if not order.payment_method:
        return None
    execution: dict[str, Any] = {"paymentMethod": order.payment_method}
    if money:
        execution["paymentAmount"] = amount(grand_total(money, order.tip), order.market.currency)
    return {"paymentExecutions": [execution]}
