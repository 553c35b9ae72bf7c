"""The user's crontab: what is wrong in its lines, the lines to paste, and when a line starts its command (crontab(5)).
Pure.

The lines to paste start at times that are a shop's own, never on the hour, and start nothing daily in the night.
"""

from __future__ import annotations

import hashlib
import re
import shlex
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from pathlib import PurePath

from orderferry.domain.check_result import CheckResult, fine, warning
from orderferry.domain.durations import counted
from orderferry.domain.quota import daily_quota
from orderferry.domain.quota_plan import USUAL

NAME = "crontab"
FASTEST_IMPORT = timedelta(minutes=5)
NIGHT = frozenset({1, 2, 3})  # these hours happen twice or never on two nights a year, and meet the back-ups
_JOB = re.compile(r"^\s*(?P<when>@\w+|(?:\S+\s+){4}\S+)\s+(?P<command>\S.*)$")
_ASSIGNMENT = re.compile(r"""^\s*(?P<name>[A-Za-z_]\w*)\s*=\s*(?P<value>.*?)\s*$""")
_BARE_PERCENT = re.compile(r"(?<!\\)%")


@dataclass(frozen=True, slots=True)
class CrontabJob:
    """One line that starts orderferry. `program` as written; `configs`: what its -c name."""

    line: int
    times: frozenset[int] | None  # see `parse_times`
    text: str
    program: str
    command: str
    configs: tuple[str, ...]
    changes_folder: bool


def orderferry_jobs(crontab: str, commands: Iterable[str]) -> list[CrontabJob]:
    """Return the lines of a crontab that start one of our commands."""
    known = frozenset(commands)
    found = (_job(number, line, known) for number, line in enumerate(crontab.splitlines(), 1))
    return [job for job in found if job is not None]


def check_crontab(
    crontab: str | None, commands: Iterable[str], configuration: PurePath, quota_share: Decimal
) -> Iterator[CheckResult]:
    """Return what is amiss in our lines, given the output of `crontab -l` (None: there is no such command)."""
    if crontab is None:
        yield fine(NAME, "There is no crontab command here: whatever starts orderferry was not looked at.")
        return
    jobs = orderferry_jobs(crontab, commands)
    if not jobs:
        yield fine(NAME, "No line of this user's crontab starts orderferry yet; `orderferry plan` prints them.")
        return
    findings = [*_paths(jobs), *_times(jobs), *_frequency(jobs, configuration, quota_share), *_mail(crontab)]
    yield from findings
    if not findings:
        start = "starts" if len(jobs) == 1 else "start"
        text = f"{counted(len(jobs), 'line')} of this user's crontab {start} orderferry, at sensible times."
        yield fine(NAME, text)


def _job(number: int, line: str, commands: frozenset[str]) -> CrontabJob | None:
    match = _JOB.match(line)
    if line.lstrip().startswith("#") or match is None or "orderferry" not in line:
        return None
    try:
        words = shlex.split(match["command"])
    except ValueError:
        words = match["command"].split()
    start = next((at for at, word in enumerate(words) if PurePath(word).name == "orderferry"), None)
    if start is None:
        return None
    by_module = start >= 2 and words[start - 1] == "-m"
    command = next((word for word in words[start + 1 :] if word in commands), "")
    if not command:
        return None
    return CrontabJob(
        line=number,
        times=parse_times(match["when"]),
        text=match["command"],
        program=words[start - 2] if by_module else words[start],
        command=command,
        configs=tuple(_configs(words[start + 1 :])),
        changes_folder="cd" in words[:start],
    )


def _configs(words: list[str]) -> Iterator[str]:
    for word, following in zip(words, [*words[1:], ""], strict=True):
        if word in ("-c", "--config"):
            yield following
        elif word.startswith("--config="):
            yield word.partition("=")[2]
        elif word.startswith("-c") and len(word) > 2:
            yield word[2:]


def _paths(jobs: list[CrontabJob]) -> Iterator[CheckResult]:
    for job in jobs:
        relative = [path for path in (job.program, *job.configs) if not path.startswith(("/", "~", "$"))]
        if relative and not job.changes_folder:
            yield warning(
                NAME,
                f"Line {job.line} of the crontab names {', '.join(relative)} without its folder, and cron starts "
                "in the home folder with a short PATH.",
                "Write absolute paths, as `orderferry plan` prints them.",
            )
        if _BARE_PERCENT.search(job.text):
            yield warning(
                NAME,
                f"Line {job.line} of the crontab has a %, which cron reads as the end of the command.",
                "Write \\% instead.",
            )


def _times(jobs: list[CrontabJob]) -> Iterator[CheckResult]:
    for job in jobs:
        hours = {start // 60 for start in job.times or ()}
        if len(hours) == 1 and hours <= NIGHT:
            yield warning(
                NAME,
                f"Line {job.line} of the crontab starts {job.command} between 01:00 and 04:00, hours that happen "
                "twice or never when the clocks change and that meet the back-ups.",
                "Choose another hour, for example 5.",
            )


def _frequency(jobs: list[CrontabJob], configuration: PurePath, quota_share: Decimal) -> Iterator[CheckResult]:
    """Yield all imports of this configuration together: two lines may start it too often between them."""
    ours = [job for job in jobs if job.command == "import" and job.times and _concerns(job, configuration)]
    starts = frozenset(start for job in ours if job.times for start in job.times)
    distance = shortest_distance(starts)
    quota = daily_quota("searchOrders", quota_share)
    if distance is None or (distance >= FASTEST_IMPORT and len(starts) <= quota):
        return
    yield warning(
        NAME,
        f"The crontab starts import {len(starts)} times a day, at times {int(distance.total_seconds()) // 60} min "
        f"apart; each costs one searchOrders at least, and Amazon gives {quota} a day at amazon.quota_share = "
        f"{quota_share}: {len(starts)} of {quota} are gone before any order is read.",
        f"Start import every {USUAL} minutes; `orderferry plan` says what is safe for this shop.",
    )


def _concerns(job: CrontabJob, configuration: PurePath) -> bool:
    return not job.configs or any(PurePath(path).name == configuration.name for path in job.configs)


def _mail(crontab: str) -> Iterator[CheckResult]:
    values = [
        match["value"]
        for line in crontab.splitlines()
        if (match := _ASSIGNMENT.match(line)) and match["name"] == "MAILTO"
    ]
    if values and not values[-1].strip("\"'"):
        yield warning(
            NAME,
            "The crontab's MAILTO is empty: nobody hears of what orderferry says.",
            "Write MAILTO=your@address above its lines.",
        )


# After the hours that happen twice or never, and after the back-ups.
DAILY_HOURS = {"recheck": 5, "doublecheck": 6, "compare": 7}
QUEUEING = frozenset({"recheck", "doublecheck"})  # they take --wait
_LISTED_MINUTES = 6


def crontab_lines(program: Sequence[str], configuration: PurePath, every: int, daily: Iterable[str]) -> list[str]:
    """Return the lines to paste into a crontab; the same shop always gets the same times. `program`: the words that
    start it (an absolute path first); `configuration`: an absolute path; `every`: minutes between two imports;
    `daily`: the daily commands."""
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


def parse_times(text: str) -> frozenset[int] | None:
    """Return the starts of a crontab's line on a day on which it applies, as minutes after midnight (local time), from
    its time fields (five of them, or a nickname).

    None for `@reboot` and for what cron would not understand.
    """
    fields = _NICKNAMES.get(text.strip().lower(), text).split()
    if len(fields) != 5:
        return None
    try:
        minutes, hours = _values(fields[0], 0, 59), _values(fields[1], 0, 23)
    except ValueError:
        return None
    return frozenset(hour * 60 + minute for hour in hours for minute in minutes)


def shortest_distance(starts: frozenset[int]) -> timedelta | None:
    """Return the shortest time between two of these starts within a day, over midnight too; None without a start."""
    if not starts:
        return None
    ordered = sorted(starts)
    following = [*ordered[1:], ordered[0] + MINUTES_A_DAY]
    return timedelta(minutes=min(later - earlier for earlier, later in zip(ordered, following, strict=True)))


def _values(field: str, first: int, last: int) -> set[int]:
    """Return the numbers that one field stands for: `*`, `7`, `7-52`, `*/15`, `7-59/15`, and lists of these."""
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
