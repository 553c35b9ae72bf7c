"""Named values that live in the shop beside the markers (`<prefix>orderferry_state`): locked, read, written."""

from __future__ import annotations

from orderferry.prestashop.database.own_tables import STATE_TABLE
from orderferry.prestashop.database.values import as_text
from orderferry.prestashop.writing.shop_writer import ShopWriter


def kept_value(writer: ShopWriter, name: str) -> str:
    """Read a value without holding it; '' when there is none."""
    rows = writer.rows(STATE_TABLE, ("value",), {"name": name})
    return as_text(rows[0]["value"]) if rows else ""


def locked_value(writer: ShopWriter, name: str) -> str:
    """Read a value and hold its row until the commit; '' when there is none yet (then nothing is held, and of two
    who store it the second is refused by the primary key and tries again)."""
    rows = writer.rows(STATE_TABLE, ("value",), {"name": name}, lock=True)
    return as_text(rows[0]["value"]) if rows else ""


def store_value(writer: ShopWriter, name: str, value: str) -> None:
    """Write a value, new or not."""
    if not writer.update(STATE_TABLE, {"value": value}, {"name": name}):
        writer.insert(STATE_TABLE, {"name": name, "value": value})
