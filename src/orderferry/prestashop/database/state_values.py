"""Named values that live in the shop beside the markers (`<prefix>orderferry_state`): locked, read, written."""

from __future__ import annotations

from orderferry.prestashop.database.own_tables import STATE_TABLE
from orderferry.prestashop.database.statements import Reply, Statements
from orderferry.prestashop.database.values import as_text


def value_of(reply: Reply) -> str:
    """Given the reply of a reading, return the value; '' when there is none."""
    return as_text(reply.rows[0]["value"]) if reply.rows else ""


def kept_value(writer: Statements, name: str) -> str:
    """Read a value without holding it; '' when there is none."""
    return value_of(writer.post_rows(STATE_TABLE, ("value",), {"name": name}))


def kept_values(writer: Statements, stem: str) -> dict[str, str]:
    """Read all values whose names begin so, by name."""
    rows = writer.rows(STATE_TABLE, ("name", "value"), {})
    return {name: as_text(row["value"]) for row in rows if (name := as_text(row["name"])).startswith(stem)}


def locked_value(writer: Statements, name: str) -> str:
    """Read a value and hold its row until the commit; '' when there is none yet (then nothing is held, and of two
    who store it the second is refused by the primary key and tries again)."""
    return value_of(post_locked_value(writer, name))


def post_locked_value(writer: Statements, name: str) -> Reply:
    """`locked_value`, whose reply may be read later with `value_of`, together with others."""
    return writer.post_rows(STATE_TABLE, ("value",), {"name": name}, lock=True)


def store_value(writer: Statements, name: str, value: str) -> None:
    """Write a value, new or not."""
    if not writer.update(STATE_TABLE, {"value": value}, {"name": name}):
        writer.insert(STATE_TABLE, {"name": name, "value": value})


def store_locked(writer: Statements, name: str, value: str, before: Reply) -> None:
    """Write a value that `post_locked_value` read before: new where it found none."""
    if before.rows:
        writer.post_update(STATE_TABLE, {"value": value}, {"name": name})
    else:
        writer.insert_all(STATE_TABLE, [{"name": name, "value": value}])
