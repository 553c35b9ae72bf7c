"""The demo: two weeks of a shop, with a simulated Amazon and a shop database in one SQLite file.

Amazon holds orders back, FBA ships late, cron is down for a day and a half. At the end the shop is read by SQL of the
demo's own, so that the importer does not vouch for itself.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from pathlib import Path

import sqlalchemy as sa

from orderferry.bootstrap import Installation
from orderferry.config.load import load_settings
from orderferry.config.model import Settings
from orderferry.domain.decide import READY_STATUSES
from orderferry.domain.durations import iso
from orderferry.domain.ledger_entry import EntryState
from orderferry.domain.orders import Channel
from orderferry.domain.problems import ProblemCode
from orderferry.errors import UsageError
from orderferry.prestashop.sample_shop import ShopSeed, create_shop, plain_products
from orderferry.run.report import Report
from orderferry.run.sweeps import RunOptions
from orderferry.safe_files import UnsafePlace, create_file, refuse_unsafe_folder
from orderferry.simulator.catalog import DEMO_CATALOG
from orderferry.simulator.clock import Clock
from orderferry.simulator.http_server import DEFAULT_PORT, SimulatorServer
from orderferry.simulator.orders import ZERO, SimulatedOrder
from orderferry.simulator.shop_life import generate
from orderferry.simulator.states import status_after
from orderferry.simulator.world import World

DAYS = 14
ORDERS_A_DAY = 24
DAYS_TO_COME = 7  # life goes on after the demo: there is something to import for who plays on
SEED = 20261123
INTERVAL = timedelta(hours=4)  # of the import; a real crontab starts it every quarter of an hour
OUTAGE = (timedelta(days=6, hours=14), timedelta(days=8, hours=2))
FIXED_WINDOW = timedelta(days=1)
CATCH_UPS = (("recheck", 5), ("doublecheck", 7))  # the daily catch-ups, in the first run after that hour (UTC)

CONFIGURATION = """\
# Written by `orderferry demo`: a simulated Amazon and a PrestaShop database in a file.
[amazon]
region = "eu"
marketplaces = ["IT", "DE", "FR", "ES"]
client_id = "{client_id}"
client_secret = "{client_secret}"
refresh_token = "{refresh_token}"
endpoint = "{endpoint}"
token_url = "{token_url}"

[prestashop]
url = "sqlite:///shop.sqlite"

[orders]
since = "{since}"
"""
# The files in the demo's folder; shop.sqlite stands for the database of PrestaShop.
CONFIGURATION_FILE, SHOP_FILE, WORLD_FILE = "config.toml", "shop.sqlite", "world.json"
OURS = (CONFIGURATION_FILE, SHOP_FILE, WORLD_FILE, "config.ledger.sqlite")
READ_DELAY = timedelta(minutes=3)


@dataclass(frozen=True, slots=True)
class DemoResult:
    """What the two weeks came to."""

    folder: Path
    port: int
    start: datetime
    end: datetime
    runs: int
    calls: int
    ready: tuple[SimulatedOrder, ...]  # the orders that became ready and stayed so
    imported: dict[str, tuple[int, Decimal]]  # by Amazon id: how many orders of the shop, and the total of the last
    waiting: int
    missed_by_fixed_window: dict[str, Loss]
    reported: tuple[str, ...]  # orders that changed at Amazon after their invoice: a person has been told
    wrong: tuple[str, ...]  # orders of which something is not as it should be: none, or the demo fails


def play(folder: Path, now: datetime, progress: Callable[[str], None]) -> DemoResult:
    """Live two weeks that end now, in a folder of their own, and return what they came to.

    Raise UsageError for a folder in use; whatever else goes wrong in the runs is raised as in any run.
    """
    start = (now - timedelta(days=DAYS)).replace(minute=0, second=0, microsecond=0)
    prepare_folder(folder)
    create_demo_shop(folder)
    world = generate(SEED, start, DAYS + DAYS_TO_COME, ORDERS_A_DAY, ("IT", "DE", "FR", "ES"))
    world.save(folder / WORLD_FILE)
    clock = Clock.still(start)
    with _server(world, clock) as server:
        write_configuration(folder, server, start)
        # Not with the user's own environment: its variables win, and might name a real shop.
        settings = load_settings(folder / CONFIGURATION_FILE, {})
        planned = [start + INTERVAL * n + timedelta(minutes=7) for n in range(1, timedelta(DAYS) // INTERVAL)]
        planned = [moment for moment in planned if moment <= now]
        reports = list(_live(settings, clock, start, planned, progress))
        runs = [moment for moment in planned if not _is_down(moment - start)]
        imported = read_shop_orders(folder / SHOP_FILE)
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
    """Return the orders that Amazon changed after the shop had invoiced them: never rewritten, but reported."""
    with Installation(settings, clock.now).ledger(read_only=True) as ledger:
        held = ledger.entries([EntryState.HELD])
    return tuple(entry.order_id for entry in held if entry.code == ProblemCode.CHANGED_AFTER_INVOICE)


def _wrong(
    world: World,
    ready: tuple[SimulatedOrder, ...],
    imported: dict[str, tuple[int, Decimal]],
    moment: datetime,
    reported: tuple[str, ...],
) -> Iterator[str]:
    """Yield every order that is missing, doubled, or in the shop with another total than Amazon's without a report."""
    for order in ready:
        count, paid = imported.get(order.order_id, (0, ZERO))
        if count == 0:
            yield f"{order.order_id} is missing"
            continue
        if count != 1:
            yield f"{order.order_id} is in the shop {count} times"
        found = world.find(order.order_id, moment)
        total = Decimal(found[1]["proceeds"]["grandTotal"]["amount"]) if found else None
        if paid != total and order.order_id not in reported:
            yield f"{order.order_id}: Amazon says {total}, the shop {paid}"


def prepare_folder(path: Path) -> None:
    """Make an empty folder for the demo.

    What an earlier demo left is removed; anything else stops with a UsageError.
    """
    try:
        refuse_unsafe_folder(next(folder for folder in (path.absolute(), *path.absolute().parents) if folder.exists()))
    except UnsafePlace as error:
        raise UsageError(f"No demo in {path}: {error.strerror}.", hint=error.hint) from None
    path.mkdir(parents=True, exist_ok=True)
    for entry in sorted(path.iterdir()):
        if not entry.name.startswith(OURS):
            raise UsageError(f"{path} holds {entry.name}, which no demo has put there.", hint="Give an empty --folder.")
        entry.unlink()


def write_configuration(folder: Path, server: SimulatorServer, since: datetime) -> None:
    """Write the configuration for this simulator, readable by the user alone."""
    text = CONFIGURATION.format(since=iso(since), **server.amazon_keys)
    with os.fdopen(create_file(folder / CONFIGURATION_FILE), "w", encoding="utf-8") as file:
        file.write(text)


def create_demo_shop(folder: Path) -> None:
    """Create the embedded shop, with a product for each SKU that the simulated buyers order."""
    os.close(create_file(folder / SHOP_FILE))  # SQLite would follow a link
    engine = sa.create_engine(f"sqlite:///{folder / SHOP_FILE}")
    try:
        create_shop(engine, seed=ShopSeed(products=plain_products([item.sku for item in DEMO_CATALOG], 1000)))
        with engine.connect() as connection:
            connection.exec_driver_sql("PRAGMA journal_mode = WAL")  # kept in the file: one wait for the disk a commit
    finally:
        engine.dispose()


def read_shop_orders(shop: Path) -> dict[str, tuple[int, Decimal]]:
    """Return by Amazon id (`order_payment.transaction_id`) how many orders the embedded shop has, and the total of the
    last."""
    query = (
        "SELECT p.transaction_id, COUNT(DISTINCT o.id_order), MAX(o.total_paid)"
        " FROM ps_orders o JOIN ps_order_payment p ON p.order_reference = o.reference GROUP BY p.transaction_id"
    )
    with closing(sqlite3.connect(shop)) as connection:
        return {
            str(amazon_id): (int(count), Decimal(str(total)).quantize(Decimal("0.01")))
            for amazon_id, count, total in connection.execute(query)
        }


class Loss(StrEnum):
    """Why a fixed window misses an order."""

    OUTAGE = "cron was down while it was in the window"
    HELD_BACK = "Amazon held it back for longer than the window"
    FBA_LATE = "FBA shipped it after the window"


def missed_orders(
    orders: Iterable[SimulatedOrder], runs: Sequence[datetime], planned: Sequence[datetime], window: timedelta
) -> dict[str, Loss]:
    """Return, of the orders and the moments at which cron ran and was meant to run, the orders that a
    fixed window would never have imported although they became ready, with the reason.
    """
    end = max(runs)
    missed: dict[str, Loss] = {}
    for order in orders:
        if not is_ready(order, end):
            continue
        if any(_catches(order, run, window) for run in runs):
            continue
        if any(_catches(order, run, window) for run in planned):
            missed[order.order_id] = Loss.OUTAGE
        else:
            missed[order.order_id] = Loss.FBA_LATE if order.channel is Channel.FBA else Loss.HELD_BACK
    return missed


def is_ready(order: SimulatedOrder, moment: datetime) -> bool:
    """Return whether an importer may create the order at that moment, by what Amazon's searches show then."""
    count = order.happened(moment - READ_DELAY)
    return count > 0 and status_after(order, count) in READY_STATUSES[order.channel]


def _catches(order: SimulatedOrder, run: datetime, window: timedelta) -> bool:
    return run - window <= order.placed <= run and is_ready(order, run)
