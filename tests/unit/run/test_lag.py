"""What a week's lags come to."""

from __future__ import annotations

from datetime import timedelta

from orderferry.run.status import Lag, lag_of

MINUTE = timedelta(minutes=1)


def test_no_orders_have_no_lag() -> None:
    assert lag_of([]) is None


def test_one_order_is_all_there_is() -> None:
    assert lag_of([7 * MINUTE]) == Lag(1, 7 * MINUTE, 7 * MINUTE, 7 * MINUTE)


def test_nineteen_of_twenty_took_no_longer_than_p95() -> None:
    lag = lag_of([number * MINUTE for number in range(20, 0, -1)])
    assert lag == Lag(20, 10.5 * MINUTE, 19 * MINUTE, 20 * MINUTE)


def test_a_purchase_later_than_its_import_is_two_clocks() -> None:
    assert lag_of([-MINUTE]) == Lag(1, timedelta(0), timedelta(0), timedelta(0))
