"""INSERT … ON DUPLICATE KEY UPDATE, and what SQLite calls it: rows that count go in, or are added to what is there."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import mysql, sqlite


def counting_insert(table: sa.TableClause, dialect: str, values: Any, key: str, counted: Sequence[str]) -> sa.Insert:
    """Given a table, `mysql` or `sqlite` and values as `Insert.values` takes them, return the statement that adds
    `counted` columns to those of a row with the same primary key, and sets its other columns."""

    def changes(new: Any, columns: Sequence[str]) -> dict[str, Any]:
        """What a row that is there already becomes; `new` stands for the refused one."""
        return {name: table.c[name] + new[name] if name in counted else new[name] for name in columns if name != key}

    columns = list(values[0] if isinstance(values, list) else values)
    if dialect == "sqlite":
        lite = sqlite.insert(table).values(values)
        return lite.on_conflict_do_update(index_elements=[key], set_=changes(lite.excluded, columns))
    full = mysql.insert(table).values(values)
    return full.on_duplicate_key_update(changes(full.inserted, columns))
