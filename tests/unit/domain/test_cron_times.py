"""Cron's fields as starts within a day."""

from __future__ import annotations

from datetime import timedelta

import pytest

from orderferry.run.crontab import parse_times, shortest_distance


@pytest.mark.parametrize(
    ("text", "count", "minutes"),
    [
        ("7,22,37,52 * * * *", 96, 15),
        ("*/15 * * * *", 96, 15),
        ("3-59/5 * * * *", 288, 5),
        ("* * * * *", 1440, 1),
        ("43 5 * * *", 1, 1440),
        ("0 1-4 * * *", 4, 60),
        ("5/20 8,20 * * 1-5", 6, 20),
        ("@hourly", 24, 60),
        ("@daily", 1, 1440),
        ("0,59 * * * *", 48, 1),
    ],
)
def test_starts_of_a_day_and_the_shortest_distance(text: str, count: int, minutes: int) -> None:
    times = parse_times(text)
    assert times is not None
    assert len(times) == count
    assert shortest_distance(times) == timedelta(minutes=minutes)


@pytest.mark.parametrize("text", ["@reboot", "", "1 2 3", "61 * * * *", "* 24 * * *", "a * * * *", "*/0 * * * *"])
def test_what_cron_would_not_start_daily_is_none(text: str) -> None:
    assert parse_times(text) is None


def test_hours() -> None:
    times = parse_times("13,43 2,5 * * *")
    assert times is not None
    assert {start // 60 for start in times} == {2, 5}
    assert shortest_distance(frozenset()) is None
