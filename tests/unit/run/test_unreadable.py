"""Orders without an id: what becomes of the time in which they are, run after run, against a real ledger."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from orderferry.domain.ledger_entry import EntryState
from orderferry.domain.orders import Flaw, UnreadableOrder
from orderferry.domain.search import Basis, Page, Search
from orderferry.domain.spans import Span, Spans, subtract
from orderferry.errors import AmazonUnavailable, ExitCode
from orderferry.ledger.ledger import open_ledger
from orderferry.run.conditions import announce
from orderferry.run.report import Report
from support.engine_world import START, Amazon, World, make_order, settings_in

NAMELESS = UnreadableOrder(None, (Flaw("orderId", "missing", True),))
MINUTE = timedelta(minutes=1)


@dataclass
class AmazonWithHoles(Amazon):
    """Lists an order without an id for each of these times of update; `placed`: their time of creation."""

    holes: list[tuple[datetime, ...]] = field(default_factory=list)

    def search(self, search: Search, token: str | None = None) -> Page:
        page = super().search(search, token)
        times = [hole[0 if search.basis is Basis.UPDATED else 1] for hole in self.holes]
        found = sum(1 for moment in times if search.span.holds(moment))
        if token is not None or not found:
            return page
        return Page((*page.orders, *[NAMELESS] * found), page.next_token, page.observed_until)


@dataclass
class Holed(World):
    """An installation whose Amazon has such orders."""

    def __post_init__(self) -> None:
        self.amazon = AmazonWithHoles(lambda: self.now)

    @property
    def holes(self) -> list[tuple[datetime, ...]]:
        assert isinstance(self.amazon, AmazonWithHoles)
        return self.amazon.holes

    def uncovered(self, since: timedelta = timedelta(hours=20)) -> Spans:
        """What no cell may call read, from `since` before the start on."""
        whole = [Span(START - since, self.now - timedelta(minutes=3))]
        gaps = [subtract(whole, spans) for spans in self.ledger.coverage(Basis.UPDATED).values()]
        assert len({*gaps}) <= 1
        return gaps[0] if gaps else tuple(whole)

    def told(self, report: Report) -> str:
        announce(self.ledger, report, self.now)
        return "\n".join(line for _, line in report.announced)


@pytest.fixture
def world(tmp_path: Path) -> Iterator[Holed]:
    settings = settings_in(tmp_path)
    with open_ledger(settings.ledger.path, account="a", shop="s", now=START) as ledger:
        yield Holed(ledger, settings)


def run_every(world: Holed, minutes: int, times: int) -> list[Report]:
    reports = []
    for _ in range(times):
        world.pass_time(minutes=minutes)
        reports.append(world.run())
    return reports


def test_a_span_with_an_order_without_an_id_is_uncovered_as_long_as_it_lasts(world: Holed) -> None:
    assert world.run().exit_code is ExitCode.DONE
    bad = START + 10 * MINUTE
    world.holes.append((bad, START))
    reports = run_every(world, 15, 40)
    assert {report.exit_code for report in reports} == {ExitCode.NEEDS_A_PERSON}
    [gap] = world.uncovered()
    assert gap.holds(bad)
    assert gap.length <= MINUTE, "all around it is read and counts"
    assert reports[-1].open["failed"] == 1


def test_each_bad_span_counts_its_own_readings(world: Holed) -> None:
    world.run()
    bad = [START + timedelta(minutes=5 + 15 * number) for number in range(4)]
    for moment in bad:
        world.holes.append((moment, START))
        run_every(world, 15, 1)
    gaps = world.uncovered()
    assert all(any(gap.holds(moment) for gap in gaps) for moment in bad)
    assert len(world.ledger.entries([EntryState.FAILED])) == 4


def test_a_clean_reading_ends_it(world: Holed) -> None:
    world.run()
    world.holes.append((START + 10 * MINUTE, START))
    [report] = run_every(world, 15, 1)
    assert "without an id" in world.told(report)
    world.holes.clear()
    [report] = run_every(world, 15, 1)
    assert world.uncovered() == ()
    assert report.exit_code is ExitCode.DONE
    assert world.told(report).startswith("Over: ")
    world.holes.append((world.now, START))
    [report] = run_every(world, 15, 1)
    assert world.uncovered() != (), "the readings of the one before do not count for this one"


def test_it_is_told_daily_until_a_person_settles_it(world: Holed, whole: bool) -> None:
    days = 5 if whole else 2
    world.run()
    world.holes.append((START + 10 * MINUTE, START))
    told = [world.told(report) for _ in range(days * 24) for report in run_every(world, 60, 1)]
    lines = [text for text in told if text]
    assert days <= len(lines) <= days + 2, "once a day, and once more when the time is known to the minute"
    assert not any("Over" in line for line in lines)
    [entry] = world.ledger.entries([EntryState.FAILED])
    assert entry.order_id in lines[0]
    world.ledger.ignore(entry.order_id, "Seller Central shows none", world.now)
    [report] = run_every(world, 15, 1)
    assert report.exit_code is ExitCode.DONE
    assert world.uncovered() == ()
    assert world.told(report).startswith("Over: ")
    assert {report.exit_code for report in run_every(world, 60, 30)} == {ExitCode.DONE}


def test_what_a_person_takes_back_is_told_again_and_costs_no_look(world: Holed) -> None:
    world.run()
    world.holes.append((START + 10 * MINUTE, START))
    run_every(world, 15, 1)
    [entry] = world.ledger.entries([EntryState.FAILED])
    world.ledger.ignore(entry.order_id, "by mistake", world.now)
    run_every(world, 15, 2)
    world.ledger.unignore(entry.order_id, world.now)
    [report] = run_every(world, 15, 1)
    assert report.calls["getOrder"] == 0
    assert report.exit_code is ExitCode.NEEDS_A_PERSON
    assert [each.order_id for each in world.ledger.entries([EntryState.FAILED])] == [entry.order_id]


def test_two_in_one_span_are_both_kept(world: Holed) -> None:
    world.run()
    first, second = START + 2 * MINUTE, START + 50 * MINUTE
    world.holes.extend([(first, START), (second, START)])
    run_every(world, 60, 12)
    gaps = world.uncovered()
    assert [gap.holds(moment) for gap, moment in zip(gaps, (first, second), strict=True)] == [True, True]
    world.holes.pop()
    run_every(world, 60, 7)
    [gap] = world.uncovered()
    assert gap.holds(first)


def test_what_was_found_before_the_quota_ran_out_is_not_forgotten_by_the_run_that_goes_on(world: Holed) -> None:
    world.run()
    world.amazon.put(*(make_order(number, updated=START + MINUTE) for number in range(1, 6)))
    world.holes.append((START + MINUTE, START))
    world.pass_time(minutes=15)
    world.amazon.faults[2] = AmazonUnavailable("away")
    assert world.run().exit_code is ExitCode.AMAZON_UNAVAILABLE
    world.pass_time(minutes=15)
    report = world.run()
    assert len(world.shop.writes) == 5
    assert report.counts["failed"] == 1
    assert any(gap.holds(START + MINUTE) for gap in world.uncovered())


def test_a_catch_up_tells_it_until_its_window_is_clean(world: Holed) -> None:
    world.run()
    world.holes.append((START - timedelta(days=9), START - timedelta(days=9)))
    report = world.run("doublecheck")
    assert "without an id" in world.told(report)
    assert world.told(world.run()) == "", "an import says nothing of what only the catch-up has read"
    world.pass_time(days=1)
    assert "without an id" in world.told(world.run("doublecheck"))
    [entry] = world.ledger.entries([EntryState.FAILED])
    assert entry.order_id == "unreadable-doublecheck"
    world.holes.clear()
    world.pass_time(days=1)
    assert world.told(world.run("doublecheck")).startswith("Over: ")


def test_a_dry_run_tells_and_keeps_nothing(world: Holed) -> None:
    world.run()
    world.holes.append((START + 10 * MINUTE, START))
    world.pass_time(minutes=15)
    with world.ledger.dry():
        report = world.run(dry_run=True)
    assert [problem.code for problem in report.problems.values()] == ["unreadable-order"]
    assert world.ledger.entries([EntryState.FAILED]) == []
    assert world.run().counts["failed"] == 1


def test_its_readings_leave_quota_for_the_orders(world: Holed, whole: bool) -> None:
    before, runs = (60, 4 * 24) if whole else (30, 2 * 24)
    world.run()
    world.holes.append((START + 10 * MINUTE, START))
    run_every(world, 15, before)
    calls = [report.calls["searchOrders"] for report in run_every(world, 15, runs)]
    assert sum(calls) <= runs * 1.1, "one a run for what is new, and a few a day for what can't be read"
