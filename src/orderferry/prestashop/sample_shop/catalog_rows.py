"""Make the rows of products with combinations, packs, suppliers and stock, in batches for fifty thousand products."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from itertools import count
from typing import Any

from orderferry.prestashop.sample_shop.schema import Row, TableRows, per_shop
from orderferry.prestashop.sample_shop.seed import CombinationSeed, ProductSeed, ShopSeed
from orderferry.prestashop.sample_shop.shop_rows import HOME_CATEGORY

BATCH = 2_000
SUPPLIER = 1


def catalog_rows(seed: ShopSeed) -> Iterator[TableRows]:
    """Yield categories, the supplier, attributes, and the products batch by batch."""
    yield (
        "category",
        [
            {
                "id_category": 1,
                "id_parent": 0,
                "level_depth": 0,
                "nleft": 1,
                "nright": 4,
                "active": 1,
                "is_root_category": 0,
            },
            {
                "id_category": HOME_CATEGORY,
                "id_parent": 1,
                "level_depth": 1,
                "nleft": 2,
                "nright": 3,
                "active": 1,
                "is_root_category": 1,
            },
        ],
    )
    yield "supplier", [{"id_supplier": SUPPLIER, "name": "Default supplier", "active": 1}]
    writer = _CatalogRows(seed)
    yield from writer.attributes()
    for start in range(0, len(seed.products), BATCH):
        yield from writer.products(start, seed.products[start : start + BATCH])


class _CatalogRows:
    """Number products, combinations, attributes and stock rows, in the order of the seed."""

    def __init__(self, seed: ShopSeed) -> None:
        self._seed = seed
        self._ids = {product.reference: number for number, product in enumerate(seed.products, 1)}
        pairs = dict.fromkeys(
            pair for product in seed.products for combination in product.combinations for pair in combination.pairs
        )
        self._attributes = {pair: number for number, pair in enumerate(pairs, 1)}
        groups = dict.fromkeys(group for group, _ in pairs)
        self._groups = {group: number for number, group in enumerate(groups, 1)}
        self._combination_ids = count(1)
        self._stock_ids = count(1)

    def attributes(self) -> Iterator[TableRows]:
        """Yield the attribute groups and values that the combinations use."""
        langs = self._seed.lang_ids
        yield (
            "attribute_group",
            [
                {
                    "id_attribute_group": n,
                    "is_color_group": int(name == "Color"),
                    "group_type": "select",
                    "position": n - 1,
                }
                for name, n in self._groups.items()
            ],
        )
        yield (
            "attribute_group_lang",
            [
                {"id_attribute_group": n, "id_lang": id_lang, "name": name, "public_name": name}
                for name, n in self._groups.items()
                for id_lang in langs
            ],
        )
        yield (
            "attribute",
            [
                {"id_attribute": n, "id_attribute_group": self._groups[group], "color": "", "position": n - 1}
                for (group, _), n in self._attributes.items()
            ],
        )
        yield (
            "attribute_lang",
            [
                {"id_attribute": n, "id_lang": id_lang, "name": value}
                for (_, value), n in self._attributes.items()
                for id_lang in langs
            ],
        )

    def products(self, start: int, products: tuple[ProductSeed, ...]) -> Iterator[TableRows]:
        """Yield one batch of products, the first of them having the id start + 1."""
        rows: dict[str, list[Row]] = defaultdict(list)
        for id_product, product in enumerate(products, start + 1):
            combinations = [(next(self._combination_ids), combination) for combination in product.combinations]
            self._product(rows, id_product, product, combinations[0][0] if combinations else 0)
            self._stock(rows, id_product, 0, product.total_quantity)
            for position, (id_combination, combination) in enumerate(combinations):
                self._combination(rows, id_product, id_combination, combination, is_default=position == 0)
                self._stock(rows, id_product, id_combination, combination.quantity)
            for reference, quantity in product.pack:
                rows["pack"].append(
                    {"id_product_pack": id_product, "id_product_item": self._ids[reference], "quantity": quantity}
                )
        yield from rows.items()

    def _product(self, rows: Mapping[str, list[Row]], id_product: int, product: ProductSeed, default: int) -> None:
        seed = self._seed
        shared: dict[str, Any] = {
            "id_product": id_product,
            "id_category_default": HOME_CATEGORY,
            "id_tax_rules_group": product.tax_group,
            "price": str(product.price),
            "wholesale_price": str(round(product.price / 2, 2)),
            "active": int(product.active),
            "cache_default_attribute": default,
            "pack_stock_type": product.pack_stock_type,
        }
        rows["product"].append(
            {
                **shared,
                "id_supplier": SUPPLIER,
                "reference": product.reference,
                "supplier_reference": product.supplier_reference,
                "ean13": product.ean13,
                "upc": product.upc,
                "isbn": product.isbn,
                "mpn": product.mpn,
                "weight": str(product.weight),
                "cache_is_pack": int(bool(product.pack)),
                "is_virtual": int(product.virtual),
                "product_type": product.kind,
            }
        )
        rows["product_shop"].extend(per_shop(seed.shop_ids, [shared]))
        rows["product_lang"].extend(
            {
                "id_product": id_product,
                "id_shop": id_shop,
                "id_lang": id_lang,
                "name": product.names.get(iso, product.name),
                "link_rewrite": product.reference.lower(),
            }
            for id_shop in seed.shop_ids
            for id_lang, iso in zip(seed.lang_ids, seed.languages, strict=True)
        )
        rows["category_product"].append(
            {"id_category": HOME_CATEGORY, "id_product": id_product, "position": id_product - 1}
        )
        self._supplier(rows, id_product, 0, product.supplier_reference)

    def _combination(
        self,
        rows: Mapping[str, list[Row]],
        id_product: int,
        id_combination: int,
        combination: CombinationSeed,
        *,
        is_default: bool,
    ) -> None:
        shared: dict[str, Any] = {
            "id_product_attribute": id_combination,
            "id_product": id_product,
            "default_on": 1 if is_default else None,  # unique with id_product: NULL for all others
        }
        rows["product_attribute"].append(
            {
                **shared,
                "reference": combination.reference,
                "supplier_reference": combination.supplier_reference,
                "ean13": combination.ean13,
                "upc": combination.upc,
                "mpn": combination.mpn,
                "quantity": combination.quantity,
            }
        )
        rows["product_attribute_shop"].extend(per_shop(self._seed.shop_ids, [shared]))
        rows["product_attribute_combination"].extend(
            {"id_attribute": self._attributes[pair], "id_product_attribute": id_combination}
            for pair in combination.pairs
        )
        self._supplier(rows, id_product, id_combination, combination.supplier_reference)

    @staticmethod
    def _supplier(rows: Mapping[str, list[Row]], id_product: int, id_combination: int, reference: str) -> None:
        if reference:
            rows["product_supplier"].append(
                {
                    "id_product": id_product,
                    "id_product_attribute": id_combination,
                    "id_supplier": SUPPLIER,
                    "product_supplier_reference": reference,
                    "id_currency": 1,
                }
            )

    def _stock(self, rows: Mapping[str, list[Row]], id_product: int, id_combination: int, quantity: int) -> None:
        for id_shop, id_group in self._stock_owners():
            rows["stock_available"].append(
                {
                    "id_stock_available": next(self._stock_ids),
                    "id_product": id_product,
                    "id_product_attribute": id_combination,
                    "id_shop": id_shop,
                    "id_shop_group": id_group,
                    "quantity": quantity,
                    "physical_quantity": quantity,
                    "out_of_stock": 2,
                }
            )

    def _stock_owners(self) -> list[tuple[int, int]]:
        """Return (id_shop, id_shop_group) of a product's stock rows: a group that shares stock has one, with shop 0."""
        groups = self._seed.groups
        owners = [
            (0, shop.group) if groups[shop.group - 1].share_stock else (id_shop, 0)
            for id_shop, shop in zip(self._seed.shop_ids, self._seed.shops, strict=True)
        ]
        return list(dict.fromkeys(owners))
