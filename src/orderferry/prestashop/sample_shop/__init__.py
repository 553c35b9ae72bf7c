"""A sample PrestaShop shop in an empty database, with the real tables of a version: for the demo and the tests."""

from __future__ import annotations

import sqlalchemy as sa

from orderferry.prestashop.sample_shop.catalog_rows import catalog_rows
from orderferry.prestashop.sample_shop.schema import VERSIONS, create_statements, insert_rows, load_tables
from orderferry.prestashop.sample_shop.seed import (
    DEFAULT_PRODUCTS,
    DEFAULT_SKUS,
    MULTISHOP,
    CombinationSeed,
    ProductSeed,
    ShopGroupSeed,
    ShopSeed,
    ShopUnitSeed,
    plain_products,
)
from orderferry.prestashop.sample_shop.shop_rows import setting_rows, shop_rows
from orderferry.prestashop.sample_shop.trade_rows import (
    carrier_rows,
    currency_rows,
    order_state_rows,
    place_rows,
    tax_rows,
)

__all__ = [
    "DEFAULT_PRODUCTS",
    "DEFAULT_SKUS",
    "DEFAULT_VERSION",
    "MULTISHOP",
    "VERSIONS",
    "CombinationSeed",
    "ProductSeed",
    "ShopGroupSeed",
    "ShopSeed",
    "ShopUnitSeed",
    "create_shop",
    "create_statements",
    "load_tables",
    "plain_products",
]

DEFAULT_VERSION = "8.2.1"


def create_shop(
    engine: sa.Engine, version: str = DEFAULT_VERSION, prefix: str = "ps_", seed: ShopSeed | None = None
) -> None:
    """Create and fill a shop of that version in an empty MySQL, MariaDB or SQLite database.

    `seed` None: the default one. Raise ValueError for a version without schema data.
    """
    tables = load_tables(version)
    seed = seed or ShopSeed()
    is_sqlite = engine.dialect.name == "sqlite"
    with engine.begin() as connection:
        if not is_sqlite:
            # Old versions have zero dates as defaults; nothing else is let through.
            connection.exec_driver_sql("SET SESSION sql_mode = 'STRICT_TRANS_TABLES'")
        for statement in create_statements(tables.values(), "sqlite" if is_sqlite else "mysql", prefix):
            connection.exec_driver_sql(statement)
        for groups in (
            setting_rows(seed, version),
            shop_rows(seed),
            place_rows(seed),
            currency_rows(seed),
            tax_rows(seed),
            carrier_rows(seed),
            order_state_rows(seed),
            catalog_rows(seed),
        ):
            insert_rows(connection, tables, prefix, groups, seed.created_text)
        if not is_sqlite:
            connection.exec_driver_sql("SET SESSION sql_mode = DEFAULT")
