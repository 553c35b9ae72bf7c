"""Runs, listings in progress, conditions and small memories in the ledger; and dry runs, which leave none of them."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from sqlalchemy import select

from orderferry.config.model import LedgerPlace
from orderferry.domain.ledger_entry import Condition, EntryState, OrderResult, RunRecord
from orderferry.domain.orders import Channel
from orderferry.domain.search import Basis, Listing
from orderferry.domain.spans import Span
from orderferry.errors import ExitCode
from orderferry.ledger.ledger import Ledger
from orderferry.ledger.quota import QuotaBook
from orderferry.ledger.schema import metadata
from support.ledgers import ACCOUNT, DE, HOUR, NOW, SEARCH, opened, snapshot, tell_story


@pytest.fixture
def ledger(place: LedgerPlace) -> Iterator[Ledger]:
    with opened(place) as ledger:
        yield ledger


def ended(ledger: Ledger, command: str, *exit_codes: int) -> None:
    for number, exit_code in enumerate(exit_codes):
        run = ledger.begin_run(command, NOW + number * HOUR)
        ledger.finish_run(run, NOW + number * HOUR, exit_code, {"exit_code": exit_code})


def test_runs_are_remembered_with_their_reports(ledger: Ledger) -> None:
    first = ledger.begin_run("import", NOW)
    second = ledger.begin_run("recheck", NOW)
    ledger.finish_run(first, NOW + HOUR, 1, {"orders": {"seen": 3}, "note": "für später"})
    assert [run.id for run in ledger.last_runs()] == [second, first]
    (run,) = ledger.last_runs("import")
    assert (run.started, run.finished, run.exit_code) == (NOW, NOW + HOUR, 1)
    assert run.report == {"orders": {"seen": 3}, "note": "für später"}
    assert ledger.last_runs("recheck")[0].exit_code is None


def test_a_number_is_never_given_twice(ledger: Ledger) -> None:
    ended(ledger, "import", 0, 0)
    much_later = NOW + timedelta(days=500)
    run = ledger.begin_run("import", much_later)
    ledger.finish_run(run, much_later, 0, {})
    assert [each.id for each in ledger.last_runs()] == [3]  # the old ones are forgotten
    assert ledger.begin_run("import", much_later) == 4


def test_the_last_success_is_a_run_that_did_its_work(ledger: Ledger) -> None:
    assert ledger.last_success("import") is None
    ended(ledger, "import", 0, 1, 4, 5)
    ended(ledger, "recheck", 0)
    found = ledger.last_success("import")
    assert found is not None
    assert (found.command, found.exit_code) == ("import", 1)


def test_a_listing_goes_on_with_the_very_same_search(ledger: Ledger) -> None:
    fine = replace(SEARCH, span=Span(NOW, NOW + timedelta(microseconds=123457)), channel=Channel.FBA)
    started = Listing("import", fine, NOW, token="page 2", observed_until=NOW, pages=1)
    ledger.save_listing(started)
    ledger.save_listing(Listing("import", SEARCH, NOW - HOUR))
    ledger.save_listing(Listing("recheck", SEARCH, NOW))
    assert ledger.listing("import") == [Listing("import", SEARCH, NOW - HOUR), started]
    further = replace(started, token="page 3", pages=2, again=True)
    ledger.save_listing(further)
    assert ledger.listing("import")[1] == further
    ledger.drop_listing(started)
    assert ledger.listing("import") == [Listing("import", SEARCH, NOW - HOUR)]
    assert len(ledger.listing("recheck")) == 1


def test_conditions_and_memories(ledger: Ledger) -> None:
    condition = Condition("amazon", "Amazon does not answer", NOW, NOW, None, 1, 4)
    ledger.record_conditions([condition, replace(condition, key="held", first_seen=NOW - HOUR)])
    lasting = replace(condition, last_seen=NOW + HOUR, last_printed=NOW + HOUR, count=2)
    ledger.record_conditions([lasting])
    assert list(ledger.conditions()) == ["held", "amazon"]
    assert ledger.conditions()["amazon"] == lasting
    ledger.record_conditions([replace(condition, key="shop")], ["amazon"])
    assert list(ledger.conditions()) == ["held", "shop"]
    assert ledger.recall("last payment") is None
    ledger.remember("last payment", "1")
    ledger.remember("last payment", "2")
    assert ledger.recall("last payment") == "2"


def dump(ledger: Ledger) -> dict[str, list[str]]:
    """Every row, by table."""
    with ledger.store.reading() as connection:
        return {name: sorted(map(str, connection.execute(select(table)))) for name, table in metadata.tables.items()}


def test_a_dry_run_leaves_the_quota_it_spent_and_nothing_else(ledger: Ledger) -> None:
    tell_story(ledger)
    before = dump(ledger)
    with ledger.dry():
        run = ledger.begin_run("import", NOW)
        assert ledger.note_seen([snapshot("new")], run, NOW)["new"].state is EntryState.SEEN
        ledger.record_results([OrderResult("028-3", EntryState.IMPORTED, id_order=8)], run, NOW)
        ledger.cover([(DE, Channel.FBA)], Basis.CREATED, Span(NOW - HOUR, NOW), NOW)
        ledger.remember("last payment", "9")
        assert ledger.lease_orders(["028-3"], run, NOW, HOUR) == ("028-3",)
        ledger.finish_run(run, NOW, 0, {})
        assert dump(ledger) == before
        QuotaBook(ledger, ACCOUNT, Decimal(1), lambda: NOW).spend("searchOrders")
    after = dump(ledger)
    assert {name for name in after if after[name] != before[name]} == {"quota", "calls_per_day"}
    assert run == 0
    ledger.remember("after it", "kept")
    assert ledger.recall("after it") == "kept"


@pytest.mark.parametrize("place", ["file"], indirect=True)
def test_a_dry_run_has_no_number_and_its_end_is_not_noted(ledger: Ledger) -> None:
    assert ledger.begin_run("import", NOW, dry_run=True) == 0
    ledger.finish_run(0, NOW, 0, {})
    assert ledger.last_runs() == []


@pytest.mark.parametrize("place", ["file"], indirect=True)
def test_a_run_is_noted_with_its_process_and_leaves_the_leases_of_others(ledger: Ledger) -> None:
    run, other = ledger.begin_run("import", NOW), ledger.begin_run("recheck", NOW)
    (noted,) = ledger.last_runs("import")
    assert noted == RunRecord(run, "import", NOW, os.getpid(), None, None, None)
    ledger.lease_orders(["a"], run, NOW, HOUR)
    ledger.lease_orders(["b"], other, NOW, HOUR)
    ledger.finish_run(run, NOW, ExitCode.DONE, {})
    assert ledger.lease_orders(["a", "b"], 99, NOW, HOUR) == ("a",)


@pytest.mark.parametrize("place", ["file"], indirect=True)
def test_runs_are_kept_for_400_days(ledger: Ledger) -> None:
    ended(ledger, "import", 0)
    for days, kept in ((400, 2), (401, 2)):  # the one of this day, and the one before
        moment = NOW + timedelta(days=days)
        ledger.finish_run(ledger.begin_run("import", moment), moment, 0, {})
        assert len(ledger.last_runs()) == kept


@pytest.mark.parametrize("place", ["file"], indirect=True)
def test_ten_runs_are_shown_unless_more_are_asked_for(ledger: Ledger) -> None:
    ended(ledger, "import", *[0] * 12)
    assert [run.id for run in ledger.last_runs()] == list(range(12, 2, -1))
    assert [run.id for run in ledger.last_runs(limit=2)] == [12, 11]
    assert len(ledger.last_runs("import", 20)) == 12
    assert ledger.last_runs("recheck") == []


@pytest.mark.parametrize("place", ["file"], indirect=True)
def test_a_run_that_began_in_the_future_began_by_a_wrong_clock(ledger: Ledger) -> None:
    wrong = ledger.begin_run("import", NOW + HOUR)
    right = ledger.begin_run("import", NOW)
    assert [(run.id, run.started) for run in ledger.last_runs()] == [(right, NOW), (wrong, NOW)]
