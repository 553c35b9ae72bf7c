"""Every way in which the ledger's file can fail, as a sentence and a hint. Nobody else reads sqlite3's errors.

Those of a server (ledger.url) are in server_failures.py.
"""

from __future__ import annotations

import errno
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from orderferry.errors import LedgerUnusable
from orderferry.ledger.columns import UnreadableValue
from orderferry.ledger.server_failures import server_failure
from orderferry.safe_files import NotOrdinary, UnsafePlace

_DAMAGED_HINT = (
    "Put back a copy of the file, or move it away (with its -wal and -shm): a missing ledger is rebuilt from the shop."
)
_RIGHTS_HINT = "Let the user that runs orderferry own the file and its folder, or set ledger.path to another place."
_DISK_HINT = "Look at the disk (dmesg, smartctl); copy the ledger to a sound one and set ledger.path."
_FULL_HINT = "Free some space; the next run goes on where this one stopped."
_LOCK_HINT = "End the program that holds it (an open sqlite3 shell, a back-up): `fuser` with the file's path names it."

# By SQLite's primary result code (sqlite.org/rescode.html).
_BY_SQLITE_CODE: dict[int, tuple[str, str]] = {
    sqlite3.SQLITE_CORRUPT: ("The ledger {ledger} is damaged.", _DAMAGED_HINT),
    sqlite3.SQLITE_NOTADB: ("The ledger {ledger} is damaged, or it is no ledger at all.", _DAMAGED_HINT),
    sqlite3.SQLITE_FULL: ("The disk under the ledger {ledger} is full.", _FULL_HINT),
    sqlite3.SQLITE_READONLY: ("The ledger {ledger} can't be written: the file or its disk is read-only.", _RIGHTS_HINT),
    sqlite3.SQLITE_PERM: ("This user may not use the ledger {ledger}.", _RIGHTS_HINT),
    sqlite3.SQLITE_AUTH: ("This user may not use the ledger {ledger}.", _RIGHTS_HINT),
    sqlite3.SQLITE_CANTOPEN: ("The ledger {ledger}, or a file beside it, can't be opened.", _RIGHTS_HINT),
    sqlite3.SQLITE_IOERR: ("The disk under the ledger {ledger} reports an error.", _DISK_HINT),
    sqlite3.SQLITE_BUSY: ("The ledger {ledger} stays locked by another program.", _LOCK_HINT),
    sqlite3.SQLITE_LOCKED: ("The ledger {ledger} stays locked by another program.", _LOCK_HINT),
    sqlite3.SQLITE_PROTOCOL: ("The ledger {ledger} stays locked by another program.", _LOCK_HINT),
}
# The file with WAL's index can't grow: SQLite calls it an I/O error, but it is a full disk.
_FULL_EXTENDED = frozenset({sqlite3.SQLITE_IOERR_SHMSIZE})

_BY_ERRNO: dict[int, tuple[str, str]] = {
    errno.ENOSPC: _BY_SQLITE_CODE[sqlite3.SQLITE_FULL],
    errno.EDQUOT: _BY_SQLITE_CODE[sqlite3.SQLITE_FULL],
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
    """There is no ledger yet, and what was asked for only reads one."""


def unusable(error: sqlite3.Error | SQLAlchemyError | OSError | UnreadableValue, ledger: str) -> LedgerUnusable:
    """Given what a statement or a file operation raised and the ledger's name, return it as a sentence with a hint."""
    if isinstance(error, UnreadableValue):
        return LedgerUnusable(f"The ledger {ledger} holds a value that can't be read: {error}.", hint=_DAMAGED_HINT)
    if isinstance(error, UnsafePlace | NotOrdinary):
        hint = error.hint if isinstance(error, UnsafePlace) else "Remove it, or set ledger.path to another place."
        return LedgerUnusable(f"The ledger {ledger} can't be used: {error.filename}: {error.strerror}.", hint=hint)
    if isinstance(error, OSError):
        message, hint = _BY_ERRNO.get(
            error.errno or 0, (f"The ledger {{ledger}} can't be used: {error.strerror or error}.", _RIGHTS_HINT)
        )
        return LedgerUnusable(message.replace("{ledger}", ledger), hint=hint)
    # Only the driver's own words: SQLAlchemy's would add the statement and its parameters.
    cause = error.orig or error if isinstance(error, DBAPIError) else error
    if not isinstance(cause, sqlite3.Error):
        return server_failure(cause, ledger)
    code = getattr(cause, "sqlite_errorcode", None) or 0
    primary = sqlite3.SQLITE_FULL if code in _FULL_EXTENDED else code & 0xFF
    message, hint = _BY_SQLITE_CODE.get(primary, (f"The ledger {{ledger}} can't be used: {cause}.", _DAMAGED_HINT))
    return LedgerUnusable(message.replace("{ledger}", ledger), hint=hint)


@contextmanager
def translated(ledger: str) -> Iterator[None]:
    """Raise what the body meets of the database and the file system as LedgerUnusable."""
    try:
        yield
    except (sqlite3.Error, SQLAlchemyError, OSError, UnreadableValue) as error:
        raise unusable(error, ledger) from error
