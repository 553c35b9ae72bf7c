"""The triggers that other programs have put on the shop's tables, as far as this database user may see them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import sqlalchemy as sa

from orderferry.prestashop.database.values import as_text

_MYSQL = sa.text("""
    SELECT trigger_name AS name, event_object_table AS on_table, event_manipulation AS event,
           action_timing AS timing, definer AS definer
    FROM information_schema.triggers
    WHERE event_object_schema = DATABASE() AND event_object_table IN :names
    ORDER BY event_object_table, trigger_name
""").bindparams(sa.bindparam("names", expanding=True))

_SQLITE = sa.text("""
    SELECT name AS name, tbl_name AS on_table, '' AS event, '' AS timing, '' AS definer
    FROM sqlite_master WHERE type = 'trigger' AND tbl_name IN :names ORDER BY tbl_name, name
""").bindparams(sa.bindparam("names", expanding=True))


@dataclass(frozen=True, slots=True)
class Trigger:
    """One trigger. `event` is INSERT, UPDATE or DELETE ('' where the database does not say), `definer` user@host."""

    name: str
    table: str
    event: str = ""
    timing: str = ""
    definer: str = ""

    def __str__(self) -> str:
        when = f" {self.timing} {self.event}".rstrip()
        return f"{self.name} ({when.strip()} on {self.table})" if when else f"{self.name} (on {self.table})"


def read_triggers(connection: sa.Connection, names: Iterable[str]) -> list[Trigger]:
    """Given table names with their prefix, return the triggers on them. A MySQL user without the right TRIGGER on a
    table sees none of its triggers."""
    statement = _SQLITE if connection.dialect.name == "sqlite" else _MYSQL
    rows = connection.execute(statement, {"names": sorted(names)}).mappings()
    return [
        Trigger(*(as_text(row[column]) for column in ("name", "on_table", "event", "timing", "definer")))
        for row in rows
    ]
