"""What a comparison found missing is due for the next import; what a person said stays."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from orderferry.domain.ledger_entry import EntryState, HistoryEvent, OrderResult
from support.ledgers import HOUR, NOW, opened, snapshot

ID = "028-1"
DUE = (EntryState.SEEN, EntryState.WAITING, EntryState.HELD, EntryState.FAILED)
LATER = NOW + HOUR


def test_an_order_that_was_never_seen_is_due_at_once(path: Path) -> None:
    with opened(path) as ledger:
        ledger.make_due([snapshot(ID), snapshot(ID)], LATER)
        (entry,) = ledger.due(LATER, DUE, 10)
        assert (entry.order_id, entry.state, entry.first_seen) == (ID, EntryState.SEEN, LATER)
        assert ledger.known([ID, "028-2"]) == {ID: entry}
        assert [(line.event, line.detail) for line in ledger.history(ID)] == [
            (HistoryEvent.MISSED, "missing in the shop")
        ]


@pytest.mark.parametrize("state", [EntryState.WAITING, EntryState.HELD, EntryState.FAILED])
def test_an_open_order_is_due_sooner_and_stays_what_it_is(path: Path, state: EntryState) -> None:
    with opened(path) as ledger:
        ledger.record_results([OrderResult(ID, state, "unknown-sku", next_look=NOW + timedelta(days=1))], 1, NOW)
        ledger.make_due([snapshot(ID)], LATER)
        (entry,) = ledger.due(LATER, DUE, 10)
        assert (entry.state, entry.code, entry.next_look) == (state, "unknown-sku", LATER)


def test_one_that_is_due_already_is_not_noted_each_day_anew(path: Path) -> None:
    with opened(path) as ledger:
        ledger.make_due([snapshot(ID)], NOW)
        ledger.make_due([snapshot(ID)], LATER)
        assert len(ledger.history(ID)) == 1


def test_what_was_ignored_by_a_rule_is_judged_anew(path: Path) -> None:
    with opened(path) as ledger:
        ledger.record_results([OrderResult(ID, EntryState.IGNORED, "cancelled")], 1, NOW)
        ledger.make_due([snapshot(ID)], LATER)
        (entry,) = ledger.due(LATER, DUE, 10)
        assert (entry.state, entry.code) == (EntryState.SEEN, "")


def test_an_imported_order_and_what_a_person_set_aside_stay(path: Path) -> None:
    with opened(path) as ledger:
        ledger.record_results([OrderResult(ID, EntryState.IMPORTED, id_order=7)], 1, NOW)
        ledger.ignore("028-2", "a test order", NOW)
        before = ledger.known([ID, "028-2"])
        ledger.make_due([snapshot(ID), snapshot("028-2")], LATER)
        assert ledger.known([ID, "028-2"]) == before
        assert ledger.due(LATER, DUE, 10) == []
