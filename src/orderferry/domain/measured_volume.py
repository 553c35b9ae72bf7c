"""What a ledger has counted of a shop's sales on Amazon. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal

from orderferry.domain.quota_plan import CHANGES_PER_ORDER, Volume

SHORTEST = timedelta(days=1)  # a shorter time says nothing of a day
ENOUGH_ORDERS = 20  # so many orders must have had a week of life before their changes are averaged
_TENTH = Decimal("0.1")


@dataclass(frozen=True, slots=True)
class MeasuredVolume:
    """`orders` placed within `time`, `fba` of them. `grown` are those that have had a week of life, and `changes`
    what was seen of these. `looks` is the number of getOrder calls within `time`."""

    time: timedelta
    orders: int
    fba: int
    grown: int
    changes: int
    looks: int

    @property
    def tells(self) -> bool:
        """Whether it is enough to say how much the shop sells in a day."""
        return self.time >= SHORTEST and self.orders > 0

    @property
    def changes_are_measured(self) -> bool:
        """Whether the changes per order are measured, not assumed."""
        return self.grown >= ENOUGH_ORDERS

    def volume(self) -> Volume:
        """A day of it. Only where it `tells`."""
        days = Decimal(self.time // timedelta(seconds=1)) / 86_400
        changes = Decimal(self.changes) / self.grown if self.changes_are_measured else CHANGES_PER_ORDER
        return Volume(
            orders=(self.orders / days).quantize(_TENTH),
            changes_per_order=changes.quantize(_TENTH),
            fba_share=(Decimal(self.fba) / self.orders).quantize(Decimal("0.01")),
            looks=(self.looks / days).quantize(_TENTH),
        )
