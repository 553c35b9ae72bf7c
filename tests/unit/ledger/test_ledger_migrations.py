"""Ledgers of every version so far, and how they are brought up to date."""

from __future__ import annotations

import shutil
import sqlite3
import stat
from collections.abc import Callable
from contextlib import closing
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from sqlalchemy import Connection, text

from orderferry import __version__
from orderferry.domain.ledger_entry import EntryState
from orderferry.domain.orders import Channel
from orderferry.domain.search import Basis
from orderferry.domain.spans import Span
from orderferry.ledger import migrations
from orderferry.ledger.migrations import MIGRATIONS
from orderferry.ledger.quota import QuotaBook
from support.ledgers import ACCOUNT, DE, HOUR, NOW, SEARCH, opened, refusal

# One file for each version that was ever released, made by `support.ledgers.tell_story` of its time; never remade.
OLD_LEDGERS = sorted((Path(__file__).parents[2] / "data" / "ledgers").glob("v*.sqlite"))


def schema(path: Path) -> dict[str, set[tuple[object, ...]]]:
    """What each table has for columns and indexes, whatever their order."""
    with closing(sqlite3.connect(path)) as raw:
        tables = [name for (name,) in raw.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        return {
            table: {row[1:] for row in raw.execute(f"PRAGMA table_info({table})")}
            | {
                (index, unique, *(column for _, _, column in raw.execute(f"PRAGMA index_info({index})")))
                for _, index, unique, *_ in raw.execute(f"PRAGMA index_list({table})").fetchall()
            }
            for table in tables
        }


Migrations = dict[str, Callable[[Connection], None]]


def add_colour(connection: Connection) -> None:
    connection.execute(text("ALTER TABLE memory ADD COLUMN colour TEXT"))


@pytest.fixture
def one_more(monkeypatch: pytest.MonkeyPatch) -> Migrations:
    """A program that is a version further than this one."""
    further = {**MIGRATIONS, "m999_colour": add_colour}
    monkeypatch.setattr(migrations, "MIGRATIONS", further)
    return further


def test_there_is_a_file_of_each_version() -> None:
    assert [old.stem for old in OLD_LEDGERS] == [f"v{number}" for number in range(1, len(MIGRATIONS) + 1)]


@pytest.mark.parametrize("old", OLD_LEDGERS, ids=lambda old: old.stem)
def test_an_old_ledger_is_read_as_it_was_written(old: Path, path: Path) -> None:
    shutil.copy(old, path)
    with opened(path) as ledger:
        assert not ledger.is_new
        states = {entry.order_id: entry.state for entry in ledger.entries(list(EntryState))}
        assert states == {
            "028-1": EntryState.IMPORTED,
            "028-2": EntryState.WAITING,
            "028-3": EntryState.HELD,
            "028-4": EntryState.IGNORED,
        }
        held = ledger.entry("028-3")
        assert held is not None
        assert (held.code, held.subject, held.first_seen) == ("unknown-sku", "SKU-1", NOW)
        assert [line.detail for line in ledger.history("028-1")] == ["", "created order 7"]
        assert ledger.coverage(Basis.UPDATED)[(DE, Channel.FBA)] == (Span(NOW - 24 * HOUR, NOW),)
        assert ledger.rereading([(DE, Channel.FBA)]) == {(DE, Channel.FBA): (NOW, NOW - HOUR)}
        (listing,) = ledger.listing("recheck")
        assert (listing.search, listing.token) == (SEARCH, "next")
        ledger.drop_listing(listing)  # it goes by a digest that must stay the same
        assert ledger.listing("recheck") == []
        assert ledger.last_runs()[0].report == {"command": "import", "exit_code": 1}
        assert ledger.conditions()["held"].count == 1
        assert ledger.recall("last payment") == "12345"
        book = QuotaBook(ledger, ACCOUNT, Decimal(1), lambda: NOW)
        assert book.left("searchOrders", NOW) == 19
        assert book.calls(date(2026, 1, 1)) == {NOW.date(): {"searchOrders": 1}}


@pytest.mark.parametrize("old", OLD_LEDGERS, ids=lambda old: old.stem)
def test_an_old_ledger_ends_with_the_tables_of_a_new_one(old: Path, path: Path) -> None:
    shutil.copy(old, path)
    opened(path).close()
    new = path.with_name("new.sqlite")
    opened(new).close()
    assert schema(path) == schema(new)


def test_a_copy_is_kept_before_the_tables_change(path: Path, one_more: Migrations) -> None:
    shutil.copy(OLD_LEDGERS[-1], path)
    before = schema(path)
    copy = path.with_name("shop.ledger.before-m999.sqlite")
    copy.write_text("left by a migration that failed")
    copy.with_name(copy.name + ".part").write_text("left by one that was killed")
    opened(path).close()
    assert schema(path) != before
    assert schema(copy) == before
    assert stat.S_IMODE(copy.stat().st_mode) == 0o600
    with closing(sqlite3.connect(copy)) as raw:
        assert raw.execute("SELECT count(*) FROM orders").fetchone() == (4,)
    with closing(sqlite3.connect(path)) as raw:
        assert raw.execute("SELECT name FROM migrations ORDER BY name").fetchall()[-1] == ("m999_colour",)
    assert {each.name for each in path.parent.iterdir()} == {path.name, copy.name}


def test_a_new_ledger_needs_no_migration(path: Path, one_more: Migrations) -> None:
    opened(path).close()
    with opened(path) as ledger:
        assert not ledger.is_new
    assert [each.name for each in path.parent.iterdir()] == [path.name]


def test_a_migration_that_fails_changes_nothing(
    path: Path, one_more: Migrations, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(connection: Connection) -> None:
        connection.execute(text("UPDATE orders SET no_such_column = 1"))

    shutil.copy(OLD_LEDGERS[-1], path)
    before = schema(path)
    monkeypatch.setattr(migrations, "MIGRATIONS", {**one_more, "m1000_wrong": fail})
    refusal(lambda: opened(path))
    assert schema(path) == before
    monkeypatch.setattr(migrations, "MIGRATIONS", one_more)
    opened(path).close()
    assert schema(path) != before


def test_an_old_ledger_that_is_only_to_be_read_is_left_alone(path: Path, one_more: Migrations) -> None:
    shutil.copy(OLD_LEDGERS[-1], path)
    assert "older version" in str(refusal(lambda: opened(path, read_only=True)))
    assert [each.name for each in path.parent.iterdir()] == [path.name]


def test_a_ledger_of_a_newer_program_is_refused(
    path: Path, one_more: Migrations, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened(path).close()
    monkeypatch.setattr(migrations, "MIGRATIONS", MIGRATIONS)
    error = refusal(lambda: opened(path))
    assert (error.message, error.hint) == (
        "The ledger was written by a newer version of orderferry (it has m999_colour).",
        f"Update orderferry (this is {__version__}), or put back the copy that was kept before the update.",
    )
