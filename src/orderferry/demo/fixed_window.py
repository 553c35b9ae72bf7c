"""What an importer with a fixed window over creation dates would have imported, from the same runs of cron.

Many importers ask Amazon for the orders created in the last day and import those that are ready. Whatever becomes ready
later than that, or while cron is down, never shows up again.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from enum import StrEnum

from orderferry.domain.orders import Channel, OrderStatus
from orderferry.simulator.orders import SimulatedOrder
from orderferry.simulator.states import status_after

READ_DELAY = timedelta(minutes=3)
READY = {
    Channel.REGULAR: {OrderStatus.UNSHIPPED, OrderStatus.PARTIALLY_SHIPPED, OrderStatus.SHIPPED},
    Channel.FBA: {OrderStatus.SHIPPED},
}


class Loss(StrEnum):
    """Why a fixed window misses an order."""

    OUTAGE = "cron was down while it was in the window"
    HELD_BACK = "Amazon held it back for longer than the window"
    FBA_LATE = "FBA shipped it after the window"


def missed_orders(
    orders: Iterable[SimulatedOrder], runs: Sequence[datetime], planned: Sequence[datetime], window: timedelta
) -> dict[str, Loss]:
    """Given the orders, the moments at which cron ran and those at which it was meant to, return the orders that a
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
    """Whether an importer may create the order at that moment, by what Amazon's searches show then."""
    count = order.happened(moment - READ_DELAY)
    return count > 0 and status_after(order, count) in READY[order.channel]


def _catches(order: SimulatedOrder, run: datetime, window: timedelta) -> bool:
    return run - window <= order.placed <= run and is_ready(order, run)
