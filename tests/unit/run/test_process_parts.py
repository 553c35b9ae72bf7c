"""What the ledger keeps of an order, which copy of it counts, and what a dry run tells of it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from orderferry.domain.ledger_entry import OrderSnapshot
from orderferry.domain.marker import Outcome
from orderferry.domain.orders import UPDATE_TIME, Channel, Flaw, Item, Money, OrderStatus, TimeSpan, UnreadableOrder
from orderferry.run.process import newest_of_each, snapshot_of
from orderferry.run.report import PlannedOrder
from support.engine_world import IT, START, World, make_order

NOW = datetime(2026, 11, 23, 6, tzinfo=UTC)
SECOND = timedelta(seconds=1)
S = OrderStatus
ID = "406-0000000-0000001"


def test_what_the_ledger_keeps_of_an_order() -> None:
    order = make_order(1, grand_total=Money(Decimal("12.30"), "EUR"), ship_by=TimeSpan(NOW, NOW + SECOND))
    assert snapshot_of(order) == OrderSnapshot(
        ID,
        IT.id,
        Channel.REGULAR,
        "UNSHIPPED",
        START - timedelta(hours=5),
        START - timedelta(hours=4),
        "12.30 EUR",
        NOW + SECOND,
    )


def test_what_it_keeps_of_an_order_that_says_little() -> None:
    order = make_order(1, None, raw_status="NEW_WORD", flaws=(Flaw(UPDATE_TIME, "is missing"),))
    kept = snapshot_of(order)
    assert (kept.amazon_status, kept.amazon_updated, kept.total, kept.ship_by) == ("NEW_WORD", None, "", None)


def test_the_newest_copy_of_an_order_counts_and_of_two_the_later_one() -> None:
    old, new, last = (
        make_order(1, status, updated=NOW + at)
        for status, at in ((S.PENDING, -SECOND), (S.UNSHIPPED, 0 * SECOND), (S.SHIPPED, 0 * SECOND))
    )
    assert newest_of_each([new, old]) == [new]
    assert newest_of_each([old, new, last]) == [last]


def test_orders_are_processed_by_their_update_and_id() -> None:
    first, second, third = (
        make_order(number, updated=NOW + at) for number, at in ((3, -SECOND), (1, 0 * SECOND), (2, 0 * SECOND))
    )
    assert newest_of_each([third, second, first]) == [first, second, third]


def planned(world: World, order: Any, **options: Any) -> PlannedOrder:
    world.amazon.orders.clear()
    world.amazon.put(order)
    (found,) = world.run(dry_run=True, **options).planned.values()
    return found


def test_what_a_dry_run_tells_of_a_new_order(world: World) -> None:
    order = make_order(
        1,
        items=(Item("1", 2, "SKU"), Item("2", 0, "SKU"), Item("3", 1, "SKU")),
        grand_total=Money(Decimal("12.30"), "EUR"),
    )
    assert planned(world, order) == PlannedOrder(
        ID,
        Outcome.CREATED,
        "rows",
        START - timedelta(hours=5),
        "IT",
        "regular",
        "12.30 EUR",
        ((2, "SKU"), (1, "SKU")),
    )


@pytest.mark.parametrize(
    ("changes", "outcome", "why"),
    [
        ({"items": (Item("1", 1, "NEW"),)}, Outcome.HELD, "no product NEW"),
        ({"status": S.PENDING}, Outcome.WAITING, "Amazon has not released it yet (payment or verification pending)"),
        ({"status": S.CANCELLED}, Outcome.IGNORED, "cancelled at Amazon before it was imported"),
    ],
)
def test_what_it_tells_of_an_order_that_is_not_written(
    world: World, changes: dict[str, Any], outcome: Outcome, why: str
) -> None:
    found = planned(world, make_order(1, **changes))
    assert (found.outcome, found.why) == (outcome, why)


def test_what_it_tells_of_an_order_without_news(world: World) -> None:
    order = make_order(1)
    world.amazon.put(order)
    world.run()
    found = planned(world, order, window=timedelta(days=1))
    assert (found.outcome, found.why) == (Outcome.UNCHANGED, "the shop has all that Amazon says")
    shipped = replace(order, status=S.SHIPPED, updated=order.updated + SECOND)
    found = planned(world, shipped, window=timedelta(days=1))
    assert (found.outcome, found.why) == (Outcome.UPDATED, "rows")
    older = replace(order, updated=order.updated - timedelta(minutes=1))
    found = planned(world, older, window=timedelta(days=1))
    assert (found.outcome, found.why) == (Outcome.UNCHANGED, "older than what is known already")
    world.ledger.ignore(ID, "a reason", world.now)
    world.shop.markers_by_id.clear()
    found = planned(world, replace(shipped, status=S.UNSHIPPED), window=timedelta(days=1))
    assert (found.outcome, found.why) == (Outcome.IGNORED, "set aside by a person")


def test_what_it_tells_of_an_order_with_an_unusable_field(world: World) -> None:
    found = planned(world, UnreadableOrder(ID, (Flaw("createdTime", "missing"),)))
    assert found == PlannedOrder(ID, Outcome.HELD, "the field createdTime is unusable: missing")


def test_a_time_of_update_that_is_ahead_is_told(world: World) -> None:
    world.amazon.put(make_order(1, flaws=(Flaw(UPDATE_TIME, "is ahead"),)))
    report = world.run()
    (problem,) = report.problems.values()
    assert (problem.code, problem.order_id, problem.subject) == ("future-time", ID, UPDATE_TIME)
    assert problem.message == f"order {ID}: Amazon gives a time of update that is ahead of its own clock"
    assert report.exit_code == 0
