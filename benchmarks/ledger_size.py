"""A ledger of a million orders: an import with nothing new must not feel it."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.figures import Figure, at_most, compared
from benchmarks.shops import Shops
from benchmarks.start import idle_cost, small_world
from support.installation import install

# Imported long ago, two lines of history each.
_FILL = """
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < :orders)
INSERT INTO orders ({columns}) SELECT {values} FROM n, (SELECT * FROM orders WHERE state = 'imported' LIMIT 1) e
"""
_HISTORY = """
INSERT INTO order_history (amazon_order_id, at, run, event, state, code, amazon_status, amazon_updated, message, detail)
SELECT o.amazon_order_id, o.first_seen, 1, kind.event, 'imported', '', o.amazon_status, o.amazon_updated, '', ''
FROM orders o, (SELECT 'seen' AS event UNION ALL SELECT 'judged') kind WHERE o.amazon_order_id LIKE '9%'
"""


def figures(shops: Shops, rounds: int, orders: int = 1_000_000) -> list[Figure]:
    """The figure of the large ledger."""
    with small_world() as amazon, TemporaryDirectory(prefix="orderferry-") as folder, shops.fresh() as shop:
        small = install(Path(folder), amazon, shop.url, name="small")
        small.run("import")
        large = install(Path(folder), amazon, shop.url, name="large")
        shutil.copy(small.ledger, large.ledger)
        fill(large.ledger, orders)
        ours, beside = [], []
        for _ in range(rounds):
            ours.append(idle_cost(large))
            beside.append(idle_cost(small))
        size = large.ledger.stat().st_size / 2**20
    what = f"CPU of an import with nothing new on a ledger of {orders:,} orders ({size:.0f} MB), beside a small one"
    return [compared(what, ours, beside, at_most(1.2))]


def fill(ledger: Path, orders: int) -> None:
    """Give a ledger so many imported orders more."""
    with closing(sqlite3.connect(ledger)) as connection, connection:
        columns = [row[1] for row in connection.execute("PRAGMA table_info(orders)")]
        given = {"amazon_order_id": "printf('9%02d-%07d-0000000', n.i % 100, n.i)", "id_order": "n.i"}
        values = ", ".join(given.get(name, f"e.{name}") for name in columns)
        connection.execute(_FILL.format(columns=", ".join(columns), values=values), {"orders": orders})
        connection.execute(_HISTORY)
