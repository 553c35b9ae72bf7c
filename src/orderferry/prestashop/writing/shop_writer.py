"""Write row drafts within one transaction, and collect its events for the feed of changes.

Symbols become ids as the database gives them. Rows of one table go into one statement where that is possible.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from itertools import groupby

import sqlalchemy as sa

from orderferry.prestashop.database.own_tables import EVENT_TABLE
from orderferry.prestashop.database.statements import Statements
from orderferry.prestashop.database.tables import ShopTables
from orderferry.prestashop.database.values import Value
from orderferry.prestashop.feed.outbox import Outbox
from orderferry.prestashop.rows.drafts import PASSWORD, SECURE_KEY, THREAD_TOKEN, Draft


class ShopWriter(Statements):
    """The statements of one transaction. `outbox` keeps its events, if the shop has the feed of changes."""

    def __init__(self, connection: sa.Connection, tables: ShopTables) -> None:
        super().__init__(connection, tables)
        self.outbox = Outbox(tables.has(EVENT_TABLE))


_BCRYPT = "$2y$10$"  # then 53 of its letters, which hexadecimal digits are among
_BCRYPT_LENGTH = 60


def random_symbols(statements: Statements) -> dict[str, Value]:
    """Return values for the symbols of random texts.

    The password hash has the form of the shop's version (bcrypt since 1.7, md5 before), and no password belongs to it.
    """
    length = statements.tables.live["customer"].columns["passwd"].length or 0
    password = secrets.token_hex(16) if length < _BCRYPT_LENGTH else (_BCRYPT + secrets.token_hex(27))[:_BCRYPT_LENGTH]
    return {
        PASSWORD.name: password,
        SECURE_KEY.name: secrets.token_hex(16),
        THREAD_TOKEN.name: secrets.token_hex(6),
    }


def write_drafts(statements: Statements, drafts: Iterable[Draft]) -> None:
    """Write drafts, in an order in which each symbol is known when it is needed; their ids become known.

    Tables that the shop does not have are skipped.
    """
    for table, group in groupby(drafts, key=lambda draft: draft.table):
        rows = list(group)
        if not statements.has(table):
            continue
        if any(row.name for row in rows):
            for row in rows:
                statements.insert_known(table, row.values, row.name, close=row.close)
        else:
            statements.insert_all(table, [row.values for row in rows])
