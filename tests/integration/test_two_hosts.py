"""Two hosts, one ledger in the shop's own database: no order doubled, no quota overspent, no run beside another."""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from orderferry.bootstrap import Installation
from orderferry.config.load import load_settings
from orderferry.errors import ExitCode
from orderferry.ledger import locks
from orderferry.prestashop.sample_shop import ShopSeed, plain_products
from orderferry.prestashop.shop import PrestashopShop
from orderferry.run.sweeps import RunOptions
from orderferry.simulator.catalog import DEMO_CATALOG
from orderferry.simulator.http_server import SimulatorServer
from orderferry.simulator.shop_life import generate
from support.installation import Installed, install
from support.shop_database import ShopDatabase
from support.starting import start

ROUNDS = 2
LITTLE = 5  # tokens
DEMO_SKUS = [item.sku for item in DEMO_CATALOG]
# (host, command): what is started at one moment
AT_ONCE = ((0, "import"), (1, "import"), (0, "doublecheck"), (1, "recheck"))


@pytest.fixture
def simulator() -> Iterator[SimulatorServer]:
    start = datetime.now(UTC) - timedelta(days=3)
    with SimulatorServer(generate(5, start, 3, 16, ("IT", "DE", "FR", "ES")), usage_plans=True) as server:
        yield server


@pytest.fixture
def shop(shop_database_of: Any) -> ShopDatabase:
    shop: ShopDatabase = shop_database_of("8.2.1", seed=ShopSeed(products=plain_products(DEMO_SKUS, 1000)))
    return shop


def hosts(tmp_path: Path, simulator: SimulatorServer, shop: ShopDatabase) -> list[Installed]:
    """Two stateless hosts with the same configuration."""
    more = f'[observation]\nwindow = "4d"\n\n[ledger]\nurl = {json.dumps(shop.url)}'
    made = []
    for name in ("web1", "web2"):
        (tmp_path / name).mkdir()
        made.append(install(tmp_path / name, simulator, shop.url, more=more))
    return made


def at_once(installed: list[Installed], *words: str) -> list[tuple[str, int, dict[str, Any]]]:
    """Start all of AT_ONCE together; return command, exit code and report of each."""
    running = []
    for host, command in AT_ONCE:
        one, answer = installed[host], installed[host].folder / f"{command}.json"
        with answer.open("wb") as out, Path(os.devnull).open("wb") as nothing:
            whole = one.command(command, "--json", *words)
            wait = start(whole, one.folder, one.environment(), out=out.fileno(), err=nothing.fileno())
        running.append((command, wait, answer))
    return [(command, wait(), json.loads(answer.read_text("utf-8"))) for command, wait, answer in running]


def times_imported(shop: ShopDatabase) -> Counter[str]:
    rows = shop.rows(
        "SELECT p.transaction_id AS amazon_id FROM {p}orders o"
        " JOIN {p}order_payment p ON p.order_reference = o.reference"
    )
    return Counter(row["amazon_id"] for row in rows)


def test_two_hosts_at_once_share_the_orders_and_the_quota(
    tmp_path: Path, simulator: SimulatorServer, shop: ShopDatabase
) -> None:
    installed = hosts(tmp_path, simulator, shop)
    created = 0
    for _ in range(ROUNDS):
        ends = at_once(installed)
        assert {code for _, code, _ in ends} <= {0, 3, 4}, ends
        created += sum(document["orders"]["created"] for _, _, document in ends)
        simulator.clock.advance(timedelta(hours=1))
    found = times_imported(shop)
    assert set(found.values()) == {1}
    assert created == len(found) > 24
    assert shop.value("SELECT count(*) FROM {p}orderferry_order") == len(found)
    # Invoice numbers are given by whoever writes: none twice.
    assert shop.value("SELECT count(*) - count(DISTINCT number) FROM {p}order_invoice WHERE number > 0") == 0
    answers = Counter(request.status for request in simulator.requests)
    assert answers[429] == 0
    booked = shop.value("SELECT SUM(calls) FROM orderferry_ledger_calls_per_day WHERE operation = 'searchOrders'")
    assert booked == simulator.requests.count("searchOrders")
    assert not list(tmp_path.rglob("*.sqlite*"))  # nothing is left on the hosts
    assert not list(tmp_path.rglob("*.lock"))


def test_an_empty_bucket_stops_both_hosts_in_good_order(
    tmp_path: Path, simulator: SimulatorServer, shop: ShopDatabase
) -> None:
    installed = hosts(tmp_path, simulator, shop)
    assert installed[0].run("import", "--json").code == 0
    now = simulator.clock.now()
    while (simulator.usage.left("searchOrders", now) or 0) >= LITTLE + 1:
        simulator.usage.spend("searchOrders", now)
    shop.execute("UPDATE orderferry_ledger_quota SET tokens = :little WHERE operation = 'searchOrders'", little=LITTLE)
    before = simulator.requests.count("searchOrders")
    codes = [code for _ in range(2) for _, code, _ in at_once(installed, "--window", "12h")]
    assert 4 in codes
    assert set(codes) <= {0, 3, 4}
    assert [request for request in simulator.requests if request.status == 429] == []
    assert 0 < simulator.requests.count("searchOrders") - before <= LITTLE + 1
    assert set(times_imported(shop).values()) <= {1}


def test_a_host_that_was_cut_off_is_waited_for_and_then_taken_over(
    tmp_path: Path, simulator: SimulatorServer, shop: ShopDatabase
) -> None:
    first, second = hosts(tmp_path, simulator, shop)
    assert second.run("import", "--dry-run", "--json").code == 0
    soon = f"{datetime.now(UTC) + timedelta(minutes=4):%Y-%m-%dT%H:%M:%S.000Z}"  # a lease lasts five minutes
    shop.execute(
        "UPDATE orderferry_ledger_leases SET token = 5, holder = 'host elsewhere, process 1', "
        f"since = '2026-11-23T06:00:00.000Z', expires = '{soon}'"
    )
    refused = first.run("import", "--json")
    assert refused.code == 3
    assert "elsewhere" in refused.json["problems"][0]["message"]
    shop.execute("UPDATE orderferry_ledger_leases SET expires = '2026-01-01T00:00:00.000Z'")
    assert first.run("import", "--json").code == 0
    status = second.run("status", "--json")
    assert status.code == 0, status.err
    assert status.json["commands"]


def test_a_run_that_loses_its_lease_stops_before_the_next_order(
    tmp_path: Path, simulator: SimulatorServer, shop: ShopDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    installed, _ = hosts(tmp_path, simulator, shop)
    monkeypatch.setattr(locks, "RENEW_AFTER", 0.0)
    applied: list[str] = []
    apply = PrestashopShop.apply

    def apply_and_lose(self: PrestashopShop, plan: Any, now: datetime) -> Any:
        done = apply(self, plan, now)
        applied.append(plan.order_id)
        if len(applied) == 3:
            shop.execute("UPDATE orderferry_ledger_leases SET token = 5, expires = '2999-01-01T00:00:00.000Z'")
        return done

    monkeypatch.setattr(PrestashopShop, "apply", apply_and_lose)
    report = Installation(load_settings(installed.configuration, {})).run("import", RunOptions())
    assert [error.code for error in report.errors] == ["lease-lost"]
    assert report.exit_code is ExitCode.ALREADY_RUNNING
    assert len(times_imported(shop)) == len(applied) == 3
    assert shop.value("SELECT count(*) FROM orderferry_ledger_orders WHERE state = 'imported'") == 3
    assert shop.value("SELECT token FROM orderferry_ledger_leases") == 5  # the other's, which stays


def test_a_ledger_whose_server_is_away_writes_nothing(
    tmp_path: Path, simulator: SimulatorServer, shop: ShopDatabase
) -> None:
    (installed, _) = hosts(tmp_path, simulator, shop)
    installed.more = '[ledger]\nurl = "mysql://ledger:secret@127.0.0.1:1/ledgers"'
    finished = installed.write().run("import", "--json")
    assert finished.code == 6
    (problem,) = finished.json["problems"]
    assert problem["code"] == "ledger-unavailable"
    assert "the next run goes on" in problem["hint"]
    assert "secret" not in finished.out + finished.err
    assert times_imported(shop) == Counter()
