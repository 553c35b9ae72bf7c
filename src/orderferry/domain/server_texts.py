"""What a MySQL or MariaDB server says of its files: the number of an error tells that a file or a table "could not be
made", its text the reason as another number. Nothing else of a text is read: it may quote values of rows."""

from __future__ import annotations

import re
from enum import StrEnum


class FileTrouble(StrEnum):
    """Why a server could not use a file."""

    NO_SPACE = "no-space"
    READ_ONLY = "read-only"


# A file can't be made, read or written; CREATE, ALTER and DROP; open, close, read, rename, write; "got error … from
# storage engine"; COMMIT.
_TELL_THE_REASON = frozenset({1, 2, 3, 1004, 1005, 1006, 1016, 1023, 1024, 1025, 1026, 1030, 1180, 1296})
_REASON = re.compile(r"(?:errno|errcode|got error)[: ]+(\d+)", re.ASCII | re.IGNORECASE)
# Of the operating system (ENOMEM, EFBIG, ENOSPC), and of the storage engine's own (out of memory, file or index full).
_NO_SPACE = frozenset({12, 27, 28, 128, 135, 136})
_QUOTA = 122  # EDQUOT; the storage engine has an internal error with the same number
_READ_ONLY = frozenset({30, 165})  # EROFS, and the storage engine's own


def file_trouble(number: int, text: str) -> FileTrouble | None:
    """Return why a server could not use a file, by its error's number and text; None for any other error."""
    match = _REASON.search(text) if number in _TELL_THE_REASON else None
    if match is None:
        return None
    reason = int(match[1])
    if reason in _NO_SPACE or (reason == _QUOTA and "internal" not in text.lower()):
        return FileTrouble.NO_SPACE
    return FileTrouble.READ_ONLY if reason in _READ_ONLY else None
