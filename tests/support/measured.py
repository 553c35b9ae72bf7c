"""What PrestaShop 8.2.1 wrote in the measured scenarios, and how our rows are compared with it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from fnmatch import fnmatch
from functools import cache
from pathlib import Path
from typing import Any

from orderferry.prestashop.embedded import CombinationSeed, ProductSeed, ShopSeed
from support.shop_database import ShopDatabase

NOTHING = re.compile(r"|0(\.0+)?|0000-00-00( 00:00:00)?")
DATA = Path(__file__).parent.parent / "data" / "order_rows"
# The measured shop's catalogue: what the scenarios sell.
PRODUCTS = (
    ProductSeed(
        "demo_1",
        "Hummingbird printed t-shirt",
        Decimal("19.12"),
        supplier_reference="demo_1_46",
        combinations=(CombinationSeed("demo_1", "Size: S, Color: White", 300, supplier_reference="demo_1_46"),),
    ),
    ProductSeed("demo_11", "Mug The best is yet to come", Decimal("11.90"), quantity=900, supplier_reference="demo_11"),
    ProductSeed("REDUCED10", "Book", Decimal("7.77"), 2, Decimal("0.200"), 500),
    ProductSeed("OVERSOLD", "Lamp", Decimal("10.00"), 1, Decimal("0.200"), 1),
)
WHOLESALE = {"demo_1": "5.49", "demo_11": "5.49"}  # the others: 0
SEED = ShopSeed(products=PRODUCTS, languages=("en",))
# stock rows of the measured shop: (id_product, id_product_attribute) by reference
STOCK_KEYS = {6: ("demo_11", False), 1: ("demo_1", False), 20: ("demo_1", True), 59: ("REDUCED10", False)}
STOCK_KEYS[60] = ("OVERSOLD", False)


def like_the_measured_shop(database: ShopDatabase) -> ShopDatabase:
    """Wholesale prices and names of taxes as in the measured shop."""
    database.execute("UPDATE {p}tax_lang SET name = REPLACE(name, 'VAT', 'IVA')")
    database.execute("UPDATE {p}product SET wholesale_price = 0")
    database.execute("UPDATE {p}product_shop SET wholesale_price = 0")
    database.execute("UPDATE {p}product_supplier SET product_supplier_price_te = 0")
    for reference, price in WHOLESALE.items():
        database.execute(
            "UPDATE {p}product_shop SET wholesale_price = :price WHERE id_product IN"
            " (SELECT id_product FROM {p}product WHERE reference = :reference)",
            price=price,
            reference=reference,
        )
        database.execute(
            "UPDATE {p}product SET wholesale_price = :price WHERE reference = :reference",
            price=price,
            reference=reference,
        )
    return database


@cache
def scenario(name: str) -> Mapping[str, Mapping[str, list[dict[str, Any]]]]:
    """The rows that a scenario inserted and updated, by table."""
    measured = json.loads((DATA / "8.2.1.json").read_text("utf-8"))
    found: Mapping[str, Mapping[str, list[dict[str, Any]]]] = measured["scenarios"][name]["diff"]
    return found


@cache
def accepted() -> Mapping[str, list[dict[str, str]]]:
    """The list of accepted differences."""
    found: Mapping[str, list[dict[str, str]]] = json.loads((DATA / "accepted_differences.json").read_text("utf-8"))
    return found


@dataclass
class Comparison:
    """Gathers differences. `used` are the accepted ones that were met: the list may hold no other."""

    found: list[str] = field(default_factory=list)
    used: set[tuple[str, str]] = field(default_factory=set)

    def rows(self, table: str, measured: Iterable[Mapping[str, Any]], ours: Iterable[Mapping[str, Any]]) -> None:
        """Compare rows column by column, in order; ours must have each column that PrestaShop's rows have."""
        theirs, own = list(measured), list(ours)
        if len(theirs) != len(own):
            self.found.append(f"{table}: {len(own)} rows instead of {len(theirs)}")
        for expected, row in zip(theirs, own, strict=False):
            for column, value in expected.items():
                self._value(table, column, value, row[column])

    def _value(self, table: str, column: str, expected: Any, value: Any) -> None:
        if plain(expected) == plain(value):
            return
        if any(fnmatch(column, rule["column"]) for rule in accepted()["presence"]):
            if is_set(expected) == is_set(value):
                return
        elif any((rule["table"], rule["column"]) == (table, column) for rule in accepted()["different"]):
            self.used.add((table, column))
            return
        self.found.append(f"{table}.{column}: {value!r} instead of {expected!r}")


def plain(value: Any) -> str:
    """A value as text that two drivers and two notations agree on."""
    if value is None:
        return "NULL"
    try:
        return f"{Decimal(str(value)).normalize():f}"
    except InvalidOperation:
        return str(value)


def is_set(value: Any) -> bool:
    """Whether a value is anything but 0, empty, NULL or a zero date."""
    return value is not None and not NOTHING.fullmatch(str(value))
