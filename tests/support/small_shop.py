"""A shop in memory that has just the tables, columns and rows that a test states."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import sqlalchemy as sa

from orderferry.prestashop.database.live_schema import read_tables
from orderferry.prestashop.database.tables import ShopTables

Records = Sequence[Mapping[str, Any]]


@contextmanager
def small_shop(**tables: Records | str) -> Iterator[tuple[sa.Connection, ShopTables]]:
    """Open a shop with these tables: rows with the same columns, or the columns of an empty table as text."""
    engine = sa.create_engine("sqlite://", poolclass=sa.StaticPool)
    with engine.connect() as connection:
        for name, rows in tables.items():
            columns = rows.split() if isinstance(rows, str) else list(rows[0])
            listed = ", ".join(f'"{column}"' for column in columns)
            connection.exec_driver_sql(f'CREATE TABLE "ps_{name}" ({listed})')
            if not isinstance(rows, str):
                marks = ", ".join("?" * len(columns))
                values = [tuple(row[column] for column in columns) for row in rows]
                connection.exec_driver_sql(f'INSERT INTO "ps_{name}" ({listed}) VALUES ({marks})', values)
        yield connection, read_tables(connection, "ps_", tables)
    engine.dispose()


def records(columns: str, *rows: Sequence[Any]) -> list[dict[str, Any]]:
    """Return rows from the names of their columns and the values of each."""
    names = columns.split()
    return [dict(zip(names, row, strict=True)) for row in rows]


# A marker with all its columns.
MARKER_ROW: dict[str, Any] = {
    "amazon_order_id": "402-0000000-0000001",
    "id_order": 7,
    "order_reference": "ABCDEFGHI",
    "module": "orderferry",
    "marketplace_id": "APJ6JRA9NG5V4",
    "channel": "fba",
    "amazon_updated": "2026-11-22 19:30:01.250",
    "digest_version": 1,
    "digest_state": "a",
    "digest_lines": "b",
    "digest_address": "c",
    "digest_tracking": "d",
    "digest_totals": "e",
    "last_state": 4,
    "last_told": "told",
    "adopted": 0,
    "seller": "S1",
    "date_add": "2026-11-23 07:12:35.999",
    "date_upd": "2026-11-23 07:12:35.999",
}

# Two shops with a product, one in two combinations, a pack, and a product that no shop lists.
PRODUCT = (
    "id_product id_supplier reference supplier_reference ean13 upc isbn mpn weight cache_is_pack id_tax_rules_group "
    "wholesale_price active ecotax"
)
IN_SHOP = "id_product id_shop id_tax_rules_group wholesale_price active ecotax pack_stock_type"
COMBINATION = "id_product_attribute id_product reference supplier_reference ean13 upc isbn mpn"
COMBINATION_IN_SHOP = "id_product_attribute id_product id_shop weight wholesale_price ecotax"
SUPPLIER = "id_product id_product_attribute id_supplier product_supplier_reference product_supplier_price_te"
STOCK = "id_product id_product_attribute id_shop id_shop_group quantity depends_on_stock"
PRODUCT_TABLES: dict[str, Any] = {
    "product": records(
        PRODUCT,
        (1, 4, "MUG", "S-MUG", "400", "036", "978", "M-1", "0.300", 0, 9, 9, 0, 9),
        (3, 0, "SHIRT", "S-SHIRT", "401", "037", "979", "M-3", "0.200", 0, 2, 4, 1, 0.1),
        (5, 0, "SET", "", "", "", "", "", 1, 1, 1, 2, 1, 0),
        (6, 0, "UNLISTED", "", "", "", "", "", 1, 0, 7, 6, 1, 0.5),
    ),
    "product_shop": records(
        IN_SHOP,
        (1, 1, 1, "5.49", 1, 0.25, 3),
        (1, 2, 8, 5, 1, 0, 3),
        (3, 1, 2, 4, 1, 0.1, 3),
        (5, 1, 1, 2, 1, 0, 1),
    ),
    "product_lang": records(
        "id_product id_shop id_lang name",
        (1, 1, 2, "Mug"),
        (1, 1, 1, "Tazza"),
        (1, 1, 3, ""),
        (1, 2, 1, "Tazza 2"),
        (3, 1, 1, "Maglia"),
        (3, 1, 2, "Shirt"),
        (5, 1, 2, "Set"),
    ),
    "product_attribute": records(
        COMBINATION,
        (31, 3, "SHIRT-S", "S-SHIRT-S", "402", "038", "970", "M-31"),
        (32, 3, "", "", "", "", "", ""),
    ),
    "product_attribute_shop": records(COMBINATION_IN_SHOP, (31, 3, 1, "0.050", "4.50", 0.2), (32, 3, 1, 0, 0, 0)),
    "product_attribute_combination": records("id_product_attribute id_attribute", (31, 11), (31, 12), (32, 13)),
    "attribute": records("id_attribute id_attribute_group position", (11, 1, 1), (12, 2, 0), (13, 1, 0)),
    "attribute_group": records("id_attribute_group position", (1, 1), (2, 0)),
    "attribute_lang": records(
        "id_attribute id_lang name", (11, 1, "Piccola"), (11, 2, "S"), (12, 1, "Rosso"), (13, 1, "Grande")
    ),
    "attribute_group_lang": records(
        "id_attribute_group id_lang public_name", (1, 1, "Taglia"), (1, 2, "Size"), (2, 1, "Colore")
    ),
    "product_supplier": records(SUPPLIER, (1, 0, 4, "OWN-MUG", "4.20"), (1, 0, 5, "OTHER", 9), (3, 31, 4, "GONE", 1)),
    "stock_available": records(
        STOCK, (1, 0, 1, 0, 12, 1), (1, 0, 0, 2, 7, 0), (3, 31, 1, 0, 4, 0), (3, 0, 1, 0, 4, 0), (5, 0, 1, 0, "3", 0)
    ),
    "pack": records("id_product_pack id_product_item id_product_attribute_item quantity", (5, 3, 31, 1), (5, 1, 0, 2)),
}
