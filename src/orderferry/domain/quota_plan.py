"""What a schedule costs of Amazon's quota, from the volume that a ledger has measured. Pure.

searchOrders calls of a day are at most: one for each run of `import`, one for each further 100 orders that changed in
the spans that it reads, and one re-reading of the overlap an hour; and what the daily commands list by creation date.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import ROUND_CEILING, Decimal

from orderferry.domain.decide import next_look
from orderferry.domain.quota import SECONDS_A_DAY, USAGE_PLANS, daily_quota

ORDERS_A_PAGE = 100  # searchOrders, maxResultsPerPage
MINUTES_A_DAY, HOURS_A_DAY = 24 * 60, 24
SCHEDULES = (5, 10, 15, 20, 30, 60)  # minutes between two imports
USUAL = 15
MOST_GET_ORDERS = 100  # getOrder calls of one run
# Assumed where nothing was measured.
CHANGES_PER_ORDER = Decimal(4)  # placed, released, shipped, and one more
HANDLING_DAYS = Decimal(3)  # how long a regular order stays unshipped
WAITING = timedelta(days=1)  # how long an order waits before it is ready
BUSIEST_HOUR = Decimal("0.1")  # of the day's orders; an even day would have 1/24
# A tenth of the quota stays free: `check`, looks by hand, a day above the average.
USABLE = Decimal("0.9")
# Looking for news (the imports' first requests and the hourly readings of the overlap) may cost so much of what Amazon
# gives the account. The rest is for orders, catch-ups, a first import, and other programs of the account.
FOR_LOOKING = Decimal("0.25")
TYPICAL = Decimal(300)  # orders a day, where nobody has counted them yet
MOST_ORDERS = 1_000_000


@dataclass(frozen=True, slots=True)
class Volume:
    """What a shop sells on Amazon in a day. `fba_share` None: unknown, then each catch-up is reckoned with all orders.

    `get_orders` is how often getOrder is called a day, None where that was not measured.
    """

    orders: Decimal
    changes_per_order: Decimal = CHANGES_PER_ORDER
    fba_share: Decimal | None = None
    get_orders: Decimal | None = None

    @property
    def changes(self) -> Decimal:
        """Return how many changes of orders Amazon lists in a day."""
        return self.orders * self.changes_per_order


@dataclass(frozen=True, slots=True)
class Windows:
    """Of [observation], what costs: the overlap, and how far back the catch-ups look."""

    overlap: timedelta = timedelta(minutes=30)
    recheck: timedelta = timedelta(days=7)
    doublecheck: timedelta = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Schedule:
    """One way to start `import`, with all daily commands. `every` in minutes.

    searchOrders calls a day: the imports' first pages (`runs`), further `pages` and `rereadings` of the overlap, and
    `daily`, by command. `calm`: looking for news costs no more than a quarter of what Amazon gives the account.
    """

    every: int
    runs: int
    pages: int
    rereadings: int
    daily: Mapping[str, int]
    get_orders: int
    quota: int
    safe: bool
    calm: bool

    @property
    def import_calls(self) -> int:
        """Return the searchOrders calls of a day's imports."""
        return self.runs + self.pages + self.rereadings

    @property
    def calls(self) -> int:
        """Return those of imports and daily commands together."""
        return self.import_calls + sum(self.daily.values())


@dataclass(frozen=True, slots=True)
class QuotaPlan:
    """`fastest` is the fastest schedule that is safe, None where none is; `recommended` the fastest that is calm too,
    and where none is, the slowest that is safe. `limit`: up to how many orders a day the
    usual schedule fits. `rate_to_ask`: requests a second of searchOrders that would carry it, None while it fits."""

    volume: Volume
    quota: int
    get_quota: int
    schedules: tuple[Schedule, ...]
    fastest: Schedule | None
    recommended: Schedule | None
    limit: int
    rate_to_ask: Decimal | None


def import_cost(volume: Volume, every: int, overlap: timedelta) -> tuple[int, int, int]:
    """Return the searchOrders calls of a day of imports at most: first pages, further ones, re-readings. `every`:
    minutes between two imports.

    A re-reading goes back to where the one an hour before it ended, and by the overlap further.
    """
    runs = MINUTES_A_DAY // every
    again = 1 + Decimal(overlap // timedelta(minutes=1)) / 60
    return runs, int(volume.changes * (1 + again) / ORDERS_A_PAGE), min(runs, HOURS_A_DAY)


def daily_costs(volume: Volume, windows: Windows, commands: Iterable[str]) -> dict[str, int]:
    """Return how many searchOrders calls each daily command makes a day. `compare` asks the Reports API."""
    fba = Decimal(1) if volume.fba_share is None else volume.fba_share
    regular = Decimal(1) if volume.fba_share is None else 1 - volume.fba_share
    listed = {
        "recheck": volume.orders * fba * _days(windows.recheck),
        "doublecheck": volume.orders * regular * min(_days(windows.doublecheck), HANDLING_DAYS),
    }
    return {command: _pages(listed[command]) if command in listed else 0 for command in commands}


def checks_per_order(waiting: timedelta) -> int:
    """Return how often an order that waits so long is asked about: hourly at first, then ever more rarely."""
    first = moment = datetime.min.replace(tzinfo=UTC)
    looks = 0
    while (moment := next_look(first, moment)) <= first + waiting:
        looks += 1
    return looks


def plan_quota(
    volume: Volume, windows: Windows, commands: Iterable[str], share: Decimal, rate: Decimal | None = None
) -> QuotaPlan:
    """Return which schedules are safe for a shop's volume. `share`: amazon.quota_share; `rate`: Amazon's own of
    searchOrders where it has named one."""
    named = tuple(commands)
    schedules = tuple(_schedule(volume, windows, named, every, share, rate) for every in SCHEDULES)
    usual = next(one for one in schedules if one.every == USUAL)
    safe = [one for one in schedules if one.safe]
    calm = [one for one in safe if one.calm]
    needed = Decimal(usual.calls) / USABLE / share / SECONDS_A_DAY
    return QuotaPlan(
        volume=volume,
        quota=daily_quota("searchOrders", share, rate),
        get_quota=daily_quota("getOrder", share),
        schedules=schedules,
        fastest=safe[0] if safe else None,
        recommended=calm[0] if calm else safe[-1] if safe else None,
        limit=_limit(volume, windows, named, share, rate),
        rate_to_ask=None if usual.safe else needed.quantize(Decimal("0.0001"), ROUND_CEILING),
    )


def _schedule(  # noqa: PLR0917 — each is one of the facts that the cost depends on
    volume: Volume, windows: Windows, commands: tuple[str, ...], every: int, share: Decimal, rate: Decimal | None
) -> Schedule:
    runs, pages, rereadings = import_cost(volume, every, windows.overlap)
    daily = daily_costs(volume, windows, commands)
    quota = daily_quota("searchOrders", share, rate)
    fits = runs + pages + rereadings + sum(daily.values()) <= quota * USABLE
    expected = volume.orders * checks_per_order(WAITING) if volume.get_orders is None else volume.get_orders
    return Schedule(
        every=every,
        runs=runs,
        pages=pages,
        rereadings=rereadings,
        daily=daily,
        get_orders=min(int(expected), MOST_GET_ORDERS * runs),
        quota=quota,
        safe=fits and _carries_busiest_hour(volume, runs, windows.overlap, share, rate),
        calm=runs + rereadings <= daily_quota("searchOrders", Decimal(1), rate) * FOR_LOOKING,
    )


def _carries_busiest_hour(volume: Volume, runs: int, overlap: timedelta, share: Decimal, rate: Decimal | None) -> bool:
    """Return whether the bucket, full before it, carries the busiest hour."""
    plan = USAGE_PLANS["searchOrders"]
    again = 1 + Decimal(overlap // timedelta(minutes=1)) / 60
    pages = int(volume.changes * BUSIEST_HOUR * (1 + again) / ORDERS_A_PAGE)
    there = ((rate or plan.rate) * 3600 + plan.burst) * share
    return runs // HOURS_A_DAY + pages + 1 <= there


def _limit(volume: Volume, windows: Windows, commands: tuple[str, ...], share: Decimal, rate: Decimal | None) -> int:
    """Return the most orders a day that the usual schedule carries, other things equal: found by halving."""
    low, high = 0, MOST_ORDERS
    while low < high:
        middle = (low + high + 1) // 2
        asked = Volume(Decimal(middle), volume.changes_per_order, volume.fba_share, volume.get_orders)
        if _schedule(asked, windows, commands, USUAL, share, rate).safe:
            low = middle
        else:
            high = middle - 1
    return low


def _days(duration: timedelta) -> Decimal:
    return Decimal(duration // timedelta(seconds=1)) / SECONDS_A_DAY


def _pages(orders: Decimal) -> int:
    """Return the calls for so many orders: one at least, and one for each 100 begun."""
    return max(1, int((orders / ORDERS_A_PAGE).to_integral_value(ROUND_CEILING)))


SHORTEST = timedelta(days=1)  # a shorter time says nothing of a day
ENOUGH_ORDERS = 20  # so many orders must have had a week of life before their changes are averaged
_TENTH = Decimal("0.1")


@dataclass(frozen=True, slots=True)
class MeasuredVolume:
    """`orders` placed within `time`, `fba` of them. `grown` are those that have had a week of life, and `changes`
    what was seen of these. `get_orders` is the number of getOrder calls within `time`."""

    time: timedelta
    orders: int
    fba: int
    grown: int
    changes: int
    get_orders: int

    @property
    def is_enough(self) -> bool:
        """Return whether it is enough to say how much the shop sells in a day."""
        return self.time >= SHORTEST and self.orders > 0

    @property
    def changes_are_measured(self) -> bool:
        """Return whether the changes per order are measured, not assumed."""
        return self.grown >= ENOUGH_ORDERS

    def volume(self) -> Volume:
        """Return a day of it. Only where it `is_enough`."""
        days = Decimal(self.time // timedelta(seconds=1)) / 86_400
        changes = Decimal(self.changes) / self.grown if self.changes_are_measured else CHANGES_PER_ORDER
        return Volume(
            orders=(self.orders / days).quantize(_TENTH),
            changes_per_order=changes.quantize(_TENTH),
            fba_share=(Decimal(self.fba) / self.orders).quantize(Decimal("0.01")),
            get_orders=(self.get_orders / days).quantize(_TENTH),
        )
