"""`show --verify`: an order of the shop read back and judged, as back office, invoice and statistics would show it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from orderferry.domain.finding import Finding
from orderferry.domain.money import smallest_unit
from orderferry.domain.tax_scheme import TaxScheme
from orderferry.prestashop.checking.verify_edit import EditedShop, edit_findings
from orderferry.prestashop.checking.verify_money import money_findings
from orderferry.prestashop.checking.verify_page import Surroundings, page_findings
from orderferry.prestashop.database.own_tables import MARKER_TABLE
from orderferry.prestashop.database.statements import Statements
from orderferry.prestashop.database.values import Value, as_decimal, as_int, as_text
from orderferry.prestashop.facts import ShopFacts
from orderferry.prestashop.reading.order_rows import bare_rows

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
        """The tax that a tax rules group names for the place of delivery, 0 for none."""
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
