"""What a search needs to know of an order, and what any kind of order must offer for that."""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from orderferry.simulator.personal_data import Role


@dataclass(frozen=True, slots=True)
class Sight:
    """An order as it shows itself at one moment, in Amazon's own words. None fits every filter."""

    created: datetime
    updated: datetime
    marketplace_id: str | None
    fulfilled_by: str | None
    status: str | None


class WorldOrder(Protocol):
    """What the world asks of an order, scripted or raw."""

    @property
    def order_id(self) -> str | None:
        """Amazon's id; None if the order has none, as a flawed one may."""

    @property
    def created(self) -> datetime:
        """When it was placed (createdTime)."""

    def update_times(self) -> tuple[datetime, ...]:
        """Every time at which its `lastUpdatedTime` moves."""

    def sight(self, now: datetime, delay: int | None = None) -> Sight | None:
        """The order at `now`; with `delay` (seconds) as a search shows it; None when there is nothing yet."""

    def render(self, now: datetime, roles: AbstractSet[Role], delay: int | None = None) -> dict[str, Any]:
        """Its whole JSON at `now`, or with `delay` as a search shows it."""
