"""GET /orders/2026-01-01/orders/{orderId}: one order, as it is now (what searches list late is not late here)."""

from __future__ import annotations

import re

from orderferry.simulator.answers import (
    Refusal,
    Request,
    SimulatedResponse,
    error_answer,
    invalid_input,
    json_answer,
    unauthorized,
)
from orderferry.simulator.datasets import only_datasets, refuse_datasets
from orderferry.simulator.parameters import read_get
from orderferry.simulator.world import World

_ORDER_ID = re.compile(r"\d{3}-\d{7}-\d{7}")


def get_order(world: World, request: Request) -> SimulatedResponse:
    """The order, wrapped in `order`. Raise Refusal: 400 for a malformed id or parameter, 404 for an unknown id, 403
    for an order of a marketplace that the account may not see."""
    order_id = request.arguments["order_id"]
    included = read_get(request)
    refuse_datasets(included, world.refused_datasets)
    if not _ORDER_ID.fullmatch(order_id):
        raise invalid_input("orderId must be in 3-7-7 format.")
    found = world.find(order_id, request.at)
    if found is None:
        raise Refusal(error_answer(404, "NotFound", "The requested resource doesn't exist."))
    sight, order = found
    if sight.marketplace_id in world.refused_marketplaces:
        raise unauthorized("The application is not authorised for the order's marketplace.")
    return json_answer({"order": only_datasets(order, included)})
