"""The lock of a command: one run at a time, whatever happens to it."""

from __future__ import annotations

import multiprocessing
import os
import stat
import time
from datetime import timedelta
from functools import partial
from itertools import count
from pathlib import Path

import pytest

from orderferry.config.model import Secret
from orderferry.errors import AlreadyRunning, ExitCode, LedgerUnusable
from orderferry.ledger.locks import RunLease, RunLock, one_run, uptime
from support.ledgers import NOW, assert_it_queues, held, hold_lock, in_processes, no_sleep, try_lock


def lock_of(path: Path, command: str = "import") -> RunLock:
    return RunLock(path, command, clock=lambda: NOW, sleep=no_sleep)


def test_a_second_run_is_told_who_is_at_work(tmp_path: Path) -> None:
    path = tmp_path / "shop.ledger.sqlite"
    with held(lock_of(path)):
        with pytest.raises(AlreadyRunning) as caught:
            lock_of(path).acquire()
        assert caught.value.message == (
            f"Another `orderferry import` is at work on the ledger {path} (process {os.getpid()}, since "
            "2026-11-23T06:00:00Z)."
        )
        assert caught.value.hint == "Nothing is lost: that run does the work. `--wait 10m` queues behind it."
        assert caught.value.exit_code is ExitCode.ALREADY_RUNNING
    lock_of(path).acquire()


def test_other_commands_and_other_ledgers_run_beside_it(tmp_path: Path) -> None:
    path = tmp_path / "shop.ledger.sqlite"
    with (
        held(lock_of(path)),
        held(lock_of(path, "recheck")),
        held(lock_of(tmp_path / "other.ledger.sqlite")),
    ):
        assert not lock_of(path, "doublecheck").path.exists()


def test_the_lock_file_is_private_and_stays(tmp_path: Path) -> None:
    lock = lock_of(tmp_path / "shop.ledger.sqlite")
    with held(lock):
        assert lock.path.name == "shop.ledger.sqlite.import.lock"
        assert stat.S_IMODE(lock.path.stat().st_mode) == 0o600
    assert lock.path.exists()


def test_queueing_ends_when_the_lock_is_free_or_the_time_is_up(tmp_path: Path) -> None:
    path = tmp_path / "shop.ledger.sqlite"
    set_back = (NOW - timedelta(days=number) for number in count())
    assert_it_queues(lock_of(path), partial(RunLock, path, "import", clock=lambda: next(set_back)), after=30)


def test_a_failed_run_gives_the_lock_back(tmp_path: Path) -> None:
    lock = lock_of(tmp_path / "shop.ledger.sqlite")
    with pytest.raises(ZeroDivisionError), held(lock):
        _ = 1 / 0
    lock.acquire()
    lock.release()
    lock.release()


def test_between_processes(tmp_path: Path) -> None:
    path = tmp_path / "shop.ledger.sqlite"
    with held(lock_of(path)):
        (refusal,) = in_processes(try_lock, [(path, "import")])
    assert f"process {os.getpid()}" in refusal
    assert in_processes(try_lock, [(path, "import")]) == [""]


def test_the_lock_dies_with_its_process(tmp_path: Path) -> None:
    path, ready = tmp_path / "shop.ledger.sqlite", tmp_path / "ready"
    process = multiprocessing.get_context("spawn").Process(target=hold_lock, args=(path, "import", str(ready)))
    process.start()
    try:
        last = time.monotonic() + 30
        while not ready.exists() and time.monotonic() < last:
            time.sleep(0.02)
        with pytest.raises(AlreadyRunning, match=f"process {process.pid}"):
            lock_of(path).acquire()
    finally:
        process.kill()
        process.join()
        process.close()
    lock_of(path).acquire()


def test_a_program_that_is_started_does_not_inherit_it(tmp_path: Path) -> None:
    lock = lock_of(tmp_path / "shop.ledger.sqlite")
    with held(lock):
        mine = [link for link in Path("/proc/self/fd").iterdir() if link.exists() and link.samefile(lock.path)]
        assert len(mine) == 1
        assert not os.get_inheritable(int(mine[0].name))


def test_no_lock_file_can_be_made(tmp_path: Path) -> None:
    with pytest.raises(LedgerUnusable, match="folder"):
        lock_of(tmp_path / "missing" / "shop.ledger.sqlite").acquire()


@pytest.mark.parametrize("note", ["", "[]", '{"pid": "me", "since": "now"}', '{"since": "now"}', '{"pid": 1}'])
def test_a_note_that_is_not_written_yet_or_no_note_is_left_out(tmp_path: Path, note: str) -> None:
    path = tmp_path / "shop.ledger.sqlite"
    lock = lock_of(path)
    with held(lock):
        lock.path.write_text(note)
        with pytest.raises(AlreadyRunning) as caught:
            lock_of(path).acquire()
    assert str(caught.value).endswith("shop.ledger.sqlite.")


def test_a_longer_note_of_an_earlier_run_leaves_nothing_behind(tmp_path: Path) -> None:
    path = tmp_path / "shop.ledger.sqlite"
    lock = lock_of(path)
    lock.path.write_text("x" * 1000)
    with held(lock), pytest.raises(AlreadyRunning, match=f"process {os.getpid()}"):
        lock_of(path).acquire()


def test_what_is_held_already_is_not_taken_again_and_needs_no_renewal(tmp_path: Path) -> None:
    lock = lock_of(tmp_path / "shop.ledger.sqlite")
    with held(lock):
        lock.confirm()
        with pytest.raises(RuntimeError, match="held already"):
            lock.acquire()


def test_a_failed_wait_leaves_no_file_open(tmp_path: Path) -> None:
    path = tmp_path / "shop.ledger.sqlite"
    lock, other = lock_of(path), lock_of(path)
    before = len(list(Path("/proc/self/fd").iterdir()))
    with held(lock):
        with pytest.raises(AlreadyRunning):
            other.acquire()
        assert len(list(Path("/proc/self/fd").iterdir())) == before + 1
    other.acquire()
    other.release()


def test_a_ledger_file_has_a_lock_and_a_server_a_lease(tmp_path: Path) -> None:
    lock = one_run(tmp_path / "a.sqlite", "import", clock=lambda: NOW, sleep=lambda _: None)
    assert isinstance(lock, RunLock)
    assert lock.path == tmp_path / "a.sqlite.import.lock"
    url = Secret("mysql://user:password@db.example/shop")
    assert isinstance(one_run(url, "import", clock=lambda: NOW, sleep=lambda _: None), RunLease)


def test_a_system_without_a_clock_that_counts_sleep_takes_the_monotonic_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(time, "monotonic", lambda: 7.0)
    assert uptime() != 7
    monkeypatch.delattr(time, "CLOCK_BOOTTIME")
    assert uptime() == 7
