"""Convert values between Python and the shop's database, and fit rows to its live columns. Pure, but for random texts.

Columns are read without SQLAlchemy types, since their types are the shop's own: PyMySQL gives Decimal, datetime and
int, SQLite text, float and int. Times are written as text, and for an SQLite file decimals, too, since it would turn a
Decimal into a float (and MySQL's drivers a zero date into nothing).
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
    """Stands for the id of an inserted row, which the database session keeps in a variable (see `statements.py`).

    `name`: of the variable; '' for the id of the newest row.
    """

    name: str = ""


NEWEST = Kept()


KeptText = tuple[str | Kept, ...]  # a text that the database puts together from parts, some of which are kept ids
Value = str | int | Decimal | None | Kept | KeptText  # what a column is given


@dataclass(frozen=True, slots=True)
class Ref:
    """A symbol for a value that is known only while the order is written: an id, the reference, a random key."""

    name: str


Joined = tuple[str | int | Ref, ...]  # a text made of parts, some of them symbols, as in cart.delivery_option
DraftValue = Value | Ref | Joined
Known = Mapping[str, Value]  # the values of symbols, by their names
_NOTHING: Known = {}

ZERO_MOMENT = "0000-00-00 00:00:00"  # what PrestaShop writes where a moment has not come yet


def as_decimal(value: object) -> Decimal:
    """Return a number of any driver's as Decimal; 0 for NULL, '' and what is no number.

    A float (SQLite) is read by its shortest text, which is the decimal that was written.
    """
    try:
        return Decimal(str(value).strip() or "0") if value is not None else Decimal(0)
    except InvalidOperation:
        return Decimal(0)


def as_int(value: object) -> int:
    """Return a number or flag of any driver's as int; 0 for NULL, '' and what is no number."""
    return int(value) if isinstance(value, int) else int(as_decimal(value))


def as_flag(value: object) -> bool:
    """Return whether a flag of any driver's is set."""
    return as_int(value) != 0


def as_text(value: object) -> str:
    """Return a text of any driver's; '' for NULL."""
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    return "" if value is None else str(value)


def as_moment(value: object) -> datetime:
    """Return a time from one of our tables (UTC) as an aware datetime; the epoch for NULL and zero dates."""
    text = as_text(value)
    try:
        moment = value if isinstance(value, datetime) else datetime.fromisoformat(text)
    except ValueError:
        return datetime.fromtimestamp(0, UTC)
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def moment_text(moment: datetime) -> str:
    """Return an aware time as text for a DATETIME(3) column of ours: UTC, cut to milliseconds."""
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat(" ", "milliseconds")


def version_numbers(version: str) -> tuple[int, ...]:
    """Return the numbers of a PrestaShop version ('8.2.1'), to compare; () for one that is not known."""
    return tuple(int(number) for number in re.findall(r"\d+", version)[:4])


def bindable(value: object) -> Bindable:
    """Return a value of a row as it is bound: int, text or None.

    Times are written without their zone. Raise TypeError for a float, which is never exact, and for all that is no
    value of a row.
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


# information_schema gives the length of these in bytes.
_BYTE_COUNTED = frozenset({"tinytext", "text", "mediumtext", "longtext", "blob", "tinyblob", "mediumblob", "longblob"})
# MySQL's charsets that do not take all of Unicode, and the codec for each; MySQL's utf8 is three bytes.
_CODECS = {"latin1": "cp1252", "latin2": "iso8859_2", "latin5": "iso8859_9", "greek": "iso8859_7", "ascii": "ascii"}
_THREE_BYTES = frozenset({"utf8", "utf8mb3", "ucs2"})
_LAST_OF_THREE_BYTES = "\uffff"
_SURROGATES = dict.fromkeys(range(0xD800, 0xE000), "\ufffd")  # halves of characters: no text of any charset


def fit_row(table: Table, row: Mapping[str, object], known: Known = _NOTHING) -> dict[str, Value]:
    """Return a new row as it is written: only the columns that the live table has, with values that fit.

    Symbols are replaced by what is `known` of them. Raise KeyError when that is not known yet: the rows are in the
    wrong order, which is a fault of ours.

    Text loses NUL and what the charset can't hold, and is cut to the column's length at a whole character (see
    `cuts_of`). Decimals are rounded half up to the column's scale. A column that must have a value and gets none
    receives the neutral one of its type, as in PrestaShop's own session (0, '', a zero date). Raise ShopUnfit naming
    table.column when its type has none; TypeError for a float.
    """
    fitted = fit_changes(table, row, known)
    return fitted | missing_values(table, fitted)


def fit_changes(table: Table, changes: Mapping[str, object], known: Known = _NOTHING) -> dict[str, Value]:
    """Return the columns of an UPDATE as they are written, like `fit_row`, but add none."""
    columns = table.writable
    return {
        name: value if type(value) is int else fit_value(columns[name], value, known)
        for name, value in changes.items()
        if name in columns
    }


def cuts_of(table: Table, row: Mapping[str, object]) -> list[tuple[str, str]]:
    """Return the columns of the live table that can't hold a text of a new row whole, each with the text."""
    return [
        (column.name, value)
        for column in table.texts
        if isinstance(value := row.get(column.name), str) and fit_text(column, value) != value
    ]


def missing_values(table: Table, row: Mapping[str, object]) -> dict[str, Value]:
    """Return neutral values for the columns that must have one and get none in `row`. Raise ShopUnfit."""
    missing = columns_without_value(table, row)
    if not missing:
        return {}
    refused = [column for column in missing if column.neutral is None or column.lost_auto_increment]
    if refused:
        raise refusal([(table.name, column) for column in refused])
    return {column.name: column.neutral for column in missing}


def columns_without_value(table: Table, row: Mapping[str, object]) -> list[Column]:
    """Return the columns that must have a value and get none in `row`."""
    names = table.demanded - row.keys()
    if None in row.values():
        names |= {name for name, value in row.items() if value is None and name in table.writable}
    columns = (table.writable[name] for name in sorted(names))
    return [column for column in columns if not column.nullable]


def refusal(refused: Sequence[tuple[str, Column]]) -> ShopUnfit:
    """Return one error that names all columns for which there is no value; `refused`: (table's name, column)."""
    lost = [(table, column) for table, column in refused if column.lost_auto_increment]
    demanded = [(table, column) for table, column in refused if not column.lost_auto_increment]
    texts, hints = [], []
    if lost:
        listed = ", ".join(f"{table}.{column.name}" for table, column in lost)
        texts.append(f"The shop's database has lost the AUTO_INCREMENT of {listed}, so it gives new rows no number.")
        table, column = lost[0]
        hints.append(
            "An import of the database that broke off does that: put it back as an administrator (ALTER TABLE "
            f"`…{table}` MODIFY `{column.name}` {column.definition or 'int'} NOT NULL AUTO_INCREMENT), after a back-up."
        )
    if demanded:
        listed = ", ".join(f"{table}.{column.name}" for table, column in demanded)
        texts.append(f"The shop's tables demand a value for {listed}, for which orderferry has none.")
        hints.append(
            "A module or a newer PrestaShop added it: give the column a default in the database (ALTER TABLE … ALTER "
            f"COLUMN `{demanded[0][1].name}` SET DEFAULT …), or update orderferry."
        )
    return ShopUnfit(" ".join(texts), hint=" ".join(hints))


def fit_value(column: Column, value: object, known: Known = _NOTHING) -> Value:
    """Return a value as it is written into a live column (see `fit_row`). Raise TypeError for a float."""
    if isinstance(value, str):
        return fit_text(column, value)
    if isinstance(value, Decimal) and column.scale is not None:
        return value.quantize(smallest_unit(column.scale), ROUND_HALF_UP)
    if isinstance(value, (Ref, tuple)):
        value = _without_symbols(value, known)
        if isinstance(value, str):
            return fit_text(column, value)
    return value if isinstance(value, (Kept, tuple)) else bindable(value)


def _without_symbols(value: Ref | KeptText | Joined, known: Known) -> Value:
    if isinstance(value, Ref):
        return known[value.name]
    found = [known[part.name] if isinstance(part, Ref) else part for part in value]
    parts = [part if isinstance(part, Kept) else str(part) for part in found]
    return tuple(parts) if any(isinstance(part, Kept) for part in parts) else "".join(map(str, parts))


def fit_text(column: Column, text: str) -> str:
    """Return as much of the text as the column can hold; all of it for a column that is no text."""
    length = column.length
    if not column.charset or (text.isascii() and (length is None or len(text) <= length) and "\x00" not in text):
        return text
    text = _storable(column.charset, text.replace("\x00", ""))
    if length is None:
        return text
    return cut_bytes(text, length) if column.data_type in _BYTE_COUNTED else cut_text(text, length)


def cut_bytes(text: str, length: int) -> str:
    """Return at most `length` UTF-8 bytes of the text, ending with a whole character."""
    encoded = text.encode("utf-8", "replace")
    if len(encoded) <= length:
        return text
    return cut_text(text, len(encoded[:length].decode("utf-8", "ignore")))


def holds(charset: str, text: str) -> bool:
    """Return whether a column of this charset ('' for no text) can hold every letter of the text."""
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
    """Return `length` letters of the alphabet that nobody can guess."""
    return "".join(secrets.SystemRandom().choices(alphabet, k=length))
