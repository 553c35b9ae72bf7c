"""The care for the feed: its counter, its numbers after a restored back-up, its age.

The ledger remembers the highest number that may have been given, since a restored shop has forgotten it: readers that
are ahead of the restored tables must never meet a number twice.
"""

from __future__ import annotations

import logging
import secrets
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from orderferry.domain.feed import KEPT_FOR, FeedEventKind
from orderferry.errors import LedgerUnusable
from orderferry.prestashop.database.database import ShopDatabase, attempt
from orderferry.prestashop.database.own_tables import CALL_TABLE, EVENT_TABLE, STATE_TABLE, store_value, value_of
from orderferry.prestashop.database.statements import Statements
from orderferry.prestashop.database.tables import ShopTables
from orderferry.prestashop.database.values import as_int, as_text, moment_text
from orderferry.prestashop.feed.outbox import COUNTER, event_row, post_events
from orderferry.prestashop.feed.reading import read_feed

log = logging.getLogger(__name__)

SHOP_ID = "shop_id"  # in orderferry_state: which shop a bridge belongs to
# Names in the ledger's memory.
_NUMBERS = "feed-numbers"
_PRUNED = "feed-pruned"
# More than a transaction writes: numbers that a run which is killed may have given without the ledger's knowing.
_AHEAD = 1000
_PRUNED_AT_ONCE = 5000


@dataclass(slots=True)
class FeedKeeper:
    """Looks after the feed in the name of one run. `recall` and `remember`: the ledger's memory."""

    database: ShopDatabase
    tables: ShopTables
    recall: Callable[[str], str | None]
    remember: Callable[[str, str], None]
    sleep: Callable[[float], None]
    _last: int = 0
    _reserved: bool = False

    def open(self, now: datetime) -> None:
        """At a run's start: set the counter right, and once a day delete what is old.

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
            self._last = attempt(lambda: self._mend(given, reserved, now), lambda: None, self.sleep).result
        if (given, reserved) != (self._last, self._last):
            self._tell(self._last, self._last)
        self._prune(now)

    def before_writing(self) -> None:
        """Tell the ledger that numbers are going to be given, if it does not know yet."""
        if not self._reserved:
            self._tell(self._last, self._last + _AHEAD)
            self._reserved = True

    def written(self, last: int) -> None:
        """A transaction ended whose last event has this number; 0: it wrote none."""
        if last > self._last:
            self._last = last
            self._tell(last, last + _AHEAD)

    def close(self) -> None:
        """At a run's end: from here on the ledger knows exactly."""
        if self._reserved:
            self._reserved = False
            with suppress(LedgerUnusable):  # it goes on to think that some more may have been given
                self._tell(self._last, self._last)

    def _remembered(self) -> tuple[int, int]:
        """The highest number that was given for certain, and the highest that may have been."""
        words = (self.recall(_NUMBERS) or "").split()
        given, reserved = map(int, words) if len(words) == 2 else (0, 0)
        return given, max(given, reserved)

    def _tell(self, given: int, reserved: int) -> None:
        """Another run on this ledger may know of more; what it reserves it does with each of its transactions."""
        given = max(given, self._remembered()[0])
        self.remember(_NUMBERS, f"{given} {max(given, reserved)}")

    def _mend(self, given: int, reserved: int, now: datetime) -> int:
        """Give the feed its counter and the shop its name, or bring the counter to where it was before a back-up was
        restored; return the counter."""
        with self.database.writing("setting the feed's counter right") as connection:
            writer = Statements(connection, self.tables)
            shop = value_of(writer.post_rows(STATE_TABLE, ("value",), {"name": SHOP_ID}))
            if not shop:
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
        """The shop's name for bridges: the one that it had before a back-up was restored, or a new one."""
        known = self.recall(SHOP_ID) or secrets.token_hex(16)
        self.remember(SHOP_ID, known)
        return known

    def _prune(self, now: datetime) -> None:
        """Once a day, delete the events of a certain age that every reader has taken, and the calls for them."""
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
            attempt(lambda before=first: self._delete(before), lambda: None, self.sleep)  # type: ignore[misc]
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
