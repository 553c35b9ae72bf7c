"""A private message on an order that exists: what a change was, for those who work with the shop."""

from __future__ import annotations

import secrets

from orderferry.prestashop.database.statements import Statements
from orderferry.prestashop.database.values import Value, as_int, as_text
from orderferry.prestashop.rows.drafts import settle
from orderferry.prestashop.rows.message import private_message
from orderferry.prestashop.writing.standing_order import StandingOrder


def tell_staff(writer: Statements, standing: StandingOrder, text: str, *, id_employee: int, written: str) -> None:
    """Add a message to the order's thread, opening a closed one where there is none."""
    threads = writer.rows("customer_thread", ("id_customer_thread",), standing.key, order="id_customer_thread")
    id_thread = as_int(threads[0]["id_customer_thread"]) if threads else _open_thread(writer, standing, written)
    draft = private_message(id_thread, text, id_employee, written)
    writer.insert(draft.table, settle(draft.values, {}))


def _open_thread(writer: Statements, standing: StandingOrder, written: str) -> int:
    order = standing.order
    id_customer = as_int(order["id_customer"])
    people = writer.rows("customer", ("email",), {"id_customer": id_customer})
    values: dict[str, Value] = {
        "id_shop": as_int(order["id_shop"]),
        "id_lang": as_int(order["id_lang"]),
        "id_contact": 0,
        "id_customer": id_customer,
        "id_order": standing.id_order,
        "id_product": 0,
        "status": "closed",
        "email": as_text(people[0]["email"]) if people else "",
        "token": secrets.token_hex(6),
        "date_add": written,
        "date_upd": written,
    }
    return writer.insert("customer_thread", values)
