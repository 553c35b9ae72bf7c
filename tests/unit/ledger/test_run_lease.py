"""The lease of a command: one run at a time on a ledger that hosts share, and what happens to one that was lost."""

from __future__ import annotations

import multiprocessing
import os
import re
import secrets
import socket
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import pytest
import sqlalchemy as sa

from orderferry.config.model import Secret
from orderferry.errors import AlreadyRunning, ExitCode, LedgerUnusable
from orderferry.ledger import locks
from orderferry.ledger.locks import LENGTH, RENEW_AFTER, LeaseLost, RunLease, leases
from orderferry.ledger.server import server_engine
from support.ledgers import NOW, assert_it_queues, held, hold_lock, in_processes, no_sleep, opened, try_lock
from support.mariadb import MariadbServer


class Seconds:
    """A monotonic clock that stands still."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def seconds() -> Seconds:
    return Seconds()


@pytest.fixture
def lease_of(url: Secret, seconds: Seconds) -> Iterator[Callable[..., RunLease]]:
    made: list[RunLease] = []

    def make(command: str = "import") -> RunLease:
        made.append(RunLease(url, command, sleep=no_sleep, uptime=seconds))
        return made[-1]

    yield make
    for lease in made:
        lease.release()


def expire(url: Secret) -> None:
    """Let all leases be over, as time would."""
    engine = server_engine(url)
    with engine.begin() as connection:
        connection.execute(leases.update().values(expires=NOW - timedelta(days=9000)))
    engine.dispose()


def test_a_second_run_is_told_who_is_at_work(lease_of: Callable[..., RunLease]) -> None:
    with held(lease_of()):
        with pytest.raises(AlreadyRunning) as caught:
            lease_of().acquire()
        since = re.escape(f"(host {socket.gethostname()}, process {os.getpid()}, since ") + r"20[-0-9]+T[:0-9]+Z\)\."
        assert re.search(since, caught.value.message)
        assert caught.value.exit_code is ExitCode.ALREADY_RUNNING
        assert "--wait" in caught.value.hint
    lease_of().acquire()


def test_other_commands_run_beside_it(lease_of: Callable[..., RunLease]) -> None:
    with held(lease_of()), held(lease_of("recheck")):
        lease_of("doublecheck").acquire()
        with pytest.raises(AlreadyRunning):
            lease_of("recheck").acquire()


def test_it_needs_no_ledger_and_disturbs_none(url: Secret, lease_of: Callable[..., RunLease]) -> None:
    with held(lease_of()), opened(url) as ledger:
        assert ledger.is_new
        ledger.remember("a", "b")


def test_queueing_ends_when_it_is_free_or_the_time_is_up(url: Secret, lease_of: Callable[..., RunLease]) -> None:
    assert_it_queues(lease_of(), partial(RunLease, url, "import"), after=10)


def test_one_that_is_not_renewed_is_taken_over_and_its_run_stops(
    url: Secret, lease_of: Callable[..., RunLease], seconds: Seconds
) -> None:
    sleeper, other = lease_of(), lease_of()
    sleeper.acquire()
    expire(url)
    other.acquire()
    seconds.now += 19.9
    sleeper.confirm()  # confirmed a moment ago: not asked again
    seconds.now = 100 + RENEW_AFTER
    with pytest.raises(LeaseLost) as caught:
        sleeper.confirm()
    place = str(sa.make_url(url.reveal()).database)
    assert caught.value.message.startswith("Another run of `orderferry import` has taken the ledger 127.0.0.1:")
    assert caught.value.message.endswith(f"/{place} over; this one stopped before it wrote to the shop again.")
    assert caught.value.hint == (
        "Nothing is lost: that run does the work. This host was not heard of for 5 minutes: if it was not asleep, look "
        "at its network."
    )
    assert (caught.value.exit_code, caught.value.code) == (ExitCode.ALREADY_RUNNING, "lease-lost")
    sleeper.confirm()  # it has none: nothing to renew
    sleeper.release()  # which leaves the other's alone
    other.confirm()
    with pytest.raises(AlreadyRunning):
        lease_of().acquire()


def test_one_that_expired_unnoticed_stays_ours_while_nobody_took_it(
    url: Secret, lease_of: Callable[..., RunLease], seconds: Seconds
) -> None:
    lease = lease_of()
    lease.acquire()
    expire(url)
    seconds.now += LENGTH.total_seconds() * 2
    lease.confirm()
    with pytest.raises(AlreadyRunning):
        lease_of().acquire()


def test_a_run_that_works_keeps_it(url: Secret, lease_of: Callable[..., RunLease], seconds: Seconds) -> None:
    lease = lease_of()
    lease.acquire()
    engine = server_engine(url)
    expires = sa.select(leases.c.expires)
    with engine.connect() as connection:
        first = connection.execute(expires).scalar_one()
        now = connection.execute(sa.select(sa.func.utc_timestamp(3))).scalar_one()
        connection.rollback()
        assert abs((first.replace(tzinfo=None) - now) - timedelta(minutes=5)) < timedelta(seconds=30)
        time.sleep(0.02)
        seconds.now += RENEW_AFTER
        lease.confirm()
        assert connection.execute(expires).scalar_one() > first
    engine.dispose()


def test_a_failed_run_gives_it_back(lease_of: Callable[..., RunLease]) -> None:
    lease = lease_of()
    with pytest.raises(ZeroDivisionError), held(lease):
        _ = 1 / 0
    lease_of().acquire()
    lease.release()


def test_between_hosts_exactly_one_gets_it(url: Secret) -> None:
    refusals = in_processes(hold_briefly, [(url,)] * 4)
    assert sorted(refusals) == ["", "taken", "taken", "taken"]


def hold_briefly(url: Secret) -> str:
    """Take the lease and keep it; return 'taken' where another has it."""
    try:
        RunLease(url, "import", sleep=lambda _: None).acquire()
    except AlreadyRunning:
        return "taken"
    return ""


def test_one_whose_process_was_killed_is_free_when_it_expires(url: Secret, tmp_path: Path) -> None:
    ready = tmp_path / "ready"
    process = multiprocessing.get_context("spawn").Process(target=hold_lock, args=(url, "import", str(ready)))
    process.start()
    try:
        last = time.monotonic() + 30
        while not ready.exists() and time.monotonic() < last:
            time.sleep(0.02)
    finally:
        process.kill()
        process.join()
    assert f"process {process.pid}" in try_lock(url, "import")
    process.close()
    expire(url)
    assert try_lock(url, "import") == ""


def test_a_server_that_fails_ends_the_run_before_it_writes(
    url: Secret,
    lease_of: Callable[..., RunLease],
    seconds: Seconds,
    mariadb_server: MariadbServer,
    caplog: pytest.LogCaptureFixture,
) -> None:
    lease = lease_of()
    lease.acquire()
    seconds.now += RENEW_AFTER
    table = f"{sa.make_url(url.reveal()).database}.orderferry_ledger_leases"
    with mariadb_server.engine().connect() as root:
        root.exec_driver_sql(f"RENAME TABLE {table} TO {table}_elsewhere")
        with pytest.raises(LedgerUnusable, match="lacks a table"):
            lease.confirm()
        lease.release()
        root.exec_driver_sql(f"RENAME TABLE {table}_elsewhere TO {table}")
    assert "the lease on import stays until it expires: The ledger" in caplog.text
    with pytest.raises(AlreadyRunning):
        lease_of().acquire()


def test_a_lease_that_was_given_back_can_be_taken_again(lease_of: Callable[..., RunLease]) -> None:
    lease = lease_of()
    for _ in range(2):
        lease.acquire()
        with pytest.raises(RuntimeError, match="held already"):
            lease.acquire()
        lease.release()
        lease.release()


@pytest.mark.parametrize("drawn", [0, 2**62 - 1])
def test_every_token_that_can_be_drawn_is_kept(
    url: Secret, lease_of: Callable[..., RunLease], monkeypatch: pytest.MonkeyPatch, drawn: int
) -> None:
    monkeypatch.setattr(secrets, "randbits", lambda bits: min(drawn, 2**bits - 1))
    lease_of().acquire()
    engine = server_engine(url)
    with engine.connect() as connection:
        assert connection.execute(sa.select(leases.c.token)).scalar_one() == drawn + 1
    engine.dispose()
    with pytest.raises(AlreadyRunning):
        lease_of().acquire()


def test_a_lease_that_ends_just_within_its_length_holds_and_one_that_ends_later_does_not(
    url: Secret, lease_of: Callable[..., RunLease], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The server's clock stands still here."""
    now = NOW
    monkeypatch.setattr(locks, "_now", lambda _: now)
    lease_of().acquire()
    with pytest.raises(AlreadyRunning, match="since 2026-11-23T06:00:00Z"):
        lease_of().acquire()
    now = NOW - timedelta(milliseconds=1)  # set back
    lease_of().acquire()
    now += timedelta(minutes=5)
    lease_of().acquire()  # the one before has expired


def test_a_lease_of_a_server_whose_clock_was_a_year_ahead_holds_nobody_up(
    url: Secret, lease_of: Callable[..., RunLease]
) -> None:
    lease_of().acquire()
    engine = server_engine(url)
    with engine.begin() as connection:
        connection.execute(leases.update().values(expires=datetime.now(UTC) + timedelta(days=365)))
    engine.dispose()
    lease_of().acquire()
    with pytest.raises(AlreadyRunning):
        lease_of().acquire()


@pytest.mark.skipif(not hasattr(time, "CLOCK_BOOTTIME"), reason="this system has no such clock")
def test_a_lease_counts_the_seconds_in_which_the_machine_sleeps(url: Secret, monkeypatch: pytest.MonkeyPatch) -> None:
    lease, other = RunLease(url, "import", sleep=lambda _: None), RunLease(url, "import", sleep=lambda _: None)
    lease.acquire()
    expire(url)
    other.acquire()
    clocks = time.clock_gettime
    asleep = timedelta(hours=8).total_seconds()
    slept = {time.CLOCK_BOOTTIME: asleep}  # CLOCK_MONOTONIC stands still meanwhile
    monkeypatch.setattr(time, "clock_gettime", lambda clock: clocks(clock) + slept.get(clock, 0.0))
    with pytest.raises(LeaseLost):
        lease.confirm()
    other.release()
