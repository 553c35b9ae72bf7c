"""Orders for the proofs of tests/crash: the run under test creates, updates, cancels, holds, frees and ignores some.

At T1 a first run finds yesterday's orders. At T2 the run that is put to the test finds what happened since; at T3
another one finds whatever that one left.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from orderferry.domain.orders import Channel
from orderferry.simulator.clock import Clock
from orderferry.simulator.http_server import SimulatorServer
from orderferry.simulator.orders import PLACED, Event, EventKind, Line, SimulatedOrder
from orderferry.simulator.world import World
from support.installation import Installed, install
from support.shop_database import ShopDatabase

T1 = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)
T2 = T1 + timedelta(hours=3)
T3 = T2 + timedelta(minutes=20)
YESTERDAY = T1 - timedelta(hours=14)
LATELY = T2 - timedelta(hours=1)
MINUTE, HOUR = 60, 3600
SINCE_T1 = int((T1 - YESTERDAY).total_seconds())  # seconds of life that yesterday's orders have behind them at T1

MUG = Line("MUG-BLUE", 2, Decimal("11.90"))
PEN = Line("PEN-BLACK", 5, Decimal("3.57"), shipping=Decimal("4.90"))
LATE_SKU, NO_SKU = "CANDLE-FIG", "NOT-IN-THE-SHOP"
VERIFIED = Event(EventKind.VERIFIED, 10 * MINUTE)
SHIPPED = Event(EventKind.SHIPPED, SINCE_T1 + HOUR, carrier="DHL", tracking="00340434161094000001")
CANCELLED = Event(EventKind.CANCELLED, SINCE_T1 + HOUR + 60, by="BUYER", reason="Ordered by mistake")
MOVED = Event(EventKind.ADDRESS_CORRECTED, SINCE_T1 + HOUR + 120, changes=(("addressLine2", "Hinterhaus"),))
LATER_VERIFIED = Event(EventKind.VERIFIED, SINCE_T1 + HOUR + 180)


def order(
    number: int, placed: datetime, *events: Event, lines: tuple[Line, ...] = (MUG,), **more: object
) -> SimulatedOrder:
    """A German order of that number."""
    more = {"tax_rate": Decimal(19), **more}
    return SimulatedOrder(f"302-5550000-{number:07d}", "DE", placed, lines, (PLACED, *events), **more)  # type: ignore[arg-type]


def changing_orders() -> list[SimulatedOrder]:
    """The orders. 1 is shipped, 2 cancelled and 3 moved between the two runs; 6 and 10 wait, 11 is held."""
    fba: dict[str, Any] = {"channel": Channel.FBA}
    at_once = Event(EventKind.SHIPPED, 30 * MINUTE)
    return [
        order(1, YESTERDAY, VERIFIED, SHIPPED, lines=(MUG, PEN)),
        order(2, YESTERDAY, VERIFIED, CANCELLED),
        order(3, YESTERDAY, VERIFIED, MOVED),
        order(4, YESTERDAY, LATER_VERIFIED),
        order(5, YESTERDAY, VERIFIED, lines=(Line(LATE_SKU, 1, Decimal("18.90")),)),
        order(6, YESTERDAY),
        order(7, LATELY, VERIFIED, lines=(PEN, MUG)),
        order(8, LATELY, VERIFIED, at_once),
        order(9, LATELY, VERIFIED, at_once, **fba),
        order(10, LATELY, VERIFIED, **fba),
        order(11, LATELY, VERIFIED, lines=(MUG, Line(NO_SKU, 1, Decimal("5.00")))),
        order(12, LATELY, Event(EventKind.CANCELLED, 10 * MINUTE, by="BUYER")),
    ]


def with_fees() -> list[SimulatedOrder]:
    """Orders with fees and gift wrapping: the first of a kind needs a hidden product, the second finds it."""
    dear = Line("MUG-BLUE", 2, Decimal("11.90"), cod_fee=Decimal("4.00"), gift_wrap=Decimal("3.50"))
    return [
        order(1, LATELY, VERIFIED, lines=(dear,), tip=Decimal("2.50")),
        order(2, LATELY, VERIFIED, lines=(dear, PEN), tip=Decimal("1.00")),
    ]


# What the run at T2 does: 4 was freed by Amazon, 5 by the shop, which has its product now.
FATES = {"created": 5, "updated": 3, "waiting": 2, "held": 1, "ignored": 1}


@dataclass
class CrashInstallation:
    """A simulated Amazon with these orders, and one installation that reads from it."""

    server: SimulatorServer
    shop: ShopDatabase
    installed: Installed

    def move_to(self, moment: datetime) -> datetime:
        """Set Amazon's clock."""
        return self.server.clock.move_to(moment)


EVENTS = "[events]\nenabled = true"


@contextmanager
def crash_installation(
    folder: Path, shop: ShopDatabase, *, world: World | None = None, **more: str
) -> Iterator[CrashInstallation]:
    """Amazon at T1, and an installation in `folder` for this shop that tells its feed of everything. `more` are
    further lines of its configuration.
    """
    world = World(changing_orders()) if world is None else world
    with SimulatorServer(world, clock=Clock.still(T1), usage_plans=False) as server:
        yield CrashInstallation(
            server, shop, install(folder, server, shop.url, marketplaces=("DE",), **{"more": EVENTS, **more})
        )


def hide_product(shop: ShopDatabase) -> None:
    """The shop does not know LATE_SKU yet."""
    shop.execute("UPDATE {p}product SET reference = 'LATER' WHERE reference = :sku", sku=LATE_SKU)


def show_product(shop: ShopDatabase) -> None:
    """Now it does."""
    shop.execute("UPDATE {p}product SET reference = :sku WHERE reference = 'LATER'", sku=LATE_SKU)


def keep_ledger(installed: Installed, copy: Path) -> None:
    """Copy a closed ledger (its write-ahead log is empty then)."""
    shutil.copy(installed.ledger, copy)


def put_back_ledger(installed: Installed, copy: Path | None) -> None:
    """Put a copy in the place of the ledger, or take it away, with all files that SQLite keeps beside it."""
    for file in installed.folder.glob(f"{installed.ledger.name}*"):
        file.unlink()
    if copy is not None:
        shutil.copy(copy, installed.ledger)
