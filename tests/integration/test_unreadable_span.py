"""An order without an id, from the first import to the person who settles it: subprocesses, HTTP, a database."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from orderferry.simulator.clock import Clock
from orderferry.simulator.http_server import SimulatorServer
from orderferry.simulator.orders import RawOrder
from orderferry.simulator.reports_api import ReportRules
from orderferry.simulator.world import World
from support.installation import install

NOW = datetime.now(UTC).replace(microsecond=0)
AT_ONCE = ReportRules(queued=timedelta(0), working=timedelta(0), late=timedelta(0))
NAMELESS = RawOrder(
    {"salesChannel": {"channelName": "AMAZON", "marketplaceId": "A1PA6795UKMFR9"}, "orderItems": []},
    NOW - timedelta(hours=2),
    NOW - timedelta(hours=1),
)


def test_it_is_told_by_everything_that_tells_until_a_person_settles_it(tmp_path: Path, sqlite_shop: Any) -> None:
    with SimulatorServer(World([NAMELESS]), clock=Clock(), report_rules=AT_ONCE) as server:
        installed = install(tmp_path, server, sqlite_shop.url)
        first = installed.run("import")
        assert first.code == 1
        assert "Amazon lists 1 order without an id" in first.err
        for _ in range(4):
            server.clock.advance(timedelta(minutes=25))
            last = installed.run("import", "--json")
            assert (last.code, last.json["open"]["failed"]) == (1, 1)
        status = installed.run("status", "--json")
        assert not status.json["healthy"]
        assert any(gap["from"] < NAMELESS.updated.isoformat() for gap in status.json["gaps"])
        [name] = {one["order_id"] for one in last.json["problems"] if one["code"] == "unreadable-order"}
        compared = installed.run("compare", "--json")
        assert compared.code == 1
        assert [missing["order_id"] for missing in compared.json["missing"]] == [name]
        assert "without an id" in installed.run("show", name).words
        assert installed.run("ignore", name, "--reason", "a test order of Amazon's").code == 0
        server.clock.advance(timedelta(minutes=25))
        settled = installed.run("import", "--json")
        assert (settled.code, settled.json["open"]["failed"]) == (0, 0), settled.out
        assert installed.run("compare", "--json").json["missing"] == []
        assert installed.run("status", "--json").json["gaps"] == []


@pytest.mark.parametrize("command", ["recheck", "doublecheck"])
def test_a_catch_up_of_cron_tells_it(command: str, tmp_path: Path, sqlite_shop: Any) -> None:
    with SimulatorServer(World([NAMELESS]), clock=Clock()) as server:
        installed = install(tmp_path, server, sqlite_shop.url)
        first = installed.run(command)
        assert first.code == 1
        assert f"orderferry ignore unreadable-{command} " in first.err
