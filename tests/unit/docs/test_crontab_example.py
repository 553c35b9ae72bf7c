"""crontab.example is something that cron accepts, at sensible times, with commands that exist."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from orderferry.cli.main import COMMANDS

TEXT = (Path(__file__).parents[3] / "crontab.example").read_text(encoding="utf-8")
JOB = re.compile(r"^(?P<when>(?:[\d*,/-]+\s+){5})(?P<command>\S.*)$")
ASSIGNMENT = re.compile(r"^[A-Z_]+=\S.*$")


def jobs() -> list[tuple[list[str], list[str]]]:
    found = []
    for line in TEXT.splitlines():
        if not line or line.startswith("#") or ASSIGNMENT.match(line):
            continue
        match = JOB.match(line)
        assert match, f"cron would not understand: {line}"
        found.append((match["when"].split(), shlex.split(match["command"])))
    return found


def values(field: str, last: int) -> set[int]:
    """The numbers that one of cron's fields stands for."""
    found: set[int] = set()
    for part in field.split(","):
        span, _, step = part.partition("/")
        first, _, until = ("0", "", str(last)) if span == "*" else span.partition("-")
        found.update(range(int(first), int(until or first) + 1, int(step or 1)))
    return found


def command_of(words: list[str]) -> str:
    return next(word for word in words[1:] if word in COMMANDS)


def test_the_jobs_are_the_three_imports_and_the_comparison() -> None:
    assert [command_of(words) for _, words in jobs()] == ["import", "recheck", "doublecheck", "compare"]


@pytest.mark.parametrize(("when", "words"), jobs(), ids=" ".join)
def test_paths_are_absolute_and_no_job_starts_on_the_hour(when: list[str], words: list[str]) -> None:
    assert words[0].startswith("/")
    assert words[words.index("-c") + 1].startswith("/")
    assert 0 not in values(when[0], 59)


def test_nothing_daily_runs_between_one_and_four_in_the_night() -> None:
    daily = [when for when, words in jobs() if command_of(words) != "import"]
    assert daily
    for when in daily:
        assert len(values(when[1], 23)) == 1
        assert not values(when[1], 23) & {1, 2, 3}


def test_the_import_runs_every_quarter_of_an_hour_and_mail_goes_somewhere() -> None:
    minutes = next(values(when[0], 59) for when, words in jobs() if command_of(words) == "import")
    assert len(minutes) == 4
    assert re.search(r"^MAILTO=\S+@\S+$", TEXT, re.M)
    assert "%" not in "".join(line for line in TEXT.splitlines() if not line.startswith("#")), "cron reads % as newline"
