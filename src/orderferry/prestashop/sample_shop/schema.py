"""Create the tables of a PrestaShop version and insert rows into them, on MySQL, MariaDB or SQLite.

The tables of each version are this package's own data (see data/README.md for the source). MySQL and MariaDB get them
exactly, SQLite with the same names and rules. Rows are cut to the columns that a version has, and filled where it
demands a value.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from importlib import resources
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import mysql, sqlite
from sqlalchemy.schema import CreateIndex, CreateTable
from sqlalchemy.types import TypeEngine

from orderferry.prestashop.database.own_tables import InlineKey

VERSIONS = ("1.6.1.24", "1.7.6.9", "1.7.7.8", "1.7.8.11", "8.0.5", "8.1.7", "8.2.1", "9.1.4")
DATA = resources.files(__package__) / "data"

TEXT_TYPES = ("varchar", "char", "text", "mediumtext", "longtext", "enum")
_EMPTY_TAIL = (None, None)  # default and collation, where a row ends before them
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

Row = Mapping[str, Any]
TableRows = tuple[str, list[Row]]  # a table's name without prefix, and rows that all have the same columns

_NUMBERS = frozenset({"tinyint", "smallint", "mediumint", "int", "bigint", "decimal"})


@dataclass(frozen=True, slots=True)
class ColumnDefinition:
    """One column. `type` is MySQL's text (`int(10) unsigned`); `default` None: NULL where that is allowed, else none.

    `collation` is '' for what is no text.
    """

    name: str
    type: str
    nullable: bool
    default: str | None
    auto_increment: bool
    collation: str

    @property
    def base_type(self) -> str:
        """Return the type's name without length and sign: `int`, `varchar`, `decimal`, …"""
        return self.type.partition("(")[0].partition(" ")[0]

    @property
    def charset(self) -> str:
        """Return the character set of the collation; '' for what is no text."""
        return self.collation.split("_")[0]

    @property
    def required(self) -> bool:
        """Return whether every INSERT must give a value."""
        return not (self.nullable or self.auto_increment) and self.default is None


@dataclass(frozen=True, slots=True)
class TableDefinition:
    """One table, by its name without prefix. `unique` and `keys`: column names by the key's name."""

    name: str
    engine: str
    collation: str
    columns: Mapping[str, ColumnDefinition]
    primary: tuple[str, ...]
    unique: Mapping[str, tuple[str, ...]]
    keys: Mapping[str, tuple[str, ...]]


@cache
def load_tables(version: str) -> Mapping[str, TableDefinition]:
    """Return the tables of one of VERSIONS by name without prefix. Raise ValueError for any other version."""
    if version not in VERSIONS:
        raise ValueError(f"no schema data for PrestaShop {version}; there are {', '.join(VERSIONS)}")
    data = json.loads((DATA / f"schema-{version}.json").read_text("utf-8"))
    return {name: _table(name, facts) for name, facts in data["tables"].items()}


def _table(name: str, facts: Mapping[str, Any]) -> TableDefinition:
    columns = [_column(facts["collation"], row) for row in facts["columns"]]
    return TableDefinition(
        name=name,
        engine=facts["engine"],
        collation=facts["collation"],
        columns={column.name: column for column in columns},
        primary=tuple(facts["primary"]),
        unique={key: tuple(names) for key, names in facts["unique"].items()},
        keys={key: tuple(names) for key, names in facts["keys"].items()},
    )


def _column(table_collation: str, row: Sequence[Any]) -> ColumnDefinition:
    name, type_, flags, default, collation = (*row, *_EMPTY_TAIL)[:5]
    column = ColumnDefinition(
        name=name,
        type=type_,
        nullable="N" in flags,
        default=default,
        auto_increment="A" in flags,
        collation=collation or table_collation,
    )
    return column if column.base_type in TEXT_TYPES else replace(column, collation="")


def create_statements(tables: Iterable[TableDefinition], dialect: str, prefix: str) -> list[str]:
    """Return the statements that create the tables; `dialect`: `mysql` or `sqlite`.

    The MySQL ones need a session without NO_ZERO_DATE: old versions have zero dates as defaults. On SQLite, types
    keep their affinity, case is ignored where MySQL's collation ignores it, and index names begin with the table's.
    """
    build, engine = _DIALECTS[dialect]
    statements = []
    for definition in tables:
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
            server_default=sa.text("CURRENT_TIMESTAMP") if column.default == "current_timestamp()" else column.default,
        )
        for column in definition.columns.values()
    ]


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
        made = mysql.ENUM(*_enum_values(arguments), **collation)
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
        made = sa.VARCHAR(max(map(len, _enum_values(arguments))), collation)
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


def _enum_values(arguments: str) -> list[str]:
    return [value.strip("'") for value in arguments.split(",")]


_DIALECTS: Mapping[str, tuple[Callable[[TableDefinition, str], sa.Table], sa.Dialect]] = {
    "mysql": (_mysql_table, mysql.dialect()),
    "sqlite": (_sqlite_table, sqlite.dialect()),
}


def insert_rows(
    connection: sa.Connection,
    tables: Mapping[str, TableDefinition],
    prefix: str,
    groups: Iterable[TableRows],
    created: str,
) -> None:
    """Insert rows by table. Tables and columns that the version lacks are left out.

    `created` (local time) fills date columns that must have a value; other such columns get 0, '' or an enum's first
    value.
    """
    for name, rows in groups:
        if not rows or name not in tables:
            continue
        columns = tables[name].columns
        given = [column for column in rows[0] if column in columns]
        fill = {
            column.name: _neutral(column, created)
            for column in columns.values()
            if column.required and column.name not in given
        }
        target = sa.table(prefix + name, *(sa.column(column) for column in [*given, *fill]))
        connection.execute(sa.insert(target), [{column: row[column] for column in given} | fill for row in rows])


def _neutral(column: ColumnDefinition, created: str) -> int | str:
    if column.base_type in _NUMBERS:
        return 0
    if column.base_type in {"datetime", "timestamp", "date"}:
        return created[:10] if column.base_type == "date" else created
    return column.type.split("'")[1] if column.base_type == "enum" else ""


def per_shop(shop_ids: Iterable[int], rows: Iterable[Row]) -> list[Row]:
    """Return each of the rows for every shop."""
    return [{**row, "id_shop": id_shop} for id_shop in shop_ids for row in rows]
