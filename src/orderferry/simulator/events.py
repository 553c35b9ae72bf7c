"""What can happen to a simulated order: dated events, from being placed to being delivered."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class EventKind(StrEnum):
    """The kinds of events. Each one moves the order's `lastUpdatedTime`."""

    PLACED = "placed"
    AVAILABLE = "available"  # a pre-order's release: PENDING_AVAILABILITY -> PENDING
    VERIFIED = "verified"  # payment authorised: PENDING -> UNSHIPPED
    SHIPPED = "shipped"  # all that is left, or `quantities`
    DELIVERED = "delivered"
    CANCELLED = "cancelled"  # the whole order
    ITEM_CANCELLED = "item-cancelled"  # `quantities` of single items
    CANCEL_REQUESTED = "cancel-requested"  # the buyer asks; nothing is cancelled by that
    ADDRESS_CORRECTED = "address-corrected"
    TIP_FINALIZED = "tip-finalized"
    TOUCHED = "touched"  # any other change: only the time moves
    STATUS_SET = "status-set"  # Amazon says `status`, whatever it is (an unknown one, a resurrection)


@dataclass(frozen=True, slots=True)
class Event:
    """One event, `after` seconds after the order was placed.

    `listed_after`: seconds until searches show it (None: the world's read delay); getOrder shows it at once.
    `quantities`: pairs of the item's position (from 0) and a quantity. `changes`: pairs of a field of Amazon's
    `deliveryAddress` and its new text. `by` and `reason` are Amazon's `cancelledBy` and `cancelReason`.
    """

    kind: EventKind
    after: int = 0
    listed_after: int | None = None
    quantities: tuple[tuple[int, int], ...] = ()
    carrier: str = ""
    tracking: str = ""
    by: str = ""
    reason: str = ""
    status: str = ""
    changes: tuple[tuple[str, str], ...] = ()


PLACED = Event(EventKind.PLACED)
