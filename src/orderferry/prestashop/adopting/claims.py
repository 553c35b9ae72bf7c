"""Where Amazon order ids of other importers stand in a shop: payments, another module's table, messages.

Each reader yields what it finds and judges nothing. `order_payment` and the messages are read in ranges of their
primary key, so that no statement looks at a whole large table.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import sqlalchemy as sa

from orderferry.domain.adoption import Claim
from orderferry.errors import UsageError
from orderferry.prestashop.database.live_schema import read_tables
from orderferry.prestashop.database.tables import ShopTables, chunks
from orderferry.prestashop.database.values import as_int, as_text
from orderferry.prestashop.reading.other_importers import AMAZON_LIKE, amazon_id_in

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
