"""Translate the database drivers' errors into ours: what they mean, and a sentence for a webmaster.

No other module reads the drivers' errors. A driver's text is never repeated as it is: it may hold values of a row,
which are personal data, or half a statement. What a server says about a row that it refuses is masked before it is
shown: names of tables and a module author's own sentence stay, values go. Servers quote values ("Duplicate entry
'mario@…' for key 'email'"), and a trigger's author may put any column into the text of a SIGNAL.
"""

from __future__ import annotations

import re
import socket
import ssl
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import fields, is_dataclass

from sqlalchemy import exc

from orderferry.domain.orders import Order
from orderferry.domain.text import plain_name
from orderferry.errors import ShopError, ShopUnavailable, ShopUnfit
from orderferry.prestashop.database.error_numbers import SENTENCES, Trouble, error_number, trouble_of
from orderferry.prestashop.database.rights import Access, grant_hint

_COLUMN = re.compile(r"[Cc]olumn '(?:[^']*\.)?([^'.]+)'|[Cc]olumn `(?:[^`]*`\.`)*([^`]+)`")
_DENIED_TABLE = re.compile(r"for table (?:`[^`]+`\.`([^`]+)`|'([^']+)')")
_STATEMENT = re.compile(r"\s*(INSERT INTO|UPDATE|DELETE FROM) [`\"]?([\w$]+)")
# Only a trigger causes these: our own statements name what the live schema has, call no routine and need no right of
# an administrator.
_TRIGGERS_OWN = frozenset({1054, 1051, 1109, 1370, 1227})
_IDENTIFIER = re.compile(r"[a-z0-9_.]{1,64}", re.ASCII | re.IGNORECASE)
_TABLE = re.compile(r"[Tt]able '([^']+)'|no such table: (\S+)")
_SQLITE_COLUMN = re.compile(r"(?:no such column|has no column named|constraint failed):? (\S+)")

# Error numbers of a connection that could not be made
_ACCESS_DENIED = (1045, 1698)
_UNKNOWN_DATABASE = 1049
_HOST_NOT_ALLOWED = 1130
_NO_TLS = 2026
_AUTHENTICATION = (2061, 1251)


class TransientTrouble(ShopUnavailable):
    """A deadlock, a snapshot conflict or a lock that others held too long. The transaction is rolled back; the same
    work may be tried again at once, through the marker."""


class ConnectionLost(ShopUnavailable):
    """The connection broke off. Whether a COMMIT took place is unknown: read the marker before the work is repeated."""


class RowRefused(ShopUnfit):
    """The database, or a trigger in it, refused one row: this order can't be written as it is.

    `column` names the value, `table` (with its prefix) and `action` (INSERT, UPDATE, DELETE) the statement, '' where
    that is not known. `server_text` may quote values of the row: it is shown only as `mask_server_text` leaves it.
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
        server_text: str = "",
    ) -> None:
        super().__init__(message, hint=hint)
        self.column = column
        self.table = table
        self.action = action
        self.number = number
        self.server_text = server_text


class DuplicateKey(RowRefused):
    """The database refused a row whose key is there already. Where `table` is the markers' (or not known) another
    process may have been faster."""


class RightsMissing(ShopUnfit):
    """The database user may not do it; the hint is the GRANT to run."""

    code = "rights-missing"


def translate(error: BaseException, doing: str, access: Access, *, rows: bool = False) -> ShopError:
    """Return our error for one of the driver's or SQLAlchemy's; `doing`: what was done ("reading the shop's settings").

    `rows`: the rows of one order were being written, so that every error of the server that is not about the server
    itself or this user (a trigger, a constraint, a key, a value) is RowRefused.

    The message is one sentence without values of rows or secrets; the class says what to do about it:
    TransientTrouble, ConnectionLost, DuplicateKey, RowRefused, RightsMissing, ShopUnavailable or ShopUnfit.
    """
    original = getattr(error, "orig", None) or error
    statement = _STATEMENT.match(str(getattr(error, "statement", None) or ""))
    action, table = (statement[1].split(" ")[0], statement[2]) if statement else ("", "")
    number, text, trouble = error_number(original), _text(original), trouble_of(original)
    while_doing = f"while {doing} (error {number})" if number else f"while {doing}"
    is_lost = getattr(error, "connection_invalidated", False)
    of_rows = rows and not is_lost and _is_about_rows(original, trouble, table)
    if trouble is Trouble.CONNECT:
        return connection_sentence(original, access)
    if of_rows or trouble in {Trouble.DATA, Trouble.DUPLICATE}:
        return _refused(trouble, while_doing, text, number, action=action, table=table)
    if trouble is Trouble.RIGHTS:
        return RightsMissing(
            f"The database user may not do what is needed {while_doing}.",
            hint=grant_hint(text, access),
            keys=("prestashop.database", "prestashop.user", "prestashop.password"),
        )
    if trouble is Trouble.MISSING:
        named = _found(_TABLE, text) or _found(_SQLITE_COLUMN, text) or _found(_COLUMN, text)
        return ShopUnfit(
            f"The shop's database has no {named or 'such table or column'}, needed {while_doing}.",
            hint="Check prestashop.table_prefix and the database's name; finish a PrestaShop upgrade that broke off.",
        )
    if is_lost:
        trouble = Trouble.GONE
    sentence, hint = SENTENCES[trouble]
    return _CLASSES.get(trouble, ShopUnavailable)(f"{sentence} {while_doing}.", hint=hint)


@contextmanager
def translated(doing: str, access: Access, *, rows: bool = False) -> Iterator[None]:
    """Raise the database errors of the block as `translate` returns them; all others pass.

    The driver's error is not chained: its text and parameters may hold a buyer's data.
    """
    try:
        yield
    except exc.SQLAlchemyError as error:
        raise translate(error, doing, access, rows=rows) from None


def _is_about_rows(original: BaseException, trouble: Trouble, table: str) -> bool:
    """Return whether an error that came while rows of `table` were written may be due to them.

    Client errors (2000 to 2999), and those without a number, are about the connection.
    """
    number, text = error_number(original), _text(original)
    from_server = 1000 <= number < 2000 or number >= 3000 or hasattr(original, "sqlite_errorname")
    if trouble in {Trouble.RIGHTS, Trouble.MISSING}:
        # A trigger may lack what our own statement has.
        named = _found(_DENIED_TABLE, text) or _found(_TABLE, text)
        own = not named or named.rpartition(".")[2] == table
        return not own or number in _TRIGGERS_OWN
    return from_server and trouble in {Trouble.DATA, Trouble.DUPLICATE, Trouble.COLLATION, Trouble.OTHER}


def _refused(trouble: Trouble, while_doing: str, text: str, number: int, *, action: str, table: str) -> RowRefused:
    column = _refused_column(text) if trouble is Trouble.DATA else ""
    named = f"the value for the column {column}" if column else f"a row of {table}" if table else "a value"
    why = ", whose key is there already," if trouble is Trouble.DUPLICATE else ""
    return (DuplicateKey if trouble is Trouble.DUPLICATE else RowRefused)(
        f"The shop's database refuses {named}{why} {while_doing}.",
        hint="The order is left out and tried again; compare the shop's tables with those of its version.",
        column=column,
        table=table,
        action=action,
        number=number,
        server_text=text,
    )


def _text(original: BaseException) -> str:
    """Return the server's text: PyMySQL has it as the second argument, after the number."""
    text = original.args[1] if len(original.args) > 1 else None
    return text if isinstance(text, str) else str(original)


def _refused_column(text: str) -> str:
    """Return the column that a text about a refused value names at its end; '' for none.

    Servers quote the value before it, and a buyer's value may look like the name of a column.
    """
    named = [_found(_COLUMN, text[match.start() :]) for match in _COLUMN.finditer(text)]
    column = named[-1] if named else _found(_SQLITE_COLUMN, text)
    return column if _IDENTIFIER.fullmatch(column) else ""


def _found(pattern: re.Pattern[str], text: str) -> str:
    match = pattern.search(text)
    return next((group for group in match.groups() if group), "") if match else ""


_CLASSES: dict[Trouble, type[ShopError]] = {
    Trouble.TRANSIENT: TransientTrouble,
    Trouble.GONE: ConnectionLost,
    Trouble.UNFIT: ShopUnfit,
}


def connection_sentence(original: BaseException, access: Access) -> ShopError:
    """Return our error for a connection that could not be made, with a sentence and what to do; no password."""
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


MASK = "…"
_LONGEST = 200
# Errors whose text quotes names only: of columns, tables, constraints, triggers, accounts.
_NAMES_ONLY = frozenset(
    (
        *(1048, 1054, 1136, 1142, 1143, 1146, 1227, 1235, 1305, 1364, 1370, 1415, 1422, 1442, 1449, 1451, 1452),
        *(1906, 3105, 3819, 4025),
    )
)
_SIGNAL = (0, 1644)  # the text is the author's own; SQLite's RAISE has no number
_DUPLICATE = re.compile(r"(Duplicate entry )'.*'( for key '[\w.$-]+')", re.DOTALL)
_QUOTED = re.compile(r"['\"].*['\"]", re.DOTALL)
_EMAIL = re.compile(r"[^\s'\"<>(),;:]+@[^\s'\"<>(),;:]+")
_LONG_NUMBER = re.compile(r"(?<![\w-])\+?\d(?:[ ./()-]{0,2}\d){6,}(?![\w-])")
# What stands between two quoted names in the texts of servers.
_BETWEEN = frozenset("for key column at row in of on from table trigger constraint and".split())  # noqa: SIM905
_IMPERSONAL = frozenset({"kind", "entity", "country"})  # fields of addresses and registrations with Amazon's own codes
_FOUND_WITHIN = 4  # letters: so long a personal word is masked within longer words, too
# Chinese, Japanese and Korean letters, between which words need no space; as `plain_name` leaves them.
_UNSPACED = (("\u1100", "\u11ff"), ("\u3040", "\u30ff"), ("\u3400", "\u9fff"), ("\uac00", "\ud7af"))
_MASKS = re.compile(rf"{MASK}(?:[\s,;.:'\"-]*{MASK})+")
_ORDER_ID = re.compile(r"\d{3}-\d{7}-\d{7}")


def mask_server_text(text: str, number: int, order: Order, names: Collection[str]) -> str:
    """Return a server's text about a refused row without anything of the buyer's; '' for none.

    `number`: the error's; `order`: whose row it was; `names`: of the shop's tables, columns and triggers. Masked are
    the order's names and places, word by word and however they are spelled, e-mail addresses, long numbers, and, except
    in a module author's own sentence, all that is quoted and is no name of the shop's.
    """
    shown = _DUPLICATE.sub(rf"\1'{MASK}'\2", " ".join(text.split()))
    shown = "".join(letter for letter in shown if letter.isprintable())
    if number not in _SIGNAL and number not in _NAMES_ONLY and not _DUPLICATE.search(shown):
        known = {name.casefold() for name in names} | _BETWEEN
        shown = _QUOTED.sub(lambda match: _only_names(match[0], known), shown)
    kept = frozenset() if number in _SIGNAL else frozenset(name.casefold() for name in names)
    if number not in _NAMES_ONLY:
        shown = _EMAIL.sub(MASK, shown)
    shown = _LONG_NUMBER.sub(lambda match: match[0] if _ORDER_ID.fullmatch(match[0]) else MASK, shown)
    shown = _mask_personal(shown, _personal_words(order), kept)
    shown = _MASKS.sub(MASK, shown).strip()
    return shown if len(shown) <= _LONGEST else shown[: _LONGEST - 1].rstrip() + MASK


def _personal_words(order: Order) -> frozenset[str]:
    """Return every word of the order's buyer and addresses, in the form of `plain_name`."""
    people = (order.buyer, order.delivery_address, order.tax_registrations)
    texts = [*_texts(people), *(item.gift_message for item in order.items)]
    words = [word for text in texts for word in plain_name(text).split()]
    return frozenset(word for word in words if len(word) > 1 or _is_unspaced(word))


def _is_unspaced(word: str) -> bool:
    return any(first <= letter <= last for letter in word for first, last in _UNSPACED)


def _texts(value: object) -> Iterable[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, tuple | list | frozenset | set):
        for one in value:
            yield from _texts(one)
    elif is_dataclass(value):
        for field in fields(value):
            if field.name not in _IMPERSONAL:
                yield from _texts(getattr(value, field.name))


def _only_names(quoted: str, known: Collection[str]) -> str:
    pieces = re.split(r"([\w$]+)", quoted)
    return "".join(
        piece if number % 2 == 0 or piece.casefold() in known else MASK for number, piece in enumerate(pieces)
    )


def _mask_personal(text: str, personal: frozenset[str], kept: frozenset[str]) -> str:
    within = [word for word in personal if len(word) >= _FOUND_WITHIN or _is_unspaced(word)]

    def is_personal(word: str) -> bool:
        plain = plain_name(word)
        return word.casefold() not in kept and (plain in personal or any(part in plain for part in within))

    return re.sub(r"[^\W_]+", lambda match: MASK if is_personal(match[0]) else match[0], text)
