"""Amazon's usage plans, and the arithmetic of one bucket at its limits."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from orderferry.domain.quota import USAGE_PLANS, TokenBucket, daily_quota, full_bucket

NOW = datetime(2026, 11, 23, 6, tzinfo=UTC)
SECOND, TICK = timedelta(seconds=1), timedelta(milliseconds=1)


def bucket(tokens: str, *, rate: str = "0.5", burst: str = "10", as_of: datetime = NOW) -> TokenBucket:
    return TokenBucket(Decimal(rate), Decimal(burst), Decimal(tokens), as_of)


def test_the_plans_are_those_that_amazon_documents() -> None:
    assert {name: (str(plan.rate), plan.burst, plan.operation) for name, plan in USAGE_PLANS.items()} == {
        "searchOrders": ("0.0056", 20, "searchOrders"),
        "getOrder": ("0.5", 30, "getOrder"),
        "createReport": ("0.0167", 15, "createReport"),
        "getReport": ("2", 15, "getReport"),
        "getReportDocument": ("0.0167", 15, "getReportDocument"),
    }


def test_the_requests_of_a_day() -> None:
    assert daily_quota("searchOrders") == 484  # 483.84
    assert daily_quota("getReport") == 172_800
    assert daily_quota("searchOrders", Decimal("0.5")) == 242
    assert daily_quota("searchOrders", Decimal(1), Decimal("0.01")) == 864


@pytest.mark.parametrize(
    ("passed", "tokens", "as_of"),
    [
        pytest.param(10 * SECOND, "7", 10 * SECOND, id="half a token a second"),
        pytest.param(60 * SECOND, "10", 60 * SECOND, id="full"),
        pytest.param(timedelta(microseconds=2999), "2.001", 2 * TICK, id="whole milliseconds alone"),
        pytest.param(timedelta(0), "2", timedelta(0), id="at once"),
        pytest.param(-5 * SECOND, "2", timedelta(0), id="a clock that went back a little"),
        pytest.param(-20 * SECOND, "2", timedelta(0), id="back by a whole refill"),
        pytest.param(-20 * SECOND - TICK, "2", -20 * SECOND - TICK, id="back by more than a whole refill"),
    ],
)
def test_what_comes_back(passed: timedelta, tokens: str, as_of: timedelta) -> None:
    assert bucket("2").refilled(NOW + passed) == bucket(tokens, as_of=NOW + as_of)


def test_a_bucket_never_holds_more_than_it_may() -> None:
    assert bucket("12").refilled(NOW - 60 * SECOND).tokens == 10
    assert bucket("12").refilled(NOW).tokens == 10


def test_what_is_rounded_is_rounded_to_amazons_advantage() -> None:
    third = bucket("0", rate="0.3333333333333333333")
    assert third.refilled(NOW + SECOND).tokens == Decimal("0.333333333333")
    assert third.ready_at(NOW) == NOW + timedelta(milliseconds=3001)


@pytest.mark.parametrize(
    ("tokens", "reserve", "left"),
    [
        ("1", "0", "0"),
        ("0.999", "0", None),
        ("3", "2", "2"),
        ("2.9", "2", None),
        ("10", "50", "9"),
        ("9.9", "50", None),
    ],
)
def test_a_token_is_taken_where_the_reserve_stays(tokens: str, reserve: str, left: str | None) -> None:
    after = bucket(tokens).spent(NOW, Decimal(reserve))
    assert after == (None if left is None else bucket(left))


def test_without_a_reserve_the_last_token_may_be_taken() -> None:
    assert bucket("1").spent(NOW) == bucket("0")
    assert bucket("1").ready_at(NOW) == NOW


@pytest.mark.parametrize(
    ("tokens", "reserve", "after"),
    [
        ("1", "0", timedelta(0)),
        ("0", "0", 2 * SECOND),
        ("0.9999", "0", TICK),
        ("1", "2", 4 * SECOND),
        ("0", "99", 20 * SECOND),
    ],
)
def test_when_the_next_token_is_there(tokens: str, reserve: str, after: timedelta) -> None:
    assert bucket(tokens).ready_at(NOW, Decimal(reserve)) == NOW + after


def test_a_token_that_is_there_is_granted_also_while_the_clock_is_behind() -> None:
    assert bucket("1", as_of=NOW + SECOND).ready_at(NOW) == NOW
    assert bucket("0", as_of=NOW + SECOND).ready_at(NOW) == NOW + 3 * SECOND


def test_an_emptied_bucket_fills_from_then_on() -> None:
    assert bucket("5").emptied(NOW) == bucket("0", as_of=NOW + TICK)
    assert bucket("5", as_of=NOW + SECOND).emptied(NOW) == bucket("0", as_of=NOW + SECOND)


def test_a_new_rate_holds_from_then_on() -> None:
    assert bucket("2").at_rate(Decimal(3), NOW + 2 * SECOND) == bucket("3", rate="3", as_of=NOW + 2 * SECOND)


def test_a_full_bucket_holds_at_least_one() -> None:
    assert full_bucket(Decimal("0.5"), Decimal(10), NOW) == bucket("10")
    assert full_bucket(Decimal("0.5"), Decimal("0.3"), NOW) == replace(bucket("1"), burst=Decimal(1))
