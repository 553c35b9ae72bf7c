"""Maintain the feed of changes for a run, and read its state for `check`, `status` and `bridge`.

A run sets the counter of events right and deletes old events. The ledger remembers the highest number that may have
been given, because a restored shop has forgotten it: readers that are ahead of the restored tables must never get a
number twice.
"""

from __future__ import annotations

import logging
import secrets
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import sqlalchemy as sa

from orderferry.config.model import Settings
from orderferry.domain.feed import KEPT_FOR, Calls, Feed, FeedEventKind, FeedState, Reader
from orderferry.errors import LedgerUnusable
from orderferry.prestashop.database.database import ShopDatabase, retry
from orderferry.prestashop.database.live_schema import read_tables, refuse_unfit
from orderferry.prestashop.database.own_tables import (
    CALL_TABLE,
    CONSUMER_TABLE,
    EVENT_TABLE,
    EVENT_TABLE_NAMES,
    STATE_TABLE,
    ensure_tables,
    kept_value,
    locked_value,
    store_value,
)
from orderferry.prestashop.database.statements import Statements
from orderferry.prestashop.database.tables import ShopTables, wanted_tables
from orderferry.prestashop.database.values import as_int, as_moment, as_text, moment_text
from orderferry.prestashop.facts import Table
from orderferry.prestashop.feed.outbox import COUNTER, event_row, post_events

log = logging.getLogger(__name__)

SHOP_ID = "shop_id"  # in orderferry_state: which shop a bridge belongs to
# Names in the ledger's memory
_NUMBERS = "feed-numbers"
_PRUNED = "feed-pruned"
_AHEAD = 1000  # numbers reserved in the ledger before they are given: more than one transaction writes
_PRUNED_AT_ONCE = 5000
_UNKNOWN_AFTER = timedelta(hours=1)  # a call that has been "running" for longer has ended, whatever the bridge noted


@dataclass(slots=True)
class FeedKeeper:
    """Maintain the feed during one run. `recall` and `remember`: the ledger's memory."""

    database: ShopDatabase
    tables: ShopTables
    recall: Callable[[str], str | None]
    remember: Callable[[str, str], None]
    sleep: Callable[[float], None]
    _last: int = 0
    _reserved: bool = False

    def open(self, now: datetime) -> None:
        """Set the counter right at a run's start, and once a day delete what is old.

        Raise ShopUnavailable or ShopUnfit.
        """
        with self.database.reading("looking at the feed of changes") as connection:
            kept, highest = _kept(connection, self.tables), _highest(connection, self.tables)
        if kept.get(SHOP_ID, "") not in {"", self.recall(SHOP_ID)}:
            self.remember(SHOP_ID, kept[SHOP_ID])
        given, reserved = self._remembered()
        counter = as_int(kept.get(COUNTER))
        self._last = counter
        if COUNTER not in kept or counter < max(highest, given) or SHOP_ID not in kept:
            self._last = retry(partial(self._mend, given, reserved, now), self.sleep)
        if (given, reserved) != (self._last, self._last):
            self._remember(self._last, self._last)
        self._prune(now)

    def before_writing(self) -> None:
        """Reserve numbers in the ledger before the first transaction."""
        if not self._reserved:
            self._remember(self._last, self._last + _AHEAD)
            self._reserved = True

    def written(self, last: int) -> None:
        """Note in the ledger the number of a transaction's last event; 0: it wrote none."""
        if last > self._last:
            self._last = last
            self._remember(last, last + _AHEAD)

    def close(self) -> None:
        """Note in the ledger the last number exactly, at a run's end."""
        if self._reserved:
            self._reserved = False
            with suppress(LedgerUnusable):  # then the reserved numbers count as given
                self._remember(self._last, self._last)

    def _remembered(self) -> tuple[int, int]:
        """Return the highest number that was given for certain, and the highest that may have been."""
        numbers = (self.recall(_NUMBERS) or "").split()
        given, reserved = map(int, numbers) if len(numbers) == 2 else (0, 0)
        return given, max(given, reserved)

    def _remember(self, given: int, reserved: int) -> None:
        # Another run on this ledger may have given more; it reserves its own numbers again with each transaction.
        given = max(given, self._remembered()[0])
        self.remember(_NUMBERS, f"{given} {max(given, reserved)}")

    def _mend(self, given: int, reserved: int, now: datetime) -> int:
        """Make the counter and the shop's id where they are missing, and return the counter.

        Where a back-up was restored, set the counter to the highest number that may have been given.
        """
        with self.database.writing("setting the feed's counter right") as connection:
            writer = Statements(connection, self.tables)
            if not kept_value(writer, SHOP_ID):
                store_value(writer, SHOP_ID, self._shop_id())
            rows = writer.rows(STATE_TABLE, ("value",), {"name": COUNTER}, lock=True)
            there = max(as_int(as_text(rows[0]["value"])) if rows else 0, _highest(connection, self.tables))
            restored = there < given
            store_value(writer, COUNTER, str(reserved if restored else there))
            if not restored:
                return there
            log.warning("the shop's feed of changes went back from event %s to %s: a restored back-up", given, there)
            data = {"from": there, "to": reserved}
            return as_int(post_events(writer, [event_row(FeedEventKind.FEED_RESTORED, data, now)]).rows[0]["value"])

    def _shop_id(self) -> str:
        """Return the shop's id for bridges: the one that it had before a back-up was restored, or a new one."""
        known = self.recall(SHOP_ID) or secrets.token_hex(16)
        self.remember(SHOP_ID, known)
        return known

    def _prune(self, now: datetime) -> None:
        """Delete, once a day, old events that every reader has taken, and the calls for them."""
        today = f"{now:%Y-%m-%d}"
        if self.recall(_PRUNED) == today:
            return
        event = self.tables[EVENT_TABLE]
        with self.database.reading("looking for old events") as connection:
            old = sa.select(sa.func.max(event.c.id_event)).where(event.c.created < moment_text(now - KEPT_FOR)[:19])
            readers = read_feed(connection, self.tables).readers
            last = min([as_int(connection.execute(old).scalar()), *(reader.position for reader in readers)])
            first = as_int(connection.execute(sa.select(sa.func.min(event.c.id_event))).scalar())
        while first and first <= last:
            first = min(first + _PRUNED_AT_ONCE, last + 1)
            retry(partial(self._delete, first), self.sleep)
        self.remember(_PRUNED, today)

    def _delete(self, before: int) -> None:
        with self.database.writing("deleting old events") as connection:
            for name in (CALL_TABLE, EVENT_TABLE):
                table = self.tables[name]
                connection.execute(table.delete().where(table.c.id_event < before))


def _kept(connection: sa.Connection, tables: ShopTables) -> dict[str, str]:
    state = tables[STATE_TABLE]
    rows = connection.execute(sa.select(state.c.name, state.c.value).where(state.c.name.in_([COUNTER, SHOP_ID])))
    return {as_text(name): as_text(value) for name, value in rows}


def _highest(connection: sa.Connection, tables: ShopTables) -> int:
    highest: Any = connection.execute(sa.select(sa.func.max(tables[EVENT_TABLE].c.id_event))).scalar()
    return as_int(highest)


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
        self._prefix = settings.prestashop.table_prefix
        self._recall = recall
        self._sleep = sleep
        self._database = ShopDatabase(settings.prestashop, sleep=sleep)
        self._tables: Mapping[str, Table] = {}

    def feed(self) -> Feed | None:
        """Return the feed and its readers; None where its tables do not exist. Write nothing."""
        tables = ShopTables(self._prefix, self._live())
        if not all(tables.has(name) for name in (STATE_TABLE, *EVENT_TABLE_NAMES)):
            return None
        with self._database.reading("looking at the feed of changes") as connection:
            return read_feed(connection, tables)

    def state(self, now: datetime) -> FeedState:
        """Return the feed, its readers, and the results of the bridge's calls. Write nothing."""
        feed = self.feed()
        if feed is None:
            return FeedState(self._settings.events_enabled, there=False)
        tables = ShopTables(self._prefix, self._live())
        with self._database.reading("looking at the bridge's calls") as connection:
            return FeedState(self._settings.events_enabled, True, feed, read_calls(connection, tables, now))

    def shop_id(self) -> str:
        """Return the id by which a bridge knows this shop; give it one now if it has none.

        Our own tables are made where they are missing.
        """
        live, access = self._live(), self._database.access
        with self._database.reading("looking at orderferry's own tables") as connection:
            events = self._settings.events_enabled
            live = ensure_tables(connection, self._prefix, live, access, events=events)
        tables = ShopTables(self._prefix, live)

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

    def _live(self) -> Mapping[str, Table]:
        if not self._tables:
            with self._database.reading("looking at the shop's tables") as connection:
                self._tables = read_tables(connection, self._prefix, wanted_tables(events=True))
                refuse_unfit(connection, self._prefix, self._tables, self._database.access)
        return self._tables
