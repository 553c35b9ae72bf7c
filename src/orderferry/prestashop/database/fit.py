"""Rows fitted to the live columns: one writer for every version and charset. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from orderferry.domain.clean_text import to_basic_plane
from orderferry.domain.cut_text import cut_text
from orderferry.domain.money import smallest_unit
from orderferry.errors import ShopUnfit
from orderferry.prestashop.database.values import Bindable, Kept, KeptText, bindable
from orderferry.prestashop.facts import Column, Table

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
    return [
        Cut(table.name, name, value)
        for name, value in row.items()
        if isinstance(value, str) and name in table.columns and fit_value(table.columns[name], value) != value
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
    """Given a row, return the columns that must have a value and get none."""
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
    """Whether a column of this charset ('' for no text) can hold the text, letter for letter."""
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
