"""Opening a ledger: created once, private, bound to an account and a shop."""

from __future__ import annotations

import os
import sqlite3
import stat
from contextlib import closing
from decimal import Decimal
from pathlib import Path

import pytest
from sqlalchemy import select, text

from orderferry import __version__
from orderferry.config.model import LedgerPlace, Secret
from orderferry.ledger import schema
from orderferry.ledger.failures import LedgerMissing
from orderferry.ledger.ledger import Ledger, ledger_exists
from orderferry.ledger.quota import QuotaBook
from orderferry.ledger.server import location_of
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


def test_a_new_ledger_says_whose_it_is_and_what_it_has_gone_through(place: LedgerPlace) -> None:
    with opened(place) as ledger, ledger.store.reading() as connection:
        assert connection.execute(select(schema.ledger)).all() == [(1, ACCOUNT, SHOP, NOW, __version__, None)]
        assert connection.execute(select(schema.migrations).order_by(schema.migrations.c.name)).all() == [
            ("m001_first_tables", NOW, __version__),
            ("m002_seller_and_unreadable", NOW, __version__),
            ("m003_findings", NOW, __version__),
        ]


def test_the_sentences_about_owners(path: Path) -> None:
    opened(path).close()
    error = refusal(lambda: opened(path, account="another"))
    assert (error.message, error.hint) == (
        f"The ledger {path} belongs to another Amazon account than the configuration names.",
        "If it is the same seller, with a new application (amazon.client_id) or another amazon.endpoint: move the "
        f"ledger away (with its -wal and -shm, where they are), `mv {path} {path}.old`. The next import makes a new "
        "one from the shop's orders. Two sellers, or two regions, need a ledger each (ledger.path).",
    )
    error = refusal(lambda: opened(path, shop="elsewhere"))
    assert (error.message, error.hint) == (
        f"The ledger {path} belongs to the shop {SHOP}, but the configuration names elsewhere.",
        "A copy of the shop needs a ledger of its own (ledger.path). If the shop was moved or renamed, run "
        "`orderferry import --accept-shop` once.",
    )


@pytest.mark.mariadb
def test_the_sentences_about_a_servers_ledger(url: Secret) -> None:
    name = location_of(url)
    error = refusal(lambda: opened(url, read_only=True))
    assert (error.message, error.hint) == (
        f"There is no ledger {name} yet, or one of an older version.",
        "The next `orderferry import` sets it up.",
    )
    opened(url).close()
    hint = refusal(lambda: opened(url, account="another")).hint
    assert "let ledger.url name another database. The next import makes a new one" in hint
    assert hint.endswith("need a ledger each (ledger.url).")


def test_a_file_that_is_only_to_be_read_is_not_brought_up_to_date(path: Path) -> None:
    error = refusal(lambda: opened(path, read_only=True))
    assert (error.message, error.hint) == (
        f"There is no ledger {path} yet.",
        "The first `orderferry import` creates it.",
    )
    path.touch()
    error = refusal(lambda: opened(path, read_only=True))
    assert isinstance(error, LedgerMissing)
    assert (error.message, error.hint) == (
        f"The ledger {path} is empty or of an older version.",
        "The next `orderferry import` brings it up to date.",
    )


def test_a_ledger_file_exists_whatever_is_in_it(path: Path) -> None:
    assert not ledger_exists(path)
    path.touch()
    assert ledger_exists(path)


def test_a_closed_ledger_leaves_one_file_and_may_be_closed_again(path: Path) -> None:
    with opened(path) as ledger:
        ledger.remember("a", "b")
        ledger.release()  # a file stays open
        assert len(list(path.parent.iterdir())) == 3
    assert [file.name for file in path.parent.iterdir()] == [path.name]
    ledger.close()


def test_what_is_refused_is_closed(path: Path) -> None:
    opened(path).close()
    refusal(lambda: opened(path, account="another"))
    assert [file.name for file in path.parent.iterdir()] == [path.name]


def test_a_dry_part_ends_also_where_something_fails_in_it(path: Path) -> None:
    def fail_in_a_dry_part(ledger: Ledger) -> None:
        with ledger.dry():
            ledger.remember("a", "b")
            _ = 1 / 0

    with opened(path) as ledger:
        with pytest.raises(ZeroDivisionError):
            fail_in_a_dry_part(ledger)
        assert ledger.recall("a") is None
        ledger.remember("a", "c")
        assert ledger.recall("a") == "c"
