"""Writing drafts: symbols become ids as the database gives them, rows of one table travel together where they can."""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from itertools import groupby

from orderferry.prestashop.random_text import random_text
from orderferry.prestashop.rows.drafts import ORDER, PASSWORD, SECURE_KEY, THREAD_TOKEN, Value
from orderferry.prestashop.rows.fitted_drafts import FittedDraft
from orderferry.prestashop.writing.shop_writer import ShopWriter

_BCRYPT_LETTERS = "./ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
_BCRYPT_LENGTH = 60
_TOKEN_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"  # noqa: S105 — an alphabet


def random_symbols(writer: ShopWriter) -> dict[str, Value]:
    """The symbols that stand for random texts. The password hash has the form of the shop's version (bcrypt since
    1.7, md5 before), and no password belongs to it."""
    length = writer.tables.live["customer"].columns["passwd"].length or 0
    password = secrets.token_hex(16) if length < _BCRYPT_LENGTH else "$2y$10$" + random_text(_BCRYPT_LETTERS, 53)
    return {
        PASSWORD.name: password,
        SECURE_KEY.name: secrets.token_hex(16),
        THREAD_TOKEN.name: random_text(_TOKEN_LETTERS, 12),
    }


def write_drafts(writer: ShopWriter, drafts: Iterable[FittedDraft], known: dict[str, Value]) -> None:
    """Given drafts in an order in which each symbol is known when it is needed, write them; ids go into `known`."""
    for table, group in groupby(drafts, key=lambda draft: draft.table.name):
        rows = list(group)
        if len(rows) > 1 and table == "order_detail":
            _write_lines(writer, rows, known)
        elif any(row.name for row in rows):
            for row in rows:
                known[row.name] = writer.insert_known(table, row.columns, row.row(known), row.name, close=row.close)
        else:
            writer.insert_fitted(table, rows[0].columns, [row.row(known) for row in rows])


def _write_lines(writer: ShopWriter, rows: list[FittedDraft], known: dict[str, Value]) -> None:
    """All lines in one statement; their ids are read back in the order of insertion, never assumed to be consecutive.

    Ids within one INSERT rise in the order of its rows, by any auto_increment_increment.
    """
    writer.insert_fitted("order_detail", rows[0].columns, [row.row(known) for row in rows])
    owner = {"id_order": known[ORDER.name]}
    known |= writer.keep_ids("order_detail", "id_order_detail", owner, [row.name for row in rows])
