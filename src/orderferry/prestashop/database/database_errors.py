"""The only place that knows the database drivers' errors: what they mean, and the sentences for them.

`translate` never repeats a driver's text: it may hold values of a row, which are personal data, or half a statement.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from sqlalchemy import exc

from orderferry.errors import ShopError, ShopUnavailable, ShopUnfit
from orderferry.prestashop.database.connection_errors import connection_sentence
from orderferry.prestashop.database.error_numbers import SENTENCES, Trouble, error_number, trouble_of
from orderferry.prestashop.database.rights import Access, grant_hint

_COLUMN = re.compile(r"[Cc]olumn '(?:[^']*\.)?([^'.]+)'|[Cc]olumn `(?:[^`]*`\.`)*([^`]+)`")
_IDENTIFIER = re.compile(r"[a-z0-9_.]{1,64}", re.ASCII | re.IGNORECASE)
_TABLE = re.compile(r"[Tt]able '([^']+)'|no such table: (\S+)")
_SQLITE_COLUMN = re.compile(r"(?:no such column|has no column named|constraint failed):? (\S+)")


class TransientTrouble(ShopUnavailable):
    """A deadlock, a snapshot conflict or a lock that others held too long. The transaction is rolled back; the same
    work may be tried again at once, through the marker."""


class ConnectionLost(ShopUnavailable):
    """The connection broke off. Whether a COMMIT that was under way took place is unknown: look, then retry through
    the marker."""


class DuplicateKey(ShopUnavailable):
    """The database refused a row whose key is there already (for a marker: another importer was faster)."""


class RowRefused(ShopUnfit):
    """The database refused a value of one row: this order can't be written as it is. `column` names it, or ''."""

    code = "row-refused"

    def __init__(self, message: str, *, hint: str = "", column: str = "") -> None:
        super().__init__(message, hint=hint)
        self.column = column


class RightsMissing(ShopUnfit):
    """The database user may not do it; the hint is the GRANT to run."""

    code = "rights-missing"


@dataclass(frozen=True, slots=True)
class _Told:
    """What a translation is made of."""

    number: int
    text: str
    doing: str
    access: Access


def translate(error: BaseException, doing: str, access: Access) -> ShopError:
    """Given a driver's or SQLAlchemy's error and what was being done ("reading the shop's settings"), return ours.

    The message is one sentence without values of rows or secrets; the class says what to do about it:
    TransientTrouble, ConnectionLost, DuplicateKey, RowRefused, RightsMissing, ShopUnavailable or ShopUnfit.
    """
    original = getattr(error, "orig", None) or error
    told = _Told(error_number(original), str(original), doing, access)
    trouble = trouble_of(original)
    if trouble is Trouble.CONNECT:
        return connection_sentence(original, access)
    if trouble is Trouble.RIGHTS:
        return _rights(told)
    if trouble is Trouble.MISSING:
        return _missing(told)
    if trouble is Trouble.DATA:
        column = _refused_column(told.text)
        named = f"the value for the column {column}" if column else "a value"
        return RowRefused(
            f"The shop's database refuses {named} while {doing}{_in_brackets(told.number)}.",
            hint="The order is left out and tried again; compare the shop's tables with those of its version.",
            column=column,
        )
    if getattr(error, "connection_invalidated", False):
        trouble = Trouble.GONE
    sentence, hint = SENTENCES[trouble]
    message = f"{sentence} while {doing}{_in_brackets(told.number)}."
    return _CLASSES.get(trouble, ShopUnavailable)(message, hint=hint)


@contextmanager
def translated(doing: str, access: Access) -> Iterator[None]:
    """While within, database errors come out as `translate` gives them; all others as they are.

    The driver's error is not chained: its text and parameters may hold a buyer's data.
    """
    try:
        yield
    except _database_errors() as error:
        raise translate(error, doing, access) from None


def _database_errors() -> tuple[type[BaseException], ...]:
    """SQLAlchemy's, and PyMySQL's where that is there (an embedded shop's run does not import it): they come as they
    are where the driver's own cursor is at work."""
    driver = sys.modules.get("pymysql")
    return (exc.SQLAlchemyError, driver.Error) if driver is not None else (exc.SQLAlchemyError,)


def _rights(told: _Told) -> ShopError:
    return RightsMissing(
        f"The database user may not do what is needed while {told.doing}{_in_brackets(told.number)}.",
        hint=grant_hint(told.text, told.access),
    )


def _missing(told: _Told) -> ShopError:
    named = _found(_TABLE, told.text) or _found(_SQLITE_COLUMN, told.text) or _found(_COLUMN, told.text)
    return ShopUnfit(
        f"The shop's database has no {named or 'such table or column'}, needed while {told.doing}"
        f"{_in_brackets(told.number)}.",
        hint="Check prestashop.table_prefix and the database's name; finish a PrestaShop upgrade that broke off.",
    )


def _refused_column(text: str) -> str:
    """The column that a text about a refused value names at its end; '' for none.

    Servers quote the value before it, and a value may look like the name of a column: what stands first is a buyer's.
    """
    named = [_found(_COLUMN, text[match.start() :]) for match in _COLUMN.finditer(text)]
    column = named[-1] if named else _found(_SQLITE_COLUMN, text)
    return column if _IDENTIFIER.fullmatch(column) else ""


def _found(pattern: re.Pattern[str], text: str) -> str:
    match = pattern.search(text)
    return next((group for group in match.groups() if group), "") if match else ""


def _in_brackets(number: int) -> str:
    return f" (error {number})" if number else ""


_CLASSES: dict[Trouble, type[ShopError]] = {
    Trouble.TRANSIENT: TransientTrouble,
    Trouble.GONE: ConnectionLost,
    Trouble.DUPLICATE: DuplicateKey,
    Trouble.UNFIT: ShopUnfit,
}
