"""What is said of answers of Amazon's that can't be trusted, and how marks of unreadable spans are kept."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from orderferry.domain.ledger_entry import EntryState
from orderferry.domain.marketplaces import MARKETPLACES
from orderferry.domain.orders import Channel
from orderferry.domain.problems import Problem, ProblemCode
from orderferry.domain.search import Basis, Search
from orderferry.domain.spans import Span
from orderferry.ledger.ledger import Ledger, open_ledger
from orderferry.run.doubtful_answers import UnreadableSpans, implausible, yesterdays_gaps
from orderferry.run.report import Report

NOW = datetime(2026, 11, 23, 6, tzinfo=UTC)
DAY = date(2026, 11, 22)
IT, DE = (next(m.id for m in MARKETPLACES if m.code == code) for code in ("IT", "DE"))
BEFORE = [DAY - timedelta(days=number) for number in range(1, 14)]
HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)
WHOLE = Span(NOW - 2 * HOUR, NOW - HOUR)


def test_a_day_without_any_order() -> None:
    assert implausible({(IT, day): 1 for day in BEFORE}, DAY) == [
        Problem(
            ProblemCode.IMPLAUSIBLE,
            "Amazon shows no order at all of 2026-11-22, while there was one on each of the 13 days before",
            subject="2026-11-22",
        )
    ]


def test_a_marketplace_without_any_order() -> None:
    sold = {(market, day): 1 for market in (IT, DE) for day in BEFORE} | {(IT, DAY): 1}
    assert implausible(sold, DAY) == [
        Problem(
            ProblemCode.IMPLAUSIBLE,
            "Amazon shows no order of 2026-11-22 on DE, while there was one on each of the 13 days before and others "
            "sell",
            subject="2026-11-22 DE",
        )
    ]


@pytest.mark.parametrize("missing", [BEFORE[0], BEFORE[12]])
def test_a_day_among_those_before_that_lacked_orders_makes_it_believable(missing: date) -> None:
    assert implausible({(IT, day): 1 for day in BEFORE if day != missing}, DAY) == []


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    with open_ledger(tmp_path / "ledger.sqlite", account="a", shop="s", now=NOW) as opened:
        yield opened


MIDNIGHT = NOW.replace(hour=0)
YESTERDAY = Span(MIDNIGHT - timedelta(days=1), MIDNIGHT)


@pytest.mark.parametrize(
    ("regular", "fba", "judged"),
    [
        (YESTERDAY, YESTERDAY, True),
        (YESTERDAY, None, True),
        (Span(YESTERDAY.start + MINUTE, YESTERDAY.end), YESTERDAY, False),
        (YESTERDAY, Span(YESTERDAY.start, YESTERDAY.end - MINUTE), False),
        (None, None, False),
    ],
)
def test_yesterday_is_judged_once_all_of_it_was_read(
    ledger: Ledger, regular: Span | None, fba: Span | None, judged: bool
) -> None:
    for channel, span in ((Channel.REGULAR, regular), (Channel.FBA, fba)):
        if span:
            ledger.cover([(IT, channel)], Basis.UPDATED, span, NOW)
    assert yesterdays_gaps(ledger, NOW) == []
    assert bool(ledger.recall("plausibility judged")) is judged


def test_what_was_worked_out_today_is_repeated(ledger: Ledger) -> None:
    ledger.remember("plausibility judged", json.dumps({"on": "2026-11-23", "found": [["text", "subject"]]}))
    assert yesterdays_gaps(ledger, NOW) == [Problem(ProblemCode.IMPLAUSIBLE, "text", subject="subject")]
    assert yesterdays_gaps(ledger, NOW + timedelta(days=1)) == []


def spans(ledger: Ledger, *, dry_run: bool = False, command: str = "import", now: datetime = NOW) -> UnreadableSpans:
    return UnreadableSpans(ledger, Report(command, now, dry_run), ledger.begin_run(command, now, dry_run), lambda: now)


def search(*marketplaces: str, channel: Channel | None = None, span: Span = WHOLE) -> Search:
    return Search(marketplaces, Basis.UPDATED, span, channel)


def entries(ledger: Ledger) -> list[Any]:
    found = ledger.entries([EntryState.FAILED, EntryState.IGNORED])
    return [(str(each.state), each.code, each.message, each.marketplace_id, each.channel) for each in found]


@pytest.mark.parametrize(
    ("wanted", "count", "span", "message", "marketplace", "channel"),
    [
        (
            search(IT),
            1,
            WHOLE,
            "Amazon lists 1 order without an id, updated from 2026-11-23T04:00:00Z to 2026-11-23T05:00:00Z (IT): not "
            "importable",
            IT,
            None,
        ),
        (
            search(DE, IT, channel=Channel.FBA),
            2,
            Span(NOW - 2 * MINUTE, NOW - MINUTE),
            "Amazon lists 2 orders without an id, updated from 2026-11-23T05:58:00Z to 2026-11-23T05:59:00Z (DE, IT): "
            "not importable",
            "",
            Channel.FBA,
        ),
    ],
)
def test_a_span_with_orders_without_an_id(
    ledger: Ledger, wanted: Search, count: int, span: Span, message: str, marketplace: str, channel: Channel | None
) -> None:
    made = spans(ledger)
    made.found(wanted, span, count)
    assert [problem.message for problem in made.report.problems.values()] == [message]
    assert made.report.counts["failed"] == count
    assert entries(ledger) == [("failed", "unreadable-order", message, marketplace, channel)]


def test_a_catch_up_names_the_time_of_purchase(ledger: Ledger) -> None:
    made = spans(ledger, command="recheck")
    made.found(Search((IT,), Basis.CREATED, WHOLE), WHOLE, 1)
    (problem,) = made.report.problems.values()
    assert "without an id, placed from 2026-11-23T04:00:00Z to" in problem.message


def test_what_is_kept_of_a_mark(ledger: Ledger) -> None:
    spans(ledger).found(search(IT, channel=Channel.REGULAR), WHOLE, 3)
    (kept,) = json.loads(ledger.recall("spans with orders without an id") or "")
    assert kept.pop("name").startswith("unreadable-")
    ends = ["2026-11-23T04:00:00+00:00", "2026-11-23T05:00:00+00:00"]
    assert kept == {
        "command": "import",
        "cells": [[IT, "regular"]],
        "found": ends,
        "spans": [ends],
        "count": 3,
        "readings": 1,
        "read": "2026-11-23T06:00:00+00:00",
        "settled": False,
    }


def test_a_marked_span_is_read_by_itself(ledger: Ledger) -> None:
    made = spans(ledger)
    made.found(search(IT), WHOLE, 1)
    regular, fba = (IT, Channel.REGULAR), (IT, Channel.FBA)
    around = Span(NOW - 3 * HOUR, NOW)
    assert made.without_marked({regular: (around,), (DE, Channel.FBA): (around,)}) == {
        regular: (Span(NOW - 3 * HOUR, WHOLE.start), Span(WHOLE.end, NOW)),
        (DE, Channel.FBA): (around,),
    }
    assert {part.span for part in made.due_again([regular, fba])} == {
        Span(WHOLE.start, WHOLE.start + 30 * MINUTE),
        Span(WHOLE.start + 30 * MINUTE, WHOLE.end),
    }
    assert made.due_again([regular]) == [], "the mark is about FBA orders as well"


def test_a_clean_reading_ends_a_mark(ledger: Ledger, caplog: pytest.LogCaptureFixture) -> None:
    made = spans(ledger)
    made.found(search(IT), WHOLE, 1)
    with caplog.at_level("INFO"):
        made.read_clean(search(IT), WHOLE)
        made.read_clean(search(IT), WHOLE)
    assert [line.partition(" ")[2] for line in caplog.messages] == [
        "is over: Amazon lists its orders with their ids now"
    ]
    assert [(state, code) for state, code, *_ in entries(ledger)] == [("ignored", "readable")]
    assert ledger.recall("spans with orders without an id") == "[]"


def test_a_dry_run_keeps_nothing(ledger: Ledger) -> None:
    made = spans(ledger, dry_run=True)
    made.found(search(IT), WHOLE, 1)
    assert len(made.report.problems) == 1
    assert entries(ledger) == []
    assert ledger.recall("spans with orders without an id") is None


def test_what_a_person_sets_aside_counts_as_read_and_what_they_take_back_does_not(ledger: Ledger) -> None:
    made = spans(ledger)
    made.found(search(IT), WHOLE, 1)
    (name,) = made.report.outcomes
    ledger.ignore(name, "nobody's", NOW)
    spans(ledger, dry_run=True).apply_set_aside()
    assert not json.loads(ledger.recall("spans with orders without an id") or "")[0]["settled"]
    made.apply_set_aside()
    assert json.loads(ledger.recall("spans with orders without an id") or "")[0]["settled"] is True
    assert ledger.coverage(Basis.UPDATED) == {(IT, channel): (WHOLE,) for channel in Channel}
    again = spans(ledger)
    again.found(search(IT), WHOLE, 1)
    assert not again.report.problems
    ledger.unignore(name, NOW)
    again.apply_set_aside()
    assert json.loads(ledger.recall("spans with orders without an id") or "")[0]["settled"] is False
    assert [(state, code) for state, code, *_ in entries(ledger)] == [("failed", "unreadable-order")]
