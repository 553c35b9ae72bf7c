"""Which buyers `forget` forgets, by which clock, and what it tells."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast

import pytest

from orderferry.amazon.source import AmazonSource
from orderferry.domain.forgetting import OrderLife
from orderferry.domain.ledger_entry import OrderSnapshot
from orderferry.domain.orders import Channel
from orderferry.domain.problems import Problem, ProblemCode
from orderferry.domain.search import Basis
from orderferry.domain.spans import Span
from orderferry.errors import AmazonError, AmazonRefused, AmazonUnavailable, OrderferryError, RequestRejected
from orderferry.ledger.ledger import Ledger, open_ledger
from orderferry.prestashop.forgetting import OrderForgetter
from orderferry.run.forget import ClockOff, ForgetReport, confirmed_clock, forget

NOW = datetime(2026, 11, 23, 6, tzinfo=UTC)
DAY, MONTH = timedelta(days=1), timedelta(days=30)
A, B, C, D = (f"402-000000{number}-0000000" for number in range(1, 5))
SECOND = timedelta(seconds=1)


def life(order_id: str, number: int, delivered: datetime | None) -> OrderLife:
    return OrderLife(order_id, number, NOW - 90 * DAY, finished=delivered)


@dataclass
class Shop:
    """A shop whose pages are given; `answers` are what becomes of single orders (False: forgotten, on no invoice)."""

    orders: tuple[OrderLife, ...]
    answers: dict[str, bool | Problem | None] = field(default_factory=dict)
    forgotten: list[tuple[str, datetime]] = field(default_factory=list)
    writes: bool | None = None
    closed: bool = False

    def pages(self, *, write: bool) -> Iterator[tuple[OrderLife, ...]]:
        self.writes = write
        yield self.orders[:2]
        yield self.orders[2:]

    def forget(self, order_id: str, now: datetime) -> bool | Problem | None:
        self.forgotten.append((order_id, now))
        return self.answers.get(order_id, False)

    def close(self) -> None:
        self.closed = True


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    with open_ledger(tmp_path / "ledger.sqlite", account="a", shop="s", now=NOW) as opened:
        yield opened


def run(shop: Shop, ledger: Ledger, *, dry_run: bool = False, check: Any = lambda: None) -> ForgetReport:
    return forget(cast("OrderForgetter", shop), ledger, MONTH, dry_run=dry_run, now=lambda: NOW, check=check)


PROBLEM = Problem(ProblemCode.WRITE_FAILED, "The trigger says no.", C)


def test_orders_that_were_delivered_long_enough_ago_are_forgotten(
    ledger: Ledger, caplog: pytest.LogCaptureFixture
) -> None:
    due = NOW - MONTH
    shop = Shop(
        (life(A, 1, due), life(B, 2, due), life(C, 3, due), life(D, 4, due + SECOND), life("E", 5, None)),
        {B: True, C: PROBLEM},
    )
    with caplog.at_level(logging.INFO):
        report = run(shop, ledger)
    assert shop.forgotten == [(A, NOW), (B, NOW), (C, NOW)]
    assert (shop.writes, shop.closed) == (True, True)
    assert caplog.messages == [f"order {A} (1): its buyer is forgotten", f"order {B} (2): its buyer is forgotten"]
    assert report.as_json() == {
        "command": "forget",
        "dry_run": False,
        "older_than": "30d",
        "delivered_before": "2026-10-24T06:00:00Z",
        "orders": {"forgotten": 2, "on_invoices": 1, "not_due": 1, "under_way": 1, "failed": 1},
        "problems": [{"order_id": C, "code": "write-failed", "message": "The trigger says no.", "hint": PROBLEM.hint}],
        "exit_code": 1,
    }
    (kept,) = ledger.last_runs("forget", 2)
    assert (kept.exit_code, kept.finished, kept.report) == (1, NOW, report.as_json())


def test_a_dry_run_only_counts(ledger: Ledger, caplog: pytest.LogCaptureFixture) -> None:
    shop = Shop((life(A, 1, NOW - MONTH), life(B, 2, None)))
    with caplog.at_level(logging.INFO):
        report = run(shop, ledger, dry_run=True)
    assert (shop.forgotten, shop.writes, shop.closed) == ([], False, True)
    assert caplog.messages == [f"order {A} (1) would be forgotten"]
    assert (report.forgotten, report.under_way, report.exit_code) == (1, 1, 0)
    assert report.as_json()["dry_run"] is True
    assert ledger.last_runs("forget", 1) == []


def test_an_order_that_is_gone_meanwhile_is_not_counted(ledger: Ledger) -> None:
    assert run(Shop((life(A, 1, NOW - MONTH),), {A: None}), ledger).forgotten == 0


@pytest.mark.parametrize(
    ("status", "updated", "counts"),
    [
        ("SHIPPED", NOW - MONTH, (1, 0, 0)),
        ("CANCELLED", NOW - MONTH, (1, 0, 0)),
        ("SHIPPED", NOW - MONTH + SECOND, (0, 1, 0)),
        ("SHIPPED", None, (1, 0, 0)),
        ("UNSHIPPED", NOW - MONTH, (0, 0, 1)),
    ],
)
def test_an_order_is_finished_too_where_amazon_says_so(
    ledger: Ledger, status: str, updated: datetime | None, counts: tuple[int, int, int]
) -> None:
    ledger.note_seen([OrderSnapshot(A, "M", Channel.REGULAR, status, None, updated)], 1, NOW)
    report = run(Shop((life(A, 1, None),)), ledger)
    assert (report.forgotten, report.not_due, report.under_way) == counts


def test_amazon_is_not_asked_about_what_the_shop_has_sent(ledger: Ledger) -> None:
    ledger.note_seen([OrderSnapshot(A, "M", Channel.REGULAR, "SHIPPED", None, NOW)], 1, NOW)
    assert run(Shop((life(A, 1, NOW - MONTH),)), ledger).forgotten == 1


def test_a_run_ends_between_two_orders(ledger: Ledger) -> None:
    shop = Shop((life(A, 1, NOW - MONTH), life(B, 2, NOW - MONTH)))

    def check() -> None:
        if shop.forgotten:
            raise OrderferryError("stop")

    with pytest.raises(OrderferryError, match="stop"):
        run(shop, ledger, check=check)
    assert ([order_id for order_id, _ in shop.forgotten], shop.closed) == ([A], True)


@dataclass
class Amazon:
    """Amazon's clock."""

    clock_offset: timedelta | None = timedelta(0)
    error: AmazonError | None = None
    asked: int = 0

    def now(self) -> None:
        self.asked += 1
        if self.error:
            raise self.error


def clock(amazon: Amazon, ledger: Ledger) -> datetime:
    return confirmed_clock(ledger, cast("AmazonSource", amazon), lambda: NOW)()


def observed(ledger: Ledger, *ends: datetime) -> None:
    for number, end in enumerate(ends):
        cell = (f"M{number}", Channel.FBA)
        ledger.cover([cell], Basis.UPDATED if number else Basis.CREATED, Span(end - DAY, end), NOW)


def test_the_machines_clock_is_good_for_a_day_after_amazons(ledger: Ledger) -> None:
    observed(ledger, NOW - 9 * DAY, NOW - DAY)
    amazon = Amazon()
    assert (clock(amazon, ledger), amazon.asked) == (NOW, 0)


def test_after_that_amazon_is_asked(ledger: Ledger) -> None:
    observed(ledger, NOW - DAY - SECOND)
    amazon = Amazon(timedelta(hours=5))
    assert (clock(amazon, ledger), amazon.asked) == (NOW + timedelta(hours=5), 1)


@pytest.mark.parametrize("offset", [DAY, -DAY])
def test_a_clock_that_is_a_day_off_follows_amazons(ledger: Ledger, offset: timedelta) -> None:
    assert clock(Amazon(offset), ledger) == NOW + offset


@pytest.mark.parametrize(
    ("offset", "words"),
    [(DAY + SECOND, "1 day behind"), (-DAY - SECOND, "1 day ahead of"), (3.6 * DAY, "4 days behind")],
)
def test_a_clock_that_is_further_off_forgets_nobody(ledger: Ledger, offset: timedelta, words: str) -> None:
    with pytest.raises(ClockOff) as off:
        clock(Amazon(offset), ledger)
    assert off.value.message == f"Nothing was forgotten: this machine's clock is {words} Amazon's."
    assert (off.value.hint, off.value.code, off.value.exit_code) == ("Set the machine's clock (NTP).", "clock-off", 1)


IN_DOUBT = (
    "Nothing was forgotten: whether this machine's clock is right (2026-11-23T06:00:00Z) could not be asked of Amazon"
)


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (AmazonRefused("No role.", hint="Ask."), AmazonRefused),
        (AmazonUnavailable("No role.", hint="Ask."), AmazonUnavailable),
        (RequestRejected("No role.", hint="Ask."), AmazonUnavailable),
    ],
)
def test_an_amazon_that_does_not_tell_the_time_forgets_nobody(
    ledger: Ledger, error: AmazonError, kind: type[AmazonError]
) -> None:
    with pytest.raises(kind) as doubt:
        clock(Amazon(error=error), ledger)
    assert type(doubt.value) is kind
    assert doubt.value.message == f"{IN_DOUBT}, and the ledger has no time of Amazon's yet. No role."
    assert doubt.value.hint == "Ask."


def test_an_answer_without_a_date_forgets_nobody(ledger: Ledger) -> None:
    observed(ledger, NOW - 2 * DAY)
    with pytest.raises(AmazonUnavailable) as doubt:
        clock(Amazon(None), ledger)
    assert doubt.value.message == (
        f"{IN_DOUBT}, and the ledger knows Amazon's time of 2026-11-21T06:00:00Z last. Its answer has no date."
    )
    assert doubt.value.hint == "Try it again later."
