"""Orders whose JSON is served as it is: Amazon's published examples, and what a test throws at a decoder."""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from dateutil import parser as iso_parser

from orderferry.simulator.personal_data import ALL_ROLES, Role
from orderferry.simulator.sights import Sight


@dataclass(frozen=True, slots=True)
class RawOrder:
    """An order's JSON with nothing added and, but for datasets that were not asked for, nothing taken away.

    Searches go by the JSON's own times, marketplace, channel and status; what it does not say in a usable form fits
    every filter, so that broken orders arrive. `created` and `updated` (aware) stand in where the JSON has no usable
    `createdTime` and `lastUpdatedTime`. `shown_as_updated` is what Amazon goes by where the JSON tells
    another time of update (one of the future). Raise ValueError when a time is neither here nor there.
    """

    json: dict[str, Any]
    created_at: datetime | None = None
    updated_at: datetime | None = None
    listed_after: int | None = None
    shown_as_updated: datetime | None = None

    def __post_init__(self) -> None:
        if self._time("createdTime", self.created_at) is None or self._time("lastUpdatedTime", self.updated_at) is None:
            raise ValueError("a raw order without usable times needs created_at and updated_at")

    @property
    def order_id(self) -> str | None:
        """Amazon's id, if the JSON has one in the form of a text."""
        value = self.json.get("orderId")
        return value if isinstance(value, str) else None

    @property
    def created(self) -> datetime:
        """The JSON's createdTime; `created_at` where that is no time."""
        moment = self._time("createdTime", self.created_at)
        assert moment is not None  # noqa: S101 — __post_init__ has looked
        return moment

    @property
    def updated(self) -> datetime:
        """The JSON's lastUpdatedTime; `updated_at` where that is no time."""
        moment = self.shown_as_updated or self._time("lastUpdatedTime", self.updated_at)
        assert moment is not None  # noqa: S101 — __post_init__ has looked
        return moment

    def update_times(self) -> tuple[datetime, ...]:
        """The one time of update."""
        return (self.updated,)

    def sight(self, now: datetime, delay: int | None = None) -> Sight | None:
        """What Amazon knows of the order at `now`, or with `delay` (seconds) what a search shows; None before."""
        wait = 0 if delay is None else (delay if self.listed_after is None else self.listed_after)
        if self.updated + timedelta(seconds=wait) > now:
            return None
        return Sight(
            created=self.created,
            updated=self.updated,
            marketplace_id=_text(self.json.get("salesChannel"), "marketplaceId"),
            fulfilled_by=_text(self.json.get("fulfillment"), "fulfilledBy"),
            status=_text(self.json.get("fulfillment"), "fulfillmentStatus"),
        )

    def render(self, now: datetime, roles: AbstractSet[Role] = ALL_ROLES, delay: int | None = None) -> dict[str, Any]:  # noqa: ARG002 — raw orders have one face
        """The JSON itself."""
        return self.json

    def _time(self, field: str, fallback: datetime | None) -> datetime | None:
        try:
            moment = iso_parser.isoparse(self.json[field])
            return (moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment).astimezone(UTC)
        except (KeyError, TypeError, ValueError, OverflowError, AttributeError):
            return fallback


def _text(part: Any, field: str) -> str | None:
    value = part.get(field) if isinstance(part, dict) else None
    return value if isinstance(value, str) else None
