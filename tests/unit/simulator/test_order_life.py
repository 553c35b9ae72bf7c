"""The life of a simulated order: what Amazon says of it at each moment."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from orderferry.domain.orders import Channel
from orderferry.simulator.order_json import item_id
from orderferry.simulator.orders import Event, EventKind, Line, SimulatedOrder
from orderferry.simulator.world import World
from support.simulated import START, seconds, shipped, simulated_order, verified

TWO_LINES = (Line("A", 2, Decimal("10.00")), Line("B", 1, Decimal("5.00"), shipping=Decimal("4.00")))


def seen(order: SimulatedOrder, **after: float) -> dict[str, Any]:
    """The order's JSON so long after its placing."""
    found = World([order]).find(order.order_id, order.placed + timedelta(**after))
    assert found is not None
    return found[1]


def status(order: SimulatedOrder, **after: float) -> str:
    return str(seen(order, **after)["fulfillment"]["fulfillmentStatus"])


def cancelled(reason: str = "", **after: float) -> Event:
    return Event(EventKind.CANCELLED, seconds(**after), by="BUYER", reason=reason)


PREORDER = (Event(EventKind.AVAILABLE, seconds(days=5)), verified(days=6))
IN_PARTS = (
    verified(hours=1),
    Event(EventKind.SHIPPED, seconds(hours=5), quantities=((0, 2),)),
    shipped(hours=9),
)


@pytest.mark.parametrize(
    ("events", "hours", "expected"),
    [
        ((), 500, "PENDING"),
        ((verified(hours=1),), 0.99, "PENDING"),
        ((verified(hours=1),), 1, "UNSHIPPED"),
        ((verified(days=9), shipped(days=10)), 215, "PENDING"),
        ((verified(days=9), shipped(days=10)), 216, "UNSHIPPED"),
        ((verified(days=9), shipped(days=10)), 240, "SHIPPED"),
        (IN_PARTS, 4, "UNSHIPPED"),
        (IN_PARTS, 5, "PARTIALLY_SHIPPED"),
        (IN_PARTS, 9, "SHIPPED"),
        ((cancelled(hours=2),), 3, "CANCELLED"),
        ((verified(hours=1), cancelled(hours=2)), 1.5, "UNSHIPPED"),
        ((verified(hours=1), cancelled(hours=2)), 3, "CANCELLED"),
        ((cancelled(hours=2), verified(hours=3)), 4, "CANCELLED"),
        (PREORDER, 1, "PENDING_AVAILABILITY"),
        (PREORDER, 121, "PENDING"),
        (PREORDER, 145, "UNSHIPPED"),
        (
            (cancelled(hours=2), Event(EventKind.STATUS_SET, seconds(hours=3), status="UNSHIPPED")),
            4,
            "UNSHIPPED",
        ),
        ((Event(EventKind.STATUS_SET, 60, status="IN_REVIEW"),), 1, "IN_REVIEW"),
        ((shipped(hours=3),), 4, "SHIPPED"),
    ],
)
def test_the_status_follows_the_events(events: tuple[Event, ...], hours: float, expected: str) -> None:
    assert status(simulated_order(1, *events, lines=TWO_LINES), hours=hours) == expected


def test_an_order_does_not_exist_before_it_is_placed() -> None:
    order = simulated_order()
    assert World([order]).find(order.order_id, START - timedelta(seconds=1)) is None


def test_each_event_moves_the_time_of_update_and_never_the_time_of_creation() -> None:
    touched = Event(EventKind.TOUCHED, seconds(hours=30))
    order = simulated_order(1, verified(minutes=20), shipped(hours=26), touched)
    times = [(seen(order, hours=hours)["lastUpdatedTime"]) for hours in (0, 1, 26, 30)]
    assert times == ["2026-11-02T08:00:00Z", "2026-11-02T08:20:00Z", "2026-11-03T10:00:00Z", "2026-11-03T14:00:00Z"]
    assert seen(order, hours=30)["createdTime"] == "2026-11-02T08:00:00Z"


def test_amounts_are_missing_while_pending() -> None:
    pending = seen(simulated_order(1, verified(hours=1)))
    assert "proceeds" not in pending
    assert "proceeds" not in pending["orderItems"][0]
    assert "price" not in pending["orderItems"][0]["product"]
    assert "shipByWindow" not in pending["fulfillment"]


def test_amounts_may_be_there_while_pending_where_the_order_says_so() -> None:
    pending = seen(simulated_order(1, verified(hours=1), prices_while_pending=True))
    assert pending["fulfillment"]["fulfillmentStatus"] == "PENDING"
    assert pending["proceeds"]["grandTotal"] == {"amount": "20.00", "currencyCode": "EUR"}


def test_parcels_bear_what_was_in_them() -> None:
    order = simulated_order(1, *IN_PARTS, Event(EventKind.DELIVERED, seconds(days=2)), lines=TWO_LINES)
    first, second = (item_id(order.order_id, position) for position in (0, 1))
    partly = seen(order, hours=5)
    assert [parcel["packageItems"] for parcel in partly["packages"]] == [[{"orderItemId": first, "quantity": 2}]]
    assert [item["fulfillment"]["quantityUnfulfilled"] for item in partly["orderItems"]] == [0, 1]
    whole = seen(order, days=1)
    assert whole["packages"][1]["packageItems"] == [{"orderItemId": second, "quantity": 1}]
    assert len({parcel["trackingNumber"] for parcel in whole["packages"]}) == 2
    assert {parcel["packageStatus"]["status"] for parcel in seen(order, days=2)["packages"]} == {"DELIVERED"}


def test_amazon_gives_no_parcels_of_fba_orders() -> None:
    assert "packages" not in seen(simulated_order(1, shipped(hours=3), channel=Channel.FBA), hours=4)


def test_a_cancelled_item_costs_nothing_and_the_order_goes_on() -> None:
    gone = Event(EventKind.ITEM_CANCELLED, seconds(hours=2), quantities=((1, 1),), by="MERCHANT", reason="Sold out")
    order = simulated_order(1, verified(hours=1), gone, shipped(hours=5), lines=TWO_LINES)
    after = seen(order, hours=3)
    assert after["fulfillment"]["fulfillmentStatus"] == "UNSHIPPED"
    assert [item["quantityOrdered"] for item in after["orderItems"]] == [2, 0]
    assert after["proceeds"]["grandTotal"]["amount"] == "20.00"
    assert after["orderItems"][1]["cancellation"]["cancellationExecution"] == {
        "cancelledBy": "MERCHANT",
        "cancelReason": "Sold out",
    }
    assert status(order, hours=5) == "SHIPPED"


def test_cancelling_every_item_cancels_the_order() -> None:
    gone = Event(EventKind.ITEM_CANCELLED, seconds(hours=2), quantities=((0, 2),))
    assert status(simulated_order(1, verified(hours=1), gone), hours=3) == "CANCELLED"


def test_the_last_parcel_holds_what_was_left_of_each_quantity() -> None:
    partly = Event(EventKind.SHIPPED, seconds(hours=2), quantities=((0, 2),))
    order = simulated_order(1, verified(hours=1), partly, shipped(hours=3), lines=[Line("A", 5, Decimal("10.00"))])
    quantities = [parcel["packageItems"][0]["quantity"] for parcel in seen(order, hours=3)["packages"]]
    assert quantities == [2, 3]
    assert seen(order, hours=3)["orderItems"][0]["fulfillment"]["quantityFulfilled"] == 5


@pytest.mark.parametrize("kind", [EventKind.CANCELLED, EventKind.ITEM_CANCELLED])
def test_buyers_cancel_unless_it_is_said_who_does(kind: EventKind) -> None:
    gone = Event(kind, seconds(hours=2), quantities=((0, 1),))
    item = seen(simulated_order(1, verified(hours=1), gone), hours=3)["orderItems"][0]
    assert item["cancellation"] == {"cancellationExecution": {"cancelledBy": "BUYER"}}


def test_cancelling_what_was_not_shipped_completes_the_order() -> None:
    partly = Event(EventKind.SHIPPED, seconds(hours=2), quantities=((0, 1),))
    gone = Event(EventKind.ITEM_CANCELLED, seconds(hours=3), quantities=((0, 1),))
    order = simulated_order(1, verified(hours=1), partly, gone)
    assert status(order, hours=2) == "PARTIALLY_SHIPPED"
    assert status(order, hours=3) == "SHIPPED"


def test_a_part_of_a_quantity_may_be_cancelled() -> None:
    gone = Event(EventKind.ITEM_CANCELLED, seconds(hours=2), quantities=((0, 1),))
    line = Line("A", 3, Decimal("10.00"), discount=Decimal("3.00"))
    item = seen(simulated_order(1, verified(hours=1), gone, lines=[line]), hours=3)["orderItems"][0]
    assert item["quantityOrdered"] == 2
    assert item["proceeds"]["proceedsTotal"]["amount"] == "18.00"


def test_a_request_to_cancel_cancels_nothing() -> None:
    asked = Event(EventKind.CANCEL_REQUESTED, seconds(hours=2), reason="Too late")
    order = simulated_order(1, verified(hours=1), asked)
    after = seen(order, hours=3)
    assert after["fulfillment"]["fulfillmentStatus"] == "UNSHIPPED"
    assert after["orderItems"][0]["cancellation"] == {
        "cancellationRequest": {"requester": "BUYER", "cancelReason": "Too late"}
    }


def test_a_corrected_address_shows_from_then_on() -> None:
    corrected = Event(EventKind.ADDRESS_CORRECTED, seconds(hours=2), changes=(("city", "Ulm"),))
    order = simulated_order(1, verified(hours=1), corrected, address=(("city", "Augsburg"),))
    cities = [seen(order, hours=hours)["recipient"]["deliveryAddress"]["city"] for hours in (1, 2)]
    assert cities == ["Augsburg", "Ulm"]


def test_a_tip_is_finalized_later() -> None:
    final = Event(EventKind.TIP_FINALIZED, seconds(days=3))
    order = simulated_order(1, verified(hours=1), final, tip=Decimal("2.00"))
    rows = [seen(order, days=days)["proceeds"]["breakdowns"][-1] for days in (1, 3)]
    assert [(row["type"], row["status"]) for row in rows] == [
        ("DELIVERY_TIP", "PENDING"),
        ("DELIVERY_TIP", "FINALIZED"),
    ]


def test_an_order_tells_what_it_replaces_and_which_programs_it_belongs_to() -> None:
    order = simulated_order(1, replaces="302-1234567-1234567", programs=("PRIME",), seller_order_id="MINE-1")
    shown = seen(order)
    assert shown["associatedOrders"] == [
        {"orderId": "302-1234567-1234567", "associationType": "REPLACEMENT_ORIGINAL_ID"}
    ]
    assert shown["programs"] == ["PRIME"]
    assert shown["orderAliases"] == [{"aliasId": "MINE-1", "aliasType": "SELLER_ORDER_ID"}]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"placed": datetime(2026, 11, 2)}, "aware"),
        ({"marketplace": "XX"}, "marketplace"),
        ({"lines": ()}, "no items"),
    ],
)
def test_orders_that_cannot_be_are_refused(change: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        simulated_order(1, **change)


def test_a_life_out_of_order_is_refused() -> None:
    with pytest.raises(ValueError, match="order of time"):
        simulated_order(1, shipped(hours=3), verified(hours=1))
