"""The user's crontab against the quota and against what usually goes wrong there. Pure."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from pathlib import PurePath

from orderferry.domain.check_result import CheckResult, fine, warning
from orderferry.domain.cron_times import CronTimes, parse_times, shortest_distance
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
    times: CronTimes | None
    text: str
    program: str
    command: str
    configs: tuple[str, ...]
    changes_folder: bool


def orderferry_jobs(crontab: str, commands: Iterable[str]) -> list[CrontabJob]:
    """Given a crontab's text and the names of our commands, return the lines that start one of them."""
    known = frozenset(commands)
    found = (_job(number, line, known) for number, line in enumerate(crontab.splitlines(), 1))
    return [job for job in found if job is not None]


def check_crontab(
    crontab: str | None, commands: Iterable[str], configuration: PurePath, quota_share: Decimal
) -> Iterator[CheckResult]:
    """Given the output of `crontab -l` (None: there is no such command), return what is amiss in our lines."""
    if crontab is None:
        yield fine(NAME, "There is no crontab command here: whatever starts orderferry was not looked at.")
        return
    jobs = orderferry_jobs(crontab, commands)
    if not jobs:
        yield fine(NAME, "No line of this user's crontab starts orderferry yet; `orderferry plan` prints them.")
        return
    said = [*_paths(jobs), *_times(jobs), *_frequency(jobs, configuration, quota_share), *_mail(crontab)]
    yield from said
    if not said:
        start = "starts" if len(jobs) == 1 else "start"
        told = f"{counted(len(jobs), 'line')} of this user's crontab {start} orderferry, at sensible times."
        yield fine(NAME, told)


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
        if job.times and len(job.times.hours) == 1 and job.times.hours <= NIGHT:
            yield warning(
                NAME,
                f"Line {job.line} of the crontab starts {job.command} between 01:00 and 04:00, hours that happen "
                "twice or never when the clocks change and that meet the back-ups.",
                "Choose another hour, for example 5.",
            )


def _frequency(jobs: list[CrontabJob], configuration: PurePath, quota_share: Decimal) -> Iterator[CheckResult]:
    """All imports of this configuration together: two lines may start it too often between them."""
    ours = [job for job in jobs if job.command == "import" and job.times and _concerns(job, configuration)]
    starts = frozenset(start for job in ours if job.times for start in job.times.starts)
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
