"""Translate errors of the ledger's file or server into a sentence and a hint.

No other module reads the errors of sqlite3 or, for the ledger, those of PyMySQL.
"""

from __future__ import annotations

import errno
import sqlite3
import ssl
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from orderferry.domain.server_texts import FileTrouble, file_trouble
from orderferry.errors import LedgerUnusable
from orderferry.ledger.schema import UnreadableValue
from orderferry.safe_files import NotOrdinary, UnsafePlace


class LedgerUnavailable(LedgerUnusable):
    """The server that holds the ledger is away or too busy. Nothing was tried without it; heals by itself."""

    code = "ledger-unavailable"
    heals = True


class LedgerConflict(LedgerUnavailable):
    """The server has rolled a transaction back because of another one (a deadlock; in a Galera cluster also at COMMIT).
    It may be repeated at once."""


_AWAY_HINT = "Nothing is lost: the next run goes on. If it stays, look after the server, or correct ledger.url."
_RIGHTS_HINT = "Give ledger.url a user with SELECT, INSERT, UPDATE, DELETE, CREATE, ALTER and INDEX on its database."
_URL_HINT = "Correct user, password or database in ledger.url."
_LOG_HINT = "Look for that number in the server's log; is it the server that ledger.url should name?"
_DAMAGED_HINT = "Put back a copy of the tables, or drop all of them: a missing ledger is rebuilt from the shop."

_AWAY = ("The server of the ledger {ledger} can't be reached, or broke off.", _AWAY_HINT)
_BUSY = ("The ledger {ledger} stays locked by another program.", _AWAY_HINT)
_NO_NODE = (
    "The cluster node that holds the ledger {ledger} takes no requests: it has lost the others, or is joining them.",
    "Nothing is lost: the next run goes on. If it stays, look at the cluster (wsrep_cluster_status).",
)
_CROWDED = ("The server of the ledger {ledger} has no connection left.", _AWAY_HINT)
_FULL = ("The disk under the ledger {ledger} is full.", "Free some space; the next run goes on where this one stopped.")
_READ_ONLY = ("The ledger {ledger} can't be written: it is read-only.", "Name the primary server in ledger.url.")
_RIGHTS = ("The user in ledger.url may not do what the ledger {ledger} needs.", _RIGHTS_HINT)
_REFUSED = ("The server refuses the user of the ledger {ledger}, or its password.", _URL_HINT)
_UNTRUSTED = (
    "The certificate of the server of the ledger {ledger} can't be trusted, or no TLS connection came about.",
    "ssl_ca must be the authority that signed it, and the host in ledger.url the name in it.",
)
_UNKNOWN = ("The database of the ledger {ledger} does not exist.", "Create it, or correct ledger.url.")
_MISSING = ("The ledger {ledger} lacks a table or a column.", _DAMAGED_HINT)
_SHORT_KEYS = (
    "The server of the ledger {ledger} is too old: it takes no keys as long as the ledger's.",
    "Name a server of MySQL 5.7, MariaDB 10.2 or newer in ledger.url, or set innodb_large_prefix=ON, "
    "innodb_file_format=Barracuda and innodb_file_per_table=ON on this one.",
)
_BAD_VALUE = ("The ledger {ledger} does not take a value.", "Report it with what `-vv` prints.")

_UNAVAILABLE: dict[tuple[str, str], tuple[int, ...]] = {
    _AWAY: (2002, 2003, 2005, 2006, 2013, 2014, 2027, 2055, 1053, 1927, 1158, 1159, 1160, 1161, 4031, 1152, 1184, 1317),
    _BUSY: (1205, 1412, 1969, 3024),
    _NO_NODE: (1047,),
    _CROWDED: (1040, 1203, 1226, 1129),
}
_CONFLICTS: dict[tuple[str, str], tuple[int, ...]] = {_BUSY: (1213, 1020)}
_UNUSABLE: dict[tuple[str, str], tuple[int, ...]] = {
    _FULL: (1021, 1114, 1041, 1037, 1038, 3675, 20),
    _READ_ONLY: (1290, 1792, 1836, 3100),
    _RIGHTS: (1142, 1143, 1044, 1227, 1370),
    _REFUSED: (1045, 1698, 1130, 2061, 1251),
    _UNTRUSTED: (2026,),
    _UNKNOWN: (1049,),
    _MISSING: (1146, 1054, 1932, 1034, 1035),
    _SHORT_KEYS: (1071, 1709),
    _BAD_VALUE: (1366, 1406, 1264, 1048, 1364, 1265),
}
_BY_FILE = {FileTrouble.NO_SPACE: _FULL, FileTrouble.READ_ONLY: _READ_ONLY}
_NO_TLS = 2026
_BY_NUMBER: dict[int, tuple[type[LedgerUnusable], str, str]] = {
    number: (kind, *sentence_and_hint)
    for kind, known in (
        (LedgerUnavailable, _UNAVAILABLE),
        (LedgerConflict, _CONFLICTS),
        (LedgerUnusable, _UNUSABLE),
    )
    for sentence_and_hint, numbers in known.items()
    for number in numbers
}


def server_failure(error: BaseException, ledger: str) -> LedgerUnusable:
    """Return an error of the driver's, or SQLAlchemy's for a connection that is gone, as a sentence with a hint.

    The driver's own text is left out: it may quote values.
    """
    number = error.args[0] if error.args and isinstance(error.args[0], int) else 0
    if isinstance(getattr(error, "original_exception", error), ssl.SSLError):
        number = _NO_TLS  # the driver gives it the number of a server that is away
    with_file = file_trouble(number, str(error))
    known = (LedgerUnusable, *_BY_FILE[with_file]) if with_file else _BY_NUMBER.get(number)
    if known is None:
        detail = f" (error {number})" if number else ""
        return LedgerUnusable(f"The server of the ledger {ledger} reported an error{detail}.", hint=_LOG_HINT)
    kind, sentence, hint = known
    return kind(sentence.replace("{ledger}", ledger), hint=hint)


_FILE_DAMAGED = (
    "Put back a copy of the file, or move it away (with its -wal and -shm): a missing ledger is rebuilt from the shop."
)
_FILE_RIGHTS = "Let the user that runs orderferry own the file and its folder, or set ledger.path to another place."
_DISK_HINT = "Look at the disk (dmesg, smartctl); copy the ledger to a sound one and set ledger.path."
_LOCK_HINT = "End the program that holds it (an open sqlite3 shell, a back-up): `fuser` with the file's path names it."

# By SQLite's primary result code (sqlite.org/rescode.html).
_BY_SQLITE_CODE: dict[int, tuple[str, str]] = {
    sqlite3.SQLITE_CORRUPT: ("The ledger {ledger} is damaged.", _FILE_DAMAGED),
    sqlite3.SQLITE_NOTADB: ("The ledger {ledger} is damaged, or it is no ledger at all.", _FILE_DAMAGED),
    sqlite3.SQLITE_FULL: _FULL,
    sqlite3.SQLITE_READONLY: (
        "The ledger {ledger} can't be written: the file or its disk is read-only.",
        _FILE_RIGHTS,
    ),
    sqlite3.SQLITE_PERM: ("This user may not use the ledger {ledger}.", _FILE_RIGHTS),
    sqlite3.SQLITE_AUTH: ("This user may not use the ledger {ledger}.", _FILE_RIGHTS),
    sqlite3.SQLITE_CANTOPEN: ("The ledger {ledger}, or a file beside it, can't be opened.", _FILE_RIGHTS),
    sqlite3.SQLITE_IOERR: ("The disk under the ledger {ledger} reports an error.", _DISK_HINT),
    sqlite3.SQLITE_BUSY: ("The ledger {ledger} stays locked by another program.", _LOCK_HINT),
    sqlite3.SQLITE_LOCKED: ("The ledger {ledger} stays locked by another program.", _LOCK_HINT),
    sqlite3.SQLITE_PROTOCOL: ("The ledger {ledger} stays locked by another program.", _LOCK_HINT),
}

_BY_ERRNO: dict[int, tuple[str, str]] = {
    errno.ENOSPC: _FULL,
    errno.EDQUOT: _FULL,
    errno.EROFS: _BY_SQLITE_CODE[sqlite3.SQLITE_READONLY],
    errno.EACCES: _BY_SQLITE_CODE[sqlite3.SQLITE_PERM],
    errno.EPERM: _BY_SQLITE_CODE[sqlite3.SQLITE_PERM],
    errno.ENOENT: (
        "The folder of the ledger {ledger} does not exist.",
        "Make the folder, or correct ledger.path.",
    ),
    errno.ENOTDIR: (
        "The ledger {ledger} can't be there: a part of its path is a file, not a folder.",
        "Correct ledger.path.",
    ),
    errno.EISDIR: ("The ledger {ledger} is a folder, not a file.", "Let ledger.path name a file in that folder."),
    errno.EIO: _BY_SQLITE_CODE[sqlite3.SQLITE_IOERR],
}


class LedgerMissing(LedgerUnusable):
    """There is no ledger yet, and it was to be read only."""


def unusable(error: sqlite3.Error | SQLAlchemyError | OSError | UnreadableValue, ledger: str) -> LedgerUnusable:
    """Return what a statement or a file operation raised as a sentence with a hint; `ledger`: its name."""
    if isinstance(error, UnreadableValue):
        return LedgerUnusable(f"The ledger {ledger} holds a value that can't be read: {error}.", hint=_FILE_DAMAGED)
    if isinstance(error, UnsafePlace | NotOrdinary):
        hint = error.hint if isinstance(error, UnsafePlace) else "Remove it, or set ledger.path to another place."
        return LedgerUnusable(f"The ledger {ledger} can't be used: {error.filename}: {error.strerror}.", hint=hint)
    if isinstance(error, OSError):
        message, hint = _BY_ERRNO.get(
            error.errno or 0, (f"The ledger {{ledger}} can't be used: {error.strerror or error}.", _FILE_RIGHTS)
        )
        return LedgerUnusable(message.replace("{ledger}", ledger), hint=hint)
    # Only the driver's own text: SQLAlchemy's would add the statement and its parameters.
    cause = error.orig or error if isinstance(error, DBAPIError) else error
    if not isinstance(cause, sqlite3.Error):
        return server_failure(cause, ledger)
    code = getattr(cause, "sqlite_errorcode", sqlite3.SQLITE_OK)  # what Python's own checks raise has none
    # The file with WAL's index can't grow: SQLite calls it an I/O error, but it is a full disk.
    primary = sqlite3.SQLITE_FULL if code == sqlite3.SQLITE_IOERR_SHMSIZE else code & 0xFF
    message, hint = _BY_SQLITE_CODE.get(primary, (f"The ledger {{ledger}} can't be used: {cause}.", _FILE_DAMAGED))
    return LedgerUnusable(message.replace("{ledger}", ledger), hint=hint)


@contextmanager
def translated(ledger: str) -> Iterator[None]:
    """Raise errors of the database and the file system in the block as LedgerUnusable."""
    try:
        yield
    except (sqlite3.Error, SQLAlchemyError, OSError, UnreadableValue) as error:
        raise unusable(error, ledger) from error
