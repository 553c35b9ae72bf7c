"""Rounding an order's parts to the currency so that everything sums to what the buyer paid.

Each sum is rounded once, by the shop's mode. What rounding leaves between their sum and Amazon's total goes, a unit
each, to the sums that were rounded furthest from their exact value; a difference in Amazon's own figures goes to the
largest line. Such units move price, never tax.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from orderferry.domain.money import quantise, smallest_unit
from orderferry.domain.orders import ProceedsType
from orderferry.domain.pricing import Amount, Rounding
from orderferry.domain.proceeds import ZERO
from orderferry.domain.tax_split import Part


@dataclass(frozen=True, slots=True)
class RoundingGroup:
    """Parts that become one line, or one charge of the order (`is_charge`). `item` is the index of the order's item,
    else None."""

    kind: ProceedsType
    parts: tuple[Part, ...]
    item: int | None = None
    is_charge: bool = False

    @property
    def main(self) -> Part:
        """The largest part: its rate and tax stand for the group."""
        return max(self.parts, key=lambda part: (abs(part.paid), abs(part.gross)))


@dataclass(frozen=True, slots=True)
class RoundedGroup:
    """A group's amounts, rounded: `total` is what the buyer pays, `promotion` what was taken off it, not negative."""

    group: RoundingGroup
    total: Amount
    promotion: Decimal


def settle(groups: Sequence[RoundingGroup], total: Decimal, rounding: Rounding) -> tuple[RoundedGroup, ...]:
    """Given groups and the rounded grand total, return their rounded amounts: Σ paid.incl is exactly `total`.

    Without groups nothing can be settled: the caller gives at least one if `total` is not 0.
    """
    moved = _moves(groups, total, rounding)
    return tuple(_round(group, move, rounding) for group, move in zip(groups, moved, strict=True))


def _moves(groups: Sequence[RoundingGroup], total: Decimal, rounding: Rounding) -> list[Decimal]:
    """What each group's rounded payment is moved by, so that their sum is `total`."""
    exact = [_sum(part.paid for part in group.parts) for group in groups]
    rounded = [quantise(value, rounding.decimals, rounding.mode) for value in exact]
    gap = total - sum(rounded, ZERO)
    unit = smallest_unit(rounding.decimals).copy_sign(gap)
    moves = [ZERO] * len(groups)
    lost = [value - near for value, near in zip(exact, rounded, strict=True)]
    for index in sorted(range(len(groups)), key=lambda one: -lost[one] * unit):
        if not gap or lost[index] * unit <= 0:
            break
        moves[index] = unit
        gap -= unit
    if gap:
        moves[_largest(groups, exact)] += gap
    return moves


def _largest(groups: Sequence[RoundingGroup], exact: Sequence[Decimal]) -> int:
    """A line before shipping and wrapping."""
    return max(range(len(groups)), key=lambda one: (not groups[one].is_charge, abs(exact[one]), -one))


def _round(group: RoundingGroup, move: Decimal, rounding: Rounding) -> RoundedGroup:
    """Payment and net are rounded; the promotion is what is missing to the rounded price before it."""

    def rounded(value: Decimal) -> Decimal:
        """To the rounding's own number of decimals."""
        return quantise(value, rounding.decimals, rounding.mode)

    paid = rounded(_sum(part.paid for part in group.parts))
    net = rounded(_sum(part.net for part in group.parts))
    promotion = ZERO
    if any(part.component.discount for part in group.parts):
        promotion = max(rounded(_sum(part.gross for part in group.parts)) - paid, ZERO)
    return RoundedGroup(group, Amount(net + move, paid + move), promotion)


def _sum(values: Iterable[Decimal]) -> Decimal:
    return sum(values, ZERO)
