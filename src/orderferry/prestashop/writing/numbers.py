"""Numbers that nobody else may have: an order's reference, an invoice's and a delivery slip's number.

PrestaShop draws MAX + 1 without a lock. Importers are kept apart by a row of ours that is locked from the draw to the
commit; against PrestaShop itself the window stays as short as it can be, since the draw comes last. The maximum is
read from the newest rows, by a key, never by a scan of all invoices (but for the first draw ever).
"""

from __future__ import annotations

import secrets
import string
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from orderferry.prestashop.database.sending import Found
from orderferry.prestashop.database.values import as_int, as_text
from orderferry.prestashop.facts import ShopUnit
from orderferry.prestashop.writing.shop_writer import Condition, ShopWriter, largest_of
from orderferry.prestashop.writing.state_values import post_locked_value, store_locked, value_of

REFERENCE_LENGTH = 9
_REFERENCE_TRIES = 20


@dataclass(frozen=True, slots=True)
class Sequence:
    """A sequence of numbers in order_invoice.

    `setting` gives the next number once and is then cleared. `margin`: how many of the newest rows may have got their
    number after a later row's; slips are numbered when a parcel leaves, which may be long after the invoice.
    `by_history`: PrestaShop numbers when an order's state changes, which leaves a row in order_history, so that only
    the orders with new rows there need a look. `order_column`: orders' own copy if it is indexed, beside which only
    rows of the last moments (`_MOMENTS`) may hold a higher number. `locks`: read what is committed now even where the
    server only allows REPEATABLE READ, which holds the rows till the commit.
    """

    column: str
    setting: str
    margin: int
    order_column: str = ""
    by_history: bool = False
    locks: bool = False


_SETTING = ("id_configuration", "id_shop", "id_shop_group", "value")
_MOMENTS = 100  # rows of a table that may be under way side by side
INVOICE_NUMBERS = Sequence("number", "PS_INVOICE_START_NUMBER", 1_000, "invoice_number", locks=True)
DELIVERY_NUMBERS = Sequence("delivery_number", "PS_DELIVERY_NUMBER", 20_000, by_history=True)


@dataclass(frozen=True, slots=True)
class Reached:
    """How far a sequence was when it was drawn from last: the year, the number, the newest id_order_invoice and
    id_order_history (0: not kept)."""

    year: int = 0
    number: int = 0
    newest: int = 0
    history: int = 0


def unused_reference(writer: ShopWriter) -> str:
    """Draw nine random capitals that no order has. Raise RuntimeError when twenty draws are all taken: then the
    random numbers are none."""
    for _ in range(_REFERENCE_TRIES):
        reference = "".join(secrets.choice(string.ascii_uppercase) for _ in range(REFERENCE_LENGTH))
        if not writer.rows("orders", ("id_order",), {"reference": reference}):
            return reference
    raise RuntimeError("no unused order reference was found")


def draw_number(writer: ShopWriter, sequence: Sequence, shop: ShopUnit, moment: str, *, yearly: bool = False) -> int:
    """Draw the next number; the caller writes it and commits soon. `moment` is the shop's time, `yearly` says that
    the sequence begins again each year. Other importers wait here until the commit.
    """
    year = int(moment[:4])
    key = f"last_{sequence.column}"
    locked = post_locked_value(writer, key)
    settings = writer.post_rows("configuration", _SETTING, {"name": sequence.setting})
    invoice = writer.post_largest("order_invoice", "id_order_invoice")
    history = writer.post_largest("order_history", "id_order_history")
    before, newest = _parsed(value_of(locked)), (largest_of(invoice), largest_of(history))
    number = _set_by_person(writer, settings.rows, shop, moment)
    if not number:
        last = 0 if yearly and before.year != year else before.number
        reached = Reached(year, last, *newest)
        number = max(last, _highest(writer, sequence, before, reached, yearly)) + 1
    store_locked(writer, key, " ".join(map(str, (year, number, *newest))), locked)
    return number


def _highest(writer: ShopWriter, sequence: Sequence, before: Reached, now: Reached, yearly: bool) -> int:
    """The highest number in the rows that may have got one since the last draw. The first draw ever reads all rows,
    and locks none of them."""
    if sequence.by_history and before.history and now.history >= before.history:
        return _highest_by_history(writer, sequence, before.history - _MOMENTS)
    indexed = bool(sequence.order_column) and writer.tables.live["orders"].columns[sequence.order_column].indexed
    beside_index = before.newest > 0 and indexed and not yearly
    since = now.newest - _MOMENTS if beside_index else before.newest - sequence.margin
    conditions: list[Condition] = [("id_order_invoice", ">", since)]
    if yearly:
        conditions.append(("date_add", ">=", f"{now.year}-01-01 00:00:00"))
    found = [
        writer.post_largest("order_invoice", sequence.column, *conditions, lock=sequence.locks and before.newest > 0)
    ]
    if indexed and not yearly:
        found.append(writer.post_largest("orders", sequence.order_column))
    return max(map(largest_of, found))


def _highest_by_history(writer: ShopWriter, sequence: Sequence, after: int) -> int:
    history, invoice = writer.tables["order_history"], writer.tables["order_invoice"]

    def build() -> sa.Select[Any]:
        return (
            sa.select(sa.func.max(invoice.c[sequence.column]).label("largest"))
            .join_from(history, invoice, invoice.c.id_order == history.c.id_order)
            .where(history.c.id_order_history > sa.bindparam("v0"))
        )

    return largest_of(writer.post(("by history", sequence.column), build, [after]))


def _set_by_person(writer: ShopWriter, rows: Iterable[Found], shop: ShopUnit, moment: str) -> int:
    """The number that the shop's settings name for the next paper, which PrestaShop then clears; 0 for none."""
    mine = [row for row in rows if as_int(row["id_shop"]) in {0, shop.id}]
    mine = [row for row in mine if as_int(row["id_shop_group"]) in {0, shop.id_group}]
    mine.sort(key=lambda row: (as_int(row["id_shop"]), as_int(row["id_shop_group"])), reverse=True)
    if not mine:
        return 0
    number = as_int(as_text(mine[0]["value"]))
    if number > 0:
        key = {"id_configuration": as_int(mine[0]["id_configuration"])}
        writer.post_update("configuration", {"value": "", "date_upd": moment}, key)
    return max(number, 0)


def _parsed(text: str) -> Reached:
    parts = text.split()
    return Reached(*(int(part) for part in parts)) if len(parts) in {3, 4} else Reached()
