"""Spans of time at their ends: what touches, what is empty, what is none."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from orderferry.domain.spans import Span, last_end, normal, subtract, union

DAY = datetime(2026, 11, 23, tzinfo=UTC)


def at(hour: int) -> datetime:
    return DAY + timedelta(hours=hour)


def span(start: int, end: int) -> Span:
    return Span(at(start), at(end))


def test_a_span_holds_its_start_and_not_its_end() -> None:
    whole = span(1, 3)
    assert [whole.holds(at(hour)) for hour in range(5)] == [False, True, True, False, False]
    assert (whole.length, whole.empty, span(1, 1).empty) == (timedelta(hours=2), False, True)


@pytest.mark.parametrize(
    ("start", "end", "told"),
    [
        (DAY.replace(tzinfo=None), at(1), "aware"),
        (at(1), at(2).replace(tzinfo=None), "aware"),
        (at(2), at(1), "can't end"),
    ],
)
def test_what_is_no_span(start: datetime, end: datetime, told: str) -> None:
    with pytest.raises(ValueError, match=told):
        Span(start, end)


def test_neighbours_that_touch_are_one() -> None:
    assert normal([span(3, 4), span(1, 2), span(2, 3), span(6, 6)]) == (span(1, 4),)
    assert union([span(1, 2)], [span(3, 4)]) == (span(1, 2), span(3, 4))
    assert normal([span(1, 9), span(2, 3)]) == (span(1, 9),)


@pytest.mark.parametrize(
    ("taken", "left"),
    [
        ((0, 2), ((2, 6),)),
        ((0, 1), ((2, 6),)),
        ((2, 3), ((3, 6),)),
        ((3, 4), ((2, 3), (4, 6))),
        ((5, 9), ((2, 5),)),
        ((6, 7), ((2, 6),)),
        ((8, 9), ((2, 6),)),
        ((2, 6), ()),
        ((0, 9), ()),
    ],
)
def test_what_is_left_of_a_span(taken: tuple[int, int], left: tuple[tuple[int, int], ...]) -> None:
    assert subtract([span(2, 6)], [span(*taken)]) == tuple(span(*one) for one in left)


def test_the_end_of_the_newest_span() -> None:
    assert last_end([span(3, 9), span(1, 2)]) == at(9)
    assert last_end([]) is None
