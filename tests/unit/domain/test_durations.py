"""Durations as the configuration and the options write them, and as messages say them."""

from __future__ import annotations

from datetime import timedelta

import pytest

from orderferry.domain.durations import format_duration, parse_duration

DAY, HOUR = timedelta(days=1), timedelta(hours=1)


@pytest.mark.parametrize(
    ("text", "duration"),
    [
        ("30s", timedelta(seconds=30)),
        ("90m", timedelta(minutes=90)),
        ("36h", 36 * HOUR),
        ("2d", 2 * DAY),
        ("1w", 7 * DAY),
        ("1d12h", DAY + 12 * HOUR),
    ],
)
def test_written(text: str, duration: timedelta) -> None:
    assert parse_duration(text) == duration


@pytest.mark.parametrize("text", ["", "2", "d", "2x", "-2d", "1.5d", "2d!", "99999d"])
def test_no_duration(text: str) -> None:
    with pytest.raises(ValueError, match=r"duration|ten years"):
        parse_duration(text)


@pytest.mark.parametrize(
    ("duration", "text"),
    [
        (timedelta(0), "0s"),
        (timedelta(seconds=-5), "0s"),
        (timedelta(seconds=1), "1s"),
        (timedelta(seconds=61), "1m1s"),
        (DAY, "1d"),
        (2 * DAY + 3 * HOUR + timedelta(minutes=4), "2d3h"),
    ],
)
def test_said(duration: timedelta, text: str) -> None:
    assert format_duration(duration) == text
