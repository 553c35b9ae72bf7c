"""The whole way: orders of the simulated Amazon, the feed, the bridge as it is installed, what modules hear."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from orderferry.prestashop.embedded import ShopSeed, plain_products
from orderferry.simulator.catalog import DEMO_CATALOG
from orderferry.simulator.http_server import SimulatorServer
from orderferry.simulator.shop_life import generate
from support.bridge import BridgeShop
from support.installation import install

EVENTS = "[events]\nenabled = true"


@pytest.mark.parametrize("version", ["1.6.1.24", "9.1.4"])
def test_modules_hear_of_every_imported_order(
    bridge_shop_of: Callable[..., BridgeShop], tmp_path: Path, version: str
) -> None:
    products = plain_products([item.sku for item in DEMO_CATALOG], 1000)
    shop = bridge_shop_of(version, seed=ShopSeed(products=products), ready=False)
    shop.listen("erp", "actionValidateOrder", "actionUpdateQuantity", "actionOrderStatusPostUpdate")
    world = generate(11, datetime.now(UTC) - timedelta(days=1), 1, 10, ("IT",))
    with SimulatorServer(world, usage_plans=False) as server:
        installed = install(tmp_path, server, shop.database.url, marketplaces=("IT",), more=EVENTS)
        assert installed.run("import").code == 0
        placed = installed.run("bridge", "install", str(shop.tools), "--shop", str(shop.folder))
        assert placed.code == 0, placed
        assert shop.run().returncode == 0
        status = installed.run("bridge", "status")

    orders = shop.sql("SELECT id_order FROM {p}orders").scalars().all()
    assert orders
    validated = [line["parameters"]["order"] for line in shop.log if line["hook"] == "ActionValidateOrder"]
    assert sorted(validated) == sorted(f"Order {number}" for number in orders)
    assert {hook for _, hook in shop.heard} == {
        "actionValidateOrder",
        "actionUpdateQuantity",
        "actionOrderStatusPostUpdate",
    }
    assert shop.position == shop.sql("SELECT MAX(id_event) FROM {p}orderferry_event").scalar_one()
    assert {row["state"] for row in shop.calls()} <= {"done", "skipped"}
    assert status.code == 0, status
