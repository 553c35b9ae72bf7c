"""A simulated order as Amazon writes it: the JSON of Orders API 2026-01-01 for one moment of the order's life."""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from datetime import datetime
from typing import Any

from orderferry.domain.durations import iso
from orderferry.domain.orders import Channel, OrderStatus, ProceedsType
from orderferry.simulator.item_json import item_id, item_json
from orderferry.simulator.json_parts import amount, breakdown, present, window
from orderferry.simulator.money import LineMoney, grand_total, line_money, order_rows
from orderferry.simulator.orders import SimulatedOrder
from orderferry.simulator.personal_data import ALL_ROLES, RELEASED, Role, personal_parts
from orderferry.simulator.states import State, deliver_by, ship_by

FULFILLED_BY = {Channel.REGULAR: "MERCHANT", Channel.FBA: "AMAZON"}
_CARRIERS = ("DHL", "DPD", "GLS", "UPS")


def render(order: SimulatedOrder, state: State, now: datetime, roles: AbstractSet[Role] = ALL_ROLES) -> dict[str, Any]:
    """Given an order, its state and the moment of the answer, return its whole JSON, all datasets included.

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
    """The proceeds of all items; empty when Amazon says none."""
    priced = order.prices_while_pending if state.pending else state.status != OrderStatus.CANCELLED
    if not priced:
        return []
    return [line_money(order, line, quantity) for line, quantity in zip(order.lines, state.ordered, strict=True)]


def _proceeds(order: SimulatedOrder, state: State, money: list[LineMoney]) -> dict[str, Any]:
    currency = order.market.currency
    rows = [breakdown(row, currency) for row in order_rows(money, order.tip)]
    for row in rows:
        if row["type"] == ProceedsType.DELIVERY_TIP:
            row["status"] = "FINALIZED" if state.tip_final else "PENDING"
    return {"grandTotal": amount(grand_total(money, order.tip), currency), "breakdowns": rows}


def _fulfillment(order: SimulatedOrder, state: State) -> dict[str, Any]:
    dated = state.status in RELEASED
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
    """The parcels of a merchant-fulfilled order; Amazon gives none of FBA orders."""
    if order.channel is Channel.FBA:
        return []
    digits = order.order_id.replace("-", "")
    packages = []
    for number, parcel in enumerate(state.parcels, start=1):
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
