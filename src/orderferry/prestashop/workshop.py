"""What a run needs of the shop as soon as there is an order in hand: look-ups, plans and their writing.

Kept apart from `shop.py`, and imported as one when the first order (or cause) is there: most runs find nothing new, and
these rooms are half of the program. As one, so that a program which is half replaced, or whose disk has gone, is
noticed before anything is written and never in the midst of an order's transaction.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

import sqlalchemy as sa

from orderferry.config.model import Settings
from orderferry.domain.orders import Order
from orderferry.domain.problems import Problem
from orderferry.domain.shopwork import Applied, Intent, Plan, ShopView
from orderferry.prestashop.database.database import ShopDatabase
from orderferry.prestashop.database.own_tables import STATE_TABLE
from orderferry.prestashop.database.tables import ShopTables
from orderferry.prestashop.facts import ShopFacts
from orderferry.prestashop.planning.framing import Bench
from orderferry.prestashop.planning.market import Market
from orderferry.prestashop.planning.plan_order import plan_order
from orderferry.prestashop.reading.catalog import CatalogReader
from orderferry.prestashop.reading.causes import CauseTester
from orderferry.prestashop.reading.other_importers import ForeignOrders
from orderferry.prestashop.reading.vat_by_amazon import STATE_NAME, new_proofs, notices_of, parse_proofs, proofs_text
from orderferry.prestashop.writing.shop_writer import ShopWriter
from orderferry.prestashop.writing.state_values import kept_value
from orderferry.prestashop.writing.transactions import Transactions

if TYPE_CHECKING:
    from orderferry.prestashop.feed.keeper import FeedKeeper


class Workshop:
    """Works on what `PrestashopShop.prepare` found; it holds as long as that does.

    `taxes_changed`: taxes in shop or configuration differ from those of the run before. `keeper`: the feed's, where
    there is one.
    """

    def __init__(
        self,
        settings: Settings,
        database: ShopDatabase,
        tables: ShopTables,
        facts: ShopFacts,
        foreign: ForeignOrders,
        *,
        sleep: Callable[[float], None],
        taxes_changed: bool,
        keeper: FeedKeeper | None,
    ) -> None:
        self._settings = settings
        self._tables = tables
        self._facts = facts
        self._taxed_by_amazon: dict[str, str] | None = None  # marketplace -> the order that proved it; None: not read
        self._reader = CatalogReader(tables, facts, settings, foreign)
        self._causes = CauseTester(settings, tables, facts, taxes_changed=taxes_changed)
        self._transactions = Transactions(database, tables, facts, sleep, keeper)

    def look(self, connection: sa.Connection, orders: Sequence[Order]) -> ShopView:
        """All look-ups for a page of orders."""
        catalog = self._reader.look(connection, orders)
        if self._taxed_by_amazon is None:
            self._taxed_by_amazon = self._kept_proofs(connection)
        found = new_proofs(orders, self._taxed_by_amazon, self._settings, self._facts)
        self._taxed_by_amazon.update(found)
        return ShopView(catalog.markers, catalog.foreign, catalog, notices_of(found))

    @property
    def vat_by_amazon(self) -> tuple[str, str]:
        """Where Amazon calculates the VAT, as it is kept in the shop: under which name, and what."""
        return STATE_NAME, proofs_text(self._taxed_by_amazon or {})

    def _kept_proofs(self, connection: sa.Connection) -> dict[str, str]:
        if not self._tables.has(STATE_TABLE):
            return {}
        return parse_proofs(kept_value(ShopWriter(connection, self._tables), STATE_NAME))

    def plan(self, order: Order, intent: Intent, view: ShopView, market: Market, now: datetime) -> Plan | Problem:
        """Everything that would be written for this order, or why it can't be."""
        bench = Bench(self._settings, self._facts, view.catalog, frozenset(self._taxed_by_amazon or ()))
        return plan_order(order, intent, market, bench, now)

    def apply(self, plan: Plan, now: datetime) -> Applied | Problem:
        """Write a plan in one transaction."""
        return self._transactions.apply(plan, now)

    def causes_gone(self, connection: sa.Connection, problems: Sequence[Problem]) -> Sequence[bool]:
        """For each stored problem, whether its order is worth another try."""
        return self._causes.gone(connection, problems)
