"""An order's rows in the shop, for `show`: every table, personal columns masked."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from orderferry.prestashop.database.own_tables import MARKER_TABLE
from orderferry.prestashop.database.statements import Found, Statements
from orderferry.prestashop.database.values import Value, as_int, as_text

MASK = "***"
PERSONAL = frozenset(
    {
        *("firstname", "lastname", "company", "email", "address1", "address2", "postcode", "phone", "phone_mobile"),
        *("vat_number", "dni", "other", "gift_message", "message", "note", "passwd", "secure_key", "token"),
        *("reset_password_token", "siret", "ape", "birthday", "website", "ip_registration_newsletter"),
        *("invoice_address", "delivery_address", "employee_firstname", "employee_lastname"),
    }
)
_BY_ORDER = ("order_detail", "order_history", "order_carrier", "order_invoice", "order_cart_rule", "customer_thread")
_BY_ID: tuple[tuple[str, str, str], ...] = (
    ("customer", "id_customer", "id_customer"),
    ("address", "id_address", "id_address_delivery"),
    ("address", "id_address", "id_address_invoice"),
    ("cart", "id_cart", "id_cart"),
    ("cart_product", "id_cart", "id_cart"),
)
_CHILDREN: tuple[tuple[str, str, str], ...] = (
    ("order_detail", "order_detail_tax", "id_order_detail"),
    ("order_invoice", "order_invoice_tax", "id_order_invoice"),
    ("order_invoice", "order_invoice_payment", "id_order_invoice"),
    ("customer_thread", "customer_message", "id_customer_thread"),
)


def rows_of_order(writer: Statements, order_id: str) -> dict[str, list[dict[str, Any]]]:
    """Given an Amazon order id, return the rows of its order by table, masked; empty when there is no marker."""
    return {table: [masked(row) for row in rows] for table, rows in bare_rows(writer, order_id).items() if rows}


def bare_rows(writer: Statements, order_id: str) -> dict[str, list[Found]]:
    """Given an Amazon order id, return the rows of its order by table as they are: for programs, not for eyes."""
    markers = _all(writer, MARKER_TABLE, {"amazon_order_id": order_id})
    if not markers:
        return {}
    found: dict[str, list[Found]] = {MARKER_TABLE: markers}
    key = {"id_order": as_int(markers[0]["id_order"])}
    found["orders"] = _all(writer, "orders", key)
    for order in found["orders"]:
        for table in _BY_ORDER:
            found[table] = _all(writer, table, key)
        for table, column, named in _BY_ID:
            rows = _all(writer, table, {column: as_int(order[named])})
            found[table] = found.get(table, []) + [row for row in rows if row not in found.get(table, [])]
        found["order_payment"] = _all(writer, "order_payment", {"order_reference": as_text(order["reference"])})
        for parent, table, column in _CHILDREN:
            found[table] = [row for above in found[parent] for row in _all(writer, table, {column: above[column]})]
    return found


def masked(row: Mapping[Any, Any]) -> dict[str, Any]:
    """Given a row, return it with what is personal or secret masked."""
    return {key: MASK if key in PERSONAL and value not in (None, "") else value for key, value in row.items()}


def _all(writer: Statements, table: str, where: Mapping[str, Value]) -> list[Found]:
    return writer.rows(table, list(writer.tables.live[table].columns), where) if writer.has(table) else []
