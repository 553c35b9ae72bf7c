"""One run of a command at a time on a ledger: a lock of the kernel's, which dies with the process that holds it."""

from __future__ import annotations

import fcntl
import json
import os
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

from orderferry.domain.durations import iso
from orderferry.errors import AlreadyRunning
from orderferry.ledger.failures import translated
from orderferry.safe_files import open_for_writing

_POLL = 0.5  # seconds between two tries while queueing
_LONGEST_NOTE = 200  # bytes of the note in the lock file


class RunLock:
    """The lock of `command` on the ledger at `path`: the file `<path>.<command>.lock`, which is left when it is free.

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
        """Take the lock, queueing up to `wait` for it.

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
        """Ask whether the lock still is ours: while this process lives, it is."""

    def release(self) -> None:
        """Give the lock back, if it is held."""
        if self._descriptor is not None:
            descriptor, self._descriptor = self._descriptor, None
            os.close(descriptor)

    def _queue(self, descriptor: int, left: float) -> None:
        while True:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                if left <= 0:
                    raise already_running(self._command, self._ledger, _holder(descriptor)) from None
                left -= poll(self._sleep, left)
            else:
                return


def already_running(command: str, ledger: str, holder: str) -> AlreadyRunning:
    """The refusal of a run, given who is at work, in words."""
    return AlreadyRunning(
        f"Another `orderferry {command}` is at work on the ledger {ledger}{holder}.",
        hint="Nothing is lost: that run does the work. `--wait 10m` queues behind it.",
    )


def poll(sleep: Callable[[float], None], left: float) -> float:
    """Wait before the next try; `left`: the seconds until there is none. Return the seconds waited: a clock that is set
    meanwhile must not make the wait longer."""
    pause = min(_POLL, left)
    sleep(pause)
    return pause


def uptime() -> float:
    """Seconds of a clock that nobody can set and that goes on while the machine sleeps, which Linux's CLOCK_MONOTONIC
    does not (macOS has no such clock)."""
    clock = getattr(time, "CLOCK_BOOTTIME", None)
    return time.monotonic() if clock is None else time.clock_gettime(clock)


def _holder(descriptor: int) -> str:
    """Who holds the lock, in words; '' when its note is not written yet."""
    try:
        note = json.loads(os.pread(descriptor, _LONGEST_NOTE, 0))
        return f" (process {int(note['pid'])}, since {note['since']})"
    except (ValueError, KeyError, TypeError):
        return ""
