"""Find the products of Amazon's SKUs for a page of orders, and read what order lines need of them.

Also a combination's name on an order line, as each version of PrestaShop writes it (order_detail.product_name of the
measured rows: tests/data/order_rows).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import sqlalchemy as sa

from orderferry.config.model import ProductsSettings
from orderferry.prestashop.database.tables import ShopTables, chunks
from orderferry.prestashop.database.values import as_decimal, as_flag, as_int, as_text, version_numbers
from orderferry.prestashop.facts import Product, ShopFacts, ShopUnit
from orderferry.prestashop.reading.product_match import EVERY_SHOP, Key, ProductMatcher, Wanted

_CODES = ("reference", "ean13", "upc", "isbn", "mpn")
Row = Mapping[Any, Any]
Stock = tuple[int, bool]  # quantity, depends_on_stock


class ProductFinder:
    """Finds products for one run."""

    def __init__(self, tables: ShopTables, facts: ShopFacts, settings: ProductsSettings) -> None:
        self._tables = tables
        self._facts = facts
        self._matcher = ProductMatcher(tables, settings)

    def find(self, connection: sa.Connection, wanted: Iterable[Wanted]) -> Mapping[Wanted, tuple[Product, ...]]:
        """Return the products of each (id_shop, SKU) that has any; several are ambiguous.

        With the usual products.match = ["reference"], at most ten statements for 500 SKUs.
        """
        matched = self._matcher.match(connection, sorted(set(wanted)))
        if not matched:
            return {}
        shops = [self._facts.shops[id_shop] for id_shop in sorted({id_shop for id_shop, _ in matched})]
        keys = {key for of_sku in matched.values() for key in of_sku}
        rows = ProductRows(connection, self._tables, keys, shops)
        found = {
            (id_shop, sku): tuple(
                self._product(rows, key, self._facts.shops[id_shop]) for key in of_sku if rows.sold_in(key, id_shop)
            )
            for (id_shop, sku), of_sku in matched.items()
        }
        return {pair: products for pair, products in found.items() if products}

    def _product(self, rows: ProductRows, key: Key, shop: ShopUnit) -> Product:
        """Return a product with the values that PrestaShop's cart takes (Cart::getProducts).

        A combination's codes, wholesale price and ecotax, where it has none the product's; the weights are added.
        """
        id_product, attribute = key
        row = rows.products[id_product, shop.id]
        own: Mapping[Any, Any] = rows.combinations.get((attribute, shop.id), {})
        codes = {name: as_text(own.get(name)) or as_text(row[name]) for name in _CODES}
        supplier = rows.suppliers.get((*key, as_int(row["id_supplier"])), {})
        quantity, depends = rows.stock.get((*key, *shop.stock_key.values()), (0, False))
        names = self._names(rows, key, shop)
        return Product(
            id_product=id_product,
            id_product_attribute=attribute,
            name=names.get(as_int(self._facts.setting("PS_LANG_DEFAULT", shop)))
            or next(iter(names.values()), codes["reference"]),
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
            stands_in=False,
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


class ProductRows:
    """The rows of products and combinations, by the keys by which they are found.

    At most seven statements for each 500 products or combinations.
    """

    def __init__(
        self, connection: sa.Connection, tables: ShopTables, keys: Collection[Key], shops: Collection[ShopUnit]
    ) -> None:
        self._connection = connection
        self._tables = tables
        self._ids = [shop.id for shop in shops]
        self.products: dict[tuple[int, int], Row] = {}  # (id_product, id_shop)
        self.names: dict[tuple[int, int], dict[int, str]] = defaultdict(dict)
        self.combinations: dict[tuple[int, int], Row] = {}  # (id_product_attribute, id_shop)
        self.attributes: dict[int, dict[int, list[tuple[str, str]]]] = {}  # by combination, id_lang
        self.suppliers: dict[tuple[int, int, int], Row] = {}  # (*Key, id_supplier)
        self.stock: dict[tuple[int, ...], Stock] = {}  # (*Key, id_shop, id_shop_group)
        self.packs: dict[int, list[tuple[int, int, int]]] = defaultdict(list)
        self._read(keys, shops)

    def sold_in(self, key: Key, id_shop: int) -> bool:
        """Return whether a shop has the product and the combination; rows of suppliers may outlive both."""
        id_product, attribute = key
        return (id_product, id_shop) in self.products and (not attribute or (attribute, id_shop) in self.combinations)

    def _read(self, keys: Collection[Key], shops: Collection[ShopUnit]) -> None:
        for products in chunks(sorted({id_product for id_product, _ in keys})):
            self._read_products(products)
            self._read_names(products)
            self._read_suppliers(products)
            self._read_stock([key for key in keys if key[0] in set(products)], shops)
            packs = sorted({id_ for (id_, _), row in self.products.items() if as_flag(row["cache_is_pack"])})
            self._read_packs([id_ for id_ in packs if id_ in set(products)])
        for combinations in chunks(sorted({attribute for _, attribute in keys if attribute})):
            self._read_combinations(combinations)
            self._read_attributes(combinations)

    def _read_products(self, products: Iterable[int]) -> None:
        product, in_shop = self._tables["product"], self._tables["product_shop"]
        of_product = ("id_product", "id_supplier", "reference", "supplier_reference", "ean13", "upc", "weight")
        of_shop = ("id_tax_rules_group", "wholesale_price", "active", "ecotax")
        query = (
            sa.select(
                *(product.c[name] for name in of_product),
                product.c.cache_is_pack,
                self._tables.column("product", "isbn", ""),
                self._tables.column("product", "mpn", ""),
                in_shop.c.id_shop,
                *(sa.func.coalesce(in_shop.c[name], product.c[name]).label(name) for name in of_shop),
                sa.func.coalesce(self._tables.column("product_shop", "pack_stock_type", 3), 3).label("pack_stock_type"),
            )
            .join_from(product, in_shop, in_shop.c.id_product == product.c.id_product, isouter=True)
            .where(product.c.id_product.in_(list(products)))
            # those that one of the shops lists, or no shop at all
            .where(sa.or_(in_shop.c.id_shop.in_(self._ids), in_shop.c.id_shop.is_(None)))
        )
        for row in self._connection.execute(query).mappings():
            listed = as_int(row["id_shop"])
            for id_shop in self._ids if listed == EVERY_SHOP else [listed]:
                self.products[as_int(row["id_product"]), id_shop] = row

    def _read_names(self, products: Iterable[int]) -> None:
        lang = self._tables["product_lang"]
        query = sa.select(lang.c.id_product, lang.c.id_shop, lang.c.id_lang, lang.c.name).where(
            lang.c.id_product.in_(list(products)), lang.c.id_shop.in_(self._ids)
        )
        for id_product, id_shop, id_lang, name in self._connection.execute(query):
            self.names[as_int(id_product), as_int(id_shop)][as_int(id_lang)] = as_text(name)

    def _read_combinations(self, combinations: Iterable[int]) -> None:
        source, in_shop = self._tables["product_attribute"], self._tables["product_attribute_shop"]
        query = (
            sa.select(
                *(
                    source.c[name]
                    for name in ("id_product_attribute", "reference", "supplier_reference", "ean13", "upc")
                ),
                self._tables.column("product_attribute", "isbn", ""),
                self._tables.column("product_attribute", "mpn", ""),
                *(in_shop.c[name] for name in ("id_shop", "weight", "wholesale_price", "ecotax")),
            )
            .join_from(source, in_shop, in_shop.c.id_product_attribute == source.c.id_product_attribute)
            .where(source.c.id_product_attribute.in_(list(combinations)), in_shop.c.id_shop.in_(self._ids))
        )
        for row in self._connection.execute(query).mappings():
            self.combinations[as_int(row["id_product_attribute"]), as_int(row["id_shop"])] = row

    def _read_attributes(self, combinations: Iterable[int]) -> None:
        link, attribute, group = (
            self._tables["product_attribute_combination"],
            self._tables["attribute"],
            self._tables["attribute_group"],
        )
        value, title = self._tables["attribute_lang"], self._tables["attribute_group_lang"]
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
        for combination, id_lang, public_name, name in self._connection.execute(query):
            by_lang = self.attributes.setdefault(as_int(combination), defaultdict(list))
            by_lang[as_int(id_lang)].append((as_text(public_name), as_text(name)))

    def _read_suppliers(self, products: Iterable[int]) -> None:
        if not self._tables.has("product_supplier"):
            return
        supplier = self._tables["product_supplier"]
        key_names = ("id_product", "id_product_attribute", "id_supplier")
        names = (*key_names, "product_supplier_reference", "product_supplier_price_te")
        query = sa.select(*(supplier.c[name] for name in names)).where(supplier.c.id_product.in_(list(products)))
        for row in self._connection.execute(query).mappings():
            id_product, attribute, id_supplier = (as_int(row[name]) for name in key_names)
            self.suppliers[id_product, attribute, id_supplier] = row

    def _read_stock(self, keys: Collection[Key], shops: Collection[ShopUnit]) -> None:
        stock = self._tables["stock_available"]
        owners = sorted({tuple(shop.stock_key.values()) for shop in shops})
        columns = ("id_product", "id_product_attribute", "id_shop", "id_shop_group", "quantity", "depends_on_stock")
        query = sa.select(*(stock.c[name] for name in columns)).where(
            stock.c.id_product.in_(sorted({id_product for id_product, _ in keys})),
            stock.c.id_product_attribute.in_(sorted({attribute for _, attribute in keys})),
            sa.or_(*(sa.and_(stock.c.id_shop == shop, stock.c.id_shop_group == group) for shop, group in owners)),
        )
        for id_product, attribute, id_shop, id_group, quantity, depends in self._connection.execute(query):
            row = (as_int(id_product), as_int(attribute), as_int(id_shop), as_int(id_group))
            self.stock[row] = (as_int(quantity), as_flag(depends))

    def _read_packs(self, products: Collection[int]) -> None:
        if not products or not self._tables.has("pack"):
            return
        pack = self._tables["pack"]
        query = (
            sa.select(pack.c.id_product_pack, pack.c.id_product_item, pack.c.id_product_attribute_item, pack.c.quantity)
            .where(pack.c.id_product_pack.in_(list(products)))
            .order_by(pack.c.id_product_item, pack.c.id_product_attribute_item)
        )
        for id_pack, item, attribute, quantity in self._connection.execute(query):
            self.packs[as_int(id_pack)].append((as_int(item), as_int(attribute), as_int(quantity)))


class NameStyle(NamedTuple):
    """How a version writes a combination's name: `whole` from product and attributes, `pair` for one attribute."""

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
    """Return an order line's name for a product with (group, value) attributes, as a version of PrestaShop writes it.

    An unknown version is taken for the newest.
    """
    if not attributes:
        return name
    numbers = version_numbers(version)
    style = next((style for style in STYLES if not numbers or numbers >= style.since), STYLES[-1])
    listed = style.separator.join(style.pair.format(group=group, value=value) for group, value in attributes)
    return style.whole.format(name=name, attributes=listed)
