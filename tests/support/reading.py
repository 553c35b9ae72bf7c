"""Opening a seeded shop the way the program does, and counting the statements that it sends."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import sqlalchemy as sa

from orderferry.config.model import PrestashopSettings, Secret
from orderferry.prestashop.database.database import ShopDatabase as Database
from orderferry.prestashop.database.live_schema import read_tables, refuse_unfit
from orderferry.prestashop.database.own_tables import ensure_tables
from orderferry.prestashop.database.tables import ShopTables
from orderferry.prestashop.facts import ShopFacts
from orderferry.prestashop.reading.shop_facts import read_shop_facts
from support.shop_database import ShopDatabase


def settings_for(url: str | sa.URL, prefix: str = "ps_", timeout: float = 30) -> PrestashopSettings:
    """[prestashop] for a complete URL."""
    made = sa.make_url(url)
    location = f"{made.host}:{made.port}/{made.database}" if made.host else str(made.database)
    return PrestashopSettings(
        Secret(made.render_as_string(hide_password=False)), location, prefix, timedelta(seconds=timeout)
    )


@dataclass
class OpenShop:
    """A shop with its facts read and our tables made."""

    database: Database
    tables: ShopTables
    facts: ShopFacts


@contextmanager
def opened(shop: ShopDatabase) -> Iterator[OpenShop]:
    """Open a seeded shop as a run does at its start."""
    database = Database(settings_for(shop.url, shop.prefix))
    try:
        with database.reading("reading the shop's tables") as connection:
            tables = read_tables(connection, shop.prefix)
            refuse_unfit(connection, tables, database.access)
            tables = ensure_tables(connection, tables, database.access)
            facts = read_shop_facts(connection, tables)
        yield OpenShop(database, tables, facts)
    finally:
        database.close()


@contextmanager
def statements(engine: sa.Engine) -> Iterator[list[str]]:
    """The statements that are sent while within, but for SQLite's BEGIN (MySQL begins by itself)."""
    sent: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        if not statement.startswith("BEGIN"):
            sent.append(statement)

    sa.event.listen(engine, "before_cursor_execute", note)
    try:
        yield sent
    finally:
        sa.event.remove(engine, "before_cursor_execute", note)
