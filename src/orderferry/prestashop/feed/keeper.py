"""Maintain the feed of changes for a run.

A run sets the counter of events right and deletes old events. The ledger remembers the highest number that may have
been given, because a restored shop has forgotten it: readers that are ahead of the restored tables must never get a
number twice.
"""

from __future__ import annotations

import logging
import secrets
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import sqlalchemy as sa

from orderferry.errors import LedgerUnusable
from orderferry.prestashop.database.database import ShopDatabase, retry
from orderferry.prestashop.database.own_tables import (
    CALL_TABLE,
    CONSUMER_TABLE,
    EVENT_TABLE,
    STATE_TABLE,
    kept_value,
    store_value,
)
from orderferry.prestashop.database.statements import Statements
from orderferry.prestashop.database.tables import ShopTables
from orderferry.prestashop.database.values import as_int, as_text, moment_text
from orderferry.prestashop.feed.outbox import COUNTER, FeedEventKind, event_row, post_events

log = logging.getLogger(__name__)

SHOP_ID = "shop_id"  # in orderferry_state: which shop a bridge belongs to
# Names in the ledger's memory
_NUMBERS = "feed-numbers"
_PRUNED = "feed-pruned"
# Events are deleted at this age, once every reader that has reported its position has taken them.
KEPT_FOR = timedelta(days=90)
_AHEAD = 1000  # numbers reserved in the ledger before they are given: more than one transaction writes
_PRUNED_AT_ONCE = 5000


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
            taken = connection.execute(sa.select(self.tables[CONSUMER_TABLE].c.id_event)).scalars()
            last = min(as_int(number) for number in (connection.execute(old).scalar(), *taken))
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
