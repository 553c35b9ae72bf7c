"""What Amazon's news about an imported order mean for the shop: pure, from digests, states and what stands there.

Only what Amazon changed is touched, and only where no person was faster: the state moves while the order still stands
in the state that we wrote last.

The work of an update, prepared before its transaction: what changes, and everything that is needed for it.

Planning an update: from Amazon's news, the marker and how the order stands to the prepared work. Pure.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal

from orderferry.domain.marker import Digests, Marker
from orderferry.domain.orders import Order, OrderStatus
from orderferry.domain.pricing.priced_order import PricedOrder
from orderferry.domain.problems import Problem, ProblemCode
from orderferry.prestashop.database.values import as_int, moment_text
from orderferry.prestashop.facts import OrderInShop, OrderState, ShopFacts
from orderferry.prestashop.planning.addresses import places_of
from orderferry.prestashop.planning.digest import changed_groups, digests_of, merged, short_hash
from orderferry.prestashop.planning.goods import backorder_state
from orderferry.prestashop.planning.market import Market
from orderferry.prestashop.planning.resolve_mappings import SHIPPED_STATUSES, state_kind
from orderferry.prestashop.planning.resolve_order import ResolveContext, resolve_order
from orderferry.prestashop.planning.resolved_order import (
    Paperwork,
    Place,
    ResolvedOrder,
    Tracking,
    invoice_mode,
    paperwork_of,
    tracking_of,
)
from orderferry.prestashop.planning.shop_texts import cancel_request, partly_shipped, shop_day, shop_moment

# States that need no cancelling any more: the shop's own words for "this will not be sent".
ENDED_STATES = ("PS_OS_CANCELED", "PS_OS_ERROR", "PS_OS_REFUND")

# What Changes.summary calls these changes, and what staff is told of them.
ADDRESS, LINES, TRACKING, MESSAGE, INVOICE = "address", "lines and totals", "tracking", "message", "invoice"
ADDRESS_MOVED = "Amazon has changed the delivery address; the earlier one is still in the address list."
LINES_FOLLOW = "Amazon has changed quantities or amounts; lines and totals follow."
DO_NOT_SEND = "Amazon has cancelled this order: do not send it."
CANCELLED_AFTER_SHIPPING = (
    "Amazon has cancelled this order, which is shipped here: stop the parcel, or wait for its return."
)


@dataclass(frozen=True, slots=True)
class Standing:
    """How the order stands in the shop now, and the states that matter for it.

    `current`: the state it is in (None: a state that no longer exists); `target`: the state that Amazon's status
    means; `ended`: ids of ENDED_STATES; `invoiced_when_shipped`: invoices.mode of this order is `shipped`; `currency`:
    of its amounts in the shop, '' where that is not known.
    """

    order: OrderInShop
    current: OrderState | None
    target: OrderState
    ended: frozenset[int]
    invoiced_when_shipped: bool = False
    currency: str = ""


@dataclass(frozen=True, slots=True)
class Changes:
    """What an update does. `state`: move there; `cancels`: and give the stock back; `invoice`: draw an invoice although
    the state stays; `tracking`: write the number;
    `address`: write the corrected address; `lines`: rewrite lines and totals; `told`: lines of a private message;
    `last_told`: the hash, for the marker, of those that tell of what is reported again and again;
    `digests`: what the marker keeps; `notes`: problems that stand although nothing fails.
    """

    digests: Digests
    state: OrderState | None = None
    cancels: bool = False
    invoice: bool = False
    tracking: Tracking | None = None
    address: bool = False
    lines: bool = False
    told: tuple[str, ...] = ()
    last_told: str = ""
    summary: tuple[str, ...] = ()
    notes: tuple[Problem, ...] = field(default=())

    @property
    def touches_order(self) -> bool:
        """Return whether rows of the order change (the marker alone is our own business)."""
        return bool(self.summary)


def news_of(order: Order, marker: Marker) -> frozenset[str]:
    """Return the groups of digests in which Amazon has news for the shop, given an order and its marker.

    Adopted orders are followed in state and tracking only.
    """
    groups = changed_groups(marker.digests, digests_of(order))
    return groups & {"state", "tracking"} if marker.adopted else groups


def changes_money(order: Order, marker: Marker) -> bool:
    """Return whether Amazon has changed quantities or amounts of an order that still is one."""
    return bool(news_of(order, marker) & {"lines", "totals"}) and order.status is not OrderStatus.CANCELLED


def changes_of(order: Order, marker: Marker, standing: Standing, priced: PricedOrder | None = None) -> Changes:
    """Given Amazon's news, our marker and how the order stands, return what to change in the shop.

    `priced`: the order's new money where that has changed and could be read. What is reported instead of done keeps
    its old digest, so that the report stays until somebody acts.
    """
    groups = news_of(order, marker)
    keep = merged(marker.digests, digests_of(order))
    moves, note = _state_change(order, marker, standing, groups)
    notes = [note] if note else []
    told_once = [CANCELLED_AFTER_SHIPPING] if note else []
    cancelled = order.status is OrderStatus.CANCELLED
    tracking = tracking_of(order.packages) if "tracking" in groups else None
    address = "address" in groups and _may_move_address(order, marker, standing)
    if cancelled and marker.digests.version == keep.version:
        keep = _with_old_money(keep, marker.digests)  # the lines stay as they are, for an order that Amazon reopens
    lines = changes_money(order, marker)
    if standing.order.invoice_number and (lines or (cancelled and not note)):
        difference = _after_invoice(order, standing, priced, goods_alone=lines and "totals" not in groups)
        if difference:
            notes.append(_changed_after_invoice(order, standing, difference))
            stay = "" if cancelled else " Lines and totals stay."
            told_once.append(f"{difference}.{stay} A credit slip is needed.")
            keep = keep if cancelled else _with_old_money(keep, marker.digests)
        lines = False
    told = _told(order, groups, moves=moves, address=address, lines=lines)
    if cancelled and moves and standing.order.state != marker.last_state:
        told = (*told, DO_NOT_SEND)  # somebody has it in hand already
    last_told = short_hash(told_once) if told_once and not marker.adopted else marker.last_told
    if last_told != marker.last_told:
        told = (*told, *told_once)
    state = standing.target if moves else None
    # A person may have moved the order into its shipped state before Amazon knew of the parcel.
    invoice = _is_invoiced_now(order, marker, standing, groups) and state is None
    summary = [
        f"state {state.id}" if state else "",
        INVOICE if invoice else "",
        TRACKING if tracking else "",
        ADDRESS if address else "",
        LINES if lines else "",
        MESSAGE if told and not (address or lines) else "",
    ]
    return Changes(
        digests=keep,
        state=state,
        cancels=moves and cancelled,
        invoice=invoice,
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
    """Return whether the state moves to the target, and what has to be reported instead."""
    current = standing.order.state
    shipped = standing.current is not None and standing.current.shipped
    if order.status is OrderStatus.CANCELLED:
        if current == standing.target.id or current in standing.ended:
            return False, None
        if shipped:
            return False, _after_shipping(order, standing)
        return True, None  # whatever a person prepares: it is not to be sent
    if current != marker.last_state or standing.target.id == current:
        return False, None
    if shipped and order.status not in SHIPPED_STATUSES:
        return False, None  # the shop knows of the parcel before Amazon does
    if marker.digests.version != digests_of(order).version:
        return order.status in SHIPPED_STATUSES and not shipped, None
    return "state" in groups, None


def _is_invoiced_now(order: Order, marker: Marker, standing: Standing, groups: frozenset[str]) -> bool:
    """Return whether an order whose invoice waits for the shipment has just been shipped by Amazon's word."""
    waits = standing.invoiced_when_shipped and not standing.order.invoice_number and not marker.adopted
    return waits and "state" in groups and order.status in SHIPPED_STATUSES


def _may_move_address(order: Order, marker: Marker, standing: Standing) -> bool:
    """An address is corrected before shipping; later only where a placeholder stands (no address was known)."""
    shipped = order.status in SHIPPED_STATUSES or (standing.current is not None and standing.current.shipped)
    return not marker.digests.address or not shipped


def _told(order: Order, groups: frozenset[str], *, moves: bool, address: bool, lines: bool) -> tuple[str, ...]:
    """Return the private message for what no history row shows."""
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


def _after_shipping(order: Order, standing: Standing) -> Problem:
    name = standing.current.name if standing.current else str(standing.order.state)
    return Problem(
        ProblemCode.CANCELLED_AFTER_SHIPPING,
        f"order {order.order_id} is cancelled at Amazon, but stands in the state {name!r} in the shop",
        order.order_id,
        name,
    )


def _after_invoice(order: Order, standing: Standing, priced: PricedOrder | None, *, goods_alone: bool) -> str:
    """Say what of an invoiced order is no longer so at Amazon, with the figures; '' when the books are right.

    `goods_alone`: quantities or articles have changed, but no amount. Where amounts have, and the books say the same,
    staff has edited the order.
    """
    books = standing.order
    total, tax, goods = Decimal(0), Decimal(0), ""
    if order.status is not OrderStatus.CANCELLED:
        total, tax = _amounts_now(order, books, priced)
        named = ", ".join(f"{item.quantity} × {item.sku or item.item_id}" for item in order.items if item.quantity)
        goods = f" (now {named or 'nothing'})"
    other_goods = goods_alone and not books.credited
    if books.is_settled_by(total, tax) and not other_goods:
        return ""
    what = "changed" if goods else "cancelled"
    currency = _currency(order, standing)
    return (
        f"Amazon has {what} the order after invoice {books.invoice_number} was issued: "
        f"total {books.total:.2f} → {total:.2f}{currency}, VAT {books.tax:.2f} → {tax:.2f}{currency}{goods}"
    )


def _amounts_now(order: Order, books: OrderInShop, priced: PricedOrder | None) -> tuple[Decimal, Decimal]:
    """Return Amazon's total and the tax in it; what can't be read is taken to be as invoiced."""
    if priced is not None:
        return priced.total.incl, priced.total.tax
    return order.grand_total.amount if order.grand_total else books.total, books.tax


def _currency(order: Order, standing: Standing) -> str:
    """What stands behind an amount: a space and the code. Amazon tells no amount of a cancelled order, so the shop
    tells its currency."""
    code = standing.currency or (order.grand_total.currency if order.grand_total else "")
    return f" {code}" if code else ""


def _changed_after_invoice(order: Order, standing: Standing, difference: str) -> Problem:
    books = standing.order
    credited = f"{books.credited:.2f}{_currency(order, standing)}"
    return Problem(
        ProblemCode.CHANGED_AFTER_INVOICE,
        f"order {order.order_id}: {difference}; credit slips so far: {credited}",
        order.order_id,
        str(books.invoice_number),
    )


def _with_old_money(digests: Digests, old: Digests) -> Digests:
    return Digests(digests.state, old.lines, digests.address, digests.tracking, old.totals, digests.version)


@dataclass(frozen=True, slots=True)
class OrderUpdate:
    """What `apply_update` needs.

    `marker` and `current_state` as they were when it was planned: if they differ when the order is locked, somebody
    was faster, and it is planned again. `place`: the corrected address; `resolved`: the order's new lines and totals;
    `id_carrier`: the shop's carrier that Amazon's package names, 0 for none; `paperwork`: what the new state prints;
    `old_state`: the state before (None: unknown); `taxes`: id_tax to rate, to find the tax of the shipping.
    """

    order: Order
    marker: Marker
    changes: Changes
    id_shop: int
    current_state: int
    old_state: OrderState | None
    written: str
    day: str
    id_employee: int
    module_name: str
    paperwork: Paperwork | None
    taxes: Mapping[int, Decimal]
    shipping_reason: int
    place: Place | None = None
    resolved: ResolvedOrder | None = None
    id_carrier: int = 0


SHIPPING_REASON = "PS_STOCK_CUSTOMER_ORDER_REASON"


def plan_update(
    order: Order, marker: Marker, market: Market, bench: ResolveContext, now: datetime
) -> tuple[OrderUpdate | None, Changes]:
    """Given news about an imported order, return the work (None: nothing at all is to be written) and the changes."""
    facts = bench.facts
    books = bench.catalog.standing.get(marker.id_order, OrderInShop(0))
    kind = state_kind(order, market.settings.orders)
    ended = frozenset(as_int(facts.setting(name, market.shop)) for name in ENDED_STATES) - {0}
    standing = Standing(
        order=books,
        current=facts.states.get(books.state),
        target=_target(kind, books.state, market, facts),
        ended=ended,
        invoiced_when_shipped=invoice_mode(order, market.settings.invoices) == "shipped",
        currency=next((one.iso for one in facts.currencies.values() if one.id == books.id_currency), ""),
    )
    outcome = resolve_order(order, market, bench, now) if changes_money(order, marker) else None
    problem, resolved = (outcome, None) if isinstance(outcome, Problem) else (None, outcome)
    changes = changes_of(order, marker, standing, resolved.priced if resolved else None)
    changes, place = _with_place(order, market, facts, marker, changes)
    if problem is not None and changes.lines:
        changes = _with_old_lines(marker, changes, problem)
    news = moment_text(order.updated) != moment_text(marker.amazon_updated) or changes.digests != marker.digests
    if not changes.touches_order and not news:
        return None, changes
    country = place.country if place else facts.countries.get(market.code)
    papers = None
    # An adopted order was invoiced by whoever put it into the shop, or by Amazon: no second invoice.
    if changes.state and not marker.adopted:
        papers = paperwork_of(order, changes.state, market, facts, country=country, place=place)
    elif changes.invoice and standing.current is not None:
        papers = replace(paperwork_of(order, standing.current, market, facts, country=country, place=place), slip=False)
    update = OrderUpdate(
        order=order,
        marker=marker,
        changes=changes,
        id_shop=market.shop.id,
        current_state=books.state,
        old_state=standing.current,
        written=shop_moment(now, market.zone),
        day=shop_day(now, market.zone),
        id_employee=facts.employee,
        module_name=market.settings.orders.module_name,
        paperwork=papers,
        taxes=facts.taxes,
        shipping_reason=as_int(facts.setting(SHIPPING_REASON, market.shop)),
        place=place,
        resolved=resolved if changes.lines else None,
        id_carrier=_carrier_of_package(order, facts),
    )
    return update, changes


def _target(kind: str, current_id: int, market: Market, facts: ShopFacts) -> OrderState:
    """Return the state that Amazon's status means; for an oversold order that is still to be packed, the one that it
    is in.
    """
    state = market.states[kind]
    backorder = backorder_state(facts, market.shop, market.settings.orders, kind, state)
    return backorder if backorder is not None and backorder.id == current_id else state


def _with_place(
    order: Order, market: Market, facts: ShopFacts, marker: Marker, changes: Changes
) -> tuple[Changes, Place | None]:
    """Return the corrected address, or its problem as a note while the old address stays."""
    if not changes.address:
        return changes, None
    places = places_of(order, market, facts)
    if not isinstance(places, Problem):
        return changes, places[0]
    digests = replace(changes.digests, address=marker.digests.address)
    return _without(changes, ADDRESS, ADDRESS_MOVED, places, digests=digests, address=False), None


def _with_old_lines(marker: Marker, changes: Changes, problem: Problem) -> Changes:
    """Return the problem of new lines and totals as a note, while the old ones stay."""
    digests = replace(changes.digests, lines=marker.digests.lines, totals=marker.digests.totals)
    return _without(changes, LINES, LINES_FOLLOW, problem, digests=digests, lines=False)


def _without(changes: Changes, part: str, said: str, problem: Problem, **fields: object) -> Changes:
    """Return the changes without one of them; what staff is told besides stays."""
    told = tuple(line for line in changes.told if line != said)
    summary = tuple(word for word in changes.summary if word not in {part, MESSAGE})
    if told and ADDRESS not in summary and LINES not in summary:
        summary = (*summary, MESSAGE)
    return replace(changes, summary=summary, told=told, notes=(*changes.notes, problem), **fields)  # type: ignore[arg-type]


def _carrier_of_package(order: Order, facts: ShopFacts) -> int:
    """Return the shop's active carrier of the name that Amazon's package bears; 0 for none."""
    name = tracking_of(order.packages).carrier.casefold()
    return next((c.id for c in facts.carriers if c.active and name and c.name.casefold() == name), 0)
