"""Whether the back office can list and open an order, and the statistics count it: judged by its rows. Pure.

What breaks what was found by removing rows one at a time and by trying NULLs (prestashop-order-writing, "Required,
and for what" and "NULL that breaks the order page").
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from orderferry.domain.finding import Finding
from orderferry.prestashop.database.values import ZERO_DATE, as_decimal, as_flag, as_int, as_text
from orderferry.prestashop.facts import OrderState

Row = Mapping[Any, Any]
Rows = Mapping[str, Sequence[Row]]

# NULL in any of these makes the order page of 1.7.7 and newer fail.
NEVER_NULL: Mapping[str, tuple[str, ...]] = {
    "orders": ("reference",),
    "order_detail": (
        "product_attribute_id",
        "product_reference",
        "product_supplier_reference",
        "product_mpn",
    ),
    "order_payment": ("transaction_id", "card_number", "card_brand", "card_expiration", "card_holder"),
    "address": ("company", "address2", "postcode", "phone", "phone_mobile"),
}
# A row that must be there, and what is lost without it.
NEEDED: Mapping[str, str] = {
    "customer": "the customer's page is missing and the order page has blanks",
    "address": "the order is missing in the list, and opening it fails",
    "cart": "the cart's page and re-ordering fail",
    "order_history": "the history of states is empty",
    "order_payment": "the order is shown as unpaid",
    "order_carrier": "weight, cost and tracking are missing",
    "order_detail": "the order has no lines",
}


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What exists around an order's rows: ids by table, and the order's state (None: it does not exist)."""

    state: OrderState | None
    ids: Mapping[str, frozenset[int]]
    listed_countries: frozenset[int]  # id_country with a name in each language that staff may use


def page_findings(rows: Rows, around: Surroundings) -> list[Finding]:
    """Given an order's rows by table and what is around them, return what list, page and statistics stumble over."""
    order = rows["orders"][0]
    return [
        *(Finding(table, loss) for table, loss in NEEDED.items() if not rows.get(table)),
        *_nulls(rows),
        *_links(order, rows, around),
        *_state(order, rows, around),
        *_numbers(order, rows),
        *_keys(order, rows),
        *_messages(rows, around),
    ]


def _nulls(rows: Rows) -> Iterator[Finding]:
    for table, columns in NEVER_NULL.items():
        for row in rows.get(table, ()):
            nulls = [column for column in columns if column in row and row[column] is None]
            yield from (Finding(f"{table}.{column}", "NULL makes the order page fail") for column in nulls)


def _links(order: Row, rows: Rows, around: Surroundings) -> Iterator[Finding]:
    for column, table in (("id_currency", "currency"), ("id_lang", "lang"), ("id_shop", "shop")):
        if as_int(order[column]) not in around.ids[table]:
            yield Finding(f"orders.{column}", f"there is no {table} {as_int(order[column])}")
    if as_int(order["id_carrier"]) and as_int(order["id_carrier"]) not in around.ids["carrier"]:
        yield Finding("orders.id_carrier", f"there is no carrier {as_int(order['id_carrier'])}")
    addresses = {as_int(row["id_address"]): as_int(row["id_country"]) for row in rows.get("address", ())}
    for column in ("id_address_delivery", "id_address_invoice"):
        country = addresses.get(as_int(order[column]))
        if country is None:
            yield Finding(f"orders.{column}", f"there is no address {as_int(order[column])}")
        elif country not in around.listed_countries:
            yield Finding("address.id_country", f"country {country} has no name: the order is missing in the list")
    for line in rows.get("order_detail", ()):
        id_product = as_int(line["product_id"])
        if id_product and id_product not in around.ids["product"]:
            yield Finding("order_detail.product_id", f"product {id_product} is gone: its image and stock are missing")


def _state(order: Row, rows: Rows, around: Surroundings) -> Iterator[Finding]:
    current = as_int(order["current_state"])
    if around.state is None:
        yield Finding("orders.current_state", f"there is no order state {current}")
        return
    if as_flag(order["valid"]) != around.state.logable:
        yield Finding("orders.valid", f"{as_int(order['valid'])} is not the flag of state {current}")
    history = sorted(rows.get("order_history", ()), key=lambda row: as_int(row["id_order_history"]))
    if history and as_int(history[-1]["id_order_state"]) != current:
        yield Finding("order_history", f"the newest state is {as_int(history[-1]['id_order_state'])}, not {current}")
    if as_flag(order["valid"]) and not _is_moment(order["invoice_date"]):
        yield Finding("orders.invoice_date", "a sale without this date counts in no dashboard")
    if as_decimal(order["conversion_rate"]) <= 0:
        yield Finding("orders.conversion_rate", "statistics divide by it")


def _numbers(order: Row, rows: Rows) -> Iterator[Finding]:
    """orders repeats the numbers of order_invoice."""
    invoices = rows.get("order_invoice", ())
    for ours, theirs in (("invoice_number", "number"), ("delivery_number", "delivery_number")):
        number, papers = as_int(order[ours]), {as_int(row[theirs]) for row in invoices}
        if number != max(papers, default=0):
            yield Finding(f"orders.{ours}", f"{number} is not order_invoice's")
    linked = {as_int(row["id_order_invoice"]) for row in rows.get("order_invoice_payment", ())}
    for invoice in invoices:
        if as_int(invoice["id_order_invoice"]) not in linked:
            yield Finding("order_invoice_payment", "without it the page shows the invoice as unpaid")


def _keys(order: Row, rows: Rows) -> Iterator[Finding]:
    """The shop's own pages for customers compare these keys."""
    for table in ("customer", "cart"):
        if any(as_text(row["secure_key"]) != as_text(order["secure_key"]) for row in rows.get(table, ())):
            yield Finding(f"{table}.secure_key", "differs from the order's: the buyer's pages refuse to open")
    for cart in rows.get("cart", ()):
        try:
            readable = isinstance(json.loads(as_text(cart["delivery_option"])), dict)
        except ValueError:
            readable = False
        if not readable:
            yield Finding("cart.delivery_option", "is no JSON object: the cart's page fails")


def _messages(rows: Rows, around: Surroundings) -> Iterator[Finding]:
    if any(as_text(row["status"]) == "open" for row in rows.get("customer_thread", ())):
        yield Finding("customer_thread.status", "an open thread counts as an unread ticket")
    for message in rows.get("customer_message", ()):
        if as_flag(message["private"]) and as_int(message["id_employee"]) not in around.ids["employee"]:
            yield Finding("customer_message.id_employee", "a private message of nobody is taken for the customer's")


def _is_moment(value: object) -> bool:
    return as_text(value) not in {"", ZERO_DATE}
