"""Searching the world: by update and by creation, along the clock, page by page; orders that are listed late."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orderferry.domain.marketplaces import find_marketplace
from orderferry.domain.orders import Channel
from orderferry.domain.search import Basis
from orderferry.simulator.orders import PLACED, Event, EventKind, RawOrder, SimulatedOrder
from orderferry.simulator.world import Query, World
from support.simulated import START, seconds, shipped, simulated_order, verified

HOUR = timedelta(hours=1)
DE, IT = (market.id for code in ("DE", "IT") if (market := find_marketplace(code)))


def query(basis: Basis = Basis.UPDATED, after: float = 0, before: float = 1000, **filters: Any) -> Query:
    """A query over hours since START."""
    return Query(basis, START + after * HOUR, START + before * HOUR, **filters)


def ids(world: World, hours: float, wanted: Query) -> list[int]:
    """The numbers of the orders that a search finds so many hours after START."""
    return [int(str(order_id)[-7:]) for order_id in world.listed(START + hours * HOUR, wanted)]


def test_an_order_moves_along_with_its_last_update() -> None:
    world = World([simulated_order(1, verified(hours=5), shipped(hours=30))])
    early, late = query(after=0, before=1), query(after=29, before=31)
    assert [ids(world, hours, early) for hours in (1.5, 4, 6)] == [[1], [1], []]
    assert [ids(world, hours, late) for hours in (6, 29.9, 30.5)] == [[], [], [1]]


def test_by_creation_it_stays_where_it_was() -> None:
    world = World([simulated_order(1, verified(hours=5), shipped(hours=30))])
    created = query(Basis.CREATED, after=0, before=1)
    assert [ids(world, hours, created) for hours in (1.5, 6, 31)] == [[1], [1], [1]]
    assert ids(world, 31, query(Basis.CREATED, after=4, before=40)) == []


def test_both_ends_of_a_span_are_included() -> None:
    world = World([simulated_order(1)])
    assert ids(world, 1, Query(Basis.UPDATED, START, START)) == [1]
    later = START + timedelta(milliseconds=1)
    assert ids(world, 1, Query(Basis.UPDATED, later, later + HOUR)) == []


def test_a_search_shows_an_update_two_minutes_late_and_get_order_at_once() -> None:
    order = simulated_order(1, verified(hours=5))
    world = World([order])
    soon = START + 5 * HOUR + timedelta(seconds=119)
    assert world.listed(soon, query(after=4)) == []
    assert world.listed(soon + timedelta(seconds=1), query(after=4)) == [order.order_id]
    found = world.find(order.order_id, soon)
    assert found is not None
    assert found[0].status == "UNSHIPPED"


def test_until_then_the_search_shows_the_order_as_it_was() -> None:
    world = World([simulated_order(1, verified(hours=5))])
    (order,), _ = world.search(START + 5 * HOUR + timedelta(seconds=60), query())
    assert order["fulfillment"]["fulfillmentStatus"] == "PENDING"
    assert order["lastUpdatedTime"] == "2026-11-02T08:00:00Z"


def test_an_event_may_be_listed_late() -> None:
    late = Event(EventKind.VERIFIED, seconds(hours=5), listed_after=seconds(hours=10))
    world = World([simulated_order(1, late)])
    assert [ids(world, hours, query(after=4)) for hours in (5.5, 14.9, 15.0)] == [[], [], [1]]


def test_a_later_event_brings_a_late_one_along() -> None:
    late = Event(EventKind.VERIFIED, seconds(hours=5), listed_after=seconds(hours=10))
    (order,), _ = World([simulated_order(1, late, shipped(hours=6))]).search(START + 6.5 * HOUR, query())
    assert order["fulfillment"]["fulfillmentStatus"] == "SHIPPED"


def test_a_whole_order_may_be_listed_late() -> None:
    hidden = Event(EventKind.PLACED, listed_after=seconds(hours=3))
    order = SimulatedOrder("302-0000000-0000009", "DE", START, simulated_order().lines, (hidden,))
    world = World([order])
    assert [ids(world, hours, query()) for hours in (2.9, 3)] == [[], [9]]
    assert world.find(order.order_id, START) is not None


def test_filters_go_by_marketplace_channel_and_status() -> None:
    world = World(
        [
            simulated_order(1, verified(hours=1)),
            simulated_order(2, verified(hours=1), marketplace="IT"),
            simulated_order(3, channel=Channel.FBA),
        ]
    )
    assert ids(world, 2, query(marketplace_ids=frozenset({IT}))) == [2]
    assert ids(world, 2, query(marketplace_ids=frozenset({IT, DE}))) == [3, 1, 2]
    assert ids(world, 2, query(fulfilled_by=frozenset({"AMAZON"}))) == [3]
    assert ids(world, 2, query(statuses=frozenset({"UNSHIPPED"}))) == [1, 2]


def test_something_can_happen_to_an_order_while_the_world_is_served() -> None:
    order = simulated_order(1, verified(hours=1))
    world = World([order])
    world.change(order.order_id, EventKind.CANCELLED, START + 3 * HOUR, by="AMAZON")
    assert ids(world, 4, query(after=3)) == [1]
    assert ids(world, 4, query(after=0, before=2)) == []
    with pytest.raises(LookupError):
        world.change("302-0000000-0000002", EventKind.CANCELLED, START)


def test_orders_can_be_added_and_replaced() -> None:
    world = World([simulated_order(1)])
    world.add(simulated_order(2, placed=START + HOUR))
    world.replace(simulated_order(1, placed=START + 5 * HOUR))
    assert ids(world, 6, query()) == [2, 1]
    assert ids(world, 6, query(Basis.CREATED, before=2)) == [2]
    with pytest.raises(ValueError, match="already"):
        world.add(simulated_order(2))


def test_many_orders_can_be_added_to_many() -> None:
    world = World(simulated_order(number, placed=START + number * timedelta(minutes=1)) for number in range(0, 200, 2))
    world.add_all(simulated_order(number, placed=START + number * timedelta(minutes=1)) for number in range(1, 200, 2))
    assert ids(world, 10, query()) == list(range(200))


RAW = {
    "orderId": "302-0000000-0000005",
    "createdTime": "2026-11-02T08:00:00Z",
    "lastUpdatedTime": "2026-11-02T10:00:00.250Z",
    "salesChannel": {"channelName": "AMAZON", "marketplaceId": DE},
    "fulfillment": {"fulfillmentStatus": "SHIPPED", "fulfilledBy": "AMAZON"},
    "orderItems": [],
}


def test_raw_orders_are_found_by_what_they_say() -> None:
    world = World([RawOrder(RAW)])
    assert ids(world, 3, query(after=2, fulfilled_by=frozenset({"AMAZON"}), statuses=frozenset({"SHIPPED"}))) == [5]
    assert ids(world, 3, query(marketplace_ids=frozenset({IT}))) == []
    assert ids(world, 3, query(fulfilled_by=frozenset({"MERCHANT"}))) == []
    assert ids(world, 3, query(statuses=frozenset({"UNSHIPPED"}))) == []
    assert ids(world, 3, query(Basis.CREATED, before=0)) == [5]
    assert ids(world, 1.9, query()) == []
    assert world.search(START + 3 * HOUR, query()) == ([RAW], None)


@pytest.mark.parametrize(
    "json", [{}, {"orderId": None}, {"orderId": 7, "salesChannel": [], "fulfillment": "x"}, {"createdTime": 3}]
)
def test_broken_orders_pass_every_filter(json: dict[str, Any]) -> None:
    world = World([RawOrder(json, created_at=START, updated_at=START), RawOrder(json, START, START)])
    filtered = query(marketplace_ids=frozenset({IT}), statuses=frozenset({"SHIPPED"}))
    assert world.search(START + HOUR, filtered) == ([json, json], None)


def test_a_raw_orders_own_times_count_and_others_stand_in_for_those_it_lacks() -> None:
    later = START + 2 * HOUR
    own = RawOrder({"createdTime": "2026-11-02T09:00:00", "lastUpdatedTime": "2026-11-02T12:00:00+02:00"}, START, START)
    assert (own.created, own.updated) == (START + HOUR, later)
    assert own.update_times() == (later,)
    lacking = RawOrder({"createdTime": "never", "lastUpdatedTime": None}, START, later)
    assert (lacking.created, lacking.updated) == (START, later)
    shown = RawOrder(
        {"createdTime": "2026-11-02T08:00:00Z", "lastUpdatedTime": "2099-01-01T00:00:00Z"}, shown_as_updated=later
    )
    assert (shown.created, shown.updated) == (START, later)


def test_a_raw_order_is_listed_with_the_worlds_delay_or_its_own_and_shown_at_once() -> None:
    plain, late = (
        RawOrder(RAW | {"orderId": f"302-0000000-000000{n}"}, listed_after=wait) for n, wait in ((5, None), (6, 600))
    )
    world = World([plain, late])
    updated = START + 2 * HOUR + timedelta(milliseconds=250)
    for seconds_after, listed in ((119, []), (120, [5]), (599, [5]), (600, [5, 6])):
        assert ids(world, (updated + timedelta(seconds=seconds_after) - START) / HOUR, query()) == listed
    assert world.find("302-0000000-0000006", updated) is not None
    assert world.find("302-0000000-0000006", updated - timedelta(milliseconds=1)) is None


def test_a_raw_order_cannot_be_changed_and_one_without_an_id_replaces_none() -> None:
    world = World([RawOrder(RAW)])
    with pytest.raises(TypeError, match="raw JSON"):
        world.change("302-0000000-0000005", EventKind.TOUCHED, START)
    with pytest.raises(LookupError, match="without an id"):
        world.replace(RawOrder({}, START, START))
    with pytest.raises(LookupError):
        world.replace(simulated_order(7))


def test_nothing_happens_to_an_order_before_it_is_placed() -> None:
    world = World([simulated_order(1)])
    with pytest.raises(ValueError, match="must begin with being placed"):
        world.change("302-0000000-0000001", EventKind.TOUCHED, START - HOUR)


def test_a_page_has_a_hundred_orders_unless_it_is_told_otherwise() -> None:
    world = World([simulated_order(number) for number in range(101)])
    first, position = world.search(START + HOUR, query())
    assert len(first) == 100
    rest, end = world.search(START + HOUR, query(), beyond=position)
    assert ([order["orderId"] for order in rest], end) == (["302-0000000-0000100"], None)


def test_orders_of_odd_seconds_are_found_by_their_numbers() -> None:
    world = World([simulated_order(number, placed=START + timedelta(seconds=number)) for number in range(7)])
    assert ids(world, 1, query()) == [0, 1, 2, 3, 4, 5, 6]


def test_a_raw_order_needs_times() -> None:
    good = "2026-11-02T08:00:00Z"
    for json in ({}, {"createdTime": good}, {"lastUpdatedTime": good}, {"createdTime": "yesterday"}):
        with pytest.raises(ValueError, match="created_at"):
            RawOrder({"orderId": "x", **json})


def pages(world: World, now: datetime, wanted: Query, limit: int) -> list[list[str]]:
    """All pages of a search, each going on where the one before ended."""
    found, position = [], None
    while True:
        orders, position = world.search(now, wanted, limit=limit, beyond=position)
        found.append([order["orderId"] for order in orders])
        if position is None:
            return found


def test_pages_are_full_and_the_last_one_has_no_successor() -> None:
    world = World(simulated_order(number) for number in range(6))
    assert [len(page) for page in pages(world, START + HOUR, query(), 3)] == [3, 3]
    assert [len(page) for page in pages(world, START + HOUR, query(), 4)] == [4, 2]
    assert pages(World([]), START, query(), 4) == [[]]


def test_an_order_that_changes_between_two_pages_leaves_the_span_and_shifts_no_other() -> None:
    world = World(simulated_order(number, placed=START + timedelta(minutes=number)) for number in range(6))
    span = query(before=1)
    _, end = world.search(START + 2 * HOUR, span, limit=3)
    world.change("302-0000000-0000001", EventKind.TOUCHED, START + 2 * HOUR)
    later = START + 3 * HOUR
    onward, _ = world.search(later, span, limit=3, beyond=end)
    assert [order["orderId"][-1] for order in onward] == ["3", "4", "5"]
    counted, _ = world.search(later, span, limit=3, skip=3)
    assert [order["orderId"][-1] for order in counted] == ["4", "5"]


KINDS = (
    EventKind.VERIFIED,
    EventKind.SHIPPED,
    EventKind.CANCELLED,
    EventKind.TOUCHED,
)
EVENTS = st.lists(
    st.builds(
        Event,
        st.sampled_from(KINDS),
        st.integers(0, 7200),
        st.one_of(st.none(), st.integers(0, 3600)),
    ),
    max_size=4,
).map(lambda events: tuple(sorted(events, key=lambda event: event.after)))
LIVES = st.lists(st.tuples(st.integers(0, 3600), EVENTS), max_size=12)


def shown_update(order: SimulatedOrder, now: datetime) -> datetime | None:
    """The time of update that a search shows: an independent reading of the rule of the read delay."""
    shown = None
    for event in order.events:
        happened = order.placed + timedelta(seconds=event.after)
        if happened + timedelta(seconds=120 if event.listed_after is None else event.listed_after) <= now:
            shown = happened
    return shown


@given(
    lives=LIVES,
    moment=st.integers(0, 12000),
    ends=st.tuples(st.integers(0, 9000), st.integers(0, 9000)),
    limit=st.integers(1, 5),
)
def test_a_search_finds_exactly_the_orders_whose_shown_update_lies_in_the_span(
    lives: Sequence[tuple[int, tuple[Event, ...]]], moment: int, ends: tuple[int, int], limit: int
) -> None:
    orders = [
        SimulatedOrder(f"302-0000000-{number:07d}", "DE", START + timedelta(seconds=at), _LINES, (PLACED, *events))
        for number, (at, events) in enumerate(lives)
    ]
    now = START + timedelta(seconds=moment)
    after, before = (START + timedelta(seconds=end) for end in sorted(ends))
    expected = {
        order.order_id
        for order in orders
        if (update := shown_update(order, now)) is not None and after <= update <= before
    }
    found = pages(World(orders), now, Query(Basis.UPDATED, after, before), limit)
    listed = [order_id for page in found for order_id in page]
    assert len(listed) == len(set(listed))
    assert set(listed) == expected


_LINES = simulated_order().lines
