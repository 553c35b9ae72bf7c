"""A ledger full of times of next year, as one run with a wrong clock left it: cron's next runs go on. Subprocesses."""

from __future__ import annotations

import re
import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from orderferry.simulator.clock import Clock
from orderferry.simulator.http_server import SimulatorServer
from orderferry.simulator.orders import EventKind
from orderferry.simulator.world import World
from support.installation import install
from support.simulated import simulated_order, verified

NOW = datetime.now(UTC).replace(microsecond=0)
A_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")
OF_AMAZON = {"purchased", "amazon_updated", "ship_by"}


def a_year_later(ledger: Path) -> int:
    """Move every time that was written by a clock of this side; return how many there were."""
    moved = 0
    with closing(sqlite3.connect(ledger)) as raw, raw:
        tables = [name for (name,) in raw.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        for table in tables:
            columns = [row[1] for row in raw.execute(f"PRAGMA table_info({table})") if row[1] not in OF_AMAZON]
            for row in raw.execute(f"SELECT rowid, {', '.join(columns)} FROM {table}").fetchall():
                for column, value in zip(columns, row[1:], strict=True):
                    if isinstance(value, str) and A_TIME.fullmatch(value):
                        later = str(int(value[:4]) + 1) + value[4:]
                        raw.execute(f"UPDATE {table} SET {column} = ? WHERE rowid = ?", (later, row[0]))
                        moved += 1
    return moved


def test_cron_goes_on_after_a_run_of_next_year(tmp_path: Path, sqlite_shop: Any) -> None:
    held = simulated_order(1, verified(minutes=30), placed=NOW - timedelta(hours=3))
    waiting = simulated_order(2, placed=NOW - timedelta(hours=3))
    with SimulatorServer(World([held, waiting]), clock=Clock()) as server:
        installed = install(tmp_path, server, sqlite_shop.url)
        assert "SKU-1" in installed.run("import").err
        assert a_year_later(installed.ledger) > 20
        server.world.change(waiting.order_id, EventKind.CANCELLED, NOW - timedelta(minutes=5))
        assert installed.run("status").code == 1
        after = installed.run("import", "--json").json
        assert after["open"]["waiting"] == 0
        assert after["calls"]["searchOrders"] >= 1
        assert after["exit_code"] == 1
        status = installed.run("status", "--json").json
        assert {span["until"][:4] for cell in status["coverage"] for span in cell["spans"]} == {str(NOW.year)}
        assert status["commands"]["import"]["late"] is False
        assert float(status["quota"]["searchOrders"]) > 10
        quiet = installed.run("import")
        assert (quiet.code, quiet.err) == (1, ""), "said when it began; the reminder comes in a day"
