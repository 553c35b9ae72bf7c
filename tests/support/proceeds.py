"""An independent judge of Amazon's proceeds: which readings of a breakdown give the total that it stands beside."""

from __future__ import annotations

from decimal import Decimal
from itertools import product
from typing import Any


def money(value: dict[str, str]) -> Decimal:
    """Amazon's money as a number."""
    return Decimal(value["amount"])


def sum_of(rows: list[dict[str, Any]], *types: str) -> Decimal:
    """The sum of the rows of some types."""
    return sum((money(row["subtotal"]) for row in rows if row["type"] in types), Decimal(0))


def readings(item: dict[str, Any]) -> set[tuple[str, str]]:
    """Given an item's JSON, return its readings that give `proceedsTotal`: (tax, discount).

    Tax is "on-top" or "inside" ("none" where it is 0 or missing), discount "added" as it stands or "subtracted"
    ("none"). Readings that can't differ count once.
    """
    rows = item["proceeds"]["breakdowns"]
    tax, discount = sum_of(rows, "TAX"), sum_of(rows, "DISCOUNT")
    rest = sum((money(row["subtotal"]) for row in rows if row["type"] not in ("TAX", "DISCOUNT")), Decimal(0))
    taxes = {"on-top": tax, "inside": Decimal(0)} if tax else {"none": Decimal(0)}
    discounts = {"added": discount, "subtracted": -discount} if discount else {"none": Decimal(0)}
    total = money(item["proceeds"]["proceedsTotal"])
    return {
        (first, second)
        for (first, with_tax), (second, with_discount) in product(taxes.items(), discounts.items())
        if rest + with_tax + with_discount == total
    }


def grand_total_adds_up(order: dict[str, Any]) -> bool:
    """Whether grandTotal is the sum of the items' totals and of the rows that stand at order level only."""
    proceeds = order["proceeds"]
    items = sum((money(item["proceeds"]["proceedsTotal"]) for item in order["orderItems"]), Decimal(0))
    return money(proceeds["grandTotal"]) == items + sum_of(proceeds.get("breakdowns", []), "DELIVERY_TIP")
