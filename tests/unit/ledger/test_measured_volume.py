"""How much a shop sells, counted from what its ledger has seen."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from pathlib import Path

from orderferry.domain.orders import Channel
from orderferry.domain.quota_plan import MeasuredVolume
from orderferry.domain.search import Basis
from orderferry.domain.spans import Span
from orderferry.ledger.ledger import Ledger
from orderferry.ledger.quota import QuotaBook
from orderferry.ledger.volume import measure_volume
from support.ledgers import ACCOUNT, DE, NOW, opened, snapshot

DAY = timedelta(days=1)
MOMENT = timedelta(milliseconds=1)


def observed(ledger: Ledger, days: int) -> None:
    ledger.cover([(DE, Channel.REGULAR)], Basis.UPDATED, Span(NOW - days * DAY, NOW), NOW)


def test_nothing_is_measured_before_anything_was_observed(path: Path) -> None:
    with opened(path) as ledger:
        ledger.note_seen([snapshot("a")], 1, NOW)
        ledger.cover([(DE, Channel.REGULAR)], Basis.CREATED, Span(NOW - DAY, NOW), NOW)
        assert measure_volume(ledger, ACCOUNT, NOW) is None


def test_two_weeks_are_counted_and_changes_of_orders_that_are_a_week_old(path: Path) -> None:
    with opened(path) as ledger:
        observed(ledger, 100)
        orders = {
            "too old": NOW - 14 * DAY - MOMENT,
            "oldest": NOW - 14 * DAY,
            "grown": NOW - 7 * DAY,
            "young": NOW - 7 * DAY + MOMENT,
        }
        ledger.note_seen([snapshot(name, purchased=placed) for name, placed in orders.items()], 1, NOW)
        ledger.note_seen([snapshot("fba", channel=Channel.FBA, purchased=NOW - DAY)], 1, NOW)
        for name in ("grown", "young", "too old"):
            for status in ("SHIPPED", "SHIPPED", "CANCELLED"):  # the second one changes nothing
                ledger.note_seen([snapshot(name, purchased=orders[name], amazon_status=status)], 2, NOW)
        ledger.note_seen([snapshot("grown", purchased=orders["grown"], amazon_updated=NOW)], 3, NOW)
        for days in (15, 14, 3):
            moment = NOW - days * DAY
            book = QuotaBook(ledger, ACCOUNT, Decimal(1), lambda moment=moment: moment)  # type: ignore[misc]
            book.spend("getOrder")
            book.spend("getOrder")
            book.spend("searchOrders")
            QuotaBook(ledger, "another", Decimal(1), lambda: NOW).spend("getOrder")
        assert measure_volume(ledger, ACCOUNT, NOW) == MeasuredVolume(
            time=14 * DAY, orders=4, fba=1, grown=2, changes=3, get_orders=4
        )


def test_less_is_counted_where_less_was_observed(path: Path) -> None:
    with opened(path) as ledger:
        observed(ledger, 3)
        ledger.note_seen([snapshot("before", purchased=NOW - 4 * DAY), snapshot("since", purchased=NOW - DAY)], 1, NOW)
        assert measure_volume(ledger, ACCOUNT, NOW) == MeasuredVolume(
            time=3 * DAY, orders=1, fba=0, grown=0, changes=0, get_orders=0
        )
