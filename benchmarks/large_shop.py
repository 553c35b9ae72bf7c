"""An empty shop beside one with half a million orders: the cost of an order must not grow with the shop."""

from __future__ import annotations

import time

from benchmarks.amazon_orders import pages, ready_orders
from benchmarks.figures import Figure, at_most, compared
from benchmarks.shops import Shops, importer, take
from orderferry.domain.decide import Rules
from orderferry.domain.orders import Channel, Order
from support.large_shop import LARGE, Size, grow
from support.shop_database import ShopDatabase


def figures(shops: Shops, rounds: int, size: Size = LARGE) -> list[Figure]:
    """The figure of the large shop."""
    orders = ready_orders(100 * rounds + 100)
    first = next(order for order in orders if order.channel is Channel.REGULAR and len(order.items) == 1)
    with shops.fresh() as large, shops.fresh() as small:
        for shop in (large, small):
            with importer(shop) as processor:
                take(processor, [first])
        grow(large, size)
        ours = _milliseconds(large, orders)
        beside = _milliseconds(small, orders)
    what = (
        f"Milliseconds an order in a shop with {size.products:,} products, {size.customers:,} customers and "
        f"{size.orders:,} orders, beside an empty one"
    )
    return [compared(what, ours, beside, at_most(1.15), "{:.1f} ms")]


def _milliseconds(shop: ShopDatabase, orders: list[Order]) -> list[float]:
    """Per order, page by page; the first page warms up (and draws the first invoice number ever)."""
    spent = []
    with importer(shop) as processor:
        for page in pages(orders):
            start = time.perf_counter()
            processor.process(page, Rules())
            spent.append((time.perf_counter() - start) * 1000 / len(page))
    return spent[1:]
