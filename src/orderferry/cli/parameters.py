"""Option types: durations, moments, marketplaces, channels, exit codes, and files that a command leaves for people."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from orderferry.domain.durations import parse_duration, parse_moment
from orderferry.domain.marketplaces import find_marketplace
from orderferry.errors import ExitCode, UsageError
from orderferry.safe_files import PRIVATE, NotOrdinary, UnsafePlace, refuse_target, write_whole

# Amazon's ids are 3-7-7 digits today; only what can't be an id at all, or would not fit the marker's key, is refused.
_ORDER_ID = re.compile(r"[A-Za-z0-9]+(-[A-Za-z0-9]+)+", re.ASCII)
_LONGEST_ID = 32
_MONTH = re.compile(r"(2\d{3})-(0[1-9]|1[0-2])")

_STANDARD_OUTPUT = frozenset({"/dev/stdout", "/dev/fd/1", "/proc/self/fd/1"})


class ParsedText(click.ParamType):  # type: ignore[type-arg]  # generic only in the newest click
    """A value that `parse` makes of the text. It raises ValueError with a sentence, which becomes a usage error."""

    def __init__(self, name: str, parse: Callable[[str], Any]) -> None:
        self.name = name
        self._parse = parse

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Return the value; a default, which is no text, as it is."""
        if not isinstance(value, str):
            return value
        try:
            return self._parse(value)
        except ValueError as error:
            self.fail(str(error), param, ctx)


def _order_id(text: str) -> str:
    order_id = text.strip()
    if len(order_id) > _LONGEST_ID or not _ORDER_ID.fullmatch(order_id):
        raise ValueError(f"{text!r} is no order id of Amazon's: write for example 171-1234567-1234567")
    return order_id


def _marketplace_id(text: str) -> str:
    marketplace = find_marketplace(text)
    if marketplace is None:
        raise ValueError(f"{text!r} is no marketplace of Amazon's: write a country code such as IT, DE or UK")
    return marketplace.id


def _exit_codes(text: str) -> frozenset[ExitCode]:
    try:
        return frozenset(ExitCode(int(part)) for part in text.split(",") if part.strip())
    except ValueError:
        known = ", ".join(str(int(code)) for code in ExitCode)
        raise ValueError(f"{text!r} is no list of exit codes ({known})") from None


def _month(text: str) -> tuple[int, int]:
    match = _MONTH.fullmatch(text.strip())
    if match is None:
        raise ValueError(f"{text!r} is no month: write for example 2026-10")
    return int(match[1]), int(match[2])


DURATION = ParsedText("duration", parse_duration)
TIME = ParsedText("time", lambda text: parse_moment(text, datetime.now(UTC)))
ORDER_ID = ParsedText("id", _order_id)
MARKETPLACE = ParsedText("code", _marketplace_id)
EXIT_CODES = ParsedText("codes", _exit_codes)
MONTH = ParsedText("month", _month)


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


def with_options(options: Sequence[Callable[[Callable[..., Any]], Callable[..., Any]]]) -> Callable[..., Any]:
    """Return a decorator that gives a command these options, in their order."""

    def add(function: Callable[..., Any]) -> Callable[..., Any]:
        for option in reversed(options):
            function = option(function)
        return function

    return add


def write_for_people(path: Path, text: str, mode: int = PRIVATE) -> None:
    """Write a whole file, or print it where the path is the standard output. Raise OSError."""
    if str(path) in _STANDARD_OUTPUT:
        click.echo(text, nl=False)
    else:
        write_whole(path, text, mode)
