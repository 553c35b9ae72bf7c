"""The first import as a new user meets it: all orders since orders.since come, or are a gap until later runs bring
them. Subprocesses as under cron, the simulated Amazon over HTTP."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from test_import_end_to_end import DEMO_SKUS, EUROPE, ready_totals, shop_totals

from orderferry.prestashop.sample_shop import ShopSeed, plain_products
from orderferry.simulator.clock import Clock
from orderferry.simulator.http_server import SimulatorServer
from orderferry.simulator.shop_life import generate
from support.installation import Installed, install

DAY = timedelta(days=1)
START = (datetime.now(UTC) - 21 * DAY).replace(microsecond=0)


@pytest.fixture
def amazon() -> Iterator[SimulatorServer]:
    """Three weeks of a seller's life, 3 orders a day."""
    with SimulatorServer(generate(7, START, 21, 3, EUROPE), clock=Clock(), usage_plans=False) as server:
        yield server


@pytest.fixture
def shop(shop_database_of: Any) -> Any:
    return shop_database_of("8.2.1", seed=ShopSeed(products=plain_products(DEMO_SKUS, 1000)))


def installed_since(folder: Path, amazon: SimulatorServer, shop: Any, since: datetime, share: str = "") -> Installed:
    more = f'[orders]\nsince = "{since:%Y-%m-%dT%H:%M:%SZ}"'
    more += "".join(f"\n[marketplace.{code}]\nvat_by_amazon = true" for code in EUROPE)
    return install(folder, amazon, shop.url, more=more, amazon=share)


def expected(amazon: SimulatorServer, since: datetime, settled: datetime) -> dict[str, Any]:
    """What Amazon showed as ready at a moment, of the orders that were placed since."""
    placed = {str(order.order_id): amazon.world.find(str(order.order_id), settled) for order in amazon.world}
    young = {order_id for order_id, found in placed.items() if found and found[0].created >= since}
    return {order_id: total for order_id, total in ready_totals(amazon, settled).items() if order_id in young}


def full_bucket(installed: Installed) -> None:
    """Hours pass: the quota is there again."""
    with closing(sqlite3.connect(installed.ledger)) as ledger, ledger:
        ledger.execute("DELETE FROM quota")


@pytest.mark.parametrize("days", [2, 20])
def test_a_plain_import_under_cron_brings_all_since_orders_since(
    tmp_path: Path, amazon: SimulatorServer, shop: Any, days: int
) -> None:
    since = datetime.now(UTC).replace(microsecond=0) - days * DAY
    installed = installed_since(tmp_path, amazon, shop, since)
    settled = amazon.clock.now() - timedelta(minutes=4)
    done = installed.run("import")
    assert (done.code, done.out, done.err) == (0, "", "")
    wanted = expected(amazon, since, settled)
    assert len(wanted) > days
    assert shop_totals(shop).keys() >= wanted.keys()
    status = installed.run("status", "--json").json
    assert status["gaps"] == []
    begins = {cell["spans"][0]["from"] for cell in status["coverage"]}
    assert begins == {f"{since:%Y-%m-%dT%H:%M:%SZ}"}
    seen = amazon.requests.count("searchOrders")
    assert installed.run("import", "--json").json["orders"]["created"] == 0
    assert amazon.requests.count("searchOrders") == seen + 1


def test_what_the_quota_does_not_carry_is_a_gap_until_later_runs_have_read_it(
    tmp_path: Path, amazon: SimulatorServer, shop: Any
) -> None:
    since = datetime.now(UTC).replace(microsecond=0) - 20 * DAY
    installed = installed_since(tmp_path, amazon, shop, since, "quota_share = 0.1")
    settled = amazon.clock.now() - timedelta(minutes=4)
    first = installed.run("import", "--json")
    assert first.code == 4, first.out + first.err
    missing = expected(amazon, since, settled).keys() - shop_totals(shop).keys()
    assert missing
    status = installed.run("status", "--json")
    assert (status.code, status.json["healthy"]) == (1, False)
    gaps = status.json["gaps"]
    assert {gap["from"] for gap in gaps} == {f"{since:%Y-%m-%dT%H:%M:%SZ}"}
    assert {(gap["marketplace"], gap["channel"]) for gap in gaps} == {
        (code, channel) for code in EUROPE for channel in ("regular", "fba")
    }
    until = datetime.fromisoformat(gaps[0]["until"]).astimezone(ZoneInfo("Europe/Rome"))
    assert f"{until:%Y-%m-%d %H:%M}" in installed.run("status").out
    page = tmp_path / "status.html"
    installed.run("status", "--html", str(page))
    assert "Not all is well" in page.read_text()
    for _ in range(6):
        full_bucket(installed)
        later = installed.run("import")
        if later.code == 0:
            break
        assert later.code == 4
    assert (later.code, later.out) == (0, "")
    assert shop_totals(shop).keys() >= expected(amazon, since, settled).keys()
    assert installed.run("status", "--json").json["gaps"] == []


def test_a_dry_run_first_takes_nothing_from_the_first_import(
    tmp_path: Path, amazon: SimulatorServer, sqlite_shop: Any
) -> None:
    since = datetime.now(UTC).replace(microsecond=0) - 20 * DAY
    installed = install(
        tmp_path,
        amazon,
        sqlite_shop.url,
        more=f'[orders]\nsince = "{since:%Y-%m-%dT%H:%M:%SZ}"\n[products]\nunknown = "line"',
    )
    dry = installed.run("import", "--dry-run", "--json").json
    real = installed.run("import", "--json").json
    assert dry["orders"]["created"] == real["orders"]["created"] > 20
    assert json.dumps(dry["observed"])[:40] == json.dumps(real["observed"])[:40]
