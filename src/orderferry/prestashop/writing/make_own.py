"""Make what fees are booked on (hidden products of ours, a tax of 0 %), within the transaction that needs them."""

from __future__ import annotations

from dataclasses import replace

from orderferry.prestashop.database.own_tables import kept_value, locked_value, store_value
from orderferry.prestashop.database.statements import Statements
from orderferry.prestashop.database.values import Value, as_int, as_text
from orderferry.prestashop.facts import ZERO_TAX_STATE, FeeKey, ShopFacts
from orderferry.prestashop.planning.order_lines import hidden_product
from orderferry.prestashop.planning.resolved_order import ResolvedOrder
from orderferry.prestashop.planning.shop_texts import NO_TAX, fee_name, in_language


def make_missing(writer: Statements, resolved: ResolvedOrder) -> ResolvedOrder:
    """Make the products and the tax that the order needs and the shop lacks; return the order with their ids.

    Our own table keeps each id, so that of two processes that make the same thing the second finds it.
    """
    lines = tuple(
        replace(line, product=hidden_product(line.fee, _fee_product(writer, line.fee, resolved)))
        if line.fee is not None
        else line
        for line in resolved.lines
    )
    zero_tax = _zero_tax(writer) if resolved.wants_zero_tax else resolved.zero_tax
    return replace(resolved, lines=lines, zero_tax=zero_tax)


def _product_row(key: FeeKey, moment: str, facts: ShopFacts) -> dict[str, Value]:
    """Return the `product` row for a kind of fee: hidden, and with no stock of its own."""
    return {
        "id_supplier": 0,
        "id_manufacturer": 0,
        "id_shop_default": min(facts.shops, default=1),
        "reference": key.reference,
        "supplier_reference": "",
        "quantity": 0,
        "weight": 0,
        "product_type": "standard",
        "state": 1,
        **_shared_columns(key, moment, facts),
    }


def _shared_columns(key: FeeKey, moment: str, facts: ShopFacts) -> dict[str, Value]:
    return {
        "id_category_default": as_int(facts.setting("PS_HOME_CATEGORY")) or None,
        "id_tax_rules_group": key.id_tax_rules_group,
        "price": 0,
        "wholesale_price": 0,
        "active": 0,
        "available_for_order": 1,
        "visibility": "none",
        "indexed": 0,
        "date_add": moment,
        "date_upd": moment,
    }


def _fee_product(writer: Statements, key: FeeKey, resolved: ResolvedOrder) -> int:
    facts = resolved.market.facts
    kept = _kept(writer, key.state_name, "product")
    if kept:
        return kept
    id_product = writer.insert("product", _product_row(key, resolved.written, facts))
    shared = {"id_product": id_product, **_shared_columns(key, resolved.written, facts)}
    languages = _languages(writer)
    for shop in facts.shops.values():
        writer.insert("product_shop", {**shared, "id_shop": shop.id})
        for id_lang, iso in languages:
            named = {"name": fee_name(key.kind, iso), "link_rewrite": key.reference}
            writer.insert("product_lang", {"id_product": id_product, "id_shop": shop.id, "id_lang": id_lang, **named})
    owners = {tuple(sorted(shop.stock_key.items())) for shop in facts.shops.values()}
    for owner in sorted(owners):
        # out_of_stock 1: may always be ordered, so that the back office can edit the order's other lines
        stock = {"id_product": id_product, "id_product_attribute": 0, "quantity": 0, "out_of_stock": 1}
        writer.insert("stock_available", {**stock, "depends_on_stock": 0, **dict(owner)})
    store_value(writer, key.state_name, str(id_product))
    return id_product


def _zero_tax(writer: Statements) -> int:
    kept = _kept(writer, ZERO_TAX_STATE, "tax")
    if kept:
        return kept
    # inactive and deleted: no list of the back office shows it, but invoices still read it
    id_tax = writer.insert("tax", {"rate": 0, "active": 0, "deleted": 1})
    for id_lang, iso in _languages(writer):
        writer.insert("tax_lang", {"id_tax": id_tax, "id_lang": id_lang, "name": in_language(NO_TAX, iso)})
    store_value(writer, ZERO_TAX_STATE, str(id_tax))
    return id_tax


def _languages(writer: Statements) -> list[tuple[int, str]]:
    """Return id_lang and ISO code of all languages of the shop, also inactive ones."""
    return [
        (as_int(row["id_lang"]), as_text(row["iso_code"])) for row in writer.rows("lang", ("id_lang", "iso_code"), {})
    ]


def _kept(writer: Statements, name: str, table: str) -> int:
    """Return the id that our own table keeps, if its row still exists; 0 for none.

    The second try locks the name: that is only needed when there is something to make.
    """
    for read in (kept_value, locked_value):
        remembered = as_int(read(writer, name))
        key = f"id_{table}"
        if remembered and writer.rows(table, (key,), {key: remembered}):
            return remembered
    return 0
