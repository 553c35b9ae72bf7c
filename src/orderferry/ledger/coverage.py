"""What was observed: the spans read to their last page, and the last re-reading of the overlap, per cell.

A cell is a marketplace id and a channel. Each function works in its caller's transaction.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Connection, select

from orderferry.domain.orders import Channel
from orderferry.domain.search import Basis
from orderferry.domain.spans import Span, Spans, normal, union
from orderferry.ledger.store import put
from orderferry.ledger.tables import coverage, listings, rereading

Cell = tuple[str, Channel]

# Spans that ended longer ago are forgotten, but for a cell's newest. Not earlier: the first import may still owe what
# lies before or between them, and Amazon keeps orders for as long.
KEEP = timedelta(days=730)
_CLOCKS_DIFFER = timedelta(minutes=5)  # Amazon's hosts', and what passes between two answers
_TICK = timedelta(milliseconds=1)


def covered(connection: Connection, basis: Basis) -> dict[Cell, Spans]:
    """Return what each cell has covered by this kind of date."""
    found: dict[Cell, list[Span]] = {}
    for row in connection.execute(select(coverage).where(coverage.c.basis == basis)):
        found.setdefault((row.marketplace_id, row.channel), []).append(Span(row.covered_from, row.covered_until))
    return {cell: normal(spans) for cell, spans in found.items()}


def cover(connection: Connection, cells: Iterable[Cell], basis: Basis, span: Span, now: datetime) -> None:
    """Add a span to what these cells have covered. Of a millisecond that was read in part nothing is claimed."""
    start, end = _rounded_up(span.start), _rounded_down(span.end)
    if start >= end:
        return
    before = covered(connection, basis)
    for cell in dict.fromkeys(cells):
        spans = union(before.get(cell, ()), [Span(start, end)])
        kept = [each for each in spans if each.end >= now - KEEP or each is spans[-1]]
        marketplace_id, channel = cell
        connection.execute(
            coverage.delete().where(
                coverage.c.marketplace_id == marketplace_id, coverage.c.channel == channel, coverage.c.basis == basis
            )
        )
        connection.execute(
            coverage.insert(),
            [
                {
                    "marketplace_id": marketplace_id,
                    "channel": channel,
                    "basis": basis,
                    "covered_from": each.start,
                    "covered_until": each.end,
                }
                for each in kept
            ],
        )


def last_rereading(connection: Connection, cells: Iterable[Cell]) -> Mapping[Cell, tuple[datetime, datetime]]:
    """Return for each of these cells that was read again: when, and the end that the re-reading reached."""
    wanted = set(cells)
    return {
        cell: (row.read_again, row.read_until)
        for row in connection.execute(select(rereading))
        if (cell := (row.marketplace_id, row.channel)) in wanted
    }


def note_rereading(connection: Connection, cells: Iterable[Cell], when: datetime, until: datetime) -> None:
    """Note that the overlap before the end of these cells' coverage was read again, at `when`, up to `until`."""
    for marketplace_id, channel in dict.fromkeys(cells):
        key = {"marketplace_id": marketplace_id, "channel": channel}
        put(connection, rereading, key, {"read_again": when, "read_until": until})


def has_future(connection: Connection, amazon_now: datetime) -> bool:
    """Whether there is anything to `forget_future`."""
    return any(connection.execute(select(1).where(later).limit(1)).first() for later in _later(amazon_now))


def forget_future(connection: Connection, amazon_now: datetime) -> None:
    """Forget spans that end after Amazon's now: nobody can have read them, and how far they are true nobody knows. So
    too re-readings and listings of that kind."""
    for table, later in zip((coverage, rereading, listings), _later(amazon_now), strict=True):
        connection.execute(table.delete().where(later))


def _later(amazon_now: datetime) -> tuple[ColumnElement[bool], ...]:
    limit = amazon_now + _CLOCKS_DIFFER
    return coverage.c.covered_until > limit, rereading.c.read_until > limit, listings.c.started > limit


def forget(connection: Connection) -> None:
    """Forget all that was observed: it was another seller's."""
    for table in (coverage, rereading, listings):
        connection.execute(table.delete())


def _rounded_down(moment: datetime) -> datetime:
    return moment - timedelta(microseconds=moment.microsecond % 1000)


def _rounded_up(moment: datetime) -> datetime:
    down = _rounded_down(moment)
    return down if down == moment else down + _TICK
