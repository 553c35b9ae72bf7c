"""How much a run takes on at once, and for how long it leaves things alone: each limit, and one beyond it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from pathlib import PurePosixPath
from typing import Any

import pytest

from orderferry.domain.ledger_entry import Entry, EntryState, OrderResult, OrderSnapshot
from orderferry.domain.marker import Plan
from orderferry.domain.orders import OrderStatus
from orderferry.errors import AmazonUnavailable, QuotaExhausted
from orderferry.ledger.ledger import Ledger
from orderferry.ledger.quota import QuotaBook
from orderferry.run.compare.result import Comparison
from orderferry.run.compare.rules import MonthBasis
from orderferry.run.crontab import crontab_lines
from orderferry.run.due import restore_lost
from orderferry.run.process import Processor
from orderferry.run.status import read_status
from orderferry.run.stop import QuotaWait, StopSwitch
from support.engine_world import START, DictShop, World, make_order

S = OrderStatus
HOUR = timedelta(hours=1)


def note(world: World, state: EntryState, count: int) -> list[str]:
    """Let the ledger have so many orders in that state."""
    orders = [make_order(number, S.PENDING) for number in range(1, count + 1)]
    ids = [order.order_id for order in orders]
    run = world.ledger.begin_run("import", START)
    world.ledger.note_seen([OrderSnapshot(one, orders[0].marketplace_id) for one in ids], run, START)
    results = [
        OrderResult(one, state, next_look=START, id_order=7 if state is EntryState.IMPORTED else None) for one in ids
    ]
    world.ledger.record_results(results, run, START)
    return ids


def test_a_run_looks_after_a_hundred_orders_and_the_next_after_the_rest(world: World) -> None:
    note(world, EntryState.WAITING, 101)
    assert world.run().calls["getOrder"] == 100
    world.pass_time(minutes=5)
    assert world.run().calls["getOrder"] == 1


def test_single_orders_are_recorded_twenty_at_a_time(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    sizes: list[int] = []
    process = Processor.process

    def counted(self: Processor, orders: Any, *rest: Any, **more: Any) -> None:
        sizes.append(len(orders))
        process(self, orders, *rest, **more)

    monkeypatch.setattr(Processor, "process", counted)
    orders = [make_order(number) for number in range(1, 22)]
    world.amazon.put(*orders)
    world.run(orders=tuple(order.order_id for order in orders))
    assert sizes == [20, 1]


class Asked:
    """A ledger of imported orders, and a shop that has them all."""

    def __init__(self, count: int) -> None:
        base = Entry("", EntryState.IMPORTED, "M", None, "", None, None, START, START, START)
        self.orders = [replace(base, order_id=str(number)) for number in range(count)]
        self.sizes: list[int] = []
        self.ledger = self.shop = self

    def entries(self, _states: Any) -> list[Entry]:
        return self.orders

    def markers(self, order_ids: Sequence[str]) -> dict[str, bool]:
        self.sizes.append(len(order_ids))
        return dict.fromkeys(order_ids, True)


def test_lost_orders_are_looked_up_five_hundred_at_a_time() -> None:
    asked = Asked(501)
    restore_lost(lambda _: None, asked)  # type: ignore[arg-type]
    assert asked.sizes == [500, 1]


def test_orders_that_a_run_has_in_hand_are_its_own_for_a_quarter_of_an_hour(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    lengths: list[timedelta] = []

    def leased(_: Ledger, ids: Sequence[str], _run: int, _now: Any, length: timedelta) -> Sequence[str]:
        lengths.append(length)
        return ids

    monkeypatch.setattr(Ledger, "lease_orders", leased)
    world.run()
    assert lengths == [timedelta(minutes=15)]


@pytest.mark.parametrize(("hours", "page"), [(23.9, "2"), (24, None)])
def test_a_pagination_token_is_good_for_a_day(world: World, hours: float, page: str | None) -> None:
    world.amazon.put(*(make_order(number) for number in range(1, 6)))
    world.amazon.faults[3] = AmazonUnavailable("away")
    world.run()
    world.pass_time(hours=hours)
    world.run()
    assert world.amazon.searches[0][1] == page


def test_an_order_that_keeps_changing_in_the_shop_is_planned_three_times(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    planned: list[str] = []

    def overtaken(_self: DictShop, plan: Plan, _now: Any) -> None:
        planned.append(plan.order_id)

    monkeypatch.setattr(DictShop, "apply", overtaken)
    world.amazon.put(make_order(1))
    report = world.run()
    assert [problem.code for problem in report.problems.values()] == ["keeps-changing"]
    assert len(planned) == 3


def test_a_fourth_wait_for_one_call_is_none() -> None:
    slept: list[float] = []

    class Nothing:
        def release(self) -> None:
            """Hold nothing."""

    def ask() -> None:
        raise QuotaExhausted("none left", operation="getOrder", retry_at=START + timedelta(seconds=1))

    with pytest.raises(QuotaExhausted):
        QuotaWait(Nothing(), StopSwitch(lambda: START), lambda: START, slept.append).call(ask)
    assert slept == [1, 1, 1]


def test_a_commands_rhythm_is_that_of_its_last_twenty_runs(world: World) -> None:
    moment = START - 5 * HOUR
    for interval in [1] * 10 + [9] * 10:
        world.ledger.finish_run(world.ledger.begin_run("import", moment), moment, 0, {})
        moment -= interval * HOUR
    world.ledger.finish_run(world.ledger.begin_run("import", moment), moment, 0, {})
    quota = QuotaBook(world.ledger, "a", Decimal(1), lambda: START)
    status = read_status(world.ledger, quota, world.settings, START)
    assert status.commands[0].late, "five times its usual hour"


@pytest.mark.parametrize(("path", "minutes"), [("/srv/a.toml", "7-59/8"), ("/srv/d.toml", "2-59/8")])
def test_more_than_six_minutes_are_written_as_a_range(path: str, minutes: str) -> None:
    (line,) = crontab_lines(["/opt/orderferry"], PurePosixPath(path), 8, ())
    assert line.partition(" ")[0] == minutes


def test_a_comparison_is_by_purchase_unless_asked_otherwise() -> None:
    assert Comparison(START).by == "purchase"
    assert list(map(str, MonthBasis)) == ["purchase", "shipped", "invoice"]
