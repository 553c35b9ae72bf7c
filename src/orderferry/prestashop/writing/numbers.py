"""Numbers that nobody else may have: an order's reference, an invoice's and a delivery slip's number.

PrestaShop draws MAX + 1 without a lock. Importers are kept apart by a row of ours that is locked from the draw to the
commit; against PrestaShop itself the window stays as short as it can be, since the draw comes last. The maximum is
read from the newest rows by primary key, never by a scan of all invoices (but for the first draw ever).
"""

from __future__ import annotations

import secrets
import string
from collections.abc import Iterable
from dataclasses import dataclass

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
    `order_column`: orders' own copy if it is indexed. `locks`: read what is committed now even where the server only
    allows REPEATABLE READ, which holds the rows till the commit: too many of them for slips.
    """

    column: str
    setting: str
    margin: int
    order_column: str = ""
    locks: bool = False


_SETTING = ("id_configuration", "id_shop", "id_shop_group", "value")
INVOICE_NUMBERS = Sequence("number", "PS_INVOICE_START_NUMBER", 1_000, "invoice_number", locks=True)
DELIVERY_NUMBERS = Sequence("delivery_number", "PS_DELIVERY_NUMBER", 20_000)


@dataclass(frozen=True, slots=True)
class Reached:
    """How far a sequence was when it was drawn from last: the year, the number, the newest id_order_invoice."""

    year: int = 0
    number: int = 0
    newest: int = 0


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
    newest_row = writer.post_largest("order_invoice", "id_order_invoice")
    reached, newest = _parsed(value_of(locked)), largest_of(newest_row)
    number = _set_by_person(writer, settings.rows, shop, moment)
    if not number:
        started_again = yearly and reached.year != year
        number = max(0 if started_again else reached.number, _highest(writer, sequence, reached, year, yearly)) + 1
    store_locked(writer, key, f"{year} {number} {newest}", locked)
    return number


def _highest(writer: ShopWriter, sequence: Sequence, reached: Reached, year: int, yearly: bool) -> int:
    conditions: list[Condition] = [("id_order_invoice", ">", reached.newest - sequence.margin)]
    if yearly:
        conditions.append(("date_add", ">=", f"{year}-01-01 00:00:00"))
    # The first draw ever reads all rows, and locks none of them.
    locks = sequence.locks and reached.newest > 0
    found = [writer.post_largest("order_invoice", sequence.column, *conditions, lock=locks)]
    if sequence.order_column and not yearly and writer.tables.live["orders"].columns[sequence.order_column].indexed:
        found.append(writer.post_largest("orders", sequence.order_column))
    return max(map(largest_of, found))


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
    return Reached(*(int(part) for part in parts)) if len(parts) == 3 else Reached()
