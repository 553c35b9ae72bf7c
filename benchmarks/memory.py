"""Peak memory of the whole program when it imports 500 orders, and when it imports 50,000."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.figures import Figure
from benchmarks.processes import run
from benchmarks.shops import Shops
from orderferry.domain.quota import UsagePlan
from orderferry.simulator.http_server import SimulatorServer
from orderferry.simulator.shop_life import generate
from support.installation import install

MOST_GROWTH = 30  # MB
DAYS = 50
# An Amazon without patience's limits: what is measured is memory, not quota.
_PLANS = {name: UsagePlan(name, Decimal(100), 1000) for name in ("searchOrders", "getOrder")}


def figures(shops: Shops, rounds: int, many: int = 50_000) -> list[Figure]:  # noqa: ARG001 — once is enough for a peak
    """The figure of the memory."""
    few = _peak(shops, 500)
    most = _peak(shops, many)
    return [
        Figure(
            f"Peak memory of importing {many:,} orders, beside 500",
            f"{most:.0f} MB",
            f"{few:.0f} MB",
            f"+{most - few:.0f} MB",
            f"≤ +{MOST_GROWTH} MB",
            most - few <= MOST_GROWTH,
        )
    ]


def _peak(shops: Shops, orders: int) -> float:
    start = datetime.now(UTC) - timedelta(days=DAYS + 1)
    world = generate(3, start, DAYS, orders // DAYS, ("IT", "DE", "FR", "ES"))
    with (
        SimulatorServer(world, usage_plans=_PLANS) as amazon,
        TemporaryDirectory(prefix="orderferry-") as folder,
        shops.fresh() as shop,
    ):
        installed = install(Path(folder), amazon, shop.url)
        command = installed.command("import", "--window", f"{DAYS + 10}d", "--max-time", "5h")
        memory = 0.0
        # Until the quota is known to be large, a run may end early and the next one goes on.
        while shop.count("orders") < orders * 0.9:
            before = shop.count("orders")
            memory = max(memory, run(command, environ=installed.environment(), folder=Path(folder)).memory)
            if shop.count("orders") == before:
                raise RuntimeError(f"the import got stuck at {before} of {orders} orders")
    return memory
