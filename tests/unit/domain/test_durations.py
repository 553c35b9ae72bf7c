"""Durations as the configuration and the options write them, and as messages say them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from orderferry.domain.durations import counted, format_duration, iso, parse_duration, parse_moment

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
        (" 1 D 12 H ", DAY + 12 * HOUR),
        ("3660d", 3660 * DAY),
    ],
)
def test_written(text: str, duration: timedelta) -> None:
    assert parse_duration(text) == duration


@pytest.mark.parametrize("text", ["", "2", "d", "2x", "-2d", "1.5d", "2d!", "99999d", "3660d1s"])
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
        (timedelta(hours=1, minutes=1, seconds=1), "1h1m"),
        (DAY, "1d"),
        (2 * DAY + 3 * HOUR + timedelta(minutes=4), "2d3h"),
    ],
)
def test_said(duration: timedelta, text: str) -> None:
    assert format_duration(duration) == text


NOW = datetime(2026, 11, 23, 6, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2d", NOW - 2 * DAY),
        ("2026-11-20", datetime(2026, 11, 20, tzinfo=UTC)),
        (" 2026-11-20T10:00 ", datetime(2026, 11, 20, 10, tzinfo=UTC)),
        ("2026-11-20T10:00:00+02:00", datetime(2026, 11, 20, 8, tzinfo=UTC)),
        ("2026-11-20T10:00:00Z", datetime(2026, 11, 20, 10, tzinfo=UTC)),
    ],
)
def test_a_moment_is_written_as_a_time_or_as_a_duration_ago(text: str, moment: datetime) -> None:
    found = parse_moment(text, NOW)
    assert (found, found.tzinfo) == (moment, UTC)


@pytest.mark.parametrize(("text", "told"), [("soon", "is no time"), ("0001-01-01T00:00+10:00", "is out of range")])
def test_what_is_no_moment(text: str, told: str) -> None:
    with pytest.raises(ValueError, match=told):
        parse_moment(text, NOW)


@pytest.mark.parametrize(
    ("moment", "text"),
    [
        (NOW, "2026-11-23T06:00:00Z"),
        (NOW + timedelta(milliseconds=5), "2026-11-23T06:00:00.005Z"),
        (datetime.fromisoformat("2026-11-23T08:00:00+02:00"), "2026-11-23T06:00:00Z"),
    ],
)
def test_a_moment_is_told_in_utc_with_milliseconds_where_it_has_some(moment: datetime, text: str) -> None:
    assert iso(moment) == text


def test_a_number_has_its_noun() -> None:
    assert [counted(number, "order") for number in (0, 1, 2)] == ["0 orders", "1 order", "2 orders"]
