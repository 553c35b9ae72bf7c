"""Orders in the ledger: seen, judged, due, claimed, set aside."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest
from sqlalchemy import event, text

from orderferry.config.model import LedgerPlace
from orderferry.domain.ledger_entry import EntryState, HistoryEvent, OrderResult
from orderferry.domain.orders import Channel
from orderferry.ledger.ledger import Ledger
from support.ledgers import DE, HOUR, NOW, in_processes, lease_some, opened, snapshot

LATER = NOW + HOUR
TICK = timedelta(milliseconds=1)
ALL = tuple(EntryState)


@pytest.fixture
def ledger(place: LedgerPlace) -> Iterator[Ledger]:
    with opened(place) as ledger:
        yield ledger


def test_what_is_seen_can_be_read_back_whole(ledger: Ledger) -> None:
    seen = ledger.note_seen([snapshot("a", ship_by=LATER), snapshot("b", channel=Channel.FBA)], 1, NOW)
    assert seen == {"a": ledger.entry("a"), "b": ledger.entry("b")}
    entry = seen["a"]
    assert (entry.channel, entry.total, entry.ship_by) == (Channel.REGULAR, "12.34 EUR", LATER)
    assert entry.amazon_updated == NOW - timedelta(minutes=30)
    assert ledger.entry("c") is None


def test_an_order_twice_in_one_answer_stands_as_its_newest_news_say(ledger: Ledger) -> None:
    news = snapshot("a", amazon_status="SHIPPED", amazon_updated=NOW)
    assert ledger.note_seen([news, snapshot("a")], 1, NOW)["a"].amazon_status == "SHIPPED"
    assert len(ledger.history("a")) == 1


def test_more_orders_than_one_statement_takes(ledger: Ledger) -> None:
    many = [snapshot(f"{number:04}") for number in range(1201)]
    assert len(ledger.note_seen(many, 1, NOW)) == 1201
    assert len(ledger.note_seen(many, 1, LATER)) == 1201
    ledger.record_results([OrderResult(each.order_id, EntryState.HELD, "unknown-sku") for each in many], 1, LATER)
    assert ledger.open_counts()["held"] == 1201


def test_the_history_tells_who_changed_what_when(ledger: Ledger) -> None:
    ledger.note_seen([snapshot("a", amazon_status="PENDING")], 1, NOW)
    ledger.record_results([OrderResult("a", EntryState.WAITING, "not-ready")], 1, NOW)
    ledger.note_seen([snapshot("a", amazon_updated=NOW)], 2, LATER)
    ledger.record_results([OrderResult("a", EntryState.IMPORTED, id_order=7, detail="created order 7")], 2, LATER)
    ledger.note_seen([snapshot("a", amazon_updated=NOW)], 3, LATER)
    ledger.record_results([OrderResult("a", EntryState.IMPORTED)], 3, LATER)
    ledger.ignore("a", "settled by phone", LATER)
    assert [(line.run, line.event, line.state, line.amazon_status, line.detail) for line in ledger.history("a")] == [
        (1, HistoryEvent.SEEN, EntryState.SEEN, "PENDING", ""),
        (1, HistoryEvent.JUDGED, EntryState.WAITING, "PENDING", ""),
        (2, HistoryEvent.CHANGED_AT_AMAZON, EntryState.WAITING, "UNSHIPPED", ""),
        (2, HistoryEvent.JUDGED, EntryState.IMPORTED, "UNSHIPPED", "created order 7"),
        (None, HistoryEvent.SET_ASIDE, EntryState.IMPORTED, "UNSHIPPED", "settled by phone"),
    ]


def test_an_order_judged_without_being_seen_still_gets_its_row(ledger: Ledger) -> None:
    ledger.record_results([OrderResult("a", EntryState.HELD, "not-found")], 1, NOW)
    entry = ledger.entry("a")
    assert entry is not None
    assert (entry.state, entry.code, entry.attempts) == (EntryState.HELD, "not-found", 1)


def test_two_results_for_one_order_count_one_after_the_other(ledger: Ledger) -> None:
    ledger.note_seen([snapshot("a"), snapshot("b")], 1, NOW)
    ledger.record_results(
        [
            OrderResult("a", EntryState.WAITING, "not-ready"),
            OrderResult("b", EntryState.WAITING, "not-ready"),
            OrderResult("a", EntryState.IMPORTED, id_order=7),
        ],
        1,
        NOW,
    )
    assert [entry.order_id for entry in ledger.entries([EntryState.IMPORTED])] == ["a"]
    assert [line.state for line in ledger.history("a")] == [EntryState.SEEN, EntryState.WAITING, EntryState.IMPORTED]


def test_each_open_order_counts_once(ledger: Ledger) -> None:
    results = [
        OrderResult("a", EntryState.WAITING),
        OrderResult("b", EntryState.WAITING, "given-up", given_up=True),
        OrderResult("c", EntryState.HELD, "unknown-sku"),
        OrderResult("d", EntryState.FAILED, "write-failed"),
        OrderResult("e", EntryState.FAILED, "write-failed"),
        OrderResult("f", EntryState.IMPORTED),
    ]
    ledger.record_results(results, 1, NOW)
    assert ledger.open_counts() == {"waiting": 1, "held": 1, "failed": 2, "given_up": 1}
    assert [entry.order_id for entry in ledger.given_up()] == ["b"]


def test_entries_come_in_the_order_of_their_age(ledger: Ledger) -> None:
    for order_id, moment in (("a", LATER), ("b", NOW), ("c", LATER + HOUR)):
        ledger.record_results([OrderResult(order_id, EntryState.HELD, "unknown-sku")], 1, moment)
    assert [entry.order_id for entry in ledger.entries([EntryState.HELD])] == ["b", "a", "c"]
    assert [entry.order_id for entry in ledger.entries(ALL, limit=2)] == ["b", "a"]


def test_due_is_what_has_its_time_come_the_longest_unlooked_at_first(ledger: Ledger) -> None:
    soon = NOW + timedelta(minutes=10)
    ledger.record_results([OrderResult("recent", EntryState.WAITING, next_look=soon, by_id=True)], 1, NOW)
    ledger.record_results([OrderResult("old", EntryState.WAITING, next_look=soon, by_id=True)], 1, NOW - HOUR)
    ledger.record_results([OrderResult("never looked", EntryState.WAITING, next_look=soon)], 1, NOW - 2 * HOUR)
    ledger.record_results([OrderResult("later", EntryState.WAITING, next_look=LATER + HOUR)], 1, NOW)
    ledger.record_results([OrderResult("held", EntryState.HELD, next_look=soon)], 1, NOW)
    ledger.record_results([OrderResult("done", EntryState.WAITING)], 1, NOW)
    due = ledger.due(LATER, [EntryState.WAITING], 10)
    assert [entry.order_id for entry in due] == ["never looked", "old", "recent"]
    assert [entry.order_id for entry in ledger.due(LATER, [EntryState.WAITING], 2)] == ["never looked", "old"]
    assert ledger.due(NOW, [EntryState.WAITING], 10) == []


def test_an_order_left_unjudged_by_a_killed_run_is_found_again(ledger: Ledger) -> None:
    ledger.note_seen([snapshot("a")], 1, NOW)
    assert ledger.due(NOW, [EntryState.SEEN], 10) == []
    assert [entry.order_id for entry in ledger.due(LATER, [EntryState.SEEN], 10)] == ["a"]


def test_a_claim_keeps_other_runs_away_until_it_ends(ledger: Ledger) -> None:
    for order_id in "abc":
        ledger.record_results([OrderResult(order_id, EntryState.WAITING, next_look=NOW)], 1, NOW)
    first, second = ledger.begin_run("import", NOW), ledger.begin_run("recheck", NOW)
    assert ledger.lease_orders(["b", "a", "b"], first, NOW, HOUR) == ("b", "a")
    assert ledger.lease_orders(["a", "b", "c"], second, NOW, HOUR) == ("c",)
    assert ledger.lease_orders(["a"], first, NOW, HOUR) == ("a",)
    assert ledger.due(NOW, [EntryState.WAITING], 10) == []
    ledger.record_results([OrderResult("c", EntryState.WAITING, next_look=NOW)], second, NOW)
    assert [entry.order_id for entry in ledger.due(NOW, [EntryState.WAITING], 10)] == ["c"]
    ledger.finish_run(first, NOW, 0, {})
    assert ledger.lease_orders(["a", "b"], second, NOW, HOUR) == ("a", "b")
    assert len(ledger.due(NOW + HOUR, [EntryState.WAITING], 10)) == 3  # whoever held them was killed


def test_two_processes_share_the_due_orders_out(place: LedgerPlace) -> None:
    order_ids = [f"{number:03}" for number in range(60)]
    opened(place).close()
    first, second = in_processes(lease_some, [(place, order_ids, 1), (place, order_ids[::-1], 2)])
    assert sorted(first + second) == order_ids


def test_a_person_sets_aside_and_takes_back(ledger: Ledger) -> None:
    ledger.record_results([OrderResult("a", EntryState.HELD, "unknown-sku")], 1, NOW)
    assert ledger.ignore("a", "a sample", LATER) == ledger.entry("a")
    assert ledger.open_counts()["held"] == 0
    assert ledger.ignore("never seen", "not ours", LATER).state is EntryState.IGNORED
    back = ledger.unignore("a", LATER)
    assert back is not None
    assert back == ledger.entry("a")
    assert [entry.order_id for entry in ledger.due(LATER, [EntryState.SEEN], 10)] == ["a"]
    assert ledger.unignore("unknown", LATER) is None
    told = [(line.event, line.detail) for line in ledger.history("a")][2:]
    assert told == [(HistoryEvent.SET_ASIDE, "a sample"), (HistoryEvent.TAKEN_BACK, "")]


def test_an_idle_run_reads_no_table_of_orders_whole(path: Path) -> None:
    with opened(path) as ledger:
        look_for_scans(ledger)


def look_for_scans(ledger: Ledger) -> None:
    statements: list[tuple[str, object]] = []

    @event.listens_for(ledger.store.engine, "before_cursor_execute")
    def note(_c: object, _cursor: object, statement: str, parameters: object, *_rest: object) -> None:
        statements.append((statement, parameters))

    ledger.note_seen([snapshot("a")], 1, NOW)
    ledger.record_results([OrderResult("a", EntryState.WAITING, next_look=NOW)], 1, NOW)
    ledger.due(NOW, [EntryState.WAITING, EntryState.SEEN], 100)
    ledger.entries([EntryState.HELD])
    ledger.open_counts()
    ledger.lease_orders(["a"], 1, NOW, HOUR)
    ledger.history("a")
    run = ledger.begin_run("import", NOW)
    ledger.finish_run(run, NOW, 0, {})
    ledger.last_success("import")
    event.remove(ledger.store.engine, "before_cursor_execute", note)
    explained = 0
    with ledger.store.engine.connect() as connection:
        for statement, parameters in statements:
            if statement.startswith(("BEGIN", "INSERT")):
                continue
            values = parameters[0] if isinstance(parameters, list) else parameters
            plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values).fetchall()
            scans = [step[3] for step in plan if step[3].startswith("SCAN") and "INDEX" not in step[3]]
            # The table of claims holds only what is in hand; expired ones are looked for in all of it.
            assert [scan for scan in scans if scan != "SCAN claims"] == [], statement
            explained += 1
        assert connection.execute(text("SELECT count(*) FROM orders")).scalar() == 1
    assert explained >= 12


def test_the_newest_orders_are_those_of_the_last_hundred_changes(path: Path) -> None:
    with opened(path) as ledger:
        assert ledger.newest_orders(3) == []
        ledger.record_results([OrderResult("never shown", EntryState.HELD, "not-found")], 1, NOW)
        assert ledger.newest_orders(3) == []
        ledger.note_seen([snapshot("newest", purchased=LATER)], 1, NOW)
        ledger.note_seen([snapshot(f"{number:02}", purchased=NOW) for number in range(99)], 1, NOW)
        assert ledger.newest_orders(3) == ["newest", "00", "01"]
        ledger.note_seen([snapshot("one more", purchased=NOW - HOUR)], 1, NOW)
        assert ledger.newest_orders(2) == ["00", "01"]


def test_the_newest_orders_are_looked_for_among_all_where_the_last_changes_have_none(path: Path) -> None:
    with opened(path) as ledger:
        ledger.note_seen([snapshot("old", purchased=NOW - HOUR), snapshot("new", purchased=NOW)], 1, NOW)
        unseen = [OrderResult(f"{number:03}", EntryState.HELD, "not-found") for number in range(100)]
        ledger.record_results(unseen, 1, NOW)
        assert ledger.newest_orders(5) == ["new", "old"]
        assert ledger.newest_orders(1) == ["new"]


def test_orders_that_a_rule_has_ignored_since_a_time(path: Path) -> None:
    with opened(path) as ledger:
        for order_id, code, hours in (("b", "fba", 0), ("a", "fba", 1), ("c", "fba", -1), ("d", "cancelled", 2)):
            ledger.record_results([OrderResult(order_id, EntryState.IGNORED, code)], 1, NOW + hours * HOUR)
        ledger.record_results([OrderResult("e", EntryState.HELD, "fba")], 1, NOW)
        assert ledger.ignored_since("fba", NOW) == ["b", "a"]


def test_purchases_are_counted_by_marketplace_and_day(path: Path) -> None:
    with opened(path) as ledger:
        placed = {
            "before": NOW - HOUR,
            "first": NOW,
            "second": NOW + HOUR,
            "next day": NOW + 24 * HOUR,
        }
        ledger.note_seen([snapshot(name, purchased=moment) for name, moment in placed.items()], 1, NOW)
        ledger.note_seen([snapshot("italian", marketplace_id="IT", purchased=NOW)], 1, NOW)
        assert ledger.purchases(NOW) == {
            (DE, date(2026, 11, 23)): 2,
            (DE, date(2026, 11, 24)): 1,
            ("IT", date(2026, 11, 23)): 1,
        }


def test_a_check_that_was_put_off_by_a_wrong_clock_is_due(path: Path) -> None:
    """No check is put off for more than two days."""
    limit = NOW + timedelta(days=2)
    with opened(path) as ledger:
        ledger.record_results([OrderResult("a", EntryState.WAITING, next_look=limit)], 1, NOW)
        ledger.record_results([OrderResult("b", EntryState.WAITING, next_look=limit + TICK)], 1, NOW)
        assert [entry.order_id for entry in ledger.due(NOW, [EntryState.WAITING], 10)] == ["b"]


def test_a_lease_of_more_than_an_hour_was_taken_by_a_wrong_clock(path: Path) -> None:
    with opened(path) as ledger:
        ledger.note_seen([snapshot("a"), snapshot("b")], 1, NOW)
        ledger.lease_orders(["a"], 1, NOW, HOUR)
        ledger.lease_orders(["b"], 1, NOW + TICK, HOUR)
        assert [entry.order_id for entry in ledger.due(NOW + TICK, ALL, 10)] == []
        later = NOW + timedelta(minutes=15)
        assert [entry.order_id for entry in ledger.due(later, ALL, 10)] == []
        assert ledger.lease_orders(["a", "b"], 2, NOW, HOUR) == ("b",)
        assert ledger.lease_orders(["a", "b"], 3, NOW + HOUR - TICK, HOUR) == ()
        assert ledger.lease_orders(["a", "b"], 3, NOW + HOUR, HOUR) == ("a", "b")


def test_more_orders_than_one_statement_takes_are_leased(path: Path) -> None:
    many = [f"{number:04}" for number in range(1001)]
    with opened(path) as ledger:
        assert ledger.lease_orders([*many, *many], 1, NOW, HOUR) == tuple(many)
        assert ledger.lease_orders(many[::500], 2, NOW, HOUR) == ()


def test_orders_that_wait_too_long_come_in_the_order_of_their_age(path: Path) -> None:
    with opened(path) as ledger:
        for order_id, hours in (("b", 1), ("a", 1), ("c", 0)):
            result = OrderResult(order_id, EntryState.WAITING, "given-up", given_up=True)
            ledger.record_results([result], 1, NOW + hours * HOUR)
        ledger.record_results([OrderResult("held", EntryState.HELD, "given-up", given_up=True)], 1, NOW)
        assert [entry.order_id for entry in ledger.given_up()] == ["c", "a", "b"]
        assert ledger.open_counts() == {"waiting": 0, "held": 1, "failed": 0, "given_up": 3}
