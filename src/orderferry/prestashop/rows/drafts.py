"""Row drafts: rows before they are written, in which ids that only the database can give are symbols.

A plan is rendered completely into drafts before a transaction begins, so that a dry run shows what a run would write
and a row that can't be rendered never leaves a half-written order behind.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from orderferry.prestashop.database.values import DraftValue, Ref, cuts_of
from orderferry.prestashop.facts import Table

ZERO_DAY = "0000-00-00"


@dataclass(frozen=True, slots=True)
class Draft:
    """One row of `table` (without prefix).

    `name` is the symbol by which other rows refer to this row's id; '' when none does. `close`: only rows that come
    before the next row with an id refer to it.
    """

    table: str
    values: Mapping[str, DraftValue]
    name: str = ""
    close: bool = False


# The symbols that are no row's id.
REFERENCE = Ref("reference")
SECURE_KEY = Ref("secure_key")
PASSWORD = Ref("password")
THREAD_TOKEN = Ref("thread_token")

CUSTOMER = Ref("customer")
DELIVERY_ADDRESS = Ref("address_delivery")
INVOICE_ADDRESS = Ref("address_invoice")
CART = Ref("cart")
ORDER = Ref("order")
INVOICE = Ref("order_invoice")
PAYMENT = Ref("order_payment")
THREAD = Ref("customer_thread")


def detail_ref(position: int) -> Ref:
    """Return the symbol of a line's id_order_detail, given the line's position in the order."""
    return Ref(f"order_detail_{position}")


def cut_texts(drafts: Iterable[Draft], tables: Mapping[str, Table]) -> list[tuple[str, str]]:
    """Return the columns that can't hold their texts whole, with the texts. Tables that the shop lacks are skipped."""
    there = [draft for draft in drafts if draft.table in tables]
    return [cut for draft in there for cut in cuts_of(tables[draft.table], draft.values)]
