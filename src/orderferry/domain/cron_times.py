"""When a line of a crontab starts its command: cron's five fields as starts within a day (crontab(5)). Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

MINUTES_A_DAY = 24 * 60
_NICKNAMES = {
    "@hourly": "0 * * * *",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@weekly": "0 0 * * 0",
    "@monthly": "0 0 1 * *",
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
}


@dataclass(frozen=True, slots=True)
class CronTimes:
    """The starts on a day on which the line applies, as minutes after midnight (local time)."""

    starts: frozenset[int]

    @property
    def hours(self) -> frozenset[int]:
        """The hours of the day in which it starts."""
        return frozenset(start // 60 for start in self.starts)


def parse_times(text: str) -> CronTimes | None:
    """Given the time fields of a crontab's line (five fields, or a nickname), return its starts.

    None for `@reboot` and for what cron would not understand.
    """
    fields = _NICKNAMES.get(text.strip().lower(), text).split()
    if len(fields) != 5:
        return None
    try:
        minutes, hours = _values(fields[0], 0, 59), _values(fields[1], 0, 23)
    except ValueError:
        return None
    return CronTimes(frozenset(hour * 60 + minute for hour in hours for minute in minutes))


def shortest_distance(starts: frozenset[int]) -> timedelta | None:
    """Given starts within a day, return the shortest time between two of them, over midnight too; None for no start."""
    if not starts:
        return None
    ordered = sorted(starts)
    following = [*ordered[1:], ordered[0] + MINUTES_A_DAY]
    return timedelta(minutes=min(later - earlier for earlier, later in zip(ordered, following, strict=True)))


def _values(field: str, first: int, last: int) -> set[int]:
    """The numbers that one field stands for: `*`, `7`, `7-52`, `*/15`, `7-59/15`, and lists of these."""
    found: set[int] = set()
    for part in field.split(","):
        span, _, step = part.partition("/")
        low, dash, high = (str(first), "-", str(last)) if span == "*" else span.partition("-")
        start = int(low)
        end = int(high) if dash else (last if step else start)
        every = int(step) if step else 1
        if not (first <= start <= end <= last and every > 0):
            raise ValueError(field)
        found.update(range(start, end + 1, every))
    return found
