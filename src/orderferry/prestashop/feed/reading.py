"""How the feed stands: read for `check`, `status`, `bridge status` and by every run that writes it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

from orderferry.domain.feed import Feed, Reader
from orderferry.prestashop.database.event_tables import CONSUMER_TABLE, EVENT_TABLE
from orderferry.prestashop.database.tables import ShopTables
from orderferry.prestashop.database.values import as_int, as_moment, as_text


def read_feed(connection: sa.Connection, tables: ShopTables) -> Feed:
    """Given the feed's tables, return how it stands. A few statements, all by primary keys."""
    event, consumer = tables[EVENT_TABLE], tables[CONSUMER_TABLE]
    ends = [
        sa.select(event.c.id_event, event.c.created).order_by(order).limit(1)
        for order in (event.c.id_event, event.c.id_event.desc())
    ]
    first, last = (connection.execute(end).first() for end in ends)
    later = event.alias()
    oldest = sa.select(sa.func.min(later.c.id_event)).where(later.c.id_event > consumer.c.id_event).scalar_subquery()
    newest = as_int(last[0]) if last else 0
    rows = connection.execute(
        sa.select(consumer, event.c.id_event.label("next"), event.c.created)
        .outerjoin_from(consumer, event, event.c.id_event == oldest)
        .order_by(consumer.c.consumer)
    ).mappings()
    readers = tuple(_reader(row, newest) for row in rows)
    return Feed(newest, as_moment(first[1]) if first else None, readers)


def _reader(row: Mapping[Any, Any], last: int) -> Reader:
    following = as_int(row["next"])
    return Reader(
        as_text(row["consumer"]),
        as_int(row["id_event"]),
        last - following + 1 if following else 0,
        as_moment(row["created"]) if following else None,
        as_moment(row["taken"]) if row["taken"] else None,
        as_text(row["note"]),
    )
