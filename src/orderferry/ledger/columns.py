"""Column types whose stored form a person can read: times, exact numbers, words and JSON as text."""

from __future__ import annotations

import json
from abc import abstractmethod
from datetime import UTC, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any, TypeVar

from sqlalchemy import String, Text
from sqlalchemy.dialects import mysql
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator, TypeEngine

Value = TypeVar("Value")


def own_word(length: int) -> String:
    """A text that this program makes up itself: in MySQL plain ASCII, compared byte by byte."""
    return String(length).with_variant(mysql.VARCHAR(length, charset="ascii", collation="ascii_bin"), "mysql")


def given_word(length: int, longest: int = 255) -> String:
    """A text that comes from outside. SQLite does not mind its length; MySQL gets room for what is unforeseen."""
    return String(length).with_variant(mysql.VARCHAR(longest), "mysql")


def long_text() -> Text:
    """A text of any length: MySQL's own TEXT ends at 64 KB."""
    return Text().with_variant(mysql.LONGTEXT(), "mysql")


class UnreadableValue(ValueError):
    """A value in the ledger is none that this program wrote: the file was edited or damaged."""


class Readable(TypeDecorator[Value]):
    """A value that is stored as text. NULL is None."""

    impl: TypeEngine[Any] | type[TypeEngine[Any]] = Text
    cache_ok = True  # to be repeated in each class: SQLAlchemy does not take it from the parent

    @abstractmethod
    def written(self, value: Value) -> str:
        """The text to store."""

    @abstractmethod
    def read(self, text: str) -> Value:
        """The value of a stored text. Raise ValueError, TypeError or ArithmeticError if there is none."""

    def process_bind_param(self, value: Value | None, dialect: Dialect) -> str | None:  # noqa: ARG002 — SQLAlchemy's
        """SQLAlchemy's hook for a value on its way into the database. Raise ValueError as `written`."""
        return None if value is None else self.written(value)

    def process_result_value(self, value: Any | None, dialect: Dialect) -> Value | None:  # noqa: ARG002 — as above
        """SQLAlchemy's hook for a stored text. Raise UnreadableValue where it is none of ours."""
        if value is None:
            return None
        try:
            return self.read(value)
        except (ValueError, TypeError, ArithmeticError) as error:
            raise UnreadableValue(f"it is no {type(self).__name__.lower()}") from error


class Moment(Readable[datetime]):
    """An aware time as `2026-11-23T06:00:00.000Z`: fixed width, so that text order is time order."""

    impl = own_word(24)
    cache_ok = True

    def written(self, value: datetime) -> str:
        """Given an aware time, return its text, cut to the millisecond. Raise ValueError for a naive one."""
        if value.tzinfo is None:
            raise ValueError(f"a time without zone can't go into the ledger: {value}")
        return value.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")

    def read(self, text: str) -> datetime:
        """The time in UTC."""
        moment = datetime.fromisoformat(text)
        if moment.tzinfo is None:
            raise ValueError("a time without zone")
        return moment.astimezone(UTC)


class Exact(Readable[Decimal]):
    """A decimal number as text: no float ever touches it."""

    impl = own_word(40)
    cache_ok = True

    def written(self, value: Decimal) -> str:
        """The number without an exponent."""
        return format(value, "f")

    def read(self, text: str) -> Decimal:
        """The number."""
        return Decimal(text)


class Word(Readable[StrEnum]):
    """A member of a StrEnum, as its text."""

    impl = own_word(24)
    cache_ok = True

    def __init__(self, words: type[StrEnum]) -> None:
        super().__init__()
        self.words = words

    def written(self, value: StrEnum) -> str:
        """The member's text."""
        return str(value)

    def read(self, text: str) -> StrEnum:
        """The member."""
        return self.words(text)


class Json(Readable[dict[str, Any]]):
    """An object as JSON text, its keys in the order given."""

    impl = long_text()
    cache_ok = True

    def written(self, value: dict[str, Any]) -> str:
        """The object as text, readable without escapes."""
        return json.dumps(value, ensure_ascii=False)

    def read(self, text: str) -> dict[str, Any]:
        """The object."""
        found = json.loads(text)
        if not isinstance(found, dict):
            raise TypeError("no JSON object")
        return found
