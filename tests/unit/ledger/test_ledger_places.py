"""Places where no ledger can be, and disks that fail under one: each a sentence, and nothing half-written."""

from __future__ import annotations

import os
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import timedelta
from pathlib import Path

from sqlalchemy import text

from orderferry.domain.ledger_entry import EntryState
from orderferry.errors import LedgerUnusable
from orderferry.ledger import filesystem
from orderferry.ledger.ledger import Ledger
from support.disks import fill
from support.ledgers import NOW, opened, refusal, snapshot

NOBODY = 65534
SHORT = timedelta(milliseconds=50)


def test_a_missing_folder(path: Path) -> None:
    error = refusal(lambda: opened(path.parent / "missing" / path.name))
    assert "folder" in str(error)
    assert "does not exist" in str(error)


def test_a_path_through_a_file(path: Path) -> None:
    path.touch()
    assert "not a folder" in str(refusal(lambda: opened(path / "shop.ledger.sqlite")))


def test_a_folder_in_the_ledgers_place(path: Path) -> None:
    path.mkdir()
    assert "is a folder" in str(refusal(lambda: opened(path)))


def test_a_device_or_pipe_in_the_ledgers_place(path: Path) -> None:
    os.mkfifo(path)
    assert "no ordinary file" in str(refusal(lambda: opened(path)))


@contextmanager
def without_rights() -> Iterator[None]:
    """Be a user who is not root within, and not longer: what measures the tests writes its files between them."""
    os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(0)


def test_a_folder_without_the_right_to_write(readable_folder: Path) -> None:
    with without_rights():
        assert "may not use" in str(refusal(lambda: opened(readable_folder / "shop.ledger.sqlite")))


def test_a_file_of_another_user(readable_folder: Path) -> None:
    path = readable_folder / "shop.ledger.sqlite"
    opened(path).close()
    readable_folder.chmod(0o777)
    with without_rights():
        assert "may not use" in str(refusal(lambda: opened(path)))
        assert "may not use" in str(refusal(lambda: opened(path, read_only=True)))


def test_a_read_only_disk(full_disk: Path) -> None:
    path = full_disk / "shop.ledger.sqlite"
    opened(path).close()
    subprocess.run(["mount", "-o", "remount,ro", full_disk], check=True)
    assert "read-only" in str(refusal(lambda: opened(path)))
    assert "read-only" in str(refusal(lambda: opened(full_disk / "new.ledger.sqlite")))


def test_a_disk_that_is_full_from_the_start(full_disk: Path) -> None:
    fill(full_disk)
    path = full_disk / "shop.ledger.sqlite"
    assert "full" in str(refusal(lambda: opened(path)))
    (full_disk / "filler").unlink()
    with opened(path) as ledger:
        assert ledger.is_new


def test_a_disk_that_becomes_full_loses_nothing_that_was_kept(full_disk: Path) -> None:
    path = full_disk / "shop.ledger.sqlite"
    with opened(path) as ledger:
        ledger.note_seen([snapshot("first")], 1, NOW)
        fill(full_disk)
        refused = [noted for batch in range(40) if not (noted := note_batch(ledger, batch))]
        assert refused
        assert len(ledger.entries([EntryState.SEEN])) == 1 + 50 * (40 - len(refused))  # whole batches only
        (full_disk / "filler").unlink()
        ledger.note_seen([snapshot("last")], 1, NOW)
    with closing(sqlite3.connect(path)) as raw:
        assert raw.execute("PRAGMA integrity_check").fetchone() == ("ok",)


def note_batch(ledger: Ledger, batch: int) -> bool:
    """Note fifty orders; return False if the disk was full."""
    try:
        ledger.note_seen([snapshot(f"{batch}-{number}") for number in range(50)], 1, NOW)
    except LedgerUnusable as error:
        if "full" not in str(error):
            raise
        return False
    return True


def test_a_ledger_that_another_program_keeps_locked(path: Path) -> None:
    with opened(path, busy_timeout=SHORT) as ledger, closing(sqlite3.connect(path)) as other:
        other.execute("BEGIN IMMEDIATE")
        assert "locked" in str(refusal(lambda: ledger.remember("a", "b")))
        assert ledger.recall("a") is None  # readers do not wait
        other.rollback()
        ledger.remember("a", "b")


def test_a_folder_that_another_program_keeps_locked(path: Path) -> None:
    with filesystem.alone_in(path.parent, SHORT):
        assert "locked" in str(refusal(lambda: opened(path, busy_timeout=SHORT)))
    opened(path, busy_timeout=SHORT).close()


def test_an_error_shows_no_statement_and_no_value(path: Path) -> None:
    with opened(path) as ledger:
        with ledger.store.writing() as connection:
            connection.execute(text("DROP TABLE memory"))
        error = refusal(lambda: ledger.remember("a", "canary"))
    assert "no such table: memory" in str(error)
    assert "canary" not in f"{error} {error.hint}"
    assert "UPDATE" not in str(error)
