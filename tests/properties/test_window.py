"""What a run reads: nothing is left out, nothing is paid twice."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from orderferry.domain.orders import Channel
from orderferry.domain.search import Basis, Search
from orderferry.domain.spans import Span, normal, subtract, union
from orderferry.domain.window import (
    SLICE,
    Rereading,
    cells_of,
    counts_as_coverage,
    due_spans,
    observed_span,
    plan_searches,
    rereading_is_due,
    turns,
)

START = datetime(2026, 11, 1, tzinfo=UTC)
OVERLAP = timedelta(minutes=30)
moments = st.integers(0, 60 * 24 * 30).map(lambda minutes: START + timedelta(minutes=minutes))
spans = st.tuples(moments, moments).map(lambda pair: Span(min(pair), max(pair)))
span_sets = st.lists(spans, max_size=8)
lengths = st.integers(1, 60 * 24 * 10).map(lambda minutes: timedelta(minutes=minutes))
marketplaces = st.sampled_from(["IT", "DE", "FR"])


def minutes_in(some: object) -> set[int]:
    found: set[int] = set()
    for span in some:  # type: ignore[attr-defined]
        first = int((span.start - START).total_seconds() // 60)
        last = int((span.end - START).total_seconds() // 60)
        found.update(range(first, last))
    return found


@given(span_sets, span_sets)
def test_span_arithmetic_is_set_arithmetic(first: list[Span], second: list[Span]) -> None:
    assert minutes_in(union(first, second)) == minutes_in(first) | minutes_in(second)
    assert minutes_in(subtract(first, second)) == minutes_in(first) - minutes_in(second)
    merged = normal(first)
    assert list(merged) == sorted(merged)
    assert all(a.end < b.start for a, b in pairwise(merged))


@given(span_sets, lengths, moments)
def test_everything_in_the_window_and_since_coverage_began_is_covered_afterwards(
    covered: list[Span], lookback: timedelta, end: datetime
) -> None:
    coverage = normal(span for span in covered if span.end <= end)
    due = due_spans(coverage, end, lookback=lookback, overlap=OVERLAP)
    start = min([end - lookback, *(span.start for span in coverage)])
    assert normal([*coverage, *due]) == normal([Span(start, end)])


@given(span_sets, lengths, moments, st.integers(0, 59))
def test_without_a_due_rereading_nothing_is_read_twice(
    covered: list[Span], lookback: timedelta, end: datetime, minute: int
) -> None:
    coverage = normal(span for span in covered if span.end <= end)
    just_reread = Rereading(end.replace(minute=minute), end)
    due = due_spans(coverage, end, lookback=lookback, overlap=OVERLAP, rereading=just_reread)
    assert not minutes_in(coverage) & minutes_in(due)


@given(st.lists(st.integers(1, 90), min_size=4, max_size=60))
def test_the_overlap_before_every_edge_is_observed_again_and_at_most_once_an_hour(gaps: list[int]) -> None:
    coverage: tuple[Span, ...] = ()
    rereading: Rereading | None = None
    now = START
    readings: list[tuple[datetime, tuple[Span, ...]]] = []
    rereads: list[datetime] = []
    for gap in gaps:
        now += timedelta(minutes=gap)
        due = due_spans(coverage, now, lookback=timedelta(days=1), overlap=OVERLAP, rereading=rereading)
        readings.append((now, due))
        if rereading_is_due(rereading, now):
            rereads.append(now)
            rereading = Rereading(now, now)
        coverage = union(coverage, due)
    hours = [moment.replace(minute=0) for moment in rereads]
    assert len(hours) == len(set(hours))
    final = rereads[-1]
    for edge, _ in readings:
        if edge < final:
            again = [span for moment, due in readings if moment > edge for span in due]
            tail = Span(max(edge - OVERLAP, readings[0][1][0].start), edge)
            assert subtract([tail], again) == ()


@given(
    st.dictionaries(st.tuples(marketplaces, st.sampled_from(Channel)), span_sets.map(normal), max_size=6),
)
def test_planned_searches_read_exactly_what_is_due(due: dict[tuple[str, Channel], tuple[Span, ...]]) -> None:
    searches = plan_searches(due, Basis.UPDATED)
    read: dict[tuple[str, Channel], list[Span]] = {}
    for search in searches:
        for cell in cells_of(search):
            read.setdefault(cell, []).append(search.span)
    for cell, spans_due in due.items():
        got = read.pop(cell, [])
        assert normal(got) == normal(spans_due)
        assert len(minutes_in(got)) == sum(len(minutes_in([span])) for span in got), "a minute is paid for twice"
    assert not read


def test_one_search_serves_both_channels_and_all_marketplaces() -> None:
    span = Span(START, START + timedelta(hours=1))
    due = {(market, channel): (span,) for market in ("DE", "IT") for channel in Channel}
    assert plan_searches(due, Basis.UPDATED) == (Search(("DE", "IT"), Basis.UPDATED, span),)


def test_a_new_ledger_reads_the_fba_extension_alone_and_the_window_jointly() -> None:
    end = START + timedelta(days=10)
    due = {
        ("IT", Channel.REGULAR): (Span(end - timedelta(days=1), end),),
        ("IT", Channel.FBA): (Span(end - timedelta(days=3), end),),
    }
    older, newer = plan_searches(due, Basis.UPDATED)
    assert (older.channel, older.span) == (Channel.FBA, Span(end - timedelta(days=3), end - timedelta(days=1)))
    assert (newer.channel, newer.span) == (None, Span(end - timedelta(days=1), end))


def test_after_an_outage_longer_than_the_window_reading_goes_back_to_where_coverage_ended() -> None:
    covered = (Span(START, START + timedelta(days=1)),)
    end = START + timedelta(days=20)
    due = due_spans(covered, end, lookback=timedelta(days=1), overlap=OVERLAP, rereading=Rereading(end, end))
    assert due == (Span(START + timedelta(days=1), end),)


def test_orders_since_bounds_the_first_reading() -> None:
    end = START + timedelta(days=20)
    due = due_spans((), end, lookback=timedelta(days=5), overlap=OVERLAP, not_before=end - timedelta(hours=2))
    assert due == (Span(end - timedelta(hours=2), end),)


def test_a_span_by_hand_long_before_the_coverage_makes_no_gap() -> None:
    covered = (Span(START + timedelta(days=10), START + timedelta(days=12)),)
    end = START + timedelta(days=13)
    lone = Span(START, START + timedelta(days=1))
    touching = Span(START, START + timedelta(days=10))
    assert not counts_as_coverage(lone, covered, timedelta(days=1), end)
    assert counts_as_coverage(touching, covered, timedelta(days=1), end)
    assert not counts_as_coverage(lone, (), timedelta(days=1), end)
    assert counts_as_coverage(Span(START, end), (), timedelta(days=1), end)


@given(spans, st.lists(st.none() | moments, max_size=4))
def test_no_moment_after_a_cut_off_counts_as_observed(span: Span, cut_offs: list[datetime | None]) -> None:
    observed = observed_span(Search(("IT",), Basis.UPDATED, span), cut_offs)
    limit = min([span.end, *(moment for moment in cut_offs if moment)])
    assert observed == (Span(span.start, limit) if limit > span.start else None)


@given(span_sets, lengths, moments, moments)
def test_everything_owed_is_covered_afterwards(
    covered: list[Span], lookback: timedelta, end: datetime, owed: datetime
) -> None:
    coverage = normal(span for span in covered if span.end <= end)
    due = due_spans(coverage, end, lookback=lookback, overlap=OVERLAP, owed=owed)
    start = min([end - lookback, owed, *(span.start for span in coverage)])
    assert normal([*coverage, *due]) == (normal([Span(start, end)]) if start < end else ())


@given(
    st.dictionaries(st.tuples(marketplaces, st.sampled_from(Channel)), span_sets.map(normal), max_size=6),
    st.dictionaries(st.tuples(marketplaces, st.sampled_from(Channel)), span_sets.map(normal), max_size=6),
    moments,
)
def test_turns_read_what_is_due_once_the_newest_first(
    due: dict[tuple[str, Channel], tuple[Span, ...]],
    covered: dict[tuple[str, Channel], tuple[Span, ...]],
    begin: datetime,
) -> None:
    first, *older = turns(due, covered, begin)
    for cell, spans_due in due.items():
        pieces = [span for turn in (first, *older) for span in turn[cell]]
        assert normal(pieces) == spans_due
        assert sum(len(minutes_in([piece])) for piece in pieces) == len(minutes_in(spans_due)), "read twice"
        assert minutes_in(first[cell]) >= minutes_in(spans_due) & minutes_in(covered.get(cell, ()))
    for number, turn in enumerate(older):
        found = normal(span for spans in turn.values() for span in spans)
        assert found
        assert found[-1].end <= begin
        assert found[-1].end - found[0].start <= SLICE
        later = [span for after in older[number + 1 :] for spans in after.values() for span in spans]
        assert all(span.end <= found[0].start + SLICE for span in later)


def test_a_span_by_hand_since_what_is_owed_is_coverage() -> None:
    end = START + timedelta(days=20)
    lone = Span(START + timedelta(days=1), START + timedelta(days=2))
    assert counts_as_coverage(lone, (), timedelta(days=1), end, START)
    assert not counts_as_coverage(lone, (), timedelta(days=1), end, START + timedelta(days=3))
