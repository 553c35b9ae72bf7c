"""Values between Python and the shop's database: one meaning on MySQL, MariaDB and SQLite.

Columns are read without SQLAlchemy types, since their types are the shop's own: PyMySQL gives Decimal, datetime and
int, SQLite text, float and int. Everything that is written is bound as int or text, which each of them takes exactly
(SQLite would turn a Decimal into a float, and MySQL's drivers a zero date into nothing).

Rows fitted to the live columns: one writer for every version and charset. Pure.

Texts that nobody can guess.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation

from orderferry.domain.money import smallest_unit
from orderferry.domain.text import cut_text, to_basic_plane
from orderferry.errors import ShopUnfit
from orderferry.prestashop.facts import Column, Table

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


# information_schema counts the length of these in bytes.
_BYTE_COUNTED = frozenset({"tinytext", "text", "mediumtext", "longtext", "blob", "tinyblob", "mediumblob", "longblob"})
# MySQL's charsets that do not take all of Unicode, and the codec that says what they take; utf8 is three bytes.
_CODECS = {"latin1": "cp1252", "latin2": "iso8859_2", "latin5": "iso8859_9", "greek": "iso8859_7", "ascii": "ascii"}
_THREE_BYTES = frozenset({"utf8", "utf8mb3", "ucs2"})
_LAST_OF_THREE_BYTES = "\uffff"
_SURROGATES = dict.fromkeys(range(0xD800, 0xE000), "\ufffd")  # halves of characters: no text of any charset


Fitted = Bindable | Kept | KeptText  # what the database keeps itself needs no fitting


@dataclass(frozen=True, slots=True)
class Cut:
    """A text that its column could not hold whole: the order's private message keeps it."""

    table: str
    column: str
    full: str


def fit_row(table: Table, row: Mapping[str, object]) -> dict[str, Fitted]:
    """Given a live table and a new row, return what is bound for it: only columns that the shop has, values as they
    fit.

    Text loses NUL and what the charset can't hold, and is cut to the column's length at a whole character (see
    `cuts_of`). Decimals are rounded half up to the column's scale. A column that must have a value and gets none has
    the neutral one of its type, as in PrestaShop's own session (0, '', a zero date). Raise ShopUnfit naming
    table.column when its type has none; TypeError for a float.
    """
    fitted = fit_changes(table, row)
    return fitted | missing_values(table, fitted)


def fit_changes(table: Table, changes: Mapping[str, object]) -> dict[str, Fitted]:
    """Like `fit_row`, for the columns of an UPDATE: none has to be there."""
    columns = table.writable
    return {
        name: value if type(value) is int else fit_value(columns[name], value)
        for name, value in changes.items()
        if name in columns
    }


def cuts_of(table: Table, row: Mapping[str, object]) -> list[Cut]:
    """Given a live table and a new row, return the texts that their columns can't hold whole."""
    columns = table.columns
    texts = [(name, value) for name, value in row.items() if isinstance(value, str) and name in columns]
    return [
        Cut(table.name, name, value)
        for name, value in texts
        if columns[name].charset and fit_text(columns[name], value) != value
    ]


def missing_values(table: Table, row: Mapping[str, object]) -> dict[str, Fitted]:
    """Given a row, return the neutral values of the columns that must have one and get none. Raise ShopUnfit."""
    if table.demanded <= row.keys() and None not in row.values():
        return {}  # as nearly always
    missing = columns_without_value(table, row)
    refused = [column for column in missing if column.neutral is None or column.lost_auto_increment]
    if refused:
        raise refusal([(table.name, column) for column in refused])
    return {column.name: column.neutral for column in missing}


def columns_without_value(table: Table, row: Mapping[str, object]) -> list[Column]:
    """Return the columns that must have a value and get none, given a row."""
    return [
        column
        for column in table.columns.values()
        if not column.nullable
        and not column.generated
        and (row[column.name] is None if column.name in row else not column.has_default)
    ]


def refusal(refused: Sequence[tuple[str, Column]]) -> ShopUnfit:
    """Given columns that nothing can be written into, with the names of their tables, return the error that names all
    of them."""
    lost = [(table, column) for table, column in refused if column.lost_auto_increment]
    demanded = [(table, column) for table, column in refused if not column.lost_auto_increment]
    said, hints = [], []
    if lost:
        listed = ", ".join(f"{table}.{column.name}" for table, column in lost)
        said.append(f"The shop's database has lost the AUTO_INCREMENT of {listed}, so it gives new rows no number.")
        table, column = lost[0]
        hints.append(
            "An import of the database that broke off does that: put it back as an administrator (ALTER TABLE "
            f"`…{table}` MODIFY `{column.name}` {column.definition or 'int'} NOT NULL AUTO_INCREMENT), after a back-up."
        )
    if demanded:
        listed = ", ".join(f"{table}.{column.name}" for table, column in demanded)
        said.append(f"The shop's tables demand a value for {listed}, for which orderferry has none.")
        hints.append(
            "A module or a newer PrestaShop added it: give the column a default in the database (ALTER TABLE … ALTER "
            f"COLUMN `{demanded[0][1].name}` SET DEFAULT …), or update orderferry."
        )
    return ShopUnfit(" ".join(said), hint=" ".join(hints))


def fit_value(column: Column, value: object) -> Fitted:
    """Given a live column, return what is bound for a value of it (see `fit_row`). Raise TypeError for a float."""
    if isinstance(value, str):
        return fit_text(column, value) if column.charset else value
    if isinstance(value, Decimal) and column.scale is not None:
        return format(value.quantize(smallest_unit(column.scale), ROUND_HALF_UP), "f")
    return value if isinstance(value, (Kept, KeptText)) else bindable(value)


def fit_text(column: Column, text: str) -> str:
    """Given a text column, return as much of the text as it can hold."""
    if text.isascii() and (column.length is None or len(text) <= column.length) and "\x00" not in text:
        return text
    text = _storable(column.charset, text.replace("\x00", ""))
    if column.length is None:
        return text
    return cut_bytes(text, column.length) if column.data_type in _BYTE_COUNTED else cut_text(text, column.length)


def cut_bytes(text: str, length: int) -> str:
    """Given a text and a number of UTF-8 bytes, return at most so much of it, ending with a whole character."""
    encoded = text.encode("utf-8", "replace")
    if len(encoded) <= length:
        return text
    return cut_text(text, len(encoded[:length].decode("utf-8", "ignore")))


def holds(charset: str, text: str) -> bool:
    """Return whether a column of this charset ('' for no text) can hold the text, letter for letter."""
    if text.isascii() or charset in {"", "utf8mb4"}:
        return True
    if charset in _THREE_BYTES:
        return max(text) <= _LAST_OF_THREE_BYTES
    try:
        text.encode(_CODECS.get(charset, "ascii"))
    except UnicodeEncodeError:
        return False
    return True


def _storable(charset: str, text: str) -> str:
    if text.isascii():
        return text
    text = text.translate(_SURROGATES)
    codec = _CODECS.get(charset)
    if codec:
        return to_basic_plane(text).encode(codec, "replace").decode(codec)
    return to_basic_plane(text) if charset in _THREE_BYTES else text


def random_text(alphabet: str, length: int) -> str:
    """Given an alphabet, return so many of its letters, each as likely as any other.

    One number is drawn from the system's source for the whole text: a call for each letter is what costs.
    """
    base = len(alphabet)
    number = secrets.randbelow(base**length)
    letters = []
    for _ in range(length):
        number, letter = divmod(number, base)
        letters.append(alphabet[letter])
    return "".join(letters)
