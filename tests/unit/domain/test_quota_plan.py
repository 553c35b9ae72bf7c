"""The plan's arithmetic against numbers worked out by hand (0.0056 requests a second: 483.84 a day, told as 484)."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest

from orderferry.domain.quota import daily_quota
from orderferry.domain.quota_plan import (
    MeasuredVolume,
    Volume,
    Windows,
    checks_per_order,
    daily_costs,
    import_cost,
    plan_quota,
)

HALF_AN_HOUR = timedelta(minutes=30)
ALL = ("recheck", "doublecheck", "compare")


@pytest.mark.parametrize(
    ("orders", "every", "cost"),
    [
        # Nothing sold: a call for each run and each hourly re-reading.
        (0, 15, (96, 0, 24)),
        # 100 x 4 changes, each seen once and again by the re-readings of 1.5 h an hour: 1,000 = 10 pages.
        (100, 15, (96, 10, 24)),
        (500, 15, (96, 50, 24)),
        (1000, 5, (288, 100, 24)),
        # 9 x 4 x 2.5 = 90: no further page.
        (9, 60, (24, 0, 24)),
    ],
)
def test_imports(orders: int, every: int, cost: tuple[int, int, int]) -> None:
    assert import_cost(Volume(Decimal(orders)), every, HALF_AN_HOUR) == cost
    plan = plan_quota(Volume(Decimal(orders)), Windows(), ALL, Decimal(1))
    schedule = next(one for one in plan.schedules if one.every == every)
    assert (schedule.runs, schedule.pages, schedule.rereadings, schedule.import_calls) == (*cost, sum(cost))


def test_without_an_overlap_a_re_reading_goes_back_an_hour() -> None:
    assert import_cost(Volume(Decimal(100)), 15, timedelta(0))[1] == 8  # 400 x 2 / 100


@pytest.mark.parametrize(
    ("orders", "fba_share", "expected"),
    [
        (0, None, {"recheck": 1, "doublecheck": 1, "compare": 0}),
        # Unknown channels: 7 days of 1,000 FBA orders; 1,000 regular ones that stay unshipped for 3 days.
        (1000, None, {"recheck": 70, "doublecheck": 30, "compare": 0}),
        (1000, Decimal("0.25"), {"recheck": 18, "doublecheck": 23, "compare": 0}),  # 17.5 and 22.5, begun pages
        (1000, Decimal(0), {"recheck": 1, "doublecheck": 30, "compare": 0}),
    ],
)
def test_daily_commands(orders: int, fba_share: Decimal | None, expected: dict[str, int]) -> None:
    assert daily_costs(Volume(Decimal(orders), fba_share=fba_share), Windows(), ALL) == expected


def test_all_daily_commands_are_within_half_of_the_quota_at_a_thousand_orders_a_day() -> None:
    costs = daily_costs(Volume(Decimal(1000)), Windows(), ALL)
    assert sum(costs.values()) == 100 <= daily_quota("searchOrders") / 2


def test_a_waiting_order_is_looked_at_hourly_and_then_more_rarely() -> None:
    assert checks_per_order(timedelta(minutes=59)) == 0
    assert checks_per_order(timedelta(hours=12)) == 12
    # After 12 h a twelfth of its age each: 13, 14.1, 15.3, 16.5, 17.9, 19.4, 21.0, 22.8.
    assert checks_per_order(timedelta(days=1)) == 20


@pytest.mark.parametrize(
    ("orders", "share", "fastest"),
    [
        (0, 1, 5),
        (100, 1, 5),  # 288 + 10 + 24 + 7 + 3 = 332 of 435 usable
        (500, 1, 5),  # 288 + 50 + 24 + 35 + 15 = 412
        (600, 1, 5),  # 288 + 60 + 24 + 42 + 18 = 432
        (620, 1, 10),  # 288 + 62 + 24 + 44 + 19 = 437
        (1000, 1, 10),  # 144 + 100 + 24 + 70 + 30 = 368
        (1200, 1, 10),  # 144 + 120 + 24 + 84 + 36 = 408
        (1500, 1, 15),  # 10 min: 468; 15 min: 96 + 150 + 24 + 105 + 45 = 420
        (5000, 1, None),
        (100, Decimal("0.3"), 20),  # 145 a day, 130 usable: 15 min 140, 20 min 72 + 10 + 24 + 10 = 116
    ],
)
def test_the_fastest_schedule_that_is_safe(orders: int, share: Decimal | int, fastest: int | None) -> None:
    plan = plan_quota(Volume(Decimal(orders)), Windows(), ALL, Decimal(share))
    assert (plan.fastest.every if plan.fastest else None) == fastest
    for schedule in plan.schedules:
        assert not schedule.safe or schedule.calls <= plan.quota * Decimal("0.9")


@pytest.mark.parametrize(
    ("orders", "share", "rate", "recommended"),
    [
        (0, 1, None, 15),  # 96 + 24 = 120 of 121, a quarter of 484; every 10 minutes is 168
        (500, 1, None, 15),
        (1500, 1, None, 15),
        (1650, 1, None, 20),  # 15 min: 96 + 165 + 24 + 116 + 50 = 451 of 435; 20 min: 427
        (5000, 1, None, None),
        (100, Decimal("0.5"), None, 15),  # a quarter of what Amazon gives, whoever else spends the other half
        (100, Decimal("0.3"), None, 20),
        (500, 1, Decimal("0.05"), 5),  # 4,320 a day: looking every five minutes is less than a tenth
        (10, 1, Decimal("0.0012"), 60),  # 104 a day: none is calm, the slowest that is safe
    ],
)
def test_looking_for_news_costs_a_quarter_of_what_amazon_gives(
    orders: int, share: Decimal | int, rate: Decimal | None, recommended: int | None
) -> None:
    plan = plan_quota(Volume(Decimal(orders)), Windows(), ALL, Decimal(share), rate)
    assert (plan.recommended.every if plan.recommended else None) == recommended
    assert (plan.fastest is None) is (plan.recommended is None)


def test_the_largest_volume_of_the_usual_schedule() -> None:
    plan = plan_quota(Volume(Decimal(10)), Windows(), ALL, Decimal(1))
    for orders, safe in ((plan.limit, True), (plan.limit + 1, False)):
        at = plan_quota(Volume(Decimal(orders)), Windows(), ALL, Decimal(1))
        assert next(one for one in at.schedules if one.every == 15).safe is safe
    assert 1500 < plan.limit < 1600  # 96 + 24 + 0.2 an order = 435.6 at 1,578


def test_what_to_ask_for_carries_the_usual_schedule() -> None:
    plan = plan_quota(Volume(Decimal(5000)), Windows(), ALL, Decimal(1))
    # 96 + 500 + 24 + 350 + 150 = 1,120 calls, with a tenth free: 1,244.4 a day = 0.01441 a second.
    assert plan.rate_to_ask == Decimal("0.0145")
    granted = plan_quota(Volume(Decimal(5000)), Windows(), ALL, Decimal(1), plan.rate_to_ask)
    assert granted.rate_to_ask is None
    assert granted.fastest is not None


def test_a_busiest_hour_that_the_bucket_does_not_carry_is_not_safe() -> None:
    few_changes_but_many_at_once = Volume(Decimal(2000), Decimal(1), Decimal(0))
    at_a_tenth = plan_quota(few_changes_but_many_at_once, Windows(), (), Decimal("0.2"), Decimal("0.0056"))
    assert at_a_tenth.fastest is None


def test_looks_are_bounded_by_the_runs() -> None:
    plan = plan_quota(Volume(Decimal(20_000)), Windows(), ALL, Decimal(1))
    hourly = plan.schedules[-1]
    assert hourly.get_orders == 24 * 100 <= plan.get_quota == 43_200


def test_a_measured_volume_is_brought_to_a_day() -> None:
    measured = MeasuredVolume(timedelta(days=10), orders=1000, fba=250, grown=300, changes=960, get_orders=50)
    assert measured.is_enough
    assert measured.volume() == Volume(Decimal(100), Decimal("3.2"), Decimal("0.25"), Decimal(5))


@pytest.mark.parametrize(
    ("measured", "tells"),
    [
        (MeasuredVolume(timedelta(hours=23), 100, 0, 0, 0, 0), False),
        (MeasuredVolume(timedelta(days=1), 100, 0, 0, 0, 0), True),
        (MeasuredVolume(timedelta(days=14), 0, 0, 0, 0, 0), False),
    ],
)
def test_a_day_and_an_order_are_the_least_that_tells(measured: MeasuredVolume, tells: bool) -> None:
    assert measured.is_enough is tells


def test_too_few_grown_orders_leave_the_changes_assumed() -> None:
    measured = MeasuredVolume(timedelta(days=2), 40, 0, 19, 19, 0)
    assert measured.volume().changes_per_order == 4


@pytest.mark.parametrize(
    ("changes", "rate", "safe"),
    [
        # An hour's pages: 21,999 x 0.1 x 2.5 / 100 = 54, with a run and one call more 56 = 0.01 x 3600 + 20.
        (21_999, "0.01", True),
        (22_000, "0.01", False),
        (21_999, "0.0099975", False),  # 35.991 + 20
    ],
)
def test_the_busiest_hour_is_a_tenth_of_the_day(changes: int, rate: str, safe: bool) -> None:
    volume = Volume(Decimal(changes), Decimal(1))
    assert plan_quota(volume, Windows(), (), Decimal(1), Decimal(rate)).schedules[-1].safe is safe


def test_a_schedule_may_use_nine_tenths_of_the_quota_and_a_quarter_for_looking() -> None:
    nothing = Volume(Decimal(0))
    of_80 = plan_quota(nothing, Windows(), (), Decimal(1), Decimal("0.000926")).schedules
    assert [one.every for one in of_80 if one.safe] == [30, 60]  # 48 + 24 = 72
    of_192 = plan_quota(nothing, Windows(), (), Decimal(1), Decimal("0.0022223")).schedules
    assert [one.every for one in of_192 if one.calm] == [60]  # 24 + 24 = 48
    assert [one.every for one in of_192] == [5, 10, 15, 20, 30, 60]


def test_what_to_ask_for_is_more_where_only_a_share_may_be_used() -> None:
    plan = plan_quota(Volume(Decimal(5000)), Windows(), ALL, Decimal("0.5"))
    assert plan.rate_to_ask == Decimal("0.0289")  # 1,120 / 0.9 / 0.5 / 86,400 = 0.028807


def test_looks_are_those_that_were_measured_or_twenty_an_order() -> None:
    assumed = plan_quota(Volume(Decimal(10)), Windows(), ALL, Decimal(1))
    assert {one.get_orders for one in assumed.schedules} == {200}
    measured = plan_quota(Volume(Decimal(10), get_orders=Decimal("7.9")), Windows(), ALL, Decimal(1))
    assert {one.get_orders for one in measured.schedules} == {7}


def test_twenty_orders_that_have_had_a_week_of_life_are_enough_to_measure_their_changes() -> None:
    assert MeasuredVolume(timedelta(days=2), 40, 0, 20, 30, 0).volume() == Volume(
        Decimal(20), Decimal("1.5"), Decimal(0), Decimal(0)
    )


def test_what_is_looked_back_on_unless_the_configuration_says_otherwise() -> None:
    assert Windows() == Windows(timedelta(minutes=30), timedelta(days=7), timedelta(days=30))
    short = daily_costs(Volume(Decimal(1000)), Windows(doublecheck=timedelta(days=2)), ALL)
    assert short["doublecheck"] == 20


def test_the_largest_volume_is_between_none_and_a_million() -> None:
    assert plan_quota(Volume(Decimal(10)), Windows(), ALL, Decimal("0.01")).limit == 0
    assert plan_quota(Volume(Decimal(10)), Windows(), ALL, Decimal(1), Decimal(1000)).limit == 1_000_000
