"""Jobs in processes of their own: in order, a few at once, and what becomes of those that die, hang or are stopped."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from orderferry.run.workers import Died, Workers, cores_for_workers


def answer(number: int) -> int:
    return number


def meet(mine: Path, others: list[Path]) -> str:
    """Say that this process is at work, and wait until the others are; return '' if they never are."""
    mine.touch()
    return "met" if all(appears(other) for other in others) else ""


def appears(path: Path) -> bool:
    last = time.monotonic() + 20
    while not path.exists() and time.monotonic() < last:
        time.sleep(0.01)
    return path.exists()


def hang(path: Path) -> str:
    path.touch()
    time.sleep(60)
    return "never"


def kill_itself() -> str:
    os.kill(os.getpid(), signal.SIGKILL)
    return "never"


def leave() -> str:
    sys.exit(9)


def workers(at_once: int = 2, longest: float = 60.0) -> Workers[object]:
    return Workers(at_once, longest)


def test_results_come_in_the_order_of_the_jobs() -> None:
    jobs = [partial(answer, number) for number in range(7)]
    assert list(workers().run(jobs, [0.05 if number % 2 else 0.0 for number in range(7)])) == list(range(7))


def test_some_are_at_work_at_once(tmp_path: Path) -> None:
    a, b = tmp_path / "a", tmp_path / "b"
    assert list(workers().run([partial(meet, a, [b]), partial(meet, b, [a])])) == ["met", "met"]


def test_no_more_than_were_asked_for(tmp_path: Path) -> None:
    def alone() -> bool:
        mark = tmp_path / "at work"
        mark.touch(exist_ok=False)
        time.sleep(0.01)
        mark.unlink()
        return True

    assert list(workers(at_once=1).run([alone] * 4)) == [True] * 4


def test_a_large_result_passes() -> None:
    assert [len(str(each)) for each in workers().run([lambda: "x" * 3_000_000])] == [3_000_000]


def test_one_that_dies_touches_no_other() -> None:
    jobs: list[Callable[[], object]] = [
        kill_itself,
        partial(answer, 1),
        leave,
        partial(answer, 3),
    ]
    assert list(workers().run(jobs)) == [Died(signal=9), 1, Died(exit_code=9), 3]


def test_one_that_hangs_is_ended_and_touches_no_other(tmp_path: Path) -> None:
    jobs: list[Callable[[], object]] = [partial(hang, tmp_path / "a"), partial(answer, 1)]
    assert list(workers(longest=0.3).run(jobs)) == [Died(signal=9, hung=True), 1]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_signal_reaches_those_at_work_and_keeps_the_others_from_beginning(
    tmp_path: Path, number: signal.Signals
) -> None:
    def send() -> None:
        appears(tmp_path / "a")
        appears(tmp_path / "b")
        os.kill(os.getpid(), number)

    before = signal.getsignal(number)
    sender = threading.Thread(target=send)
    jobs: list[Callable[[], object]] = [
        partial(hang, tmp_path / "a"),
        partial(hang, tmp_path / "b"),
        partial(hang, tmp_path / "c"),
    ]
    running = workers().run(jobs)
    sender.start()
    ends = list(running)
    sender.join()
    assert ends == [Died(signal=number, asked=number)] * 2 + [Died(asked=number, started=False)]
    assert not (tmp_path / "c").exists()
    assert signal.getsignal(number) is before


def test_what_was_begun_is_ended_when_nobody_wants_it_any_more(tmp_path: Path) -> None:
    def note() -> str:
        (tmp_path / "begun").write_text(str(os.getpid()))
        (tmp_path / "begun").rename(tmp_path / "pid")  # it appears with its content
        time.sleep(60)
        return ""

    running = workers().run([partial(answer, 0), note, partial(answer, 2)])
    assert next(running) == 0
    assert appears(tmp_path / "pid")
    running.close()  # type: ignore[attr-defined]
    last = time.monotonic() + 20
    while time.monotonic() < last:
        finished, _status = os.waitpid(int((tmp_path / "pid").read_text()), os.WNOHANG)
        if finished:
            return
        time.sleep(0.01)
    pytest.fail("the worker is still there")


@pytest.mark.parametrize(("cores", "count"), [(0, 1), (1, 1), (3, 3), (4, 4), (5, 4), (64, 4)])
def test_as_many_workers_as_cores_and_four_at_most(monkeypatch: pytest.MonkeyPatch, cores: int, count: int) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(cores)), raising=False)
    assert cores_for_workers() == count


def test_one_worker_where_nobody_knows_the_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(os, "sched_getaffinity", raising=False)
    assert cores_for_workers() == 1


def test_a_job_begins_when_its_time_has_come() -> None:
    began = time.monotonic()
    first, second = workers().run([time.monotonic, time.monotonic], [0.1, 0.0])
    assert isinstance(first, float)
    assert isinstance(second, float)
    assert first - began >= 0.1
    assert second < first


def test_each_result_is_given_as_soon_as_it_is_there(tmp_path: Path) -> None:
    running = workers().run([partial(answer, 1), partial(hang, tmp_path / "a")])
    assert next(running) == 1
    running.close()  # type: ignore[attr-defined]


def test_a_result_that_is_false_or_nothing_is_a_result() -> None:
    assert list(workers().run([lambda: 0, lambda: "", lambda: False])) == [0, "", False]
    assert list(workers().run([])) == []


def test_what_a_worker_answers_to_signals_is_its_own_death() -> None:
    def look() -> list[bool]:
        return [signal.getsignal(one) is signal.SIG_DFL for one in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)] + [
            not signal.pthread_sigmask(signal.SIG_BLOCK, ())
        ]

    assert list(workers().run([look])) == [[True] * 4]
    assert signal.pthread_sigmask(signal.SIG_BLOCK, ()) == set()


def test_no_descriptor_is_left_open() -> None:
    def count() -> int:
        return len(list(Path("/dev/fd").iterdir()))

    list(workers().run([partial(answer, 0)]))
    before = count()
    list(workers().run([partial(answer, number) for number in range(5)]))
    assert count() == before
