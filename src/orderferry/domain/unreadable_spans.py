"""Spans of time in which Amazon lists orders without an id: nobody can import those, so the spans do not count as read.

A mark is one such finding. It lasts until all of its spans were read without such an order, or a person sets it aside.
Pure: from the marks that the ledger keeps and what was read, the marks that it keeps next.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from orderferry.domain.search import Basis, Search
from orderferry.domain.spans import Span, Spans, normal, subtract
from orderferry.domain.window import Cell, cells_of

NAME = "unreadable-"  # so begins the name under which the ledger has a mark; no order id of Amazon's does
NARROW = timedelta(minutes=1)  # a span is halved at each reading until it is as short as this
EACH_RUN = 3  # so many readings of a mark come with the next runs; then
HOURLY, SELDOM = timedelta(hours=1), timedelta(hours=6)  # while it can be narrowed, and afterwards
MOST_SPANS = 4  # of one mark that are read again in a run


@dataclass(frozen=True, slots=True)
class UnreadableSpan:
    """A mark. `spans` lie apart from each other, or touch where they are read one by one; empty for a catch-up, which
    reads its whole window every day. `count`: orders without an id at the last reading.
    """

    name: str
    command: str
    cells: tuple[Cell, ...]
    found: Span
    spans: Spans
    count: int
    readings: int
    read: datetime
    set_aside: bool = False

    def is_due(self, now: datetime) -> bool:
        """Return whether it is to be read again. One that was read in the future (the clock was wrong) is."""
        if self.set_aside or not self.spans:
            return False
        pause = HOURLY if any(span.length > NARROW for span in self.spans) else SELDOM
        return self.readings < EACH_RUN or not timedelta(0) <= now - self.read < pause

    def searches(self) -> list[Search]:
        """Return what reads it again: its spans, halved."""
        channels = {channel for _, channel in self.cells}
        marketplaces = tuple(sorted({marketplace for marketplace, _ in self.cells}))
        channel = None if len(channels) > 1 else next(iter(channels))
        return [
            Search(marketplaces, Basis.UPDATED, part, channel)
            for span in self.spans[:MOST_SPANS]
            for part in _halves(span)
        ]


def without_marked(due: Mapping[Cell, Spans], marks: Iterable[UnreadableSpan]) -> dict[Cell, Spans]:
    """Return what each cell needs without the spans of marks: those are read separately."""
    rest = dict(due)
    for mark in marks:
        for cell in mark.cells:
            if cell in rest and not mark.set_aside:
                rest[cell] = subtract(rest[cell], mark.spans)
    return rest


def read_clean(
    marks: Sequence[UnreadableSpan], search: Search, span: Span, *, command: str, now: datetime
) -> list[UnreadableSpan]:
    """Return the marks after a span without nameless orders was read; one that is over has `count` 0 and no spans."""
    return [_without(mark, search, span, command, now) for mark in marks]


def _without(mark: UnreadableSpan, search: Search, span: Span, command: str, now: datetime) -> UnreadableSpan:
    if not set(mark.cells) <= set(cells_of(search)):
        return mark
    if not mark.spans:
        return replace(mark, count=0) if mark.command == command else mark
    if mark.set_aside or not _counts_as_coverage(search):
        return mark
    left = _each_without(mark.spans, span)
    if left == mark.spans:
        return mark
    return replace(mark, spans=left, count=mark.count if left else 0, read=now)


def mark_span(
    marks: Sequence[UnreadableSpan], search: Search, span: Span, count: int, *, command: str, now: datetime
) -> tuple[list[UnreadableSpan], UnreadableSpan]:
    """Return the marks with a span that has `count` orders without an id, and the mark of that span.

    What a person has set_aside stays so, unless there are more of them now.
    """
    marks = list(marks)
    of_span = _counts_as_coverage(search)
    for index, mark in enumerate(marks):
        if set(mark.cells) != set(cells_of(search)) or bool(mark.spans) != of_span:
            continue
        within = mark.command == command
        if of_span:
            within = any(each.start <= span.start and span.end <= each.end for each in mark.spans)
        if within and mark.set_aside and count <= mark.count:
            return marks, mark
        if within and not mark.set_aside:
            spans = tuple(sorted((*_each_without(mark.spans, span), span))) if of_span else ()
            marks[index] = replace(
                mark, spans=spans, count=count, readings=mark.readings + 1, read=now, set_aside=False
            )
            return marks, marks[index]
    stem = f"{NAME}{span.start:%Y%m%dT%H%M%SZ}" if of_span else NAME + command
    taken = {mark.name for mark in marks}
    names = (stem, *(f"{stem}-{number}" for number in range(2, len(taken) + 2)))
    name = next(name for name in names if name not in taken)
    marks.append(
        UnreadableSpan(name, command, cells_of(search), span, (span,) if of_span else (), count, readings=1, read=now)
    )
    return marks, marks[-1]


def _counts_as_coverage(search: Search) -> bool:
    return search.basis is Basis.UPDATED and not search.statuses


def is_mark(order_id: str) -> bool:
    """Return whether the ledger's entry of this name is a mark, not an order."""
    return order_id.startswith(NAME)


def _each_without(spans: Spans, cut: Span) -> Spans:
    """Return each span by itself: `subtract` would join those that touch."""
    return tuple(rest for span in spans for rest in subtract([span], [cut]))


def _halves(span: Span) -> Spans:
    if span.length <= NARROW:
        return (span,)
    middle = (span.start + span.length / 2).replace(microsecond=0)
    return tuple(half for half in (Span(span.start, middle), Span(middle, span.end)) if not half.empty)


def bounds(spans: Spans) -> Span:
    """Return the span from the first moment of the spans to the last one."""
    joined = normal(spans)
    return Span(joined[0].start, joined[-1].end)
