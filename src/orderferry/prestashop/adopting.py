"""Find foreign orders, those of other importers, in the shop, and mark them as adopted.

Their Amazon order ids are in payments, in messages, or in another module's table. The functions that search yield all
that they find; `domain/adoption.py` decides what can be taken over. `order_payment` and the messages are read in ranges
of their primary key, so that no statement reads a whole large table.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from typing import Any

import sqlalchemy as sa

from orderferry.config.model import Settings
from orderferry.domain.adoption import Adoption, ForeignOrder, sort_out
from orderferry.domain.marker import Digests, Marker
from orderferry.errors import UsageError
from orderferry.prestashop.database.database import ShopDatabase, retry
from orderferry.prestashop.database.live_schema import read_tables, refuse_unfit
from orderferry.prestashop.database.own_tables import MARKER_TABLE, ensure_tables
from orderferry.prestashop.database.statements import Row, Statements
from orderferry.prestashop.database.tables import ShopTables, chunks, rows_with
from orderferry.prestashop.database.values import as_int, as_text
from orderferry.prestashop.reading.markers import marker_row, read_markers
from orderferry.prestashop.reading.other_importers import AMAZON_LIKE, amazon_id_in

log = logging.getLogger(__name__)

# Nothing of Amazon's is known about these orders yet: each update of Amazon's is newer than this. MySQL's TIMESTAMP and
# DATETIME both hold it.
NEVER = datetime(1970, 1, 2, tzinfo=UTC)
# Digests of version 0 are never compared: adopted orders are followed from Amazon's next update on.
UNREAD = Digests(version=0)
RANGE = 50_000  # rows of a table that one statement reads
PAYMENT, MESSAGE, BY_HAND = "payment", "message", "by hand"
ORDER = "id_order"


class OrderAdopter:
    """Open one PrestaShop database with foreign orders. All methods raise ShopUnavailable or ShopUnfit."""

    def __init__(self, settings: Settings, *, sleep: Callable[[float], None]) -> None:
        self._prefix = settings.prestashop.table_prefix
        self._sleep = sleep
        self._database = ShopDatabase(settings.prestashop, sleep=sleep)
        self._opened: ShopTables | None = None

    def find(self, *, payments: bool, messages: bool, columns: Sequence[str], by_hand: Mapping[str, int]) -> Adoption:
        """Search Amazon order ids in the places asked for, and return which orders can be taken over. Write nothing.

        Raise UsageError for a column, or for orders named by hand, that the shop does not have.
        """
        tables = self._tables(write=False)
        with self._database.reading("looking for other importers' orders") as connection:
            found = list(orders_named_by_hand(connection, tables, by_hand))
            found += orders_in_payments(connection, tables) if payments else ()
            for column in columns:
                found += orders_in_column(connection, tables, column)
            found += orders_in_messages(connection, tables) if messages else ()
            marked = read_markers(connection, tables, {foreign.order_id for foreign in found})
            taken = _marked_orders(connection, tables, {foreign.id_order for foreign in found})
        return sort_out(found, marked, taken)

    def mark(self, orders: Sequence[ForeignOrder], now: datetime) -> Iterator[Sequence[ForeignOrder]]:
        """Write the markers of orders to take over, some hundred a transaction; yield the orders really marked.

        What got a marker or was deleted in the meantime is left out. Raise ShopUnfit when our tables can't be made.
        """
        tables = self._tables(write=True)
        for some in chunks(orders):
            yield retry(partial(self._write, tables, some, now), self._sleep)

    def close(self) -> None:
        """Close the connection."""
        self._database.close()

    def _write(self, tables: ShopTables, orders: Sequence[ForeignOrder], now: datetime) -> Sequence[ForeignOrder]:
        with self._database.writing("marking adopted orders") as connection:
            marked = read_markers(connection, tables, {foreign.order_id for foreign in orders})
            rows = _order_rows(connection, tables, {foreign.id_order for foreign in orders})
            new = [foreign for foreign in orders if foreign.order_id not in marked and foreign.id_order in rows]
            markers = []
            for foreign in new:
                row = rows[foreign.id_order]
                reference, module = as_text(row["reference"]), as_text(row["module"])
                marker = _marker(foreign, as_int(row["current_state"]))
                markers.append(marker_row(marker, order_reference=reference, module=module, now=now))
            Statements(connection, tables).insert_all(MARKER_TABLE, markers)
        return new

    def _tables(self, *, write: bool) -> ShopTables:
        if self._opened is None or (write and not self._opened.has(MARKER_TABLE)):
            access = self._database.access
            with self._database.reading("looking at the shop's tables") as connection:
                tables = read_tables(connection, self._prefix)
                refuse_unfit(connection, tables, access)
                self._opened = ensure_tables(connection, tables, access) if write else tables
        return self._opened


def _marker(foreign: ForeignOrder, state: int) -> Marker:
    """Return the marker of an adopted order. `state`: its present one; as long as it stays, nobody has changed it."""
    return Marker(
        order_id=foreign.order_id,
        id_order=foreign.id_order,
        marketplace_id="",
        channel=None,
        amazon_updated=NEVER,
        digests=UNREAD,
        last_state=state,
        adopted=True,
    )


def _marked_orders(connection: sa.Connection, tables: ShopTables, id_orders: set[int]) -> dict[int, str]:
    """Return those of the orders that have a marker, with the Amazon order id in it."""
    if not tables.has(MARKER_TABLE):
        return {}
    marker = tables[MARKER_TABLE]
    query = sa.select(marker.c.id_order, marker.c.amazon_order_id)
    rows = rows_with(connection, query, marker.c.id_order, id_orders - {0})
    return {as_int(row["id_order"]): as_text(row["amazon_order_id"]) for row in rows}


def orders_in_payments(connection: sa.Connection, tables: ShopTables) -> Iterator[ForeignOrder]:
    """Yield the orders of which a payment has an Amazon order id as its transaction id, by the payment's reference."""
    payment, orders = tables["order_payment"], tables["orders"]
    query = sa.select(payment.c.transaction_id, orders.c.id_order, orders.c.reference).select_from(
        payment.outerjoin(orders, tables.same_text(("orders", "reference"), ("order_payment", "order_reference")))
    )
    yield from _search(connection, query, payment.c.transaction_id, payment.c.id_order_payment, PAYMENT)


def orders_in_messages(connection: sa.Connection, tables: ShopTables) -> Iterator[ForeignOrder]:
    """Yield the orders of which a message has an Amazon order id: `customer_message`, and `message` of old shops."""
    orders, thread, message = tables["orders"], tables["customer_thread"], tables["customer_message"]
    query = sa.select(message.c.message, thread.c.id_order, orders.c.reference).select_from(
        message.join(thread, thread.c.id_customer_thread == message.c.id_customer_thread).outerjoin(
            orders, orders.c.id_order == thread.c.id_order
        )
    )
    yield from _search(connection, query, message.c.message, message.c.id_customer_message, MESSAGE)
    if tables.has("message", "id_message", "id_order", "message"):
        old = tables["message"]
        query = sa.select(old.c.message, old.c.id_order, orders.c.reference).select_from(
            old.outerjoin(orders, orders.c.id_order == old.c.id_order)
        )
        yield from _search(connection, query, old.c.message, old.c.id_message, MESSAGE)


def orders_in_column(connection: sa.Connection, tables: ShopTables, given: str) -> Iterator[ForeignOrder]:
    """Yield the orders of another module's table, by its `id_order`; `given`: TABLE.COLUMN, with or without the prefix.

    Raise UsageError when the shop has no such table or column, or the table no `id_order`.
    """
    name, column = _table_and_column(given, tables.prefix)
    others = read_tables(connection, tables.prefix, [name])
    if not others.has(name, column):
        raise UsageError(
            f"The shop has no column {column} in a table {tables.prefix}{name} (--column {given}).",
            hint="Give TABLE.COLUMN as the database shows it; the user needs SELECT on it.",
        )
    if not others.has(name, ORDER):
        raise UsageError(
            f"The table {tables.prefix}{name} has no column {ORDER}, so it does not say which order is meant.",
            hint="Name the orders by hand: AMAZON-ID=ID_ORDER.",
        )
    other, orders = others[name], tables["orders"]
    query = (
        sa.select(other.c[column], other.c[ORDER], orders.c.reference)
        .select_from(other.outerjoin(orders, orders.c.id_order == other.c[ORDER]))
        .where(other.c[column].like(AMAZON_LIKE))
    )
    for text, id_order, reference in connection.execute(query):
        order_id = amazon_id_in(as_text(text))
        if order_id:
            yield ForeignOrder(order_id, as_int(id_order), as_text(reference), f"{name}.{column}")


def orders_named_by_hand(
    connection: sa.Connection, tables: ShopTables, named: Mapping[str, int]
) -> Iterator[ForeignOrder]:
    """Yield the orders that a person has named: id_order by Amazon order id.

    Raise one UsageError for all orders that the shop does not have.
    """
    rows = _order_rows(connection, tables, named.values())
    missing = sorted(set(named.values()) - rows.keys())
    if missing:
        listed = ", ".join(map(str, missing))
        raise UsageError(
            f"The shop has no {'order' if len(missing) == 1 else 'orders'} {listed}.",
            hint="Write the number of the order (the column ID of the list of orders): AMAZON-ID=ID_ORDER.",
        )
    for order_id, id_order in named.items():
        yield ForeignOrder(order_id, id_order, as_text(rows[id_order]["reference"]), BY_HAND, by_hand=True)


def _order_rows(connection: sa.Connection, tables: ShopTables, id_orders: Collection[int]) -> dict[int, Row]:
    """Return the columns of orders that a marker keeps: `reference`, `module`, `current_state`."""
    orders = tables["orders"]
    query = sa.select(orders.c.id_order, orders.c.reference, orders.c.module, orders.c.current_state)
    return {as_int(row["id_order"]): row for row in rows_with(connection, query, orders.c.id_order, id_orders)}


def _search(
    connection: sa.Connection, query: sa.Select[Any], text: sa.ColumnClause[Any], key: sa.ColumnClause[Any], source: str
) -> Iterator[ForeignOrder]:
    """Yield the orders that `query` finds, in ranges of the primary key; `text` is the column with Amazon's ids."""
    newest = as_int(connection.execute(sa.select(sa.func.max(key))).scalar())
    for low in range(0, newest, RANGE):
        part = query.where(key > low, key <= low + RANGE, text.like(AMAZON_LIKE))
        for found, id_order, reference in connection.execute(part):
            order_id = amazon_id_in(as_text(found))
            if order_id and (as_int(id_order) or source == PAYMENT):
                yield ForeignOrder(order_id, as_int(id_order), as_text(reference), source)


def _table_and_column(given: str, prefix: str) -> tuple[str, str]:
    name, dot, column = given.partition(".")
    if not dot or not name or not column or "." in column:
        raise UsageError(f"--column {given} is no TABLE.COLUMN.", hint="For example: ps_marketplace_orders.amazon_id.")
    return name.removeprefix(prefix), column
