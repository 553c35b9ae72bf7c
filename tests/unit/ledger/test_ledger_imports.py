"""What the ledger tells of imported orders: how long they took, and which Amazon still takes for unshipped."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest

from orderferry.config.model import LedgerPlace
from orderferry.domain.ledger_entry import ADOPTED, EntryState, OrderResult
from orderferry.domain.orders import Channel
from orderferry.ledger.ledger import Ledger
from support.ledgers import HOUR, NOW, opened, snapshot

WEEK = timedelta(days=7)


@pytest.fixture
def ledger(place: LedgerPlace) -> Iterator[Ledger]:
    with opened(place) as ledger:
        yield ledger


def write(ledger: Ledger, order_id: str, detail: str, *, hours: int = 0) -> None:
    result = OrderResult(order_id, EntryState.IMPORTED, id_order=7, detail=detail)
    ledger.record_results([result], 1, NOW + hours * HOUR)


def test_the_lag_is_from_purchase_to_the_first_writing(ledger: Ledger) -> None:
    ledger.note_seen([snapshot("a", purchased=NOW - HOUR), snapshot("b", purchased=NOW - 3 * HOUR)], 1, NOW)
    write(ledger, "a", "order 7; two lines")
    write(ledger, "a", "state 4", hours=2)
    write(ledger, "b", "order 8; one line", hours=1)
    assert sorted(ledger.import_lags(NOW - WEEK)) == [HOUR, 4 * HOUR]
    assert ledger.import_lags(NOW + HOUR) == [4 * HOUR]


def test_adopted_and_rebuilt_orders_tell_no_lag(ledger: Ledger) -> None:
    ledger.note_seen([snapshot(name, purchased=NOW - HOUR) for name in ("adopted", "rebuilt")], 1, NOW)
    write(ledger, "adopted", f"{ADOPTED} order 7 (found: payment)")
    write(ledger, "rebuilt", "")
    write(ledger, "rebuilt", "state 4", hours=1)
    assert ledger.import_lags(NOW - WEEK) == []


def test_only_regular_imported_orders_that_amazon_waits_for_are_unshipped(ledger: Ledger) -> None:
    soon = NOW + HOUR
    seen = [
        snapshot("late", amazon_status="UNSHIPPED", ship_by=NOW - HOUR),
        snapshot("soon", amazon_status="PARTIALLY_SHIPPED", ship_by=soon),
        snapshot("later", amazon_status="UNSHIPPED", ship_by=soon + HOUR),
        snapshot("gone", amazon_status="SHIPPED", ship_by=soon),
        snapshot("fba", amazon_status="UNSHIPPED", ship_by=soon, channel=Channel.FBA),
        snapshot("held", amazon_status="UNSHIPPED", ship_by=soon),
    ]
    ledger.note_seen(seen, 1, NOW)
    for each in seen[:-1]:
        write(ledger, each.order_id, "order 7")
    ledger.record_results([OrderResult("held", EntryState.HELD, "unknown-sku")], 1, NOW)
    assert [entry.order_id for entry in ledger.unshipped(soon)] == ["late", "soon"]
