"""Define the ledger's tables, named for a person with the sqlite3 shell, and the types of their columns.

The same in SQLite, MySQL and MariaDB (ledger.url), where each name begins with `orderferry_ledger_` (server.py). Values
are stored as texts that a person can read: times are UTC (`2026-11-23T06:00:00.000Z`), numbers exact. No column holds a
buyer's name, address, phone or e-mail.
"""

from __future__ import annotations

import json
from abc import abstractmethod
from datetime import UTC, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any, TypeVar

from sqlalchemy import BigInteger, Boolean, Column, Index, Integer, MetaData, String, Table, Text
from sqlalchemy.dialects import mysql
from sqlalchemy.engine import Dialect
from sqlalchemy.schema import SchemaItem
from sqlalchemy.types import TypeDecorator, TypeEngine

from orderferry.domain.ledger_entry import EntryState, FindingKind, HistoryEvent
from orderferry.domain.orders import Channel
from orderferry.domain.search import Basis

Value = TypeVar("Value")


def ascii_text(length: int) -> String:
    """Return the type of a text that this program creates: in MySQL plain ASCII, compared byte by byte."""
    return String(length).with_variant(mysql.VARCHAR(length, charset="ascii", collation="ascii_bin"), "mysql")


def unicode_text(length: int, longest: int = 255) -> String:
    """Return the type of a text that comes from outside. SQLite ignores its length; MySQL gets room for longer ones."""
    return String(length).with_variant(mysql.VARCHAR(longest), "mysql")


def long_text() -> Text:
    """Return the type of a text of any length: MySQL's own TEXT ends at 64 KB."""
    return Text().with_variant(mysql.LONGTEXT(), "mysql")


class UnreadableValue(ValueError):
    """A value in the ledger was not written by this program: the file was edited or damaged."""


class Readable(TypeDecorator[Value]):
    """A value that is stored as text. NULL is None. Each class says `cache_ok`: SQLAlchemy does not inherit it."""

    impl: TypeEngine[Any] | type[TypeEngine[Any]] = Text

    @abstractmethod
    def _to_text(self, value: Value) -> str:
        """Return the text to store."""

    @abstractmethod
    def _from_text(self, text: str) -> Value:
        """Return the value of a stored text. Raise ValueError, TypeError or ArithmeticError if there is none."""

    def process_bind_param(self, value: Value | None, dialect: Dialect) -> str | None:  # noqa: ARG002 — SQLAlchemy's
        """Convert a value on its way into the database (SQLAlchemy calls this). Raise ValueError as `_to_text`."""
        return None if value is None else self._to_text(value)

    def process_result_value(self, value: Any | None, dialect: Dialect) -> Value | None:  # noqa: ARG002 — as above
        """Convert a stored text (SQLAlchemy calls this). Raise UnreadableValue if this program did not write it."""
        if value is None:
            return None
        try:
            return self._from_text(value)
        except (ValueError, TypeError, ArithmeticError) as error:
            raise UnreadableValue(f"it is no {type(self).__name__.lower()}") from error


class Moment(Readable[datetime]):
    """An aware time as `2026-11-23T06:00:00.000Z`: fixed width, so that text order is time order."""

    impl = ascii_text(24)
    cache_ok = True

    def _to_text(self, value: datetime) -> str:
        """Return the text of a time, cut to the millisecond. Raise ValueError for a naive one."""
        if value.tzinfo is None:
            raise ValueError(f"a time without zone can't go into the ledger: {value}")
        return value.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")

    def _from_text(self, text: str) -> datetime:
        moment = datetime.fromisoformat(text)
        if moment.tzinfo is None:
            raise ValueError("a time without zone")
        return moment.astimezone(UTC)


class Exact(Readable[Decimal]):
    """A decimal number as text: no float ever touches it."""

    impl = ascii_text(40)
    cache_ok = True

    def _to_text(self, value: Decimal) -> str:
        return format(value, "f")

    def _from_text(self, text: str) -> Decimal:
        return Decimal(text)


class Word(Readable[StrEnum]):
    """A member of a StrEnum, as its text."""

    impl = ascii_text(24)
    cache_ok = True

    def __init__(self, members: type[StrEnum]) -> None:
        super().__init__()
        self.members = members

    def _to_text(self, value: StrEnum) -> str:
        return str(value)

    def _from_text(self, text: str) -> StrEnum:
        return self.members(text)


class Json(Readable[dict[str, Any]]):
    """An object as JSON text, its keys in the order given."""

    impl = long_text()
    cache_ok = True

    def _to_text(self, value: dict[str, Any]) -> str:
        return json.dumps(value, ensure_ascii=False)

    def _from_text(self, text: str) -> dict[str, Any]:
        found = json.loads(text)
        if not isinstance(found, dict):
            raise TypeError("no JSON object")
        return found


metadata = MetaData()

# Rows that two hosts write need transactions; texts are compared byte by byte, as in SQLite.
ON_SERVERS: dict[str, Any] = {
    "mysql_engine": "InnoDB",
    "mysql_charset": "utf8mb4",
    "mysql_collate": "utf8mb4_bin",
    "mysql_row_format": "DYNAMIC",
}


def _table(name: str, *parts: SchemaItem, **options: Any) -> Table:
    return Table(name, metadata, *parts, **ON_SERVERS, **options)


# One row: whose ledger this is.
ledger = _table(
    "ledger",
    Column("only_row", Integer, primary_key=True, autoincrement=False),
    Column("account", ascii_text(255), nullable=False),
    Column("shop", unicode_text(255), nullable=False),
    Column("created", Moment, nullable=False),
    Column("program_version", ascii_text(40), nullable=False),
    Column("seller", ascii_text(64)),  # by whose refresh token the coverage was read; NULL: by an older version
)

# The changes of these tables that this file has gone through.
migrations = _table(
    "migrations",
    Column("name", ascii_text(80), primary_key=True),
    Column("applied", Moment, nullable=False),
    Column("program_version", ascii_text(40), nullable=False),
)

# Every Amazon order ever seen, as it stands (domain.ledger_entry.Entry has the same fields).
orders = _table(
    "orders",
    Column("amazon_order_id", unicode_text(64), primary_key=True),
    Column("state", Word(EntryState), nullable=False),
    Column("code", unicode_text(64), nullable=False),
    Column("subject", long_text(), nullable=False),
    Column("message", long_text(), nullable=False),
    Column("marketplace_id", unicode_text(32), nullable=False),
    Column("channel", Word(Channel)),
    Column("amazon_status", unicode_text(64), nullable=False),
    Column("purchased", Moment),
    Column("amazon_updated", Moment),
    Column("first_seen", Moment, nullable=False),
    Column("last_seen", Moment, nullable=False),
    Column("state_since", Moment, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("last_look", Moment),
    Column("next_look", Moment),
    Column("id_order", BigInteger),
    Column("ignored_by_person", Boolean, nullable=False),
    Column("given_up", Boolean, nullable=False),
    Column("total", unicode_text(40), nullable=False),
    Column("ship_by", Moment),
    # Open and due orders are found here, never by reading all orders.
    Index("orders_by_state", "state", "next_look"),
)

# What was seen and decided about each order, when, by which run.
order_history = _table(
    "order_history",
    Column("id", Integer, primary_key=True),
    Column("amazon_order_id", unicode_text(64), nullable=False),
    Column("at", Moment, nullable=False),
    Column("run", Integer),
    Column("event", Word(HistoryEvent), nullable=False),
    Column("state", Word(EntryState), nullable=False),
    Column("code", unicode_text(64), nullable=False),
    Column("amazon_status", unicode_text(64), nullable=False),
    Column("amazon_updated", Moment),
    Column("message", long_text(), nullable=False),
    Column("detail", long_text(), nullable=False),
    Index("order_history_by_order", "amazon_order_id", "id"),
)

# Orders that a run has in hand just now, so that a run beside it leaves them alone.
claims = _table(
    "claims",
    Column("amazon_order_id", unicode_text(64), primary_key=True),
    Column("run", Integer, nullable=False),
    Column("until", Moment, nullable=False),
)

# The spans of Amazon's time that were read to their last page.
coverage = _table(
    "coverage",
    Column("marketplace_id", unicode_text(32), primary_key=True),
    Column("channel", Word(Channel), primary_key=True),
    Column("basis", Word(Basis), primary_key=True),
    Column("covered_from", Moment, primary_key=True),
    Column("covered_until", Moment, nullable=False),
)

# When the overlap before the end of the coverage was read again last, and up to where.
rereading = _table(
    "rereading",
    Column("marketplace_id", unicode_text(32), primary_key=True),
    Column("channel", Word(Channel), primary_key=True),
    Column("read_again", Moment, nullable=False),
    Column("read_until", Moment, nullable=False),
)

# Listings that a run left in the middle: the next one goes on with the token.
listings = _table(
    "listings",
    Column("command", ascii_text(32), primary_key=True),
    Column("search_digest", ascii_text(64), primary_key=True),
    Column("search", Json, nullable=False),
    Column("started", Moment, nullable=False),
    Column("token", long_text()),
    Column("observed_until", Moment),
    Column("pages", Integer, nullable=False),
    Column("again", Boolean, nullable=False),
    Column("unreadable", Integer, nullable=False, server_default="0"),
)

# Every run of a command. No exit code: it is still running, or was killed.
runs = _table(
    "runs",
    Column("id", Integer, primary_key=True),
    Column("command", ascii_text(32), nullable=False),
    Column("pid", Integer, nullable=False),
    Column("started", Moment, nullable=False),
    Column("finished", Moment),
    Column("exit_code", Integer),
    Column("report", Json),
    Index("runs_by_command", "command", "id"),
    Index("runs_by_start", "started"),
    sqlite_autoincrement=True,  # a run's number is never given twice: logs and mails name it
)

# Amazon's token buckets: what was left when. `rate` is what Amazon sent last (NULL: the documented one).
quota = _table(
    "quota",
    Column("account", ascii_text(255), primary_key=True),
    Column("operation", ascii_text(40), primary_key=True),
    Column("tokens", Exact, nullable=False),
    Column("as_of", Moment, nullable=False),
    Column("rate", Exact),
)

# How often each operation was called on each day (UTC), and how often Amazon answered 429.
calls_per_day = _table(
    "calls_per_day",
    Column("account", ascii_text(255), primary_key=True),
    Column("operation", ascii_text(40), primary_key=True),
    Column("day", ascii_text(10), primary_key=True),
    Column("calls", Integer, nullable=False),
    Column("refused", Integer, nullable=False),
)

# What needs a person and has not ended yet.
conditions = _table(
    "conditions",
    Column("condition_key", unicode_text(190, 700), primary_key=True),
    Column("text", long_text(), nullable=False),
    Column("first_seen", Moment, nullable=False),
    Column("last_seen", Moment, nullable=False),
    Column("last_printed", Moment),
    Column("count", Integer, nullable=False),
    Column("exit_code", Integer),
)

# What comparisons found about orders and is still so (domain.ledger_entry.StandingFinding).
findings = _table(
    "findings",
    Column("amazon_order_id", unicode_text(64), primary_key=True),
    Column("kind", Word(FindingKind), primary_key=True),
    Column("field", ascii_text(24), primary_key=True),
    Column("placed", Moment, nullable=False),
    Column("found", Moment, nullable=False),
    Column("reason", long_text(), nullable=False),
    Column("hint", long_text(), nullable=False),
    Column("amazon", long_text(), nullable=False),
    Column("shop", long_text(), nullable=False),
)

# Small things to remember between runs.
memory = _table(
    "memory",
    Column("name", unicode_text(190, 700), primary_key=True),
    Column("value", long_text(), nullable=False),
)
