"""Durations, moments and numbers as people write them: `36h`, `1d12h`; ISO 8601 or a duration ago; `1 order`."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from dateutil import parser as iso_parser

_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}
_PART = re.compile(r"(\d+)([smhdw])")
LONGEST = timedelta(days=3660)


def parse_duration(text: str) -> timedelta:
    """Return the duration of `30s`, `90m`, `36h`, `2d`, `1w` or a sum (`1d12h`). Raise ValueError with a sentence."""
    compact = text.strip().lower().replace(" ", "")
    parts = _PART.findall(compact)
    if not parts or "".join(number + unit for number, unit in parts) != compact:
        raise ValueError(f"{text!r} is no duration: write for example 30s, 90m, 36h, 2d, 1w or 1d12h")
    seconds = sum(int(number) * _UNITS[unit] for number, unit in parts)
    if seconds > LONGEST.total_seconds():
        raise ValueError(f"{text!r} is longer than ten years")
    return timedelta(seconds=seconds)


def format_duration(duration: timedelta) -> str:
    """Return a duration in the form that `parse_duration` reads, rounded to its two largest units."""
    seconds = int(duration.total_seconds())
    if seconds <= 0:
        return "0s"
    parts: list[str] = []
    for unit in ("d", "h", "m", "s"):
        count, seconds = divmod(seconds, _UNITS[unit])
        if count:
            parts.append(f"{count}{unit}")
    return "".join(parts[:2])


def parse_moment(text: str, now: datetime) -> datetime:
    """Return an aware UTC time, given ISO 8601 (UTC unless it says otherwise) or a duration ago.

    Raise ValueError with a sentence for anything else.
    """
    try:
        return now - parse_duration(text)
    except ValueError:
        pass
    try:
        moment = iso_parser.isoparse(text.strip())
    except ValueError:
        raise ValueError(
            f"{text!r} is no time: write ISO 8601, for example 2026-11-23T06:00:00Z, or a duration ago such as 2d"
        ) from None
    try:
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except OverflowError:
        raise ValueError(f"{text!r} is out of range") from None


def iso(moment: datetime) -> str:
    """Return an aware time as `2026-11-23T06:00:00Z` (milliseconds only where there are some)."""
    moment = moment.astimezone(UTC)
    digits = "milliseconds" if moment.microsecond else "seconds"
    return moment.isoformat(timespec=digits).replace("+00:00", "Z")


def counted(number: int, noun: str) -> str:
    """Return a number with its noun: `1 order`, `2 orders`."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
