"""Reads what is in the demo's shop, by SQL of its own, so that the importer is not its own witness."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path


@dataclass(frozen=True, slots=True)
class DemoShopOrder:
    """The orders of the shop that bear one Amazon id: how many, and the total of the last."""

    count: int
    total_paid: Decimal


def read_shop_orders(shop: Path) -> dict[str, DemoShopOrder]:
    """Given the embedded shop's file, return its orders by Amazon id (`order_payment.transaction_id`)."""
    query = (
        "SELECT p.transaction_id, COUNT(DISTINCT o.id_order), MAX(o.total_paid)"
        " FROM ps_orders o JOIN ps_order_payment p ON p.order_reference = o.reference GROUP BY p.transaction_id"
    )
    with closing(sqlite3.connect(shop)) as connection:
        return {
            str(amazon_id): DemoShopOrder(int(count), Decimal(str(total)).quantize(Decimal("0.01")))
            for amazon_id, count, total in connection.execute(query)
        }
