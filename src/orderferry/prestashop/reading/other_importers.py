"""Find orders of other importers: Amazon order ids in the shop's payments that have no marker of ours.

`order_payment.transaction_id` has no index, so each run reads only the rows after the last one that it knows, and what
was found is kept outside of the shop. The first run reads all rows once, in ranges of the primary key.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import sqlalchemy as sa

from orderferry.prestashop.database.own_tables import MARKER_TABLE
from orderferry.prestashop.database.tables import ShopTables, chunks
from orderferry.prestashop.database.values import as_int, as_text

MEMORY_KEY = "foreign-orders"
RANGE = 50_000  # rows of order_payment that a statement reads
# Rows that were committed late, or got their transaction id later, have smaller ids than the last one read.
READ_AGAIN = 500
AMAZON_LIKE = "%___-_______-_______%"
_ORDER_ID = re.compile(r"(?<![0-9A-Za-z])[0-9A-Z]\d{2}-\d{7}-\d{7}(?!\d)")


class ForeignOrders:
    """Amazon order ids that another program or a person has put into the shop, with their id_order (0: no row of
    `orders` has the payment's reference).

    `recall` and `remember` keep a text under a key between runs; without a memory all payments are read again.
    """

    def __init__(self, recall: Callable[[str], str | None], remember: Callable[[str, str], None]) -> None:
        self._recall = recall
        self._remember = remember
        self._last, self._known = 0, dict[str, int]()
        self._loaded = False

    def refresh(self, connection: sa.Connection, tables: ShopTables, *, remember: bool = True) -> int:
        """Read the payments that are new since the last time; return how many foreign orders are known now.

        Payments of orders with a marker are ours. If the newest payment is older than the last one known, the shop was
        restored from a back-up, and all payments are read again. `remember` False leaves the kept text as it is.
        """
        self._load()
        payment = tables["order_payment"]
        newest = as_int(connection.execute(sa.select(sa.func.max(payment.c.id_order_payment))).scalar())
        if newest < self._last:
            self._last, self._known = 0, {}
        before = (self._last, len(self._known))
        for low in range(max(0, self._last - READ_AGAIN), newest, RANGE):
            self._known.update(_read_range(connection, tables, low, min(low + RANGE, newest)))
        self._last = newest
        if remember and before != (self._last, len(self._known)):
            text = json.dumps({"last": self._last, "known": self._known}, separators=(",", ":"))
            self._remember(MEMORY_KEY, text)
        return len(self._known)

    def find(self, connection: sa.Connection, tables: ShopTables, order_ids: Iterable[str]) -> Mapping[str, int]:
        """Return the id_order of those Amazon order ids that are in the shop without a marker.

        What was found once is read again, since the payment may be deleted or the order adopted by now.
        """
        self._load()
        suspected = {order_id: self._known[order_id] for order_id in order_ids if order_id in self._known}
        return _still_foreign(connection, tables, suspected) if suspected else {}

    def _load(self) -> None:
        if self._loaded:
            return
        self._loaded = True
        try:
            kept = json.loads(self._recall(MEMORY_KEY) or "{}")
            self._last = int(kept.get("last", 0))
            self._known = {str(key): int(value) for key, value in kept.get("known", {}).items()}
        except (ValueError, TypeError, AttributeError):
            self._last, self._known = 0, {}


def amazon_id_in(text: str) -> str:
    """Return the Amazon order id in a transaction id; '' for none."""
    match = _ORDER_ID.search(text)
    return match[0] if match else ""


def _read_range(connection: sa.Connection, tables: ShopTables, low: int, high: int) -> dict[str, int]:
    payment = tables["order_payment"]
    query = _with_orders(tables).where(
        payment.c.id_order_payment > low,
        payment.c.id_order_payment <= high,
        payment.c.transaction_id.like(AMAZON_LIKE),
    )
    return _unmarked(connection, tables, _first_orders(connection, query))


def _still_foreign(connection: sa.Connection, tables: ShopTables, suspected: Mapping[str, int]) -> dict[str, int]:
    """Return the suspected orders whose payment still exists and that have no marker.

    A suspected order without a row in `orders` is taken as known.
    """
    found = {order_id: 0 for order_id, id_order in suspected.items() if not id_order}
    for some in chunks(sorted({id_order for id_order in suspected.values() if id_order})):
        rows = _first_orders(
            connection, _with_orders(tables, by_order=True).where(tables["orders"].c.id_order.in_(some))
        )
        found |= {order_id: id_order for order_id, id_order in rows.items() if order_id in suspected}
    return _unmarked(connection, tables, found)


def _with_orders(tables: ShopTables, *, by_order: bool = False) -> sa.Select[Any]:
    """Select payments with their orders; `by_order`: the orders are given, and their payments are searched."""
    payment, orders = tables["order_payment"], tables["orders"]
    sides = ("orders", "reference"), ("order_payment", "order_reference")
    same = tables.same_text(*(reversed(sides) if by_order else sides))
    return sa.select(payment.c.transaction_id, orders.c.id_order).select_from(payment.outerjoin(orders, same))


def _first_orders(connection: sa.Connection, query: sa.Select[Any]) -> dict[str, int]:
    """Return the lowest id_order of each Amazon id, since split orders share a reference."""
    found: dict[str, int] = {}
    for text, id_order in connection.execute(query):
        order_id = amazon_id_in(as_text(text))
        if order_id:
            known, candidate = found.get(order_id, 0), as_int(id_order)
            found[order_id] = min(known, candidate) if known and candidate else known or candidate
    return found


def _unmarked(connection: sa.Connection, tables: ShopTables, found: Mapping[str, int]) -> dict[str, int]:
    """Return the orders that have no marker.

    They are read by the marker's key, not by a join: the charsets of the two columns differ, so a join has no index.
    """
    if not found or not tables.has(MARKER_TABLE):
        return dict(found)
    key = tables[MARKER_TABLE].c.amazon_order_id
    marked: set[str] = set()
    for some in chunks(sorted(found)):
        marked |= set(map(as_text, connection.execute(sa.select(key).where(key.in_(some))).scalars()))
    return {order_id: id_order for order_id, id_order in found.items() if order_id not in marked}
