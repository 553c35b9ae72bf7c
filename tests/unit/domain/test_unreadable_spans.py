"""The marks of spans in which orders without an id are: when they are read again, and how they end. Pure."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from orderferry.domain.orders import Channel, OrderStatus
from orderferry.domain.search import Basis, Search
from orderferry.domain.spans import Span
from orderferry.domain.unreadable_spans import (
    UnreadableSpan,
    bounds,
    is_mark,
    mark_span,
    read_clean,
    without_marked,
)

NOW = datetime(2026, 11, 23, 6, tzinfo=UTC)
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
REGULAR, FBA = Channel.REGULAR, Channel.FBA
BOTH = (("IT", REGULAR), ("IT", FBA))


def span(start: int, end: int) -> Span:
    """A span in minutes after six."""
    return Span(NOW + start * MINUTE, NOW + end * MINUTE)


def searched(start: int = 0, end: int = 60, **more: object) -> Search:
    return Search(**{"marketplaces": ("IT",), "basis": Basis.UPDATED, "span": span(start, end), **more})  # type: ignore[arg-type]


MARK = UnreadableSpan(
    "unreadable-20261123T060000Z", "import", BOTH, span(0, 60), (span(0, 60),), count=1, readings=1, read=NOW
)
CATCH_UP = UnreadableSpan("unreadable-recheck", "recheck", BOTH, span(0, 60), (), count=2, readings=1, read=NOW)


@pytest.mark.parametrize(
    ("changes", "after", "due"),
    [
        pytest.param({"readings": 2}, timedelta(0), True, id="the first three come with the next runs"),
        pytest.param({"readings": 3}, HOUR - MINUTE, False, id="then hourly"),
        pytest.param({"readings": 3}, HOUR, True, id="an hour later"),
        pytest.param({"readings": 3}, timedelta(0), False, id="just read"),
        pytest.param({"readings": 3}, -MINUTE, True, id="read in the future: the clock was wrong"),
        pytest.param({"readings": 3, "spans": (span(0, 1),)}, 5 * HOUR, False, id="a minute is as narrow as it gets"),
        pytest.param({"readings": 3, "spans": (span(0, 1),)}, 6 * HOUR, True, id="which is read seldom"),
        pytest.param({"readings": 3, "spans": (span(0, 1), span(5, 7))}, HOUR, True, id="one can be narrowed"),
        pytest.param({"set_aside": True}, HOUR, False, id="set aside"),
        pytest.param({"spans": ()}, HOUR, False, id="a catch-up's own"),
    ],
)
def test_when_it_is_read_again(changes: dict[str, object], after: timedelta, due: bool) -> None:
    assert replace(MARK, **changes).is_due(NOW + after) is due  # type: ignore[arg-type]


def test_it_is_read_again_by_halves_down_to_a_minute() -> None:
    mark = replace(MARK, cells=(("IT", FBA), ("DE", FBA)), spans=(span(0, 60), span(70, 71)))
    assert mark.searches() == [
        Search(("DE", "IT"), Basis.UPDATED, part, FBA) for part in (span(0, 30), span(30, 60), span(70, 71))
    ]


def test_both_channels_need_no_filter_and_a_run_reads_four_of_its_spans() -> None:
    mark = replace(MARK, spans=tuple(span(start, start + 1) for start in range(0, 12, 2)))
    assert mark.searches() == [searched(start, start + 1) for start in (0, 2, 4, 6)]


def test_halves_meet_at_a_whole_second() -> None:
    odd = Span(NOW, NOW + timedelta(seconds=61))
    first, second = replace(MARK, spans=(odd,)).searches()
    assert (first.span.end, second.span.start) == (NOW + timedelta(seconds=30),) * 2


def test_what_a_cell_needs_is_without_its_marks_but_for_those_set_aside() -> None:
    due = {("IT", REGULAR): (span(0, 90),), ("DE", FBA): (span(0, 90),)}
    assert without_marked(due, [MARK]) == {("IT", REGULAR): (span(60, 90),), ("DE", FBA): (span(0, 90),)}
    assert without_marked(due, [replace(MARK, set_aside=True)]) == due


LATER = NOW + 2 * HOUR


@pytest.mark.parametrize(
    ("mark", "search", "read", "after"),
    [
        pytest.param(MARK, searched(), span(0, 60), replace(MARK, spans=(), count=0, read=LATER), id="all of it"),
        pytest.param(MARK, searched(), span(0, 20), replace(MARK, spans=(span(20, 60),), read=LATER), id="a part"),
        pytest.param(MARK, searched(60, 90), span(60, 90), MARK, id="what lies behind it"),
        pytest.param(MARK, searched(channel=FBA), span(0, 60), MARK, id="one channel of two"),
        pytest.param(MARK, searched(basis=Basis.CREATED), span(0, 60), MARK, id="a listing by creation"),
        pytest.param(MARK, searched(statuses=(OrderStatus.SHIPPED,)), span(0, 60), MARK, id="some statuses"),
        pytest.param(
            replace(MARK, set_aside=True), searched(), span(0, 60), replace(MARK, set_aside=True), id="set aside"
        ),
        pytest.param(CATCH_UP, searched(), span(0, 60), replace(CATCH_UP, count=0), id="the same catch-up"),
        pytest.param(replace(CATCH_UP, command="other"), searched(), span(0, 60), None, id="another catch-up"),
        pytest.param(
            replace(MARK, spans=(span(0, 1), span(1, 2))),
            searched(),
            span(0, 1),
            replace(MARK, spans=(span(1, 2),), read=LATER),
            id="neighbours stay apart",
        ),
    ],
)
def test_a_clean_reading_takes_its_span_off(
    mark: UnreadableSpan, search: Search, read: Span, after: UnreadableSpan | None
) -> None:
    assert read_clean([mark], search, read, command="recheck", now=LATER) == [after or mark]


def marked(
    marks: list[UnreadableSpan], search: Search, found: Span, count: int = 3, command: str = "import"
) -> tuple[list[UnreadableSpan], UnreadableSpan]:
    return mark_span(marks, search, found, count, command=command, now=LATER)


def test_the_first_mark_of_a_span_is_named_by_its_beginning() -> None:
    marks, mark = marked([], searched(), span(5, 10))
    assert marks == [mark]
    assert mark == UnreadableSpan(
        "unreadable-20261123T060500Z", "import", BOTH, span(5, 10), (span(5, 10),), 3, readings=1, read=LATER
    )
    assert not mark.set_aside
    assert is_mark(mark.name)
    assert not is_mark("302-0000000-0000001")


def test_a_catch_up_has_one_mark_of_its_own() -> None:
    by_creation = searched(basis=Basis.CREATED)
    marks, mark = marked([MARK], by_creation, span(0, 60), command="recheck")
    assert mark == UnreadableSpan("unreadable-recheck", "recheck", BOTH, span(0, 60), (), 3, readings=1, read=LATER)
    again, same = marked(marks, by_creation, span(60, 90), 4, command="recheck")
    assert same == replace(mark, count=4, readings=2)
    assert again == [MARK, same]
    other, _ = marked(again, by_creation, span(0, 60), command="doublecheck")
    assert [one.name for one in other] == [MARK.name, "unreadable-recheck", "unreadable-doublecheck"]


@pytest.mark.parametrize(
    ("found", "spans"),
    [(span(0, 30), (span(0, 30), span(30, 60))), (span(30, 60), (span(0, 30), span(30, 60)))],
)
def test_a_half_that_is_bad_again_is_a_span_of_its_mark(found: Span, spans: tuple[Span, ...]) -> None:
    marks, mark = marked([MARK], searched(), found)
    assert mark == replace(MARK, spans=spans, count=3, readings=2, read=LATER)
    assert marks == [mark]


@pytest.mark.parametrize("found", [span(-1, 30), span(30, 61)])
def test_what_reaches_beyond_a_mark_is_another_one(found: Span) -> None:
    marks, mark = marked([MARK], searched(-10, 90), found)
    assert (marks[0], mark.spans, mark.readings) == (MARK, (found,), 1)


def test_a_mark_of_other_cells_is_another_one_with_a_name_of_its_own() -> None:
    marks, mark = marked([MARK], searched(channel=FBA), span(0, 60))
    assert (mark.name, mark.cells) == (f"{MARK.name}-2", (("IT", FBA),))
    marks, third = marked(marks, searched(channel=REGULAR), span(0, 60))
    assert third.name == f"{MARK.name}-3"
    assert marks == [MARK, mark, third]


def test_what_a_person_has_set_aside_stays_so_until_there_are_more() -> None:
    aside = replace(MARK, set_aside=True, count=3)
    for count in (2, 3):
        assert marked([aside], searched(), span(0, 30), count) == ([aside], aside)
    marks, mark = marked([aside], searched(), span(0, 30), 4)
    assert marks == [aside, mark]
    assert (mark.spans, mark.readings, mark.set_aside) == ((span(0, 30),), 1, False)


def test_the_bounds_of_several_spans() -> None:
    assert bounds((span(5, 6), span(1, 2), span(2, 3))) == span(1, 6)
