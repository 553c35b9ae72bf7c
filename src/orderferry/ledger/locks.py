"""Let one run of a command at a time use a ledger.

A file has a lock of the kernel's, which ends with the process that holds it. A ledger on a server, which several hosts
share, has a lease instead, which must be renewed. The run does so between two orders (`confirm`) and checks each time
that the lease is still its own: a host that slept, or lost its network, finds that another run has taken it, and stops
before it writes to the shop again. The order that such a host was writing can't become two: the marker in the shop
prevents it.
"""

from __future__ import annotations

import fcntl
import json
import logging
import os
import secrets
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import (
    BigInteger,
    Column,
    ColumnElement,
    Connection,
    Engine,
    MetaData,
    Table,
    and_,
    func,
    inspect,
    select,
)
from sqlalchemy.dialects.mysql import insert
from sqlalchemy.schema import CreateTable

from orderferry.config.model import LedgerPlace, Secret
from orderferry.domain.durations import iso
from orderferry.errors import AlreadyRunning, LedgerUnusable
from orderferry.ledger.failures import translated
from orderferry.ledger.schema import ON_SERVERS, Moment, ascii_text, unicode_text
from orderferry.ledger.server import PREFIX, location_of, server_engine
from orderferry.safe_files import open_for_writing

log = logging.getLogger(__name__)

_PAUSE = 0.5  # seconds between two tries while queueing
# A run that died leaves its lease behind for so long. Longer than the longest step between two confirmations (a call
# to Amazon with its repetitions); shorter than cron's usual quarter of an hour, so that one run at most is skipped.
LENGTH = timedelta(minutes=5)
RENEW_AFTER = 20.0  # seconds
_NEVER = datetime.min.replace(tzinfo=UTC)
_FREE = 0


class RunLock:
    """The lock of `command` on the ledger at `path`: the file `<path>.<command>.lock`, which is never deleted.

    `clock` gives aware UTC, `sleep` takes seconds.
    """

    def __init__(
        self, path: Path, command: str, *, clock: Callable[[], datetime], sleep: Callable[[float], None]
    ) -> None:
        self.path = path.with_name(f"{path.name}.{command}.lock")
        self._ledger = str(path)
        self._command = command
        self._clock = clock
        self._sleep = sleep
        self._descriptor: int | None = None

    def acquire(self, wait: timedelta = timedelta(0)) -> None:
        """Take the lock; wait for it at most `wait`.

        Raise AlreadyRunning if another process keeps it, LedgerUnusable if there can be no lock file.
        """
        if self._descriptor is not None:
            raise RuntimeError("this lock is held already")
        with translated(self._ledger):
            descriptor = open_for_writing(self.path, os.O_RDWR)
            try:
                self._queue(descriptor, wait.total_seconds())
                os.ftruncate(descriptor, 0)
                os.pwrite(descriptor, json.dumps({"pid": os.getpid(), "since": iso(self._clock())}).encode(), 0)
            except BaseException:
                os.close(descriptor)
                raise
        self._descriptor = descriptor

    def confirm(self) -> None:
        """Do nothing: the lock is held while this process lives. A RunLease is renewed here."""

    def release(self) -> None:
        """Release the lock, if it is held."""
        if self._descriptor is not None:
            descriptor, self._descriptor = self._descriptor, None
            os.close(descriptor)

    def _queue(self, descriptor: int, left: float) -> None:
        while True:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                if left <= 0:
                    raise _already_running(self._command, self._ledger, _holder(descriptor)) from None
                left -= _poll(self._sleep, left)
            else:
                return


def _already_running(command: str, ledger: str, holder: str) -> AlreadyRunning:
    """Return the error of a run that can't start; `holder`: " (process …, since …)", or ''."""
    return AlreadyRunning(
        f"Another `orderferry {command}` is at work on the ledger {ledger}{holder}.",
        hint="Nothing is lost: that run does the work. `--wait 10m` queues behind it.",
    )


def _poll(sleep: Callable[[float], None], left: float) -> float:
    """Wait before the next attempt, at most the `left` seconds; return the seconds waited.

    They are counted here because a clock that is set meanwhile must not make the wait longer.
    """
    pause = min(_PAUSE, left)
    sleep(pause)
    return pause


def uptime() -> float:
    """Return the seconds of a clock that can't be set and that goes on while the machine sleeps.

    Linux's CLOCK_MONOTONIC stops then; macOS has no such clock.
    """
    clock = getattr(time, "CLOCK_BOOTTIME", None)
    return time.monotonic() if clock is None else time.clock_gettime(clock)


def _holder(descriptor: int) -> str:
    """Return who holds the lock, as text for a message; '' when it is not noted yet."""
    try:
        note = json.loads(os.pread(descriptor, os.fstat(descriptor).st_size, 0))
        return f" (process {int(note['pid'])}, since {note['since']})"
    except (ValueError, KeyError, TypeError):
        return ""


# Only where hosts share a ledger; a file has the kernel's lock. `token`: drawn anew each time it is taken, 0: free.
leases = Table(
    "leases",
    MetaData(),
    Column("command", ascii_text(32), primary_key=True),
    Column("token", BigInteger, nullable=False),
    Column("holder", unicode_text(255), nullable=False),
    Column("since", Moment, nullable=False),
    Column("expires", Moment, nullable=False),
    **ON_SERVERS,
)


class LeaseLost(AlreadyRunning):
    """Another run took the lease over while this one did not renew it."""

    code = "lease-lost"


class RunLease:
    """The lease of `command` on the ledger at `url`; the same methods as RunLock.

    Only the server's clock decides whether it has expired. `sleep` takes seconds, for queueing; `uptime` gives
    seconds, those in which the machine sleeps included.
    """

    def __init__(
        self, url: Secret, command: str, *, sleep: Callable[[float], None], uptime: Callable[[], float] = uptime
    ) -> None:
        self._ledger = location_of(url)
        self._engine: Engine = server_engine(url)
        self._command = command
        self._sleep = sleep
        self._uptime = uptime
        self._token = _FREE
        self._confirmed = 0.0

    def acquire(self, wait: timedelta = timedelta(0)) -> None:
        """Take the lease; wait for it at most `wait`.

        Raise AlreadyRunning if another run keeps it, LedgerUnusable if the server can't be used.
        """
        if self._token:
            raise RuntimeError("this lease is held already")
        self._token = secrets.randbits(62) + 1
        try:
            self._queue(wait.total_seconds())
        except BaseException:
            self.release()  # a signal may have come after the commit
            raise

    def confirm(self) -> None:
        """Renew the lease if that was not done lately. Raise LeaseLost if another run has it, LedgerUnusable."""
        if not self._token or self._uptime() - self._confirmed < RENEW_AFTER:
            return
        with self._transaction() as connection:
            now = _now(connection)
            renewal = leases.update().where(self._is_mine()).values(expires=now + LENGTH)
            is_mine = connection.execute(renewal).rowcount > 0
        if not is_mine:
            self._token = _FREE
            raise LeaseLost(
                f"Another run of `orderferry {self._command}` has taken the ledger {self._ledger} over; this one "
                "stopped before it wrote to the shop again.",
                hint=f"Nothing is lost: that run does the work. This host was not heard of for "
                f"{int(LENGTH.total_seconds() // 60)} minutes: if it was not asleep, look at its network.",
            )
        self._confirmed = self._uptime()

    def release(self) -> None:
        """Release the lease, if it is held. One that can't be released expires."""
        if self._token:
            try:
                with self._transaction() as connection:
                    connection.execute(leases.update().where(self._is_mine()).values(token=_FREE, expires=_NEVER))
            except LedgerUnusable as error:
                log.warning("the lease on %s stays until it expires: %s", self._command, error)
            self._token = _FREE
        self._engine.dispose()

    def _queue(self, left: float) -> None:
        with translated(self._ledger), self._engine.connect() as connection:
            if not inspect(connection).has_table(PREFIX + leases.name):
                connection.execute(CreateTable(leases, if_not_exists=True))
                connection.commit()
        while holder := self._try():
            if left <= 0:
                raise _already_running(self._command, self._ledger, holder)
            left -= _poll(self._sleep, left)

    def _try(self) -> str | None:
        """Take the lease if it is free; return who else holds it, as text for a message, None where it was taken."""
        with self._transaction() as connection:
            row = insert(leases).values(command=self._command, token=_FREE, holder="", since=_NEVER, expires=_NEVER)
            connection.execute(row.on_duplicate_key_update(command=self._command))
            ours = leases.c.command == self._command
            found = connection.execute(select(leases).where(ours).with_for_update()).one()
            now = _now(connection)
            # One that lasts longer than any was taken while the server's clock was wrong.
            if found.token != _FREE and now < found.expires <= now + LENGTH:
                return f" ({found.holder}, since {iso(found.since.replace(microsecond=0))})"
            holder = f"host {socket.gethostname()}, process {os.getpid()}"
            taken = {"token": self._token, "holder": holder, "since": now, "expires": now + LENGTH}
            connection.execute(leases.update().where(ours).values(**taken))
        self._confirmed = self._uptime()
        return None

    @contextmanager
    def _transaction(self) -> Iterator[Connection]:
        with translated(self._ledger), self._engine.begin() as connection:
            yield connection

    def _is_mine(self) -> ColumnElement[bool]:
        return and_(leases.c.command == self._command, leases.c.token == self._token)


def _now(connection: Connection) -> datetime:
    """Return the time of the server's clock."""
    now: datetime = connection.execute(select(func.utc_timestamp(3))).scalar_one()
    return now.replace(tzinfo=UTC)


# What keeps two runs of a command apart.
OneRun = RunLock | RunLease


def one_run(
    place: LedgerPlace, command: str, *, clock: Callable[[], datetime], sleep: Callable[[float], None]
) -> OneRun:
    """Return the lock of `command` for ledger.path, or its lease for ledger.url (a Secret). Raise LedgerUnusable."""
    if isinstance(place, Secret):
        return RunLease(place, command, sleep=sleep)
    return RunLock(place, command, clock=clock, sleep=sleep)
