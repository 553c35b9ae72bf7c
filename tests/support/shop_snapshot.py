"""What must be the same whatever went wrong on the way: a shop's rows without ids and times, and the ledger's word."""

from __future__ import annotations

import contextlib
import re
import sqlite3
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from support.shop_database import ShopDatabase

# Ids of rows that a run makes (a transaction rolled back leaves a gap), random texts, and the moment of writing.
_MADE = (
    "id_customer id_address id_address_delivery id_address_invoice id_cart id_order id_order_detail id_order_invoice"
    " id_order_payment id_order_history id_order_carrier id_customer_thread id_customer_message id_stock_mvt"
    " id_order_cart_rule delivery_option last_address"
)
_RANDOM = "reference order_reference secure_key passwd token"
_TIMES = "date_add date_upd invoice_date delivery_date last_passwd_gen birthday"
_OF_EVENTS = "id_event data created"  # `flaws_of_feed` sees to them
_LEFT_OUT = frozenset(f"{_MADE} {_RANDOM} {_TIMES} {_OF_EVENTS}".split())
# Whose rows are no part of an order.
_OWN_BOOKS = frozenset({"orderferry_state"})
# Numbers follow the order in which orders were written (`flaws_of_orders` sees to them), and the seller's key holds the
# port of the simulator: of these only whether there is one.
_GIVEN = frozenset({"number", "delivery_number", "invoice_number", "seller"})
_MOMENT_OF_WRITING = re.compile(r"Imported: [-0-9]+ [:0-9]+")
Rows = list[tuple[str, ...]]


def shop_snapshot(shop: ShopDatabase, tables: Iterable[str]) -> dict[str, Rows]:
    """The rows of these tables (named without prefix), sorted, without what differs from run to run."""
    pictures: dict[str, Rows] = {}
    with shop.engine().connect() as connection:
        for table in sorted(set(tables) - _OWN_BOOKS):
            rows = connection.execute(sa.select(sa.text("*")).select_from(sa.table(shop.prefix + table))).mappings()
            pictures[table] = sorted(tuple(_told(k, v) for k, v in row.items() if k not in _LEFT_OUT) for row in rows)
    return pictures


def _told(column: str, value: Any) -> str:
    if column in _GIVEN:
        return f"{column}: {'yes' if value else 'no'}"
    return f"{column}={_MOMENT_OF_WRITING.sub('Imported: now', str(value))}"


def differences(found: Mapping[str, Rows], expected: Mapping[str, Rows]) -> list[str]:
    """What the one picture has and the other has not, in words."""
    told = []
    for table in sorted({*found, *expected}):
        left, right = list(found.get(table, [])), list(expected.get(table, []))
        for row in list(left):
            if row in right:
                left.remove(row)
                right.remove(row)
        told += [f"{table}: too much: {row}" for row in left] + [f"{table}: missing: {row}" for row in right]
    return [line[:1000] for line in told]


def ledger_snapshot(path: Path) -> dict[str, Any]:
    """Orders with their states, coverage, and what must not be left open; read past the program."""
    with contextlib.closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as connection:
        orders = connection.execute(
            "SELECT amazon_order_id, state, code, subject, amazon_status, given_up FROM orders ORDER BY 1"
        )
        spans = connection.execute(
            "SELECT marketplace_id, channel, basis, covered_from, covered_until FROM coverage ORDER BY 1, 2, 3, 4"
        )
        return {
            "orders": orders.fetchall(),
            "coverage": list(spans),
            "listings": connection.execute("SELECT COUNT(*) FROM listings").fetchone()[0],
            "claims": connection.execute("SELECT COUNT(*) FROM claims").fetchone()[0],
        }


def imported_in_ledger(path: Path) -> dict[str, int | None]:
    """The orders that the ledger says are in the shop, held ones among them, with their id_order there."""
    with contextlib.closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as connection:
        return dict(connection.execute("SELECT amazon_order_id, id_order FROM orders WHERE id_order IS NOT NULL"))


def flaws_of_orders(shop: ShopDatabase) -> list[str]:
    """What is not as it must be with our orders, in words: each has one marker, order, payment and invoice, all its
    parts, and nothing of an order is there without it."""
    found = [row for queries in (_EACH, _ALL) for row in shop.rows(queries)]
    told = [
        f"{row['amazon_order_id']}: {column} is {row[column]}, not {wanted}"
        for row in found[:-1]
        for column, wanted in _WANTED.items()
        if row[column] != wanted
    ]
    return told[:20] + [f"{count} {what}" for what, count in found[-1].items() if count]


# A row for each marker: how many there are of each thing that an order has, and whether they fit together.
_PER_ORDER = {
    "orders": "SELECT COUNT(*) FROM {p}orders x WHERE x.id_order = m.id_order AND x.reference = m.order_reference"
    " AND x.module = m.module",
    "markers": "SELECT COUNT(*) FROM {p}orderferry_order x WHERE x.id_order = m.id_order",
    "payments": "SELECT COUNT(*) FROM {p}order_payment x WHERE x.order_reference = o.reference"
    " AND x.transaction_id = m.amazon_order_id AND x.amount = o.total_paid",
    "carriers": "SELECT COUNT(*) FROM {p}order_carrier x WHERE x.id_order = m.id_order",
    "customers": "SELECT COUNT(*) FROM {p}customer x WHERE x.id_customer = o.id_customer",
    "addresses": "SELECT COUNT(*) FROM {p}address x WHERE x.id_address = o.id_address_delivery"
    " AND x.id_customer = o.id_customer",
    "carts": "SELECT COUNT(*) FROM {p}cart x WHERE x.id_cart = o.id_cart AND x.id_customer = o.id_customer",
    "invoices": "SELECT COUNT(*) FROM {p}order_invoice x WHERE x.id_order = m.id_order"
    " AND x.number = o.invoice_number AND x.number > 0",
    "lines": "SELECT COUNT(*) > 0 FROM {p}order_detail x WHERE x.id_order = m.id_order",
    "untaxed_lines": "SELECT COUNT(*) FROM {p}order_detail x LEFT JOIN {p}order_detail_tax t"
    " ON t.id_order_detail = x.id_order_detail WHERE x.id_order = m.id_order AND t.id_order_detail IS NULL",
    "last_history": "SELECT x.id_order_state = o.current_state FROM {p}order_history x WHERE x.id_order = m.id_order"
    " ORDER BY x.id_order_history DESC LIMIT 1",
}
_WANTED = {**dict.fromkeys(_PER_ORDER, 1), "untaxed_lines": 0}
_EACH = (
    "SELECT m.amazon_order_id, "
    + ", ".join(f"({query}) AS `{name}`" for name, query in _PER_ORDER.items())
    + " FROM {p}orderferry_order m LEFT JOIN {p}orders o ON o.id_order = m.id_order ORDER BY 1"
)
# One row: how often something is there that must not be.
_NEVER = {
    "orders without a marker": "SELECT COUNT(*) FROM {p}orders o LEFT JOIN {p}orderferry_order m"
    " ON m.id_order = o.id_order WHERE o.module = 'orderferry' AND m.id_order IS NULL",
    "invoice numbers given twice": "SELECT COUNT(*) - COUNT(DISTINCT number) FROM {p}order_invoice WHERE number > 0",
    "delivery numbers given twice": "SELECT COUNT(*) - COUNT(DISTINCT delivery_number) FROM {p}order_invoice"
    " WHERE delivery_number > 0",
    "invoice numbers left out": "SELECT COALESCE(MAX(number), 0) - COUNT(DISTINCT CASE WHEN number > 0 THEN number END)"
    " FROM {p}order_invoice",
    "delivery numbers left out": "SELECT COALESCE(MAX(delivery_number), 0)"
    " - COUNT(DISTINCT CASE WHEN delivery_number > 0 THEN delivery_number END) FROM {p}order_invoice",
    "references given twice": "SELECT COUNT(*) - COUNT(DISTINCT reference) FROM {p}orders",
    "Amazon ids paid twice": "SELECT COUNT(*) - COUNT(DISTINCT transaction_id) FROM {p}order_payment"
    " WHERE transaction_id <> ''",
    "guests without an order": "SELECT COUNT(*) FROM {p}customer c LEFT JOIN {p}orders o"
    " ON o.id_customer = c.id_customer WHERE c.is_guest = 1 AND o.id_order IS NULL",
    "addresses of nobody": "SELECT COUNT(*) FROM {p}address a LEFT JOIN {p}customer c ON c.id_customer = a.id_customer"
    " WHERE a.id_customer > 0 AND c.id_customer IS NULL",
    "carts of nobody": "SELECT COUNT(*) FROM {p}cart c LEFT JOIN {p}customer g ON g.id_customer = c.id_customer"
    " WHERE c.id_customer > 0 AND g.id_customer IS NULL",
    **{
        f"rows of {table} without an order": f"SELECT COUNT(*) FROM {{p}}{table} t LEFT JOIN {{p}}orders o"
        " ON o.id_order = t.id_order WHERE o.id_order IS NULL"
        for table in ("order_detail", "order_invoice", "order_carrier", "order_history", "order_invoice_payment")
    },
}
_ALL = "SELECT " + ", ".join(f"({query}) AS `{what}`" for what, query in _NEVER.items())
