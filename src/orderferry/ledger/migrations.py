"""Change an older ledger's tables into today's. Each change has a name, recorded in the transaction that makes it.

A new ledger gets the tables as they are today, and all names. An older file gets the changes it lacks, after a copy of
it is kept beside it. A server's tables get them one by one: MySQL commits each step, so that it must be possible to
repeat a change that was made in part. To add one: change schema.py, append a function here, and keep a file of the
version before in tests/data/ledgers.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Column, Connection, exc, inspect, select
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.schema import ExecutableDDLElement

from orderferry import __version__
from orderferry.errors import LedgerUnusable
from orderferry.ledger import schema
from orderferry.ledger.filesystem import create_private


def m001_first_tables(connection: Connection) -> None:
    """Create the tables of a new ledger."""
    schema.metadata.create_all(connection)


def m002_seller_and_unreadable(connection: Connection) -> None:
    """Add the seller of the coverage, and the number of orders without an id that a listing in progress has shown."""
    _add_columns(connection, schema.ledger.c.seller, schema.listings.c.unreadable)


def m003_findings(connection: Connection) -> None:
    """Create a table for what comparisons found."""
    schema.findings.create(connection, checkfirst=True)


# By name: each turns a ledger of the version before into one of this version.
MIGRATIONS: dict[str, Callable[[Connection], None]] = {
    "m001_first_tables": m001_first_tables,
    "m002_seller_and_unreadable": m002_seller_and_unreadable,
    "m003_findings": m003_findings,
}


class _AddColumn(ExecutableDDLElement):
    """ALTER TABLE … ADD COLUMN."""

    def __init__(self, column: Column[Any]) -> None:
        self.column = column


@compiles(_AddColumn)
def _compile_add_column(element: _AddColumn, compiler: Any, **_options: Any) -> str:
    table = compiler.preparer.format_table(element.column.table)
    return f"ALTER TABLE {table} ADD COLUMN {compiler.get_column_specification(element.column)}"


def _add_columns(connection: Connection, *columns: Column[Any]) -> None:
    """Add columns that are not there yet."""
    for column in columns:
        try:
            connection.execute(select(column).limit(0))
        except (exc.OperationalError, exc.ProgrammingError):
            connection.execute(_AddColumn(column))


def applied_migrations(connection: Connection) -> frozenset[str] | None:
    """Return the names of the changes that a database has gone through; None if it has no table at all.

    Raise LedgerUnusable if its tables are not a ledger's.
    """
    present = set(inspect(connection).get_table_names())
    if not present:
        return None
    if schema.migrations.name not in present:
        raise LedgerUnusable(
            "The file that ledger.path names is another program's database, not a ledger.",
            hint="Correct ledger.path.",
        )
    return frozenset(connection.execute(select(schema.migrations.c.name)).scalars())


def applied_on_server(connection: Connection, table: str) -> frozenset[str] | None:
    """Return the changes that a server's database has gone through; None if its tables are not (all) there yet.

    `table` is the full name of the table of migrations there.
    """
    if not inspect(connection).has_table(table):
        return None
    return frozenset(connection.execute(select(schema.migrations.c.name)).scalars()) or None


def missing_migrations(applied: frozenset[str]) -> Sequence[str]:
    """Return the names of the changes that a ledger lacks which has gone through those of `applied`.

    Raise LedgerUnusable if it has one that this program does not know.
    """
    unknown = sorted(applied - MIGRATIONS.keys())
    if unknown:
        raise LedgerUnusable(
            f"The ledger was written by a newer version of orderferry (it has {unknown[-1]}).",
            hint=f"Update orderferry (this is {__version__}), or put back the copy that was kept before the update.",
        )
    return [name for name in MIGRATIONS if name not in applied]


def create_tables(connection: Connection, now: datetime) -> None:
    """Give an empty database all tables as they are today."""
    m001_first_tables(connection)
    for name in MIGRATIONS:
        _record(connection, name, now)


def migrate(connection: Connection, missing: Sequence[str], now: datetime) -> None:
    """Bring an older ledger's tables up to date, in the caller's transaction: all of the changes, or none."""
    for name in missing:
        MIGRATIONS[name](connection)
        _record(connection, name, now)


def keep_copy(path: Path, missing: Sequence[str]) -> Path:
    """Copy the ledger before its first missing change, readable by its owner alone; return the copy's path.

    A copy that is there already, from a migration that failed, is replaced. Raise OSError or sqlite3.Error.
    """
    copy = path.with_name(f"{path.stem}.before-{missing[0].partition('_')[0]}{path.suffix}")
    unfinished = copy.with_name(copy.name + ".part")
    unfinished.unlink(missing_ok=True)
    create_private(unfinished)
    with closing(sqlite3.connect(path)) as old, closing(sqlite3.connect(unfinished)) as new:
        old.backup(new)
        new.execute("PRAGMA journal_mode = DELETE")  # one file, without companions
    unfinished.replace(copy)
    return copy


def _record(connection: Connection, name: str, now: datetime) -> None:
    row = {"name": name, "applied": now, "program_version": __version__}
    connection.execute(schema.migrations.insert().values(**row))
