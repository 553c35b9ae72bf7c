"""What of ours is in the shop already to book fees on, and whether the database user may make the rest."""

from __future__ import annotations

from collections.abc import Iterable

import sqlalchemy as sa

from orderferry.domain.orders import ProceedsType
from orderferry.prestashop.database.grants import parse_grants
from orderferry.prestashop.database.own_tables import STATE_TABLE
from orderferry.prestashop.database.tables import ShopTables
from orderferry.prestashop.database.values import as_int, as_text
from orderferry.prestashop.facts import FEE_STATES, ZERO_TAX_STATE, FeeKey, OwnThings

PRODUCT_TABLES = ("product", "product_lang", "product_shop", "stock_available")
TAX_TABLES = ("tax", "tax_lang")


def read_own_things(connection: sa.Connection, tables: ShopTables) -> OwnThings:
    """Given a shop, return our hidden products and our tax that still are there, and what may be made. At most four
    statements."""
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
    """Of the tables that ours would go into, those that the database user may insert into."""
    wanted = [name for name in (*PRODUCT_TABLES, *TAX_TABLES) if tables.has(name)]
    if connection.dialect.name == "sqlite":
        return frozenset(wanted)
    grants = parse_grants(map(as_text, connection.exec_driver_sql("SHOW GRANTS FOR CURRENT_USER()").scalars()))
    database = connection.engine.url.database or ""
    return frozenset(name for name in wanted if grants.allows("INSERT", database, tables.prefix + name))
