"""Answers of Amazon's that can't be trusted: days without any order, and orders without an id. The run goes on.

A wrong region or a withdrawn authorisation looks like an empty page (HTTP 200). So a shop that sold something on each
day of two weeks and nothing yesterday gets a report.

A span in which Amazon lists orders without an id stays uncovered and is reported until a person sets it aside. Each is
a mark (domain/unreadable_spans.py) and an entry of the ledger like a failed order: `status` and `compare` show it,
`ignore` sets it aside by the mark's name.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any

from orderferry.domain.durations import counted, iso
from orderferry.domain.ledger_entry import EntryState, OrderResult, OrderSnapshot
from orderferry.domain.marketplaces import marketplace_code
from orderferry.domain.orders import Channel
from orderferry.domain.problems import Problem, ProblemCode
from orderferry.domain.search import Basis, Search
from orderferry.domain.spans import Span, Spans, subtract
from orderferry.domain.unreadable_spans import (
    NARROW,
    UnreadableSpan,
    bounds,
    mark_span,
    read_clean,
    without_marked,
)
from orderferry.domain.window import Cell
from orderferry.run.report import Report

if TYPE_CHECKING:
    from orderferry.ledger.ledger import Ledger

log = logging.getLogger(__name__)

DAYS = 14  # the day in question, and those before it that it is compared with
Purchases = Mapping[tuple[str, date], int]
_KEPT_FINDINGS = "plausibility judged"  # in the ledger's memory


def implausible(purchases: Purchases, day: date) -> list[Problem]:
    """Return what is not believable about `day`, from the orders placed by marketplace and day.

    A marketplace counts only if it sold on each of the days before. If nothing sold anywhere, there is one problem for
    all.
    """
    before = [day - timedelta(days=number) for number in range(1, DAYS)]
    marketplaces = sorted({marketplace for marketplace, _ in purchases})
    sold = {one: [purchases.get((one, other), 0) for other in before] for one in marketplaces}
    if not any(purchases.get((one, day), 0) for one in marketplaces):
        every_day = marketplaces and all(any(sold[one][index] for one in marketplaces) for index in range(len(before)))
        message = f"Amazon shows no order at all of {day}, while there was one on each of the {len(before)} days before"
        return [Problem(ProblemCode.IMPLAUSIBLE, message, subject=str(day))] if every_day else []
    return [
        Problem(
            ProblemCode.IMPLAUSIBLE,
            f"Amazon shows no order of {day} on {marketplace_code(one)}, while there was one on each of the "
            f"{len(before)} days before and others sell",
            subject=f"{day} {marketplace_code(one)}",
        )
        for one in marketplaces
        if all(sold[one]) and not purchases.get((one, day), 0)
    ]


def yesterdays_gaps(ledger: Ledger, now: datetime) -> list[Problem]:
    """Return what is not believable about yesterday (UTC), once a run has read all of it.

    It is worked out once a day and repeated by the other runs of the day, since it reads two weeks of the ledger.
    """
    today = now.date()
    kept = json.loads(ledger.recall(_KEPT_FINDINGS) or "{}")
    if kept.get("on") != str(today):
        if not _was_observed(ledger, today):
            return []
        start = datetime.combine(today - timedelta(days=DAYS), time(), UTC)
        found = implausible(ledger.purchases(start), today - timedelta(days=1))
        kept = {"on": str(today), "found": [[problem.message, problem.subject] for problem in found]}
        ledger.remember(_KEPT_FINDINGS, json.dumps(kept))
    return [Problem(ProblemCode.IMPLAUSIBLE, message, subject=subject) for message, subject in kept["found"]]


def _was_observed(ledger: Ledger, today: date) -> bool:
    """Return whether coverage holds yesterday whole: else its orders are missing for a known reason."""
    midnight = datetime.combine(today, time(), UTC)
    yesterday = Span(midnight - timedelta(days=1), midnight)
    coverage = ledger.coverage(Basis.UPDATED)
    return bool(coverage) and all(not subtract([yesterday], spans) for spans in coverage.values())


_KEPT = "spans with orders without an id"  # in the ledger's memory
READABLE = "readable"  # the code of a mark that is over


@dataclass(frozen=True, slots=True)
class UnreadableSpans:
    """The spans that a ledger has marked as unreadable. What a run reads adds to them, narrows and ends them.

    A dry run reports them and keeps nothing.
    """

    ledger: Ledger
    report: Report
    run: int
    now: Callable[[], datetime]

    def without_marked(self, due: Mapping[Cell, Spans]) -> Mapping[Cell, Spans]:
        """Return what each cell needs without the marked spans, so that all else can be covered."""
        return without_marked(due, self._marks())

    def due_again(self, cells: Iterable[Cell]) -> list[Search]:
        """Return the searches that read marked spans of these cells again, as far as it is time."""
        observed, now = set(cells), self.now()
        due = [mark for mark in self._marks() if set(mark.cells) <= observed and mark.is_due(now)]
        return [search for mark in due for search in mark.searches()]

    def found(self, search: Search, span: Span, count: int) -> None:
        """Mark a span that was read and has `count` orders without an id, and report them."""
        command = self.report.command
        marks, mark = mark_span(self._marks(), search, span, count, command=command, now=self.now())
        if mark.set_aside:
            return
        problem = _problem(mark)
        self.report.note_nameless(count, problem)
        if not self.report.dry_run:
            self._keep(marks)
            self._set(mark, OrderResult(mark.name, EntryState.FAILED, problem.code, message=problem.message))

    def read_clean(self, search: Search, span: Span) -> None:
        """End the marks within a span that was read without such an order."""
        before = self._marks()
        after = read_clean(before, search, span, command=self.report.command, now=self.now())
        if after == before:
            return
        for mark in after:
            if not mark.count:
                log.info("%s is over: Amazon lists its orders with their ids now", mark.name)
                self._set(mark, OrderResult(mark.name, EntryState.IGNORED, READABLE))
        self._keep([mark for mark in after if mark.count])

    def apply_set_aside(self) -> None:
        """Count the marks that a person has set aside as read; mark again what they took back."""
        before = self._marks()
        after = [self._heeded(mark) for mark in before]
        if after != before and not self.report.dry_run:
            self._keep(after)

    def _heeded(self, mark: UnreadableSpan) -> UnreadableSpan:
        entry = self.ledger.entry(mark.name)
        set_aside = entry is not None and entry.ignored_by_person
        if set_aside == mark.set_aside:
            return mark
        if set_aside:
            for span in mark.spans:
                self.ledger.cover(mark.cells, Basis.UPDATED, span, self.now())
        else:
            problem = _problem(mark)
            self._set(mark, OrderResult(mark.name, EntryState.FAILED, problem.code, message=problem.message))
        return replace(mark, set_aside=set_aside)

    def _set(self, mark: UnreadableSpan, result: OrderResult) -> None:
        marketplaces, channels = {cell[0] for cell in mark.cells}, {cell[1] for cell in mark.cells}
        seen = OrderSnapshot(
            mark.name,
            next(iter(marketplaces)) if len(marketplaces) == 1 else "",
            next(iter(channels)) if len(channels) == 1 else None,
        )
        self.ledger.note_seen([seen], self.run, self.now())
        self.ledger.record_results([result], self.run, self.now())

    def _marks(self) -> list[UnreadableSpan]:
        return [_from_json(stored) for stored in json.loads(self.ledger.recall(_KEPT) or "[]")]

    def _keep(self, marks: Sequence[UnreadableSpan]) -> None:
        self.ledger.remember(_KEPT, json.dumps([_as_json(mark) for mark in marks]))


def _problem(mark: UnreadableSpan) -> Problem:
    """Return the problem of a mark. It names the span as it was found until that is as narrow as it gets: one
    message each."""
    narrow = mark.spans and all(span.length <= NARROW for span in mark.spans)
    span = bounds(mark.spans) if narrow else mark.found
    which = "updated" if mark.spans else "placed"
    where = ", ".join(sorted({marketplace_code(marketplace) for marketplace, _ in mark.cells}))
    return Problem(
        ProblemCode.UNREADABLE_ORDER,
        f"Amazon lists {counted(mark.count, 'order')} without an id, {which} from {iso(span.start)} to "
        f"{iso(span.end)} ({where}): not importable",
        mark.name,
    )


def _as_json(mark: UnreadableSpan) -> dict[str, Any]:
    return {
        "name": mark.name,
        "command": mark.command,
        "cells": [[marketplace, str(channel)] for marketplace, channel in mark.cells],
        "found": _span_json(mark.found),
        "spans": [_span_json(span) for span in mark.spans],
        "count": mark.count,
        "readings": mark.readings,
        "read": mark.read.isoformat(),
        "settled": mark.set_aside,
    }


def _from_json(stored: Mapping[str, Any]) -> UnreadableSpan:
    return UnreadableSpan(
        name=stored["name"],
        command=stored["command"],
        cells=tuple((marketplace, Channel(channel)) for marketplace, channel in stored["cells"]),
        found=_read_span(stored["found"]),
        spans=tuple(_read_span(span) for span in stored["spans"]),
        count=stored["count"],
        readings=stored["readings"],
        read=datetime.fromisoformat(stored["read"]),
        set_aside=stored["settled"],
    )


def _span_json(span: Span) -> list[str]:
    return [span.start.isoformat(), span.end.isoformat()]


def _read_span(stored: Sequence[str]) -> Span:
    return Span(datetime.fromisoformat(stored[0]), datetime.fromisoformat(stored[1]))
