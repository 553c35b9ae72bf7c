"""How the events of a simulated order add up: its status and quantities at a moment of its life."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from orderferry.domain.orders import OrderStatus
from orderferry.simulator.orders import Event, EventKind, SimulatedOrder


@dataclass(slots=True)
class Parcel:
    """What was shipped at once: pairs of item position and quantity."""

    shipped: datetime
    contents: tuple[tuple[int, int], ...]
    carrier: str
    tracking: str
    delivered: bool = False


@dataclass(slots=True)
class State:
    """An order as its first events made it. Lists run along the order's lines."""

    status: str
    updated: datetime
    ordered: list[int]
    fulfilled: list[int]
    parcels: list[Parcel] = field(default_factory=list)
    cancelled: dict[int, tuple[str, str]] = field(default_factory=dict)  # item position -> by, reason
    cancel_request: str | None = None
    address: dict[str, str] = field(default_factory=dict)
    tip_final: bool = False
    verified: datetime | None = None

    @property
    def pending(self) -> bool:
        """Return whether Amazon still waits for the payment, or a pre-order's release."""
        return self.status in (OrderStatus.PENDING, OrderStatus.PENDING_AVAILABILITY)


def state_after(order: SimulatedOrder, count: int) -> State:
    """Return the state of an order after so many of its events (at least one)."""
    quantities = [line.quantity for line in order.lines]
    state = State(_first_status(order), order.placed, quantities, [0] * len(quantities))
    for event in order.events[1:count]:
        state.updated = order.placed + timedelta(seconds=event.after)
        _apply(state, event)
    return state


def status_after(order: SimulatedOrder, count: int) -> str:
    """Return the status alone: what a search filters by."""
    return state_after(order, count).status if count > 1 else _first_status(order)


def ship_by(order: SimulatedOrder, state: State) -> tuple[datetime, datetime]:
    """Return the earliest and latest moment of shipping: counted from the release of the order."""
    start = state.verified or order.placed
    return start + timedelta(hours=4), start + timedelta(days=2)


def deliver_by(order: SimulatedOrder, state: State) -> tuple[datetime, datetime]:
    """Return the earliest and latest moment of delivery."""
    earliest, latest = ship_by(order, state)
    return earliest + timedelta(days=1), latest + timedelta(days=4)


def _first_status(order: SimulatedOrder) -> str:
    if any(event.kind is EventKind.AVAILABLE for event in order.events):
        return OrderStatus.PENDING_AVAILABILITY
    return OrderStatus.PENDING


def _apply(state: State, event: Event) -> None:
    """Let an event change the state; the kinds that are missing here only move the time."""
    match event.kind:
        case EventKind.AVAILABLE:
            state.status = OrderStatus.PENDING
        case EventKind.VERIFIED if state.pending:
            state.status = OrderStatus.UNSHIPPED
            state.verified = state.updated
        case EventKind.SHIPPED:
            _ship(state, event)
        case EventKind.DELIVERED:
            for parcel in state.parcels:
                parcel.delivered = True
        case EventKind.CANCELLED:
            state.status = OrderStatus.CANCELLED
            state.cancelled = dict.fromkeys(range(len(state.ordered)), (event.by or "BUYER", event.reason))
        case EventKind.ITEM_CANCELLED:
            _cancel_items(state, event)
        case EventKind.CANCEL_REQUESTED:
            state.cancel_request = event.reason
        case EventKind.ADDRESS_CORRECTED:
            state.address.update(event.changes)
        case EventKind.TIP_FINALIZED:
            state.tip_final = True
        case EventKind.STATUS_SET:
            state.status = event.status


def _ship(state: State, event: Event) -> None:
    open_quantities = [
        (position, ordered - done)
        for position, (ordered, done) in enumerate(zip(state.ordered, state.fulfilled, strict=True))
        if ordered > done
    ]
    contents = event.quantities or tuple(open_quantities)
    for position, quantity in contents:
        state.fulfilled[position] += quantity
    state.parcels.append(Parcel(state.updated, contents, event.carrier, event.tracking))
    state.verified = state.verified or state.updated
    everything = all(done >= ordered for ordered, done in zip(state.ordered, state.fulfilled, strict=True))
    state.status = OrderStatus.SHIPPED if everything else OrderStatus.PARTIALLY_SHIPPED


def _cancel_items(state: State, event: Event) -> None:
    for position, quantity in event.quantities:
        state.ordered[position] = max(state.ordered[position] - quantity, 0)
        state.cancelled[position] = (event.by or "BUYER", event.reason)
    if not any(state.ordered):
        state.status = OrderStatus.CANCELLED
    elif any(state.fulfilled) and all(
        done >= ordered for ordered, done in zip(state.ordered, state.fulfilled, strict=True)
    ):
        state.status = OrderStatus.SHIPPED
