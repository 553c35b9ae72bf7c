"""Where secrets come from, and who else could read them.

The environment comes first, then the file that `<key>_file` names, then the key itself. Variables that only look like
orderferry's own are named: a misspelled secret would silently not count.
"""

from __future__ import annotations

import difflib
import grp
import os
import pwd
import stat
from collections.abc import Iterable, Mapping
from pathlib import Path

from orderferry.config.database_url import DatabaseUrl
from orderferry.config.keys import KEYS, Key
from orderferry.config.kinds import Unfit
from orderferry.config.lookup import match
from orderferry.config.read import VARIABLE, Document, SourceFile
from orderferry.safe_files import read_ordinary

_OURS = "ORDERFERRY_"
KNOWN_VARIABLES = frozenset({VARIABLE, *(key.variable for key in KEYS if key.variable)})
_OTHERS = stat.S_IRWXG | stat.S_IRWXO


class SecretFileError(ValueError):
    """A file with a secret can't be used; the text says why, without its content."""


def from_environment(key: Key, environ: Mapping[str, str]) -> str | None:
    """Return the environment's value for a key, or None. An empty variable counts as none."""
    value = environ.get(key.variable, "") if key.variable else ""
    return value.rstrip("\r\n") or None


def read_secret_file(path: Path) -> str:
    """Return the secret in a file, without the end of its line.

    Raise SecretFileError if the file can't be read, is empty or is no text.
    """
    try:
        data = read_ordinary(path)
        secret = data.decode("utf-8").rstrip("\r\n")
    except OSError as error:
        raise SecretFileError(f"{path} can't be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise SecretFileError(f"{path} is not UTF-8 text") from None
    if not secret:
        raise SecretFileError(f"{path} is empty")
    return secret


def unknown_variables(names: Iterable[str]) -> tuple[tuple[str, str], ...]:
    """Return the environment variables that begin like ours and are not, each with the nearest
    one that is ('' when none is near)."""
    strange = sorted(name for name in names if name.upper().startswith(_OURS) and name not in KNOWN_VARIABLES)
    return tuple((name, _nearest(name)) for name in strange)


def _nearest(name: str) -> str:
    """Return the nearest of our variables, or ''. Only what follows the common beginning is compared."""
    rests = {known.removeprefix(_OURS): known for known in sorted(KNOWN_VARIABLES)}
    near = difflib.get_close_matches(name.upper().removeprefix(_OURS), rests)
    return rests[near[0]] if near else ""


def exposure(document: Document) -> str:
    """Return a sentence for each file of a configuration that holds a secret and is open to others, itself
    or by its folder, or ''.

    Files that `<key>_file` names do not count: containers are given theirs readable by all.
    """
    holders = [(file, held) for file in document.files if (held := _secrets(file))]
    folders = dict.fromkeys(file.path.absolute().parent for file, _ in holders)
    sentences = [_exposed(file, held) for file, held in holders]
    return " ".join(filter(None, [*sentences, *map(_replaceable, folders)]))


def is_open_folder(folder: Path) -> bool:
    """Return whether other users may replace a file in a folder.

    That is: writable for all, or for a group that is not its owner's own, and not sticky. What can't be looked at is
    not open.
    """
    try:
        found = folder.stat()
        if os.statvfs(folder).f_flag & os.ST_RDONLY:
            return False
    except OSError:
        return False
    if found.st_mode & stat.S_ISVTX:
        return False
    return bool(found.st_mode & stat.S_IWOTH or (found.st_mode & stat.S_IWGRP and not _is_private_group(found)))


def _is_private_group(found: os.stat_result) -> bool:
    """Return whether a file's group has the name of its owner, as most systems give each user one."""
    try:
        return grp.getgrgid(found.st_gid).gr_name == pwd.getpwuid(found.st_uid).pw_name
    except KeyError:
        return found.st_gid == found.st_uid


def _replaceable(folder: Path) -> str:
    if not is_open_folder(folder):
        return ""
    return (
        f"Other users of this machine can put a configuration of their own into {folder} "
        f"(mode {stat.S_IMODE(folder.stat().st_mode):04o}): chmod go-w {folder}."
    )


def _secrets(file: SourceFile) -> list[str]:
    return [".".join(path) for path, value in file.entries.items() if _holds_secret(path, value)]


def _exposed(file: SourceFile, secrets: list[str]) -> str:
    try:
        mode = stat.S_IMODE(file.path.stat().st_mode)
    except OSError:
        return ""
    if not mode & _OTHERS:
        return ""
    return (
        f"{file.path} holds {', '.join(secrets)} and is open to other users of this machine (mode {mode:04o}): "
        f"chmod 600 {file.path}."
    )


def _holds_secret(path: tuple[str, ...], value: object) -> bool:
    known = match(path)
    if known is None or known.is_file or not known.key.kind.secret:
        return False
    try:
        read = known.key.kind.read(value)
    except Unfit:
        return True
    return read.password is not None if isinstance(read, DatabaseUrl) else True
