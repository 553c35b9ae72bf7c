"""The shop's database goes away before, within and at the COMMIT of an order, in each of the ways that servers do.

The run ends with exit code 5, or it has tried again and is through; nothing is written twice or by half, and the next
run completes what is missing.
"""

from __future__ import annotations

import resource
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from itertools import count
from pathlib import Path

import pytest
import sqlalchemy as sa

from orderferry.errors import ExitCode
from orderferry.prestashop.database.database import ShopDatabase as Database
from orderferry.simulator.world import World
from support.children import Children
from support.crash_orders import LATELY, T1, T2, T3, VERIFIED, crash_installation, order
from support.crash_scenario import IMPORT, CrashScenario, changes_scenario
from support.mariadb import FAST, MariadbServer, running_server
from support.proofs import Proofs
from support.shop_database import ShopDatabase
from support.shop_databases import ShopDatabases
from support.shop_snapshot import flaws_of_orders
from support.writing import settings_for

OUR_SHOP = (
    "SELECT table_schema FROM information_schema.tables WHERE table_name = 'ps_orderferry_order'"
    " AND table_schema NOT LIKE '%%copy%%'"
)
LIMITED = "SELECT, INSERT, UPDATE, DELETE, CREATE, ALTER, INDEX"  # no right to write while the server is read-only


@pytest.fixture(scope="session")
def own_server() -> Iterator[MariadbServer]:
    """A server that may be maltreated."""
    with running_server(FAST) as server:
        yield server


@pytest.fixture(scope="session")
def away_scenario(tmp_path_factory: pytest.TempPathFactory, own_server: MariadbServer) -> Iterator[CrashScenario]:
    """The changing orders on a server of its own, for a user with few rights and little patience."""
    databases = ShopDatabases(own_server)
    shop = databases.create()
    with own_server.engine().connect() as connection:
        connection.exec_driver_sql("CREATE USER 'few'@'127.0.0.1' IDENTIFIED BY 'rights'")
        connection.exec_driver_sql(f"GRANT {LIMITED} ON `{sa.make_url(shop.url).database}`.* TO 'few'@'127.0.0.1'")
    url = sa.make_url(shop.url).set(username="few", password="rights").render_as_string(hide_password=False)
    limited = ShopDatabase(url, shop.prefix, shop.version)
    folder = tmp_path_factory.mktemp("away")
    with changes_scenario(folder, limited, databases.snapshot, lines={"prestashop": 'timeout = "2s"'}) as made:
        yield made


def run_with(
    scenario: CrashScenario, where: str, accident: tuple[str, str, int], mischief: AbstractContextManager[object]
) -> int:
    """One case: the run stands still at its accident, the mischief begins, the run goes on, the mischief ends, and a
    clean run follows. Return the run's exit code."""
    scenario.reset()
    child = scenario.start(accident=accident)
    ended = child.wait()
    if ended is None:
        with mischief:
            child.go_on()
            ended = child.end()
    where = f"{where} at {accident[2]} ({scenario.healthy.events_of('shop')[accident[2] - 1]})"
    assert ended.code in {scenario.healthy.code, ExitCode.SHOP_UNAVAILABLE}, f"{where}: {ended.told()}"
    assert ended.json["exit_code"] == ended.code
    assert not ended.err, f"{where}: {ended.err}"
    scenario.assert_recovered(scenario.clean_run(), where)
    return ended.code


# The ways in which a database goes away while a run stands still. Each is undone at the end of its block.


@contextmanager
def connections_killed(server: MariadbServer) -> Iterator[None]:
    with server.engine().connect() as connection:
        threads = connection.exec_driver_sql("SELECT id FROM information_schema.processlist WHERE user = 'few'")
        for (thread,) in threads.all():
            connection.exec_driver_sql(f"KILL {thread:d}")
    yield


@contextmanager
def server_restarted(server: MariadbServer) -> Iterator[None]:
    server.stop(kill=True)
    server.start()
    yield


@contextmanager
def server_stopped(server: MariadbServer) -> Iterator[None]:
    server.stop()
    yield
    server.start()


@contextmanager
def read_only(server: MariadbServer) -> Iterator[None]:
    with server.variables(read_only=1):
        yield


@contextmanager
def back_up(server: MariadbServer) -> Iterator[None]:
    """A global read lock, as back-ups take it, for as long as the run lasts."""
    with server.engine().connect() as connection:
        connection.exec_driver_sql("FLUSH TABLES WITH READ LOCK")
        yield
        connection.exec_driver_sql("UNLOCK TABLES")


@contextmanager
def rows_locked(server: MariadbServer) -> Iterator[None]:
    """Another program holds all rows of stock, and the one that numbers are drawn under, which the run has not yet."""
    with server.engine().connect() as connection:
        schema = connection.exec_driver_sql(OUR_SHOP).scalar_one()
        for table in ("ps_stock_available", "ps_orderferry_state"):
            connection.exec_driver_sql(f"SELECT 1 FROM {schema}.{table} FOR UPDATE SKIP LOCKED").all()
        yield
        connection.rollback()


Mischief = Callable[[MariadbServer], AbstractContextManager[None]]
# The sample tries four of them at a COMMIT, and the cheapest at another statement too; the whole tries all of them, the
# slow ones only around the first two orders.
MISCHIEF: dict[str, Mischief] = {
    "connection killed": connections_killed,
    "server restarted": server_restarted,
    "server stopped": server_stopped,
    "read-only": read_only,
    "global read lock": back_up,
    "rows locked": rows_locked,
}
CHEAPEST = "connection killed"
SLOW = frozenset(MISCHIEF) - {"connection killed", "read-only"}
HEALS_AT_ONCE = frozenset({"connection killed", "server restarted"})


def fateful(scenario: CrashScenario) -> list[int]:
    """The statements of the first two transactions that write orders, their COMMITs and what is after them."""
    texts = scenario.healthy.events_of("shop")
    last = [number for number, text in enumerate(texts, 1) if text == "COMMIT answered"][4]
    first = next(number for number, text in enumerate(texts, 1) if text.startswith("SELECT `id_order`"))
    return list(range(first, last + 2))


@pytest.mark.sample(4)
@pytest.mark.parametrize("what", MISCHIEF)
def test_whatever_becomes_of_the_server_the_next_run_completes_the_work(
    away_scenario: CrashScenario, own_server: MariadbServer, proofs: Proofs, what: str
) -> None:
    points = fateful(away_scenario) if what in SLOW else away_scenario.points("shop")
    commits = away_scenario.named("shop", "COMMIT", "COMMIT sent", "COMMIT answered")
    decisive = [point for point in points if point in commits]
    chosen = proofs.choose(points, int(what == CHEAPEST), always=proofs.choose(decisive, 1))
    codes = [run_with(away_scenario, what, ("stop", "shop", point), MISCHIEF[what](own_server)) for point in chosen]
    assert int(ExitCode.SHOP_UNAVAILABLE) in codes or what in HEALS_AT_ONCE
    proofs.ran(f"points at which: {what}", len(chosen), of=len(points))


def test_a_connection_that_breaks_off_and_an_answer_that_never_comes_double_nothing(
    away_scenario: CrashScenario, proofs: Proofs
) -> None:
    """The client's side of it: also the COMMIT that was carried out and whose answer was lost."""
    points = away_scenario.points("shop")
    answers = away_scenario.named("shop", "COMMIT answered")
    chosen = proofs.choose(points, 1, always=proofs.choose(answers, 2))
    codes = {point: run_with(away_scenario, "lost", ("lose", "shop", point), nullcontext()) for point in chosen}
    orders = [codes[point] for point in answers[:-1] if point in codes]
    assert set(orders) == {away_scenario.healthy.code}, "a lost answer is looked after at once"
    proofs.ran("connections lost, answers to COMMIT among them", len(chosen), of=len(points))


def test_a_connection_that_is_gone_is_given_back_without_a_word(
    shop_database: ShopDatabase, mariadb_server: MariadbServer, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Under cron, what a library logs would be a mail with a traceback."""
    database = Database(settings_for(shop_database, tmp_path).prestashop)
    with database.reading("looking") as connection:
        thread = connection.exec_driver_sql("SELECT CONNECTION_ID()").scalar_one()
    with mariadb_server.engine().connect() as other:
        other.exec_driver_sql(f"KILL {thread:d}")
    with caplog.at_level("DEBUG"):
        database.close()
    assert [record.getMessage() for record in caplog.records if record.levelname != "DEBUG"] == []


@pytest.mark.parametrize(("what", "options"), [("increment of three", {}), ("no RETURNING", {"returning": False})])
def test_an_import_is_the_same_on_servers_with_other_ways(
    away_scenario: CrashScenario, own_server: MariadbServer, proofs: Proofs, what: str, options: dict[str, bool]
) -> None:
    away_scenario.reset()
    variables = own_server.variables(auto_increment_increment=3) if not options else nullcontext()
    with variables:
        ended = away_scenario.test_run(**options)
        assert ended.code == away_scenario.healthy.code, ended.told()
        assert not [text for _, text in ended.events if "RETURNING" in text]
        away_scenario.assert_recovered(away_scenario.clean_run(), what)
    ids = [row["id_order"] for row in away_scenario.installation.shop.rows("SELECT id_order FROM {p}orders ORDER BY 1")]
    assert len(ids) == 8
    assert (max(ids) > len(ids)) == (what == "increment of three")
    proofs.ran("servers with other ways", 1)


@pytest.mark.whole
def test_a_full_disk_under_the_database_stops_the_run_between_two_orders(
    mariadb_with: Callable[..., MariadbServer], tmp_path: Path, proofs: Proofs
) -> None:
    """The disk fills up when three orders are in: some later one finds no room for one of its rows."""
    wanted, before = 40, 3
    server = mariadb_with(**FAST)  # whatever becomes of it, no other test needs it
    shop = ShopDatabases(server).create()
    orders = [order(number, LATELY, VERIFIED) for number in range(1, wanted + 1)]
    with crash_installation(tmp_path, shop, world=World(orders)) as made:
        children = Children(tmp_path)
        assert children.run(made.installed, T1, *IMPORT).code == ExitCode.DONE  # orderferry's tables are there
        made.move_to(T2)
        # one commit more: the run first notes in the shop that Amazon calculates the VAT here
        child = children.start(made.installed, T2, *IMPORT, accident=("stop", "committed", before + 1))
        assert child.stopped()
        assert shop.count("orders") == before
        with full_disk(server):
            child.go_on()
            stopped = child.end()
            assert stopped.code == ExitCode.SHOP_UNAVAILABLE, stopped.told()
            assert "no space" in stopped.json["problems"][0]["message"]
            assert 0 < shop.count("orders") == stopped.json["orders"]["created"] < wanted
            assert flaws_of_orders(shop) == []
        made.move_to(T3)
        completed = children.run(made.installed, T3, *IMPORT)
    assert completed.code == ExitCode.DONE, completed.told()
    assert shop.count("orders") == wanted
    assert flaws_of_orders(shop) == []
    proofs.ran("full disks under the database", 1)


@contextmanager
def full_disk(server: MariadbServer) -> Iterator[None]:
    """No file of the server's may grow beyond the one that holds all tables, and what room that has is taken: by
    large rows, by small ones, and by tables, each of which needs pages of its own. At the end all may grow again.

    The rows stay within their pages: a value kept outside of them that finds no room can make the server itself crash.
    """
    assert server.process is not None
    pid, kind = server.process.pid, resource.RLIMIT_FSIZE
    unlimited = resource.prlimit(pid, kind)
    resource.prlimit(pid, kind, ((server.folder / "data/ibdata1").stat().st_size, unlimited[1]))
    with server.engine().connect() as connection:
        connection.exec_driver_sql("CREATE DATABASE filler")
        connection.exec_driver_sql("CREATE TABLE filler.filler (filler VARCHAR(8000)) CHARSET latin1")
        for size, rows in ((7_000, 200), (7_000, 5), (1_000, 20)):
            with suppress(sa.exc.OperationalError):
                while True:
                    connection.exec_driver_sql(
                        f"INSERT INTO filler.filler SELECT REPEAT('x', {size:d}) FROM seq_1_to_{rows:d}"
                    )
                    connection.commit()
            connection.rollback()
        with suppress(sa.exc.OperationalError):
            for number in count(1):
                connection.exec_driver_sql(f"CREATE TABLE filler.filler_{number:d} (filler INT)")
    try:
        yield
    finally:
        resource.prlimit(pid, kind, unlimited)
