"""Other importers' orders in the shop: finding them, and marking them as adopted.

Where Amazon order ids of other importers stand in a shop: payments, another module's table, messages.

Each reader yields what it finds and judges nothing. `order_payment` and the messages are read in ranges of their
primary key, so that no statement looks at a whole large table.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from typing import Any

import sqlalchemy as sa

from orderferry.config.model import Settings
from orderferry.domain.adoption import Adoption, Claim, sort_out
from orderferry.domain.marker import Digests, Marker
from orderferry.errors import UsageError
from orderferry.prestashop.database.database import ShopDatabase, retry
from orderferry.prestashop.database.live_schema import read_tables, refuse_unfit
from orderferry.prestashop.database.own_tables import MARKER_TABLE, ensure_tables
from orderferry.prestashop.database.statements import Statements
from orderferry.prestashop.database.tables import ShopTables, chunks
from orderferry.prestashop.database.values import as_int, as_text
from orderferry.prestashop.reading.markers import marker_row, read_markers
from orderferry.prestashop.reading.other_importers import AMAZON_LIKE, amazon_id_in

log = logging.getLogger(__name__)

# Nothing of Amazon's is known of these orders yet: any news of Amazon's is newer than this. MySQL's TIMESTAMP and
# DATETIME both hold it.
NEVER = datetime(1970, 1, 2, tzinfo=UTC)
# Digests of version 0 are never compared: adopted orders are followed from Amazon's next news on.
UNREAD = Digests(version=0)


class OrderAdopter:
    """One PrestaShop database with orders of other importers. Raise ShopUnavailable or ShopUnfit."""

    def __init__(self, settings: Settings, *, sleep: Callable[[float], None]) -> None:
        self._prefix = settings.prestashop.table_prefix
        self._sleep = sleep
        self._database = ShopDatabase(settings.prestashop, sleep=sleep)
        self._opened: ShopTables | None = None

    def find(self, *, payments: bool, messages: bool, columns: Sequence[str], by_hand: Mapping[str, int]) -> Adoption:
        """Look for Amazon order ids where asked for, and sort out what can be taken over. Writes nothing.

        Raise UsageError for a column, or for orders named by hand, that the shop does not have.
        """
        tables = self._tables(write=False)
        with self._database.reading("looking for other importers' orders") as connection:
            claims = list(claims_by_hand(connection, tables, by_hand))
            claims += payment_claims(connection, tables) if payments else ()
            for column in columns:
                claims += column_claims(connection, tables, column)
            claims += message_claims(connection, tables) if messages else ()
            marked = read_markers(connection, tables, {claim.order_id for claim in claims})
            taken = _taken(connection, tables, {claim.id_order for claim in claims})
        return sort_out(claims, marked, taken)

    def mark(self, claims: Sequence[Claim], now: datetime) -> Iterator[Sequence[Claim]]:
        """Given what to take over, write the markers, some hundred a transaction; yield those really written.

        What got a marker or lost its order in the meantime is left out. Raise ShopUnfit when our tables can't be made.
        """
        tables = self._tables(write=True)
        for some in chunks(claims):
            yield retry(partial(self._write, tables, some, now), self._sleep)

    def close(self) -> None:
        """Give everything back."""
        self._database.close()

    def _write(self, tables: ShopTables, claims: Sequence[Claim], now: datetime) -> Sequence[Claim]:
        with self._database.writing("marking adopted orders") as connection:
            marked = read_markers(connection, tables, {claim.order_id for claim in claims})
            orders = orders_now(connection, tables, {claim.id_order for claim in claims})
            new = [claim for claim in claims if claim.order_id not in marked and claim.id_order in orders]
            Statements(connection, tables).insert_all(
                MARKER_TABLE,
                [
                    marker_row(
                        _marker(claim, as_int(orders[claim.id_order]["current_state"])),
                        order_reference=as_text(orders[claim.id_order]["reference"]),
                        module=as_text(orders[claim.id_order]["module"]),
                        now=now,
                    )
                    for claim in new
                ],
            )
        return new

    def _tables(self, *, write: bool) -> ShopTables:
        if self._opened is None or (write and not self._opened.has(MARKER_TABLE)):
            access = self._database.access
            with self._database.reading("looking at the shop's tables") as connection:
                live = read_tables(connection, self._prefix)
                refuse_unfit(connection, self._prefix, live, access)
                if write:
                    live = ensure_tables(connection, self._prefix, live, access)
            self._opened = ShopTables(self._prefix, live)
        return self._opened


def _marker(claim: Claim, state: int) -> Marker:
    """`state` is the order's of now: as long as it stands there, nobody in the shop was faster than Amazon."""
    return Marker(
        order_id=claim.order_id,
        id_order=claim.id_order,
        marketplace_id="",
        channel=None,
        amazon_updated=NEVER,
        digests=UNREAD,
        last_state=state,
        adopted=True,
    )


def _taken(connection: sa.Connection, tables: ShopTables, id_orders: set[int]) -> dict[int, str]:
    """Return the orders that markers speak of, with their Amazon id."""
    if not tables.has(MARKER_TABLE):
        return {}
    marker = tables[MARKER_TABLE]
    found: dict[int, str] = {}
    for some in chunks(sorted(id_orders - {0})):
        rows = connection.execute(
            sa.select(marker.c.id_order, marker.c.amazon_order_id).where(marker.c.id_order.in_(some))
        )
        found |= {as_int(id_order): as_text(order_id) for id_order, order_id in rows}
    return found


RANGE = 50_000  # rows of a table that one statement looks at
PAYMENT, MESSAGE, BY_HAND = "payment", "message", "by hand"
ORDER = "id_order"


def payment_claims(connection: sa.Connection, tables: ShopTables) -> Iterator[Claim]:
    """Yield the Amazon order ids that are transaction ids of payments, with each order of the payment's reference."""
    payment, orders = tables["order_payment"], tables["orders"]
    query = sa.select(payment.c.transaction_id, orders.c.id_order, orders.c.reference).select_from(
        payment.outerjoin(orders, tables.same_text(("orders", "reference"), ("order_payment", "order_reference")))
    )
    yield from _claims(connection, query, payment.c.transaction_id, payment.c.id_order_payment, PAYMENT)


def message_claims(connection: sa.Connection, tables: ShopTables) -> Iterator[Claim]:
    """Yield the Amazon order ids that messages of orders mention: `customer_message`, and `message` of old shops."""
    orders, thread, said = tables["orders"], tables["customer_thread"], tables["customer_message"]
    query = sa.select(said.c.message, thread.c.id_order, orders.c.reference).select_from(
        said.join(thread, thread.c.id_customer_thread == said.c.id_customer_thread).outerjoin(
            orders, orders.c.id_order == thread.c.id_order
        )
    )
    yield from _claims(connection, query, said.c.message, said.c.id_customer_message, MESSAGE)
    if tables.has("message", "id_message", "id_order", "message"):
        old = tables["message"]
        query = sa.select(old.c.message, old.c.id_order, orders.c.reference).select_from(
            old.outerjoin(orders, orders.c.id_order == old.c.id_order)
        )
        yield from _claims(connection, query, old.c.message, old.c.id_message, MESSAGE)


def column_claims(connection: sa.Connection, tables: ShopTables, word: str) -> Iterator[Claim]:
    """Given TABLE.COLUMN (with or without the prefix), yield what another module's table says by its `id_order`.

    Raise UsageError when the shop has no such table or column, or the table no `id_order`.
    """
    name, column = _table_and_column(word, tables.prefix)
    live = read_tables(connection, tables.prefix, [name])
    if name not in live or column not in live[name].columns:
        raise UsageError(
            f"The shop has no column {column} in a table {tables.prefix}{name} (--column {word}).",
            hint="Give TABLE.COLUMN as the database shows it; the user needs SELECT on it.",
        )
    if ORDER not in live[name].columns:
        raise UsageError(
            f"The table {tables.prefix}{name} has no column {ORDER}, so it does not say which order is meant.",
            hint="Name the orders by hand: AMAZON-ID=ID_ORDER.",
        )
    other, orders = ShopTables(tables.prefix, live)[name], tables["orders"]
    query = (
        sa.select(other.c[column], other.c[ORDER], orders.c.reference)
        .select_from(other.outerjoin(orders, orders.c.id_order == other.c[ORDER]))
        .where(other.c[column].like(AMAZON_LIKE))
    )
    for text, id_order, reference in connection.execute(query):
        order_id = amazon_id_in(as_text(text))
        if order_id:
            yield Claim(order_id, as_int(id_order), as_text(reference), f"{name}.{column}")


def claims_by_hand(connection: sa.Connection, tables: ShopTables, named: Mapping[str, int]) -> Iterator[Claim]:
    """Given Amazon order ids with their id_order, yield them. Raise UsageError for orders that the shop does not
    have, all of them at once."""
    orders = tables["orders"]
    references: dict[int, str] = {}
    for some in chunks(sorted(set(named.values()))):
        rows = connection.execute(sa.select(orders.c.id_order, orders.c.reference).where(orders.c.id_order.in_(some)))
        references |= {as_int(id_order): as_text(reference) for id_order, reference in rows}
    missing = sorted({id_order for id_order in named.values() if id_order not in references})
    if missing:
        listed = ", ".join(map(str, missing))
        word = "order" if len(missing) == 1 else "orders"
        raise UsageError(
            f"The shop has no {word} {listed}.",
            hint="Write the number of the order (the column ID of the list of orders): AMAZON-ID=ID_ORDER.",
        )
    for order_id, id_order in named.items():
        yield Claim(order_id, id_order, references[id_order], BY_HAND, by_hand=True)


def orders_now(connection: sa.Connection, tables: ShopTables, id_orders: Iterable[int]) -> dict[int, Mapping[Any, Any]]:
    """Given order numbers, return what a marker keeps of them: `reference`, `module`, `current_state`."""
    orders = tables["orders"]
    found: dict[int, Mapping[Any, Any]] = {}
    for some in chunks(sorted(set(id_orders))):
        query = sa.select(orders.c.id_order, orders.c.reference, orders.c.module, orders.c.current_state)
        for row in connection.execute(query.where(orders.c.id_order.in_(some))).mappings():
            found[as_int(row["id_order"])] = row
    return found


def _claims(
    connection: sa.Connection, query: sa.Select[Any], text: sa.ColumnClause[Any], key: sa.ColumnClause[Any], source: str
) -> Iterator[Claim]:
    newest = as_int(connection.execute(sa.select(sa.func.max(key))).scalar())
    for low in range(0, newest, RANGE):
        part = query.where(key > low, key <= low + RANGE, text.like(AMAZON_LIKE))
        for said, id_order, reference in connection.execute(part):
            order_id = amazon_id_in(as_text(said))
            if order_id and (as_int(id_order) or source == PAYMENT):
                yield Claim(order_id, as_int(id_order), as_text(reference), source)


def _table_and_column(word: str, prefix: str) -> tuple[str, str]:
    name, dot, column = word.partition(".")
    if not dot or not name or not column or "." in column:
        raise UsageError(f"--column {word} is no TABLE.COLUMN.", hint="For example: ps_marketplace_orders.amazon_id.")
    return name.removeprefix(prefix), column
