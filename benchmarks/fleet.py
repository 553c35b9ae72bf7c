"""How many shops a core serves: one call for a folder of configurations, each with nothing new to import."""

from __future__ import annotations

import time
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.figures import Figure, Spread
from benchmarks.processes import python, run
from benchmarks.shops import Shops
from benchmarks.start import refill_quota, small_world
from orderferry.run.workers import cores_for_workers
from support.installation import Installed, install

SHOPS = 12
QUARTER = 15 * 60  # seconds between two starts of cron


def figures(shops: Shops, rounds: int) -> list[Figure]:
    """The figure of the fleet."""
    with small_world() as amazon, TemporaryDirectory(prefix="orderferry-") as name, shops.fresh() as shop:
        folder = Path(name) / "shops"
        folder.mkdir()
        fleet = [install(folder, amazon, shop.url, name=f"shop{number:02}") for number in range(SHOPS)]
        for installed in fleet:
            installed.run("import")
        took = [_seconds(fleet, folder) for _ in range(rounds)]
    cores = cores_for_workers()
    cpu = Spread(tuple(cost for _, cost in took))
    wall = Spread(tuple(seconds for seconds, _ in took))
    served = tuple(QUARTER / (seconds * cores / SHOPS) for seconds, _ in took)
    what = f"Shops with nothing new that one core serves every 15 minutes ({SHOPS} shops in one call, {cores} at once)"
    told = f"{cpu.text('{:.0f} ms')} of CPU a shop, {wall.text('{:.1f} s')} for all"
    return [Figure(what, Spread(served).text("{:.0f}"), told)]


def _seconds(fleet: list[Installed], folder: Path) -> tuple[float, float]:
    """Seconds of one call for all shops, and milliseconds of CPU for each."""
    for installed in fleet:
        refill_quota(installed.ledger)
    began = time.perf_counter()
    command = python("-m", "orderferry", "-c", str(folder), "import")
    cost = run(command, environ=fleet[0].environment(), folder=folder.parent)
    if cost.code:
        raise RuntimeError(f"the import of all shops ended with {cost.code}")
    return time.perf_counter() - began, cost.cpu / SHOPS
