"""Products behind Amazon's SKUs, for a page of orders: matched, then read with what order lines need."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import sqlalchemy as sa

from orderferry.config.model import ProductsSettings
from orderferry.prestashop.database.tables import ShopTables
from orderferry.prestashop.database.values import as_decimal, as_flag, as_int, as_text
from orderferry.prestashop.facts import Product, ShopFacts, ShopUnit
from orderferry.prestashop.reading.product_match import Key, ProductMatcher, Wanted
from orderferry.prestashop.reading.product_names import combination_name
from orderferry.prestashop.reading.product_rows import ProductRows, read_product_rows, stock_owner

_CODES = ("reference", "ean13", "upc", "isbn", "mpn")


class ProductFinder:
    """Finds products for the length of a run; what has no key in the shop is read as a whole once."""

    def __init__(self, tables: ShopTables, facts: ShopFacts, settings: ProductsSettings) -> None:
        self._tables = tables
        self._facts = facts
        self._matcher = ProductMatcher(tables, settings)

    def find(self, connection: sa.Connection, wanted: Iterable[Wanted]) -> Mapping[Wanted, tuple[Product, ...]]:
        """Given (id_shop, SKU) pairs, return the matches of each that has any; several are ambiguous.

        With the usual products.match = ["reference"], at most ten statements for 500 SKUs.
        """
        matched = self._matcher.match(connection, sorted(set(wanted)))
        if not matched:
            return {}
        shops = [self._facts.shops[id_shop] for id_shop in sorted({id_shop for id_shop, _ in matched})]
        keys = {key for of_sku in matched.values() for key in of_sku}
        rows = read_product_rows(connection, self._tables, keys, shops)
        found = {
            (id_shop, sku): tuple(
                self._product(rows, key, self._facts.shops[id_shop]) for key in of_sku if rows.sold_in(key, id_shop)
            )
            for (id_shop, sku), of_sku in matched.items()
        }
        return {pair: products for pair, products in found.items() if products}

    def _product(self, rows: ProductRows, key: Key, shop: ShopUnit) -> Product:
        """One match with the values that PrestaShop's own cart would take (Cart::getProducts): a combination's codes,
        where it has none the product's; weights added; wholesale price and ecotax of the combination if it has any."""
        id_product, attribute = key
        row = rows.products[id_product, shop.id]
        own: Mapping[Any, Any] = rows.combinations.get((attribute, shop.id), {})
        codes = {name: as_text(own.get(name)) or as_text(row[name]) for name in _CODES}
        supplier = rows.suppliers.get((*key, as_int(row["id_supplier"])), {})
        quantity, depends = rows.stock.get((*key, *stock_owner(shop)), (0, False))
        names = self._names(rows, key, shop)
        return Product(
            id_product=id_product,
            id_product_attribute=attribute,
            name=names.get(self._language(shop)) or next(iter(names.values()), codes["reference"]),
            names=names,
            supplier_reference=as_text(supplier.get("product_supplier_reference"))
            or as_text(own.get("supplier_reference"))
            or as_text(row["supplier_reference"]),
            **codes,
            weight=as_decimal(row["weight"]) + as_decimal(own.get("weight")),
            wholesale_price=as_decimal(own.get("wholesale_price")) or as_decimal(row["wholesale_price"]),
            ecotax=as_decimal(own.get("ecotax")) or as_decimal(row["ecotax"]),
            purchase_supplier_price=as_decimal(supplier.get("product_supplier_price_te")),
            id_tax_rules_group=as_int(row["id_tax_rules_group"]),
            stock_quantity=quantity,
            active=as_flag(row["active"]),
            is_virtual=as_flag(row["is_virtual"]),
            depends_on_stock=depends,
            pack_items=tuple(rows.packs.get(id_product, ())),
            pack_stock_type=as_int(row["pack_stock_type"]),
        )

    def _names(self, rows: ProductRows, key: Key, shop: ShopUnit) -> dict[int, str]:
        attributes = rows.attributes.get(key[1], {})
        return {
            id_lang: combination_name(name, attributes.get(id_lang, ()), self._facts.version)
            for id_lang, name in sorted(rows.names.get((key[0], shop.id), {}).items())
            if name
        }

    def _language(self, shop: ShopUnit) -> int:
        return as_int(self._facts.setting("PS_LANG_DEFAULT", shop))
