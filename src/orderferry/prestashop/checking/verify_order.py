"""`show --verify`: an order of the shop read back and judged, as back office, invoice and statistics would show it.

Whether the back office can list and open an order, and the statistics count it: judged by its rows. Pure.

What breaks what was found by removing rows one at a time and by trying NULLs (prestashop-order-writing, "Required,
and for what" and "NULL that breaks the order page").

An order's rows in the shop, for `show`: every table, personal columns masked.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from orderferry.domain.check_result import Finding
from orderferry.domain.money import smallest_unit
from orderferry.domain.pricing.tax_law import TaxScheme
from orderferry.prestashop.checking.verify_money import EditedShop, edit_findings, money_findings
from orderferry.prestashop.database.own_tables import MARKER_TABLE
from orderferry.prestashop.database.statements import Found, Statements
from orderferry.prestashop.database.values import ZERO_DATE, Value, as_decimal, as_flag, as_int, as_text
from orderferry.prestashop.facts import OrderState, ShopFacts

Rows = Mapping[str, Sequence[Mapping[Any, Any]]]


def verify_order(writer: Statements, facts: ShopFacts, order_id: str) -> tuple[Finding, ...]:
    """Given an Amazon order id, return what is wrong with its order in the shop; nothing is written.

    One finding when there is no marker, or when the order's row is gone.
    """
    rows = bare_rows(writer, order_id)
    if not rows:
        return (Finding(MARKER_TABLE, "this order was never imported"),)
    if not rows["orders"]:
        return (Finding("orders", "the order's row is gone"),)
    collected = as_text(rows[MARKER_TABLE][0].get("tax_scheme")) == TaxScheme.COLLECTED_BY_AMAZON
    rates = {as_int(row["id_tax"]): as_decimal(row["rate"]) for row in writer.rows("tax", ("id_tax", "rate"), {})}
    around = _surroundings(writer, facts, rows)
    id_currency = as_int(rows["orders"][0]["id_currency"])
    decimals = next((one.decimals for one in facts.currencies.values() if one.id == id_currency), 2)
    money = money_findings(rows, rates, collected_by_amazon=collected, unit=smallest_unit(decimals))
    return (*money, *page_findings(rows, around))


def moved_by_edits(writer: Statements, facts: ShopFacts, order_id: str) -> tuple[Finding, ...]:
    """Given an Amazon order id, return what an edit in the back office would change in its order besides what is
    edited; nothing is written. Nothing for an order that is not there."""
    rows = bare_rows(writer, order_id)
    if not rows or not rows["orders"]:
        return ()
    return tuple(edit_findings(rows, _edited_shop(writer, facts, rows)))


def _edited_shop(writer: Statements, facts: ShopFacts, rows: Rows) -> EditedShop:
    order = rows["orders"][0]
    shop = facts.shops.get(as_int(order["id_shop"]))
    place = next(
        (row for row in rows.get("address", ()) if as_int(row["id_address"]) == as_int(order["id_address_delivery"])),
        {},
    )

    def ruled(group: int) -> int:
        """Return the tax that a tax rules group names for the place of delivery, 0 for none."""
        where = (as_int(place.get("id_country")), as_int(place.get("id_state")), as_text(place.get("postcode")))
        id_tax = facts.ruled_tax(group, *where) or 0
        return id_tax if id_tax in facts.taxes else 0

    def rate(group: int) -> Decimal:
        """Its rate: 0 without a rule."""
        return facts.taxes.get(ruled(group), Decimal(0))

    rates: dict[int, Decimal] = {}
    untaxed: set[int] = set()
    for id_product in sorted({as_int(line["product_id"]) for line in rows.get("order_detail", ())} - {0}):
        key: dict[str, Value] = {"id_product": id_product}
        found = writer.rows("product", ("id_tax_rules_group",), key)
        own = writer.rows("product_shop", ("id_tax_rules_group",), {**key, "id_shop": as_int(order["id_shop"])})
        if found:
            group = as_int((own or found)[0]["id_tax_rules_group"])
            rates[id_product] = rate(group)
            untaxed |= set() if ruled(group) else {id_product}
    id_carrier = as_int(order["id_carrier"])
    group = facts.carrier_tax_groups.get((id_carrier, as_int(order["id_shop"])), 0)
    id_currency = as_int(order["id_currency"])
    return EditedShop(
        rates=rates,
        carrier_rate=rate(group) if id_carrier else None,
        recalculates_shipping=facts.setting("PS_ORDER_RECALCULATE_SHIPPING", shop, "0") == "1",
        wrapping_price=as_decimal(facts.setting("PS_GIFT_WRAPPING_PRICE", shop, "0")),
        untaxed=frozenset(untaxed),
        decimals=next((one.decimals for one in facts.currencies.values() if one.id == id_currency), 2),
    )


def _surroundings(writer: Statements, facts: ShopFacts, rows: Rows) -> Surroundings:
    products = {as_int(line["product_id"]) for line in rows.get("order_detail", ())} - {0}
    countries = {as_int(row["id_country"]) for row in rows.get("address", ())}
    order = rows["orders"][0]
    ids = {
        "currency": _existing(writer, "currency", {as_int(order["id_currency"])}),
        "lang": _existing(writer, "lang", {as_int(order["id_lang"])}),
        "carrier": _existing(writer, "carrier", {as_int(order["id_carrier"])}),
        "product": _existing(writer, "product", products),
        "employee": _existing(writer, "employee", {as_int(row["id_employee"]) for row in rows["customer_message"]}),
        "shop": frozenset(facts.shops),
    }
    named = {id_country: _languages_of(writer, id_country) for id_country in countries}
    return Surroundings(
        state=facts.states.get(as_int(order["current_state"])),
        ids=ids,
        listed_countries=frozenset(id_ for id_, langs in named.items() if langs >= set(facts.languages.values())),
    )


def _existing(writer: Statements, table: str, ids: set[int]) -> frozenset[int]:
    key = f"id_{table}"
    return frozenset(one for one in ids if writer.rows(table, (key,), {key: one}))


def _languages_of(writer: Statements, id_country: int) -> set[int]:
    country = writer.rows("country", ("id_country",), {"id_country": id_country})
    names = writer.rows("country_lang", ("id_lang",), {"id_country": id_country})
    return {as_int(row["id_lang"]) for row in names} if country else set()


Row = Mapping[Any, Any]
PageRows = Mapping[str, Sequence[Row]]

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


def page_findings(rows: PageRows, around: Surroundings) -> list[Finding]:
    """Return what list, page and statistics stumble over, given an order's rows by table and what is around them."""
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


def _nulls(rows: PageRows) -> Iterator[Finding]:
    for table, columns in NEVER_NULL.items():
        for row in rows.get(table, ()):
            nulls = [column for column in columns if column in row and row[column] is None]
            yield from (Finding(f"{table}.{column}", "NULL makes the order page fail") for column in nulls)


def _links(order: Row, rows: PageRows, around: Surroundings) -> Iterator[Finding]:
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


def _state(order: Row, rows: PageRows, around: Surroundings) -> Iterator[Finding]:
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


def _numbers(order: Row, rows: PageRows) -> Iterator[Finding]:
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


def _keys(order: Row, rows: PageRows) -> Iterator[Finding]:
    """Yield the shop's own pages for customers compare these keys."""
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


def _messages(rows: PageRows, around: Surroundings) -> Iterator[Finding]:
    if any(as_text(row["status"]) == "open" for row in rows.get("customer_thread", ())):
        yield Finding("customer_thread.status", "an open thread counts as an unread ticket")
    for message in rows.get("customer_message", ()):
        if as_flag(message["private"]) and as_int(message["id_employee"]) not in around.ids["employee"]:
            yield Finding("customer_message.id_employee", "a private message of nobody is taken for the customer's")


def _is_moment(value: object) -> bool:
    return as_text(value) not in {"", ZERO_DATE}


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
