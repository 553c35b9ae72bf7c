"""`--dry-run` tells of each order what would be done, or why not; and leaves nothing behind that `show` could tell."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from orderferry.domain.orders import Channel
from orderferry.prestashop.sample_shop import ShopSeed, plain_products
from orderferry.simulator.http_server import SimulatorServer
from orderferry.simulator.orders import Line
from orderferry.simulator.world import World
from support.installation import Installed, install
from support.simulated import simulated_order, verified
from support.sqlite_shop import sqlite_shop_in

NOW = datetime.now(UTC).replace(microsecond=0)
PLACED = NOW - timedelta(hours=6)
READY, WAITING, UNKNOWN, FBA, OLD, OLDER = (f"302-0000000-{number:07d}" for number in range(1, 7))


@pytest.fixture
def installed(tmp_path: Path) -> Iterator[Installed]:
    shop = sqlite_shop_in(tmp_path, ShopSeed(products=plain_products(["SKU-1"], 500)))
    ready = verified(minutes=30)
    world = World(
        [
            simulated_order(1, ready, placed=PLACED),
            simulated_order(2, placed=PLACED + timedelta(minutes=1)),
            simulated_order(3, ready, placed=PLACED, lines=[Line("NO-SUCH", 1, Decimal(5))]),
            simulated_order(4, ready, placed=PLACED, channel=Channel.FBA),
            simulated_order(5, verified(hours=49), placed=NOW - timedelta(hours=51)),
            simulated_order(6, verified(hours=49), placed=NOW - timedelta(hours=52)),
        ]
    )
    with SimulatorServer(world) as server:
        found = install(tmp_path, server, shop.url, marketplaces=("DE",))
        since = f"{NOW - timedelta(hours=12):%Y-%m-%dT%H:%M:%SZ}"
        found.more = f"[orders]\nsince = {since}\n"
        found.write()
        yield found


def test_each_order_is_a_line_with_what_would_be_done_or_why_not(installed: Installed) -> None:
    dry = installed.run("import", "--dry-run", "--window", "3d")
    lines = {line.split()[0]: line for line in (dry.out + dry.err).splitlines() if line.startswith("  302-")}
    assert lines.keys() == {READY, WAITING, UNKNOWN, FBA, OLD, OLDER}
    placed = f"{PLACED.astimezone(ZoneInfo('Europe/Rome')):%Y-%m-%d %H:%M}"
    assert f"  {placed}  DE regular " in lines[READY]
    assert " EUR  2 x SKU-1  would be created: order of 1 line" in lines[READY]
    assert "waits: Amazon has not released it yet" in lines[WAITING]
    assert "1 x NO-SUCH  would be held: " in lines[UNKNOWN]
    assert f"  {placed}  DE FBA " in lines[FBA]
    assert "waits: an FBA order that Amazon has not shipped yet" in lines[FBA]
    assert "ignored: placed before orders.since" in lines[OLD]
    assert "  2 ignored: placed before orders.since\n" in dry.out + dry.err


def test_json_has_the_same_under_planned_and_a_real_run_has_no_such_key(installed: Installed) -> None:
    dry = installed.run("import", "--dry-run", "--window", "3d", "--json").json
    planned = {one["order_id"]: one for one in dry["planned"]}
    assert planned.keys() == {READY, WAITING, UNKNOWN, FBA, OLD, OLDER}
    assert [one["order_id"] for one in dry["planned"]][:2] == [OLDER, OLD], "in the order of their being placed"
    assert planned[READY].keys() == {
        *("order_id", "placed", "marketplace", "channel", "total", "products", "outcome", "why")
    }
    assert planned[READY]["placed"] == f"{PLACED:%Y-%m-%dT%H:%M:%SZ}"
    assert (planned[READY]["outcome"], planned[READY]["products"]) == ("created", [{"sku": "SKU-1", "quantity": 2}])
    assert planned[FBA]["channel"] == "fba"
    assert planned[UNKNOWN]["outcome"] == "held"
    assert "NO-SUCH" in planned[UNKNOWN]["why"]
    assert planned[OLD]["why"] == "placed before orders.since"
    counts = {name: sum(one["outcome"] == name for one in dry["planned"]) for name in dry["orders"] if name != "seen"}
    assert counts == {name: number for name, number in dry["orders"].items() if name != "seen"}
    assert "planned" not in installed.run("import", "--json").json


def test_show_says_how_to_ask_for_an_order_that_only_a_dry_run_has_seen(installed: Installed) -> None:
    installed.run("import", "--dry-run")
    shown = installed.run("show", READY)
    assert shown.code == 1
    assert "A dry run keeps nothing of what it sees." in shown.err
    assert f"`orderferry show {READY} --refresh` asks Amazon." in shown.err
    asked = installed.run("show", READY, "--refresh")
    assert asked.code == 0
    assert "The next run: create" in asked.out
