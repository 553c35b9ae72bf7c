"""`check` on stock that orderferry does not write: warehouses of PrestaShop's advanced stock management (up to 1.7)."""

from __future__ import annotations

from collections.abc import Iterator

import sqlalchemy as sa

from orderferry.domain.check_result import CheckResult, warning
from orderferry.prestashop.database.tables import ShopTables
from orderferry.prestashop.database.values import as_int
from orderferry.prestashop.facts import ShopFacts


def check_stock(connection: sa.Connection, tables: ShopTables, facts: ShopFacts) -> Iterator[CheckResult]:
    """How many products would hold their orders; nothing where there are none."""
    if facts.setting("PS_ADVANCED_STOCK_MANAGEMENT", None, "0") != "1":
        return
    stock = tables["stock_available"]
    count = sa.select(sa.func.count(sa.distinct(stock.c.id_product))).where(stock.c.depends_on_stock == 1)
    products = as_int(connection.execute(count).scalar())
    if products:
        yield warning(
            "advanced-stock",
            f"{products} products keep their stock in warehouses (advanced stock management), which orderferry does "
            "not write: orders of them are held.",
            "Let their quantities be set by hand (a product's tab Quantities), or switch advanced stock management "
            "off.",
        )
