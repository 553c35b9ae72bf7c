"""The floor for writing orders: PyMySQL and nothing else, one INSERT a row, one transaction an order.

The rows are those that an import wrote into another shop, ids included, so that nothing has to be thought of or read
back. What an importer changes in rows that are there already (stock, sales) is left out here.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from support.bare_driver import bare_connection
from support.shop_database import ShopDatabase

# Table, and how its rows are joined to the orders they belong to (the alias of the table is t).
_OF_ORDER: tuple[tuple[str, str], ...] = (
    ("orderferry_order", "t.id_order = o.id_order"),
    ("customer", "t.id_customer = o.id_customer"),
    ("customer_group", "t.id_customer = o.id_customer"),
    ("address", "t.id_customer = o.id_customer"),
    ("cart", "t.id_cart = o.id_cart"),
    ("cart_product", "t.id_cart = o.id_cart"),
    ("orders", "t.id_order = o.id_order"),
    ("order_invoice", "t.id_order = o.id_order"),
    ("order_detail", "t.id_order = o.id_order"),
    (
        "order_detail_tax",
        "t.id_order_detail IN (SELECT d.id_order_detail FROM {p}order_detail d WHERE d.id_order = o.id_order)",
    ),
    (
        "order_invoice_tax",
        "t.id_order_invoice IN (SELECT i.id_order_invoice FROM {p}order_invoice i WHERE i.id_order = o.id_order)",
    ),
    ("order_payment", "t.order_reference = o.reference"),
    ("order_invoice_payment", "t.id_order = o.id_order"),
    ("order_history", "t.id_order = o.id_order"),
    ("order_carrier", "t.id_order = o.id_order"),
    ("order_cart_rule", "t.id_order = o.id_order"),
    ("customer_thread", "t.id_order = o.id_order"),
    (
        "customer_message",
        "t.id_customer_thread IN (SELECT c.id_customer_thread FROM {p}customer_thread c WHERE c.id_order = o.id_order)",
    ),
    ("stock_mvt", "t.id_order = o.id_order"),
)


@dataclass(frozen=True, slots=True)
class Row:
    """One row to insert."""

    statement: str
    values: tuple[Any, ...]


def written_rows(database: ShopDatabase) -> list[list[Row]]:
    """Given a shop that an import has filled, return the rows of each imported order."""
    by_order: dict[int, list[Row]] = defaultdict(list)
    for table, belongs in _OF_ORDER:
        join = belongs.replace("{p}", database.prefix)
        query = (
            f"SELECT o.id_order AS order_of_row, t.* FROM {database.prefix}{table} t"
            f" JOIN {database.prefix}orders o ON {join} WHERE o.module = 'orderferry'"
        )
        for row in _rows(database, query):
            by_order[row["order_of_row"]].append(_row(database.prefix + table, row))
    return [by_order[id_order] for id_order in sorted(by_order)]


def bare_loop(database: ShopDatabase, orders: Sequence[Sequence[Row]], port: int | None = None) -> None:
    """Insert the rows of all orders, one statement a row, and commit after each order."""
    connection = bare_connection(database.url, port=port)
    with connection, connection.cursor() as cursor:
        cursor.execute("SET SESSION sql_mode = 'STRICT_TRANS_TABLES', time_zone = '+00:00'")
        cursor.execute("SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED")
        for rows in orders:
            for row in rows:
                cursor.execute(row.statement, row.values)
            connection.commit()


def _row(table: str, row: Mapping[str, Any]) -> Row:
    columns = [name for name in row if name != "order_of_row"]
    named = ", ".join(f"`{name}`" for name in columns)
    marks = ", ".join(["%s"] * len(columns))
    return Row(f"INSERT INTO `{table}` ({named}) VALUES ({marks})", tuple(row[name] for name in columns))


def _rows(database: ShopDatabase, query: str) -> Iterator[Mapping[str, Any]]:
    with database.engine().connect() as connection:
        yield from connection.exec_driver_sql(query).mappings()
