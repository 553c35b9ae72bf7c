"""The token bucket: never more calls than Amazon allows, and never fewer than it should."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

from hypothesis import example, given
from hypothesis import strategies as st

from orderferry.domain.quota import TokenBucket, full_bucket

START = datetime(2026, 11, 23, 6, tzinfo=UTC)
TICK = timedelta(milliseconds=1)

rates = st.decimals(min_value="0.0001", max_value=5, places=4)
bursts = st.integers(min_value=1, max_value=40).map(Decimal)
gaps = st.one_of(st.integers(0, 5000), st.integers(0, 4_000_000_000)).map(lambda micro: timedelta(microseconds=micro))
reserves = st.integers(0, 10).map(Decimal)


def seconds(span: timedelta) -> Decimal:
    return Decimal(span // timedelta(microseconds=1)) / 1_000_000


@given(rates, bursts, st.lists(gaps, max_size=120))
def test_no_span_holds_more_calls_than_burst_and_rate_allow(
    rate: Decimal, burst: Decimal, pauses: list[timedelta]
) -> None:
    bucket, now = full_bucket(rate, burst, START), START
    granted: list[datetime] = []
    for pause in pauses:
        now += pause
        after = bucket.spent(now)
        if after is not None:
            bucket = after
            granted.append(now)
    for first, since in enumerate(granted):
        for count, until in enumerate(granted[first:], start=1):
            # A tick of grace: the bucket counts whole milliseconds.
            assert count <= burst + rate * seconds(until - since + TICK)


@given(rates, bursts, st.lists(st.tuples(gaps, st.integers(-2000, 2000)), max_size=80))
def test_clocks_that_differ_a_little_give_nothing_twice(
    rate: Decimal, burst: Decimal, calls: list[tuple[timedelta, int]]
) -> None:
    bucket, now, latest, granted = full_bucket(rate, burst, START), START, START, 0
    for pause, wobble in calls:
        now += pause
        seen = now + timedelta(milliseconds=wobble) if Decimal(4) * rate < burst else now
        latest = max(latest, seen)
        after = bucket.spent(seen)
        if after is not None:
            bucket, granted = after, granted + 1
    assert granted <= burst + rate * seconds(latest - START)


@given(rates, bursts, gaps, gaps, gaps)
def test_a_bucket_fills_with_time_and_never_over(
    rate: Decimal, burst: Decimal, used: timedelta, first: timedelta, second: timedelta
) -> None:
    bucket = full_bucket(rate, burst, START).emptied(START + used)
    now = START + used
    sooner, later = bucket.refilled(now + first), bucket.refilled(now + first + second)
    assert 0 <= sooner.tokens <= later.tokens <= burst
    # Looking at it in between changes nothing.
    assert sooner.refilled(now + first + second) == later


@given(rates, bursts, reserves, st.integers(0, 40), gaps)
def test_it_is_ready_exactly_when_it_says(
    rate: Decimal, burst: Decimal, reserve: Decimal, spent: int, pause: timedelta
) -> None:
    bucket = full_bucket(rate, burst, START)
    for _ in range(spent):
        bucket = bucket.spent(START) or bucket
    now = START + pause
    ready = bucket.ready_at(now, reserve)
    assert ready >= now
    assert bucket.spent(ready, reserve) is not None
    if ready > now:
        assert bucket.spent(ready - 2 * TICK, reserve) is None


@given(rates, bursts, reserves)
def test_a_reserve_is_left_untouched(rate: Decimal, burst: Decimal, reserve: Decimal) -> None:
    bucket = full_bucket(rate, burst, START)
    while (after := bucket.spent(START, reserve)) is not None:
        bucket = after
    assert bucket.tokens == min(reserve, burst - 1)


@given(rates, rates, bursts, gaps)
def test_a_new_rate_counts_from_now_on(old: Decimal, new: Decimal, burst: Decimal, pause: timedelta) -> None:
    empty = full_bucket(old, burst, START).emptied(START)
    changed = empty.at_rate(new, START + pause)
    assert changed.tokens == empty.refilled(START + pause).tokens
    assert changed.rate == new


@given(rates, bursts, st.timedeltas(timedelta(days=1), timedelta(days=4000)))
@example(Decimal("0.0056"), Decimal(20), timedelta(days=3650))
def test_a_clock_that_was_far_ahead_does_not_stop_the_calls(rate: Decimal, burst: Decimal, ahead: timedelta) -> None:
    bucket = TokenBucket(rate, burst, Decimal(0), START + ahead)
    refill = timedelta(seconds=float(burst / rate) + 1)
    assert bucket.ready_at(START) <= START + 2 * refill
