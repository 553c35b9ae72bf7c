"""How the feed stands, and what became of the bridge's calls: read for `check`, `status`, `bridge status`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from orderferry.domain.feed import Calls, Feed, Reader
from orderferry.prestashop.database.own_tables import CALL_TABLE, CONSUMER_TABLE, EVENT_TABLE, STATE_TABLE
from orderferry.prestashop.database.tables import ShopTables
from orderferry.prestashop.database.values import as_int, as_moment, as_text
from orderferry.prestashop.feed.outbox import COUNTER

# A call that has been "running" for so long runs no more, whatever the bridge has noted of it.
_UNKNOWN_AFTER = timedelta(hours=1)


def read_feed(connection: sa.Connection, tables: ShopTables) -> Feed:
    """Given the feed's tables, return how it stands. A few statements, all by primary keys."""
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
    """Given the feed's tables, return what became of all calls, by module and hook."""
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
    """The calls with one more state of theirs."""
    number, state, message = as_int(row["number"]), as_text(row["state"]), as_text(row["message"])
    if state == "running":
        # One that runs just now has nothing noted yet: the bridge names those that it finds left over.
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
