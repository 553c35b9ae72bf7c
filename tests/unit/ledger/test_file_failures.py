"""What fails about a ledger's file: each error of SQLite and of the file system is a sentence with what to do."""

from __future__ import annotations

import errno
import os
import sqlite3

import pytest

from orderferry.errors import LedgerUnusable
from orderferry.ledger.failures import translated, unusable
from orderferry.ledger.schema import UnreadableValue
from orderferry.safe_files import NotOrdinary, UnsafePlace

DAMAGED = (
    "Put back a copy of the file, or move it away (with its -wal and -shm): a missing ledger is rebuilt from the shop."
)
RIGHTS = "Let the user that runs orderferry own the file and its folder, or set ledger.path to another place."
FREE_SPACE = "Free some space; the next run goes on where this one stopped."
DISK = "Look at the disk (dmesg, smartctl); copy the ledger to a sound one and set ledger.path."
HOLDER = "End the program that holds it (an open sqlite3 shell, a back-up): `fuser` with the file's path names it."

FULL = ("The disk under the ledger a.sqlite is full.", FREE_SPACE)
READ_ONLY = ("The ledger a.sqlite can't be written: the file or its disk is read-only.", RIGHTS)
MAY_NOT = ("This user may not use the ledger a.sqlite.", RIGHTS)
BROKEN_DISK = ("The disk under the ledger a.sqlite reports an error.", DISK)
LOCKED = ("The ledger a.sqlite stays locked by another program.", HOLDER)


def sentence_of(error: sqlite3.Error | OSError | UnreadableValue) -> tuple[str, str]:
    """The sentence and the hint that an error becomes, which is what `translated` raises."""
    with pytest.raises(LedgerUnusable) as caught, translated("a.sqlite"):
        raise error
    assert type(caught.value) is LedgerUnusable
    return caught.value.message, caught.value.hint


@pytest.mark.parametrize(
    ("number", "expected"),
    [
        (errno.ENOSPC, FULL),
        (errno.EDQUOT, FULL),
        (errno.EROFS, READ_ONLY),
        (errno.EACCES, MAY_NOT),
        (errno.EPERM, MAY_NOT),
        (errno.EIO, BROKEN_DISK),
        (
            errno.ENOENT,
            ("The folder of the ledger a.sqlite does not exist.", "Make the folder, or correct ledger.path."),
        ),
        (
            errno.ENOTDIR,
            (
                "The ledger a.sqlite can't be there: a part of its path is a file, not a folder.",
                "Correct ledger.path.",
            ),
        ),
        (
            errno.EISDIR,
            ("The ledger a.sqlite is a folder, not a file.", "Let ledger.path name a file in that folder."),
        ),
        (errno.ENAMETOOLONG, ("The ledger a.sqlite can't be used: File name too long.", RIGHTS)),
    ],
    ids=lambda value: errno.errorcode[value] if isinstance(value, int) else "",
)
def test_errors_of_the_file_system(number: int, expected: tuple[str, str]) -> None:
    assert sentence_of(OSError(number, os.strerror(number))) == expected


def test_an_error_of_the_file_system_without_a_number() -> None:
    assert sentence_of(OSError("odd")) == ("The ledger a.sqlite can't be used: odd.", RIGHTS)


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("SQLITE_CORRUPT_INDEX", ("The ledger a.sqlite is damaged.", DAMAGED)),
        ("SQLITE_NOTADB", ("The ledger a.sqlite is damaged, or it is no ledger at all.", DAMAGED)),
        ("SQLITE_FULL", FULL),
        ("SQLITE_IOERR_SHMSIZE", FULL),
        ("SQLITE_READONLY_DBMOVED", READ_ONLY),
        ("SQLITE_PERM", MAY_NOT),
        ("SQLITE_AUTH", MAY_NOT),
        (
            "SQLITE_CANTOPEN_ISDIR",
            ("The ledger a.sqlite, or a file beside it, can't be opened.", RIGHTS),
        ),
        ("SQLITE_IOERR_FSYNC", BROKEN_DISK),
        ("SQLITE_BUSY_SNAPSHOT", LOCKED),
        ("SQLITE_LOCKED_SHAREDCACHE", LOCKED),
        ("SQLITE_PROTOCOL", LOCKED),
        ("SQLITE_ERROR", ("The ledger a.sqlite can't be used: in SQLite's own words.", DAMAGED)),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_errors_of_sqlite(code: str, expected: tuple[str, str]) -> None:
    error = sqlite3.OperationalError("in SQLite's own words")
    error.sqlite_errorcode = getattr(sqlite3, code)
    assert sentence_of(error) == expected


def test_an_error_of_sqlite_without_a_code() -> None:
    assert sentence_of(sqlite3.ProgrammingError("Cannot operate on a closed database")) == (
        "The ledger a.sqlite can't be used: Cannot operate on a closed database.",
        DAMAGED,
    )


def test_a_value_that_cannot_be_read() -> None:
    assert sentence_of(UnreadableValue("it is no moment")) == (
        "The ledger a.sqlite holds a value that can't be read: it is no moment.",
        DAMAGED,
    )


def test_a_place_where_no_file_is_safe_says_what_is_wrong_with_which_file() -> None:
    unsafe = UnsafePlace("its folder can be changed by others", "/var/a.sqlite-wal", "Take the right away.")
    assert sentence_of(unsafe) == (
        "The ledger a.sqlite can't be used: /var/a.sqlite-wal: its folder can be changed by others.",
        "Take the right away.",
    )
    pipe = NotOrdinary(errno.EINVAL, "it is a named pipe", "/var/a.sqlite-shm")
    assert sentence_of(pipe) == (
        "The ledger a.sqlite can't be used: /var/a.sqlite-shm: it is a named pipe.",
        "Remove it, or set ledger.path to another place.",
    )


def test_the_cause_stays_with_the_sentence() -> None:
    cause = OSError(errno.EIO, "Input/output error")
    with pytest.raises(LedgerUnusable) as caught, translated("a.sqlite"):
        raise cause
    assert caught.value.__cause__ is cause
    assert unusable(cause, "a.sqlite").message == caught.value.message
