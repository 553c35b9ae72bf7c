"""What comparisons found stands in the ledger until it is settled: by an import, a comparison, or a person."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from orderferry.domain.ledger_entry import EntryState, FindingKind, OrderResult, StandingFinding
from support.ledgers import HOUR, NOW, opened, snapshot

MISSING, SURPLUS, DIFFERENT = FindingKind
ID = "028-1"
FIELDS = ("state", "amount", "currency", "quantity", "tax", "address")


def found(kind: FindingKind = MISSING, field: str = "", **changes: object) -> StandingFinding:
    facts: dict[str, object] = {"placed": NOW - 24 * HOUR, "found": NOW, "reason": "because", "hint": "do", **changes}
    return StandingFinding(str(facts.pop("order_id", ID)), kind, field=field, **facts)  # type: ignore[arg-type]


def test_what_is_found_again_keeps_the_time_when_it_was_found_first_and_takes_the_newest_words(path: Path) -> None:
    with opened(path) as ledger:
        ledger.note_findings([found(), found(DIFFERENT, "state")], [])
        later = found(found=NOW + timedelta(days=1), reason="still")
        ledger.note_findings([later], [found(DIFFERENT, "state")])
        (standing,) = ledger.findings()
        assert (standing.reason, standing.found, standing.placed) == ("still", NOW, NOW - 24 * HOUR)


@pytest.mark.parametrize(
    ("result", "left"),
    [
        (OrderResult(ID, EntryState.IMPORTED, detail="order 7; 2 lines"), {"surplus"}),
        (OrderResult(ID, EntryState.IMPORTED, detail="created order 7"), {"surplus"}),
        (OrderResult(ID, EntryState.IMPORTED), {*FIELDS, "surplus"}),
        (OrderResult(ID, EntryState.IMPORTED, detail="tracking; address"), {*FIELDS, "surplus"}),
        (OrderResult(ID, EntryState.IMPORTED, detail="tracking; state 4"), {*FIELDS, "surplus"} - {"state"}),
        (OrderResult(ID, EntryState.IMPORTED, detail="lines and totals"), {"state", "address", "surplus"}),
        (OrderResult(ID, EntryState.HELD, "unknown-sku"), {*FIELDS, "missing", "surplus"}),
        (OrderResult(ID, EntryState.WAITING, "pre-order"), {*FIELDS, "missing", "surplus"}),
    ],
)
def test_an_import_settles_what_it_has_brought_and_nothing_else(
    path: Path, result: OrderResult, left: set[str]
) -> None:
    different = [found(DIFFERENT, field) for field in FIELDS]
    with opened(path) as ledger:
        ledger.note_findings([found(), found(SURPLUS), *different, found(order_id="028-2")], [])
        ledger.note_seen([snapshot(ID)], 1, NOW)
        ledger.record_results([result], 1, NOW)
        standing = ledger.findings()
        assert {each.field or str(each.kind) for each in standing if each.order_id == ID} == left
        assert [each.order_id for each in standing if each.order_id != ID] == ["028-2"]


def test_what_a_person_sets_aside_stands_no_longer_until_it_is_taken_back(path: Path) -> None:
    with opened(path) as ledger:
        ledger.note_findings([found(), found(SURPLUS, order_id="028-2")], [])
        ledger.ignore(ID, "a test", NOW)
        assert [each.order_id for each in ledger.findings()] == ["028-2"]
        ledger.unignore(ID, NOW)
        assert [each.order_id for each in ledger.findings()] == [ID, "028-2"]
