"""Which spans of time a run has to read, and in as few searches as possible.

A *cell* is one marketplace and one channel; coverage is kept for each. Everything here is arithmetic on spans: the
caller fixes the end (at least `SAFE_DISTANCE` before Amazon's now) before the first request.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from itertools import pairwise
from typing import NamedTuple

from orderferry.domain.orders import Channel, OrderStatus
from orderferry.domain.search import Basis, Search
from orderferry.domain.spans import Span, Spans, last_end, normal, subtract, union

Cell = tuple[str, Channel]

# searchOrders refuses an end closer than 2 minutes; changes become visible after about 2 to 3 (SP-API, filtering).
SAFE_DISTANCE = timedelta(minutes=3)

SLICE = timedelta(days=7)  # what lies before the window is read in pieces of this length


class Rereading(NamedTuple):
    """The last time the overlap of a cell was read again: `when` that run was, and the `until` it reached."""

    when: datetime
    until: datetime


def rereading_is_due(last: Rereading | None, now: datetime) -> bool:
    """Return whether this run is the one of its clock hour (UTC) that reads the overlap again.

    By clock hour rather than by distance, so that an hourly cron with a second of jitter still re-reads each time
    while no schedule re-reads more than once an hour.
    """
    return last is None or last.when.replace(minute=0, second=0, microsecond=0) != now.replace(
        minute=0, second=0, microsecond=0
    )


def due_spans(
    covered: Spans,
    end: datetime,
    *,
    lookback: timedelta,
    overlap: timedelta,
    not_before: datetime | None = None,
    owed: datetime | None = None,
    rereading: Rereading | None = None,
) -> Spans:
    """Return what a run ending at `end` has to read of a cell: every gap since its coverage began, in the window
    (`lookback`) and since `owed`, and, when it is due, the overlap before the point that the last re-reading reached.

    `not_before`: orders.since; nothing older matters. `owed`: where the first import of this ledger began.
    """
    start = end - lookback
    if covered:
        start = min(start, covered[0].start)
    if owed is not None:
        start = min(start, owed)
    if not_before is not None:
        start = max(start, not_before)
    if start >= end:
        return ()
    due = subtract([Span(start, end)], covered)
    reached = min(rereading.until, end) if rereading else last_end(covered)
    if covered and reached is not None and rereading_is_due(rereading, end):
        again = max(start, reached - overlap)
        if again < end:
            due = union(due, [Span(again, end)])
    return due


def counts_as_coverage(
    span: Span, covered: Spans, lookback: timedelta, end: datetime, owed: datetime | None = None
) -> bool:
    """Return whether a span that was asked for by hand, or is owed, may be added to the coverage.

    A span that ends before the coverage begins must not: all between the two would look like a gap from then on. What
    ends after `owed` may be added, because there is a gap in any case.
    """
    begins = covered[0].start if covered else end - lookback
    return span.end >= (begins if owed is None else min(begins, owed))


def turns(due: Mapping[Cell, Spans], covered: Mapping[Cell, Spans], begin: datetime) -> list[Mapping[Cell, Spans]]:
    """Return what each cell needs in the order of reading, from what it needs and has covered.

    First what lies after `begin`, and what is only read again; then what is older, a slice of time after the other,
    the newest first: new orders never wait until old ones are read.
    """
    older = {cell: subtract(_before(spans, begin), covered.get(cell, ())) for cell, spans in due.items()}
    found: list[Mapping[Cell, Spans]] = [{cell: subtract(spans, older[cell]) for cell, spans in due.items()}]
    while any(older.values()):
        begin -= SLICE
        rest = {cell: _before(spans, begin) for cell, spans in older.items()}
        found.append({cell: subtract(spans, rest[cell]) for cell, spans in older.items()})
        older = rest
    return [turn for number, turn in enumerate(found) if number == 0 or any(turn.values())]


def _before(spans: Spans, moment: datetime) -> Spans:
    return tuple(Span(span.start, min(span.end, moment)) for span in spans if span.start < moment)


def plan_searches(
    due: Mapping[Cell, Spans], basis: Basis, statuses: tuple[OrderStatus, ...] = ()
) -> tuple[Search, ...]:
    """Return the fewest searches that read just that, the oldest first, given what each cell needs.

    Time is cut where any cell's need begins or ends; in each piece, marketplaces that need both channels share one
    search without a channel filter, the others one for each channel; equal neighbours are joined again.
    """
    edges = sorted({moment for spans in due.values() for span in spans for moment in (span.start, span.end)})
    pieces: dict[tuple[tuple[str, ...], Channel | None], list[Span]] = {}
    for start, end in pairwise(edges):
        wanting = {cell for cell, spans in due.items() if any(s.start <= start and end <= s.end for s in spans)}
        for key in _groups(wanting):
            pieces.setdefault(key, []).append(Span(start, end))
    searches = [
        Search(marketplaces, basis, span, channel, statuses)
        for (marketplaces, channel), spans in pieces.items()
        for span in normal(spans)
    ]
    return tuple(sorted(searches, key=lambda s: (s.span.start, s.span.end, s.marketplaces, s.channel or "")))


def _groups(cells: Iterable[Cell]) -> list[tuple[tuple[str, ...], Channel | None]]:
    """Return the (marketplaces, channel filter) pairs that observe exactly these cells."""
    channels: dict[str, set[Channel]] = {}
    for marketplace, channel in cells:
        channels.setdefault(marketplace, set()).add(channel)
    groups: dict[Channel | None, list[str]] = {}
    for marketplace, wanted in channels.items():
        groups.setdefault(None if len(wanted) == len(Channel) else next(iter(wanted)), []).append(marketplace)
    return [(tuple(sorted(marketplaces)), channel) for channel, marketplaces in groups.items()]


def cells_of(search: Search) -> tuple[Cell, ...]:
    """Return the cells that a search observes."""
    return tuple((marketplace, channel) for marketplace in search.marketplaces for channel in search.channels)


def observed_span(search: Search, cut_offs: Iterable[datetime | None]) -> Span | None:
    """Return the span that a search read to its last page really observed, or None if there is nothing of it.
    `cut_offs` limit it: the smallest `lastUpdatedBefore` of its pages, Amazon's now."""
    end = min([search.span.end, *(moment for moment in cut_offs if moment is not None)])
    return Span(search.span.start, end) if end > search.span.start else None
