"""Opening a ledger: created once, private, bound to an account and a shop."""

from __future__ import annotations

import os
import sqlite3
import stat
from contextlib import closing
from decimal import Decimal
from pathlib import Path

import pytest
from sqlalchemy import text

from orderferry.config.model import LedgerPlace
from orderferry.ledger.failures import LedgerMissing
from orderferry.ledger.ledger import ledger_exists
from orderferry.ledger.quota import QuotaBook
from support.ledgers import ACCOUNT, NOW, SHOP, in_processes, open_once, opened, refusal, snapshot, tell_story


def test_a_missing_ledger_is_created_once(place: LedgerPlace) -> None:
    with opened(place) as first:
        assert first.is_new
        first.remember("a", "b")
    with opened(place) as second:
        assert not second.is_new
        assert second.recall("a") == "b"


def test_an_empty_file_is_a_new_ledger(path: Path) -> None:
    path.touch()
    with opened(path) as ledger:
        assert ledger.is_new


@pytest.mark.parametrize("umask", [0o000, 0o777])
def test_only_its_owner_reads_it(path: Path, umask: int) -> None:
    before = os.umask(umask)
    try:
        with opened(path) as ledger:
            ledger.remember("a", "b")
            files = {file.name: stat.S_IMODE(file.stat().st_mode) for file in path.parent.iterdir()}
    finally:
        os.umask(before)
    assert files == {path.name + suffix: 0o600 for suffix in ("", "-wal", "-shm")}


def test_rights_that_were_too_wide_are_taken_back(path: Path) -> None:
    opened(path).close()
    path.chmod(0o644)
    opened(path, read_only=True).close()
    assert stat.S_IMODE(path.stat().st_mode) == 0o644
    opened(path).close()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_what_is_committed_is_on_the_disk_and_readers_never_wait(path: Path) -> None:
    with opened(path) as ledger, ledger.store.reading() as connection:
        found = {
            pragma: connection.execute(text(f"PRAGMA {pragma}")).scalar()
            for pragma in ("journal_mode", "synchronous", "foreign_keys")
        }
    assert found == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1}


def test_a_ledger_rebuilt_from_a_dump_gets_its_wal_back(path: Path) -> None:
    opened(path).close()
    with closing(sqlite3.connect(path)) as raw:
        raw.execute("PRAGMA journal_mode = DELETE")
    opened(path).close()
    with closing(sqlite3.connect(path)) as raw:
        assert raw.execute("PRAGMA journal_mode").fetchone() == ("wal",)


@pytest.mark.sample(2)
@pytest.mark.parametrize("_round", range(3))
def test_first_runs_at_once_make_one_ledger(place: LedgerPlace, _round: int) -> None:
    assert sorted(in_processes(open_once, [(place,)] * 4)) == [False, False, False, True]


@pytest.mark.parametrize("accept_shop", [False, True])
def test_another_account_is_refused(place: LedgerPlace, accept_shop: bool) -> None:
    opened(place).close()
    error = refusal(lambda: opened(place, account="another", accept_shop=accept_shop))
    assert "another Amazon account" in str(error)


def test_another_shop_is_refused_until_a_person_accepts_it(place: LedgerPlace) -> None:
    opened(place).close()
    error = refusal(lambda: opened(place, shop="db.example/staging ps_"))
    assert SHOP in str(error)
    assert "db.example/staging" in str(error)
    assert "--accept-shop" in error.hint
    opened(place, shop="db.example/moved ps_", accept_shop=True, dry_run=True).close()
    opened(place, shop="db.example/moved ps_", accept_shop=True, read_only=True).close()
    opened(place).close()  # neither has changed anything
    opened(place, shop="db.example/moved ps_", accept_shop=True).close()
    opened(place, shop="db.example/moved ps_").close()
    refusal(lambda: opened(place))


def test_reading_neither_creates_nor_writes(place: LedgerPlace) -> None:
    assert isinstance(refusal(lambda: opened(place, read_only=True)), LedgerMissing)
    assert not ledger_exists(place)
    with opened(place) as ledger:
        tell_story(ledger)
    with opened(place, read_only=True) as ledger:
        assert ledger.entry("028-1") is not None
        assert QuotaBook(ledger, ACCOUNT, Decimal(1), lambda: NOW).left("searchOrders", NOW) == 19
        assert "read-only" in str(refusal(lambda: ledger.remember("a", "b")))


def test_a_dry_run_writes_the_quota_only(place: LedgerPlace) -> None:
    with opened(place, dry_run=True) as ledger:
        ledger.note_seen([snapshot("a")], 0, NOW)
        QuotaBook(ledger, "a", Decimal(1), lambda: NOW).spend("searchOrders")
    with opened(place) as ledger:
        assert ledger.entry("a") is None
        assert QuotaBook(ledger, "a", Decimal(1), lambda: NOW).left("searchOrders", NOW) == 19
