"""CREATE TABLE statements from the schema data, for MySQL/MariaDB (exact) and for SQLite (same names and rules)."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import mysql, sqlite
from sqlalchemy.schema import CreateIndex, CreateTable
from sqlalchemy.types import TypeEngine

from orderferry.prestashop.database.own_tables import InlineKey
from orderferry.prestashop.embedded.schema import ColumnDefinition, Schema, TableDefinition

_TYPE = re.compile(r"(?P<name>\w+)(?:\((?P<arguments>.*)\))?(?P<unsigned> unsigned)?")
_INTEGERS: Mapping[str, type[Any]] = {
    "tinyint": mysql.TINYINT,
    "smallint": mysql.SMALLINT,
    "mediumint": mysql.MEDIUMINT,
    "int": mysql.INTEGER,
    "bigint": mysql.BIGINT,
}
_TEXTS: Mapping[str, type[Any]] = {
    "varchar": mysql.VARCHAR,
    "char": mysql.CHAR,
    "text": mysql.TEXT,
    "mediumtext": mysql.MEDIUMTEXT,
    "longtext": mysql.LONGTEXT,
}
_TIMES: Mapping[str, type[Any]] = {"datetime": sa.DATETIME, "date": sa.DATE, "timestamp": sa.TIMESTAMP}


def create_statements(schema: Schema, dialect: str, prefix: str) -> list[str]:
    """Given a schema, `mysql` or `sqlite` and the table prefix, return the statements that create its tables.

    The MySQL ones need a session without NO_ZERO_DATE: old versions have zero dates as defaults. On SQLite, types
    keep their affinity, case is ignored where MySQL's collation ignores it, and index names begin with the table's.
    """
    build, engine = _DIALECTS[dialect]
    statements = []
    for definition in schema.tables.values():
        table = build(definition, prefix)
        statements.append(str(CreateTable(table).compile(dialect=engine)))
        statements += [
            str(CreateIndex(index).compile(dialect=engine))
            for index in sorted(table.indexes, key=lambda i: str(i.name))
        ]
    return statements


def _mysql_table(definition: TableDefinition, prefix: str) -> sa.Table:
    return sa.Table(
        prefix + definition.name,
        sa.MetaData(),
        *_columns(definition, _mysql_type),
        sa.PrimaryKeyConstraint(*definition.primary),
        *(sa.UniqueConstraint(*columns, name=name) for name, columns in definition.unique.items()),
        *(InlineKey(*columns, name=name) for name, columns in definition.keys.items()),
        mysql_engine=definition.engine,
        mysql_charset=definition.collation.split("_")[0],
        mysql_collate=definition.collation,
    )


def _sqlite_table(definition: TableDefinition, prefix: str) -> sa.Table:
    name = prefix + definition.name
    return sa.Table(
        name,
        sa.MetaData(),
        *_columns(definition, _sqlite_type),
        sa.PrimaryKeyConstraint(*definition.primary),
        *(sa.UniqueConstraint(*columns, name=f"{name}_{key}") for key, columns in definition.unique.items()),
        *(sa.Index(f"{name}_{key}", *columns) for key, columns in definition.keys.items()),
        sqlite_autoincrement=any(column.auto_increment for column in definition.columns.values()),
    )


def _columns(
    definition: TableDefinition, type_of: Callable[[ColumnDefinition], TypeEngine[Any]]
) -> list[sa.Column[Any]]:
    return [
        sa.Column(
            column.name,
            type_of(column),
            autoincrement=column.auto_increment,
            nullable=column.nullable,
            server_default=_default(column.default),
        )
        for column in definition.columns.values()
    ]


def _default(text: str | None) -> str | sa.TextClause | None:
    return sa.text("CURRENT_TIMESTAMP") if text == "current_timestamp()" else text


def _mysql_type(column: ColumnDefinition) -> TypeEngine[Any]:
    name, arguments, unsigned = _parts(column)
    collation: Mapping[str, str] = {"charset": column.charset, "collation": column.collation} if column.charset else {}
    made: TypeEngine[Any]
    if name in _INTEGERS:
        made = _INTEGERS[name](display_width=int(arguments), unsigned=unsigned)
    elif name == "decimal":
        precision, scale = map(int, arguments.split(","))
        made = mysql.DECIMAL(precision, scale, unsigned=unsigned)
    elif name == "enum":
        made = mysql.ENUM(*_words(arguments), **collation)
    elif name in _TEXTS:
        made = _TEXTS[name](*filter(None, [int(arguments or 0)]), **collation)
    else:
        made = _TIMES[name]()
    return made


def _sqlite_type(column: ColumnDefinition) -> TypeEngine[Any]:
    name, arguments, _ = _parts(column)
    collation = "NOCASE" if column.collation.endswith("_ci") else None
    made: TypeEngine[Any]
    if name in _INTEGERS:
        made = sa.INTEGER()
    elif name == "decimal":
        precision, scale = map(int, arguments.split(","))
        made = sa.DECIMAL(precision, scale)
    elif name == "enum":
        made = sa.VARCHAR(max(map(len, _words(arguments))), collation)
    elif name in {"varchar", "char"}:
        made = sa.VARCHAR(int(arguments), collation)
    elif name in _TEXTS:
        made = sa.TEXT(collation=collation)
    else:
        made = _TIMES[name]()
    return made


def _parts(column: ColumnDefinition) -> tuple[str, str, bool]:
    match = _TYPE.fullmatch(column.type)
    if match is None:
        raise ValueError(f"{column.name}: a type that the schema data should not have: {column.type}")
    return match["name"], match["arguments"] or "", bool(match["unsigned"])


def _words(arguments: str) -> list[str]:
    return [word.strip("'") for word in arguments.split(",")]


_DIALECTS: Mapping[str, tuple[Callable[[TableDefinition, str], sa.Table], sa.Dialect]] = {
    "mysql": (_mysql_table, mysql.dialect()),
    "sqlite": (_sqlite_table, sqlite.dialect()),
}
