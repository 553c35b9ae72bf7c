"""Define our own tables in the shop, create or extend them, and read and write the values that they keep.

`<prefix>orderferry_order` has one row, the marker, for each imported order; its primary key makes the database refuse a
second order for one Amazon order id. `<prefix>orderferry_state` keeps named values: the lock under which invoice
numbers are drawn, and what runs leave in the shop for a ledger that is lost. Three more tables are made only where
`events.enabled`: the feed of changes, the programs that read it, and the bridge's calls.

The number of an event is no AUTO_INCREMENT: numbers become visible in their order and without gaps only because they
are drawn from a row that stays locked until the commit.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import mysql
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.schema import CreateColumn, CreateTable

from orderferry.domain.marker import DIGEST_GROUPS
from orderferry.errors import ShopUnavailable, ShopUnfit
from orderferry.prestashop.database.database_errors import RightsMissing, translated
from orderferry.prestashop.database.live_schema import read_tables
from orderferry.prestashop.database.rights import EVERYDAY_RIGHTS, Access, grant
from orderferry.prestashop.database.statements import Reply, Statements
from orderferry.prestashop.database.tables import EVENT_TABLES, OWN_TABLES, ShopTables
from orderferry.prestashop.database.values import as_text

MARKER_TABLE = "orderferry_order"
STATE_TABLE = "orderferry_state"
EVENT_TABLE = "orderferry_event"
CONSUMER_TABLE = "orderferry_event_consumer"
CALL_TABLE = "orderferry_event_call"
EVENT_TABLE_NAMES = (EVENT_TABLE, CONSUMER_TABLE, CALL_TABLE)
# Indexes beside the primary keys: the events of an order, old events, calls that are due.
_KEYS: Mapping[str, tuple[tuple[str, ...], ...]] = {
    MARKER_TABLE: (("id_order",),),
    EVENT_TABLE: (("id_order",), ("created",)),
    CALL_TABLE: (("state", "next_try"),),
}
# Stated, because servers differ in their defaults (latin1, utf8mb4_0900_ai_ci, uca1400).
TABLE_OPTIONS: dict[str, Any] = {
    "mysql_engine": "InnoDB",
    "mysql_charset": "utf8mb4",
    "mysql_collate": "utf8mb4_general_ci",
}


def own_table_names(*, events: bool) -> tuple[str, ...]:
    """Return the names of our tables without prefix, in the order in which they are made; `events`: the feed's, too."""
    return (MARKER_TABLE, STATE_TABLE, *(EVENT_TABLE_NAMES if events else ()))


def own_tables(prefix: str, dialect: str, *, events: bool) -> Mapping[str, sa.Table]:
    """Return the definitions of our tables by name without prefix; `dialect`: `mysql` or `sqlite`."""
    metadata = sa.MetaData()
    columns = {
        MARKER_TABLE: _marker_columns,
        STATE_TABLE: _state_columns,
        EVENT_TABLE: _event_columns,
        CONSUMER_TABLE: _consumer_columns,
        CALL_TABLE: _call_columns,
    }
    return {
        name: sa.Table(prefix + name, metadata, *columns[name](), *_keys(name, dialect), **TABLE_OPTIONS)
        for name in own_table_names(events=events)
    }


def _keys(table: str, dialect: str) -> list[InlineKey]:
    """Return the indexes of a table. An SQLite shop is too small to need any."""
    return [] if dialect == "sqlite" else [InlineKey(*columns, name=columns[0]) for columns in _KEYS.get(table, ())]


def _marker_columns() -> list[sa.Column[Any]]:
    """Return a marker's columns. Times are UTC. All but the first four have defaults: later versions add columns."""
    return [
        sa.Column("amazon_order_id", key_text(32), primary_key=True, nullable=False),
        sa.Column("id_order", unsigned(), nullable=False),
        sa.Column("marketplace_id", key_text(32), nullable=False),
        sa.Column("amazon_updated", moment(), nullable=False),
        text("channel", 16),
        # what tells our order from another one that got its id after a restart of an old server; '' = not kept
        text("order_reference", 255),
        text("module", 64),
        number("digest_version"),
        *(text(f"digest_{group}", 64) for group in DIGEST_GROUPS),
        # what we wrote last: where the shop has something else now, a person was there ('' and 0: not kept)
        number("last_state"),
        number("last_address"),
        text("last_tracking", 64),
        text("last_lines", 64),
        text("last_told", 64),
        sa.Column("ship_by", moment(), nullable=True),
        text("programs", 255),
        text("tax_scheme", 32),
        number("adopted"),
        text("seller", 64),  # the key of the account that it came from; '' = written by an older version, or adopted
        # JSON: what our stock movements of this order were, to be undone once
        sa.Column("stock_moved", sa.Text(), nullable=True),
        # JSON: which items of Amazon's each line of ours stands for
        sa.Column("line_items", sa.Text().with_variant(mysql.MEDIUMTEXT(), "mysql"), nullable=True),
        # the end of what Amazon promised, and when the buyer's data were blanked
        sa.Column("deliver_by", moment(), nullable=True),
        sa.Column("forgotten", moment(), nullable=True),
        sa.Column("date_add", moment(), nullable=True),
        sa.Column("date_upd", moment(), nullable=True),
    ]


def _state_columns() -> list[sa.Column[Any]]:
    return [
        sa.Column("name", key_text(64), primary_key=True, nullable=False),
        sa.Column("value", sa.Text().with_variant(mysql.MEDIUMTEXT(), "mysql"), nullable=True),
        sa.Column("date_upd", moment(), nullable=True),
    ]


def _event_columns() -> list[Any]:
    """Return the columns of an event. Times are UTC. `data` is JSON of ids and numbers only."""
    return [
        sa.Column("id_event", _event_number(), primary_key=True, autoincrement=False, nullable=False),
        sa.Column("kind", key_text(24), nullable=False),
        number("id_order"),
        number("id_shop"),
        sa.Column("amazon_order_id", key_text(64), nullable=False, server_default=""),
        sa.Column("data", sa.Text(), nullable=False),
        sa.Column("created", sa.DateTime(), nullable=False),
    ]


def _consumer_columns() -> list[Any]:
    """Return the columns of a program that reads the feed: it has taken all events up to `id_event`."""
    return [
        sa.Column("consumer", key_text(32), primary_key=True, nullable=False),
        sa.Column("id_event", _event_number(), nullable=False, server_default="0"),
        sa.Column("taken", sa.DateTime(), nullable=True),
        text("note", 255),
    ]


def _call_columns() -> list[Any]:
    """Return the columns of what the bridge did with an event, a row for each hook and module.

    `state`: running, done, failed, skipped.
    """
    small = sa.SmallInteger().with_variant(mysql.SMALLINT(unsigned=True), "mysql")
    return [
        sa.Column("id_event", _event_number(), primary_key=True, autoincrement=False, nullable=False),
        sa.Column("hook", key_text(96), primary_key=True, nullable=False),
        sa.Column("sequence", small, primary_key=True, autoincrement=False, nullable=False, server_default="0"),
        sa.Column("module", key_text(64), primary_key=True, nullable=False),
        sa.Column("state", key_text(8), nullable=False),
        number("attempts"),
        text("message", 255),
        sa.Column("started", sa.DateTime(), nullable=True),
        sa.Column("ended", sa.DateTime(), nullable=True),
        sa.Column("next_try", sa.DateTime(), nullable=True),
    ]


def key_text(length: int) -> sa.types.TypeEngine[str]:
    """Return the type of Amazon's ids and our own names: compared byte by byte."""
    exact = mysql.VARCHAR(length, charset="ascii", collation="ascii_bin")
    return sa.String(length).with_variant(exact, "mysql")


def moment() -> sa.types.TypeEngine[Any]:
    """Return the type of a time in UTC, to the millisecond."""
    return sa.DateTime().with_variant(mysql.DATETIME(fsp=3), "mysql")


def unsigned() -> sa.types.TypeEngine[int]:
    """Return the type of an id of PrestaShop's, or of a count."""
    return sa.Integer().with_variant(mysql.INTEGER(unsigned=True), "mysql")


def text(name: str, length: int) -> sa.Column[Any]:
    """Return a column for a text that may be empty, never NULL."""
    return sa.Column(name, sa.String(length), nullable=False, server_default="")


def number(name: str) -> sa.Column[Any]:
    """Return a column for an id or a count, 0 by default."""
    return sa.Column(name, unsigned(), nullable=False, server_default="0")


def _event_number() -> sa.types.TypeEngine[int]:
    return sa.BigInteger().with_variant(mysql.BIGINT(unsigned=True), "mysql")


class InlineKey(sa.schema.ColumnCollectionConstraint):
    """A plain index inside CREATE TABLE, as MySQL has it: one statement a table instead of one an index."""


@compiles(InlineKey, "mysql")
def _compile_inline_key(key: InlineKey, compiler: Any, **_options: Any) -> str:
    quote = compiler.preparer.quote
    return f"KEY {quote(key.name)} ({', '.join(quote(column.name) for column in key.columns)})"


def missing_parts(tables: ShopTables, dialect: sa.Dialect, *, events: bool) -> list[str]:
    """Return the statements that make our tables complete; none where the shop has all of them."""
    statements: list[str] = []
    for name, table in own_tables(tables.prefix, dialect.name, events=events).items():
        if not tables.has(name):
            statements.append(str(CreateTable(table, if_not_exists=True).compile(dialect=dialect)).strip())
            continue
        alter = f"ALTER TABLE {dialect.identifier_preparer.format_table(table)} ADD COLUMN"
        missing = [column for column in table.columns if not tables.has(name, column.name)]
        statements += [f"{alter} {CreateColumn(column).compile(dialect=dialect)}" for column in missing]
    return statements


def ensure_tables(connection: sa.Connection, tables: ShopTables, access: Access, *, events: bool = False) -> ShopTables:
    """Create or extend our tables where needed; return the shop's tables with them.

    Raise ShopUnfit when the user may not: its hint has the statements for somebody who may.
    """
    prefix = tables.prefix
    statements = missing_parts(tables, connection.dialect, events=events)
    if not statements:
        return tables
    wanted = OWN_TABLES | (EVENT_TABLES if events else set())
    try:
        with translated("creating orderferry's own tables", access):
            for statement in statements:
                connection.exec_driver_sql(statement)
            connection.commit()
            return tables.with_more(read_tables(connection, prefix, wanted))
    except RightsMissing:
        raise ShopUnfit(
            "The database user may not create the tables in which orderferry notes what it has imported.",
            hint=creation_statements(prefix, statements, access, events=events),
        ) from None
    except ShopUnavailable:
        if connection.invalidated:
            raise
        # Another importer may have added the same column in the same moment.
        connection.rollback()
        tables = tables.with_more(read_tables(connection, prefix, wanted))
        if missing_parts(tables, connection.dialect, events=events):
            raise
        return tables


def creation_statements(prefix: str, statements: Sequence[str], access: Access, *, events: bool) -> str:
    """Return a hint with `statements`, from `missing_parts`, for somebody who may run them."""
    texts = "\n".join(f"{statement};" for statement in statements)
    own = own_table_names(events=events)
    names = "\n".join(grant(EVERYDAY_RIGHTS, access.database, prefix + name, access.user) for name in own)
    return f"Run as an administrator of the database:\nUSE `{access.database}`;\n{texts}\n{names}"


def value_of(reply: Reply) -> str:
    """Return the value in the reply of `post_locked_value`; '' when there is none."""
    return as_text(reply.rows[0]["value"]) if reply.rows else ""


def kept_value(writer: Statements, name: str) -> str:
    """Return a value without locking it; '' when there is none."""
    rows = writer.rows(STATE_TABLE, ("value",), {"name": name})
    return as_text(rows[0]["value"]) if rows else ""


def kept_values(writer: Statements, stem: str) -> dict[str, str]:
    """Return all values whose names begin with `stem`, by name."""
    rows = writer.rows(STATE_TABLE, ("name", "value"), {})
    return {name: as_text(row["value"]) for row in rows if (name := as_text(row["name"])).startswith(stem)}


def locked_value(writer: Statements, name: str) -> str:
    """Return a value and lock its row until the commit; '' when there is none.

    Then nothing is locked: of two transactions that store it, the primary key refuses the second, which is repeated.
    """
    return value_of(post_locked_value(writer, name))


def post_locked_value(writer: Statements, name: str) -> Reply:
    """Ask for what `locked_value` returns; the reply may be read later, with `value_of`."""
    return writer.post_rows(STATE_TABLE, ("value",), {"name": name}, lock=True)


def store_value(writer: Statements, name: str, value: str) -> None:
    """Insert or update a value."""
    if not writer.update(STATE_TABLE, {"value": value}, {"name": name}):
        writer.insert(STATE_TABLE, {"name": name, "value": value})


def store_locked(writer: Statements, name: str, value: str, before: Reply) -> None:
    """Insert or update a value that `post_locked_value` has asked for before; `before` is its reply."""
    if before.rows:
        writer.post_update(STATE_TABLE, {"value": value}, {"name": name})
    else:
        writer.insert_all(STATE_TABLE, [{"name": name, "value": value}])
