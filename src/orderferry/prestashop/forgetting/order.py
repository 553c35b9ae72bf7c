"""Forgetting the buyer of one imported order, in one transaction: what is personal goes, what the law wants stays.

What goes: names, lines, postcode, phones, e-mail, gift text, our own messages. What stays: country, province, city,
amounts, products and papers; with an issued invoice also the name, address and tax number on it, which an invoice must
show for as long as it must be kept (directive 2006/112/EC, articles 226 and 244).
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from orderferry.prestashop.database.own_tables import MARKER_TABLE
from orderferry.prestashop.database.statements import Statements
from orderferry.prestashop.database.values import Value, as_flag, as_int, as_text, moment_text
from orderferry.prestashop.forgetting.forgotten_text import (
    ADDRESS,
    CONTACTS,
    NOTICE,
    STREET,
    customer_values,
    forgotten_email,
)
from orderferry.prestashop.rows.people import ALIAS
from orderferry.prestashop.writing.standing_order import StandingOrder, lock_marker, lock_order

_ADDRESSES = ("id_address_delivery", "id_address_invoice")


@dataclass(frozen=True, slots=True)
class Forgotten:
    """What came of it. `done`: the marker says so now; `invoiced`: the invoice keeps name and address; `id_customer`:
    whose addresses that no order uses any more are blanked now."""

    done: bool
    invoiced: bool = False
    id_customer: int = 0


def forget_order(writer: Statements, order_id: str, now: datetime, swept: Collection[int] = ()) -> Forgotten:
    """Given an Amazon order id, forget its buyer; the caller commits.

    `swept`: customers whose unused addresses were blanked a moment ago; the one account of all orders has very many.
    Nothing is done for an order without a marker, one that is forgotten already, or one whose row is gone.
    """
    marker = lock_marker(writer, order_id)
    if marker is None or marker.get("forgotten") is not None:
        return Forgotten(done=False)
    standing = lock_order(writer, marker, order_id)
    if standing is None:
        return Forgotten(done=False)
    writer.update(MARKER_TABLE, {"forgotten": moment_text(now)}, {"amazon_order_id": order_id})
    _forget_texts(writer, standing, order_id)
    id_customer = as_int(standing.order["id_customer"])
    replaced = set() if id_customer in swept else _replaced_addresses(writer, id_customer)
    _forget_addresses(writer, {as_int(standing.order[name]) for name in _ADDRESSES} | replaced)
    _forget_customer(writer, id_customer)
    return Forgotten(True, bool(as_int(standing.order["invoice_number"])), id_customer)


def _forget_texts(writer: Statements, standing: StandingOrder, order_id: str) -> None:
    """Gift texts, and the messages that we wrote: private ones that begin with our first line."""
    writer.update("orders", {"gift_message": ""}, standing.key)
    for row in writer.rows("orders", ("id_cart",), standing.key):
        writer.update("cart", {"gift_message": ""}, {"id_cart": as_int(row["id_cart"])})
    ours = f"Amazon order {order_id}"
    for thread in writer.rows("customer_thread", ("id_customer_thread",), standing.key):
        key: dict[str, Value] = {"id_customer_thread": as_int(thread["id_customer_thread"])}
        writer.update("customer_thread", {"email": forgotten_email(as_int(standing.order["id_customer"]))}, key)
        said = writer.rows("customer_message", ("id_customer_message", "message"), {**key, "private": 1})
        for row in said:
            if as_text(row["message"]).startswith(ours):
                one: dict[str, Value] = {"id_customer_message": as_int(row["id_customer_message"])}
                writer.update("customer_message", {"message": f"{ours}\n{NOTICE}"}, one)


def _forget_addresses(writer: Statements, id_addresses: Collection[int]) -> None:
    """Those that no order uses which is not forgotten."""
    for id_address in sorted(set(id_addresses) - {0}):
        if not _is_used(writer, _ADDRESSES, id_address):
            blanked = CONTACTS if _is_on_invoice(writer, id_address) else ADDRESS
            writer.update("address", blanked, {"id_address": id_address})


def _replaced_addresses(writer: Statements, id_customer: int) -> set[int]:
    """The customer's addresses of ours that corrections have replaced: no order names them any more."""
    address, orders = writer.tables["address"], writer.tables["orders"]
    names = (orders.c[name] == address.c.id_address for name in _ADDRESSES)
    query = sa.select(address.c.id_address).where(
        address.c.id_customer == id_customer,
        address.c.alias == ALIAS,
        address.c.address1 != STREET,
        *(~sa.exists().where(named) for named in names),
    )
    return {as_int(id_address) for id_address in writer.connection.execute(query).scalars()}


def _forget_customer(writer: Statements, id_customer: int) -> None:
    """The guest, once all of its orders are forgotten. A registered account (customers.mode fixed) is the shop's."""
    key: dict[str, Value] = {"id_customer": id_customer}
    guests = [row for row in writer.rows("customer", ("id_customer", "is_guest"), key) if as_flag(row["is_guest"])]
    if guests and not _is_used(writer, ("id_customer",), id_customer):
        writer.update("customer", customer_values(id_customer), key)


def _is_used(writer: Statements, columns: Collection[str], value: int) -> bool:
    """Whether an order whose buyer is not forgotten names this address or customer in one of the columns."""
    orders, marker = writer.tables["orders"], writer.tables[MARKER_TABLE]
    query = (
        sa.select(orders.c.id_order)
        .select_from(orders.outerjoin(marker, marker.c.id_order == orders.c.id_order))
        .where(sa.or_(*(orders.c[name] == value for name in columns)), marker.c.forgotten.is_(None))
        .limit(1)
    )
    return writer.connection.execute(query).first() is not None


def _is_on_invoice(writer: Statements, id_address: int) -> bool:
    """Whether an issued invoice shows this address."""
    orders = writer.tables["orders"]
    query = sa.select(orders.c.id_order).where(orders.c.id_address_invoice == id_address, orders.c.invoice_number > 0)
    return writer.connection.execute(query.limit(1)).first() is not None
