"""A scripted order on the clock: what Amazon, and what a search of Amazon's, shows of it at a moment."""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from orderferry.simulator.orders import SimulatedOrder
from orderferry.simulator.personal_data import ALL_ROLES, Role
from orderferry.simulator.rendering import FULFILLED_BY, render
from orderferry.simulator.sights import Sight
from orderferry.simulator.states import state_after, status_after


@dataclass(frozen=True, slots=True)
class Life:
    """A simulated order as the world keeps it. See `WorldOrder` for the methods."""

    order: SimulatedOrder

    @property
    def order_id(self) -> str:
        """Amazon's id of the order."""
        return self.order.order_id

    @property
    def created(self) -> datetime:
        """When it was placed (createdTime)."""
        return self.order.placed

    def update_times(self) -> tuple[datetime, ...]:
        """Every time at which `lastUpdatedTime` moves, the first being that of placing."""
        return self.order.update_times()

    def sight(self, now: datetime, delay: int | None = None) -> Sight | None:
        """The order at `now`; with `delay` (seconds) as a search shows it; None when it is not placed yet."""
        order = self.order
        count = order.happened(now, delay)
        if count == 0:
            return None
        return Sight(
            created=order.placed,
            updated=order.placed + timedelta(seconds=order.events[count - 1].after),
            marketplace_id=order.market.id,
            fulfilled_by=FULFILLED_BY[order.channel],
            status=str(status_after(order, count)),
        )

    def render(self, now: datetime, roles: AbstractSet[Role] = ALL_ROLES, delay: int | None = None) -> dict[str, Any]:
        """The whole JSON at `now`. Raise LookupError when the order is not placed yet."""
        count = self.order.happened(now, delay)
        if count == 0:
            raise LookupError(f"order {self.order_id} does not exist yet")
        return render(self.order, state_after(self.order, count), now, roles)
