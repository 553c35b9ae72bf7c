"""Read an order back from the shop, for `show`, and find what is wrong with its rows, for `show --verify`.

The checks say whether the back office can list and open the order and whether the statistics count it. What breaks
what was found by removing rows one at a time and by trying NULLs .
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping
from decimal import Decimal
from typing import Any

from orderferry.domain.check_result import Finding
from orderferry.domain.money import smallest_unit
from orderferry.domain.pricing.tax_law import TaxScheme
from orderferry.prestashop.checking.verify_money import EditedShop, edit_findings, money_findings
from orderferry.prestashop.database.own_tables import MARKER_TABLE
from orderferry.prestashop.database.statements import Row, Rows, Statements
from orderferry.prestashop.database.values import ZERO_MOMENT, Value, as_decimal, as_flag, as_int, as_text
from orderferry.prestashop.facts import OrderState, ShopFacts

# NULL in any of these makes the order page of 1.7.7 and newer fail.
NEVER_NULL: Mapping[str, tuple[str, ...]] = {
    "orders": ("reference",),
    "order_detail": ("product_attribute_id", "product_reference", "product_supplier_reference", "product_mpn"),
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
MASK = "***"
PERSONAL = frozenset(
    {
        *("firstname", "lastname", "company", "email", "address1", "address2", "postcode", "phone", "phone_mobile"),
        *("vat_number", "dni", "other", "gift_message", "message", "note", "passwd", "secure_key", "token"),
        # of a visitor of the shop: what was written at the checkout, and who wrote a message
        *("checkout_session_data", "ip_address", "user_agent", "file_name"),
        *("reset_password_token", "siret", "ape", "birthday", "website", "ip_registration_newsletter"),
        *("invoice_address", "delivery_address", "employee_firstname", "employee_lastname"),
    }
)
# An order's tables: those with its id_order, those whose id (table, column) a column of `orders` names, and those with
# the id of a row of another table (parent, table, column).
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


def verify_order(writer: Statements, facts: ShopFacts, order_id: str) -> tuple[Finding, ...]:
    """Return what is wrong with an Amazon order in the shop. Nothing is written.

    There is one finding when there is no marker, or when the order's row is gone.
    """
    rows = bare_rows(writer, order_id)
    if not rows:
        return (Finding(MARKER_TABLE, "this order was never imported"),)
    if not rows["orders"]:
        return (Finding("orders", "the order's row is gone"),)
    collected = as_text(rows[MARKER_TABLE][0].get("tax_scheme")) == TaxScheme.COLLECTED_BY_AMAZON
    rates = {as_int(row["id_tax"]): as_decimal(row["rate"]) for row in writer.rows("tax", ("id_tax", "rate"), {})}
    id_currency = as_int(rows["orders"][0]["id_currency"])
    decimals = next((one.decimals for one in facts.currencies.values() if one.id == id_currency), 2)
    money = money_findings(rows, rates, collected_by_amazon=collected, unit=smallest_unit(decimals))
    return (*money, *_page_findings(writer, facts, rows))


def moved_by_edits(writer: Statements, facts: ShopFacts, order_id: str) -> tuple[Finding, ...]:
    """Return what an edit in the back office would change in an Amazon order besides what is edited.

    Nothing is written. Return nothing for an order that is not there.
    """
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

    def rate(group: int) -> Decimal | None:
        # the rate that a tax rules group names for the place of delivery
        where = (as_int(place.get("id_country")), as_int(place.get("id_state")), as_text(place.get("postcode")))
        return facts.taxes.get(facts.ruled_tax(group, *where) or 0)

    rates: dict[int, Decimal] = {}
    untaxed: set[int] = set()
    for id_product in sorted({as_int(line["product_id"]) for line in rows.get("order_detail", ())} - {0}):
        key: dict[str, Value] = {"id_product": id_product}
        found = writer.rows("product", ("id_tax_rules_group",), key)
        own = writer.rows("product_shop", ("id_tax_rules_group",), {**key, "id_shop": as_int(order["id_shop"])})
        if found:
            ruled = rate(as_int((own or found)[0]["id_tax_rules_group"]))
            rates[id_product] = ruled or Decimal(0)
            untaxed |= {id_product} if ruled is None else set()
    id_carrier = as_int(order["id_carrier"])
    group = facts.carrier_tax_groups.get((id_carrier, as_int(order["id_shop"])), 0)
    id_currency = as_int(order["id_currency"])
    return EditedShop(
        rates=rates,
        carrier_rate=(rate(group) or Decimal(0)) if id_carrier else None,
        recalculates_shipping=facts.setting("PS_ORDER_RECALCULATE_SHIPPING", shop, "0") == "1",
        wrapping_price=as_decimal(facts.setting("PS_GIFT_WRAPPING_PRICE", shop, "0")),
        untaxed=frozenset(untaxed),
        decimals=next((one.decimals for one in facts.currencies.values() if one.id == id_currency), 2),
    )


def _page_findings(writer: Statements, facts: ShopFacts, rows: Rows) -> list[Finding]:
    """Return what list, page and statistics of the back office fail over, or show wrongly."""
    order = rows["orders"][0]
    products = {as_int(line["product_id"]) for line in rows.get("order_detail", ())} - {0}
    existing = {
        "currency": _existing(writer, "currency", {as_int(order["id_currency"])}),
        "lang": _existing(writer, "lang", {as_int(order["id_lang"])}),
        "carrier": _existing(writer, "carrier", {as_int(order["id_carrier"])}),
        "product": _existing(writer, "product", products),
        "employee": _existing(writer, "employee", {as_int(row["id_employee"]) for row in rows["customer_message"]}),
        "shop": frozenset(facts.shops),
    }
    languages = set(facts.languages.values())
    countries = {as_int(row["id_country"]) for row in rows.get("address", ())}
    listed_countries = {one for one in countries if _languages_of(writer, one) >= languages}
    return [
        *(Finding(table, loss) for table, loss in NEEDED.items() if not rows.get(table)),
        *_nulls(rows),
        *_links(order, rows, existing, listed_countries),
        *_state(order, rows, facts.states.get(as_int(order["current_state"]))),
        *_numbers(order, rows),
        *_keys(order, rows),
        *_messages(rows, existing["employee"]),
    ]


def _existing(writer: Statements, table: str, ids: set[int]) -> frozenset[int]:
    key = f"id_{table}"
    return frozenset(one for one in ids if writer.rows(table, (key,), {key: one}))


def _languages_of(writer: Statements, id_country: int) -> set[int]:
    country = writer.rows("country", ("id_country",), {"id_country": id_country})
    names = writer.rows("country_lang", ("id_lang",), {"id_country": id_country})
    return {as_int(row["id_lang"]) for row in names} if country else set()


def _nulls(rows: Rows) -> Iterator[Finding]:
    for table, columns in NEVER_NULL.items():
        for row in rows.get(table, ()):
            nulls = [column for column in columns if column in row and row[column] is None]
            yield from (Finding(f"{table}.{column}", "NULL makes the order page fail") for column in nulls)


def _links(
    order: Row, rows: Rows, existing: Mapping[str, Collection[int]], listed_countries: Collection[int]
) -> Iterator[Finding]:
    """Yield ids that name no row. `existing`: ids by table; a listed country has a name in each language of staff."""
    for column, table in (("id_currency", "currency"), ("id_lang", "lang"), ("id_shop", "shop")):
        if as_int(order[column]) not in existing[table]:
            yield Finding(f"orders.{column}", f"there is no {table} {as_int(order[column])}")
    if as_int(order["id_carrier"]) and as_int(order["id_carrier"]) not in existing["carrier"]:
        yield Finding("orders.id_carrier", f"there is no carrier {as_int(order['id_carrier'])}")
    addresses = {as_int(row["id_address"]): as_int(row["id_country"]) for row in rows.get("address", ())}
    for column in ("id_address_delivery", "id_address_invoice"):
        country = addresses.get(as_int(order[column]))
        if country is None:
            yield Finding(f"orders.{column}", f"there is no address {as_int(order[column])}")
        elif country not in listed_countries:
            yield Finding("address.id_country", f"country {country} has no name: the order is missing in the list")
    for line in rows.get("order_detail", ()):
        id_product = as_int(line["product_id"])
        if id_product and id_product not in existing["product"]:
            yield Finding("order_detail.product_id", f"product {id_product} is gone: its image and stock are missing")


def _state(order: Row, rows: Rows, state: OrderState | None) -> Iterator[Finding]:
    current = as_int(order["current_state"])
    if state is None:
        yield Finding("orders.current_state", f"there is no order state {current}")
        return
    if as_flag(order["valid"]) != state.logable:
        yield Finding("orders.valid", f"{as_int(order['valid'])} is not the flag of state {current}")
    history = sorted(rows.get("order_history", ()), key=lambda row: as_int(row["id_order_history"]))
    if history and as_int(history[-1]["id_order_state"]) != current:
        yield Finding("order_history", f"the newest state is {as_int(history[-1]['id_order_state'])}, not {current}")
    if as_flag(order["valid"]) and as_text(order["invoice_date"]) in {"", ZERO_MOMENT}:
        yield Finding("orders.invoice_date", "a sale without this date counts in no dashboard")
    if as_decimal(order["conversion_rate"]) <= 0:
        yield Finding("orders.conversion_rate", "statistics divide by it")


def _numbers(order: Row, rows: Rows) -> Iterator[Finding]:
    """Compare the numbers of order_invoice, which `orders` repeats, and look for its payments."""
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
    """Compare the secure keys, as the shop's pages for customers do, and parse the cart's delivery option."""
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


def _messages(rows: Rows, employees: Collection[int]) -> Iterator[Finding]:
    if any(as_text(row["status"]) == "open" for row in rows.get("customer_thread", ())):
        yield Finding("customer_thread.status", "an open thread counts as an unread ticket")
    for message in rows.get("customer_message", ()):
        if as_flag(message["private"]) and as_int(message["id_employee"]) not in employees:
            yield Finding("customer_message.id_employee", "a private message of nobody is taken for the customer's")


def rows_of_order(writer: Statements, order_id: str) -> dict[str, list[dict[str, Any]]]:
    """Return the rows of an Amazon order by table, personal columns masked; empty when there is no marker."""
    return {table: [masked(row) for row in rows] for table, rows in bare_rows(writer, order_id).items() if rows}


def bare_rows(writer: Statements, order_id: str) -> dict[str, list[Row]]:
    """Return the rows of an Amazon order by table as they are: never to be shown, since nothing is masked."""
    markers = _all(writer, MARKER_TABLE, {"amazon_order_id": order_id})
    if not markers:
        return {}
    found: dict[str, list[Row]] = {MARKER_TABLE: markers}
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
    """Return the row with personal and secret values masked."""
    return {key: MASK if key in PERSONAL and value not in (None, "") else value for key, value in row.items()}


def _all(writer: Statements, table: str, where: Mapping[str, Value]) -> list[Row]:
    return writer.rows(table, list(writer.tables.live[table].columns), where) if writer.has(table) else []
