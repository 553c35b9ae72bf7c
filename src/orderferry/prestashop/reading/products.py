"""Products behind Amazon's SKUs, for a page of orders: matched, then read with what order lines need.

Reading what order lines need of products and combinations: one statement a subject for a page of orders.

A combination's name on an order line, as each version of PrestaShop writes it. Pure.

Source: order_detail.product_name of the measured rows (prestashop-order-writing, "order_detail").
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import sqlalchemy as sa

from orderferry.config.model import ProductsSettings
from orderferry.prestashop.database.tables import ShopTables, chunks
from orderferry.prestashop.database.values import as_decimal, as_flag, as_int, as_text, version_numbers
from orderferry.prestashop.facts import Product, ShopFacts, ShopUnit
from orderferry.prestashop.reading.product_match import EVERY_SHOP, Key, ProductMatcher, Wanted

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
        """Return one match with the values that PrestaShop's own cart would take (Cart::getProducts): a
        combination's codes, where it has none the product's; weights added; wholesale price and ecotax of the
        combination if it has any.
        """
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


Row = Mapping[Any, Any]
Stock = tuple[int, bool]  # quantity, depends_on_stock


@dataclass(slots=True)
class ProductRows:
    """The rows behind a page's products, by what they are looked up with."""

    products: dict[tuple[int, int], Row] = field(default_factory=dict)  # (id_product, id_shop)
    names: dict[tuple[int, int], dict[int, str]] = field(default_factory=lambda: defaultdict(dict))
    combinations: dict[tuple[int, int], Row] = field(default_factory=dict)  # (id_product_attribute, id_shop)
    attributes: dict[int, dict[int, list[tuple[str, str]]]] = field(default_factory=dict)  # by combination, id_lang
    suppliers: dict[tuple[int, int, int], Row] = field(default_factory=dict)  # (*Key, id_supplier)
    stock: dict[tuple[int, int, int, int], Stock] = field(default_factory=dict)  # (*Key, id_shop, id_shop_group)
    packs: dict[int, list[tuple[int, int, int]]] = field(default_factory=lambda: defaultdict(list))

    def sold_in(self, key: Key, id_shop: int) -> bool:
        """Return whether the shop has the product, and the combination: suppliers' rows may outlive both."""
        id_product, attribute = key
        return (id_product, id_shop) in self.products and (not attribute or (attribute, id_shop) in self.combinations)


def stock_owner(shop: ShopUnit) -> tuple[int, int]:
    """(id_shop, id_shop_group) of the rows of stock_available that hold a shop's stock."""
    return (0, shop.id_group) if shop.share_stock else (shop.id, 0)


def read_product_rows(
    connection: sa.Connection, tables: ShopTables, keys: Collection[Key], shops: Collection[ShopUnit]
) -> ProductRows:
    """Given products and combinations and the shops that sell them, return their rows. At most seven statements for
    each 500 of them."""
    rows = ProductRows()
    ids = [shop.id for shop in shops]
    for products in chunks(sorted({id_product for id_product, _ in keys})):
        _read_products(connection, tables, products, ids, rows)
        _read_names(connection, tables, products, ids, rows)
        _read_suppliers(connection, tables, products, rows)
        wanted = [key for key in keys if key[0] in set(products)]
        rows.stock |= _read_stock(connection, tables, wanted, shops)
        packs = sorted({id_ for (id_, _), row in rows.products.items() if as_flag(row["cache_is_pack"])})
        _read_packs(connection, tables, [id_ for id_ in packs if id_ in set(products)], rows)
    for combinations in chunks(sorted({attribute for _, attribute in keys if attribute})):
        _read_combinations(connection, tables, combinations, ids, rows)
        _read_attributes(connection, tables, combinations, rows)
    return rows


def _read_products(
    connection: sa.Connection, tables: ShopTables, products: Iterable[int], shops: Iterable[int], rows: ProductRows
) -> None:
    product, in_shop = tables["product"], tables["product_shop"]
    of_product = (
        "id_product",
        "id_supplier",
        "reference",
        "supplier_reference",
        "ean13",
        "upc",
        "weight",
        "is_virtual",
    )
    of_shop = ("id_tax_rules_group", "wholesale_price", "active", "ecotax")
    query = (
        sa.select(
            *(product.c[name] for name in of_product),
            product.c.cache_is_pack,
            tables.column("product", "isbn", ""),
            tables.column("product", "mpn", ""),
            in_shop.c.id_shop,
            *(sa.func.coalesce(in_shop.c[name], product.c[name]).label(name) for name in of_shop),
            sa.func.coalesce(tables.column("product_shop", "pack_stock_type", 3), 3).label("pack_stock_type"),
        )
        .join_from(product, in_shop, in_shop.c.id_product == product.c.id_product, isouter=True)
        .where(product.c.id_product.in_(list(products)), _sold(in_shop, shops))
    )
    for row in connection.execute(query).mappings():
        for id_shop in _shops_of(row, shops):
            rows.products[as_int(row["id_product"]), id_shop] = row


def _sold(in_shop: sa.FromClause, shops: Iterable[int]) -> sa.ColumnElement[bool]:
    """Return what one of the shops lists, and what none at all does."""
    return sa.or_(in_shop.c.id_shop.in_(list(shops)), in_shop.c.id_shop.is_(None))


def _shops_of(row: Row, shops: Iterable[int]) -> list[int]:
    id_shop = as_int(row["id_shop"])
    return list(shops) if id_shop == EVERY_SHOP else [id_shop]


def _read_names(
    connection: sa.Connection, tables: ShopTables, products: Iterable[int], shops: Iterable[int], rows: ProductRows
) -> None:
    lang = tables["product_lang"]
    query = sa.select(lang.c.id_product, lang.c.id_shop, lang.c.id_lang, lang.c.name).where(
        lang.c.id_product.in_(list(products)), lang.c.id_shop.in_(list(shops))
    )
    for id_product, id_shop, id_lang, name in connection.execute(query):
        rows.names[as_int(id_product), as_int(id_shop)][as_int(id_lang)] = as_text(name)


def _read_combinations(
    connection: sa.Connection, tables: ShopTables, combinations: Iterable[int], shops: Iterable[int], rows: ProductRows
) -> None:
    source, in_shop = tables["product_attribute"], tables["product_attribute_shop"]
    query = (
        sa.select(
            *(source.c[name] for name in ("id_product_attribute", "reference", "supplier_reference", "ean13", "upc")),
            tables.column("product_attribute", "isbn", ""),
            tables.column("product_attribute", "mpn", ""),
            *(in_shop.c[name] for name in ("id_shop", "weight", "wholesale_price", "ecotax")),
        )
        .join_from(source, in_shop, in_shop.c.id_product_attribute == source.c.id_product_attribute)
        .where(source.c.id_product_attribute.in_(list(combinations)), in_shop.c.id_shop.in_(list(shops)))
    )
    for row in connection.execute(query).mappings():
        rows.combinations[as_int(row["id_product_attribute"]), as_int(row["id_shop"])] = row


def _read_attributes(
    connection: sa.Connection, tables: ShopTables, combinations: Iterable[int], rows: ProductRows
) -> None:
    link, attribute, group = tables["product_attribute_combination"], tables["attribute"], tables["attribute_group"]
    value, title = tables["attribute_lang"], tables["attribute_group_lang"]
    same_group = title.c.id_attribute_group == attribute.c.id_attribute_group
    query = (
        sa.select(link.c.id_product_attribute, value.c.id_lang, title.c.public_name, value.c.name)
        .select_from(
            link.join(attribute, attribute.c.id_attribute == link.c.id_attribute)
            .join(group, group.c.id_attribute_group == attribute.c.id_attribute_group)
            .join(value, value.c.id_attribute == attribute.c.id_attribute)
            .join(title, sa.and_(same_group, title.c.id_lang == value.c.id_lang))
        )
        .where(link.c.id_product_attribute.in_(list(combinations)))
        .order_by(group.c.position, attribute.c.position, attribute.c.id_attribute)
    )
    for combination, id_lang, public_name, name in connection.execute(query):
        by_lang = rows.attributes.setdefault(as_int(combination), defaultdict(list))
        by_lang[as_int(id_lang)].append((as_text(public_name), as_text(name)))


def _read_suppliers(connection: sa.Connection, tables: ShopTables, products: Iterable[int], rows: ProductRows) -> None:
    if not tables.has("product_supplier"):
        return
    supplier = tables["product_supplier"]
    names = (
        "id_product",
        "id_product_attribute",
        "id_supplier",
        "product_supplier_reference",
        "product_supplier_price_te",
    )
    query = sa.select(*(supplier.c[name] for name in names)).where(supplier.c.id_product.in_(list(products)))
    for row in connection.execute(query).mappings():
        key = (as_int(row["id_product"]), as_int(row["id_product_attribute"]), as_int(row["id_supplier"]))
        rows.suppliers[key] = row


def _read_stock(
    connection: sa.Connection, tables: ShopTables, keys: Collection[Key], shops: Collection[ShopUnit]
) -> dict[tuple[int, int, int, int], Stock]:
    stock = tables["stock_available"]
    owners = sorted({stock_owner(shop) for shop in shops})
    columns = ("id_product", "id_product_attribute", "id_shop", "id_shop_group", "quantity", "depends_on_stock")
    query = sa.select(*(stock.c[name] for name in columns)).where(
        stock.c.id_product.in_(sorted({id_product for id_product, _ in keys})),
        stock.c.id_product_attribute.in_(sorted({attribute for _, attribute in keys})),
        sa.or_(*(sa.and_(stock.c.id_shop == shop, stock.c.id_shop_group == group) for shop, group in owners)),
    )
    return {
        (as_int(id_product), as_int(attribute), as_int(id_shop), as_int(id_group)): (as_int(quantity), as_flag(depends))
        for id_product, attribute, id_shop, id_group, quantity, depends in connection.execute(query)
    }


def _read_packs(connection: sa.Connection, tables: ShopTables, products: Collection[int], rows: ProductRows) -> None:
    if not products or not tables.has("pack"):
        return
    pack = tables["pack"]
    query = (
        sa.select(pack.c.id_product_pack, pack.c.id_product_item, pack.c.id_product_attribute_item, pack.c.quantity)
        .where(pack.c.id_product_pack.in_(list(products)))
        .order_by(pack.c.id_product_item, pack.c.id_product_attribute_item)
    )
    for id_pack, item, attribute, quantity in connection.execute(query):
        rows.packs[as_int(id_pack)].append((as_int(item), as_int(attribute), as_int(quantity)))


class NameStyle(NamedTuple):
    """`whole` takes the product's name and the attributes, `pair` one attribute."""

    since: tuple[int, ...]
    whole: str
    pair: str
    separator: str


# Newest first.
STYLES = (
    NameStyle((1, 7, 8), "{name} ({attributes})", "{group}: {value}", " - "),
    NameStyle((1, 7), "{name} - {attributes}", "{group} : {value}", "- "),
    NameStyle((0,), "{name} - {attributes}", "{group} : {value}", ", "),
)


def combination_name(name: str, attributes: Sequence[tuple[str, str]], version: str) -> str:
    """Given a product's name, its (group, value) attributes in order and the shop's version, return the line's name.

    An unknown version is taken for the newest.
    """
    if not attributes:
        return name
    numbers = version_numbers(version)
    style = next((style for style in STYLES if not numbers or numbers >= style.since), STYLES[-1])
    listed = style.separator.join(style.pair.format(group=group, value=value) for group, value in attributes)
    return style.whole.format(name=name, attributes=listed)
