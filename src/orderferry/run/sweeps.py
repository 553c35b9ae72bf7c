"""The import commands as data: what each observes, by which of an order's times, and how far back; and a run's options.

A new catch-up is a value here, not a module.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from orderferry.config.model import ObservationSettings, Settings
from orderferry.domain.decide import Rules
from orderferry.domain.marketplaces import marketplace_code
from orderferry.domain.orders import SHIPPED_STATUSES, TO_BE_SHIPPED_STATUSES, Channel, Order, OrderStatus
from orderferry.domain.search import Basis


@dataclass(frozen=True, slots=True)
class Sweep:
    """One command. `incremental`: only what coverage lacks is read. `processes_due`: it also processes waiting, held
    and failed orders. `reserve`: tokens of searchOrders that it leaves to the scheduled import. `lookback`: how far
    back it reads by itself for a channel."""

    command: str
    basis: Basis
    lookback: Callable[[Channel, ObservationSettings], timedelta]
    channels: tuple[Channel, ...]
    statuses: tuple[OrderStatus, ...] = ()
    incremental: bool = False
    processes_due: bool = False
    reserve: int = 0

    def wants(self, order: Order) -> bool:
        """Return whether an order is this command's business: Amazon's filters are applied once more on our side.

        An order whose channel or status could not be read passes: it must be held, not lost.
        """
        channel_fits = order.channel is None or order.channel in self.channels
        status_fits = not self.statuses or order.status is None or order.status in self.statuses
        return channel_fits and status_fits


def _import_lookback(channel: Channel, observation: ObservationSettings) -> timedelta:
    return observation.window + (observation.fba_extension if channel is Channel.FBA else timedelta(0))


def _in_order(statuses: Collection[OrderStatus]) -> tuple[OrderStatus, ...]:
    return tuple(status for status in OrderStatus if status in statuses)


SWEEPS: Mapping[str, Sweep] = {
    sweep.command: sweep
    for sweep in (
        Sweep("import", Basis.UPDATED, _import_lookback, tuple(Channel), incremental=True, processes_due=True),
        Sweep(
            "recheck",
            Basis.CREATED,
            lambda _channel, observation: observation.recheck_window,
            (Channel.FBA,),
            _in_order(SHIPPED_STATUSES),
            reserve=6,
        ),
        Sweep(
            "doublecheck",
            Basis.CREATED,
            lambda _channel, observation: observation.doublecheck_window,
            (Channel.REGULAR,),
            _in_order(TO_BE_SHIPPED_STATUSES),
            reserve=6,
        ),
    )
}


@dataclass(frozen=True, slots=True)
class RunOptions:
    """Options of `import`, `recheck` and `doublecheck` (docs/commands.md). Times are aware UTC; `marketplaces` ids."""

    window: timedelta | None = None
    since: datetime | None = None
    until: datetime | None = None
    orders: tuple[str, ...] = ()
    marketplaces: tuple[str, ...] = ()
    channels: tuple[Channel, ...] = ()
    dry_run: bool = False
    restore: bool = False
    accept_shop: bool = False
    max_time: timedelta = timedelta(hours=2)

    @property
    def spans_by_hand(self) -> bool:
        """Return whether a span was asked for by hand: it is read whole, covered or not."""
        return self.window is not None or self.since is not None or self.until is not None


def rules_of(settings: Settings) -> Rules:
    """Return the rules of an ordinary run."""
    own = {one.id: settings.marketplace(one.code).orders.since for one in settings.amazon.marketplaces}
    return Rules(settings.orders.since, since_of=own)


def since_of(settings: Settings, marketplace_id: str) -> datetime | None:
    """Return orders.since for the orders of one marketplace."""
    return settings.marketplace(marketplace_code(marketplace_id)).orders.since


def give_up_of(settings: Settings, marketplace_id: str) -> timedelta:
    """Return orders.give_up for the orders of one marketplace."""
    return settings.marketplace(marketplace_code(marketplace_id)).orders.give_up
