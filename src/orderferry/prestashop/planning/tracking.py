"""What Amazon's packages say about the parcel: the number that goes into order_carrier, and the carrier's name."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

from orderferry.domain.clean_text import Field, clean_text
from orderferry.domain.orders import Package

_LAST = datetime.max.replace(tzinfo=UTC)
_VOID = frozenset({"CANCELLED"})  # SP-API packages[].packageStatus.status


@dataclass(frozen=True, slots=True)
class Tracking:
    """`number` and `carrier` of the first parcel ('' when Amazon has none); `others` are the numbers of the rest."""

    number: str = ""
    carrier: str = ""
    others: tuple[str, ...] = ()


def tracking_of(packages: Iterable[Package]) -> Tracking:
    """Given the packages of an order, return what is known of its parcels, cancelled ones left out.

    order_carrier holds one number; PrestaShop's own page shows one. The first is the earliest shipped.
    """
    parcels = sorted(
        (package for package in packages if _number(package) and package.status not in _VOID),
        key=lambda package: (package.ship_time or _LAST, package.reference),
    )
    numbers = list(dict.fromkeys(map(_number, parcels)))
    if not numbers:
        return Tracking()
    return Tracking(numbers[0], parcels[0].carrier, tuple(numbers[1:]))


def _number(package: Package) -> str:
    """The number as PrestaShop takes it."""
    return clean_text(package.tracking_number, Field.TRACKING)
