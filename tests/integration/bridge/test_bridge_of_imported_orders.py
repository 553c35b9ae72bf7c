"""The whole way: an import writes orders and events, `bridge install` puts the script, a module hears of every order
once, and `bridge status` says so.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from orderferry.bridge import SETTINGS
from orderferry.prestashop.sample_shop import ShopSeed, plain_products
from orderferry.simulator.catalog import DEMO_CATALOG
from orderferry.simulator.http_server import SimulatorServer
from orderferry.simulator.shop_life import generate
from support.bridge import BridgeShop
from support.feed import events, flaws_of_feed
from support.installation import Installed, install
from support.shop_database import ShopDatabase

HOOKS = {"actionValidateOrder", "actionOrderStatusPostUpdate", "actionUpdateQuantity"}
SEED = ShopSeed(products=plain_products([item.sku for item in DEMO_CATALOG], 1000))


def imported(folder: Path, server: SimulatorServer, shop: ShopDatabase) -> Installed:
    """An installation whose first import has made our tables and has written orders."""
    folder.mkdir()
    installed = install(folder, server, shop.url, marketplaces=("IT",), more="[events]\nenabled = true")
    done = installed.run("import", "--json")
    assert done.code in {0, 1}, done
    assert done.json["orders"]["created"] > 5
    return installed


def install_bridge(installed: Installed, shop: BridgeShop) -> None:
    """Put the script there as a webmaster does."""
    done = installed.run("bridge", "install", str(shop.tools), "--shop", str(shop.folder))
    assert done.code == 0, done


@pytest.mark.sample(2)
@pytest.mark.parametrize("version", ["1.6.1.24", "1.7.8.11", "8.2.1", "9.1.4"])
def test_every_imported_order_is_heard_of_once(
    bridge_shop_of: Callable[..., BridgeShop], tmp_path: Path, version: str
) -> None:
    bridge = bridge_shop_of(version, seed=SEED, ready=False)
    shop = bridge.database
    bridge.listen("erp", *HOOKS)
    world = generate(11, datetime.now(UTC) - timedelta(days=1), 1, 15, ("IT",))
    with SimulatorServer(world, usage_plans=False) as server:
        installed = imported(tmp_path / "orderferry", server, shop)
        install_bridge(installed, bridge)
        before = installed.run("bridge", "status", "--json")
        first = bridge.run()
        again = bridge.run()

    assert [problem["code"] for problem in before.json["problems"]] == ["bridge-never-ran"]
    assert (first.returncode, first.stderr) == (0, "")
    assert (again.returncode, again.stderr) == (0, "")
    told = events(shop)
    created = [event["id_order"] for event in told if event["kind"] == "order_created"]
    orders = [row["id_order"] for row in shop.rows("SELECT id_order FROM {p}orders")]
    validated = [line["parameters"]["order"] for line in bridge.log if line["hook"] == "ActionValidateOrder"]
    assert sorted(validated) == sorted(f"Order {number}" for number in orders)
    assert {hook for _, hook in bridge.heard} == HOOKS
    assert {row["state"] for row in bridge.calls()} <= {"done", "skipped"}
    assert flaws_of_feed(shop) == []
    status = installed.run("bridge", "status", "--json")
    assert (status.code, status.json["problems"]) == (0, []), status
    (consumer,) = status.json["consumers"]
    assert (consumer["taken_up_to"], consumer["behind"]) == (told[-1]["id_event"], 0)
    done = {calls["hook"]: calls["done"] for calls in status.json["calls"] if calls["module"] == "erp"}
    assert done["actionValidateOrder"] == len(created)


def test_a_module_that_fails_is_named_by_status(bridge_shop_of: Callable[..., BridgeShop], tmp_path: Path) -> None:
    bridge = bridge_shop_of(seed=SEED, ready=False)
    bridge.listen("erp", "actionValidateOrder")
    bridge.behave({"module": "erp", "hook": "ActionValidateOrder", "do": "throw"})
    world = generate(11, datetime.now(UTC) - timedelta(days=1), 1, 15, ("IT",))
    with SimulatorServer(world, usage_plans=False) as server:
        installed = imported(tmp_path / "orderferry", server, bridge.database)
        install_bridge(installed, bridge)
        assert bridge.run().returncode == 1
        status = installed.run("bridge", "status", "--json")

    assert status.code == 1
    (problem,) = status.json["problems"]
    assert problem["code"] == "calls-failed"
    assert problem["message"].startswith("erp on actionValidateOrder: ")


def test_a_restored_shop_is_told_on(bridge_shop_of: Callable[..., BridgeShop], tmp_path: Path) -> None:
    """The back-up is older than the orders: the bridge goes on behind the highest number that was ever given, and
    hears of the orders that `import --restore` brings back."""
    bridge = bridge_shop_of(seed=SEED, ready=False)
    shop = bridge.database
    bridge.listen("erp", "actionValidateOrder")
    world = generate(11, datetime.now(UTC) - timedelta(days=1), 1, 15, ("IT",))
    with SimulatorServer(world, usage_plans=False) as server:
        installed = imported(tmp_path / "orderferry", server, shop)
        install_bridge(installed, bridge)
        assert bridge.run().returncode == 0
        last, orders = events(shop)[-1]["id_event"], shop.count("orderferry_order")
        for table in ("orders", "order_payment", "orderferry_order", "orderferry_event", "orderferry_event_call"):
            shop.execute(f"DELETE FROM {{p}}{table}")
        shop.execute("DELETE FROM {p}orderferry_event_consumer")
        shop.execute("DELETE FROM {p}orderferry_state")
        bridge.forget()
        restored = installed.run("import", "--restore", "--json")
        assert restored.json["orders"]["created"] == orders, restored
        assert bridge.run().returncode == 0, "the shop has its name again"

    first, *rest = events(shop)
    assert (first["id_event"], first["kind"], first["data"]) == (last + 1, "feed_restored", {"from": 0, "to": last})
    assert [event["id_event"] for event in rest] == list(range(last + 2, last + 2 + len(rest)))
    assert [hook for _, hook in bridge.heard].count("actionValidateOrder") == orders
    shop_id = shop.value("SELECT value FROM {p}orderferry_state WHERE name = 'shop_id'")
    assert f'shop_id = "{shop_id}"' in (bridge.tools / SETTINGS).read_text()
