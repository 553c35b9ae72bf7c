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
class Scene:
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
        report.open = self.ledger.open_counts(now)
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
def scene_of(shop: ShopDatabase, folder: Path, **more: Any) -> Iterator[Scene]:
    with open_ledger(folder / "shop.ledger.sqlite", account="a", shop="s", now=NOW) as ledger:
        yield Scene(shop, ledger, folder, **more)


@pytest.fixture
def scene(shop_database: ShopDatabase, tmp_path: Path) -> Iterator[Scene]:
    with scene_of(shop_database, tmp_path) as one:
        yield one


def counts(report: Report) -> dict[str, int]:
    return {word: number for word, number in report.counts.items() if number}


def test_a_cancellation_that_meets_a_state_of_staffs_is_held_in_the_same_run(scene: Scene) -> None:
    """It was `unchanged`, and imported, and nobody ever heard of it."""
    scene.take(ORDER, now=NOW)
    report = scene.take(cancelled(ORDER), scene.person_moves_to(4))

    assert counts(report) == {"seen": 1, "updated": 1}  # staff is told
    assert [one.code for one in report.problems.values()] == [ProblemCode.CANCELLED_AFTER_SHIPPING]
    assert report.exit_code is ExitCode.NEEDS_A_PERSON
    assert (scene.entry.state, scene.entry.code) == (EntryState.HELD, ProblemCode.CANCELLED_AFTER_SHIPPING)
    assert "stop the parcel" in scene.messages()
    assert scene.state() == 4


def test_a_cancellation_that_meets_an_order_in_preparation_is_written_in_the_same_run(scene: Scene) -> None:
    scene.take(ORDER, now=NOW)
    report = scene.take(cancelled(ORDER), scene.person_moves_to(3))

    assert counts(report) == {"seen": 1, "updated": 1}
    assert scene.state() == 6
    assert "do not send it" in scene.messages().lower()


def test_a_cancellation_that_meets_a_message_or_a_tracking_number_is_written(scene: Scene) -> None:
    """Another run has written older news since the look-up; the order is still to be cancelled."""
    scene.take(ORDER, now=NOW)
    partly = replace(ORDER, status=OrderStatus.PARTIALLY_SHIPPED, updated=ORDER.updated + timedelta(hours=1))
    report = scene.take(cancelled(ORDER), scene.other_takes(partly))

    assert counts(report) == {"seen": 1, "updated": 1}
    assert scene.state() == 6
    assert scene.entry.code == ProblemCode.CHANGED_AFTER_INVOICE  # a credit slip is needed


def test_a_creation_that_meets_the_order_of_older_news_goes_on_as_an_update(scene: Scene) -> None:
    report = scene.take(shipped(ORDER), scene.other_takes(ORDER))

    assert counts(report) == {"seen": 1, "updated": 1}
    assert scene.state() == 4
    assert scene.shop.value("SELECT tracking_number FROM {p}order_carrier") == "1Z999"
    assert scene.shop.count("orders") == 1
    assert scene.entry.id_order == scene.shop.value("SELECT id_order FROM {p}orders")


def test_a_creation_that_meets_the_order_of_newer_or_the_same_news_changes_nothing(scene: Scene) -> None:
    def other() -> None:
        scene.other_takes(ORDER)()
        scene.other_takes(cancelled(ORDER))()

    report = scene.take(ORDER, other)
    assert counts(report) == {"seen": 1, "unchanged": 1}
    assert scene.state() == 6
    assert (scene.entry.state, scene.entry.id_order) == (EntryState.IMPORTED, 1)


def test_an_order_that_is_deleted_before_its_news_are_written_is_held(scene: Scene) -> None:
    scene.take(ORDER, now=NOW)
    report = scene.take(shipped(ORDER), lambda: scene.shop.execute("DELETE FROM {p}orders"))

    assert counts(report) == {"seen": 1, "held": 1}
    assert scene.entry.code == ProblemCode.DELETED_IN_SHOP


def test_lines_that_meet_an_invoice_are_reported_instead(shop_database: ShopDatabase, tmp_path: Path) -> None:
    with scene_of(shop_database, tmp_path, orders=UNINVOICED) as scene:
        scene.take(ORDER, now=NOW)
        more = replace(ORDER, items=(replace(ORDER.items[0], quantity=1),), updated=ORDER.updated + timedelta(hours=1))
        report = scene.take(more, lambda: scene.shop.execute("UPDATE {p}orders SET invoice_number = 77"))

        assert counts(report) == {"seen": 1, "updated": 1}  # staff is told
        assert scene.entry.state is EntryState.HELD
        assert scene.entry.code == ProblemCode.CHANGED_AFTER_INVOICE
        assert scene.shop.value("SELECT product_quantity FROM {p}order_detail") == 2


def test_what_staff_was_told_by_another_run_is_not_told_again(scene: Scene) -> None:
    scene.take(ORDER, now=NOW)
    scene.person_moves_to(3)()
    scene.take(cancelled(ORDER), scene.other_takes(cancelled(ORDER)))

    assert scene.messages().count("do not send it") == 1


def test_an_order_that_keeps_changing_fails_and_is_due_at_once(scene: Scene) -> None:
    """Bounded: a run plans it three times."""
    scene.take(ORDER, now=NOW)
    report = scene.take(shipped(ORDER), *map(scene.person_moves_to, (3, 2, 3)))

    assert counts(report) == {"seen": 1, "failed": 1}
    assert report.exit_code is ExitCode.NEEDS_A_PERSON
    assert [one.code for one in report.problems.values()] == [ProblemCode.KEEPS_CHANGING]
    assert (scene.entry.state, scene.entry.next_look, scene.entry.id_order) == (EntryState.FAILED, LATER, 1)
    assert [one.order_id for one in scene.ledger.due(LATER, [EntryState.FAILED], 10)] == [ORDER.order_id]

    scene.person_moves_to(2)()
    assert counts(scene.take(shipped(ORDER))) == {"seen": 1, "updated": 1}
    assert scene.state() == 4
    assert scene.entry.state is EntryState.IMPORTED


def test_an_order_that_is_created_while_another_run_hears_of_its_cancellation_is_due_at_once(scene: Scene) -> None:
    """That run found nothing to cancel and ignores the order: whoever created it leaves it due."""
    report = scene.take(ORDER, lambda: scene.take(cancelled(ORDER)))

    assert counts(report) == {"seen": 1, "created": 1}
    assert (scene.entry.state, scene.entry.next_look, scene.entry.id_order) == (EntryState.SEEN, LATER, 1)
    assert counts(scene.take(cancelled(ORDER))) == {"seen": 1, "updated": 1}
    assert scene.state() == 6
    assert scene.entry.code == ProblemCode.CHANGED_AFTER_INVOICE  # a credit slip is needed


def test_a_held_order_stays_held_when_an_older_page_shows_it(scene: Scene) -> None:
    scene.take(ORDER, now=NOW)
    scene.person_moves_to(4)()
    scene.take(cancelled(ORDER))
    before = scene.entry
    stale = replace(ORDER, updated=ORDER.updated + timedelta(hours=1))
    report = scene.take(stale)

    assert counts(report) == {"seen": 1, "held": 1}
    assert [one.code for one in report.problems.values()] == [ProblemCode.CANCELLED_AFTER_SHIPPING]
    assert scene.entry == before


@pytest.mark.parametrize("status", [OrderStatus.CANCELLED, OrderStatus.SHIPPED])
def test_a_marker_of_the_future_refuses_no_later_news_and_heals(scene: Scene, status: OrderStatus) -> None:
    """A version before this one kept Amazon's time as it was."""
    scene.take(ORDER, now=NOW)
    scene.shop.execute("UPDATE {p}orderferry_order SET amazon_updated = '2027-11-23 12:00:00'")
    news = replace(ORDER, status=status, updated=ORDER.updated + timedelta(hours=1))
    assert counts(scene.take(news)) == {"seen": 1, "updated": 1}

    assert scene.state() == {OrderStatus.CANCELLED: 6, OrderStatus.SHIPPED: 4}[status]
    assert str(scene.shop.value("SELECT amazon_updated FROM {p}orderferry_order")).startswith("2026-11-22 20:30")


def test_a_commit_whose_answer_was_lost_is_not_taken_for_what_another_has_written(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
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
            scene.other_takes(ORDER)()
            raise

    taken = importer(scene.shop, scene.folder)
    plan = taken.plan(shipped(ORDER))
    assert isinstance(plan, Plan)
    monkeypatch.setattr(Database, "writing", writing)
    applied = taken.shop.apply(plan, LATER)
    assert applied is None
    assert taken.take(shipped(ORDER)).outcome is Outcome.UPDATED
    assert scene.state() == 4
