"""Others change an order between the look at it and the writing: it is planned again, and no news is lost.

A real shop database and a real ledger; what happens in between is done in the moment before the transaction begins.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from orderferry.config.model import OrdersSettings
from orderferry.domain.decide import Rules
from orderferry.domain.ledger_entry import Entry, EntryState
from orderferry.domain.marker import Outcome, Plan
from orderferry.domain.orders import Order, OrderStatus
from orderferry.domain.problems import ProblemCode
from orderferry.errors import ExitCode
from orderferry.ledger.ledger import Ledger, open_ledger
from orderferry.prestashop.database.database import ShopDatabase as Database
from orderferry.prestashop.database.database_errors import ConnectionLost
from orderferry.prestashop.shop import PrestashopShop
from orderferry.run.process import Processor
from orderferry.run.report import Report
from orderferry.run.stop import StopSwitch
from support.shop_database import ShopDatabase
from support.writing import NOW, Sold, amazon_order, cancelled, importer, shipped

ORDER = amazon_order(Sold("MUG-BLUE", 2, "29.04", "5.24"))
LATER = NOW + timedelta(hours=3)
UNINVOICED = OrdersSettings(state_paid="1")  # awaiting cheque


class Interrupted:
    """A shop where something happens just before a transaction: each of `meanwhile` once, in order."""

    def __init__(self, shop: PrestashopShop) -> None:
        self._shop = shop
        self.meanwhile: list[Callable[[], object]] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self._shop, name)

    def apply(self, plan: Plan, now: datetime) -> Any:
        if self.meanwhile:
            self.meanwhile.pop(0)()
        return self._shop.apply(plan, now)


@dataclass
class TwoRuns:
    """One installation's run, and another one on the same shop (with the same ledger)."""

    shop: ShopDatabase
    ledger: Ledger
    folder: Path
    orders: OrdersSettings = field(default_factory=OrdersSettings)

    def take(self, order: Order, *meanwhile: Callable[[], object], now: datetime = LATER) -> Report:
        """A run is shown this order."""
        interrupted = Interrupted(importer(self.shop, self.folder, orders=self.orders).shop)
        interrupted.meanwhile += meanwhile
        report = Report("import", now)
        run = self.ledger.begin_run("import", now)
        Processor(
            interrupted,  # type: ignore[arg-type]
            self.ledger,  # type: ignore[arg-type]
            report,
            StopSwitch(lambda: now),
            lambda: now,
            lambda _: timedelta(days=30),
            run,
        ).process([order], Rules())
        report.open = self.ledger.open_counts()
        assert not interrupted.meanwhile, "the order was written before all of it had happened"
        return report

    @property
    def entry(self) -> Entry:
        found = self.ledger.entry(ORDER.order_id)
        assert found is not None
        return found

    def state(self) -> int:
        return int(self.shop.value("SELECT current_state FROM {p}orders"))

    def person_moves_to(self, state: int) -> Callable[[], object]:
        """Staff changes the order's state in the back office."""

        def move() -> None:
            self.shop.execute("UPDATE {p}orders SET current_state = :state", state=state)
            self.shop.execute(
                "INSERT INTO {p}order_history (id_employee, id_order, id_order_state, date_add)"
                " SELECT 1, id_order, :state, '2026-11-23 09:00:00' FROM {p}orders",
                state=state,
            )

        return move

    def other_takes(self, order: Order) -> Callable[[], object]:
        """Another installation writes the order, with a ledger of its own."""
        return lambda: importer(self.shop, self.folder, orders=self.orders).take(order)

    def messages(self) -> str:
        return "\n".join(row["message"] for row in self.shop.rows("SELECT message FROM {p}customer_message"))


@contextmanager
def two_runs_on(shop: ShopDatabase, folder: Path, **more: Any) -> Iterator[TwoRuns]:
    with open_ledger(folder / "shop.ledger.sqlite", account="a", shop="s", now=NOW) as ledger:
        yield TwoRuns(shop, ledger, folder, **more)


@pytest.fixture
def runs(shop_database: ShopDatabase, tmp_path: Path) -> Iterator[TwoRuns]:
    with two_runs_on(shop_database, tmp_path) as one:
        yield one


def counts(report: Report) -> dict[str, int]:
    return {word: number for word, number in report.counts.items() if number}


def test_a_cancellation_that_meets_a_state_of_staffs_is_held_in_the_same_run(runs: TwoRuns) -> None:
    """It was `unchanged`, and imported, and nobody ever heard of it."""
    runs.take(ORDER, now=NOW)
    report = runs.take(cancelled(ORDER), runs.person_moves_to(4))

    assert counts(report) == {"seen": 1, "updated": 1}  # staff is told
    assert [one.code for one in report.problems.values()] == [ProblemCode.CANCELLED_AFTER_SHIPPING]
    assert report.exit_code is ExitCode.NEEDS_A_PERSON
    assert (runs.entry.state, runs.entry.code) == (EntryState.HELD, ProblemCode.CANCELLED_AFTER_SHIPPING)
    assert "stop the parcel" in runs.messages()
    assert runs.state() == 4


def test_a_cancellation_that_meets_an_order_in_preparation_is_written_in_the_same_run(runs: TwoRuns) -> None:
    runs.take(ORDER, now=NOW)
    report = runs.take(cancelled(ORDER), runs.person_moves_to(3))

    assert counts(report) == {"seen": 1, "updated": 1}
    assert runs.state() == 6
    assert "do not send it" in runs.messages().lower()


def test_a_cancellation_that_meets_a_message_or_a_tracking_number_is_written(runs: TwoRuns) -> None:
    """Another run has written older news since the look-up; the order is still to be cancelled."""
    runs.take(ORDER, now=NOW)
    partly = replace(ORDER, status=OrderStatus.PARTIALLY_SHIPPED, updated=ORDER.updated + timedelta(hours=1))
    report = runs.take(cancelled(ORDER), runs.other_takes(partly))

    assert counts(report) == {"seen": 1, "updated": 1}
    assert runs.state() == 6
    assert runs.entry.code == ProblemCode.CHANGED_AFTER_INVOICE  # a credit slip is needed


def test_a_creation_that_meets_the_order_of_older_news_goes_on_as_an_update(runs: TwoRuns) -> None:
    report = runs.take(shipped(ORDER), runs.other_takes(ORDER))

    assert counts(report) == {"seen": 1, "updated": 1}
    assert runs.state() == 4
    assert runs.shop.value("SELECT tracking_number FROM {p}order_carrier") == "1Z999"
    assert runs.shop.count("orders") == 1
    assert runs.entry.id_order == runs.shop.value("SELECT id_order FROM {p}orders")


def test_a_creation_that_meets_the_order_of_newer_or_the_same_news_changes_nothing(runs: TwoRuns) -> None:
    def other() -> None:
        runs.other_takes(ORDER)()
        runs.other_takes(cancelled(ORDER))()

    report = runs.take(ORDER, other)
    assert counts(report) == {"seen": 1, "unchanged": 1}
    assert runs.state() == 6
    assert (runs.entry.state, runs.entry.id_order) == (EntryState.IMPORTED, 1)


def test_an_order_that_is_deleted_before_its_news_are_written_is_held(runs: TwoRuns) -> None:
    runs.take(ORDER, now=NOW)
    report = runs.take(shipped(ORDER), lambda: runs.shop.execute("DELETE FROM {p}orders"))

    assert counts(report) == {"seen": 1, "held": 1}
    assert runs.entry.code == ProblemCode.DELETED_IN_SHOP


def test_lines_that_meet_an_invoice_are_reported_instead(shop_database: ShopDatabase, tmp_path: Path) -> None:
    with two_runs_on(shop_database, tmp_path, orders=UNINVOICED) as runs:
        runs.take(ORDER, now=NOW)
        more = replace(ORDER, items=(replace(ORDER.items[0], quantity=1),), updated=ORDER.updated + timedelta(hours=1))
        report = runs.take(more, lambda: runs.shop.execute("UPDATE {p}orders SET invoice_number = 77"))

        assert counts(report) == {"seen": 1, "updated": 1}  # staff is told
        assert runs.entry.state is EntryState.HELD
        assert runs.entry.code == ProblemCode.CHANGED_AFTER_INVOICE
        assert runs.shop.value("SELECT product_quantity FROM {p}order_detail") == 2


def test_what_staff_was_told_by_another_run_is_not_told_again(runs: TwoRuns) -> None:
    runs.take(ORDER, now=NOW)
    runs.person_moves_to(3)()
    runs.take(cancelled(ORDER), runs.other_takes(cancelled(ORDER)))

    assert runs.messages().count("do not send it") == 1


def test_an_order_that_keeps_changing_fails_and_is_due_at_once(runs: TwoRuns) -> None:
    """Bounded: a run plans it three times."""
    runs.take(ORDER, now=NOW)
    report = runs.take(shipped(ORDER), *map(runs.person_moves_to, (3, 2, 3)))

    assert counts(report) == {"seen": 1, "failed": 1}
    assert report.exit_code is ExitCode.NEEDS_A_PERSON
    assert [one.code for one in report.problems.values()] == [ProblemCode.KEEPS_CHANGING]
    assert (runs.entry.state, runs.entry.next_look, runs.entry.id_order) == (EntryState.FAILED, LATER, 1)
    assert [one.order_id for one in runs.ledger.due(LATER, [EntryState.FAILED], 10)] == [ORDER.order_id]

    runs.person_moves_to(2)()
    assert counts(runs.take(shipped(ORDER))) == {"seen": 1, "updated": 1}
    assert runs.state() == 4
    assert runs.entry.state is EntryState.IMPORTED


def test_an_order_that_is_created_while_another_run_hears_of_its_cancellation_is_due_at_once(runs: TwoRuns) -> None:
    """That run found nothing to cancel and ignores the order: whoever created it leaves it due."""
    report = runs.take(ORDER, lambda: runs.take(cancelled(ORDER)))

    assert counts(report) == {"seen": 1, "created": 1}
    assert (runs.entry.state, runs.entry.next_look, runs.entry.id_order) == (EntryState.SEEN, LATER, 1)
    assert counts(runs.take(cancelled(ORDER))) == {"seen": 1, "updated": 1}
    assert runs.state() == 6
    assert runs.entry.code == ProblemCode.CHANGED_AFTER_INVOICE  # a credit slip is needed


def test_a_held_order_stays_held_when_an_older_page_shows_it(runs: TwoRuns) -> None:
    runs.take(ORDER, now=NOW)
    runs.person_moves_to(4)()
    runs.take(cancelled(ORDER))
    before = runs.entry
    stale = replace(ORDER, updated=ORDER.updated + timedelta(hours=1))
    report = runs.take(stale)

    assert counts(report) == {"seen": 1, "held": 1}
    assert [one.code for one in report.problems.values()] == [ProblemCode.CANCELLED_AFTER_SHIPPING]
    assert runs.entry == before


@pytest.mark.parametrize("status", [OrderStatus.CANCELLED, OrderStatus.SHIPPED])
def test_a_marker_of_the_future_refuses_no_later_news_and_heals(runs: TwoRuns, status: OrderStatus) -> None:
    """A version before this one kept Amazon's time as it was."""
    runs.take(ORDER, now=NOW)
    runs.shop.execute("UPDATE {p}orderferry_order SET amazon_updated = '2027-11-23 12:00:00'")
    news = replace(ORDER, status=status, updated=ORDER.updated + timedelta(hours=1))
    assert counts(runs.take(news)) == {"seen": 1, "updated": 1}

    assert runs.state() == {OrderStatus.CANCELLED: 6, OrderStatus.SHIPPED: 4}[status]
    assert str(runs.shop.value("SELECT amazon_updated FROM {p}orderferry_order")).startswith("2026-11-22 20:30")


def test_a_commit_whose_answer_was_lost_is_not_taken_for_what_another_has_written(
    runs: TwoRuns, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The connection breaks off before the COMMIT, and another run creates the order from older news."""
    real = Database.writing

    @contextmanager
    def writing(self: Database, *doing: Any, **more: Any) -> Iterator[Any]:
        monkeypatch.setattr(Database, "writing", real)
        try:
            with real(self, *doing, **more) as connection:
                yield connection
                raise ConnectionLost("The connection broke off")  # noqa: TRY301 — within the transaction
        except ConnectionLost:
            runs.other_takes(ORDER)()
            raise

    taken = importer(runs.shop, runs.folder)
    plan = taken.plan(shipped(ORDER))
    assert isinstance(plan, Plan)
    monkeypatch.setattr(Database, "writing", writing)
    applied = taken.shop.apply(plan, LATER)
    assert applied is None
    assert taken.take(shipped(ORDER)).outcome is Outcome.UPDATED
    assert runs.state() == 4
