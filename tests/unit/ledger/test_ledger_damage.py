"""Files that are no ledgers, or no longer whole ones: each a sentence, and the file is kept as it is."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from decimal import Decimal
from pathlib import Path

import pytest
from sqlalchemy import text

from orderferry.domain.ledger_entry import EntryState
from orderferry.ledger.quota import QuotaBook
from support.ledgers import ACCOUNT, NOW, opened, refusal, snapshot, tell_story


def test_garbage_is_refused_and_kept(path: Path) -> None:
    path.write_bytes(b"order,total\n" * 500)
    assert "no ledger" in str(refusal(lambda: opened(path)))
    assert path.read_bytes() == b"order,total\n" * 500


def test_another_programs_database_is_refused_and_kept(path: Path) -> None:
    with closing(sqlite3.connect(path)) as raw:
        raw.execute("CREATE TABLE notes (text)")
    before = path.read_bytes()
    error = refusal(lambda: opened(path))
    assert (error.message, error.hint) == (
        "The file that ledger.path names is another program's database, not a ledger.",
        "Correct ledger.path.",
    )
    assert path.read_bytes() == before


@pytest.mark.parametrize("kept", [0.9, 0.5, 0.05])
def test_a_truncated_file_is_refused(path: Path, kept: float) -> None:
    with opened(path) as ledger:
        tell_story(ledger)
    os.truncate(path, int(path.stat().st_size * kept))
    error = refusal(lambda: opened(path))
    assert "damaged" in str(error)
    assert "missing ledger is rebuilt" in error.hint


def test_damage_within_is_noticed_by_the_call_that_meets_it(path: Path) -> None:
    with opened(path) as ledger:
        many = [snapshot(f"{number:05}") for number in range(2000)]
        ledger.note_seen(many, 1, NOW)
    with closing(sqlite3.connect(path)) as raw:
        (page,) = raw.execute("SELECT rootpage FROM sqlite_master WHERE name = 'orders'").fetchone()
    with path.open("r+b") as file:
        file.seek((page - 1) * 4096)
        file.write(b"\xff" * 4096)
    with opened(path) as ledger:
        assert "damaged" in str(refusal(lambda: ledger.entries(list(EntryState))))
        assert "damaged" in str(refusal(lambda: ledger.note_seen(many, 2, NOW)))


@pytest.mark.parametrize(
    ("table", "column", "value"),
    [
        ("orders", "first_seen", "yesterday"),
        ("orders", "last_seen", "2026-11-23T06:00:00"),
        ("orders", "state", "lost"),
        ("listings", "search", "{}"),
        ("listings", "search", "[]"),
        ("listings", "search", "nothing"),
        ("quota", "tokens", "many"),
    ],
)
def test_a_value_that_somebody_edited_is_a_sentence(path: Path, table: str, column: str, value: str) -> None:
    with opened(path) as ledger:
        tell_story(ledger)
        with ledger.store.writing() as connection:
            connection.execute(text(f"UPDATE {table} SET {column} = :value"), {"value": value})

        def read() -> None:
            ledger.entry("028-1")
            ledger.listing("recheck")
            QuotaBook(ledger, ACCOUNT, Decimal(1), lambda: NOW).left("searchOrders", NOW)

        assert "can't be read" in str(refusal(read))


def test_a_ledger_without_an_owner_is_refused(path: Path) -> None:
    with opened(path) as ledger, ledger.store.writing() as connection:
        connection.execute(text("DELETE FROM ledger"))
    error = refusal(lambda: opened(path))
    assert (error.message, error.hint) == (
        f"The ledger {path} does not say whose it is.",
        "Put back a copy of it.",
    )
