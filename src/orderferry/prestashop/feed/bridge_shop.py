"""The shop as `bridge` uses it: how the feed stands, and the name by which a bridge knows its own shop."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from datetime import datetime

from orderferry.config.model import Settings
from orderferry.domain.feed import Feed, FeedState
from orderferry.prestashop.database.database import ShopDatabase, attempt
from orderferry.prestashop.database.live_schema import read_tables, refuse_unfit
from orderferry.prestashop.database.own_tables import (
    EVENT_TABLE_NAMES,
    STATE_TABLE,
    ensure_tables,
    locked_value,
    store_value,
)
from orderferry.prestashop.database.statements import Statements
from orderferry.prestashop.database.tables import ShopTables, wanted_tables
from orderferry.prestashop.facts import Table
from orderferry.prestashop.feed.keeper import SHOP_ID
from orderferry.prestashop.feed.reading import read_calls, read_feed


class BridgeShop:
    """One PrestaShop database. `recall`: the ledger's memory. Raise ShopUnavailable or ShopUnfit."""

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
        """How the feed and its readers stand; None where its tables are not there. Writes nothing."""
        tables = ShopTables(self._prefix, self._live())
        if not all(tables.has(name) for name in (STATE_TABLE, *EVENT_TABLE_NAMES)):
            return None
        with self._database.reading("looking at the feed of changes") as connection:
            return read_feed(connection, tables)

    def state(self, now: datetime) -> FeedState:
        """How the feed stands, its readers, and what became of the bridge's calls. Writes nothing."""
        feed = self.feed()
        if feed is None:
            return FeedState(self._settings.events_enabled, there=False)
        tables = ShopTables(self._prefix, self._live())
        with self._database.reading("looking at the bridge's calls") as connection:
            return FeedState(self._settings.events_enabled, True, feed, read_calls(connection, tables, now))

    def shop_id(self) -> str:
        """The name by which a bridge knows this shop, given to it now if it has none. Our own tables are made where
        they are missing."""
        live, access = self._live(), self._database.access
        with self._database.reading("looking at orderferry's own tables") as connection:
            events = self._settings.events_enabled
            live = ensure_tables(connection, self._prefix, live, access, events=events)
        tables = ShopTables(self._prefix, live)

        def settle() -> str:
            """Under the row's lock, so that two at once give one name; the ledger's copy outlives a lost table."""
            with self._database.writing("giving the shop a name for its bridge") as connection:
                writer = Statements(connection, tables)
                known = locked_value(writer, SHOP_ID)
                if not known:
                    known = self._recall(SHOP_ID) or secrets.token_hex(16)
                    store_value(writer, SHOP_ID, known)
                return known

        return attempt(settle, lambda: None, self._sleep).result

    def close(self) -> None:
        """Give everything back."""
        self._database.close()

    def _live(self) -> Mapping[str, Table]:
        if not self._tables:
            with self._database.reading("looking at the shop's tables") as connection:
                self._tables = read_tables(connection, self._prefix, wanted_tables(events=True))
                refuse_unfit(connection, self._prefix, self._tables, self._database.access)
        return self._tables
