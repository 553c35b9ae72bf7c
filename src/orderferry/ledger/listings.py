"""Listings in progress. Each function works in its caller's transaction."""

from __future__ import annotations

import hashlib
import json
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, select

from orderferry.domain.listing import Listing
from orderferry.domain.orders import Channel, OrderStatus
from orderferry.domain.search import Basis, Search
from orderferry.domain.spans import Span
from orderferry.ledger.columns import UnreadableValue
from orderferry.ledger.store import put
from orderferry.ledger.tables import listings


def save(connection: Connection, listing: Listing) -> None:
    """Keep how far a listing has been read, in place of what was kept of the same search."""
    search = _as_json(listing.search)
    put(
        connection,
        listings,
        {"command": listing.command, "search_digest": _digest(listing.search)},
        {
            "search": search,
            "started": listing.started,
            "token": listing.token,
            "observed_until": listing.observed_until,
            "pages": listing.pages,
            "again": listing.again,
            "unreadable": listing.unreadable,
        },
    )


def find(connection: Connection, command: str) -> list[Listing]:
    """Return a command's listings in progress, the oldest first."""
    wanted = select(listings).where(listings.c.command == command)
    wanted = wanted.order_by(listings.c.started, listings.c.search_digest)
    return [
        Listing(
            command=row.command,
            search=_from_json(row.search),
            started=row.started,
            token=row.token,
            observed_until=row.observed_until,
            pages=row.pages,
            again=row.again,
            unreadable=row.unreadable,
        )
        for row in connection.execute(wanted)
    ]


def drop(connection: Connection, listing: Listing) -> None:
    """Forget a listing that was read to its end, or can't be."""
    connection.execute(listings.delete().where(_is(listing)))


def _is(listing: Listing) -> ColumnElement[bool]:
    return and_(listings.c.command == listing.command, listings.c.search_digest == _digest(listing.search))


def _digest(search: Search) -> str:
    return hashlib.sha256(json.dumps(_as_json(search), sort_keys=True).encode()).hexdigest()[:32]


def _as_json(search: Search) -> dict[str, Any]:
    """A search as an object; its times to the microsecond, for the next page must be asked for with the very same."""
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
            statuses=tuple(OrderStatus(status) for status in stored["statuses"]),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise UnreadableValue("a listing in progress is no search") from error
