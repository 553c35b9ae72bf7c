"""scripts/bridge_probe.py, for those who have a PrestaShop: tried here on the double."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from support.bridge import BridgeShop

SCRIPT = Path(__file__).parents[3] / "scripts/bridge_probe.py"


def tried(shop: BridgeShop, *options: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(SCRIPT), str(shop.folder), *options]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def without_feed(shop: BridgeShop) -> BridgeShop:
    for table in ("event", "event_consumer", "event_call", "order", "state"):
        shop.sql(f"DROP TABLE {{p}}orderferry_{table}")
    return shop


@pytest.mark.parametrize("version", ["1.6.1.24", "9.1.4"])
def test_as_measured_and_everything_is_taken_away(bridge_shop_of: Callable[..., BridgeShop], version: str) -> None:
    shop = without_feed(bridge_shop_of(version))
    shop.listen("erp", "actionValidateOrder")
    shop.order(lines=2)
    before = shop.database.counts()
    ended = tried(shop, "--this-is-a-copy")
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert "as measured" in ended.stdout
    assert "ok   actionValidateOrder" in ended.stdout
    assert shop.database.counts() == before
    assert not (shop.folder / "modules/orderferryprobe").exists()
    assert shop.log == [], "no other module is told"


def test_a_shop_that_differs(bridge_shop: BridgeShop) -> None:
    shop = without_feed(bridge_shop)
    shop.order()
    shop.sql("UPDATE {p}configuration SET value = '7.9.9' WHERE name = 'PS_VERSION_DB'")
    ended = tried(shop, "--this-is-a-copy")
    assert ended.returncode == 1
    assert "DIFF actionOrderStatusUpdate" in ended.stdout


def test_what_cant_be_tried(bridge_shop: BridgeShop, tmp_path: Path) -> None:
    assert tried(bridge_shop).returncode == 2
    assert "is on in this shop already" in tried(bridge_shop, "--this-is-a-copy").stderr
    without_feed(bridge_shop)
    assert "has no order" in tried(bridge_shop, "--this-is-a-copy").stderr
    bridge_shop.folder = tmp_path
    assert "is no shop's folder" in tried(bridge_shop, "--this-is-a-copy").stderr
