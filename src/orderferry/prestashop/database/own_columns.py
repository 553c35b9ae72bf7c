"""The kinds of columns that our own tables in the shop are made of, and what all of those tables share."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import mysql

# Stated, since servers differ in their defaults (latin1, utf8mb4_0900_ai_ci, uca1400).
TABLE_OPTIONS: dict[str, Any] = {
    "mysql_engine": "InnoDB",
    "mysql_charset": "utf8mb4",
    "mysql_collate": "utf8mb4_general_ci",
    "implicit_returning": False,
}


def key_text(length: int) -> sa.types.TypeEngine[str]:
    """Ids of Amazon's and names of ours: compared byte by byte."""
    exact = mysql.VARCHAR(length, charset="ascii", collation="ascii_bin")
    return sa.String(length).with_variant(exact, "mysql", "mariadb")


def moment() -> sa.types.TypeEngine[Any]:
    """A time in UTC, to the millisecond."""
    return sa.DateTime().with_variant(mysql.DATETIME(fsp=3), "mysql", "mariadb")


def unsigned() -> sa.types.TypeEngine[int]:
    """An id of PrestaShop's, or a count."""
    return sa.Integer().with_variant(mysql.INTEGER(unsigned=True), "mysql", "mariadb")


def word(name: str, length: int) -> sa.Column[Any]:
    """A text that may be empty, never NULL."""
    return sa.Column(name, sa.String(length), nullable=False, server_default="")


def number(name: str) -> sa.Column[Any]:
    """An id or a count that is 0 unless said otherwise."""
    return sa.Column(name, unsigned(), nullable=False, server_default="0")
