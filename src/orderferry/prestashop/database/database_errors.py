"""The only place that knows the database drivers' errors: what they mean, and the sentences for them.

`translate` never repeats a driver's text: it may hold values of a row, which are personal data, or half a statement.

Why no connection to the shop's database could be made: a sentence for each cause that a webmaster can mend.
"""

from __future__ import annotations

import re
import socket
import ssl
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from sqlalchemy import exc

from orderferry.errors import ShopError, ShopUnavailable, ShopUnfit
from orderferry.prestashop.database.error_numbers import SENTENCES, Trouble, error_number, trouble_of
from orderferry.prestashop.database.rights import Access, grant_hint

_COLUMN = re.compile(r"[Cc]olumn '(?:[^']*\.)?([^'.]+)'|[Cc]olumn `(?:[^`]*`\.`)*([^`]+)`")
_DENIED_TABLE = re.compile(r"for table (?:`[^`]+`\.`([^`]+)`|'([^']+)')")
_STATEMENT = re.compile(r"\s*(INSERT INTO|UPDATE|DELETE FROM) [`\"]?([\w$]+)")
# Our own statements name what the live schema has, call no routine and need no right of an administrator.
_TRIGGERS_OWN = frozenset({1054, 1051, 1109, 1370, 1227})
_IDENTIFIER = re.compile(r"[a-z0-9_.]{1,64}", re.ASCII | re.IGNORECASE)
_TABLE = re.compile(r"[Tt]able '([^']+)'|no such table: (\S+)")
_SQLITE_COLUMN = re.compile(r"(?:no such column|has no column named|constraint failed):? (\S+)")


class TransientTrouble(ShopUnavailable):
    """A deadlock, a snapshot conflict or a lock that others held too long. The transaction is rolled back; the same
    work may be tried again at once, through the marker."""


class ConnectionLost(ShopUnavailable):
    """The connection broke off. Whether a COMMIT that was under way took place is unknown: look, then retry through
    the marker."""


class RowRefused(ShopUnfit):
    """The database, or a trigger in it, refused one row: this order can't be written as it is.

    `column` names the value, `table` (with its prefix) and `action` (INSERT, UPDATE, DELETE) the statement, '' where
    that is not known. `words` is the server's own text: it may quote values of the row, so only `server_words` may
    make something of it that is shown.
    """

    code = "row-refused"

    def __init__(
        self,
        message: str,
        *,
        hint: str = "",
        column: str = "",
        table: str = "",
        action: str = "",
        number: int = 0,
        words: str = "",
    ) -> None:
        super().__init__(message, hint=hint)
        self.column = column
        self.table = table
        self.action = action
        self.number = number
        self.words = words


class DuplicateKey(RowRefused):
    """The database refused a row whose key is there already. Where `table` is the markers' (or not known) another
    importer may have been faster."""


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
    action: str = ""
    table: str = ""


def translate(error: BaseException, doing: str, access: Access, *, rows: bool = False) -> ShopError:
    """Return ours, given a driver's or SQLAlchemy's error and what was being done ("reading the shop's settings").

    `rows`: what was being done is writing the rows of one order, so that every error of the server that is not about
    the server itself or this user (a trigger, a constraint, a key, a value) is RowRefused.

    The message is one sentence without values of rows or secrets; the class says what to do about it:
    TransientTrouble, ConnectionLost, DuplicateKey, RowRefused, RightsMissing, ShopUnavailable or ShopUnfit.
    """
    original = getattr(error, "orig", None) or error
    statement = _STATEMENT.match(_statement(error))
    action, table = (statement[1].split(" ")[0], statement[2]) if statement else ("", "")
    told = _Told(error_number(original), _text(original), doing, access, action, table)
    trouble = trouble_of(original)
    if rows and _is_about_rows(original, trouble, told) and not getattr(error, "connection_invalidated", False):
        return _refused(told, trouble)
    if trouble is Trouble.CONNECT:
        return connection_sentence(original, access)
    if trouble is Trouble.RIGHTS:
        return _rights(told)
    if trouble is Trouble.MISSING:
        return _missing(told)
    if trouble in {Trouble.DATA, Trouble.DUPLICATE}:
        return _refused(told, trouble)
    if getattr(error, "connection_invalidated", False):
        trouble = Trouble.GONE
    sentence, hint = SENTENCES[trouble]
    message = f"{sentence} while {doing}{_in_brackets(told.number)}."
    return _CLASSES.get(trouble, ShopUnavailable)(message, hint=hint)


@contextmanager
def translated(doing: str, access: Access, *, rows: bool = False) -> Iterator[None]:
    """While within, database errors come out as `translate` gives them; all others as they are.

    The driver's error is not chained: its text and parameters may hold a buyer's data.
    """
    try:
        yield
    except _database_errors() as error:
        raise translate(error, doing, access, rows=rows) from None


def _database_errors() -> tuple[type[BaseException], ...]:
    """SQLAlchemy's, and PyMySQL's where that is there (an embedded shop's run does not import it): they come as they
    are where the driver's own cursor is at work."""
    driver = sys.modules.get("pymysql")
    return (exc.SQLAlchemyError, driver.Error) if driver is not None else (exc.SQLAlchemyError,)


def _is_about_rows(original: BaseException, trouble: Trouble, told: _Told) -> bool:
    """Return whether an error that came while rows were written may be due to them. Client errors (2000 to 2999),
    and those without a number, are about the connection.
    """
    from_server = 1000 <= told.number < 2000 or told.number >= 3000 or hasattr(original, "sqlite_errorname")
    if trouble in {Trouble.RIGHTS, Trouble.MISSING}:
        # A trigger may lack what our own statement has.
        named = _found(_DENIED_TABLE, told.text) or _found(_TABLE, told.text)
        own = not named or named.rpartition(".")[2] == told.table
        return not own or told.number in _TRIGGERS_OWN
    return from_server and trouble in {Trouble.DATA, Trouble.DUPLICATE, Trouble.COLLATION, Trouble.OTHER}


def _refused(told: _Told, trouble: Trouble) -> RowRefused:
    column = _refused_column(told.text) if trouble is Trouble.DATA else ""
    named = f"the value for the column {column}" if column else f"a row of {told.table}" if told.table else "a value"
    why = ", whose key is there already," if trouble is Trouble.DUPLICATE else ""
    return (DuplicateKey if trouble is Trouble.DUPLICATE else RowRefused)(
        f"The shop's database refuses {named}{why} while {told.doing}{_in_brackets(told.number)}.",
        hint="The order is left out and tried again; compare the shop's tables with those of its version.",
        column=column,
        table=told.table,
        action=told.action,
        number=told.number,
        words=told.text,
    )


def _statement(error: BaseException) -> str:
    """Return the statement that failed, or its beginning; SQLAlchemy knows it, and `statements.py` notes it."""
    return str(getattr(error, "statement", None) or next(iter(getattr(error, "__notes__", ())), ""))


def _text(original: BaseException) -> str:
    """Return what the server said: PyMySQL has it as the second argument, after the number."""
    said = original.args[1] if len(original.args) > 1 else None
    return said if isinstance(said, str) else str(original)


def _rights(told: _Told) -> ShopError:
    return RightsMissing(
        f"The database user may not do what is needed while {told.doing}{_in_brackets(told.number)}.",
        hint=grant_hint(told.text, told.access),
        keys=("prestashop.database", "prestashop.user", "prestashop.password"),
    )


def _missing(told: _Told) -> ShopError:
    named = _found(_TABLE, told.text) or _found(_SQLITE_COLUMN, told.text) or _found(_COLUMN, told.text)
    return ShopUnfit(
        f"The shop's database has no {named or 'such table or column'}, needed while {told.doing}"
        f"{_in_brackets(told.number)}.",
        hint="Check prestashop.table_prefix and the database's name; finish a PrestaShop upgrade that broke off.",
    )


def _refused_column(text: str) -> str:
    """Return the column that a text about a refused value names at its end; '' for none.

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
    Trouble.UNFIT: ShopUnfit,
}


_ACCESS_DENIED = (1045, 1698)
_UNKNOWN_DATABASE = 1049
_HOST_NOT_ALLOWED = 1130
_NO_TLS = 2026
_AUTHENTICATION = (2061, 1251)


def connection_sentence(original: BaseException, access: Access) -> ShopError:
    """Given the error of a failed connection, return the sentence for it. Passwords never appear."""
    error = _sentence(original, access, error_number(original))
    if access.shop_file and not error.hint.startswith(access.shop_file):
        error.hint += f" What the configuration does not give itself is read from {access.shop_file} (prestashop.from)."
    return error


def _sentence(original: BaseException, access: Access, number: int) -> ShopError:
    if number in _ACCESS_DENIED:
        return ShopUnfit(
            f"The shop's database at {access.location} refuses the user {access.user!r} or its password "
            f"(error {number}).",
            hint=_password_hint(access),
            keys=("prestashop.user", "prestashop.password"),
        )
    if number == _UNKNOWN_DATABASE:
        return ShopUnfit(
            f"The database server at {access.location} has no database {access.database!r}.",
            hint="Check prestashop.database; the shop's own parameters.php names it.",
            keys=("prestashop.database",),
        )
    if number == _HOST_NOT_ALLOWED:
        return ShopUnfit(
            f"The database server at {access.location} takes no connections from this host.",
            hint="Add this host's address to the addresses that the hosting panel allows for remote MySQL.",
            keys=("prestashop.host", "prestashop.port"),
        )
    if number in _AUTHENTICATION:
        return ShopUnfit(
            f"The database server at {access.location} asks for a way of logging in that can't be used here.",
            hint="Configure TLS (prestashop.ssl_ca), or give the user mysql_native_password or caching_sha2_password.",
        )
    return _network(original, access, number)


def _password_hint(access: Access) -> str:
    if access.shop_file:
        return (
            f"{access.shop_file} (prestashop.from) has this password: does the shop itself still work? If it does, the "
            "user may not connect from this host; give orderferry a user of its own (docs/database-rights.md)."
        )
    return (
        "Check prestashop.user and prestashop.password (a password with @ : / % must be percent-encoded in "
        "prestashop.url), and that the user may connect from this host."
    )


def _network(original: BaseException, access: Access, number: int) -> ShopError:
    cause = getattr(original, "original_exception", original)
    keys: tuple[str, ...] = ("prestashop.host", "prestashop.port")
    if isinstance(cause, ssl.SSLError) or number == _NO_TLS:
        return _tls(cause, access)
    if isinstance(cause, socket.gaierror):
        sentence, hint = "is unknown: its name can't be resolved", "Check prestashop.host."
        keys = ("prestashop.host",)
    elif isinstance(cause, ConnectionRefusedError):
        sentence = "refuses connections"
        hint = "Check prestashop.host and prestashop.port, and that the database server runs."
    elif isinstance(cause, TimeoutError):
        sentence = "did not answer in time"
        hint = "Check prestashop.host and the firewall, or raise prestashop.timeout."
    elif isinstance(cause, FileNotFoundError):
        sentence = "can't be reached: there is no such socket"
        hint = "Check prestashop.socket, and that the database server runs."
    elif isinstance(cause, PermissionError):
        sentence = "can't be reached: the socket may not be opened by this user"
        hint = "Run orderferry as a user that may open prestashop.socket."
    else:
        sentence = "can't be reached"
        hint = "Check [prestashop] in the configuration, and the network; the next run tries again."
    return ShopUnavailable(f"The shop's database at {access.location} {sentence}.", hint=hint, keys=keys)


def _tls(cause: BaseException, access: Access) -> ShopError:
    if isinstance(cause, ssl.SSLCertVerificationError):
        return ShopUnfit(
            f"The certificate of the database server at {access.location} can't be trusted: {cause.verify_message}",
            hint="prestashop.ssl_ca must be the authority that signed it, and prestashop.host the name in it.",
        )
    return ShopUnfit(
        f"No TLS connection to the database server at {access.location} could be made.",
        hint="prestashop.ssl_ca demands TLS: turn it on at the server, or take ssl_ca out for a local database.",
    )
