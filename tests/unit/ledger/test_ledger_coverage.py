"""Coverage and re-readings in the ledger."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest

from orderferry.config.model import LedgerPlace
from orderferry.domain.orders import Channel
from orderferry.domain.search import Basis
from orderferry.domain.spans import Span
from orderferry.ledger.ledger import Ledger
from support.ledgers import DE, HOUR, IT, NOW, opened

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
