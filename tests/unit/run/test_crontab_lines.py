"""Lines to paste that our own doctor finds well."""

from __future__ import annotations

from decimal import Decimal
from pathlib import PurePosixPath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orderferry.cli.commands import COMMANDS
from orderferry.domain.check_result import Grade
from orderferry.domain.quota_plan import SCHEDULES
from orderferry.run.crontab import DAILY_HOURS, check_crontab, crontab_lines, orderferry_jobs, parse_times

PROGRAM = ["/opt/orderferry/.venv/bin/orderferry"]


@given(st.from_regex(r"/[a-z %'_-]{1,20}/[a-z]{1,10}\.toml", fullmatch=True), st.sampled_from(SCHEDULES))
def test_they_are_absolute_never_on_the_hour_nor_in_the_night(path: str, every: int) -> None:
    configuration = PurePosixPath(path)
    lines = crontab_lines(PROGRAM, configuration, every, DAILY_HOURS)
    jobs = orderferry_jobs("\n".join(lines), COMMANDS | dict.fromkeys(DAILY_HOURS, ("", "")))
    assert [job.command for job in jobs] == ["import", *DAILY_HOURS]
    for job in jobs:
        assert job.times is not None
        assert all(start % 60 for start in job.times)
        assert job.command == "import" or not {start // 60 for start in job.times} & {1, 2, 3}
    assert len(jobs[0].times) == 1440 // every
    assert jobs == orderferry_jobs("\n".join(crontab_lines(PROGRAM, configuration, every, DAILY_HOURS)), COMMANDS)
    found = check_crontab("\n".join(lines), COMMANDS, configuration, Decimal(1))
    assert [result.result for result in found] == [Grade.OK]


def test_a_percent_sign_is_escaped_and_blanks_are_quoted() -> None:
    (line,) = crontab_lines(PROGRAM, PurePosixPath("/srv/100% mine/c.toml"), 15, ())
    assert line.endswith(r"-c '/srv/100\% mine/c.toml' import")


@pytest.mark.parametrize(("every", "count"), [(5, 288), (15, 96), (60, 24)])
def test_minutes(every: int, count: int) -> None:
    (line,) = crontab_lines(PROGRAM, PurePosixPath("/c.toml"), every, ())
    times = parse_times(line.split("  ")[0])
    assert times is not None
    assert len(times) == count


def test_shops_differ() -> None:
    lines = {crontab_lines(PROGRAM, PurePosixPath(f"/{n}.toml"), 15, ())[0].split()[0] for n in range(50)}
    assert len(lines) > 5
