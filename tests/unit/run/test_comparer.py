"""One comparison from the first request to what the ledger remembers, with both sides made of lists."""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, cast
from zoneinfo import ZoneInfo

import pytest

from orderferry.amazon.source import AmazonSource
from orderferry.bootstrap import Installation
from orderferry.config.model import Settings
from orderferry.domain.compared_orders import ShopOrder, ShopOrders
from orderferry.domain.ledger_entry import EntryState, FindingKind, OrderResult, OrderSnapshot, StandingFinding
from orderferry.domain.orders import Address, Channel, Item, Money, Order, OrderStatus
from orderferry.domain.search import Basis, Page, Search
from orderferry.domain.spans import Span
from orderferry.errors import AmazonUnavailable, LedgerUnusable
from orderferry.ledger.ledger import Ledger
from orderferry.ledger.quota import QuotaBook
from orderferry.prestashop.auditing import ShopAudit
from orderferry.run.compare.compare import CompareOptions, Comparer
from orderferry.run.compare.result import Comparison
from orderferry.run.compare.rules import MonthBasis
from orderferry.run.progress import Progress
from orderferry.run.stop import StopSwitch
from support.compared import DAY, DE, IT, NOW, in_shop
from support.configuration import AMAZON, DATABASE, load

A, B, C = (f"302-0000000-000000{number}" for number in range(1, 4))
ROME = ZoneInfo("Europe/Rome")
END = NOW - timedelta(hours=2)
HOUR = timedelta(hours=1)


def at_amazon(order_id: str = A, **changes: Any) -> Order:
    facts: dict[str, Any] = {
        "created": NOW - 5 * DAY,
        "updated": NOW - 4 * DAY,
        "marketplace_id": DE,
        "status": OrderStatus.SHIPPED,
        "channel": Channel.REGULAR,
        "items": (Item("1", 2),),
        "grand_total": Money(Decimal("119.00"), "EUR"),
        "delivery_address": Address(country="DE"),
    }
    return Order(order_id, **(facts | changes))


@dataclass
class Amazon:
    """Amazon's orders, as listings and getOrder show them."""

    orders: list[Order] = field(default_factory=list)
    error: Exception | None = None
    clock_offset: timedelta = timedelta(0)
    calls: dict[str, int] = field(default_factory=lambda: {"searchOrders": 1})
    searched: list[Search] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    closed: bool = False
    reported: bool = False

    def now(self) -> datetime:
        return NOW + timedelta(microseconds=5)

    def search(self, search: Search, token: str | None = None) -> Page:
        if self.error:
            raise self.error
        self.searched.append(search)
        return Page(tuple(self.orders), None, NOW)

    def get(self, order_id: str) -> Order | None:
        self.asked.append(order_id)
        return next((order for order in self.orders if order.order_id == order_id), None)

    def reports(self) -> None:
        self.reported = True

    def close(self) -> None:
        self.closed = True


@dataclass
class Shop:
    """The shop's orders of Amazon's."""

    orders: list[ShopOrder] = field(default_factory=list)
    asked: list[tuple[datetime, set[str]]] = field(default_factory=list)
    zone = ROME
    name = "The shop"
    released: int = 0
    closed: bool = False

    def sold(self, since: datetime, order_ids: Collection[str]) -> ShopOrders:
        self.asked.append((since, set(order_ids)))
        return ShopOrders({order.order_id: (order,) for order in self.orders})

    def release(self) -> None:
        self.released += 1

    def close(self) -> None:
        self.closed = True


class Steps(Progress):
    """What a terminal would show."""

    def __init__(self) -> None:
        self.shown: list[str] = []

    def step(self, what: str) -> None:
        self.shown.append(what)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return load(tmp_path, AMAZON + DATABASE)


@pytest.fixture
def ledger(settings: Settings) -> Iterator[Ledger]:
    with Installation(settings, lambda: NOW).ledger() as opened:
        yield opened


@dataclass
class Stage:
    """What a comparison is made of."""

    settings: Settings
    ledger: Ledger | None
    amazon: Amazon = field(default_factory=Amazon)
    shop: Shop = field(default_factory=Shop)
    progress: Steps = field(default_factory=Steps)

    def compare(self, **options: Any) -> Comparison:
        quota = QuotaBook(self.ledger, "a", Decimal(1), lambda: NOW) if self.ledger else None
        return Comparer(
            self.settings,
            CompareOptions(**({"by_search": True} | options)),
            cast("AmazonSource", self.amazon),
            cast("ShopAudit", self.shop),
            self.ledger,
            quota,
            StopSwitch(lambda: NOW),
            lambda: NOW,
            lambda _seconds: None,
            self.progress,
        ).run()


@pytest.fixture
def stage(settings: Settings, ledger: Ledger) -> Stage:
    return Stage(settings, ledger)


def test_both_sides_agree(stage: Stage) -> None:
    stage.amazon.orders.append(at_amazon())
    stage.shop.orders.append(in_shop(A))
    result = stage.compare()
    assert (result.exit_code, result.amazon_orders, result.shop_orders, result.errors) == (0, 1, 1, [])
    assert (result.zone, result.shop_name, result.by, result.calls) == (
        ROME,
        "The shop",
        "purchase",
        {"searchOrders": 1},
    )
    assert result.span == Span(END - 30 * DAY, END)
    assert stage.amazon.searched == [Search((DE, IT), Basis.CREATED, Span(END - 30 * DAY, END))]
    assert (stage.amazon.asked, stage.amazon.reported) == ([], False)
    assert stage.shop.asked == [(END - 30 * DAY, {A})]
    assert (stage.amazon.closed, stage.shop.closed, stage.shop.released >= 2) == (True, True, True)
    assert stage.progress.shown == [
        "looking at the shop",
        "listing Amazon's orders of 2026-10-24 to 2026-11-23",
        "reading the shop's orders",
    ]
    assert result.totals is None
    assert stage.ledger
    (run,) = stage.ledger.last_runs("compare", 2)
    assert (run.exit_code, run.finished, run.report) == (0, NOW, result.in_short())


def test_a_missing_order_is_remembered_and_due(stage: Stage) -> None:
    stage.amazon.orders.append(at_amazon())
    stage.amazon.clock_offset = HOUR
    result = stage.compare()
    assert [one.order_id for one in result.missing] == [A]
    assert result.exit_code == 1
    assert stage.ledger
    assert [(one.order_id, one.kind) for one in stage.ledger.findings()] == [(A, FindingKind.MISSING)]
    entry = stage.ledger.entry(A)
    assert entry
    assert entry.next_look == NOW + HOUR, "by Amazon's clock, which is right"


def finding(order_id: str, days: int) -> StandingFinding:
    return StandingFinding(order_id, FindingKind.MISSING, NOW - days * DAY, NOW - days * DAY, "gone", "Look.")


def test_findings_that_are_no_longer_so_are_over(stage: Stage) -> None:
    assert stage.ledger
    stage.ledger.note_findings([finding(A, 5), finding(B, 50), finding(C, 50)], [])
    old = at_amazon(C, created=NOW - 50 * DAY, updated=NOW - 49 * DAY)
    stage.amazon.orders += [at_amazon(), old]
    stage.shop.orders.append(in_shop(A))
    stage.compare()
    assert stage.shop.asked == [(END - 30 * DAY, {A, B, C})]
    assert [one.order_id for one in stage.ledger.findings()] == [C], "Amazon still has it, and the shop has not"
    assert stage.amazon.asked == [B, C]


@pytest.mark.parametrize("by", [MonthBasis.SHIPPED, MonthBasis.INVOICE])
def test_a_comparison_by_another_moment_ends_no_finding_and_reads_two_months_more(stage: Stage, by: MonthBasis) -> None:
    assert stage.ledger
    stage.ledger.note_findings([finding(A, 5)], [])
    stage.shop.orders.append(in_shop(A))
    stage.amazon.orders.append(at_amazon())
    result = stage.compare(by=by)
    assert (result.by, result.span) == (str(by), Span(END - 30 * DAY, END))
    assert [search.span for search in stage.amazon.searched] == [
        Span(END - 90 * DAY, END - 60 * DAY),
        Span(END - 60 * DAY, END - 30 * DAY),
        Span(END - 30 * DAY, END),
    ]
    assert len(stage.ledger.findings()) == 1


def test_a_month_has_totals(stage: Stage) -> None:
    stage.amazon.orders.append(at_amazon(created=datetime(2026, 10, 20, tzinfo=UTC)))
    result = stage.compare(month=(2026, 10))
    assert result.totals
    assert [row.amazon.orders for row in result.totals.whole] == [1]


def test_without_a_ledger_it_is_an_audit(settings: Settings) -> None:
    stage = Stage(settings, None)
    stage.amazon.orders.append(at_amazon())
    result = stage.compare(for_page=True)
    assert [one.reason for one in result.missing] == ["not in the shop"]
    assert (result.status, result.open_entries) == (None, ())
    stage.amazon.error = AmazonUnavailable("Amazon is away.")
    failed = stage.compare()
    assert (failed.exit_code, failed.news) == (4, ("Amazon is away.",))


def test_an_error_is_in_the_result_and_said_when_it_lasts(stage: Stage, caplog: pytest.LogCaptureFixture) -> None:
    stage.amazon.error = AmazonUnavailable("Amazon is away.", hint="Wait.")
    with caplog.at_level(logging.INFO):
        results = [stage.compare() for _ in range(3)]
    assert [result.news for result in results] == [(), (), ("compare: Amazon is away. Wait.",)]
    assert caplog.messages == ["exit code 4: Amazon is away. Wait."] * 3
    assert (stage.amazon.closed, stage.shop.closed, results[0].exit_code) == (True, True, 4)
    assert stage.ledger
    assert [run.exit_code for run in stage.ledger.last_runs("compare", 9)] == [4, 4, 4]


def test_a_ledger_that_can_not_be_used_is_raised(stage: Stage) -> None:
    stage.amazon.error = LedgerUnusable("The disk is full.")
    with pytest.raises(LedgerUnusable):
        stage.compare()
    assert (stage.amazon.closed, stage.shop.closed) == (True, True)


@pytest.mark.parametrize(
    ("ids", "note"),
    [
        ([A], "1 order of another Amazon account in this shop: left out here."),
        ([A, B], "2 orders of another Amazon account in this shop: left out here."),
    ],
)
def test_orders_of_another_seller_are_left_out(stage: Stage, ids: list[str], note: str) -> None:
    stage.shop.orders += [in_shop(one, seller="another") for one in ids]
    stage.shop.orders.append(in_shop(C, seller=stage.settings.amazon.seller))
    stage.amazon.orders.append(at_amazon(C))
    result = stage.compare()
    assert (result.notes, result.shop_orders, result.surplus) == ([note], 1, ())


def test_orders_without_an_id_are_missing_for_anybody(stage: Stage) -> None:
    assert stage.ledger
    run = stage.ledger.begin_run("import", NOW)
    for name in ("unreadable-1", A):
        stage.ledger.note_seen([OrderSnapshot(name)], run, NOW)
        stage.ledger.record_results(
            [OrderResult(name, EntryState.FAILED, "unreadable-order", message="no id")], run, NOW
        )
    result = stage.compare()
    (found,) = result.missing
    assert (found.order_id, found.reason) == ("unreadable-1", "no id")
    assert "`orderferry ignore unreadable-1 --reason …` ends this report." in found.hint


def test_the_page_shows_the_status_and_what_is_open(stage: Stage) -> None:
    assert stage.ledger
    run = stage.ledger.begin_run("import", NOW)
    states = {
        A: EntryState.HELD,
        B: EntryState.FAILED,
        C: EntryState.WAITING,
        "302-0000000-0000009": EntryState.IGNORED,
    }
    for order_id, state in states.items():
        stage.ledger.note_seen([OrderSnapshot(order_id)], run, NOW)
        stage.ledger.record_results([OrderResult(order_id, state)], run, NOW)
    assert stage.compare().status is None
    result = stage.compare(for_page=True)
    assert result.status
    assert result.status.zone == ROME
    assert {entry.order_id for entry in result.open_entries} == {A, B, C}


@pytest.mark.parametrize(
    ("options", "daily"),
    [
        ({}, True),
        ({"by_search": True, "for_page": True}, True),
        ({"since": NOW}, False),
        ({"until": NOW}, False),
        ({"month": (2026, 10)}, False),
        ({"by": MonthBasis.INVOICE}, False),
    ],
)
def test_which_comparison_is_crons(options: dict[str, Any], daily: bool) -> None:
    assert CompareOptions(**options).is_daily is daily
