"""When the buyer of an imported order has to be forgotten. Pure.

Amazon's Data Protection Policy: personal data for at most 30 days after delivery, longer only where law demands it
(Amazon's Data Protection Policy, which also says what is personal). City, region and country are not.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from orderferry.domain.orders import CANCELLED_STATUSES, SHIPPED_STATUSES

# Amazon's own word that nothing more is going to be sent.
FINISHED_AT_AMAZON = frozenset(status.value for status in SHIPPED_STATUSES | CANCELLED_STATUSES)


@dataclass(frozen=True, slots=True)
class OrderLife:
    """An imported order as far as forgetting asks. Times are aware UTC.

    `placed` is its date in the shop, `deliver_by` the end of what Amazon promised, `finished` when the shop sent or
    cancelled it (None: it has not), `amazon_finished` Amazon's last change of an order that it calls shipped or
    cancelled.
    """

    order_id: str
    id_order: int
    placed: datetime
    deliver_by: datetime | None = None
    finished: datetime | None = None
    amazon_finished: datetime | None = None


def delivered(life: OrderLife) -> datetime | None:
    """Return the latest time at which an order can have been delivered; None while it is under way.

    Neither shop nor Amazon has the day of delivery: the latest of what both promised and did stands for it.
    """
    if life.finished is None and life.amazon_finished is None:
        return None
    return max(filter(None, (life.finished or life.placed, life.deliver_by, life.amazon_finished)))
