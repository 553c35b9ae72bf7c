"""Two weeks of a shop: Amazon holds orders back, FBA ships late, cron is down for a day and a half."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path

from orderferry.bootstrap import Installation
from orderferry.config.load import load_settings
from orderferry.config.model import Settings
from orderferry.demo.audit import DemoShopOrder, read_shop_orders
from orderferry.demo.fixed_window import Loss, is_ready, missed_orders
from orderferry.demo.folder import DemoFolder, create_demo_shop, prepare_folder, write_configuration
from orderferry.domain.ledger_entry import EntryState
from orderferry.domain.problems import ProblemCode
from orderferry.errors import UsageError
from orderferry.run.report import Report
from orderferry.run.sweeps import RunOptions
from orderferry.simulator.clock import Clock
from orderferry.simulator.http_server import DEFAULT_PORT, SimulatorServer
from orderferry.simulator.orders import SimulatedOrder
from orderferry.simulator.shop_life import generate
from orderferry.simulator.world import World

DAYS = 14
ORDERS_A_DAY = 24
DAYS_TO_COME = 7  # life goes on after the demo: there is something to import for who plays on
SEED = 20261123
INTERVAL = timedelta(hours=4)  # of the import; a real crontab starts it every quarter of an hour
OUTAGE = (timedelta(days=6, hours=14), timedelta(days=8, hours=2))
FIXED_WINDOW = timedelta(days=1)
CATCH_UPS = (("recheck", 5), ("doublecheck", 7))  # the daily catch-ups, in the first run after that hour (UTC)


@dataclass(frozen=True, slots=True)
class DemoResult:
    """What the two weeks came to."""

    folder: DemoFolder
    port: int
    start: datetime
    end: datetime
    runs: int
    calls: int
    ready: tuple[SimulatedOrder, ...]  # the orders that became ready and stayed so
    imported: dict[str, DemoShopOrder]
    waiting: int
    missed_by_fixed_window: dict[str, Loss]
    reported: tuple[str, ...]  # orders that changed at Amazon after their invoice: a person has been told
    wrong: tuple[str, ...]  # orders of which something is not as it should be: none, or the demo fails


def tell(path: Path, now: datetime, progress: Callable[[str], None]) -> DemoResult:
    """Live two weeks that end now, in a folder of their own, and return what they came to.

    Raise UsageError for a folder in use; whatever else goes wrong in the runs is raised as in any run.
    """
    start = (now - timedelta(days=DAYS)).replace(minute=0, second=0, microsecond=0)
    folder = prepare_folder(path)
    create_demo_shop(folder)
    world = generate(SEED, start, DAYS + DAYS_TO_COME, ORDERS_A_DAY, ("IT", "DE", "FR", "ES"))
    world.save(folder.world)
    clock = Clock.still(start)
    with _server(world, clock) as server:
        write_configuration(folder, server, start)
        # Not with the user's own environment: its variables win, and might name a real shop.
        settings = load_settings(folder.configuration, {})
        planned = [start + INTERVAL * n + timedelta(minutes=7) for n in range(1, timedelta(DAYS) // INTERVAL)]
        planned = [moment for moment in planned if moment <= now]
        reports = list(_live(settings, clock, start, planned, progress))
        runs = [moment for moment in planned if not _is_down(moment - start)]
        imported = read_shop_orders(folder.shop)
        reported = _reported(settings, clock)
        simulated = [order for order in world if isinstance(order, SimulatedOrder)]
        ready = tuple(order for order in simulated if is_ready(order, runs[-1]))
        return DemoResult(
            folder,
            server.port,
            start,
            now,
            len(reports),
            sum(sum(report.calls.values()) for report in reports),
            ready,
            imported,
            reports[-1].open["waiting"],
            missed_orders(simulated, runs, planned, FIXED_WINDOW),
            reported,
            tuple(_wrong(world, ready, imported, runs[-1], reported)),
        )


def _server(world: World, clock: Clock) -> SimulatorServer:
    try:
        return SimulatorServer(world, clock=clock, port=DEFAULT_PORT)
    except UsageError:
        return SimulatorServer(world, clock=clock)  # somebody uses that port: any other will do


def _live(
    settings: Settings, clock: Clock, start: datetime, planned: list[datetime], progress: Callable[[str], None]
) -> Iterator[Report]:
    """Start the commands as a crontab would, hour after hour; the import of an hour is its last report."""
    installation = Installation(settings, clock.now, lambda seconds: _pass(clock, seconds))
    for moment in planned:
        clock.move_to(moment)
        day = (moment - start).days + 1
        if _is_down(moment - start):
            progress(f"day {day:2}: cron is down")
            continue
        progress(f"day {day:2}: {moment:%d %B %H:%M}")
        for command, hour in CATCH_UPS:
            if timedelta(0) <= timedelta(hours=moment.hour - hour) < INTERVAL:
                yield installation.run(command, RunOptions())
        yield installation.run("import", RunOptions())


def _pass(clock: Clock, seconds: float) -> None:
    clock.advance(timedelta(seconds=seconds))


def _is_down(since_start: timedelta) -> bool:
    return OUTAGE[0] <= since_start < OUTAGE[1]


def _reported(settings: Settings, clock: Clock) -> tuple[str, ...]:
    """The orders that Amazon changed after the shop had invoiced them: never rewritten, but reported."""
    with Installation(settings, clock.now).ledger(read_only=True) as ledger:
        held = ledger.entries([EntryState.HELD])
    return tuple(entry.order_id for entry in held if entry.code == ProblemCode.CHANGED_AFTER_INVOICE)


def _wrong(
    world: World,
    ready: tuple[SimulatedOrder, ...],
    imported: dict[str, DemoShopOrder],
    moment: datetime,
    reported: tuple[str, ...],
) -> Iterator[str]:
    """Every order that is missing, doubled, or in the shop with another total than Amazon's without a report."""
    for order in ready:
        shop_order = imported.get(order.order_id)
        if shop_order is None:
            yield f"{order.order_id} is missing"
            continue
        if shop_order.count != 1:
            yield f"{order.order_id} is in the shop {shop_order.count} times"
        found = world.find(order.order_id, moment)
        total = Decimal(found[1]["proceeds"]["grandTotal"]["amount"]) if found else None
        if shop_order.total_paid != total and order.order_id not in reported:
            yield f"{order.order_id}: Amazon says {total}, the shop {shop_order.total_paid}"
