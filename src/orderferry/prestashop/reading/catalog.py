"""Prefetch everything that planning a page of orders needs, in a bounded number of statements.

Products, markers, other importers' orders, accounts, free references, and our own products for fees. Also whether the
cause that held an order is gone: its SKU exists now, its currency was added, a tax was named.
"""

from __future__ import annotations

import string
from collections.abc import Collection, Iterable, Mapping, Sequence

import sqlalchemy as sa

from orderferry.config.model import Settings
from orderferry.domain.marketplaces import marketplace_code
from orderferry.domain.orders import Order, ProceedsType
from orderferry.domain.problems import Problem, ProblemCode
from orderferry.errors import ShopUnfit
from orderferry.prestashop.database.own_tables import STATE_TABLE
from orderferry.prestashop.database.rights import Grants
from orderferry.prestashop.database.tables import ShopTables, chunks
from orderferry.prestashop.database.values import as_int, as_text, random_text
from orderferry.prestashop.facts import FEE_STATES, ZERO_TAX_STATE, Catalog, FeeKey, OwnThings, ShopFacts
from orderferry.prestashop.planning.addresses import resolve_country
from orderferry.prestashop.planning.order_lines import is_kept_in_warehouses
from orderferry.prestashop.planning.resolve_mappings import shop_of
from orderferry.prestashop.reading.markers import read_marked
from orderferry.prestashop.reading.other_importers import ForeignOrders
from orderferry.prestashop.reading.products import ProductFinder

FIXED = "fixed"
LENGTH = 9  # orders.reference
PRODUCT_TABLES = ("product", "product_lang", "product_shop", "stock_available")
TAX_TABLES = ("tax", "tax_lang")
_SKU_CODES = frozenset({ProblemCode.UNKNOWN_SKU, ProblemCode.AMBIGUOUS_SKU, ProblemCode.ADVANCED_STOCK})


class CatalogReader:
    """Prefetches for the pages of one run. Writes nothing."""

    def __init__(self, tables: ShopTables, facts: ShopFacts, settings: Settings, foreign: ForeignOrders) -> None:
        self._tables = tables
        self._facts = facts
        self._settings = settings
        self._foreign = foreign
        self._products = ProductFinder(tables, facts, settings.products)
        self._shops: dict[str, int] = {}
        self._own: OwnThings | None = None
        self._accounts: Mapping[str, int] | None = None

    def prefetch(self, connection: sa.Connection, orders: Sequence[Order]) -> Catalog:
        """Return everything that planning the orders of a page needs.

        Raise ShopUnfit when the configuration names a shop or an account that is not there.
        """
        order_ids = [order.order_id for order in orders]
        markers, shop_orders = read_marked(connection, self._tables, order_ids)
        unmarked = [order_id for order_id in order_ids if order_id not in markers]
        gone = [order_id for order_id, marker in markers.items() if not marker.order_stands]
        return Catalog(
            products=self._products.find(connection, self._wanted(orders)),
            markers=markers,
            foreign=self._foreign.find(connection, self._tables, unmarked),
            customers=self._customers(connection),
            shop_orders=shop_orders,
            references=draw_references(connection, self._tables, [*unmarked, *gone]),
            own=self._own_things(connection),
        )

    def _shop_of(self, marketplace_id: str) -> int:
        """Return the id_shop that a marketplace's orders go into."""
        code = marketplace_code(marketplace_id)
        if code not in self._shops:
            self._shops[code] = shop_of(self._facts, self._settings, code).id
        return self._shops[code]

    def _own_things(self, connection: sa.Connection) -> OwnThings:
        """Return our products and tax, read once a run: what is made later is found when it is needed."""
        if self._own is None:
            self._own = read_own_things(connection, self._tables)
        return self._own

    def _wanted(self, orders: Sequence[Order]) -> set[tuple[int, str]]:
        wanted = {(self._shop_of(order.marketplace_id), item.sku) for order in orders for item in order.items}
        products = self._settings.products
        named = set(products.fee_references)
        if products.unknown == "placeholder" and products.placeholder:
            named.add(products.placeholder)
        wanted |= {(id_shop, reference) for id_shop, _ in list(wanted) for reference in named}
        return wanted

    def _customers(self, connection: sa.Connection) -> Mapping[str, int]:
        """Return the accounts of customers.mode = "fixed" by the configured word, and the shop-wide one as `fixed`.

        They are read once a run.
        """
        if self._accounts is None:
            markets = [market.customers for market in self._settings.marketplaces.values()]
            fixed = [customers.account for customers in (self._settings.customers, *markets) if customers.mode == FIXED]
            found = dict(find_accounts(connection, self._tables, sorted(set(fixed)))) if fixed else {}
            if fixed:
                found[FIXED] = found[fixed[0]]
            self._accounts = found
        return self._accounts


def draw_references(connection: sa.Connection, tables: ShopTables, order_ids: Sequence[str]) -> dict[str, str]:
    """Return a reference for each Amazon order id: nine random capitals that no order of the shop has.

    PrestaShop itself does not check that. One statement for 500 orders; the column is indexed in every version.
    """
    column = tables["orders"].c.reference
    drawn: dict[str, str] = {}
    for some in chunks(order_ids):
        missing = list(some)
        while missing:
            drawn |= {order_id: random_text(string.ascii_uppercase, LENGTH) for order_id in missing}
            query = sa.select(column).where(column.in_([drawn[order_id] for order_id in missing]))
            taken = {as_text(reference) for reference in connection.execute(query).scalars()}
            missing = [order_id for order_id in missing if drawn[order_id] in taken]
    return drawn


def find_accounts(connection: sa.Connection, tables: ShopTables, words: Collection[str]) -> Mapping[str, int]:
    """Return the id_customer of each value of customers.account: an id, or an e-mail address's oldest account.

    Raise ShopUnfit when one names no account of the shop.
    """
    customer = tables["customer"]
    ids = sorted(int(word) for word in words if word.isdecimal())
    found: dict[str, int] = {}
    if ids:
        query = sa.select(customer.c.id_customer).where(customer.c.id_customer.in_(ids), customer.c.deleted == 0)
        found |= {str(as_int(id_)): as_int(id_) for id_ in connection.execute(query).scalars()}
    emails = sorted({word.strip().lower() for word in words if not word.isdecimal()})
    if emails:
        rows = connection.execute(
            sa.select(customer.c.email, customer.c.id_customer)
            .where(customer.c.email.in_(emails), customer.c.deleted == 0)
            .order_by(customer.c.id_customer.desc())
        )
        found |= {as_text(email).strip().lower(): as_int(id_customer) for email, id_customer in rows}
    accounts = {word: found.get(word.strip().lower()) for word in words}
    missing = next((word for word, id_customer in accounts.items() if not id_customer), None)
    if missing is not None:
        named = f"{missing}" if missing.isdecimal() else "the configured e-mail address"
        raise ShopUnfit(
            f"customers.account: the shop has no customer {named}.",
            hint="Write the id or the e-mail address of an account of the shop, or choose another customers.mode.",
        )
    return {word: id_customer for word, id_customer in accounts.items() if id_customer}


def read_own_things(connection: sa.Connection, tables: ShopTables) -> OwnThings:
    """Return our hidden products and our tax that still exist, and what may be made. At most four statements."""
    kept = _kept(connection, tables)
    products = {key: id_ for name, id_ in kept.items() if (key := _key_of(name)) is not None}
    there = _existing(connection, tables, "product", products.values())
    taxes = _existing(connection, tables, "tax", [kept.get(ZERO_TAX_STATE, 0)])
    allowed = _insertable(connection, tables)
    return OwnThings(
        products={key: id_ for key, id_ in products.items() if id_ in there},
        zero_tax=next(iter(taxes), 0),
        may_make_products=allowed.issuperset(PRODUCT_TABLES),
        may_make_taxes=allowed.issuperset(TAX_TABLES),
    )


def _kept(connection: sa.Connection, tables: ShopTables) -> dict[str, int]:
    if not tables.has(STATE_TABLE):
        return {}
    table = tables[STATE_TABLE]
    named = sa.or_(table.c.name.like(f"{FEE_STATES}%"), table.c.name == ZERO_TAX_STATE)
    rows = connection.execute(sa.select(table.c.name, table.c.value).where(named))
    return {as_text(name): as_int(value) for name, value in rows}


def _key_of(state_name: str) -> FeeKey | None:
    parts = state_name.removeprefix(FEE_STATES).split(":")
    if not state_name.startswith(FEE_STATES) or len(parts) != 2 or parts[0].upper() not in ProceedsType.__members__:
        return None
    return FeeKey(ProceedsType[parts[0].upper()], as_int(parts[1]))


def _existing(connection: sa.Connection, tables: ShopTables, name: str, ids: Iterable[int]) -> set[int]:
    wanted = sorted(set(ids) - {0})
    if not wanted:
        return set()
    column = tables[name].c[f"id_{name}"]
    return {as_int(one) for one in connection.execute(sa.select(column).where(column.in_(wanted))).scalars()}


def _insertable(connection: sa.Connection, tables: ShopTables) -> frozenset[str]:
    """Return the tables for our products and our tax that the database user may insert into."""
    wanted = [name for name in (*PRODUCT_TABLES, *TAX_TABLES) if tables.has(name)]
    if connection.dialect.name == "sqlite":
        return frozenset(wanted)
    grants = Grants(map(as_text, connection.exec_driver_sql("SHOW GRANTS FOR CURRENT_USER()").scalars()))
    database = connection.engine.url.database or ""
    return frozenset(name for name in wanted if grants.allows("INSERT", database, tables.prefix + name))


def causes_gone(
    connection: sa.Connection,
    tables: ShopTables,
    facts: ShopFacts,
    settings: Settings,
    problems: Sequence[Problem],
    *,
    taxes_changed: bool,
) -> list[bool]:
    """Return for each stored problem of a held order whether its cause seems to be gone.

    `taxes_changed`: taxes in shop or configuration differ from those of the run before.
    """
    skus = {problem.subject for problem in problems if problem.code in _SKU_CODES}
    found = _sellable(connection, tables, facts, settings, skus) if skus else frozenset[str]()

    def is_gone(problem: Problem) -> bool:
        if problem.code in _SKU_CODES:
            lenient = problem.code is ProblemCode.UNKNOWN_SKU and settings.products.unknown != "hold"
            return problem.subject in found or lenient
        if problem.code is ProblemCode.UNMAPPED_CURRENCY:
            return problem.subject.upper() in facts.currencies
        if problem.code is ProblemCode.UNKNOWN_COUNTRY:
            return resolve_country(facts, problem.subject) is not None
        return problem.code is ProblemCode.NO_VAT_RATE and taxes_changed

    return list(map(is_gone, problems))


def _sellable(
    connection: sa.Connection, tables: ShopTables, facts: ShopFacts, settings: Settings, skus: Collection[str]
) -> frozenset[str]:
    """Return the SKUs that mean exactly one product, which can be sold, in a shop of one of the marketplaces."""
    shops = {shop_of(facts, settings, marketplace.code).id for marketplace in settings.amazon.marketplaces}
    finder = ProductFinder(tables, facts, settings.products)
    matches = finder.find(connection, {(id_shop, sku) for id_shop in shops for sku in skus})
    return frozenset(
        sku
        for (id_shop, sku), products in matches.items()
        if len(products) == 1 and not is_kept_in_warehouses(products[0], facts.shops[id_shop], facts)
    )
