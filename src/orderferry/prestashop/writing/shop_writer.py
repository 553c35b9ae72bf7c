"""A transaction that writes: statements, and what the feed of changes is to say of them."""

from __future__ import annotations

import sqlalchemy as sa

from orderferry.prestashop.database.own_tables import EVENT_TABLE
from orderferry.prestashop.database.statements import Statements
from orderferry.prestashop.database.tables import ShopTables
from orderferry.prestashop.feed.outbox import Outbox


class ShopWriter(Statements):
    """Statements of one transaction. `outbox` keeps its events, if the shop has the feed of changes."""

    def __init__(self, connection: sa.Connection, tables: ShopTables) -> None:
        super().__init__(connection, tables)
        self.outbox = Outbox(tables.has(EVENT_TABLE))
