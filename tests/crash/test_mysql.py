"""The writer on MySQL, where its servers are to be had (scripts/mysql-servers): the oldest that shops run on, and the
newest.

The changing orders are written there row by row as on MariaDB; the next run completes what a killed one left; two
importers share no number; and a ledger lies there as well.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from orderferry.errors import ExitCode
from orderferry.prestashop.sample_shop import DEFAULT_VERSION
from orderferry.simulator.clock import Clock
from orderferry.simulator.http_server import SimulatorServer
from orderferry.simulator.world import World
from support.children import Children, run_all
from support.crash_orders import EVENTS, T1, T2, T3, changing_orders
from support.crash_scenario import IMPORT, CrashScenario, changes_scenario, kill_at_each
from support.feed import flaws_of_feed
from support.installation import install
from support.mariadb import MariadbServer
from support.mysql import NOT_THERE, fetched, running_mysql
from support.proofs import Proofs
from support.race import MUG, PEN, race
from support.shop_database import ShopDatabase
from support.shop_databases import ShopDatabases
from support.shop_snapshot import differences, flaws_of_orders

# The keys of later versions are too long for the tables of MySQL 5.6 as it is set up by itself.
VERSIONS = {"5.6": "1.7.6.9"}
# What makes it take the ledger's.
LONG_KEYS: dict[str, dict[str, str | int]] = {
    "5.6": {"innodb_large_prefix": 1, "innodb_file_format": "Barracuda", "innodb_file_per_table": 1}
}
KILLS = 4
ROUNDS, ALL_ROUNDS = 2, 25


@dataclass(frozen=True)
class Served:
    """A MySQL, and the version of PrestaShop that its shops have."""

    name: str
    server: MariadbServer
    databases: ShopDatabases

    @property
    def version(self) -> str:
        return VERSIONS.get(self.name, DEFAULT_VERSION)

    def shop(self) -> ShopDatabase:
        return self.databases.create(self.version)


@pytest.fixture(scope="session", params=fetched() or [""], ids=lambda name: f"MySQL {name}" if name else "no MySQL")
def mysql(request: pytest.FixtureRequest) -> Iterator[Served]:
    """Each MySQL that was fetched."""
    if not request.param:
        pytest.skip(NOT_THERE)
    with running_mysql(request.param) as server:
        yield Served(request.param, server, ShopDatabases(server))


@pytest.fixture(scope="session")
def mysql_scenario(tmp_path_factory: pytest.TempPathFactory, mysql: Served) -> Iterator[CrashScenario]:
    """The changing orders on MySQL."""
    with changes_scenario(tmp_path_factory.mktemp("mysql"), mysql.shop(), mysql.databases.snapshot) as made:
        yield made


def test_changing_orders_leave_the_same_rows_on_mysql_as_on_mariadb(
    mysql: Served, mysql_scenario: CrashScenario, shop_databases: ShopDatabases, tmp_path: Path, proofs: Proofs
) -> None:
    assert flaws_of_orders(mysql_scenario.installation.shop) + flaws_of_feed(mysql_scenario.installation.shop) == []
    shop = shop_databases.create(mysql.version)
    with changes_scenario(tmp_path, shop, shop_databases.snapshot) as elsewhere:
        assert differences(mysql_scenario.shop_after, elsewhere.shop_after) == []
        assert mysql_scenario.ledger_after == elsewhere.ledger_after
        assert mysql_scenario.healthy.json["orders"] == elsewhere.healthy.json["orders"]
        assert reported(mysql_scenario) == reported(elsewhere)
    shop_databases.give_back(shop)
    proofs.ran(f"comparisons of MySQL {mysql.name} with MariaDB", 1)


def reported(scenario: CrashScenario) -> list[tuple[int, Any]]:
    """What the commands that only look make of these end."""
    scenario.reset()
    assert scenario.test_run().code == scenario.healthy.code
    told: list[tuple[int, Any]] = []
    for words in (("show", "302-5550000-0000001", "--verify"), ("compare", "--source", "search"), ("check",)):
        ended = scenario.clean_run(*words, "--json")
        assert not ended.err, ended.told()
        document = ended.json
        if words[0] == "check":  # whose messages name the server
            document = [(one["name"], one["result"]) for one in document["checks"]]
        told.append((ended.code, without_times(document)))
    return told


def without_times(document: Any) -> Any:
    """A document without what is another one with every run: times, ids, random texts, the port in a seller's key."""
    if isinstance(document, dict):
        return {
            key: without_times(value)
            for key, value in document.items()
            if not any(
                word in key for word in ("time", "date", "reference", "since", "until", "calls", "quota", "seller")
            )
        }
    if isinstance(document, list):
        return [without_times(one) for one in document]
    return document


@pytest.mark.parametrize("part", range(2))
def test_a_run_that_is_killed_on_mysql_is_made_whole_by_the_next(
    mysql: Served, mysql_scenario: CrashScenario, proofs: Proofs, part: int
) -> None:
    points = mysql_scenario.points("shop")[part::2]
    decisive = set(mysql_scenario.named("shop", "COMMIT sent", "COMMIT answered"))
    fateful = proofs.choose([point for point in points if point in decisive], KILLS // 2)
    chosen = proofs.choose(points, KILLS // 2, always=fateful)
    assert chosen
    kill_at_each(mysql_scenario, "shop", chosen)
    proofs.ran(f"kill points at shop statements on MySQL {mysql.name}", len(chosen), of=len(points))


def test_two_importers_on_mysql_write_each_order_once(mysql: Served, tmp_path: Path, proofs: Proofs) -> None:
    rounds = ALL_ROUNDS if proofs.whole else ROUNDS
    shop = mysql.shop()
    with race(tmp_path, shop) as racing:
        mugs, pens = racing.quantity(MUG), racing.quantity(PEN)
        for _ in range(rounds):
            racing.round()
            assert flaws_of_orders(shop) + flaws_of_feed(shop) == []
        assert shop.count("orders") == racing.orders == racing.created["orders"]
        assert racing.quantity(MUG) == mugs - 2 * racing.orders
        assert racing.quantity(PEN) == pens - racing.orders
    mysql.databases.give_back(shop)
    proofs.ran(f"rounds of two importers on MySQL {mysql.name}", rounds, of=ALL_ROUNDS)


def test_two_hosts_share_a_ledger_on_mysql(mysql: Served, tmp_path: Path, proofs: Proofs) -> None:
    shop = mysql.shop()
    more = f"[ledger]\nurl = {json.dumps(shop.url)}\n{EVENTS}"
    world = World(changing_orders())
    with SimulatorServer(world, clock=Clock.still(T1), usage_plans=False) as server:
        children = Children(tmp_path)
        hosts = [
            install(tmp_path, server, shop.url, name=name, marketplaces=("DE",), more=more) for name in ("web1", "web2")
        ]
        if mysql.name in LONG_KEYS:
            refused = children.run(hosts[0], T1, *IMPORT)
            assert refused.code == ExitCode.LEDGER_UNUSABLE, refused.told()
            assert "too old" in refused.json["problems"][0]["message"]
            assert "innodb_large_prefix=ON" in refused.json["problems"][0]["hint"]
            assert shop.count("orders") == 0
        with mysql.server.variables(**LONG_KEYS.get(mysql.name, {})):
            ends = []
            for now in (T1, T2, T3):
                server.clock.move_to(now)
                ends += run_all([children.start(host, now, *IMPORT, "--wait", "60s", real_time=True) for host in hosts])
            now = T3 + timedelta(hours=1)
            server.clock.move_to(now)
            for command in ("recheck", "doublecheck", "status"):
                ends.append(children.run(hosts[1], now, command, "--json"))
        told = "\n".join(one.told() for one in ends)
        assert {one.code for one in ends} <= {ExitCode.DONE, ExitCode.NEEDS_A_PERSON}, told
        created = sum(one.json["orders"]["created"] for one in ends if "orders" in one.json)
        assert created == shop.count("orders") == shop.count("orderferry_order") > 0
        assert flaws_of_orders(shop) + flaws_of_feed(shop) == []
        assert not list(tmp_path.rglob("*.sqlite*")), "nothing is left on the hosts"
    mysql.databases.give_back(shop)
    proofs.ran(f"ledgers on MySQL {mysql.name}", 1)
