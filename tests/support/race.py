"""Two installations on one shop that import at once, from an Amazon that gets new orders for each round."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from orderferry.simulator.clock import Clock
from orderferry.simulator.http_server import SimulatorServer
from orderferry.simulator.orders import Event, EventKind, Line
from orderferry.simulator.world import World
from support.children import Children, Ended, run_all
from support.crash_orders import EVENTS, T2, order
from support.crash_scenario import IMPORT
from support.installation import Installed, install
from support.shop_database import ShopDatabase

ORDERS_A_ROUND = 6
MUG, PEN = "MUG-BLUE", "PEN-BLACK"  # sold by Amazon alone, and by both
FREED = Event(EventKind.VERIFIED, 5 * 60)
LINES = (Line(MUG, 2, Decimal("11.90")), Line(PEN, 1, Decimal("3.57")))
QUANTITIES = (
    "SELECT p.reference, s.id_product, s.quantity FROM {p}stock_available s JOIN {p}product p"
    " ON p.id_product = s.id_product AND s.id_product_attribute = 0"
)


@dataclass
class Race:
    """Two installations, one shop, and an Amazon that gets new orders for each round."""

    shop: ShopDatabase
    server: SimulatorServer
    importers: list[Installed]
    children: Children
    orders: int = 0
    created: Counter[str] = field(default_factory=Counter)

    def quantity(self, reference: str) -> int:
        """The saleable quantity of a product."""
        return next(int(row["quantity"]) for row in self.shop.rows(QUANTITIES) if row["reference"] == reference)

    def round(self) -> list[Ended]:
        """Orders come in, and both importers run at once."""
        now = T2 + timedelta(minutes=20 * (self.orders // ORDERS_A_ROUND))
        first = self.orders + 1
        self.orders += ORDERS_A_ROUND
        placed = now - timedelta(minutes=15)
        self.server.world.add_all(order(n, placed, FREED, lines=LINES) for n in range(first, self.orders + 1))
        self.server.clock.move_to(now)
        return self.run_both(now)

    def run_both(self, now: Any) -> list[Ended]:
        """Both importers, at once and in real time."""
        ended = run_all([self.children.start(one, now, *IMPORT, real_time=True) for one in self.importers])
        self.created["orders"] += sum(one.json["orders"]["created"] for one in ended)
        for one in ended:
            assert one.code in {0, 1}, one.told()
            assert one.json["orders"]["failed"] == one.json["orders"]["held"] == 0, one.told()
        return ended


@contextmanager
def race(folder: Path, shop: ShopDatabase) -> Iterator[Race]:
    with SimulatorServer(World(), clock=Clock.still(T2), usage_plans=False) as server:
        names = [f"importer-{number}" for number in (1, 2)]
        importers = [install(folder, server, shop.url, name=name, marketplaces=("DE",), more=EVENTS) for name in names]
        yield Race(shop, server, importers, Children(folder))
