"""The crontab lines to paste: at times that are a shop's own, never on the hour, nothing daily in the night. Pure."""

from __future__ import annotations

import hashlib
import shlex
from collections.abc import Iterable, Sequence
from pathlib import PurePath

# After the hours that happen twice or never, and after the back-ups.
DAILY_HOURS = {"recheck": 5, "doublecheck": 6, "compare": 7}
QUEUEING = frozenset({"recheck", "doublecheck"})  # they take --wait
_LISTED_MINUTES = 6


def crontab_lines(program: Sequence[str], configuration: PurePath, every: int, daily: Iterable[str]) -> list[str]:
    """Given the running program's words (an absolute path first), the configuration's absolute path, the minutes
    between two imports and the daily commands, return the lines. The same shop always gets the same times."""
    seed = int.from_bytes(hashlib.sha256(str(configuration).encode()).digest()[:4])
    lines = [_line(f"{_minutes(seed, every)} * * * *", program, configuration, "import")]
    for number, command in enumerate(command for command in daily if command in DAILY_HOURS):
        minute = 1 + (seed // 60 + number * 17) % 59
        options = ("--wait", "10m") if command in QUEUEING else ()
        lines.append(_line(f"{minute} {DAILY_HOURS[command]} * * *", program, configuration, command, *options))
    return lines


def _minutes(seed: int, every: int) -> str:
    first = 1 + seed % (every - 1)
    minutes = range(first, 60, every)
    return ",".join(map(str, minutes)) if len(minutes) <= _LISTED_MINUTES else f"{first}-59/{every}"


def _line(times: str, program: Sequence[str], configuration: PurePath, *words: str) -> str:
    command = shlex.join([*program, "-c", str(configuration), *words])
    return f"{times}  {command.replace('%', chr(92) + '%')}"  # cron reads a bare % as the end of the command
