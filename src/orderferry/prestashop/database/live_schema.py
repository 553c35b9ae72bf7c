"""Read the shop's tables as they are now: columns, types, lengths, charsets, engines, and triggers on them."""

from __future__ import annotations

import re
import time
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from orderferry.errors import ShopUnfit
from orderferry.prestashop.database.rights import EVERYDAY_RIGHTS, Access, grant
from orderferry.prestashop.database.tables import REQUIRED_TABLES, WRITTEN_TABLES, ShopTables, wanted_tables
from orderferry.prestashop.database.values import as_flag, as_int, as_text
from orderferry.prestashop.facts import Column, Table

# A left join would be simpler, but information_schema answers two plain lists much faster than a join.
_MYSQL_COLUMNS = sa.text("""
    SELECT table_name AS name, engine AS engine, NULL AS column_name, NULL AS data_type, NULL AS nullable,
           NULL AS default_value, NULL AS extra, NULL AS length, NULL AS scale, NULL AS charset,
           NULL AS column_type, NULL AS column_key, 0 AS position, NULL AS collated
    FROM information_schema.tables WHERE table_schema = DATABASE() AND table_name IN :names
    UNION ALL
    SELECT table_name, NULL, column_name, data_type, is_nullable,
           column_default, extra, character_maximum_length, numeric_scale, character_set_name,
           column_type, column_key, ordinal_position, collation_name
    FROM information_schema.columns WHERE table_schema = DATABASE() AND table_name IN :names
    ORDER BY 1, 13
""").bindparams(sa.bindparam("names", expanding=True))

_SQLITE_COLUMNS = sa.text("""
    SELECT tables.name AS name, 'sqlite' AS engine, columns.name AS column_name, columns.type AS data_type,
           columns."notnull" AS required, columns.dflt_value AS default_value, columns.pk AS pk,
           EXISTS (SELECT 1 FROM pragma_index_list(tables.name) AS keys, pragma_index_info(keys.name) AS parts
                   WHERE parts.seqno = 0 AND parts.cid = columns.cid) AS indexed
    FROM sqlite_master AS tables, pragma_table_info(tables.name) AS columns
    WHERE tables.type = 'table' AND tables.name IN :names
    ORDER BY tables.name, columns.cid
""").bindparams(sa.bindparam("names", expanding=True))

_MYSQL_NAMES = sa.text("SELECT table_name AS name FROM information_schema.tables WHERE table_schema = DATABASE()")
_SQLITE_NAMES = sa.text("SELECT name FROM sqlite_master WHERE type = 'table'")

_MYSQL_TRIGGERS = sa.text("""
    SELECT trigger_name AS name, event_object_table AS on_table, event_manipulation AS event,
           action_timing AS timing, definer AS definer
    FROM information_schema.triggers
    WHERE event_object_schema = DATABASE() AND event_object_table IN :names
    ORDER BY event_object_table, trigger_name
""").bindparams(sa.bindparam("names", expanding=True))

_SQLITE_TRIGGERS = sa.text("""
    SELECT name AS name, tbl_name AS on_table, '' AS event, '' AS timing, '' AS definer
    FROM sqlite_master WHERE type = 'trigger' AND tbl_name IN :names ORDER BY tbl_name, name
""").bindparams(sa.bindparam("names", expanding=True))

_SQLITE_TYPE = re.compile(r"(?P<name>\w+)(?:\((?P<first>\d+)(?:, *(?P<second>\d+))?\))?")
_INTEGER_PRIMARY_KEY = 1
# information_schema.columns.extra; MySQL says DEFAULT_GENERATED of a default that is an expression
_GENERATED = re.compile(r"\b(?:VIRTUAL|STORED|PERSISTENT)\b", re.IGNORECASE)
_FIRST_OF_ENUM = re.compile(r"enum\('((?:[^']|'')*)'", re.IGNORECASE)
_NEUTRAL: Mapping[str, str | int] = {
    **dict.fromkeys(("tinyint", "smallint", "mediumint", "int", "bigint", "decimal", "float", "double", "year"), 0),
    **dict.fromkeys(("char", "varchar", "tinytext", "text", "mediumtext", "longtext", "set"), ""),
    **dict.fromkeys(("binary", "varbinary", "tinyblob", "blob", "mediumblob", "longblob"), ""),
    "date": "0000-00-00",
    "datetime": "0000-00-00 00:00:00",
    "timestamp": "0000-00-00 00:00:00",
    "time": "00:00:00",
}
_PAUSES = (0.1, 0.3, 0.6)  # seconds before the tables are read again


def read_tables(
    connection: sa.Connection, prefix: str, wanted: Iterable[str] = wanted_tables(events=False)
) -> ShopTables:
    """Return the wanted tables; by default all that runs use, without the feed's.

    One statement. Tables that the shop does not have, or that this user may not see, are missing from the result. A
    table that another importer creates in this moment may have columns and no engine yet: it is read again.
    """
    found = _read(connection, prefix, wanted)
    for seconds in _PAUSES:
        if all(table.engine for table in found.values()):
            break
        time.sleep(seconds)
        found = _read(connection, prefix, wanted)
    return ShopTables(prefix, found)


def _read(connection: sa.Connection, prefix: str, wanted: Iterable[str]) -> Mapping[str, Table]:
    names = {prefix + name: name for name in wanted}
    sqlite = connection.dialect.name == "sqlite"
    rows = connection.execute(_SQLITE_COLUMNS if sqlite else _MYSQL_COLUMNS, {"names": sorted(names)}).mappings()
    columns: dict[str, list[Column]] = defaultdict(list)
    engines: dict[str, str] = {}
    for row in rows:
        # lower_case_table_names may have changed the case of what was asked for
        name = names.get(row["name"]) or names.get(row["name"].lower(), "")
        if row["engine"] is not None:
            engines[name] = as_text(row["engine"])
        if row["column_name"] is not None:
            columns[name].append(_sqlite_column(row) if sqlite else _mysql_column(row))
    return {
        name: Table(name, engines.get(name, ""), {column.name: column for column in found})
        for name, found in columns.items()
    }


@dataclass(frozen=True, slots=True)
class Trigger:
    """A trigger of another program's. `event`: INSERT, UPDATE or DELETE, '' where unknown; `definer`: user@host."""

    name: str
    table: str
    event: str = ""
    timing: str = ""
    definer: str = ""

    def __str__(self) -> str:
        when = f" {self.timing} {self.event}".rstrip()
        return f"{self.name} ({when.strip()} on {self.table})" if when else f"{self.name} (on {self.table})"


def read_triggers(connection: sa.Connection, names: Iterable[str]) -> list[Trigger]:
    """Return the triggers on tables, named with their prefix.

    A MySQL user without the right TRIGGER on a table sees none of its triggers.
    """
    statement = _SQLITE_TRIGGERS if connection.dialect.name == "sqlite" else _MYSQL_TRIGGERS
    rows = connection.execute(statement, {"names": sorted(names)}).mappings()
    return [
        Trigger(*(as_text(row[column]) for column in ("name", "on_table", "event", "timing", "definer")))
        for row in rows
    ]


def refuse_unfit(connection: sa.Connection, tables: ShopTables, access: Access) -> None:
    """Raise ShopUnfit when `tables`, as `read_tables` found them, are no shop that orders can be written into."""
    prefix, live = tables.prefix, tables.live
    missing = sorted(REQUIRED_TABLES - live.keys())
    if "orders" in missing or "configuration" in missing:
        raise _no_shop(prefix, _known_prefixes(connection), access)
    if missing:
        listed = ", ".join(prefix + name for name in missing)
        raise ShopUnfit(
            f"The shop at {access.location} lacks tables that orders need, or its user may not see them: {listed}.",
            hint="Finish the shop's upgrade, or give the user its rights: "
            + grant(EVERYDAY_RIGHTS, access.database, "*", access.user),
        )
    unsafe = sorted(
        f"{prefix}{name} ({live[name].engine})"
        for name in WRITTEN_TABLES & live.keys()
        if live[name].engine.lower() not in {"innodb", "sqlite"}
    )
    if unsafe:
        raise ShopUnfit(
            f"Tables of the shop know no transactions, so an order could be left half-written: {', '.join(unsafe)}.",
            hint=f"Convert each of them: ALTER TABLE `{unsafe[0].split(' ')[0]}` ENGINE=InnoDB; (after a backup).",
        )


def _no_shop(prefix: str, known: Iterable[str], access: Access) -> ShopUnfit:
    others = ", ".join(known)
    hint = (
        f"Prefixes of shops that are there: {others}. Set prestashop.table_prefix to one of them."
        if others
        else "Check prestashop.database and the user's rights; the shop's own parameters.php names both."
    )
    return ShopUnfit(
        f"No tables of a shop begin with {prefix!r} in the database at {access.location}.",
        hint=hint,
        keys=("prestashop.table_prefix",) if others else ("prestashop.database", "prestashop.table_prefix"),
    )


def _known_prefixes(connection: sa.Connection) -> list[str]:
    """Return the prefixes under which the database has both a table `orders` and a table `configuration`."""
    statement = _SQLITE_NAMES if connection.dialect.name == "sqlite" else _MYSQL_NAMES
    names = {as_text(name) for name in connection.execute(statement).scalars()}
    return sorted(
        repr(name.removesuffix("orders"))
        for name in names
        if name.endswith("orders") and name.removesuffix("orders") + "configuration" in names
    )


def _mysql_column(row: Mapping[Any, Any]) -> Column:
    nullable = as_text(row["nullable"]) == "YES"
    auto_increment = "auto_increment" in as_text(row["extra"]).lower()
    generated = bool(_GENERATED.search(as_text(row["extra"])))
    data_type, definition = as_text(row["data_type"]).lower(), as_text(row["column_type"])
    return Column(
        name=as_text(row["column_name"]),
        data_type=data_type,
        nullable=nullable,
        has_default=nullable or auto_increment or generated or row["default_value"] is not None,
        auto_increment=auto_increment,
        length=_number(row["length"]),
        scale=_number(row["scale"]),
        charset=as_text(row["charset"]).lower(),
        indexed=bool(as_text(row["column_key"])),
        primary=as_text(row["column_key"]) == "PRI",
        collation=as_text(row["collated"]).lower(),
        generated=generated,
        neutral=_neutral(data_type, definition),
        definition=definition,
    )


def _sqlite_column(row: Mapping[Any, Any]) -> Column:
    """Return a column of SQLite, which has no lengths of its own: those of the declared type are kept to."""
    match = _SQLITE_TYPE.match(as_text(row["data_type"]).lower())
    kind = match["name"] if match else "text"
    first, second = (_number(match["first"]), _number(match["second"])) if match else (None, None)
    kind = {"integer": "int"}.get(kind, kind)
    auto_increment = as_int(row["pk"]) == _INTEGER_PRIMARY_KEY and kind == "int"
    nullable = not as_flag(row["required"]) and not auto_increment
    text = kind in {"varchar", "char"}
    return Column(
        name=as_text(row["column_name"]),
        data_type=kind,
        nullable=nullable,
        has_default=nullable or auto_increment or row["default_value"] is not None,
        auto_increment=auto_increment,
        length=first if text else None,
        scale=second if kind == "decimal" else None,
        charset="utf8mb4" if text or kind == "text" else "",
        indexed=as_flag(row["indexed"]) or as_int(row["pk"]) == _INTEGER_PRIMARY_KEY,
        primary=as_int(row["pk"]) > 0,
        neutral=_neutral(kind, as_text(row["data_type"])),
        definition=as_text(row["data_type"]),
    )


def _neutral(data_type: str, definition: str) -> str | int | None:
    """Return MySQL's implicit default of a type: what a missing value becomes in PrestaShop's own session."""
    if data_type == "enum":
        first = _FIRST_OF_ENUM.match(definition)
        return first[1].replace("''", "'") if first else None
    return _NEUTRAL.get(data_type)


def _number(value: object) -> int | None:
    return None if value is None else as_int(value)
