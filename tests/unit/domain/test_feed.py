"""When a reader of the feed is late, and what is said of it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from orderferry.domain.feed import BRIDGE, Calls, Feed, Reader

NOW = datetime(2026, 11, 23, 6, tzinfo=UTC)
DAY, HOUR = timedelta(days=1), timedelta(hours=1)


def reader(name: str = "erp", *, behind: int = 2, age: timedelta = DAY + HOUR, taken: datetime | None = None) -> Reader:
    return Reader(name, 7, behind, NOW - age, taken)


@pytest.mark.parametrize(("age", "late"), [(DAY, False), (DAY + timedelta(seconds=1), True)])
def test_what_has_waited_for_more_than_a_day_is_late(age: timedelta, late: bool) -> None:
    assert reader(age=age).is_late(NOW) is late
    assert bool(Feed(9, NOW - age).complaints(NOW)) is late


def test_a_reader_that_has_taken_everything_is_not_late() -> None:
    assert not Reader("erp", 7, 0, None, None).is_late(NOW)


def test_each_late_reader_is_told_with_what_it_has_taken() -> None:
    feed = Feed(
        9,
        NOW - 3 * DAY,
        (
            reader("erp", behind=1),
            reader("mail", age=DAY),
            reader("stock", age=2 * DAY, taken=NOW - 2 * DAY),
        ),
    )
    assert feed.complaints(NOW) == [
        "1 event of the feed wait for 'erp', the oldest for 1d1h; it has never taken any.",
        "2 events of the feed wait for 'stock', the oldest for 2d; it took something last at 2026-11-21T06:00:00Z.",
    ]
    assert feed.reader("mail") == feed.readers[1]
    assert feed.reader(BRIDGE) is None


def test_a_feed_that_nobody_has_ever_read_is_told() -> None:
    assert Feed(9, NOW - 2 * DAY).complaints(NOW) == [
        "No program has ever said that it reads the feed, whose oldest event is 2d old."
    ]
    assert Feed() == Feed(0, None, ())
    assert Feed().complaints(NOW) == []
    read = Feed(9, NOW - 2 * DAY, (Reader("erp", 9, 0, None, NOW),))
    assert read.complaints(NOW) == []


def test_the_bridge_is_the_reader_bridge_and_has_called_nobody_at_first() -> None:
    assert BRIDGE == "bridge"
    calls = Calls("ps_emailalerts", "actionValidateOrder")
    assert (calls.done, calls.skipped, calls.failed, calls.given_up, calls.unknown, calls.first) == (0,) * 6
