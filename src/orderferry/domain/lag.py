"""How long orders took from their purchase to the shop: what a week's imports came to. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from statistics import median


@dataclass(frozen=True, slots=True)
class Lag:
    """The lags of `orders` orders. `p95`: nineteen of twenty took no longer (nearest rank)."""

    orders: int
    median: timedelta
    p95: timedelta
    worst: timedelta


def lag_of(lags: Iterable[timedelta]) -> Lag | None:
    """Given the lags of orders, return what they come to; None for none. A negative one (two clocks) counts as 0."""
    known = sorted(max(lag, timedelta(0)) for lag in lags)
    if not known:
        return None
    nearest_rank = -(-len(known) * 95 // 100)
    middle = timedelta(seconds=median(lag.total_seconds() for lag in known))
    return Lag(len(known), middle, known[nearest_rank - 1], known[-1])
