"""The tables of the feed of changes for other programs of the shop: events, their consumers, the bridge's calls.

The number of an event is no AUTO_INCREMENT: numbers become visible in their order and without gaps only because they
are drawn from a row that stays locked till the commit.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import mysql

from orderferry.prestashop.database.inline_key import InlineKey
from orderferry.prestashop.database.own_columns import TABLE_OPTIONS, key_text, number, word

EVENT_TABLE = "orderferry_event"
CONSUMER_TABLE = "orderferry_event_consumer"
CALL_TABLE = "orderferry_event_call"
EVENT_TABLE_NAMES = (EVENT_TABLE, CONSUMER_TABLE, CALL_TABLE)


def event_tables(prefix: str, dialect: str, metadata: sa.MetaData) -> Mapping[str, sa.Table]:
    """Given the prefix and `mysql` or `sqlite`, return the definitions by name without prefix."""
    columns = {EVENT_TABLE: _event_columns(), CONSUMER_TABLE: _consumer_columns(), CALL_TABLE: _call_columns()}
    return {
        name: sa.Table(prefix + name, metadata, *parts, *_keys(name, dialect), **TABLE_OPTIONS)
        for name, parts in columns.items()
    }


# What is looked for other than by an event's number: what befell an order, what is old, which calls are due.
_KEYS = {EVENT_TABLE: (("id_order",), ("created",)), CALL_TABLE: (("state", "next_try"),)}


def _keys(table: str, dialect: str) -> list[InlineKey]:
    """The embedded shop is too small to need any."""
    return [] if dialect == "sqlite" else [InlineKey(*columns, name=columns[0]) for columns in _KEYS.get(table, ())]


def _event_columns() -> list[Any]:
    """Times are UTC. `data` is JSON of ids and numbers only."""
    return [
        sa.Column("id_event", _event_number(), primary_key=True, autoincrement=False, nullable=False),
        sa.Column("kind", key_text(24), nullable=False),
        number("id_order"),
        number("id_shop"),
        sa.Column("amazon_order_id", key_text(64), nullable=False, server_default=""),
        sa.Column("data", sa.Text(), nullable=False),
        sa.Column("created", sa.DateTime(), nullable=False),
    ]


def _consumer_columns() -> list[Any]:
    """A program that reads the feed: it has taken all events up to `id_event`."""
    return [
        sa.Column("consumer", key_text(32), primary_key=True, nullable=False),
        sa.Column("id_event", _event_number(), nullable=False, server_default="0"),
        sa.Column("taken", sa.DateTime(), nullable=True),
        word("note", 255),
    ]


def _call_columns() -> list[Any]:
    """What the bridge did with an event, a row for each hook and module. `state`: running, done, failed, skipped."""
    return [
        sa.Column("id_event", _event_number(), primary_key=True, autoincrement=False, nullable=False),
        sa.Column("hook", key_text(96), primary_key=True, nullable=False),
        sa.Column("sequence", _small(), primary_key=True, autoincrement=False, nullable=False, server_default="0"),
        sa.Column("module", key_text(64), primary_key=True, nullable=False),
        sa.Column("state", key_text(8), nullable=False),
        number("attempts"),
        word("message", 255),
        sa.Column("started", sa.DateTime(), nullable=True),
        sa.Column("ended", sa.DateTime(), nullable=True),
        sa.Column("next_try", sa.DateTime(), nullable=True),
    ]


def _event_number() -> sa.types.TypeEngine[int]:
    return sa.BigInteger().with_variant(mysql.BIGINT(unsigned=True), "mysql", "mariadb")


def _small() -> sa.types.TypeEngine[int]:
    return sa.SmallInteger().with_variant(mysql.SMALLINT(unsigned=True), "mysql", "mariadb")
