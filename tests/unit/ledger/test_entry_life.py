"""How an entry changes: pure rules, without a ledger."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from orderferry.domain.ledger_entry import (
    LONGEST_PAUSE,
    SET_ASIDE,
    UNDECIDED_FOR,
    Entry,
    EntryState,
    FindingKind,
    HistoryEvent,
    HistoryLine,
    OrderResult,
    OrderSnapshot,
    StandingFinding,
    believable,
    first_entry,
    found_missing,
    history_of,
    is_due,
    problem_of,
    seen_again,
    set_aside,
    taken_back,
    with_result,
)
from orderferry.domain.orders import Channel
from orderferry.domain.problems import Problem, ProblemCode
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


def test_an_order_seen_for_the_first_time_is_kept_whole() -> None:
    fine = timedelta(microseconds=1)
    seen = OrderSnapshot("1", "DE", Channel.FBA, "SHIPPED", NOW + fine, NOW + 2 * fine, "1.00 EUR", NOW + 3 * fine)
    assert first_entry(seen, LATER) == Entry(
        order_id="1",
        state=EntryState.SEEN,
        marketplace_id="DE",
        channel=Channel.FBA,
        amazon_status="SHIPPED",
        purchased=NOW,
        amazon_updated=NOW,
        first_seen=LATER,
        last_seen=LATER,
        state_since=LATER,
        next_look=LATER + timedelta(minutes=15),
        total="1.00 EUR",
        ship_by=NOW,
    )
    bare = first_entry(OrderSnapshot("1"), NOW)
    assert (bare.attempts, bare.ignored_by_person, bare.given_up) == (0, False, False)


def test_a_clock_that_went_back_makes_no_order_seen_earlier(entry: Entry) -> None:
    assert seen_again(entry, snapshot(), NOW - HOUR).last_seen == NOW
    assert seen_again(entry, snapshot(), LATER).last_seen == LATER


@pytest.mark.parametrize(("ahead", "kept"), [(HOUR, True), (HOUR + timedelta(milliseconds=1), False)])
def test_a_stored_time_may_be_an_hour_ahead(ahead: timedelta, kept: bool) -> None:
    assert believable(NOW + ahead, NOW) == (NOW + ahead if kept else None)
    assert believable(None, NOW) is None


@pytest.mark.parametrize(
    ("code", "given_up", "message", "problem"),
    [
        ("unknown-sku", False, "no product", Problem(ProblemCode.UNKNOWN_SKU, "no product", HELD.order_id, "SKU-1")),
        ("unknown-sku", True, "no product", Problem(ProblemCode.GIVEN_UP, "no product", HELD.order_id, "SKU-1")),
        (
            "payment-pending",
            False,
            "",
            Problem(ProblemCode.GIVEN_UP, f"order {HELD.order_id}", HELD.order_id, "SKU-1"),
        ),
    ],
)
def test_the_problem_that_an_entry_tells(
    entry: Entry, code: str, given_up: bool, message: str, problem: Problem
) -> None:
    held = replace(entry, code=code, given_up=given_up, message=message, subject="SKU-1")
    assert problem_of(held) == problem


def test_an_order_that_has_to_be_compared_again_begins_anew(entry: Entry) -> None:
    known = replace(
        entry,
        state=EntryState.HELD,
        code="given-up",
        subject="S",
        message="M",
        attempts=3,
        given_up=True,
        ignored_by_person=True,
        amazon_updated=LATER,
    )
    after = with_result(known, result(EntryState.IMPORTED, entry, id_order=7), LATER)
    assert after == replace(
        known,
        state=EntryState.SEEN,
        code="",
        subject="",
        message="",
        state_since=LATER,
        attempts=0,
        next_look=LATER,
        id_order=7,
        given_up=False,
        ignored_by_person=False,
    )


def test_what_is_set_aside_is_kept_whole(entry: Entry) -> None:
    held = replace(entry, state=EntryState.HELD, code="c", subject="S", message="M", attempts=3, given_up=True)
    aside = set_aside(held, "a sample", LATER)
    assert aside == replace(
        held,
        state=EntryState.IGNORED,
        code="set-aside",
        subject="",
        message="a sample",
        state_since=LATER,
        attempts=0,
        next_look=None,
        given_up=False,
        ignored_by_person=True,
    )
    assert set_aside(aside, "still", LATER + HOUR) == replace(aside, message="still")


def test_an_order_that_has_a_number_in_the_shop_is_set_aside_as_imported(entry: Entry) -> None:
    held = replace(entry, state=EntryState.HELD, code="deleted-in-shop", id_order=7)
    imported = replace(held, state=EntryState.IMPORTED, state_since=LATER, next_look=None, ignored_by_person=True)
    assert set_aside(held, "gone for good", LATER) == imported
    again = replace(imported, ignored_by_person=False, next_look=NOW)
    assert set_aside(again, "gone for good", LATER + HOUR) == imported


def test_what_a_person_takes_back_is_kept_whole(entry: Entry) -> None:
    aside = replace(entry, state=EntryState.IGNORED, code=SET_ASIDE, message="M", ignored_by_person=True)
    assert taken_back(aside, LATER) == replace(
        aside,
        state=EntryState.SEEN,
        code="",
        message="",
        state_since=LATER,
        next_look=LATER,
        ignored_by_person=False,
    )


@pytest.mark.parametrize(
    ("after", "due"),
    [
        (None, False),
        (timedelta(0), True),
        (timedelta(seconds=1), False),
        (LONGEST_PAUSE, False),
        (timedelta(days=2, seconds=1), True),
        (-timedelta(days=9), True),
    ],
)
def test_an_order_is_due_at_its_time_and_where_that_time_can_not_be_meant(
    entry: Entry, after: timedelta | None, due: bool
) -> None:
    assert is_due(replace(entry, next_look=None if after is None else NOW + after), NOW) is due


def test_what_a_comparison_misses_is_due_at_once_unless_a_person_has_decided(entry: Entry) -> None:
    waits = replace(entry, state=EntryState.WAITING, next_look=LATER)
    assert found_missing(waits, NOW) == replace(waits, next_look=NOW)
    assert found_missing(waits, LATER + HOUR) == waits
    ignored = replace(entry, state=EntryState.IGNORED, code="cancelled", message="M", next_look=None)
    assert found_missing(ignored, LATER) == replace(
        ignored, state=EntryState.SEEN, code="", message="", state_since=LATER, next_look=LATER
    )
    for decided in (replace(ignored, ignored_by_person=True), replace(waits, state=EntryState.IMPORTED)):
        assert found_missing(decided, NOW) == decided


def test_a_line_of_history_has_all_that_was_known(entry: Entry) -> None:
    held = replace(entry, state=EntryState.HELD, code="c", message="M", amazon_status="SHIPPED", amazon_updated=NOW)
    assert history_of(entry, held, HistoryEvent.JUDGED, at=LATER, run=None, detail="d") == HistoryLine(
        entry.order_id, LATER, None, HistoryEvent.JUDGED, EntryState.HELD, "c", "SHIPPED", NOW, "M", "d"
    )


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({}, False),
        ({"next_look": LATER, "attempts": 5, "message": "M", "last_seen": LATER}, False),
        ({"state": EntryState.HELD}, True),
        ({"code": "c"}, True),
        ({"amazon_status": "SHIPPED"}, True),
        ({"amazon_updated": NOW}, True),
        ({"given_up": True}, True),
        ({"ignored_by_person": True}, True),
    ],
)
def test_which_changes_are_kept_for_ever(entry: Entry, changes: dict[str, Any], told: bool) -> None:
    line = history_of(entry, replace(entry, **changes), HistoryEvent.JUDGED, at=LATER, run=1)
    assert (line is not None) is told


def test_a_finding_stays_the_same_whatever_the_two_sides_say() -> None:
    first = StandingFinding("1", FindingKind.DIFFERENT, NOW, NOW, "r", "h", "total", "1.00", "2.00")
    second = StandingFinding("1", FindingKind.DIFFERENT, LATER, LATER, "s", "i", "total", "1.00", "3.00")
    assert first.key == second.key == ("1", "different", "total")


def test_a_result_keeps_what_is_known_and_takes_the_rest_over(entry: Entry) -> None:
    known = replace(entry, state=EntryState.HELD, code="c", attempts=2, state_since=NOW - HOUR, id_order=7)
    after = with_result(
        known, OrderResult("1", EntryState.HELD, "c", "S", "M", LATER, given_up=True, by_id=True, on=known), NOW
    )
    assert after == replace(
        known,
        last_look=NOW,
        subject="S",
        message="M",
        attempts=3,
        next_look=LATER,
        given_up=True,
    )
