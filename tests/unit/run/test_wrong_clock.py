"""One run with the machine's clock a year off, and what is left of it when the clock is right again."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from orderferry.domain.ledger_entry import Condition, EntryState, OrderResult
from orderferry.domain.orders import Item, OrderStatus
from orderferry.domain.search import Basis, Listing, Search
from orderferry.domain.spans import Span
from orderferry.errors import AmazonUnavailable, ExitCode
from orderferry.ledger.ledger import open_ledger
from orderferry.run.conditions import CurrentCondition, announce, condition_changes
from orderferry.run.status import read_status
from support.engine_world import START, World, make_order, settings_in

YEAR, MINUTE = timedelta(days=365), timedelta(minutes=1)


class Skewed(World):
    """An installation whose Amazon keeps the right time while the machine's clock is `off`."""

    off = timedelta(0)

    def __post_init__(self) -> None:
        super().__post_init__()
        self.amazon.clock = lambda: self.now - self.off

    def run_with_clock_off(self, off: timedelta, command: str = "import") -> list[str]:
        """Run with the machine's clock so far off; return what is said."""
        self.now, self.off, self.amazon.clock_offset = self.now + off, off, -off
        try:
            return self.run_and_tell(command)
        finally:
            self.now, self.off, self.amazon.clock_offset = self.now - off, timedelta(0), timedelta(0)

    def run_and_tell(self, command: str = "import") -> list[str]:
        report = self.run(command)
        announce(self.ledger, report, self.now)
        return [line for _, line in report.announced]


@pytest.fixture
def world(tmp_path: Path) -> Iterator[Skewed]:
    settings = settings_in(tmp_path)
    with open_ledger(settings.ledger.path, account="a", shop="s", now=START) as ledger:
        yield Skewed(ledger, settings)


class Full:
    def left(self, operation: str, now: datetime) -> int:
        return 20


@pytest.mark.parametrize("off", [YEAR, -YEAR], ids=["ahead", "behind"])
def test_a_held_and_a_waiting_order_are_looked_at_as_ever_afterwards(world: Skewed, off: timedelta) -> None:
    waiting = make_order(1, OrderStatus.PENDING)
    world.amazon.put(waiting, make_order(2, items=(Item("1", 1, "NEW"),)))
    world.run_with_clock_off(off)
    for state in (EntryState.WAITING, EntryState.HELD):
        [entry] = world.ledger.entries([state])
        assert abs(entry.first_seen - world.now) < MINUTE
        assert entry.next_look is not None
        assert timedelta(0) < entry.next_look - world.now <= timedelta(hours=1)
    world.pass_time(hours=2)
    assert world.run().calls["getOrder"] == 2


@pytest.mark.parametrize("off", [YEAR, -YEAR], ids=["ahead", "behind"])
def test_the_daily_reminder_goes_on_after_it(world: Skewed, off: timedelta, whole: bool) -> None:
    pause = timedelta(minutes=15 if whole else 180)
    world.amazon.put(make_order(2, items=(Item("1", 1, "NEW"),)))
    assert any("NEW" in line for line in world.run_and_tell())
    world.run_with_clock_off(off)
    said = 0
    for _ in range(timedelta(days=3) // pause):
        world.pass_time(seconds=pause.total_seconds())
        said += any("NEW" in line for line in world.run_and_tell())
    assert 2 <= said <= 4, "once a day"


def test_a_gap_is_not_forgotten_by_a_run_of_the_year_to_come(world: Skewed) -> None:
    world.run()
    cells = list(world.ledger.coverage(Basis.UPDATED))
    for hours in (1, 3):  # what follows each of two gaps of an hour
        span = Span(START + timedelta(hours=hours + 1), START + timedelta(hours=hours + 2))
        world.ledger.cover(cells, Basis.UPDATED, span, world.now)
    world.pass_time(days=5)
    world.ledger.note_rereading(cells, world.now, world.now - 3 * MINUTE)
    world.amazon.faults[2] = AmazonUnavailable("away")
    world.run_with_clock_off(YEAR)
    lost = make_order(1, updated=START + timedelta(hours=3, minutes=30))
    world.amazon.put(lost)
    assert world.run().counts["created"] == 1


def test_coverage_of_the_future_counts_for_nothing(world: Skewed) -> None:
    """As a version without this rule may have left it, or Amazon with a wrong Date."""
    world.run()
    cells = list(world.ledger.coverage(Basis.UPDATED))
    poisoned = Span(START - timedelta(days=3), START + YEAR)
    world.ledger.cover(cells, Basis.UPDATED, poisoned, world.now + YEAR)
    world.ledger.note_rereading(cells, START + YEAR, START + YEAR)
    world.ledger.save_listing(Listing("import", Search(("X",), Basis.UPDATED, poisoned), START + YEAR, "token"))
    world.pass_time(hours=1)
    world.amazon.put(make_order(1, updated=START + timedelta(minutes=30)))
    report = world.run()
    assert report.counts["created"] == 1
    assert all(spans[-1].end <= world.now for spans in world.ledger.coverage(Basis.UPDATED).values())
    assert world.ledger.listing("import") == []


def test_what_an_older_version_left_in_the_future_is_due_now(world: Skewed) -> None:
    pending = make_order(1, OrderStatus.PENDING)
    world.amazon.put(pending)
    world.run()
    later = OrderResult(pending.order_id, EntryState.WAITING, "payment-pending", next_look=world.now + YEAR)
    world.ledger.record_results([later], 1, world.now + YEAR)
    world.ledger.lease_orders([pending.order_id], 99, world.now + YEAR, timedelta(minutes=15))
    world.pass_time(minutes=15)
    assert world.run().calls["getOrder"] == 1


def test_a_condition_of_the_future_began_and_was_said_now() -> None:
    known = Condition("key", "text", START + YEAR, START + YEAR, START + YEAR, 1, 1)
    found = CurrentCondition("key", "text", ExitCode.NEEDS_A_PERSON)
    _, [mended], _ = condition_changes([known], [found], START)
    assert (mended.first_seen, mended.last_printed) == (START, START)
    [line], _, _ = condition_changes([mended], [found], START + timedelta(days=1))
    assert line == (ExitCode.NEEDS_A_PERSON, "text")


def test_a_run_of_the_future_does_not_hide_that_no_other_came(world: Skewed) -> None:
    for _ in range(5):
        world.pass_time(minutes=15)
        world.run()
    run = world.ledger.begin_run("import", world.now + YEAR)
    world.ledger.finish_run(run, world.now + YEAR, 0, {})
    [status] = [
        each
        for each in read_status(world.ledger, Full(), world.settings, world.now).commands
        if each.command == "import"
    ]
    assert status.late, "nobody knows when it was"
    world.pass_time(minutes=15)
    world.run()
    assert all(record.started <= world.now for record in world.ledger.last_runs("import"))
    world.pass_time(hours=8)
    [status] = [
        each
        for each in read_status(world.ledger, Full(), world.settings, world.now).commands
        if each.command == "import"
    ]
    assert status.late


def test_orders_are_dated_by_amazons_clock(world: Skewed, monkeypatch: pytest.MonkeyPatch) -> None:
    dates: list[datetime] = []
    apply = world.shop.apply

    def noting(plan: object, now: datetime, *more: object) -> object:
        dates.append(now)
        return apply(plan, now, *more)  # type: ignore[arg-type]

    monkeypatch.setattr(world.shop, "apply", noting)
    world.amazon.put(make_order(1))
    world.run_with_clock_off(YEAR)
    assert [abs(date - world.now) < MINUTE for date in dates] == [True]
