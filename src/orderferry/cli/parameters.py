"""Option types: durations, moments, marketplaces, channels, exit codes, and files that a command leaves for people."""

from __future__ import annotations

import re
from contextlib import suppress
from datetime import UTC, datetime, timedelta
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

_STANDARD_OUTPUT = frozenset({"/dev/stdout", "/dev/fd/1", "/proc/self/fd/1"})


class Duration(click.ParamType):  # type: ignore[type-arg]  # generic only in the newest click
    """`30s`, `90m`, `36h`, `2d`, `1w` or a sum such as `1d12h`."""

    name = "duration"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> timedelta:
        """Return the duration; a usage error for anything else."""
        if isinstance(value, timedelta):
            return value
        try:
            return parse_duration(str(value))
        except ValueError as error:
            self.fail(str(error), param, ctx)


class TimeParameter(click.ParamType):  # type: ignore[type-arg]  # generic only in the newest click
    """ISO 8601 (UTC unless it says otherwise), or a duration ago."""

    name = "time"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        """Return an aware UTC time; a usage error for anything else."""
        if isinstance(value, datetime):
            return value
        try:
            return parse_moment(str(value), datetime.now(UTC))
        except ValueError as error:
            self.fail(str(error), param, ctx)


class AmazonOrderId(click.ParamType):  # type: ignore[type-arg]  # generic only in the newest click
    """Amazon's order id, such as `171-1234567-1234567`."""

    name = "id"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Return the id; a usage error for what Amazon would refuse with the whole run."""
        order_id = str(value).strip()
        if len(order_id) > _LONGEST_ID or not _ORDER_ID.fullmatch(order_id):
            self.fail(f"{value!r} is no order id of Amazon's: write for example 171-1234567-1234567", param, ctx)
        return order_id


class MarketplaceCode(click.ParamType):  # type: ignore[type-arg]  # generic only in the newest click
    """A country code (UK is GB) or a marketplace id; becomes the id."""

    name = "code"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Return the marketplace id; a usage error for an unknown one."""
        marketplace = find_marketplace(str(value))
        if marketplace is None:
            self.fail(f"{value!r} is no marketplace of Amazon's: write a country code such as IT, DE or UK", param, ctx)
        return marketplace.id


class ExitCodes(click.ParamType):  # type: ignore[type-arg]  # generic only in the newest click
    """Exit codes separated by commas."""

    name = "codes"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> frozenset[ExitCode]:
        """Return the set of codes; a usage error for a number that is none."""
        if isinstance(value, frozenset):
            return value
        try:
            return frozenset(ExitCode(int(part)) for part in str(value).split(",") if part.strip())
        except ValueError:
            known = ", ".join(str(int(code)) for code in ExitCode)
            self.fail(f"{value!r} is no list of exit codes ({known})", param, ctx)


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
