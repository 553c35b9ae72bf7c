"""Read the feed of changes for `check`, `status` and `bridge`: its readers, and what became of the bridge's calls."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any

import sqlalchemy as sa

from orderferry.config.model import Settings
from orderferry.domain.feed import Calls, Feed, Reader
from orderferry.prestashop.database.database import ShopDatabase, retry
from orderferry.prestashop.database.live_schema import read_tables, refuse_unfit
from orderferry.prestashop.database.own_tables import (
    CALL_TABLE,
    CONSUMER_TABLE,
    EVENT_TABLE,
    EVENT_TABLE_NAMES,
    STATE_TABLE,
    ensure_tables,
    locked_value,
    store_value,
)
from orderferry.prestashop.database.statements import Statements
from orderferry.prestashop.database.tables import ShopTables, wanted_tables
from orderferry.prestashop.database.values import as_int, as_moment, as_text
from orderferry.prestashop.feed.keeper import SHOP_ID
from orderferry.prestashop.feed.outbox import COUNTER

_UNKNOWN_AFTER = timedelta(hours=1)  # a call that has been "running" for longer has ended, whatever the bridge noted


def read_feed(connection: sa.Connection, tables: ShopTables) -> Feed:
    """Return the feed's newest event, its oldest one, and its readers. A few statements, all by primary keys."""
    event, consumer, state = tables[EVENT_TABLE], tables[CONSUMER_TABLE], tables[STATE_TABLE]
    ends = [
        sa.select(event.c.id_event, event.c.created).order_by(order).limit(1)
        for order in (event.c.id_event, event.c.id_event.desc())
    ]
    first, last = (connection.execute(end).first() for end in ends)
    later = event.alias()
    oldest = sa.select(sa.func.min(later.c.id_event)).where(later.c.id_event > consumer.c.id_event).scalar_subquery()
    counter = connection.execute(sa.select(state.c.value).where(state.c.name == COUNTER)).scalar()
    newest = max(as_int(last[0]) if last else 0, as_int(counter))  # old events may all have been deleted
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


def read_calls(connection: sa.Connection, tables: ShopTables, now: datetime) -> tuple[Calls, ...]:
    """Return the results of the bridge's calls, by module and hook."""
    call = tables[CALL_TABLE]
    found: dict[tuple[str, str], Calls] = {}
    columns = (
        sa.func.count().label("number"),
        sa.func.sum(sa.case((call.c.next_try.is_(None), 1), else_=0)).label("untried"),
        sa.func.min(call.c.id_event).label("first"),
        sa.func.min(call.c.started).label("started"),
        sa.func.max(call.c.message).label("message"),
    )
    by = (call.c.module, call.c.hook, call.c.state)
    for row in connection.execute(sa.select(*by, *columns).group_by(*by).order_by(*by)).mappings():
        key = as_text(row["module"]), as_text(row["hook"])
        found[key] = _with(found.get(key, Calls(*key)), row, now)
    return tuple(found.values())


def _with(calls: Calls, row: Mapping[Any, Any], now: datetime) -> Calls:
    """Return the calls with the number of one more state added."""
    number, state, message = as_int(row["number"]), as_text(row["state"]), as_text(row["message"])
    if state == "running":
        # A call that runs now has no message yet: the bridge writes one for those that it finds left over.
        left_over = bool(message) or abs(now - as_moment(row["started"])) > _UNKNOWN_AFTER
        changed = {"unknown": number} if left_over else {}
    else:
        changed = {state: number} if state in {"done", "skipped", "failed"} else {}
    if state == "failed":
        changed["given_up"] = as_int(row["untried"])
    calls = replace(calls, **changed)  # type: ignore[arg-type]
    if state in {"failed", "running"} and changed:
        first = as_int(row["first"])
        calls = replace(calls, first=min(first, calls.first or first), message=message or calls.message)
    return calls


class BridgeShop:
    """Open one PrestaShop database for `bridge`. `recall`: the ledger's memory. Raise ShopUnavailable or ShopUnfit."""

    def __init__(
        self, settings: Settings, *, recall: Callable[[str], str | None], sleep: Callable[[float], None]
    ) -> None:
        self._settings = settings
        self._recall = recall
        self._sleep = sleep
        self._database = ShopDatabase(settings.prestashop, sleep=sleep)

    def feed(self) -> Feed | None:
        """Return the feed and its readers; None where its tables do not exist. Write nothing."""
        tables = self._tables
        if not all(tables.has(name) for name in (STATE_TABLE, *EVENT_TABLE_NAMES)):
            return None
        with self._database.reading("looking at the feed of changes") as connection:
            return read_feed(connection, tables)

    def calls(self, now: datetime) -> tuple[Calls, ...]:
        """Return the results of the bridge's calls. The feed's tables must exist. Write nothing."""
        with self._database.reading("looking at the bridge's calls") as connection:
            return read_calls(connection, self._tables, now)

    def shop_id(self) -> str:
        """Return the id by which a bridge knows this shop; give it one now if it has none.

        Our own tables are made where they are missing.
        """
        tables, access = self._tables, self._database.access
        with self._database.reading("looking at orderferry's own tables") as connection:
            events = self._settings.events_enabled
            tables = ensure_tables(connection, tables, access, events=events)

        def known_or_new() -> str:
            # Under the row's lock, so that two at once give one id; the ledger's copy outlives a lost table.
            with self._database.writing("giving the shop a name for its bridge") as connection:
                writer = Statements(connection, tables)
                known = locked_value(writer, SHOP_ID)
                if not known:
                    known = self._recall(SHOP_ID) or secrets.token_hex(16)
                    store_value(writer, SHOP_ID, known)
                return known

        return retry(known_or_new, self._sleep)

    def close(self) -> None:
        """Close the connection."""
        self._database.close()

    @cached_property
    def _tables(self) -> ShopTables:
        prefix = self._settings.prestashop.table_prefix
        with self._database.reading("looking at the shop's tables") as connection:
            tables = read_tables(connection, prefix, wanted_tables(events=True))
            refuse_unfit(connection, tables, self._database.access)
            return tables
