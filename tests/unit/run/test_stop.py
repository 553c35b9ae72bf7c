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
from orderferry.run.stop import OutOfTime, Overdue, Stopped, StopSwitch, stopped_by
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


class Clock:
    """A clock that is moved by hand."""

    def __init__(self) -> None:
        self.now = datetime(2026, 11, 23, 6, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now


def test_time_is_over_at_the_deadline_and_not_before() -> None:
    clock = Clock()
    stop = StopSwitch(clock, clock() + LONG)
    clock.now += LONG - timedelta(seconds=1)
    stop.check()
    clock.now += timedelta(seconds=1)
    with pytest.raises(OutOfTime) as over:
        stop.check()
    assert over.value.message == "The run reached its --max-time and stopped in good order."
    assert over.value.hint == "The next run goes on from there; raise --max-time if this repeats."
    assert (over.value.code, over.value.exit_code, over.value.heals) == ("out-of-time", 4, True)


def test_without_a_deadline_no_timer_runs() -> None:
    stop = StopSwitch(Clock())
    with stop.on_signals():
        assert signal.getitimer(signal.ITIMER_REAL) == (0, 0)
        stop.check()


@pytest.mark.parametrize(("length", "seconds"), [(LONG, 7200), (timedelta(seconds=-5), 0.001)])
def test_the_timer_rings_at_the_deadline(length: timedelta, seconds: float) -> None:
    clock, heard = Clock(), list[float]()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(signal, "setitimer", lambda _timer, seconds: heard.append(seconds))
        with StopSwitch(clock, clock() + length).on_signals():
            pass
    assert heard == [seconds, 0]


def test_what_is_in_hand_has_twenty_seconds_after_a_signal() -> None:
    stop = StopSwitch(Clock())
    with stop.on_signals():
        os.kill(os.getpid(), signal.SIGTERM)
        assert 19 < signal.getitimer(signal.ITIMER_REAL)[0] <= 20


def test_the_first_signal_counts() -> None:
    stop = StopSwitch(Clock())
    with stop.on_signals():
        os.kill(os.getpid(), signal.SIGHUP)
        os.kill(os.getpid(), signal.SIGTERM)
        with pytest.raises(Stopped) as stopped:
            stop.check()
    assert stopped.value.exit_code == 129
    assert stopped.value.message == "Stopped on request; what is done is kept, and the next run goes on from there."
    assert (stopped.value.code, stopped.value.heals) == ("stopped", False)


def test_a_wait_ends_at_a_signal_and_only_a_wait() -> None:
    stop = StopSwitch(Clock())
    with stop.on_signals():
        with stop.waiting():
            pass
        os.kill(os.getpid(), signal.SIGINT)  # nothing is raised here: an order may be half-written
        with pytest.raises(Stopped), stop.waiting():
            pytest.fail("nobody waits any more")
    second = StopSwitch(Clock())
    with second.on_signals(), pytest.raises(Stopped), second.waiting():
        os.kill(os.getpid(), signal.SIGINT)


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)])
def test_the_exit_code_of_each_signal(number: int, code: int) -> None:
    assert stopped_by(number).exit_code == code
