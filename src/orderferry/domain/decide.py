"""Decide what to do with an order that was seen. Nothing else decides that.

The status decides, never the presence of a price. The marker is the truth about the shop; the ledger's entry knows the
rest.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from orderferry.domain.ledger_entry import Entry, EntryState, believable
from orderferry.domain.marker import Action, Marker
from orderferry.domain.orders import (
    CANCELLED_STATUSES,
    NOT_OF_AMAZON_STATUSES,
    NOT_RELEASED_STATUSES,
    RELEASED_STATUSES,
    SHIPPED_STATUSES,
    Channel,
    Order,
    OrderStatus,
)
from orderferry.domain.problems import Problem, ProblemCode


class Reason(StrEnum):
    """Why an order waits or is ignored; for people and for the ledger's `code`."""

    PAYMENT_PENDING = "payment-pending"
    PRE_ORDER = "pre-order"
    FBA_NOT_SHIPPED = "fba-not-shipped"
    NOT_AMAZON = "not-amazon"
    CANCELLED = "cancelled"
    BEFORE_SINCE = "before-since"
    OTHER_IMPORTER = "other-importer"
    SET_ASIDE = "set-aside"
    OLDER_NEWS = "older-news"


REASON_TEXTS: dict[Reason, str] = {
    Reason.PAYMENT_PENDING: "Amazon has not released it yet (payment or verification pending)",
    Reason.PRE_ORDER: "a pre-order before its release",
    Reason.FBA_NOT_SHIPPED: "an FBA order that Amazon has not shipped yet",
    Reason.NOT_AMAZON: "no sale on Amazon (another channel, or multi-channel fulfilment)",
    Reason.CANCELLED: "cancelled at Amazon before it was imported",
    Reason.BEFORE_SINCE: "placed before orders.since",
    Reason.OTHER_IMPORTER: "already in the shop, put there by another program or a person",
    Reason.SET_ASIDE: "set aside by a person",
    Reason.OLDER_NEWS: "older than what is known already",
}

READY_STATUSES: dict[Channel, frozenset[OrderStatus]] = {
    Channel.REGULAR: RELEASED_STATUSES,
    Channel.FBA: SHIPPED_STATUSES,
}
_PENDING: dict[OrderStatus, Reason] = {
    OrderStatus.PENDING: Reason.PAYMENT_PENDING,
    OrderStatus.PENDING_AVAILABILITY: Reason.PRE_ORDER,
}
_SAME = timedelta(seconds=1)  # Amazon's operations may round the same time differently


@dataclass(frozen=True, slots=True)
class Rules:
    """What of the configuration and the command line decisions depend on.

    `since`: orders.since; `since_of`: that of single marketplaces, by id. `forced`: the order was named by `--order`.
    `restore`: `--restore` was given.
    """

    since: datetime | None = None
    forced: bool = False
    restore: bool = False
    since_of: Mapping[str, datetime | None] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Decision:
    """One order's decision. `reason` for WAIT and IGNORE, `problem` for HOLD. `id_order`: the order's number in the
    shop, for older news of one that the ledger does not know to be there."""

    action: Action
    reason: Reason | None = None
    problem: Problem | None = None
    id_order: int | None = None


def newest_known(marker: Marker | None, entry: Entry | None, now: datetime) -> datetime | None:
    """Return the newest update of Amazon's that either has seen, given what shop and ledger know of an order."""
    moments = (marker.amazon_updated if marker else None, entry.amazon_updated if entry else None)
    return max(filter(None, (believable(moment, now) for moment in moments)), default=None)


def decide(
    order: Order, *, marker: Marker | None, foreign: int | None, entry: Entry | None, rules: Rules, now: datetime
) -> Decision:
    """Return what to do with an order as Amazon shows it, from what shop and ledger know of it.

    An answer that is older than one we have already changes nothing: orders change while pages are read.
    """
    known = newest_known(marker, entry, now)
    if known is not None and order.has_update_time and order.updated <= known - _SAME:
        return _older(marker, entry, known)
    if flaw := _flawed(order):
        return Decision(Action.HOLD, problem=flaw)
    if order.sales_channel == "NON_AMAZON" or order.status in NOT_OF_AMAZON_STATUSES:
        return Decision(Action.IGNORE, Reason.NOT_AMAZON)
    if marker is not None:
        return _known_to_shop(order, marker, entry, rules)
    if entry is not None and entry.ignored_by_person and not rules.forced:
        return _set_aside(entry)
    if foreign is not None:
        return Decision(Action.IGNORE, Reason.OTHER_IMPORTER)
    # one that is held has been in the shop, too, if it has a number there
    was_imported = entry is not None and (entry.state is EntryState.IMPORTED or entry.id_order is not None)
    if entry is not None and was_imported and not (rules.forced or rules.restore):
        message = f"order {order.order_id} was imported as {entry.id_order}, but the shop knows nothing of it any more"
        lost = Problem(ProblemCode.SHOP_RESTORED, message, order.order_id, str(entry.id_order or ""))
        return Decision(Action.HOLD, problem=lost)
    return _new_to_shop(order, rules)


def _older(marker: Marker | None, entry: Entry | None, known: datetime) -> Decision:
    """Return that everything stays as it is. An order about which the ledger has not decided yet is imported if the
    shop has the newest state."""
    unjudged = entry is None or entry.state is EntryState.SEEN
    in_shop = marker is not None and marker.order_stands and marker.amazon_updated == known
    id_order = marker.id_order if marker is not None and unjudged and in_shop else None
    return Decision(Action.UNCHANGED, Reason.OLDER_NEWS, id_order=id_order)


def _flawed(order: Order) -> Problem | None:
    if order.status is None and order.raw_status:
        message = f"order {order.order_id}: Amazon gives the status {order.raw_status!r}, which is unknown"
        return Problem(ProblemCode.UNKNOWN_STATUS, message, order.order_id, order.raw_status)
    grave = order.grave_flaws
    if not grave:
        return None
    first = grave[0]
    more = f" (and {len(grave) - 1} more)" if len(grave) > 1 else ""
    message = f"order {order.order_id}: the field {first.path} is unusable: {first.problem}{more}"
    return Problem(ProblemCode.BAD_FIELD, message, order.order_id, first.path)


def _known_to_shop(order: Order, marker: Marker, entry: Entry | None, rules: Rules) -> Decision:
    if not marker.order_stands:
        if rules.forced:
            return Decision(Action.RECREATE)
        if entry is not None and entry.ignored_by_person:
            return _set_aside(entry)
        message = f"order {order.order_id} was imported as {marker.id_order} and has been deleted in the shop"
        deleted = Problem(ProblemCode.DELETED_IN_SHOP, message, order.order_id, str(marker.id_order))
        return Decision(Action.HOLD, problem=deleted)
    return Decision(Action.UPDATE)


def _set_aside(entry: Entry) -> Decision:
    """Return that an order which a person has set aside is ignored; one that was imported stays imported."""
    imported = entry.state is EntryState.IMPORTED
    return Decision(Action.UNCHANGED if imported else Action.IGNORE, Reason.SET_ASIDE)


def _new_to_shop(order: Order, rules: Rules) -> Decision:
    assert order.status is not None  # noqa: S101 — a missing status is a grave flaw, which was tested before
    assert order.channel is not None  # noqa: S101 — likewise
    if order.status in CANCELLED_STATUSES:
        return Decision(Action.IGNORE, Reason.CANCELLED)
    since = rules.since_of.get(order.marketplace_id, rules.since)
    if since is not None and order.created < since and not rules.forced:
        return Decision(Action.IGNORE, Reason.BEFORE_SINCE)
    if order.status in NOT_RELEASED_STATUSES:
        return Decision(Action.WAIT, _PENDING[order.status])
    if order.status in READY_STATUSES[order.channel] or rules.forced:
        return Decision(Action.CREATE)
    return Decision(Action.WAIT, Reason.FBA_NOT_SHIPPED)


def next_look(first_seen: datetime, now: datetime) -> datetime:
    """Return when to ask Amazon again about an order that waits or is held: hourly at first, daily in the end.

    The distance is a twelfth of the time it has been known, between an hour and a day.
    """
    return now + min(max((now - first_seen) / 12, timedelta(hours=1)), timedelta(days=1))


def next_try(attempts: int, now: datetime) -> datetime:
    """Return when to try an order again whose writing failed: after five minutes, doubling to a day, without end."""
    if attempts > 8:  # a ninth doubling is more than a day
        return now + timedelta(days=1)
    return now + timedelta(minutes=5 << attempts)


def is_given_up(order_purchased: datetime | None, released: datetime | None, now: datetime, limit: timedelta) -> bool:
    """Return whether a waiting order has waited for longer than orders.give_up; its release counts if that is later."""
    moments = [moment for moment in (order_purchased, released) if moment is not None]
    return bool(moments) and now - max(moments) > limit
