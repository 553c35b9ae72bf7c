"""The feed of changes as a program that polls it would read it."""

from __future__ import annotations

import json
from typing import Any

from support.shop_database import ShopDatabase


def events(shop: ShopDatabase, after: int = 0) -> list[dict[str, Any]]:
    """The events after a number, in their order, with `data` read."""
    rows = shop.rows("SELECT * FROM {p}orderferry_event WHERE id_event > :after ORDER BY id_event", after=after)
    return [{**row, "data": json.loads(row["data"])} for row in rows]


def told(shop: ShopDatabase, after: int = 0) -> list[tuple[str, dict[str, Any]]]:
    """The kind and the data of each event after a number."""
    return [(event["kind"], event["data"]) for event in events(shop, after)]


def flaws_of_feed(shop: ShopDatabase) -> list[str]:
    """Where feed and orders disagree: gaps in the numbers, orders without their one event, states that differ from
    the last that the feed has told of, events of orders that are not there."""
    found = events(shop)
    numbers = [event["id_event"] for event in found]
    flaws = [] if numbers == list(range(1, len(found) + 1)) else [f"numbers {numbers}"]
    counter = shop.rows("SELECT value FROM {p}orderferry_state WHERE name = 'last_event'")
    if found and [row["value"] for row in counter] != [str(numbers[-1])]:
        flaws.append(f"the counter says {counter}, the last event is {numbers[-1]}")
    created = [event["id_order"] for event in found if event["kind"] == "order_created"]
    orders = {
        row["id_order"]: row["current_state"]
        for row in shop.rows(
            "SELECT o.id_order, o.current_state FROM {p}orders o JOIN {p}orderferry_order m ON m.id_order = o.id_order"
        )
    }
    if sorted(created) != sorted(orders):
        flaws.append(f"created events of {sorted(created)}, orders {sorted(orders)}")
    state: dict[int, int] = {}
    for event in found:
        data = event["data"]
        state[event["id_order"]] = data.get("id_order_state", data.get("new", state.get(event["id_order"])))
    flaws += [f"order {key}: state {orders[key]}, told {state.get(key)}" for key in orders if orders[key] != state[key]]
    return flaws
