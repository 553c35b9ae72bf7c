"""All look-ups for a page of orders, in a number of statements that does not depend on how many orders it has."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import sqlalchemy as sa

from orderferry.config.model import CustomersSettings, Settings
from orderferry.domain.marketplaces import marketplace_code
from orderferry.domain.orders import Order
from orderferry.prestashop.database.tables import ShopTables
from orderferry.prestashop.facts import Catalog, OwnThings, ShopFacts
from orderferry.prestashop.planning.resolve_mappings import resolve_shop
from orderferry.prestashop.reading.accounts_in_shop import find_accounts
from orderferry.prestashop.reading.marker_table import read_marked
from orderferry.prestashop.reading.other_importers import ForeignOrders
from orderferry.prestashop.reading.own_things import read_own_things
from orderferry.prestashop.reading.products import ProductFinder
from orderferry.prestashop.reading.references import draw_references

FIXED = "fixed"


class CatalogReader:
    """Made once a run. Its look-ups write nothing."""

    def __init__(self, tables: ShopTables, facts: ShopFacts, settings: Settings, foreign: ForeignOrders) -> None:
        self._tables = tables
        self._facts = facts
        self._settings = settings
        self._foreign = foreign
        self._products = ProductFinder(tables, facts, settings.products)
        self._shops: dict[str, int] = {}
        self._own: OwnThings | None = None
        self._accounts: Mapping[str, int] | None = None

    def look(self, connection: sa.Connection, orders: Sequence[Order]) -> Catalog:
        """Given the orders of a page, return everything that the shop knows about them.

        Raise ShopUnfit when the configuration names a shop or an account that is not there.
        """
        order_ids = [order.order_id for order in orders]
        marked = read_marked(connection, self._tables, order_ids)
        unmarked = [order_id for order_id in order_ids if order_id not in marked.markers]
        gone = [order_id for order_id, marker in marked.markers.items() if not marker.order_stands]
        return Catalog(
            products=self._products.find(connection, self._wanted(orders)),
            markers=marked.markers,
            foreign=self._foreign.find(connection, self._tables, unmarked),
            customers=self._customers(connection),
            standing=marked.standing,
            references=draw_references(connection, self._tables, [*unmarked, *gone]),
            own=self._own_things(connection),
        )

    def shop_of(self, marketplace_id: str) -> int:
        """The id_shop that a marketplace's orders go into."""
        code = marketplace_code(marketplace_id)
        if code not in self._shops:
            word = self._settings.marketplace(code).shop
            self._shops[code] = resolve_shop(self._facts, word, key=f"marketplace.{code}.shop").id
        return self._shops[code]

    def _own_things(self, connection: sa.Connection) -> OwnThings:
        """What of ours is there to book fees on, read once a run: what is made later is found when it is needed."""
        if self._own is None:
            self._own = read_own_things(connection, self._tables)
        return self._own

    def _wanted(self, orders: Sequence[Order]) -> set[tuple[int, str]]:
        wanted = {(self.shop_of(order.marketplace_id), item.sku) for order in orders for item in order.items}
        products = self._settings.products
        named = set(products.fee_references)
        if products.unknown == "placeholder" and products.placeholder:
            named.add(products.placeholder)
        wanted |= {(id_shop, reference) for id_shop, _ in list(wanted) for reference in named}
        return wanted

    def _customers(self, connection: sa.Connection) -> Mapping[str, int]:
        """The accounts of customers.mode = "fixed", read once a run: by the configured word, the shop-wide one also
        as `fixed`."""
        if self._accounts is None:
            markets = [market.customers for market in self._settings.marketplaces.values()]
            fixed = [customers.account for customers in (self._settings.customers, *markets) if _is_fixed(customers)]
            found = dict(find_accounts(connection, self._tables, sorted(set(fixed)))) if fixed else {}
            if fixed:
                found[FIXED] = found[fixed[0]]
            self._accounts = found
        return self._accounts


def _is_fixed(customers: CustomersSettings) -> bool:
    return customers.mode == FIXED
