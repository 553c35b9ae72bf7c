"""What all tables of a ledger stand on: short statements, waits, and repetition where a server asks for it."""

from __future__ import annotations

import sqlite3
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine, text

from orderferry.ledger.failures import LedgerConflict, LedgerUnavailable
from orderferry.ledger.store import Store, chunks, retry_after_conflict, use_wal
from support.ledgers import opened, refusal


def test_lists_are_cut_for_the_oldest_builds_of_sqlite_which_take_999_parameters() -> None:
    assert [list(part) for part in chunks(range(1001))] == [
        list(range(500)),
        list(range(500, 1000)),
        [1000],
    ]
    assert list(chunks([])) == []


def test_a_ledger_waits_half_a_minute_for_other_programs(path: Path) -> None:
    with opened(path) as ledger, ledger.store.reading() as connection:
        assert connection.execute(text("PRAGMA busy_timeout")).scalar() == 30_000


def test_a_ledger_can_be_used_and_closed_from_another_thread(path: Path) -> None:
    with opened(path) as ledger, ThreadPoolExecutor(1) as thread:
        ledger.remember("a", "b")
        assert thread.submit(ledger.recall, "a").result() == "b"
        thread.submit(ledger.close).result()


def test_a_ledger_is_named_by_an_address_also_where_sqlite_takes_none_by_itself(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    connect = sqlite3.connect
    asked: set[tuple[str, bool]] = set()

    def note(name: str, *, uri: bool, **more: Any) -> sqlite3.Connection:
        asked.add((name, uri))
        connection: sqlite3.Connection = connect(name, uri=uri, **more)
        return connection

    monkeypatch.setattr(sqlite3, "connect", note)
    opened(path).close()
    assert asked == {(f"file://{path}?mode=rw", True)}


def test_a_disk_without_a_write_ahead_log_is_refused() -> None:
    memory = Store(create_engine("sqlite://"), "a.sqlite", dry=False)
    error = refusal(lambda: use_wal(memory))
    assert (error.message, error.hint) == (
        "The disk under the ledger a.sqlite does not take a write-ahead log.",
        "Set ledger.path to a local disk; several hosts share a ledger through ledger.url.",
    )


@pytest.fixture
def slept(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    pauses: list[float] = []
    monkeypatch.setattr(time, "sleep", pauses.append)
    return pauses


@pytest.mark.parametrize("conflicts", [0, 1, 3])
def test_a_transaction_that_met_another_one_is_repeated(slept: list[float], conflicts: int) -> None:
    def work(word: str, *, end: str) -> str:
        """Do a transaction's work."""
        if len(slept) < conflicts:
            raise LedgerConflict("a deadlock")
        return word + end

    assert retry_after_conflict(work)("done", end=".") == "done."
    assert slept == [0.05, 0.2, 0.5][:conflicts]
    assert retry_after_conflict(work).__doc__ == work.__doc__


def test_after_the_fourth_conflict_the_error_goes_on_and_other_errors_do_at_once(slept: list[float]) -> None:
    error: LedgerUnavailable = LedgerConflict("a deadlock")

    def work() -> None:
        raise error

    with pytest.raises(LedgerConflict):
        retry_after_conflict(work)()
    assert slept == [0.05, 0.2, 0.5]
    error = LedgerUnavailable("away")
    with pytest.raises(LedgerUnavailable):
        retry_after_conflict(work)()
    assert len(slept) == 3


def test_how_a_new_ledger_takes_the_place_of_an_old_one(tmp_path: Path) -> None:
    path = tmp_path / "my shop.sqlite"
    opened(path).close()
    assert (
        f"another amazon.endpoint: move the ledger away (with its -wal and -shm, where they are), `mv '{path}' "
        f"'{path}'.old`. The next import makes a new one from the shop's orders."
        in refusal(lambda: opened(path, account="another")).hint
    )
