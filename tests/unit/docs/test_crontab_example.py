"""crontab.example is something that cron accepts, at sensible times, with commands that exist."""

from __future__ import annotations

import re
import shlex
from decimal import Decimal
from pathlib import Path

import pytest

from orderferry.cli.commands import COMMANDS
from orderferry.domain.quota_plan import TYPICAL, Volume, Windows, plan_quota
from orderferry.run.crontab import DAILY_HOURS

ROOT = Path(__file__).parents[3]
TEXT = (ROOT / "crontab.example").read_text(encoding="utf-8")
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


def test_mail_goes_somewhere() -> None:
    assert re.search(r"^MAILTO=\S+@\S+$", TEXT, re.M)
    assert "%" not in "".join(line for line in TEXT.splitlines() if not line.startswith("#")), "cron reads % as newline"


def recommended(orders: Decimal) -> int:
    """How often `plan` starts the import in a shop of so many orders a day."""
    plan = plan_quota(Volume(orders), Windows(), DAILY_HOURS, Decimal(1))
    assert plan.recommended is not None
    return plan.recommended.every


@pytest.mark.parametrize("orders", [0, 100, TYPICAL, 500, 1500])
def test_plan_says_what_the_example_has(orders: Decimal | int) -> None:
    starts = next(values(when[0], 59) for when, words in jobs() if command_of(words) == "import")
    assert len(starts) * recommended(Decimal(orders)) == 60


@pytest.mark.parametrize(
    ("page", "words"),
    [
        ("crontab.example", "import every {} minutes"),
        ("docs/cron.md", "**Every {} minutes"),
        ("docs/where-to-run.md", "cron every {} minutes"),
        ("docs/how-it-works.md", "Import every {} minutes, the schedule of"),
        ("README.md", "cron every {} minutes"),
    ],
)
def test_every_page_names_the_schedule_of_plan(page: str, words: str) -> None:
    text = (ROOT / page).read_text(encoding="utf-8")
    assert words.format(recommended(TYPICAL)) in text
    others = set(re.findall(r"(?i)(?:import|cron) every (\d+) minutes", text))
    assert others == {str(recommended(TYPICAL))} or page == "docs/cron.md"
    assert "more often finds nothing" not in " ".join(text.replace("#", " ").split())


def test_the_timer_of_systemd_starts_as_often() -> None:
    timer = (ROOT / "contrib/systemd/orderferry-import.timer").read_text(encoding="utf-8")
    found = re.search(r"^OnCalendar=\*:(\d+)/(\d+)$", timer, re.M)
    assert found is not None
    assert int(found[2]) == recommended(TYPICAL)


def test_cron_md_shows_the_lines_of_the_example() -> None:
    page = (ROOT / "docs/cron.md").read_text(encoding="utf-8")
    lines = [line for line in TEXT.splitlines() if JOB.match(line)]
    assert lines
    for line in lines:
        assert f"    {line}\n" in page
