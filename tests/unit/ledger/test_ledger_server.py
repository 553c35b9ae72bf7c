"""A ledger on a server: its tables beside the shop's, changed by one host at a time, and what can fail there."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import sqlalchemy as sa
from sqlalchemy import Connection, text

from orderferry.config.model import Secret
from orderferry.domain.ledger_entry import EntryState, OrderResult
from orderferry.ledger import migrations, schema, server
from orderferry.ledger.failures import LedgerUnavailable
from orderferry.ledger.ledger import ledger_exists
from orderferry.ledger.migrations import MIGRATIONS
from orderferry.ledger.server import PREFIX, server_engine, server_store
from support.ledgers import ACCOUNT, NOW, opened, refusal, snapshot, tell_story
from support.mariadb import PASSWORD, MariadbServer, free_port


@contextmanager
def raw(url: Secret) -> Iterator[Connection]:
    engine = sa.create_engine(url.reveal(), poolclass=sa.NullPool)
    with engine.begin() as connection:
        yield connection


def changed(url: Secret, **parts: object) -> Secret:
    return Secret(sa.make_url(url.reveal()).set(**parts).render_as_string(hide_password=False))


def test_its_tables_can_live_beside_others_of_the_same_names(url: Secret) -> None:
    with raw(url) as connection:
        for name in ("orders", "quota", "ledger"):
            connection.execute(text(f"CREATE TABLE {name} (id INT PRIMARY KEY)"))
    with opened(url) as ledger:
        tell_story(ledger)
    with raw(url) as connection:
        found = connection.execute(
            text(
                "SELECT table_name, engine, table_collation FROM information_schema.tables "
                "WHERE table_schema = DATABASE()"
            )
        ).all()
        own = {name: (engine, collation) for name, engine, collation in found if name.startswith(PREFIX)}
        assert connection.execute(text("SELECT count(*) FROM orders")).scalar() == 0
        updated = connection.execute(text("SELECT amazon_updated FROM orderferry_ledger_orders")).scalars().first()
        plain = connection.execute(text("SHOW FULL COLUMNS FROM orderferry_ledger_runs LIKE 'command'")).one()
    assert own == {PREFIX + name: ("InnoDB", "utf8mb4_bin") for name in schema.metadata.tables}
    assert len(found) == len(own) + 3
    assert updated == "2026-11-23T05:30:00.000Z"
    assert plain[2] == "ascii_bin"


def test_what_amazon_may_send_one_day_fits(url: Secret) -> None:
    long, odd = "x" * 200, "028-Ünïcode ✓"
    with opened(url) as ledger:
        ledger.note_seen([snapshot(long, amazon_status=long, total=long), snapshot(odd, marketplace_id=long)], 1, NOW)
        ledger.record_results([OrderResult(odd, EntryState.HELD, "bad-field", "s" * 70_000, "m" * 70_000)], 1, NOW)
        ledger.finish_run(ledger.begin_run("import", NOW), NOW, 1, {"problems": ["p" * 200_000]})
        assert set(ledger.known([long, odd])) == {long, odd}
        assert ledger.history(odd)[-1].message == "m" * 70_000
    with opened(url) as ledger:
        assert ledger.recall("nothing") is None


def test_a_first_run_that_was_killed_is_gone_on_with(url: Secret) -> None:
    opened(url).close()
    with raw(url) as connection:  # MySQL commits each table; only the rows at the end make them a ledger
        for name in ("ledger", "migrations"):
            connection.execute(text(f"DELETE FROM {PREFIX}{name}"))
        connection.execute(text(f"DROP TABLE {PREFIX}quota"))
    assert not ledger_exists(url)
    with opened(url) as ledger:
        assert ledger.is_new
        tell_story(ledger)


def add_colour(connection: Connection) -> None:
    connection.execute(text("ALTER TABLE orderferry_ledger_memory ADD COLUMN colour TEXT"))


def test_a_ledger_of_an_older_version_is_changed_once(url: Secret, monkeypatch: pytest.MonkeyPatch) -> None:
    opened(url).close()
    monkeypatch.setattr(migrations, "MIGRATIONS", {**MIGRATIONS, "m999_colour": add_colour})
    assert "older version" in str(refusal(lambda: opened(url, read_only=True)))
    for _ in range(2):
        with opened(url) as ledger:
            assert not ledger.is_new
            ledger.remember("a", "b")
    with raw(url) as connection:
        assert connection.execute(text("SELECT colour FROM orderferry_ledger_memory")).all() == [(None,)]
    monkeypatch.undo()
    assert "newer version" in str(refusal(lambda: opened(url)))


def test_refusals_name_the_key_and_the_place(url: Secret) -> None:
    opened(url).close()
    error = refusal(lambda: opened(url, account="another"))
    assert "ledger.url" in error.hint
    assert sa.make_url(url.reveal()).database in str(error)


@pytest.mark.parametrize("kind", ["port", "password", "database", "driver"])
def test_what_can_be_wrong_with_the_address(url: Secret, kind: str) -> None:
    wrong = {
        "port": ({"port": free_port()}, "can't be reached"),
        "password": ({"password": "wr@ng-secret"}, "refuses the user"),
        "database": ({"database": "nowhere"}, "does not exist"),
        "driver": ({"drivername": "postgresql"}, "no address"),
    }
    parts, sentence = wrong[kind]
    error = refusal(lambda: opened(changed(url, **parts)))
    assert sentence in str(error)
    assert "wr@ng" not in f"{error} {error.hint}"
    assert PASSWORD not in f"{error} {error.hint}"
    assert isinstance(error, LedgerUnavailable) is (kind == "port")
    assert error.heals is (kind == "port")


def test_a_broken_connection_is_a_sentence_and_the_next_use_opens_another(
    url: Secret, mariadb_server: MariadbServer
) -> None:
    with opened(url) as ledger:
        ledger.remember("a", "b")

        def killed_within() -> None:
            with ledger.store.writing() as connection:
                own = connection.exec_driver_sql("SELECT CONNECTION_ID()").scalar_one()
                with mariadb_server.engine().connect() as root:
                    root.exec_driver_sql(f"KILL {own}")
                connection.exec_driver_sql("SELECT 1")

        error = refusal(killed_within)
        assert isinstance(error, LedgerUnavailable)
        assert ledger.recall("a") == "b"
        with mariadb_server.engine().connect() as root:  # while it was idle
            connections = root.exec_driver_sql(
                "SELECT id FROM information_schema.processlist WHERE db = %s", (sa.make_url(url.reveal()).database,)
            )
            for (number,) in connections.all():
                root.exec_driver_sql(f"KILL {number}")
        assert ledger.recall("a") == "b"


def test_a_connection_that_is_given_back_is_closed_and_the_next_use_opens_another(
    url: Secret, mariadb_server: MariadbServer
) -> None:
    count = "SELECT COUNT(*) FROM information_schema.processlist WHERE db = %s"
    database = sa.make_url(url.reveal()).database
    with opened(url) as ledger, mariadb_server.engine().connect() as root:
        assert root.exec_driver_sql(count, (database,)).scalar_one() == 1
        ledger.release()
        open_now = [root.exec_driver_sql(count, (database,)).scalar_one() for _ in range(50)]
        assert 0 in open_now  # servers notice a moment later
        ledger.remember("a", "b")
        assert ledger.recall("a") == "b"


def test_a_user_without_rights_is_told_which(url: Secret, mariadb_server: MariadbServer) -> None:
    database = sa.make_url(url.reveal()).database
    with mariadb_server.engine().connect() as root:
        root.exec_driver_sql("CREATE OR REPLACE USER 'reader'@'127.0.0.1' IDENTIFIED BY 'r'")
        root.exec_driver_sql(f"GRANT SELECT ON {database}.* TO 'reader'@'127.0.0.1'")
    try:
        error = refusal(lambda: opened(changed(url, username="reader", password="r")))
        assert "CREATE" in error.hint
    finally:
        with mariadb_server.engine().connect() as root:
            root.exec_driver_sql("DROP USER 'reader'@'127.0.0.1'")


def test_a_row_that_another_program_holds_ends_in_a_sentence(url: Secret, monkeypatch: pytest.MonkeyPatch) -> None:
    opened(url).close()
    with opened(url) as ledger, raw(url) as other:
        other.execute(text("SELECT * FROM orderferry_ledger_ledger FOR UPDATE"))
        with ledger.store.engine.connect() as connection:
            connection.exec_driver_sql("SET SESSION innodb_lock_wait_timeout = 1")
        assert isinstance(refusal(lambda: ledger.remember("a", "b")), LedgerUnavailable)
        assert ledger.recall("a") is None  # readers never wait


def test_its_account_is_the_owners(url: Secret) -> None:
    with opened(url) as ledger, ledger.store.reading() as connection:
        assert connection.execute(sa.select(schema.ledger.c.account)).scalars().all() == [ACCOUNT]


@pytest.mark.parametrize("read_only", [False, True])
def test_what_a_connection_sets(url: Secret, read_only: bool) -> None:
    engine = server_engine(url, read_only=read_only)
    with engine.connect() as connection:
        found = connection.exec_driver_sql(
            "SELECT @@SESSION.sql_mode, @@innodb_lock_wait_timeout, @@lock_wait_timeout, @@SESSION.tx_isolation, "
            "@@SESSION.tx_read_only, @@character_set_client"
        ).one()
    engine.dispose()
    modes = set(found[0].split(","))
    assert modes == {"STRICT_ALL_TABLES", "NO_ENGINE_SUBSTITUTION"}
    assert tuple(found[1:]) == (30, 30, "REPEATABLE-READ", int(read_only), "utf8mb4")


def test_one_connection_is_kept_and_no_value_gets_into_an_error(url: Secret) -> None:
    with opened(url) as ledger:
        pool = ledger.store.engine.pool
        assert isinstance(pool, sa.QueuePool)
        assert pool.size() == 1
        with pytest.raises(sa.exc.ProgrammingError) as caught, ledger.store.engine.connect() as connection:
            connection.execute(text("SELECT * FROM nothing WHERE a = :value"), {"value": "canary"})
        assert "canary" not in str(caught.value)


def test_a_ledger_that_another_host_keeps_setting_up(url: Secret, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each version of the program has to wait for the same lock."""
    store = server_store(url, read_only=False, dry=False)
    monkeypatch.setattr(server, "TIMEOUT", 0)
    lock = "CONCAT('orderferry_ledger_', LEFT(SHA2(DATABASE(), 256), 40))"

    def set_up() -> None:
        with store.setting_up():
            pass

    with raw(url) as other:
        other.execute(text(f"SELECT GET_LOCK({lock}, 0)"))
        error = refusal(set_up)
        assert error.message.startswith("Another host keeps setting up the ledger 127.0.0.1:")
        assert error.hint == "Wait for the run that does it, or end it if it hangs."
        other.execute(text(f"SELECT RELEASE_LOCK({lock})"))
        set_up()
        assert other.execute(text(f"SELECT IS_FREE_LOCK({lock})")).scalar() == 1
    store.close()
