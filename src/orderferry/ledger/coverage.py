"""Keep what was read of Amazon's orders: spans read to their last page, re-readings of the overlap, open listings.

A cell is a marketplace id and a channel.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import fields
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, and_, select, tuple_

from orderferry.domain.orders import Channel, OrderStatus
from orderferry.domain.search import Basis, Listing, Search
from orderferry.domain.spans import Span, Spans, normal, union
from orderferry.domain.window import Cell, Rereading
from orderferry.ledger.schema import UnreadableValue, coverage, ledger, listings, rereading
from orderferry.ledger.store import Store, put, retry_after_conflict

# Spans that ended longer ago are forgotten, except a cell's newest. Not earlier: the first import may still have to
# read what is before or between them, and Amazon keeps orders for as long.
KEEP = timedelta(days=730)
_CLOCKS_DIFFER = timedelta(minutes=5)  # clocks of Amazon's hosts, and the time between two answers
_TICK = timedelta(milliseconds=1)
_PROGRESS = tuple(field.name for field in fields(Listing) if field.name not in {"command", "search"})


class CoverageTables:
    """The methods of the ledger for what was read of Amazon's orders, and for whom."""

    store: Store

    def seller(self) -> str:
        """Return the key of the seller that the coverage was read for; '' as long as none is noted."""
        with self.store.reading() as connection:
            return connection.execute(select(ledger.c.seller)).scalar() or ""

    @retry_after_conflict
    def set_seller(self, seller: str) -> None:
        """Note for which seller the coverage was read."""
        with self.store.writing() as connection:
            connection.execute(ledger.update().values(seller=seller))

    def coverage(self, basis: Basis) -> dict[Cell, Spans]:
        """Return the spans that were read to their last page by this kind of date, per cell."""
        with self.store.reading() as connection:
            return _covered(connection, basis)

    @retry_after_conflict
    def cover(self, cells: Iterable[Cell], basis: Basis, span: Span, now: datetime) -> None:
        """Note that a span of these cells was read to its last page. It is cut to whole milliseconds."""
        start, end, cells = _rounded_up(span.start), _rounded_down(span.end), set(cells)
        if start >= end or not cells:
            return
        with self.store.writing() as connection:
            before = _covered(connection, basis)
            spans = {cell: union(before.get(cell, ()), [Span(start, end)]) for cell in cells}
            of_cells = tuple_(coverage.c.marketplace_id, coverage.c.channel).in_(list(spans))
            connection.execute(coverage.delete().where(coverage.c.basis == basis, of_cells))
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
                    for (marketplace_id, channel), all_spans in spans.items()
                    for each in all_spans
                    if each.end >= now - KEEP or each is all_spans[-1]
                ],
            )

    def rereading(self, cells: Iterable[Cell]) -> Mapping[Cell, Rereading]:
        """Return when the overlap of these cells was last read again, and up to where; a cell without is left out."""
        wanted = set(cells)
        with self.store.reading() as connection:
            return {
                cell: Rereading(row.read_again, row.read_until)
                for row in connection.execute(select(rereading))
                if (cell := (row.marketplace_id, row.channel)) in wanted
            }

    @retry_after_conflict
    def note_rereading(self, cells: Iterable[Cell], when: datetime, until: datetime) -> None:
        """Note that the overlap before the end of these cells' coverage was read again, at `when`, up to `until`."""
        with self.store.writing() as connection:
            for marketplace_id, channel in dict.fromkeys(cells):
                key = {"marketplace_id": marketplace_id, "channel": channel}
                put(connection, rereading, key, {"read_again": when, "read_until": until})

    @retry_after_conflict
    def forget_coverage(self) -> None:
        """Forget all spans, re-readings and listings in progress: they were another seller's."""
        with self.store.writing() as connection:
            for table in (coverage, rereading, listings):
                connection.execute(table.delete())

    @retry_after_conflict
    def forget_future(self, amazon_now: datetime) -> None:
        """Forget spans, re-readings and listings of a time after Amazon's now: they were noted by a wrong clock.

        Such spans can't have been read, and how much of them is true is unknown.
        """
        limit = amazon_now + _CLOCKS_DIFFER
        wrong = (
            (coverage, coverage.c.covered_until > limit),
            (rereading, rereading.c.read_until > limit),
            (listings, listings.c.started > limit),
        )
        with self.store.reading() as connection:
            found = any(connection.execute(select(1).where(is_later).limit(1)).first() for _, is_later in wrong)
        if found:
            with self.store.writing() as connection:
                for table, is_later in wrong:
                    connection.execute(table.delete().where(is_later))

    @retry_after_conflict
    def save_listing(self, listing: Listing) -> None:
        """Keep how far a listing was read, in place of what was kept of the same command and search."""
        with self.store.writing() as connection:
            key = {"command": listing.command, "search_digest": _digest(listing.search)}
            progress = {name: getattr(listing, name) for name in _PROGRESS}
            put(connection, listings, key, {"search": _as_json(listing.search), **progress})

    def listing(self, command: str) -> list[Listing]:
        """Return a command's listings in progress, the oldest first."""
        wanted = select(listings).where(listings.c.command == command)
        with self.store.reading() as connection:
            return [
                Listing(row.command, _from_json(row.search), **{name: row._mapping[name] for name in _PROGRESS})
                for row in connection.execute(wanted.order_by(listings.c.started, listings.c.search_digest))
            ]

    @retry_after_conflict
    def drop_listing(self, listing: Listing) -> None:
        """Forget a listing in progress: it was read to its end, or can't be."""
        is_it = and_(listings.c.command == listing.command, listings.c.search_digest == _digest(listing.search))
        with self.store.writing() as connection:
            connection.execute(listings.delete().where(is_it))


def _covered(connection: Connection, basis: Basis) -> dict[Cell, Spans]:
    found: dict[Cell, list[Span]] = {}
    for row in connection.execute(select(coverage).where(coverage.c.basis == basis)):
        found.setdefault((row.marketplace_id, row.channel), []).append(Span(row.covered_from, row.covered_until))
    return {cell: normal(spans) for cell, spans in found.items()}


def _rounded_down(moment: datetime) -> datetime:
    return moment - timedelta(microseconds=moment.microsecond % 1000)


def _rounded_up(moment: datetime) -> datetime:
    down = _rounded_down(moment)
    return down if down == moment else down + _TICK


def _digest(search: Search) -> str:
    return hashlib.sha256(json.dumps(_as_json(search), sort_keys=True).encode()).hexdigest()[:32]


def _as_json(search: Search) -> dict[str, Any]:
    """Return a search as an object. Its times keep their microseconds: the next page needs the very same search."""
    return {
        "marketplaces": list(search.marketplaces),
        "basis": str(search.basis),
        "from": search.span.start.isoformat(),
        "until": search.span.end.isoformat(),
        "channel": None if search.channel is None else str(search.channel),
        "statuses": [str(status) for status in search.statuses],
    }


def _from_json(stored: dict[str, Any]) -> Search:
    try:
        return Search(
            marketplaces=tuple(stored["marketplaces"]),
            basis=Basis(stored["basis"]),
            span=Span(datetime.fromisoformat(stored["from"]), datetime.fromisoformat(stored["until"])),
            channel=None if stored["channel"] is None else Channel(stored["channel"]),
            statuses=tuple(OrderStatus[status] for status in stored["statuses"]),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise UnreadableValue("a listing in progress is no search") from error
