"""The copy of the coverage that stands in the shop: what is written, and what of a damaged one is read."""

from __future__ import annotations

import json
import logging
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from orderferry.domain.orders import Channel
from orderferry.domain.spans import Span
from orderferry.run.recover import _cells_but, copy_text, parse_coverage, parse_orders, parse_owed

NOW = datetime(2026, 11, 23, 6, tzinfo=UTC)
HOUR = timedelta(hours=1)
REGULAR, FBA = ("M", Channel.REGULAR), ("M", Channel.FBA)
SPANS = (Span(NOW - 9 * HOUR, NOW - 5 * HOUR), Span(NOW - 4 * HOUR, NOW))
ROWS = [
    ["M", "fba", []],
    [
        "M",
        "regular",
        [["2026-11-22T21:00:00Z", "2026-11-23T01:00:00Z"], ["2026-11-23T02:00:00Z", "2026-11-23T06:00:00Z"]],
    ],
]
OTHERS = ["X", "fba", [["2026-11-22T21:00:00Z", "2026-11-23T01:00:00Z"]]]
OWED = ["M", "fba", "2026-11-01T00:00:00Z"]
DAMAGED = ["", "{", "7", "null", '{"orders": 7, "coverage": 7, "owed": 7}', "[1]", '{"coverage": [["M", "x", []]]}']


def test_what_is_written_is_read_again() -> None:
    coverage = {REGULAR: SPANS, FBA: ()}
    text = copy_text(coverage, ["A", "B"], [OTHERS], [OWED])
    assert json.loads(text) == {"orders": ["A", "B"], "coverage": [*ROWS, OTHERS], "owed": [OWED]}
    assert parse_orders(text) == ["A", "B"]
    assert parse_coverage(text, NOW) == coverage | {("X", Channel.FBA): SPANS[:1]}
    assert parse_owed(text, NOW) == {FBA: datetime(2026, 11, 1, tzinfo=UTC)}


def test_nothing_owed_leaves_no_trace() -> None:
    text = copy_text({}, [])
    assert json.loads(text) == {"orders": [], "coverage": []}
    assert (parse_owed(text, NOW), parse_owed("", NOW)) == ({}, {})


def test_the_bare_list_of_older_versions_is_read() -> None:
    assert parse_coverage(json.dumps(ROWS), NOW) == {REGULAR: SPANS, FBA: ()}
    assert parse_coverage("", NOW) == {}


def test_spans_that_end_in_the_future_cover_nothing() -> None:
    earlier = NOW - timedelta(seconds=1)
    assert parse_coverage(json.dumps(ROWS), earlier)[REGULAR] == SPANS[:1]


@pytest.mark.parametrize("text", DAMAGED)
def test_a_damaged_copy_is_nothing(text: str) -> None:
    assert parse_orders(text) == []
    assert parse_owed(text, NOW) == {}
    assert _cells_but(text, [FBA], "owed") == []
    assert parse_coverage(text, NOW) == {}


def test_a_damaged_copy_is_told(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        parse_coverage("{", NOW)
    assert caplog.messages == ["the copy of the coverage in the shop can't be read; the window is observed anew"]


@pytest.mark.parametrize(
    ("ours", "part", "cells"),
    [
        ([], "coverage", [*ROWS, OTHERS]),
        ([REGULAR, FBA], "coverage", [OTHERS]),
        ([FBA], "coverage", [ROWS[1], OTHERS]),
        ([REGULAR], "owed", [OWED]),
        ([FBA], "owed", []),
    ],
)
def test_the_cells_of_another_configuration_stay(ours: list[Any], part: str, cells: list[Any]) -> None:
    text = copy_text({REGULAR: SPANS, FBA: ()}, [], [OTHERS], [OWED])
    assert _cells_but(text, ours, part) == cells
    if part == "coverage":
        assert _cells_but(text, ours) == cells
        assert _cells_but("", ours) == []
