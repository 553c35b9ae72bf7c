"""Coverage and re-readings in the ledger."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from orderferry.config.model import LedgerPlace
from orderferry.domain.orders import Channel
from orderferry.domain.search import Basis, Listing
from orderferry.domain.spans import Span
from orderferry.ledger.ledger import Ledger
from support.ledgers import DE, HOUR, IT, NOW, SEARCH, opened

CELL = (DE, Channel.REGULAR)
OTHER = (IT, Channel.FBA)


@pytest.fixture
def ledger(place: LedgerPlace) -> Iterator[Ledger]:
    with opened(place) as ledger:
        yield ledger


def hours(first: int, last: int) -> Span:
    return Span(NOW + first * HOUR, NOW + last * HOUR)


def test_spans_grow_together_and_gaps_stay(ledger: Ledger) -> None:
    assert ledger.coverage(Basis.UPDATED) == {}
    ledger.cover([CELL, OTHER], Basis.UPDATED, hours(0, 2), NOW)
    ledger.cover([CELL], Basis.UPDATED, hours(4, 6), NOW)
    assert ledger.coverage(Basis.UPDATED) == {CELL: (hours(0, 2), hours(4, 6)), OTHER: (hours(0, 2),)}
    ledger.cover([CELL], Basis.UPDATED, hours(1, 4), NOW)
    assert ledger.coverage(Basis.UPDATED)[CELL] == (hours(0, 6),)


def test_the_kinds_of_date_are_apart(ledger: Ledger) -> None:
    ledger.cover([CELL], Basis.CREATED, hours(0, 2), NOW)
    assert ledger.coverage(Basis.UPDATED) == {}
    assert ledger.coverage(Basis.CREATED) == {CELL: (hours(0, 2),)}


def test_nothing_is_covered_by_an_empty_span(ledger: Ledger) -> None:
    ledger.cover([CELL], Basis.UPDATED, hours(1, 1), NOW)
    assert ledger.coverage(Basis.UPDATED) == {}


def test_no_part_of_a_millisecond_is_claimed(ledger: Ledger) -> None:
    fine = timedelta(microseconds=1)
    ledger.cover([CELL], Basis.UPDATED, Span(NOW + fine, NOW + HOUR - fine), NOW)
    tick = timedelta(milliseconds=1)
    assert ledger.coverage(Basis.UPDATED)[CELL] == (Span(NOW + tick, NOW + HOUR - tick),)


def test_old_spans_are_forgotten_but_never_the_newest(ledger: Ledger) -> None:
    old = [hours(-24 * 800, -24 * 799), hours(-24 * 790, -24 * 789)]
    for span in old:
        ledger.cover([CELL], Basis.UPDATED, span, NOW)
    assert ledger.coverage(Basis.UPDATED)[CELL] == (old[1],)
    ledger.cover([CELL], Basis.UPDATED, hours(-1, 0), NOW)
    assert ledger.coverage(Basis.UPDATED)[CELL] == (hours(-1, 0),)


def test_what_amazon_still_has_is_never_forgotten_nor_the_gap_before_it(ledger: Ledger) -> None:
    old = [hours(-24 * 700, -24 * 699), hours(-24 * 90, -24 * 89), hours(-1, 0)]
    for span in reversed(old):
        ledger.cover([CELL], Basis.UPDATED, span, NOW)
    assert ledger.coverage(Basis.UPDATED)[CELL] == tuple(old)


def test_the_last_rereading_of_each_cell(ledger: Ledger) -> None:
    ledger.note_rereading([CELL, OTHER], NOW, NOW - HOUR)
    ledger.note_rereading([CELL], NOW + HOUR, NOW)
    assert ledger.rereading([CELL, OTHER, (DE, Channel.FBA)]) == {
        CELL: (NOW + HOUR, NOW),
        OTHER: (NOW, NOW - HOUR),
    }
    assert ledger.rereading([OTHER]) == {OTHER: (NOW, NOW - HOUR)}


def test_a_clock_that_was_ahead_has_left_nothing(ledger: Ledger) -> None:
    """A few minutes ahead of Amazon is no wrong clock."""
    fine, wrong = NOW + timedelta(minutes=5), NOW + timedelta(minutes=5, milliseconds=1)
    for cell, end in ((CELL, fine), (OTHER, wrong)):
        ledger.cover([cell], Basis.UPDATED, Span(NOW - HOUR, end), NOW)
        ledger.note_rereading([cell], NOW, end)
        ledger.save_listing(Listing(cell[0], SEARCH, started=end))
    ledger.forget_future(NOW)
    assert ledger.coverage(Basis.UPDATED) == {CELL: (Span(NOW - HOUR, fine),)}
    assert ledger.rereading([CELL, OTHER]) == {CELL: (NOW, fine)}
    assert [ledger.listing(marketplace) for marketplace, _ in (CELL, OTHER)] == [[Listing(DE, SEARCH, fine)], []]


@pytest.mark.parametrize("kind", ["coverage", "rereading", "listing"])
def test_each_kind_of_note_of_the_future_is_found_by_itself(path: Path, kind: str) -> None:
    later = NOW + HOUR
    with opened(path) as ledger:
        if kind == "coverage":
            ledger.cover([CELL], Basis.CREATED, Span(NOW, later), NOW)
        elif kind == "rereading":
            ledger.note_rereading([CELL], NOW, later)
        else:
            ledger.save_listing(Listing("import", SEARCH, later))
        ledger.forget_future(NOW)
        assert (ledger.coverage(Basis.CREATED), ledger.rereading([CELL]), ledger.listing("import")) == ({}, {}, [])


@pytest.mark.parametrize("place", ["file"], indirect=True)
def test_another_sellers_coverage_is_forgotten_whole(ledger: Ledger) -> None:
    assert ledger.seller() == ""
    ledger.set_seller("one")
    assert ledger.seller() == "one"
    ledger.cover([CELL], Basis.UPDATED, hours(0, 2), NOW)
    ledger.note_rereading([CELL], NOW, NOW)
    ledger.save_listing(Listing("import", SEARCH, NOW))
    ledger.forget_coverage()
    assert (ledger.coverage(Basis.UPDATED), ledger.rereading([CELL]), ledger.listing("import")) == ({}, {}, [])


@pytest.mark.parametrize("place", ["file"], indirect=True)
def test_spans_are_kept_for_two_years(ledger: Ledger) -> None:
    limit = NOW - timedelta(days=730)
    kept, over = Span(limit - HOUR, limit), Span(limit - HOUR, limit - timedelta(milliseconds=1))
    for cell, span in ((CELL, kept), (OTHER, over)):
        ledger.cover([cell], Basis.UPDATED, span, NOW)
        ledger.cover([cell], Basis.UPDATED, hours(-1, 0), NOW)
    assert ledger.coverage(Basis.UPDATED) == {CELL: (kept, hours(-1, 0)), OTHER: (hours(-1, 0),)}


@pytest.mark.parametrize("place", ["file"], indirect=True)
def test_covering_no_cell_or_a_part_of_a_millisecond_covers_nothing(ledger: Ledger) -> None:
    fine = timedelta(microseconds=100)
    ledger.cover([], Basis.UPDATED, hours(0, 1), NOW)
    ledger.cover([CELL], Basis.UPDATED, Span(NOW + fine, NOW + 2 * fine), NOW)
    assert ledger.coverage(Basis.UPDATED) == {}
