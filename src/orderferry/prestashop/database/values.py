"""Values between Python and the shop's database: one meaning on MySQL, MariaDB and SQLite.

Columns are read without SQLAlchemy types, since their types are the shop's own: PyMySQL gives Decimal, datetime and
int, SQLite text, float and int. Everything that is written is bound as int or text, which each of them takes exactly
(SQLite would turn a Decimal into a float, and MySQL's drivers a zero date into nothing).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation

Bindable = str | int | None


@dataclass(frozen=True, slots=True)
class Kept:
    """Stands for the id of a row that was inserted; the database session keeps it (see `statements.py`). `name` '':
    the newest row that got an id."""

    name: str = ""


NEWEST = Kept()


@dataclass(frozen=True, slots=True)
class KeptText:
    """A text that the database puts together from parts of which some are such ids."""

    parts: tuple[str | Kept, ...]


Value = str | int | Decimal | None | Kept | KeptText  # what a column is given

ZERO_DATE = "0000-00-00 00:00:00"


def as_decimal(value: object) -> Decimal:
    """Given a number as any driver returns it, return it as Decimal; 0 for NULL, '' and what is no number.

    A float (SQLite) is read by its shortest text, which is the decimal that was written.
    """
    try:
        return Decimal(str(value).strip() or "0") if value is not None else Decimal(0)
    except InvalidOperation:
        return Decimal(0)


def as_int(value: object) -> int:
    """Given a number or a flag as any driver returns it, return it as int; 0 for NULL, '' and what is no number."""
    return int(value) if isinstance(value, int) else int(as_decimal(value))


def as_flag(value: object) -> bool:
    """Given a tinyint as any driver returns it, return whether it is set."""
    return as_int(value) != 0


def as_text(value: object) -> str:
    """Given a text as any driver returns it, return it; '' for NULL."""
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    return "" if value is None else str(value)


def as_moment(value: object) -> datetime:
    """Given a time of a table of ours (UTC), return it aware; the epoch for NULL and zero dates."""
    text = as_text(value)
    try:
        moment = value if isinstance(value, datetime) else datetime.fromisoformat(text)
    except ValueError:
        return datetime.fromtimestamp(0, UTC)
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def moment_text(moment: datetime) -> str:
    """Given an aware time, return it for a DATETIME(3) column of ours: UTC, cut to milliseconds."""
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat(" ", "milliseconds")


def version_numbers(version: str) -> tuple[int, ...]:
    """Given a version of PrestaShop ('8.2.1'), return its numbers, to compare; () for one that is not known."""
    return tuple(int(number) for number in re.findall(r"\d+", version)[:4])


def bindable(value: object) -> Bindable:
    """Given a value of a row, return what is bound for it: int, text or None.

    Times are written as their own clock shows them. Raise TypeError for a float, which is never exact, and for
    whatever else has no place in a row.
    """
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, int):
        return int(value)
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M:%S}"
    if isinstance(value, date):
        return f"{value:%Y-%m-%d}"
    raise TypeError(f"a {type(value).__name__} can't be written into a row")
