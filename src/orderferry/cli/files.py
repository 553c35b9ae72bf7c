"""Files that a command leaves for people."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import Any

import click

from orderferry.errors import UsageError
from orderferry.safe_files import PRIVATE, NotOrdinary, UnsafePlace, refuse_target, write_whole

_STANDARD_OUTPUT = frozenset({"/dev/stdout", "/dev/fd/1", "/proc/self/fd/1"})


class TargetFile(click.Path):
    """A file that is to be written. One that can't be is refused before the work, not after it."""

    def __init__(self) -> None:
        super().__init__(path_type=Path, dir_okay=False)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Return the path; a usage error for a link, a named pipe, a device, and where another user could lead root
        astray."""
        path = Path(str(super().convert(value, param, ctx)))
        if str(path) in _STANDARD_OUTPUT:
            return path
        try:
            with suppress(FileNotFoundError, NotADirectoryError, PermissionError):  # told when it is written
                refuse_target(path)
        except UnsafePlace as error:
            raise UsageError(f"{path} is not written: {error.strerror}.", hint=error.hint) from None
        except NotOrdinary as error:
            raise UsageError(
                f"{path} is not written: {error.strerror}.",
                hint="Name the file itself; /dev/stdout stands for the standard output.",
            ) from None
        return path


TARGET = TargetFile()


def write_for_people(path: Path, text: str, mode: int = PRIVATE) -> None:
    """Write a whole file, or print it where the path is the standard output. Raise OSError."""
    if str(path) in _STANDARD_OUTPUT:
        click.echo(text, nl=False)
    else:
        write_whole(path, text, mode)
