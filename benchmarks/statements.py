"""Statements and round trips for each created order, counted by the server and by a proxy in between."""

from __future__ import annotations

from contextlib import closing

from benchmarks.amazon_orders import ready_orders
from benchmarks.bare_loop import bare_loop, written_rows
from benchmarks.delay_proxy import Proxy, counting_proxy
from benchmarks.figures import Figure
from benchmarks.shops import Shops, importer, take


def figures(shops: Shops, rounds: int, count: int = 300) -> list[Figure]:  # noqa: ARG001 — counts do not vary
    """The figures of the counts."""
    orders = ready_orders(count)
    with shops.fresh() as shop, counting_proxy(shops.server.port) as proxy:
        with importer(shop, proxy.port) as processor:
            take(processor, orders[:100])  # the first page warms up
            before = (_questions(shops), proxy.requests)
            take(processor, orders[100:])
            ours = [(after - first) / (count - 100) for after, first in zip(_now(shops, proxy), before, strict=True)]
        rows = written_rows(shop)
    with shops.fresh() as shop, counting_proxy(shops.server.port) as proxy, importer(shop):
        before = (_questions(shops), proxy.requests)
        bare_loop(shop, rows, proxy.port)
        bare = [(after - first) / len(rows) for after, first in zip(_now(shops, proxy), before, strict=True)]
    return [
        Figure("Statements an order, look-ups of its page included", f"{ours[0]:.1f}", f"{bare[0]:.1f} (bare loop)"),
        Figure("Round trips an order, look-ups of its page included", f"{ours[1]:.1f}", f"{bare[1]:.1f} (bare loop)"),
    ]


def _now(shops: Shops, proxy: Proxy) -> tuple[float, float]:
    return _questions(shops), proxy.requests


def _questions(shops: Shops) -> float:
    with closing(shops.server.engine().connect()) as connection:
        return float(connection.exec_driver_sql("SHOW GLOBAL STATUS LIKE 'Questions'").one()[1])
