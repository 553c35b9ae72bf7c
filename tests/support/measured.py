"""What PrestaShop wrote in the measured scenarios, version by version: its shop, its orders, its rows."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

from orderferry.domain.money import allocate
from orderferry.domain.orders import Order
from orderferry.prestashop.sample_shop import CombinationSeed, ProductSeed, ShopSeed
from support.shop_database import ShopDatabase
from support.writing import Sold, amazon_order

DATA = Path(__file__).parent.parent / "data" / "order_rows"
VERSIONS = ("1.6.1.24", "1.7.6.9", "1.7.7.8", "1.7.8.11", "8.0.5", "8.1.7", "8.2.1", "9.1.4")
OLDEST = VERSIONS[0]
SWEDEN = "A2NODRKZP88ZB9"
CENTS = 2

Rows = list[dict[str, Any]]
Diff = Mapping[str, Mapping[str, Rows]]


@cache
def scenarios(version: str) -> Mapping[str, Diff]:
    """The scenarios that were measured on a version: for each table the inserted and the updated rows."""
    data = json.loads((DATA / f"{version}.json").read_text("utf-8"))
    return {
        name: {
            table: {
                "inserted": [
                    dict(zip(data["columns"].get(table, ()), row, strict=True)) for row in changes["inserted"]
                ],
                "updated": changes["updated"],
            }
            for table, changes in diff.items()
        }
        for name, diff in data["scenarios"].items()
    }


def placed(version: str) -> list[str]:
    """The scenarios of a version that place an order."""
    return [name for name, diff in scenarios(version).items() if diff.get("orders", {}).get("inserted")]


def order_of(version: str, name: str) -> Order:
    """The Amazon order that is what a scenario bought: same goods, same amounts, tax inside.

    The voucher becomes Amazon's promotion, shared among the lines by what they cost; a line's tax is the one after it.
    """
    diff = scenarios(version)[name]
    (placed_order,) = diff["orders"]["inserted"]
    lines = sorted(diff["order_detail"]["inserted"], key=lambda row: int(row["id_order_detail"]))
    taxes = {row["id_order_detail"]: row for row in diff["order_detail_tax"]["inserted"]}
    prices = [Decimal(line["total_price_tax_incl"]) for line in lines]
    discounts = allocate(Decimal(placed_order["total_discounts_tax_incl"]), prices, CENTS)
    sold = [
        Sold(line["product_reference"], int(line["product_quantity"]), _cents(price), tax, discount=_some(share))
        for line, price, tax, share in zip(
            lines, prices, (_tax_of(line, taxes[line["id_order_detail"]]) for line in lines), discounts, strict=True
        )
    ]
    more: dict[str, Any] = {what: _some(_incl(placed_order, column)) for what, column in _CHARGES.items()}
    more |= {f"{what}_tax": _some(_tax(placed_order, column)) for what, column in _CHARGES.items()}
    sold[0] = replace(sold[0], gift_message=placed_order["gift_message"], **more)
    foreign = Decimal(placed_order["conversion_rate"]) != 1
    return amazon_order(*sold, **({"currency": "SEK", "marketplace_id": SWEDEN} if foreign else {}))


_CHARGES = {"shipping": "total_shipping", "wrap": "total_wrapping"}


def _tax_of(line: Mapping[str, Any], tax: Mapping[str, Any]) -> str:
    """The tax of a line after the voucher. 1.6 has it in the unit's amount only, and the one before it in the total."""
    quantity, total = int(line["product_quantity"]), Decimal(tax["total_amount"])
    of_units = Decimal(tax["unit_amount"]) * quantity
    return _cents(total if abs(total - of_units) < Decimal("0.02") else of_units)


def _incl(row: Mapping[str, Any], column: str) -> Decimal:
    return Decimal(row[f"{column}_tax_incl"])


def _tax(row: Mapping[str, Any], column: str) -> Decimal:
    return _incl(row, column) - Decimal(row[f"{column}_tax_excl"])


def _cents(amount: Decimal | str) -> str:
    return f"{Decimal(amount):.2f}"


def _some(amount: Decimal) -> str:
    return _cents(amount) if amount else ""


@cache
def seed_of(version: str) -> ShopSeed:
    """The measured shop's catalogue: what the scenarios sell."""
    return ShopSeed(products=_OLD_PRODUCTS if version == OLDEST else _products(version), languages=("en",))


def _products(version: str) -> tuple[ProductSeed, ...]:
    weight = Decimal(0 if version == "1.7.6.9" else "0.300")
    supplied = version not in {"1.7.6.9", "1.7.7.8"}  # their demo products have no suppliers
    shirt, mug = ("demo_1_46", "demo_11") if supplied else ("", "")
    combination = CombinationSeed("demo_1", "Size: S, Color: White", 300, supplier_reference=shirt)
    return (
        ProductSeed(
            "demo_1",
            "Hummingbird printed t-shirt",
            Decimal("19.12"),
            weight=weight,
            supplier_reference=shirt,
            combinations=(combination,),
        ),
        ProductSeed(
            "demo_11",
            "Mug The best is yet to come",
            Decimal("11.90"),
            weight=weight,
            quantity=900,
            supplier_reference=mug,
        ),
        *_ADDED,
    )


_ADDED = (
    ProductSeed("REDUCED10", "Book", Decimal("7.77"), 2, Decimal("0.200"), 500),
    ProductSeed("OVERSOLD", "Lamp", Decimal("10.00"), 1, Decimal("0.200"), 1),
)
_OLD_PRODUCTS = (
    ProductSeed(
        "demo_1",
        "Faded Short Sleeves T-shirt",
        Decimal("16.51"),
        weight=Decimal(0),
        combinations=(CombinationSeed("demo_1", "Size: S, Color: Orange", 300),),
    ),
    ProductSeed("SIMPLE1", "Mug", Decimal("11.90"), quantity=900),
    *_ADDED,
)
# Cost prices of the demo products: product.wholesale_price, and the supplier's price.
_WHOLESALE = {
    OLDEST: {"demo_1": "4.95"},
    **{version: {"demo_1": "5.49", "demo_11": "5.49"} for version in ("8.0.5", "8.1.7", "8.2.1", "9.1.4")},
}
_SUPPLIERS = {"1.7.8.11": "5.49"}
# Stock rows: (reference, whether it is the combination's) by their id in the measured shop.
_STOCK = {6: ("demo_11", False), 1: ("demo_1", False), 20: ("demo_1", True), 59: ("REDUCED10", False)}
_STOCK[60] = ("OVERSOLD", False)
_OLD_STOCK = {53: ("SIMPLE1", False), 1: ("demo_1", False), 8: ("demo_1", True), 54: ("REDUCED10", False)}
_OLD_STOCK[55] = ("OVERSOLD", False)


def stock_rows_of(version: str) -> Mapping[int, tuple[str, bool]]:
    """The measured stock rows that scenarios move."""
    return _OLD_STOCK if version == OLDEST else _STOCK


def like_the_measured_shop(database: ShopDatabase) -> ShopDatabase:
    """Cost prices and names of taxes as in the measured shop of that version."""
    version = database.version
    database.execute("UPDATE {p}tax_lang SET name = REPLACE(name, 'VAT', 'IVA')")
    database.execute("UPDATE {p}product SET wholesale_price = 0")
    database.execute("UPDATE {p}product_shop SET wholesale_price = 0")
    database.execute(
        "UPDATE {p}product_supplier SET product_supplier_price_te = :price", price=_SUPPLIERS.get(version, "0")
    )
    for reference, price in _WHOLESALE.get(version, {}).items():
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
