"""Files that a command leaves for people."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path


def write_whole(path: Path, text: str, mode: int = 0o600) -> None:
    """Write a file so that a reader sees the old one or the new one, never half of it. Raise OSError.

    A new file gets `mode`, which is for its owner alone; one that was there keeps its own. A link stays a link; what is
    no ordinary file (/dev/stdout, a pipe) is written to, not replaced.
    """
    try:
        if path.exists() and not path.is_file():
            path.write_text(text, encoding="utf-8", newline="")
        else:
            _replace(path.resolve(), text, mode)
    except OSError as error:
        raise type(error)(error.errno, error.strerror, str(path)) from error  # the name that was asked for


def _replace(path: Path, text: str, mode: int) -> None:
    mode = path.stat().st_mode & 0o777 if path.exists() else mode
    descriptor, beside = tempfile.mkstemp(dir=path.absolute().parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8", newline="") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        Path(beside).chmod(mode)
        Path(beside).replace(path)
    except BaseException:
        Path(beside).unlink(missing_ok=True)
        raise
