"""Thirty simulated days with cron every quarter of an hour: calls against the formula, 429s, and the lag.

Amazon is the simulator over HTTP with Amazon's own usage plans; ledger, engine and source are the real ones, the shop
is one in memory (its speed is another benchmark's business). Beside: what other ways of importing would have asked.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.figures import Figure
from benchmarks.shops import Shops
from orderferry.amazon.source import AmazonSource
from orderferry.config.model import AmazonSettings, LedgerSettings, PrestashopSettings, Secret, Settings
from orderferry.domain.ledger_entry import EntryState
from orderferry.domain.marker import Applied, Plan
from orderferry.domain.marketplaces import Region, find_marketplace
from orderferry.domain.orders import Channel
from orderferry.domain.quota import USAGE_PLANS, daily_quota
from orderferry.domain.quota_plan import Volume, Windows, daily_costs
from orderferry.domain.search import Basis
from orderferry.domain.spans import Spans, last_end
from orderferry.domain.window import Cell
from orderferry.ledger.ledger import open_ledger
from orderferry.ledger.quota import QuotaBook
from orderferry.run.engine import Engine
from orderferry.run.stop import StopSwitch
from orderferry.run.sweeps import SWEEPS, RunOptions
from orderferry.simulator.catalog import DEMO_CATALOG
from orderferry.simulator.clock import Clock
from orderferry.simulator.http_server import SimulatorServer
from orderferry.simulator.orders import EventKind, SimulatedOrder
from orderferry.simulator.shop_life import generate
from orderferry.simulator.world import READ_DELAY
from support.long_run import MemoryShop

START = datetime(2026, 9, 1, tzinfo=UTC)
EVERY = timedelta(minutes=15)
PAGE = 100
HALF = 0.5
USUAL_VOLUME = 500
CATCH_UPS = (("recheck", 5), ("doublecheck", 6))  # by hour (UTC)
READY = {Channel.REGULAR: EventKind.VERIFIED, Channel.FBA: EventKind.SHIPPED}


@dataclass
class TimedShop(MemoryShop):
    """A shop in memory that notes when each order was created."""

    at: dict[str, datetime] = field(default_factory=dict)

    def apply(self, plan: Plan, now: datetime) -> Applied:
        """Write the plan; `MemoryShop` would look at Amazon's side of each order as well."""
        self.at.setdefault(plan.order_id, self.clock())
        applied = super().apply(plan, now)
        assert isinstance(applied, Applied)
        return applied


@dataclass
class Lived:
    """What some days came to."""

    days: int
    runs: int = 0
    seen: list[int] = field(default_factory=list)  # orders, by import
    created: int = 0
    last_exit: int = 0
    calls: int = 0
    refused: int = 0
    lags: list[float] = field(default_factory=list)  # minutes from ready to imported
    whole_window: int = 0
    missing: int = 0
    behind: float = 0  # minutes from the coverage's end to the last run
    falsely_covered: int = 0

    @property
    def formula(self) -> float:
        """searchOrders calls a day: one a run, one for each further 100 orders, one re-reading an hour."""
        further = sum(max(0, seen - 1) // PAGE for seen in self.seen)
        return (self.runs + further) / self.days + 24


# Orders a day, and how many days. 20,000 are more changes than the quota carries, and take a quarter of an hour a day.
STORIES = {100: 30, 500: 30, 2_000: 30, 20_000: 2}
BEYOND = 10_000  # orders a day that no quota carries


def figures(shops: Shops, rounds: int) -> list[Figure]:  # noqa: ARG001 — arithmetic
    """What `plan` reckons."""
    return daily_commands()


def story(shops: Shops, rounds: int, volume: int, days: int) -> list[Figure]:  # noqa: ARG001 — days are rounds
    """The figures of some days at so many orders a day."""
    lived = live(volume, days)
    return [*_of_volume(volume, lived), *(_ways(lived) if volume == USUAL_VOLUME else ())]


def daily_commands() -> list[Figure]:
    """What `plan` reckons for a thousand orders a day, half of them FBA."""
    costs = daily_costs(
        Volume(Decimal(1000), fba_share=Decimal("0.5")), Windows(), ("recheck", "doublecheck", "compare")
    )
    calls, quota = sum(costs.values()), daily_quota("searchOrders")
    what = "All daily commands at 1,000 orders a day: searchOrders calls, beside the day's quota"
    ratio = calls / quota
    return [Figure(what, str(calls), str(quota), f"{ratio:.2f}", "≤ 0.5", ratio <= HALF)]


def _of_volume(volume: int, lived: Lived) -> list[Figure]:
    name = f"{volume:,} orders a day, cron every 15 minutes, {lived.days} days"
    per_day = lived.calls / lived.days
    quota = daily_quota("searchOrders") + USAGE_PLANS["searchOrders"].burst / lived.days
    lags = sorted(lived.lags)
    return [
        Figure(
            f"{name}: searchOrders calls a day, beside the formula",
            f"{per_day:.0f}",
            f"{lived.formula:.0f}",
            f"{per_day / lived.formula:.2f}",
            f"≤ 1, and {quota:.0f} a day (with the full bucket it began with)",
            per_day <= min(lived.formula, quota),
        ),
        Figure(f"{name}: answers 429", str(lived.refused), "", "", "0", lived.refused == 0),
        Figure(
            f"{name}: minutes from ready to imported (median, 99 in 100, longest)",
            f"{statistics.median(lags):.0f}, {lags[int(len(lags) * 0.99)]:.0f}, {lags[-1]:.0f}",
            *(("", "", "nothing missing", lived.missing == 0) if volume < BEYOND else ()),
        ),
        *(_beyond(name, lived) if volume >= BEYOND else ()),
    ]


def _beyond(name: str, lived: Lived) -> list[Figure]:
    told = f"{lived.behind:.0f} min behind, exit code {lived.last_exit}"
    return [
        Figure(
            f"{name}: orders that the coverage says were seen and that are not in the shop",
            str(lived.falsely_covered),
            "",
            "",
            "0",
            lived.falsely_covered == 0,
        ),
        Figure(f"{name}: what the last run says", told, "", "", "the lag", lived.behind > 0),
    ]


def _ways(lived: Lived) -> list[Figure]:
    """Calls for each 100 orders, of other ways to import."""
    ours, polled = lived.calls / lived.created * 100, lived.whole_window / lived.created * 100
    ours_name = "searchOrders calls for each 100 created orders (500 a day, cron every 15 minutes, catch-ups included)"
    version_0 = "getOrders, and getOrderItems, getOrderAddress and getOrderBuyerInfo for each order"
    return [
        Figure(
            f"{ours_name}, beside polling the whole last day", f"{ours:.0f}", f"{polled:.0f}", f"{ours / polled:.2f}"
        ),
        Figure(f"Calls for a page of 100 orders, beside the API's version 0 ({version_0})", "1", "301"),
    ]


def live(volume: int, days: int) -> Lived:
    """Let so many days go by at so many orders a day."""
    world = generate(7, START - timedelta(days=4), days + 4, volume, ("IT", "DE", "FR", "ES"))
    clock = Clock.still(START)
    lived = Lived(days)
    shop = TimedShop(world, clock.now, {item.sku for item in DEMO_CATALOG})
    with SimulatorServer(world, clock=clock) as amazon, TemporaryDirectory(prefix="orderferry-") as folder:
        settings = _settings(amazon, Path(folder))
        with open_ledger(settings.ledger.path, account="a", shop="s", now=START) as ledger:
            for number in range(1, days * 96 + 1):
                clock.move_to(START + EVERY * number)
                for command in _commands(clock.now()):
                    sweep = SWEEPS[command]
                    book = QuotaBook(ledger, "a", settings.amazon.quota_share, clock.now)
                    source = AmazonSource(settings.amazon, book, clock=clock.now, sleep=_no_sleep)
                    stop = StopSwitch(clock.now)
                    engine = Engine(sweep, settings, RunOptions(), source, shop, ledger, stop, clock.now, _no_sleep)
                    report = engine.run()
                    lived.calls += report.calls["searchOrders"]
                    if command == "import":
                        lived.runs += 1
                        lived.seen.append(report.counts["seen"])
                        lived.created += report.counts["created"]
                        lived.last_exit = int(report.exit_code)
                lived.whole_window += _pages_of_last_day(shop, clock.now())
            lived.missing = len(list(ledger.entries([EntryState.FAILED])))
            _judge_coverage(lived, world, shop, ledger.coverage(Basis.UPDATED), clock.now())
        lived.refused = sum(request.status == 429 for request in amazon.requests)
    _judge(lived, world, shop, clock.now())
    return lived


def _judge(lived: Lived, world: object, shop: TimedShop, now: datetime) -> None:
    for order in world:  # type: ignore[attr-defined]
        assert isinstance(order, SimulatedOrder)
        event = next((event for event in order.events if event.kind is READY[order.channel]), None)
        ready = order.placed + timedelta(seconds=event.after) if event else None
        if ready is None or ready < START:
            continue
        if order.order_id not in shop.at and _cancelled_at_once(order):
            continue
        if order.order_id in shop.at:
            lived.lags.append((shop.at[order.order_id] - ready).total_seconds() / 60)
        elif ready < now - timedelta(hours=1):
            lived.missing += 1


def _cancelled_at_once(order: SimulatedOrder) -> bool:
    """Whether it was ready for less time than passes between two runs (and until Amazon lists it): none need see it."""
    times = {event.kind: event.after for event in order.events}
    cancelled, ready = times.get(EventKind.CANCELLED), times[READY[order.channel]]
    return cancelled is not None and timedelta(seconds=cancelled - ready) < EVERY + READ_DELAY


def _judge_coverage(
    lived: Lived, world: object, shop: TimedShop, coverage: Mapping[Cell, Spans], now: datetime
) -> None:
    ends = [last_end(spans) for spans in coverage.values()]
    lived.behind = (now - min(end for end in ends if end)).total_seconds() / 60
    for order in world:  # type: ignore[attr-defined]
        event = next((event for event in order.events if event.kind is READY[order.channel]), None)
        ready = order.placed + timedelta(seconds=event.after) if event else None
        spans = coverage.get((order.market.id, order.channel), ())
        seen = ready and any(span.start <= ready < span.end for span in spans)
        if seen and order.order_id not in shop.at and not _cancelled_at_once(order):
            lived.falsely_covered += 1


def _pages_of_last_day(shop: TimedShop, now: datetime) -> int:
    """How many pages somebody reads who asks for the last day's changed orders each time."""
    since = now - timedelta(days=1)
    return max(1, math.ceil(sum(marker.amazon_updated >= since for marker in shop.rows.values()) / PAGE))


def _commands(now: datetime) -> Iterator[str]:
    for command, hour in CATCH_UPS:
        if now.hour == hour and now.minute == 0:
            yield command
    yield "import"


def _no_sleep(_seconds: float) -> None:
    """Nobody waits in a simulated month."""


def _settings(amazon: SimulatorServer, folder: Path) -> Settings:
    marketplaces = tuple(filter(None, map(find_marketplace, ("IT", "DE", "FR", "ES"))))
    who = amazon.credentials
    return Settings(
        path=folder / "config.toml",
        name="config",
        amazon=AmazonSettings(
            Region.EU,
            marketplaces,
            who.client_id,
            Secret(who.client_secret),
            Secret(who.refresh_token),
            amazon.endpoint,
            amazon.token_url,
        ),
        prestashop=PrestashopSettings(Secret("sqlite:///none"), "benchmark", "ps_"),
        ledger=LedgerSettings(folder / "ledger.sqlite"),
    )
