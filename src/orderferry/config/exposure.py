"""Whether other users of the machine can read a secret in a configuration file."""

from __future__ import annotations

import stat

from orderferry.config.database_url import DatabaseUrl
from orderferry.config.kinds import Unfit
from orderferry.config.lookup import match
from orderferry.config.read import Document, SourceFile

_OTHERS = stat.S_IRWXG | stat.S_IRWXO


def exposure(document: Document) -> str:
    """Given a configuration, return a sentence for each of its files that holds a secret and is open to others, or ''.

    Files that `<key>_file` names do not count: containers are given theirs readable by all.
    """
    return " ".join(filter(None, map(_exposed, document.files)))


def _exposed(file: SourceFile) -> str:
    secrets = [".".join(path) for path, value in file.entries.items() if _holds_secret(path, value)]
    try:
        mode = stat.S_IMODE(file.path.stat().st_mode)
    except OSError:
        return ""
    if not secrets or not mode & _OTHERS:
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
