"""What Amazon's news about an imported order mean for the shop: pure, from digests, states and what stands there.

Only what Amazon changed is touched, and only where no person was faster: the state moves while the order still stands
in the state that we wrote last.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from orderferry.domain.marker import Digests, Marker
from orderferry.domain.orders import Order, OrderStatus
from orderferry.domain.problems import Problem, ProblemCode
from orderferry.prestashop.facts import OrderState
from orderferry.prestashop.planning.digest import changed_groups, digests_of, merged, short_hash
from orderferry.prestashop.planning.states import SHIPPED_STATUSES
from orderferry.prestashop.planning.tracking import Tracking, tracking_of
from orderferry.prestashop.rows.message import cancel_request, partly_shipped

# States that need no cancelling any more: the shop's own words for "this will not be sent".
ENDED_STATES = ("PS_OS_CANCELED", "PS_OS_ERROR", "PS_OS_REFUND")

# What Changes.summary calls these changes, and what staff is told of them.
ADDRESS, LINES, TRACKING, MESSAGE = "address", "lines and totals", "tracking", "message"
ADDRESS_MOVED = "Amazon has changed the delivery address; the earlier one is still in the address list."
LINES_FOLLOW = "Amazon has changed quantities or amounts; lines and totals follow."


@dataclass(frozen=True, slots=True)
class Standing:
    """How the order stands in the shop now, and the states that matter for it.

    `current`: the state it is in (None: a state that no longer exists); `target`: the state that Amazon's status
    means; `ended`: ids of ENDED_STATES; `invoice_number`: 0 without invoice.
    """

    current_id: int
    current: OrderState | None
    target: OrderState
    ended: frozenset[int]
    invoice_number: int


@dataclass(frozen=True, slots=True)
class Changes:
    """What an update does. `state`: move there; `cancels`: and give the stock back; `tracking`: write the number;
    `address`: write the corrected address; `lines`: rewrite lines and totals; `told`: lines of a private message;
    `last_told`: the hash, for the marker, of those that tell of what is reported again and again;
    `digests`: what the marker keeps; `notes`: problems that stand although nothing fails.
    """

    digests: Digests
    state: OrderState | None = None
    cancels: bool = False
    tracking: Tracking | None = None
    address: bool = False
    lines: bool = False
    told: tuple[str, ...] = ()
    last_told: str = ""
    summary: tuple[str, ...] = ()
    notes: tuple[Problem, ...] = field(default=())

    @property
    def touches_order(self) -> bool:
        """Whether rows of the order change (the marker alone is our own business)."""
        return bool(self.summary)


def changes_of(order: Order, marker: Marker, standing: Standing) -> Changes:
    """Given Amazon's news, our marker and how the order stands, return what to change in the shop.

    Adopted orders are followed in state and tracking only. What is reported instead of done keeps its old digest, so
    that the report stays until somebody acts.
    """
    new = digests_of(order)
    groups = changed_groups(marker.digests, new)
    if marker.adopted:
        groups &= {"state", "tracking"}
    keep = merged(marker.digests, new)
    moves, note = _state_change(order, marker, standing, groups)
    notes = [note] if note else []
    told_once = [_cancelled_at_amazon(standing)] if note else []
    cancelled = order.status is OrderStatus.CANCELLED
    tracking = tracking_of(order.packages) if "tracking" in groups else None
    address = "address" in groups and _may_move_address(order, marker, standing)
    lines = bool(groups & {"lines", "totals"}) and not cancelled
    if lines and standing.invoice_number:
        notes.append(_after_invoice(order, standing.invoice_number))
        told_once.append(f"{_changed_after(order, standing.invoice_number)}. Lines and totals stay.")
        keep = _with_old_money(keep, marker.digests)
        lines = False
    told = _told(order, groups, moves=moves, address=address, lines=lines)
    last_told = short_hash(told_once) if told_once and not marker.adopted else marker.last_told
    if last_told != marker.last_told:
        told = (*told, *told_once)
    state = standing.target if moves else None
    summary = [
        f"state {state.id}" if state else "",
        TRACKING if tracking else "",
        ADDRESS if address else "",
        LINES if lines else "",
        MESSAGE if told and not (address or lines) else "",
    ]
    return Changes(
        digests=keep,
        state=state,
        cancels=moves and cancelled,
        tracking=tracking,
        address=address,
        lines=lines,
        told=told,
        last_told=last_told,
        summary=tuple(part for part in summary if part),
        notes=tuple(notes),
    )


def _state_change(
    order: Order, marker: Marker, standing: Standing, groups: frozenset[str]
) -> tuple[bool, Problem | None]:
    """Whether the state moves to the target, and what has to be reported instead."""
    ours = standing.current_id == marker.last_state
    shipped = standing.current is not None and standing.current.shipped
    if order.status is OrderStatus.CANCELLED:
        if standing.current_id == standing.target.id or standing.current_id in standing.ended:
            return False, None
        if shipped or not ours:
            return False, _after_shipping(order, standing)
        return True, None
    if not ours or standing.target.id == standing.current_id:
        return False, None
    if shipped and order.status not in SHIPPED_STATUSES:
        return False, None  # the shop knows of the parcel before Amazon does
    if marker.digests.version != digests_of(order).version:
        return order.status in SHIPPED_STATUSES and not shipped, None
    return "state" in groups, None


def _may_move_address(order: Order, marker: Marker, standing: Standing) -> bool:
    """An address is corrected before shipping; later only where a placeholder stands (no address was known)."""
    shipped = order.status in SHIPPED_STATUSES or (standing.current is not None and standing.current.shipped)
    return not marker.digests.address or not shipped


def _told(order: Order, groups: frozenset[str], *, moves: bool, address: bool, lines: bool) -> tuple[str, ...]:
    """The private message for what no history row shows."""
    told: list[str] = []
    if address:
        told.append(ADDRESS_MOVED)
    if lines:
        told.append(LINES_FOLLOW)
    if "state" in groups and not moves:
        if order.status is OrderStatus.PARTIALLY_SHIPPED:
            told.append(f"Amazon has it as partially shipped: {partly_shipped(order)}")
        request = cancel_request(order)
        if request:
            told.append(f"The buyer asks to cancel: {request}")
    if "tracking" in groups:
        others = tracking_of(order.packages).others
        told += [f"Further tracking numbers: {', '.join(others)}"] if others else []
    return tuple(told)


def _cancelled_at_amazon(standing: Standing) -> str:
    """For those who pack and send, who read no report."""
    if standing.current is not None and standing.current.shipped:
        return "Amazon has cancelled this order, which is shipped here: stop the parcel, or wait for its return."
    return "Amazon has cancelled this order: do not send it. Its state was changed in the shop, and stays."


def _changed_after(order: Order, invoice_number: int) -> str:
    goods = [f"{item.quantity} × {item.sku or item.item_id}" for item in order.items if item.quantity]
    total = f" for {order.grand_total.amount} {order.grand_total.currency}" if order.grand_total else ""
    return (
        f"Amazon changed quantities or amounts after invoice {invoice_number} was issued, to "
        f"{', '.join(goods) or 'nothing'}{total}"
    )


def _after_shipping(order: Order, standing: Standing) -> Problem:
    name = standing.current.name if standing.current else str(standing.current_id)
    return Problem(
        ProblemCode.CANCELLED_AFTER_SHIPPING,
        f"order {order.order_id} is cancelled at Amazon, but stands in the state {name!r} in the shop",
        order.order_id,
        name,
    )


def _after_invoice(order: Order, invoice_number: int) -> Problem:
    return Problem(
        ProblemCode.CHANGED_AFTER_INVOICE,
        f"order {order.order_id}: {_changed_after(order, invoice_number)}",
        order.order_id,
        str(invoice_number),
    )


def _with_old_money(digests: Digests, old: Digests) -> Digests:
    return Digests(digests.state, old.lines, digests.address, digests.tracking, old.totals, digests.version)
