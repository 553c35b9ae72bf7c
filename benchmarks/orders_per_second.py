"""Orders a second, ours beside a bare PyMySQL loop that inserts the same rows one by one; at 0 and 5 ms away."""

from __future__ import annotations

import time
from contextlib import nullcontext

from benchmarks.amazon_orders import ready_orders
from benchmarks.bare_loop import Row, bare_loop, written_rows
from benchmarks.delay_proxy import delaying_proxy
from benchmarks.figures import Figure, at_least, compared
from benchmarks.shops import Shops, importer, take
from orderferry.domain.orders import Order


def figures(shops: Shops, rounds: int, count: int = 400, far_count: int = 100) -> list[Figure]:
    """The figures of a database on this machine and of one at 5 ms."""
    orders = ready_orders(count)
    with shops.fresh() as shop, importer(shop) as processor:
        take(processor, orders)
        rows = written_rows(shop)
    near = _sides(shops, orders, rows, rounds, 0.0)
    far = _sides(shops, orders[:far_count], rows[:far_count], rounds, 0.005)
    lines = sum(len(order.items) for order in orders) / len(orders)
    each = sum(map(len, rows)) / len(rows)
    what = f"Orders a second ({lines:.1f} lines and {each:.0f} inserted rows each), beside a bare PyMySQL loop"
    return [
        compared(f"{what}, database on this machine", *near, at_least(0.4), "{:.0f}/s"),
        compared(f"{what}, at a round-trip time of 5 ms", *far, at_least(2), "{:.1f}/s"),
    ]


def _sides(
    shops: Shops, orders: list[Order], rows: list[list[Row]], rounds: int, delay: float
) -> tuple[list[float], list[float]]:
    """Orders a second of both, one after the other in each round."""
    ours, bare = [], []
    proxy = delaying_proxy(shops.server.port, delay) if delay else nullcontext(None)
    with proxy as port:
        for _ in range(rounds):
            ours.append(len(orders) / _our_seconds(shops, orders, port))
            bare.append(len(orders) / _bare_seconds(shops, rows, port))
    return ours, bare


def _our_seconds(shops: Shops, orders: list[Order], port: int | None) -> float:
    with shops.fresh() as shop, importer(shop, port) as processor:
        start = time.perf_counter()
        take(processor, orders)
        return time.perf_counter() - start


def _bare_seconds(shops: Shops, rows: list[list[Row]], port: int | None) -> float:
    with shops.fresh() as shop, importer(shop):  # which creates our own tables
        start = time.perf_counter()
        bare_loop(shop, rows, port)
        return time.perf_counter() - start
