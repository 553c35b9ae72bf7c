"""The ledger's tables as a server gets them, whole: a change of one needs a migration, and then a change here."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import Table, bindparam, select
from sqlalchemy.dialects.mysql.pymysql import MySQLDialect_pymysql
from sqlalchemy.schema import CreateIndex, CreateTable

from orderferry.ledger.locks import leases
from orderferry.ledger.schema import metadata

ON_SERVERS = Path(__file__).parents[2] / "data" / "ledgers" / "tables.mysql.sql"


def test_the_tables_on_a_server() -> None:
    dialect = MySQLDialect_pymysql()
    statements: list[str] = []
    for table in (*metadata.sorted_tables, leases):
        statements.append(str(CreateTable(table).compile(dialect=dialect)))
        statements += [
            str(CreateIndex(index).compile(dialect=dialect))
            for index in sorted(table.indexes, key=lambda index: str(index.name))
        ]
    lines = [line.replace("\t", "    ").rstrip() for line in "\n".join(statements).splitlines()]
    expected = ON_SERVERS.read_text().splitlines()
    assert [with_sorted_options(line) for line in lines if line] == [with_sorted_options(line) for line in expected]


def with_sorted_options(line: str) -> str:
    """The end of a CREATE TABLE with its options in the order of the alphabet: SQLAlchemy's own order varies."""
    return ")" + " ".join(sorted(line[1:].split())) if line.startswith(")") else line


@pytest.mark.parametrize("table", [*metadata.sorted_tables, leases], ids=str)
def test_statements_of_a_table_are_compiled_once(table: Table) -> None:
    assert select(table).where(*(column == bindparam(column.name) for column in table.c))._generate_cache_key()
