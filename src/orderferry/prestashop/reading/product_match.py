"""Find the products and combinations that a SKU means, by `products.*` of the configuration."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import sqlalchemy as sa

from orderferry.config.model import ProductsSettings
from orderferry.prestashop.database.tables import ShopTables, chunks, rows_with
from orderferry.prestashop.database.values import as_int, as_text, holds
from orderferry.prestashop.facts import Column

Key = tuple[int, int]  # id_product, id_product_attribute (0: the product itself)
Wanted = tuple[int, str]  # id_shop, SKU as Amazon wrote it

# The columns that each word of products.match searches. Combinations and products are told apart later.
_SOURCES: Mapping[str, tuple[tuple[str, str], ...]] = {
    "reference": (("product_attribute", "reference"), ("product", "reference")),
    "supplier_reference": (
        ("product_attribute", "supplier_reference"),
        ("product", "supplier_reference"),
        ("product_supplier", "product_supplier_reference"),
    ),
    "ean13": (("product_attribute", "ean13"), ("product", "ean13")),
    "upc": (("product_attribute", "upc"), ("product", "upc")),
    "mpn": (("product_attribute", "mpn"), ("product", "mpn")),
}
# The id_shop of products that modules and hand-made imports put into `product` without listing them in a shop.
EVERY_SHOP = 0


@dataclass(frozen=True, slots=True)
class _Hit:
    """A row with a text that may be a SKU. `id_shop` `EVERY_SHOP`: no shop lists it, so any shop may sell it."""

    text: str
    key: Key
    id_shop: int

    def within(self, shops: Collection[int]) -> Iterator[_Hit]:
        """Yield the hit for each of these shops that may sell it."""
        if self.id_shop == EVERY_SHOP:
            yield from (replace(self, id_shop=id_shop) for id_shop in shops)
        elif self.id_shop in shops:
            yield self


class ProductMatcher:
    """Matches SKUs for one run. Columns without a key in this shop are read once as a whole, and kept."""

    def __init__(self, tables: ShopTables, settings: ProductsSettings) -> None:
        self._tables = tables
        self._settings = settings
        self._whole: dict[tuple[str, str], Mapping[str, list[_Hit]]] = {}

    def match(self, connection: sa.Connection, wanted: Iterable[Wanted]) -> Mapping[Wanted, tuple[Key, ...]]:
        """Return the products and combinations of each shop and SKU: none, one, or several.

        The SKU itself is searched before the SKU without a suffix, each in the order of products.match; the first that
        finds anything in that shop decides. Combinations come before products, an exact text before one in another
        case. A product that is sold in combinations means all of them.
        """
        open_ = {pair: self._candidates(pair[1]) for pair in wanted if pair[1].strip()}
        found: dict[Wanted, tuple[Key, ...]] = {}
        for attempt in range(max(map(len, open_.values()), default=0)):
            for field in self._settings.match:
                asked = {pair: texts[attempt] for pair, texts in open_.items() if len(texts) > attempt}
                found |= self._search(connection, field, asked)
                open_ = {pair: texts for pair, texts in open_.items() if pair not in found}
        return self._sold_as(connection, found)

    def _candidates(self, sku: str) -> tuple[str, ...]:
        """Return the texts to search: the one of products.map, else the SKU, with and without a suffix."""
        mapped = self._settings.map.get(sku, "").strip()
        if mapped:
            return (mapped,)
        sku = sku.strip()
        suffixes = sorted(self._settings.suffixes, key=len, reverse=True)
        bare = (sku[: -len(suffix)] for suffix in suffixes if sku.casefold().endswith(suffix.casefold()))
        return tuple(dict.fromkeys(text for text in (sku, *bare) if text))

    def _search(
        self, connection: sa.Connection, field: str, asked: Mapping[Wanted, str]
    ) -> dict[Wanted, tuple[Key, ...]]:
        hits: dict[str, list[_Hit]] = defaultdict(list)
        texts = sorted(set(asked.values()))
        shops = sorted({id_shop for id_shop, _ in asked})
        for table, column in _SOURCES.get(field, ()):
            if texts and self._tables.has(table, column):
                for hit in self._hits(connection, table, column, texts, shops):
                    hits[hit.text.casefold()].append(hit)
        chosen = {
            (id_shop, sku): _best(text, [hit for hit in hits[text.casefold()] if hit.id_shop == id_shop])
            for (id_shop, sku), text in asked.items()
        }
        return {pair: keys for pair, keys in chosen.items() if keys}

    def _hits(
        self, connection: sa.Connection, table: str, column: str, texts: list[str], shops: Collection[int]
    ) -> Iterator[_Hit]:
        live = self._tables.live[table].columns[column]
        source = self._tables[table].c[column]
        texts = [text for text in texts if _can_hold(live, text)]
        if live.indexed:
            for some in chunks(texts):
                rows = connection.execute(self._query(table, column).where(source.in_(some)))
                yield from (hit for found in map(_hit, rows) for hit in found.within(shops))
            return
        if (table, column) not in self._whole:
            known: dict[str, list[_Hit]] = defaultdict(list)
            for hit in map(_hit, connection.execute(self._query(table, column).where(source != ""))):
                known[hit.text.casefold()].append(hit)
            self._whole[table, column] = dict(known)
        for text in texts:
            known_hits = self._whole[table, column].get(text.casefold(), ())
            yield from (hit for found in known_hits for hit in found.within(shops))

    def _query(self, table: str, column: str) -> sa.Select[Any]:
        """Select (text, id_product, id_product_attribute, id_shop), a row for each shop that sells it.

        id_shop is NULL for a product that no shop lists.
        """
        source = self._tables[table]
        if table == "product_attribute":
            in_shop = self._tables["product_attribute_shop"]
            return sa.select(
                source.c[column], source.c.id_product, source.c.id_product_attribute, in_shop.c.id_shop
            ).join_from(source, in_shop, in_shop.c.id_product_attribute == source.c.id_product_attribute)
        in_shop = self._tables["product_shop"]
        attribute = source.c.id_product_attribute if table == "product_supplier" else sa.literal(0)
        return sa.select(source.c[column], source.c.id_product, attribute, in_shop.c.id_shop).join_from(
            source, in_shop, in_shop.c.id_product == source.c.id_product, isouter=True
        )

    def _sold_as(
        self, connection: sa.Connection, found: Mapping[Wanted, tuple[Key, ...]]
    ) -> dict[Wanted, tuple[Key, ...]]:
        """Replace products that have combinations in the shop by these, since nobody can buy such a product itself."""
        whole = {id_product for keys in found.values() for id_product, attribute in keys if not attribute}
        combinations: dict[tuple[int, int], list[Key]] = defaultdict(list)
        source, in_shop = self._tables["product_attribute"], self._tables["product_attribute_shop"]
        query = sa.select(in_shop.c.id_shop, source.c.id_product, source.c.id_product_attribute).join_from(
            source, in_shop, in_shop.c.id_product_attribute == source.c.id_product_attribute
        )
        for row in rows_with(connection, query, source.c.id_product, whole):
            key = as_int(row["id_product"]), as_int(row["id_product_attribute"])
            combinations[as_int(row["id_shop"]), key[0]].append(key)
        sold: dict[Wanted, set[Key]] = defaultdict(set)
        for (id_shop, sku), keys in found.items():
            for id_product, attribute in keys:
                of_product = [] if attribute else combinations.get((id_shop, id_product), [])
                sold[id_shop, sku].update(of_product or [(id_product, attribute)])
        return {pair: tuple(sorted(keys)) for pair, keys in sold.items()}


def _best(text: str, hits: list[_Hit]) -> tuple[Key, ...]:
    """Return the best of the rows with a text: combinations before products, then the exact text."""
    combinations = [hit for hit in hits if hit.key[1]]
    level = combinations or hits
    exact = [hit for hit in level if hit.text == text]
    return tuple(sorted({hit.key for hit in exact or level}))


def _hit(row: Any) -> _Hit:
    text, id_product, attribute, id_shop = row
    return _Hit(as_text(text).strip(), (as_int(id_product), as_int(attribute)), as_int(id_shop))


def _can_hold(column: Column, text: str) -> bool:
    """Return whether a column can hold a text at all.

    Any other text would keep the database from using the column's key, or be refused with error 1267 (a Japanese word
    for a latin1 column).
    """
    return (column.length is None or len(text) <= column.length) and holds(column.charset, text)
