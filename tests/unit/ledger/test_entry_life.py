"""How an entry changes: pure rules, without a ledger."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from orderferry.domain.ledger_entry import (
    SET_ASIDE,
    UNDECIDED_FOR,
    Entry,
    EntryState,
    HistoryEvent,
    OrderResult,
    first_entry,
    history_of,
    seen_again,
    set_aside,
    taken_back,
    with_result,
)
from support.ledgers import HOUR, NOW, snapshot

LATER = NOW + HOUR
HELD = OrderResult("028-0000000-0000001", EntryState.HELD, "unknown-sku", "SKU-1", "SKU-1 is unknown", LATER)
IMPORTED = OrderResult(HELD.order_id, EntryState.IMPORTED, id_order=7)


@pytest.fixture
def entry() -> Entry:
    return first_entry(snapshot(HELD.order_id), NOW)


def test_an_order_that_nobody_judged_becomes_due_by_itself(entry: Entry) -> None:
    assert entry.state is EntryState.SEEN
    assert entry.next_look == NOW + UNDECIDED_FOR


def test_newer_news_replace_and_older_ones_do_not(entry: Entry) -> None:
    newer = seen_again(entry, snapshot(amazon_status="SHIPPED", amazon_updated=NOW, total="10.00 EUR"), LATER)
    assert (newer.amazon_status, newer.amazon_updated, newer.total) == ("SHIPPED", NOW, "10.00 EUR")
    older = seen_again(newer, snapshot(amazon_status="PENDING"), LATER + HOUR)
    assert (older.amazon_status, older.amazon_updated, older.total) == ("SHIPPED", NOW, "10.00 EUR")
    assert older.last_seen == LATER + HOUR


def test_news_of_the_same_second_replace(entry: Entry) -> None:
    assert seen_again(entry, snapshot(amazon_status="SHIPPED"), NOW).amazon_status == "SHIPPED"


def test_news_without_a_time_never_replace_dated_ones(entry: Entry) -> None:
    assert seen_again(entry, snapshot(amazon_status="PENDING", amazon_updated=None), NOW) == entry


def test_what_amazon_leaves_out_blanks_nothing(entry: Entry) -> None:
    entry = replace(entry, ship_by=LATER)
    bare = snapshot(marketplace_id="", channel=None, amazon_status="", purchased=None, total="", amazon_updated=NOW)
    after = seen_again(entry, bare, NOW)
    assert after.ship_by == LATER
    assert after.marketplace_id == entry.marketplace_id
    assert (after.channel, after.amazon_status, after.purchased) == (entry.channel, "UNSHIPPED", entry.purchased)
    assert (after.total, after.amazon_updated) == ("12.34 EUR", NOW)


def test_times_finer_than_the_ledger_keeps_are_no_news(entry: Entry) -> None:
    fine = snapshot(amazon_updated=NOW + timedelta(microseconds=123456))
    first = seen_again(entry, fine, NOW)
    assert first.amazon_updated == NOW + timedelta(milliseconds=123)
    assert history_of(first, seen_again(first, fine, LATER), HistoryEvent.CHANGED_AT_AMAZON, at=NOW, run=1) is None


def test_tries_are_counted_within_a_state_and_its_age_starts_with_its_cause(entry: Entry) -> None:
    first = with_result(entry, HELD, NOW)
    second = with_result(first, HELD, LATER)
    assert (first.attempts, second.attempts) == (1, 2)
    assert second.state_since == NOW
    other = with_result(second, OrderResult(HELD.order_id, EntryState.HELD, "no-vat-rate"), LATER)
    assert (other.attempts, other.state_since) == (3, LATER)
    failed = with_result(other, OrderResult(HELD.order_id, EntryState.FAILED, "write-failed"), LATER)
    assert failed.attempts == 1
    assert with_result(failed, IMPORTED, LATER).attempts == 0


def test_only_an_answer_of_get_order_is_a_look(entry: Entry) -> None:
    looked = with_result(entry, OrderResult(HELD.order_id, EntryState.WAITING, by_id=True), LATER)
    assert looked.last_look == LATER
    assert with_result(looked, HELD, LATER + HOUR).last_look == LATER


def test_the_number_in_the_shop_is_kept(entry: Entry) -> None:
    imported = with_result(entry, IMPORTED, NOW)
    assert with_result(imported, OrderResult(HELD.order_id, EntryState.FAILED, "write-failed"), NOW).id_order == 7
    assert with_result(imported, OrderResult(HELD.order_id, EntryState.IMPORTED, id_order=8), NOW).id_order == 8


def test_a_person_sets_an_order_aside_until_it_is_imported(entry: Entry) -> None:
    ignored = set_aside(with_result(entry, HELD, NOW), "a sample", LATER)
    assert (ignored.state, ignored.code, ignored.message) == (EntryState.IGNORED, SET_ASIDE, "a sample")
    assert ignored.next_look is None
    assert with_result(ignored, HELD, LATER) == ignored  # a run that had it in hand all the while
    back = with_result(ignored, IMPORTED, LATER)  # `import --order`
    assert (back.state, back.ignored_by_person) == (EntryState.IMPORTED, False)


def test_what_is_set_aside_of_an_imported_order_is_one_difference(entry: Entry) -> None:
    cancelled = OrderResult(HELD.order_id, EntryState.IMPORTED, "cancelled-after-shipping")
    aside = set_aside(with_result(with_result(entry, IMPORTED, NOW), cancelled, NOW), "settled by phone", LATER)
    assert (aside.state, aside.ignored_by_person) == (EntryState.IMPORTED, True)
    for result in (cancelled, IMPORTED, cancelled):
        aside = with_result(aside, result, LATER)
        assert aside.ignored_by_person
    other = with_result(aside, OrderResult(HELD.order_id, EntryState.IMPORTED, "changed-after-invoice"), LATER)
    assert not other.ignored_by_person


def test_a_difference_of_an_imported_order_is_held_until_a_person_sets_it_aside(entry: Entry) -> None:
    difference = OrderResult(HELD.order_id, EntryState.HELD, "cancelled-after-shipping")
    held = with_result(with_result(entry, IMPORTED, NOW), difference, NOW)
    assert (held.state, held.id_order) == (EntryState.HELD, 7)
    aside = set_aside(held, "settled by phone", LATER)
    assert (aside.state, aside.code) == (EntryState.IMPORTED, "cancelled-after-shipping")
    assert with_result(aside, IMPORTED, LATER).ignored_by_person
    assert (
        with_result(aside, OrderResult(HELD.order_id, EntryState.HELD, "deleted-in-shop"), LATER).state
        is EntryState.HELD
    )
    back = taken_back(aside, LATER)
    assert (back.state, back.next_look, back.id_order) == (EntryState.SEEN, LATER, 7)


def test_what_a_person_takes_back_is_due_at_once(entry: Entry) -> None:
    held = with_result(entry, HELD, NOW)
    assert taken_back(held, LATER) == held
    back = taken_back(set_aside(held, "by mistake", NOW), LATER)
    assert (back.state, back.next_look, back.code, back.ignored_by_person) == (EntryState.SEEN, LATER, "", False)
    aside = set_aside(with_result(entry, IMPORTED, NOW), "settled", NOW)
    assert taken_back(aside, LATER) == with_result(entry, IMPORTED, NOW)


def test_history_keeps_changes_and_what_was_written_only(entry: Entry) -> None:
    held = with_result(entry, HELD, NOW)
    assert history_of(None, entry, HistoryEvent.SEEN, at=NOW, run=1) is not None
    assert history_of(held, with_result(held, HELD, LATER), HistoryEvent.JUDGED, at=LATER, run=1) is None
    written = history_of(held, held, HistoryEvent.JUDGED, at=LATER, run=1, detail="tracking")
    assert written is not None
    assert written.detail == "tracking"
    given_up = with_result(held, OrderResult(HELD.order_id, EntryState.HELD, "unknown-sku", given_up=True), LATER)
    assert history_of(held, given_up, HistoryEvent.JUDGED, at=LATER, run=1) is not None


def test_a_time_of_the_future_is_not_kept_and_heals_where_it_was(entry: Entry) -> None:
    """Once stored, it would outrank all of Amazon's later news."""
    year = timedelta(days=365)
    ahead = snapshot(amazon_updated=NOW + year)
    assert first_entry(ahead, NOW).amazon_updated is None
    assert seen_again(entry, ahead, NOW).amazon_updated == entry.amazon_updated
    poisoned = replace(entry, amazon_updated=NOW + year)
    healed = seen_again(poisoned, snapshot(amazon_status="CANCELLED", amazon_updated=NOW), LATER)
    assert (healed.amazon_updated, healed.amazon_status) == (NOW, "CANCELLED")


def result(state: EntryState, on: Entry, **more: Any) -> OrderResult:
    return OrderResult(HELD.order_id, state, on=on, **more)


def test_a_result_on_older_news_than_another_run_has_seen_since_changes_nothing(entry: Entry) -> None:
    cancelled = seen_again(entry, snapshot(amazon_status="CANCELLED", amazon_updated=NOW), NOW)
    ignored = with_result(cancelled, result(EntryState.IGNORED, cancelled, code="cancelled"), NOW)
    held = with_result(cancelled, result(EntryState.HELD, cancelled, code="cancelled-after-shipping", id_order=7), NOW)
    for known in (cancelled, ignored, held):
        for state in EntryState:
            assert with_result(known, result(state, entry), LATER) == known
    assert with_result(held, result(EntryState.IMPORTED, entry, id_order=7), LATER) == held


def test_an_order_that_was_created_from_older_news_than_another_run_has_seen_since_is_due_at_once(entry: Entry) -> None:
    """That run found no order to cancel."""
    cancelled = seen_again(entry, snapshot(amazon_status="CANCELLED", amazon_updated=NOW), NOW)
    ignored = with_result(cancelled, result(EntryState.IGNORED, cancelled, code="cancelled"), NOW)
    for known in (cancelled, ignored):
        after = with_result(known, result(EntryState.IMPORTED, entry, id_order=7), LATER)
        assert (after.state, after.code, after.next_look, after.id_order) == (EntryState.SEEN, "", LATER, 7)


def test_an_order_that_another_run_has_created_since_it_was_looked_for_is_due_at_once(entry: Entry) -> None:
    """The same race, with the results the other way round."""
    cancelled = seen_again(entry, snapshot(amazon_status="CANCELLED", amazon_updated=NOW), NOW)
    created = with_result(cancelled, result(EntryState.IMPORTED, cancelled, id_order=7), NOW)
    for state in (EntryState.IGNORED, EntryState.WAITING, EntryState.HELD, EntryState.FAILED):
        after = with_result(created, result(state, cancelled, code="cancelled"), LATER)
        assert (after.state, after.next_look, after.id_order) == (EntryState.SEEN, LATER, 7)
