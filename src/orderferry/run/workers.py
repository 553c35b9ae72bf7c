"""Run each of many jobs in a process of its own, a few at once: one that hangs, dies or grows harms no other.

The processes are forks: they have what the parent has imported, which is most of what an idle run costs.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from types import FrameType
from typing import Generic, TypeVar

Result = TypeVar("Result")

MOST_AT_ONCE = 4
_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_LONGEST_SLEEP = 1.0  # seconds: a signal does not end a wait, so that it is looked for so often


@dataclass(frozen=True, slots=True)
class Died:
    """A job without a result. `signal`: what ended its process (0: it ended by itself, with `exit_code`).

    `hung`: it was ended because it took too long. `asked`: the signal that ended all of them; without `started` it
    ended this one before it began.
    """

    signal: int = 0
    exit_code: int = 0
    hung: bool = False
    asked: int = 0
    started: bool = True


@dataclass(slots=True)
class _Worker:
    process: BaseProcess
    results: Connection
    deadline: float
    hung: bool = False


def cores_for_workers() -> int:
    """Return how many workers make sense at once on this machine: its cores (those that we may use), at most four."""
    return max(1, min(len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 1, MOST_AT_ONCE))


@dataclass(slots=True)
class Workers(Generic[Result]):
    """Runs jobs, `at_once` at a time; one that takes longer than `longest` seconds is killed.

    SIGINT, SIGTERM and SIGHUP are passed on to the jobs at work, and no other is begun.
    """

    at_once: int
    longest: float
    _running: dict[int, _Worker] = field(default_factory=dict)
    _ended: dict[int, Result | Died] = field(default_factory=dict)
    _asked: int = 0

    def run(self, jobs: Sequence[Callable[[], Result]], delays: Sequence[float] = ()) -> Iterator[Result | Died]:
        """Yield what jobs return (it must be possible to pickle it) in their order, each as soon as it and those before
        it have ended. `delays`: how many seconds after the first each begins, or later.
        """
        began = time.monotonic()
        begins = delays or [0.0] * len(jobs)
        waiting = sorted(range(len(jobs)), key=begins.__getitem__)
        yielded = 0
        with self._forwarding_signals():
            while yielded < len(jobs):
                passed = time.monotonic() - began
                if self._asked:
                    self._ended |= dict.fromkeys(waiting, Died(asked=self._asked, started=False))
                    waiting.clear()
                while waiting and len(self._running) < self.at_once and begins[waiting[0]] <= passed:
                    number = waiting.pop(0)
                    self._running[number] = worker = self._started(jobs[number])
                    if self._asked:  # the signal came while it was being started: it has not got it
                        _send_signal(worker, self._asked)
                self._collect_ended(_LONGEST_SLEEP if not waiting else min(_LONGEST_SLEEP, begins[waiting[0]] - passed))
                while yielded in self._ended:
                    yield self._ended.pop(yielded)
                    yielded += 1

    def _started(self, job: Callable[[], Result]) -> _Worker:
        results, sender = multiprocessing.Pipe(duplex=False)
        process = multiprocessing.get_context("fork").Process(target=_work, args=(job, sender))
        # A signal that comes meanwhile waits: the new process must not answer it as we would.
        before = signal.pthread_sigmask(signal.SIG_BLOCK, _SIGNALS)
        try:
            process.start()
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)
            sender.close()
        return _Worker(process, results, time.monotonic() + self.longest)

    def _collect_ended(self, longest: float) -> None:
        """Wait up to `longest` seconds, collect the jobs that have ended, and kill those that take too long."""
        if not self._running:
            if not self._ended:
                time.sleep(longest)
            return
        ready = wait([worker.results for worker in self._running.values()], max(0.02, longest))
        for number, worker in list(self._running.items()):
            if worker.results in ready:
                self._ended[number] = self._end_of(self._running.pop(number))
            elif time.monotonic() > worker.deadline:
                worker.hung = True
                worker.process.kill()

    def _end_of(self, worker: _Worker) -> Result | Died:
        result: Result | None = None
        try:
            result = worker.results.recv()
        except EOFError:
            pass  # it died before it could say anything
        finally:
            worker.results.close()
            worker.process.join()
        code = worker.process.exitcode or 0
        if result is not None:
            return result
        return Died(signal=max(0, -code), exit_code=max(0, code), hung=worker.hung, asked=self._asked)

    @contextmanager
    def _forwarding_signals(self) -> Iterator[None]:
        previous = {number: signal.signal(number, self._forward) for number in _SIGNALS}
        try:
            yield
        finally:
            for number, handler in previous.items():
                signal.signal(number, handler)
            for worker in self._running.values():  # left early, by an exception: nothing else ends them
                worker.process.terminate()

    def _forward(self, number: int, _frame: FrameType | None) -> None:
        self._asked = self._asked or number
        for worker in list(self._running.values()):
            _send_signal(worker, number)


def _send_signal(worker: _Worker, number: int) -> None:
    if worker.process.pid is not None:
        os.kill(worker.process.pid, number)


def _work(work: Callable[[], object], sender: Connection) -> None:
    for number in _SIGNALS:
        signal.signal(number, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, _SIGNALS)
    sender.send(work())
