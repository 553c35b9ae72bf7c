"""What a listing of Amazon's is asked for, and what one page of its answer is."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from orderferry.domain.orders import Channel, Order, OrderStatus, UnreadableOrder
from orderferry.domain.spans import Span


class Basis(StrEnum):
    """Which of an order's times a span speaks of (searchOrders `lastUpdated…` or `created…`)."""

    UPDATED = "updated"
    CREATED = "created"


@dataclass(frozen=True, slots=True)
class Search:
    """One searchOrders listing: frozen before its first request and the same for each of its pages.

    `marketplaces` are marketplace ids, sorted; `channel` None asks for both; `statuses` empty asks for all.
    """

    marketplaces: tuple[str, ...]
    basis: Basis
    span: Span
    channel: Channel | None = None
    statuses: tuple[OrderStatus, ...] = ()

    @property
    def channels(self) -> tuple[Channel, ...]:
        """The channels that this search observes."""
        return (self.channel,) if self.channel else tuple(Channel)


@dataclass(frozen=True, slots=True)
class Page:
    """One good page: status 200, a JSON body, and `orders` a list.

    `observed_until` is Amazon's own cut-off (`lastUpdatedBefore` or `createdBefore`), `amazon_now` its Date header.
    """

    orders: tuple[Order | UnreadableOrder, ...]
    next_token: str | None = None
    observed_until: datetime | None = None
    amazon_now: datetime | None = None
