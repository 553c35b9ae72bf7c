"""Our own tables in the shop: their definition, and creating or extending them.

`<prefix>orderferry_order` has one row, the marker, for each imported order; its primary key is what makes the database
refuse a second order for one Amazon id. `<prefix>orderferry_state` keeps named values: the lock that invoice numbers
are drawn under, and what runs leave in the shop for a ledger that is lost. The feed's three (`event_tables.py`) are
made only where `events.enabled`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import mysql
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.schema import CreateTable

from orderferry.errors import ShopUnavailable, ShopUnfit
from orderferry.prestashop.database.database_errors import RightsMissing, translated
from orderferry.prestashop.database.event_tables import EVENT_TABLE_NAMES, event_tables
from orderferry.prestashop.database.inline_key import InlineKey
from orderferry.prestashop.database.live_schema import read_tables
from orderferry.prestashop.database.own_columns import TABLE_OPTIONS, key_text, moment, number, unsigned, word
from orderferry.prestashop.database.rights import EVERYDAY_RIGHTS, Access, grant
from orderferry.prestashop.database.table_names import EVENT_TABLES, OWN_TABLES
from orderferry.prestashop.facts import Table

MARKER_TABLE = "orderferry_order"
STATE_TABLE = "orderferry_state"


def own_table_names(*, events: bool) -> tuple[str, ...]:
    """The names of our tables without prefix, in the order in which they are made; `events`: the feed's, too."""
    return (MARKER_TABLE, STATE_TABLE, *(EVENT_TABLE_NAMES if events else ()))


def own_tables(prefix: str, dialect: str, *, events: bool) -> Mapping[str, sa.Table]:
    """Given the prefix and `mysql` or `sqlite`, return the definitions of our tables by name without prefix."""
    metadata = sa.MetaData()
    # A key within CREATE TABLE needs no right of its own; the embedded shop is too small to need one.
    keys = [InlineKey("id_order", name="id_order")] if dialect != "sqlite" else []
    return {
        MARKER_TABLE: sa.Table(prefix + MARKER_TABLE, metadata, *_marker_columns(), *keys, **TABLE_OPTIONS),
        STATE_TABLE: sa.Table(prefix + STATE_TABLE, metadata, *_state_columns(), **TABLE_OPTIONS),
        **(event_tables(prefix, dialect, metadata) if events else {}),
    }


def _marker_columns() -> list[sa.Column[Any]]:
    """Times are UTC. All but the first four have defaults, so that later versions can add columns."""
    return [
        sa.Column("amazon_order_id", key_text(32), primary_key=True, nullable=False),
        sa.Column("id_order", unsigned(), nullable=False),
        sa.Column("marketplace_id", key_text(32), nullable=False),
        sa.Column("amazon_updated", moment(), nullable=False),
        word("channel", 16),
        # what tells our order from another one that got its id after a restart of an old server; '' = not kept
        word("order_reference", 255),
        word("module", 64),
        number("digest_version"),
        *(word(f"digest_{group}", 64) for group in ("state", "lines", "address", "tracking", "totals")),
        # what we wrote last: where the shop has something else now, a person was there ('' and 0: not kept)
        number("last_state"),
        number("last_address"),
        word("last_tracking", 64),
        word("last_lines", 64),
        word("last_told", 64),
        sa.Column("ship_by", moment(), nullable=True),
        word("programs", 255),
        word("tax_scheme", 32),
        number("adopted"),
        word("seller", 64),  # the key of the account that it came from; '' = written by an older version, or adopted
        # JSON: what our stock movements of this order were, to be undone once
        sa.Column("stock_moved", sa.Text(), nullable=True),
        # JSON: which items of Amazon's each line of ours stands for
        sa.Column("line_items", sa.Text().with_variant(mysql.MEDIUMTEXT(), "mysql", "mariadb"), nullable=True),
        # the end of what Amazon promised, and when the buyer's data were blanked
        sa.Column("deliver_by", moment(), nullable=True),
        sa.Column("forgotten", moment(), nullable=True),
        sa.Column("date_add", moment(), nullable=True),
        sa.Column("date_upd", moment(), nullable=True),
    ]


def _state_columns() -> list[sa.Column[Any]]:
    return [
        sa.Column("name", key_text(64), primary_key=True, nullable=False),
        sa.Column("value", sa.Text().with_variant(mysql.MEDIUMTEXT(), "mysql", "mariadb"), nullable=True),
        sa.Column("date_upd", moment(), nullable=True),
    ]


class AddColumn(sa.schema.ExecutableDDLElement):
    """ALTER TABLE … ADD COLUMN."""

    def __init__(self, column: sa.Column[Any]) -> None:
        self.column = column


@compiles(AddColumn)
def _compile_add_column(element: AddColumn, compiler: Any, **_options: Any) -> str:
    table = compiler.preparer.format_table(element.column.table)
    return f"ALTER TABLE {table} ADD COLUMN {compiler.get_column_specification(element.column)}"


def missing_parts(
    prefix: str, tables: Mapping[str, Table], dialect: sa.Dialect, *, events: bool
) -> tuple[sa.schema.ExecutableDDLElement, ...]:
    """Given the live tables, return the statements that make ours complete; none when they are."""
    statements: list[sa.schema.ExecutableDDLElement] = []
    for name, table in own_tables(prefix, dialect.name, events=events).items():
        if name not in tables:
            statements.append(CreateTable(table, if_not_exists=True))
            continue
        statements += [AddColumn(column) for column in table.columns if column.name not in tables[name].columns]
    return tuple(statements)


def ensure_tables(
    connection: sa.Connection, prefix: str, tables: Mapping[str, Table], access: Access, *, events: bool = False
) -> Mapping[str, Table]:
    """Given a connection and the live tables, create or extend ours where needed; return the live tables with them.

    Raise ShopUnfit when the user may not: its hint is the statements for somebody who may.
    """
    statements = missing_parts(prefix, tables, connection.dialect, events=events)
    if not statements:
        return tables
    wanted = OWN_TABLES | (EVENT_TABLES if events else set())
    try:
        with translated("creating orderferry's own tables", access):
            for statement in statements:
                connection.execute(statement)
            connection.commit()
            return {**tables, **read_tables(connection, prefix, wanted)}
    except RightsMissing:
        raise ShopUnfit(
            "The database user may not create the tables in which orderferry notes what it has imported.",
            hint=creation_statements(prefix, statements, access, connection.dialect, events=events),
        ) from None
    except ShopUnavailable:
        if connection.invalidated:
            raise
        # Another importer may have added the same column in the same moment.
        connection.rollback()
        live = {**tables, **read_tables(connection, prefix, wanted)}
        if missing_parts(prefix, live, connection.dialect, events=events):
            raise
        return live


def creation_statements(
    prefix: str,
    statements: Sequence[sa.schema.ExecutableDDLElement],
    access: Access,
    dialect: sa.Dialect,
    *,
    events: bool,
) -> str:
    """Given what `missing_parts` found, return the hint with the SQL for somebody who may run it."""
    texts = "\n".join(f"{_text(statement, dialect)};" for statement in statements)
    own = own_table_names(events=events)
    names = "\n".join(grant(EVERYDAY_RIGHTS, access.database, prefix + name, access.user) for name in own)
    return f"Run as an administrator of the database:\nUSE `{access.database}`;\n{texts}\n{names}"


def _text(statement: sa.schema.ExecutableDDLElement, dialect: sa.Dialect) -> str:
    return str(statement.compile(dialect=dialect)).strip()
