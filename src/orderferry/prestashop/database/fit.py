"""Rows fitted to the live columns: one writer for every version and charset. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from functools import cache

from orderferry.domain.clean_text import to_basic_plane
from orderferry.domain.cut_text import cut_text
from orderferry.errors import ShopUnfit
from orderferry.prestashop.database.kept_ids import Kept, KeptText
from orderferry.prestashop.database.values import Bindable, bindable
from orderferry.prestashop.facts import Column, Table

# information_schema counts the length of these in bytes.
_BYTE_COUNTED = frozenset({"tinytext", "text", "mediumtext", "longtext", "blob", "tinyblob", "mediumblob", "longblob"})
# MySQL's charsets that do not take all of Unicode, and the codec that says what they take; utf8 is three bytes.
_CODECS = {"latin1": "cp1252", "latin2": "iso8859_2", "latin5": "iso8859_9", "greek": "iso8859_7", "ascii": "ascii"}
_THREE_BYTES = frozenset({"utf8", "utf8mb3", "ucs2"})
_SURROGATES = dict.fromkeys(range(0xD800, 0xE000), "\ufffd")  # halves of characters: no text of any charset


Fitted = Bindable | Kept | KeptText  # what the database keeps itself needs no fitting


@dataclass(frozen=True, slots=True)
class Cut:
    """A text that its column could not hold whole: the order's private message keeps it."""

    table: str
    column: str
    full: str


def fit_row(table: Table, row: Mapping[str, object], cuts: list[Cut] | None = None) -> dict[str, Fitted]:
    """Given a live table and a new row, return what is bound for it: only columns that the shop has, values as they
    fit.

    Text loses NUL and what the charset can't hold, and is cut to the column's length at a whole character; each text
    that lost something is appended to `cuts`. Decimals are rounded half up to the column's
    scale. Raise ShopUnfit naming table.column when there is nothing for a column that must have a value; TypeError
    for a float.
    """
    fitted = fit_changes(table, row, cuts)
    if not table.demanded <= fitted.keys() or None in fitted.values():
        refuse_missing(table, fitted)
    return fitted


def fit_changes(table: Table, changes: Mapping[str, object], cuts: list[Cut] | None = None) -> dict[str, Fitted]:
    """Like `fit_row`, for the columns of an UPDATE: none has to be there."""
    fitted: dict[str, Fitted] = {}
    columns = table.columns
    for name, value in changes.items():
        column = columns.get(name)
        if column is None:
            continue
        fitted[name] = fit_noted(table, column, value, cuts)
    return fitted


def fit_noted(table: Table, column: Column, value: object, cuts: list[Cut] | None) -> Fitted:
    """`fit_value`; a text that loses something is appended to `cuts`."""
    # type(), not isinstance: most values of most rows are plain numbers, and a row has many
    if type(value) is int:
        return value
    fitted = fit_value(column, value)
    if cuts is not None and isinstance(value, str) and fitted != value:
        cuts.append(Cut(table.name, column.name, value))
    return fitted


def refuse_missing(table: Table, row: Mapping[str, object]) -> None:
    """Raise ShopUnfit when the row lacks a value for a column that must have one."""
    for column in table.columns.values():
        if not column.nullable and (column.name not in row and not column.has_default):
            raise _required(table, column)
        if not column.nullable and column.name in row and row[column.name] is None:
            raise _required(table, column)


def _required(table: Table, column: Column) -> ShopUnfit:
    return ShopUnfit(
        f"The shop's table {table.name} demands a value for {table.name}.{column.name}, for which orderferry has none.",
        hint=f"A module or a newer PrestaShop added it: give the column a default in the database "
        f"(ALTER TABLE … ALTER COLUMN `{column.name}` SET DEFAULT …), or update orderferry.",
    )


def fit_value(column: Column, value: object) -> Fitted:
    """Given a live column, return what is bound for a value of it (see `fit_row`). Raise TypeError for a float."""
    if isinstance(value, str):
        return fit_text(column, value) if column.charset else value
    if isinstance(value, Decimal) and column.scale is not None:
        return format(value.quantize(_step(column.scale), ROUND_HALF_UP), "f")
    return value if isinstance(value, (Kept, KeptText)) else bindable(value)


@cache
def _step(scale: int) -> Decimal:
    return Decimal(1).scaleb(-scale)


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


def _storable(charset: str, text: str) -> str:
    if text.isascii():
        return text
    text = text.translate(_SURROGATES)
    codec = _CODECS.get(charset)
    if codec:
        return to_basic_plane(text).encode(codec, "replace").decode(codec)
    return to_basic_plane(text) if charset in _THREE_BYTES else text
