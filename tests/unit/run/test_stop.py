"""When a run has to end: asked between orders, at once while it waits, broken off when it hangs."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from orderferry.errors import ExitCode, OrderferryError
from orderferry.run.stop import OutOfTime, Overdue, Stopped, StopSwitch
from support.mariadb import MariadbServer

SHORT = timedelta(milliseconds=60)
LONG = timedelta(hours=2)


def utc() -> datetime:
    return datetime.now(UTC)


def switch(length: timedelta = LONG, grace: timedelta = LONG) -> StopSwitch:
    return StopSwitch(utc, utc() + length, grace=grace)


def hang() -> None:
    """What nobody can end but from outside, and what swallows every ordinary exception."""
    until = time.monotonic() + 20
    while time.monotonic() < until:
        try:
            time.sleep(until - time.monotonic())
        except Exception:
            continue


def ended_within(seconds: float, work: Callable[[], None], error: type[OrderferryError]) -> OrderferryError:
    began = time.monotonic()
    with pytest.raises(error) as caught:
        work()
    assert time.monotonic() - began < seconds
    return caught.value


@pytest.mark.parametrize(
    ("number", "code"),
    [
        (signal.SIGTERM, ExitCode.TERMINATED),
        (signal.SIGINT, ExitCode.INTERRUPTED),
        (signal.SIGHUP, ExitCode.HUNG_UP),
    ],
)
def test_a_signal_is_heard_between_two_orders(number: signal.Signals, code: ExitCode) -> None:
    stop = switch()
    before = signal.getsignal(number)
    with stop.on_signals():
        stop.check()
        os.kill(os.getpid(), number)
        with pytest.raises(Stopped) as caught:
            stop.check()
    assert caught.value.exit_code is code
    assert signal.getsignal(number) is before
    assert signal.getitimer(signal.ITIMER_REAL) == (0, 0)


def test_a_wait_ends_at_the_deadline() -> None:
    stop = switch(SHORT)

    def run() -> None:
        with stop.on_signals(), stop.waiting():
            time.sleep(20)

    assert ended_within(10, run, OutOfTime).exit_code is ExitCode.AMAZON_UNAVAILABLE


def test_what_is_in_hand_at_the_deadline_has_time_to_end() -> None:
    stop = switch(SHORT)
    with stop.on_signals():
        last = time.monotonic() + 10
        while signal.getitimer(signal.ITIMER_REAL)[0] < 60 and time.monotonic() < last:
            time.sleep(0.01)  # the timer is set anew, for the grace
        with pytest.raises(OutOfTime):
            stop.check()


def test_what_hangs_is_broken_off_after_the_grace() -> None:
    stop = switch(SHORT, SHORT)

    def run() -> None:
        with stop.on_signals():
            hang()

    ended_within(10, run, OutOfTime)


def test_what_hangs_after_a_signal_is_broken_off_too() -> None:
    stop = switch(LONG, SHORT)

    def run() -> None:
        with stop.on_signals():
            os.kill(os.getpid(), signal.SIGTERM)
            hang()

    assert ended_within(10, run, Stopped).exit_code is ExitCode.TERMINATED


@pytest.mark.mariadb
def test_a_database_that_does_not_answer_ends_too(mariadb_server: MariadbServer) -> None:
    engine = sa.create_engine(mariadb_server.url("mysql"))
    stop = switch(SHORT, SHORT)

    def run() -> None:
        with stop.on_signals(), engine.connect() as connection, connection.begin():
            connection.exec_driver_sql("SELECT SLEEP(20)")

    ended_within(10, run, OutOfTime)
    engine.dispose()


def test_it_is_no_exception_that_retries_would_catch() -> None:
    assert not issubclass(Overdue, Exception)


def test_the_guard_is_asked_by_every_check() -> None:
    stop = switch()

    def refuse() -> None:
        raise OrderferryError("another has it")

    stop.guard(refuse)
    with pytest.raises(OrderferryError, match="another has it"):
        stop.check()
    with pytest.raises(OrderferryError, match="another has it"), stop.waiting():
        pass
