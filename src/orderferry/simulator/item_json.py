"""One item of a simulated order as Amazon writes it (`orderItems[]`)."""

from __future__ import annotations

import zlib
from typing import Any

from orderferry.domain.orders import OrderStatus
from orderferry.simulator.json_parts import amount, breakdown, present
from orderferry.simulator.money import LineMoney
from orderferry.simulator.orders import Line, SimulatedOrder
from orderferry.simulator.states import State


def item_id(order_id: str, position: int) -> str:
    """The `orderItemId` of the item at `position` (from 0) of an order: 14 digits."""
    digits = "".join(character for character in order_id if character.isdigit())
    return f"{digits[-12:]:0>12}{position + 1:02d}"


def item_json(order: SimulatedOrder, state: State, position: int, money: LineMoney | None) -> dict[str, Any]:
    """Given an order, its state, the position of the item and its proceeds (None: not said), return its JSON."""
    line = order.lines[position]
    return {
        "orderItemId": item_id(order.order_id, position),
        "quantityOrdered": state.ordered[position],
        "product": _product(order, line, priced=money is not None),
        **present(
            {
                "proceeds": _proceeds(order, money) if money is not None else None,
                "promotion": {"breakdowns": [{"promotionId": line.promotion}]} if line.promotion else None,
                "cancellation": _cancellation(state, position),
                "fulfillment": _fulfillment(line, state, position),
                "tax": _tax(order),
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


def _proceeds(order: SimulatedOrder, money: LineMoney) -> dict[str, Any]:
    currency = order.market.currency
    return {
        "proceedsTotal": amount(money.total, currency),
        "breakdowns": [breakdown(row, currency) for row in money.rows],
    }


def _cancellation(state: State, position: int) -> dict[str, Any]:
    parts: dict[str, Any] = {}
    if state.cancel_request is not None:
        parts["cancellationRequest"] = present({"requester": "BUYER", "cancelReason": state.cancel_request})
    if position in state.cancelled:
        by, reason = state.cancelled[position]
        parts["cancellationExecution"] = present({"cancelledBy": by, "cancelReason": reason})
    return parts


def _fulfillment(line: Line, state: State, position: int) -> dict[str, Any]:
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


def _tax(order: SimulatedOrder) -> dict[str, Any]:
    schemes = [{"reportingScheme": order.tax_scheme}] if order.tax_scheme else None
    collections = (
        [{"model": "MARKETPLACE_FACILITATOR", "responsibleParty": "Amazon Services Europe S.a.r.L."}]
        if order.collected_by_amazon
        else None
    )
    return present({"taxCalculationBreakdowns": schemes, "taxCollections": collections})
