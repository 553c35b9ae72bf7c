"""PrestaShop's tables, version by version, as this package's own data (see data/README.md for the source)."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from importlib import resources
from typing import Any

VERSIONS = ("1.6.1.24", "1.7.6.9", "1.7.7.8", "1.7.8.11", "8.0.5", "8.1.7", "8.2.1", "9.1.4")
DATA = resources.files(__package__) / "data"

TEXT_TYPES = ("varchar", "char", "text", "mediumtext", "longtext", "enum")
_EMPTY_TAIL = (None, None)  # default and collation, where a row ends before them


@dataclass(frozen=True, slots=True)
class ColumnDefinition:
    """One column. `type` is MySQL's text (`int(10) unsigned`); `default` None: NULL where it may be, else none.

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
        """The type's name without length and sign: `int`, `varchar`, `decimal`, …"""
        return self.type.partition("(")[0].partition(" ")[0]

    @property
    def charset(self) -> str:
        """The character set of the collation; '' for what is no text."""
        return self.collation.split("_")[0]

    @property
    def required(self) -> bool:
        """Whether every INSERT must give a value."""
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


@dataclass(frozen=True, slots=True)
class Schema:
    """The tables of one PrestaShop version, by name without prefix."""

    version: str
    tables: Mapping[str, TableDefinition]


def release(version: str) -> tuple[int, ...]:
    """Given a version, return it as numbers that compare: (1, 7, 8, 11)."""
    return tuple(int(part) for part in version.split("."))


@cache
def load(version: str) -> Schema:
    """Given one of VERSIONS, return its schema. Raise ValueError for any other."""
    if version not in VERSIONS:
        raise ValueError(f"no schema data for PrestaShop {version}; there are {', '.join(VERSIONS)}")
    data = json.loads((DATA / f"schema-{version}.json").read_text("utf-8"))
    return Schema(data["version"], {name: _table(name, facts) for name, facts in data["tables"].items()})


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
