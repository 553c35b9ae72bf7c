"""Token buckets on the simulator's clock, and the clock itself."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orderferry.domain.quota import USAGE_PLANS, UsagePlan
from orderferry.simulator.access import SimulatedTokenBucket, Usage
from orderferry.simulator.clock import Clock
from support.simulated import START


def test_a_burst_is_there_at_once_and_then_nothing() -> None:
    bucket = SimulatedTokenBucket(USAGE_PLANS["searchOrders"])
    assert [bucket.spend(START) for _ in range(21)] == [True] * 20 + [False]


def test_search_orders_gives_a_token_back_every_178_6_seconds() -> None:
    bucket = SimulatedTokenBucket(USAGE_PLANS["searchOrders"])
    for _ in range(20):
        bucket.spend(START)
    assert not bucket.spend(START + timedelta(seconds=178.5))
    assert bucket.spend(START + timedelta(seconds=178.6))
    assert not bucket.spend(START + timedelta(seconds=178.6))


def test_a_bucket_is_full_again_after_an_hour_and_never_fuller() -> None:
    bucket = SimulatedTokenBucket(USAGE_PLANS["searchOrders"])
    for _ in range(20):
        bucket.spend(START)
    assert bucket.left(START + timedelta(minutes=59)) < 20
    assert bucket.left(START + timedelta(minutes=60)) == 20
    assert bucket.left(START + timedelta(days=9)) == 20


def test_a_clock_set_back_gives_no_tokens() -> None:
    bucket = SimulatedTokenBucket(UsagePlan("x", Decimal(1), 5))
    for _ in range(5):
        bucket.spend(START)
    assert bucket.left(START - timedelta(days=1)) == 0
    assert bucket.left(START - timedelta(days=1) + timedelta(seconds=2)) == 2


@given(
    steps=st.lists(st.integers(0, 400), min_size=1, max_size=80),
    rate=st.sampled_from([Decimal("0.0056"), Decimal("0.5"), Decimal(2)]),
    burst=st.integers(1, 30),
)
def test_never_more_is_spent_than_burst_and_time_allow(steps: list[int], rate: Decimal, burst: int) -> None:
    bucket = SimulatedTokenBucket(UsagePlan("x", rate, burst))
    now, spent = START, 0
    for step in steps:
        now += timedelta(seconds=step)
        spent += bucket.spend(now)
        elapsed = Decimal(int((now - START).total_seconds()))
        assert spent <= burst + elapsed * rate


def test_operations_have_buckets_of_their_own_and_unknown_ones_are_free() -> None:
    usage = Usage({"a": UsagePlan("a", Decimal(1), 1), "b": UsagePlan("b", Decimal(1), 1)})
    assert usage.spend("a", START)
    assert not usage.spend("a", START)
    assert usage.spend("b", START)
    assert all(usage.spend("c", START) for _ in range(99))
    assert usage.left("c", START) is None


class RealTime:
    """A real time that a test moves."""

    def __init__(self) -> None:
        self.now = datetime(2026, 1, 1, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now


def test_a_running_clock_keeps_its_distance_to_real_time() -> None:
    real = RealTime()
    clock = Clock(START, real=real)
    real.now += timedelta(minutes=5)
    assert clock.now() == START + timedelta(minutes=5)


def test_a_still_clock_stands_until_it_is_moved() -> None:
    clock = Clock.still(START)
    assert clock.now() == clock.now() == START
    assert clock.advance(timedelta(days=2)) == START + timedelta(days=2)
    assert clock.move_to(START) == START == clock.now()


def test_a_clock_takes_no_naive_time() -> None:
    with pytest.raises(ValueError, match="aware"):
        Clock.still(datetime(2026, 1, 1))
