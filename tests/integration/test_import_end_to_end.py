"""The whole way as cron starts it: a subprocess, the simulated Amazon over HTTP, a real MariaDB with 8.2.1's tables."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from orderferry.domain.marketplaces import MARKETPLACES
from orderferry.prestashop.sample_shop import ShopSeed, plain_products
from orderferry.simulator.catalog import DEMO_CATALOG
from orderferry.simulator.http_server import SimulatorServer
from orderferry.simulator.orders import RawOrder
from orderferry.simulator.shop_life import generate
from orderferry.simulator.world import World
from support.installation import install

SANDBOX = Path(__file__).parents[1] / "data/amazon/sandbox-2026-01-01.json"
DEMO_SKUS = [item.sku for item in DEMO_CATALOG]
EUROPE = ("IT", "DE", "FR", "ES")


def sandbox_orders() -> dict[str, dict[str, Any]]:
    """Amazon's published orders by id."""
    orders: dict[str, dict[str, Any]] = {}
    for case in json.loads(SANDBOX.read_text(encoding="utf-8"))["cases"]:
        answer = case["response"]
        for order in answer.get("orders", [answer["order"]] if "order" in answer else []):
            orders[order["orderId"]] = order
    return orders


def sandbox_skus() -> list[str]:
    return sorted({item["product"]["sellerSku"] for o in sandbox_orders().values() for item in o["orderItems"]})


def shop_totals(shop: Any) -> dict[str, list[Decimal]]:
    """Every order of the shop by Amazon id, read by SQL of the test's own."""
    rows = shop.rows(
        "SELECT p.transaction_id AS amazon_id, o.total_paid FROM {p}orders o"
        " JOIN {p}order_payment p ON p.order_reference = o.reference"
    )
    totals: dict[str, list[Decimal]] = {}
    for row in rows:
        totals.setdefault(row["amazon_id"], []).append(row["total_paid"])
    return totals


@pytest.fixture
def simulator() -> Iterator[SimulatorServer]:
    start = datetime.now(UTC) - timedelta(days=3)
    world = generate(5, start, 3, 15, EUROPE)
    with SimulatorServer(world) as server:
        yield server


def ready_totals(server: SimulatorServer, moment: datetime) -> dict[str, Decimal]:
    """What a search at that moment would show as ready, with Amazon's grand total."""
    ready: dict[str, Decimal] = {}
    for order in server.world:
        found = server.world.find(str(order.order_id), moment)
        if found is None:
            continue
        sight, document = found
        regular = sight.fulfilled_by == "MERCHANT"
        if sight.status == "SHIPPED" or (regular and sight.status in ("UNSHIPPED", "PARTIALLY_SHIPPED")):
            ready[str(order.order_id)] = Decimal(document["proceeds"]["grandTotal"]["amount"])
    return ready


@pytest.mark.usefixtures("started_anew")
def test_every_ready_order_is_in_the_shop_once_with_amazons_total_and_a_second_run_changes_nothing(
    tmp_path: Path, simulator: SimulatorServer, shop_database_of: Any
) -> None:
    shop = shop_database_of("8.2.1", seed=ShopSeed(products=plain_products(DEMO_SKUS, 1000)))
    installed = install(tmp_path, simulator, shop.url, more='[observation]\nwindow = "4d"')
    settled = simulator.clock.now() - timedelta(minutes=4)
    first = installed.run("import", "--json")
    assert first.code == 0, first.out + first.err
    assert first.err == ""
    document = first.json
    totals = shop_totals(shop)
    assert document["orders"]["created"] == len(totals) > 30
    assert all(len(found) == 1 for found in totals.values())
    expected = ready_totals(simulator, settled)
    assert {order_id: found[0] for order_id, found in totals.items()}.items() >= expected.items()
    assert document["orders"]["seen"] == sum(n for word, n in document["orders"].items() if word != "seen")
    before = shop.counts()
    searches = simulator.requests.count("searchOrders")
    second = installed.run("import", "--json")
    assert second.code == 0
    assert simulator.requests.count("searchOrders") == searches + 1
    assert second.json["orders"]["created"] == second.json["orders"]["updated"] == 0
    assert shop.counts() == before
    for command in ("recheck", "doublecheck"):
        again = installed.run(command, "--json")
        assert again.code == 0, again.out
        assert again.json["orders"]["created"] == 0
    assert {k: v for k, v in shop.counts().items() if k == "orders"} == {"orders": before["orders"]}


@pytest.mark.usefixtures("started_anew")
def test_a_healthy_run_under_cron_prints_nothing(
    tmp_path: Path, simulator: SimulatorServer, shop_database_of: Any
) -> None:
    shop = shop_database_of("8.2.1", seed=ShopSeed(products=plain_products(DEMO_SKUS, 1000)))
    finished = install(tmp_path, simulator, shop.url).run("import")
    assert (finished.code, finished.out, finished.err) == (0, "", "")


@pytest.mark.parametrize("region", ["eu", "na", "fe"])
def test_every_importable_sandbox_order_of_a_region_is_created_once(
    region: str, tmp_path: Path, shop_database_of: Any
) -> None:
    codes = tuple(m.code for m in MARKETPLACES if m.region == region)
    ids = {m.id for m in MARKETPLACES if m.region == region}
    orders = {i: o for i, o in sandbox_orders().items() if o["salesChannel"]["marketplaceId"] in ids}
    assert orders
    shop = shop_database_of("8.2.1", seed=ShopSeed(products=plain_products(sandbox_skus(), 50)))
    with SimulatorServer(World([RawOrder(order) for order in orders.values()])) as server:
        installed = install(tmp_path, server, shop.url, region=region, marketplaces=codes)
        for attempt in range(2):
            finished = installed.run("import", "--json", "--since", "2024-12-01")
            assert finished.code == 0, finished.out + finished.err
            word = "unchanged" if attempt else "created"
            assert finished.json["orders"][word] == len(orders), finished.out
    totals = shop_totals(shop)
    grand = {i: [Decimal(o["proceeds"]["grandTotal"]["amount"])] for i, o in orders.items()}
    assert totals == grand


def test_a_dry_run_leaves_no_trace_in_the_shop(
    tmp_path: Path, simulator: SimulatorServer, shop_database_of: Any
) -> None:
    shop = shop_database_of("8.2.1", seed=ShopSeed(products=plain_products(DEMO_SKUS, 1000)))
    before = shop.counts()
    finished = install(tmp_path, simulator, shop.url).run("import", "--dry-run", "--json")
    assert finished.code == 0, finished.out
    assert finished.json["orders"]["created"] > 30
    assert finished.json["dry_run"] is True
    assert shop.counts() == before
