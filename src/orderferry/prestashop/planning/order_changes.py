"""What Amazon's changes to an imported order mean for the shop, and the work of an update. Pure.

Only what Amazon changed is touched, and only if no person changed it first: the state moves while the order still is in
the state that we wrote last. `plan_update` prepares everything that an update needs before its transaction begins.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal

from orderferry.domain.marker import DIGEST_VERSION, Digests, Marker
from orderferry.domain.orders import CANCELLED_STATUSES, SHIPPED_STATUSES, Order, OrderStatus
from orderferry.domain.pricing.priced_order import PricedOrder
from orderferry.domain.problems import Problem, ProblemCode
from orderferry.prestashop.database.values import as_int, moment_text
from orderferry.prestashop.facts import Catalog, OrderInShop, OrderState, ShopFacts
from orderferry.prestashop.planning.addresses import resolve_places
from orderferry.prestashop.planning.digest import changed_groups, digests_of, merge_digests, short_hash
from orderferry.prestashop.planning.goods import backorder_state
from orderferry.prestashop.planning.market import Market
from orderferry.prestashop.planning.resolve_mappings import state_kind
from orderferry.prestashop.planning.resolve_order import resolve_order
from orderferry.prestashop.planning.resolved_order import (
    Paperwork,
    Place,
    ResolvedOrder,
    Tracking,
    invoice_mode,
    paperwork_of,
    tracking_of,
)
from orderferry.prestashop.planning.shop_texts import cancel_request, partly_shipped, shop_moment

# The settings that name states of orders that will not be sent, and so need not be cancelled.
ENDED_STATES = ("PS_OS_CANCELED", "PS_OS_ERROR", "PS_OS_REFUND")

# The words for changes in Changes.summary, and the messages for staff.
ADDRESS, LINES, TRACKING, MESSAGE, INVOICE = "address", "lines and totals", "tracking", "message", "invoice"
ADDRESS_MOVED = "Amazon has changed the delivery address; the earlier one is still in the address list."
LINES_FOLLOW = "Amazon has changed quantities or amounts; lines and totals follow."
DO_NOT_SEND = "Amazon has cancelled this order: do not send it."
CANCELLED_AFTER_SHIPPING = (
    "Amazon has cancelled this order, which is shipped here: stop the parcel, or wait for its return."
)


@dataclass(frozen=True, slots=True)
class Changes:
    """What an update changes.

    `digests`: for the marker to keep. `state`: the order moves there; `cancels`: and its stock is given back.
    `invoice`: an invoice is drawn although the state stays. `tracking`: the number to write. `address`: the corrected
    address is written. `lines`: lines and totals are rewritten. `message`: lines of a private message. `last_told`: the
    hash of those that are reported in each run, so that staff gets them once. `notes`: problems to report although the
    update succeeds.
    """

    digests: Digests
    state: OrderState | None = None
    cancels: bool = False
    invoice: bool = False
    tracking: Tracking | None = None
    address: bool = False
    lines: bool = False
    message: tuple[str, ...] = ()
    last_told: str = ""
    summary: tuple[str, ...] = ()
    notes: tuple[Problem, ...] = field(default=())


@dataclass(frozen=True, slots=True)
class OrderUpdate:
    """An update that is ready to be written.

    `marker` and `before` (the order) are as they were when it was planned: if they differ when the order is locked,
    somebody was faster, and it is planned again. `now`: when it was planned. `paperwork`: the papers of the new state.
    `place`: the corrected address. `resolved`: the order's new lines and totals. `id_carrier`: the shop's carrier that
    Amazon's package names, 0 for none.
    """

    order: Order
    marker: Marker
    before: OrderInShop
    changes: Changes
    market: Market
    now: datetime
    paperwork: Paperwork | None
    place: Place | None = None
    resolved: ResolvedOrder | None = None
    id_carrier: int = 0

    @property
    def written(self) -> str:
        """Return the moment of writing in the shop's time."""
        return shop_moment(self.now, self.market.zone)

    @property
    def old_state(self) -> OrderState | None:
        """Return the state that the order was in; None if the shop does not have that state any more."""
        return self.market.facts.states.get(self.before.state)


def plan_update(
    order: Order, marker: Marker, market: Market, catalog: Catalog, now: datetime
) -> tuple[OrderUpdate | None, Changes]:
    """Return what to write for an imported order that changed at Amazon (None: nothing), and the changes."""
    before = catalog.shop_orders.get(marker.id_order, OrderInShop(0))
    outcome = resolve_order(order, market, catalog, now) if changes_money(order, marker) else None
    problem, resolved = (outcome, None) if isinstance(outcome, Problem) else (None, outcome)
    changes = changes_of(order, marker, before, market, resolved.priced if resolved else None)
    changes, place = _with_place(order, market, marker, changes)
    if problem is not None and changes.lines:
        digests = _with_old_money(changes.digests, marker.digests)
        changes = _without(changes, LINES, LINES_FOLLOW, problem, digests=digests, lines=False)
    is_newer = moment_text(order.updated) != moment_text(marker.amazon_updated)
    if not changes.summary and not is_newer and changes.digests == marker.digests:
        return None, changes
    update = OrderUpdate(
        order=order,
        marker=marker,
        before=before,
        changes=changes,
        market=market,
        now=now,
        paperwork=_paperwork(order, marker, before, changes, market=market, place=place),
        place=place,
        resolved=resolved if changes.lines else None,
        id_carrier=_carrier_of_package(order, market.facts),
    )
    return update, changes


def changes_of(
    order: Order, marker: Marker, before: OrderInShop, market: Market, priced: PricedOrder | None = None
) -> Changes:
    """Return what to change in the shop, given Amazon's order, our marker and the shop's order.

    `priced`: the order's new money, if it has changed and could be read. What is reported instead of written keeps its
    old digest, so that the report is repeated until somebody acts.
    """
    groups = changed_at_amazon(order, marker)
    keep = merge_digests(marker.digests, digests_of(order))
    state, note = _state_change(order, marker, before, market, groups)
    notes = [note] if note else []
    report = [CANCELLED_AFTER_SHIPPING] if note else []
    cancelled = order.status in CANCELLED_STATUSES
    tracking = tracking_of(order.packages) if "tracking" in groups else None
    address = "address" in groups and _may_move_address(order, marker, _state_of(before, market))
    if cancelled and marker.digests.version == keep.version:
        keep = _with_old_money(keep, marker.digests)  # the lines stay as they are, for an order that Amazon reopens
    lines = changes_money(order, marker)
    if before.invoice_number and (lines or (cancelled and not note)):
        currency = _currency(order, before, market)
        goods_alone = lines and "totals" not in groups
        difference = _after_invoice(order, before, priced, currency, goods_alone=goods_alone)
        if difference:
            notes.append(_changed_after_invoice(order, before, difference, currency))
            stay = "" if cancelled else " Lines and totals stay."
            report.append(f"{difference}.{stay} A credit slip is needed.")
            keep = keep if cancelled else _with_old_money(keep, marker.digests)
        lines = False
    message = _message(order, groups, moves=state is not None, address=address, lines=lines)
    if cancelled and state and before.state != marker.last_state:
        message = (*message, DO_NOT_SEND)  # somebody is working on it already
    last_told = short_hash(report) if report and not marker.adopted else marker.last_told
    if last_told != marker.last_told:
        message = (*message, *report)
    # A person may have moved the order into its shipped state before Amazon knew of the parcel.
    invoice = state is None and _is_invoiced_now(order, marker, before, market, groups)
    summary = [
        f"state {state.id}" if state else "",
        INVOICE if invoice else "",
        TRACKING if tracking else "",
        ADDRESS if address else "",
        LINES if lines else "",
        MESSAGE if message and not (address or lines) else "",
    ]
    return Changes(
        digests=keep,
        state=state,
        cancels=cancelled and state is not None,
        invoice=invoice,
        tracking=tracking,
        address=address,
        lines=lines,
        message=message,
        last_told=last_told,
        summary=tuple(part for part in summary if part),
        notes=tuple(notes),
    )


def changed_at_amazon(order: Order, marker: Marker) -> frozenset[str]:
    """Return the groups of digests that changed at Amazon; of an adopted order only state and tracking."""
    groups = changed_groups(marker.digests, digests_of(order))
    return groups & {"state", "tracking"} if marker.adopted else groups


def changes_money(order: Order, marker: Marker) -> bool:
    """Return whether Amazon has changed quantities or amounts of an order that is not cancelled."""
    return bool(changed_at_amazon(order, marker) & {"lines", "totals"}) and order.status not in CANCELLED_STATUSES


def _state_of(before: OrderInShop, market: Market) -> OrderState | None:
    return market.facts.states.get(before.state)


def _target_state(order: Order, before: OrderInShop, market: Market) -> OrderState:
    """Return the state that Amazon's status means.

    For an order that is still to be packed, the backorder state if it is in that one.
    """
    kind = state_kind(order, market.settings.orders)
    state = market.states[kind]
    backorder = backorder_state(market, kind, state)
    return backorder if backorder is not None and backorder.id == before.state else state


def _state_change(
    order: Order, marker: Marker, before: OrderInShop, market: Market, groups: frozenset[str]
) -> tuple[OrderState | None, Problem | None]:
    """Return the state to move to (None: none), and what has to be reported instead."""
    target, current = _target_state(order, before, market), _state_of(before, market)
    shipped = current is not None and current.shipped
    if order.status in CANCELLED_STATUSES:
        ended = {as_int(market.facts.setting(name, market.shop)) for name in ENDED_STATES} - {0}
        if before.state in {target.id, *ended}:
            return None, None
        if shipped:
            return None, _cancelled_after_shipping(order, before, current)
        return target, None  # even if a person is preparing it: it must not be sent
    if before.state != marker.last_state or target.id == before.state:
        return None, None
    if shipped and order.status not in SHIPPED_STATUSES:
        return None, None  # the shop knows of the parcel before Amazon does
    if marker.digests.version != DIGEST_VERSION:
        return target if order.status in SHIPPED_STATUSES and not shipped else None, None
    return target if "state" in groups else None, None


def _cancelled_after_shipping(order: Order, before: OrderInShop, current: OrderState | None) -> Problem:
    name = current.name if current else str(before.state)
    message = f"order {order.order_id} is cancelled at Amazon, but stands in the state {name!r} in the shop"
    return Problem(ProblemCode.CANCELLED_AFTER_SHIPPING, message, order.order_id, name)


def _is_invoiced_now(order: Order, marker: Marker, before: OrderInShop, market: Market, groups: frozenset[str]) -> bool:
    """Return whether an order whose invoice waits for the shipment was just shipped, as Amazon has it."""
    waits = invoice_mode(order, market.settings.invoices) == "shipped" and not before.invoice_number
    return waits and not marker.adopted and "state" in groups and order.status in SHIPPED_STATUSES


def _may_move_address(order: Order, marker: Marker, current: OrderState | None) -> bool:
    """Return whether a new address is still of use: before shipping, or if the shop has only placeholders."""
    shipped = order.status in SHIPPED_STATUSES or (current is not None and current.shipped)
    return not marker.digests.address or not shipped


def _message(order: Order, groups: frozenset[str], *, moves: bool, address: bool, lines: bool) -> tuple[str, ...]:
    """Return the lines of the private message: what no history row shows."""
    texts: list[str] = []
    if address:
        texts.append(ADDRESS_MOVED)
    if lines:
        texts.append(LINES_FOLLOW)
    if "state" in groups and not moves:
        if order.status is OrderStatus.PARTIALLY_SHIPPED:
            texts.append(f"Amazon has it as partially shipped: {partly_shipped(order)}")
        request = cancel_request(order)
        if request:
            texts.append(f"The buyer asks to cancel: {request}")
    if "tracking" in groups:
        others = tracking_of(order.packages).others
        texts += [f"Further tracking numbers: {', '.join(others)}"] if others else []
    return tuple(texts)


def _after_invoice(
    order: Order, before: OrderInShop, priced: PricedOrder | None, currency: str, *, goods_alone: bool
) -> str:
    """Return how an invoiced order differs from Amazon's, with the figures; '' if it does not.

    `goods_alone`: quantities or articles have changed, but no amount. If amounts have changed and the shop has the same
    ones, staff has edited the order.
    """
    total, tax, goods = Decimal(0), Decimal(0), ""
    if order.status not in CANCELLED_STATUSES:
        total, tax = _amounts_now(order, before, priced)
        named = ", ".join(f"{item.quantity} × {item.sku or item.item_id}" for item in order.items if item.quantity)
        goods = f" (now {named or 'nothing'})"
    other_goods = goods_alone and not before.credited
    if before.agrees_with(total, tax) and not other_goods:
        return ""
    what = "changed" if goods else "cancelled"
    return (
        f"Amazon has {what} the order after invoice {before.invoice_number} was issued: "
        f"total {before.total:.2f} → {total:.2f}{currency}, VAT {before.tax:.2f} → {tax:.2f}{currency}{goods}"
    )


def _amounts_now(order: Order, before: OrderInShop, priced: PricedOrder | None) -> tuple[Decimal, Decimal]:
    """Return Amazon's total and the tax in it; what can't be read counts as invoiced."""
    if priced is not None:
        return priced.total.incl, priced.total.tax
    return order.grand_total.amount if order.grand_total else before.total, before.tax


def _currency(order: Order, before: OrderInShop, market: Market) -> str:
    """Return what follows an amount: a space and the code of the currency.

    It is the shop's, since Amazon gives no amount of a cancelled order.
    """
    code = next((one.iso for one in market.facts.currencies.values() if one.id == before.id_currency), "")
    code = code or (order.grand_total.currency if order.grand_total else "")
    return f" {code}" if code else ""


def _changed_after_invoice(order: Order, before: OrderInShop, difference: str, currency: str) -> Problem:
    message = f"order {order.order_id}: {difference}; credit slips so far: {before.credited:.2f}{currency}"
    return Problem(ProblemCode.CHANGED_AFTER_INVOICE, message, order.order_id, str(before.invoice_number))


def _with_old_money(digests: Digests, old: Digests) -> Digests:
    return replace(digests, lines=old.lines, totals=old.totals)


def _paperwork(
    order: Order, marker: Marker, before: OrderInShop, changes: Changes, *, market: Market, place: Place | None
) -> Paperwork | None:
    country = place.country if place else market.facts.countries.get(market.code)
    # An adopted order was invoiced by whoever put it into the shop, or by Amazon: no second invoice.
    if changes.state and not marker.adopted:
        return paperwork_of(order, changes.state, market, country=country, place=place)
    current = _state_of(before, market)
    if changes.state is None and changes.invoice and current is not None:
        return replace(paperwork_of(order, current, market, country=country, place=place), slip=False)
    return None


def _with_place(order: Order, market: Market, marker: Marker, changes: Changes) -> tuple[Changes, Place | None]:
    """Return the corrected address; if the shop can't take it, the changes without it, with its problem as a note."""
    if not changes.address:
        return changes, None
    places = resolve_places(order, market)
    if not isinstance(places, Problem):
        return changes, places[0]
    digests = replace(changes.digests, address=marker.digests.address)
    return _without(changes, ADDRESS, ADDRESS_MOVED, places, digests=digests, address=False), None


def _without(changes: Changes, part: str, text: str, problem: Problem, **fields: object) -> Changes:
    """Return the changes without one of them and its line of the message, with its problem as a note."""
    message = tuple(line for line in changes.message if line != text)
    summary = tuple(word for word in changes.summary if word not in {part, MESSAGE})
    if message and ADDRESS not in summary and LINES not in summary:
        summary = (*summary, MESSAGE)
    return replace(changes, summary=summary, message=message, notes=(*changes.notes, problem), **fields)  # type: ignore[arg-type]


def _carrier_of_package(order: Order, facts: ShopFacts) -> int:
    """Return the shop's active carrier with the name of the carrier of Amazon's package; 0 for none."""
    name = tracking_of(order.packages).carrier.casefold()
    return next((c.id for c in facts.carriers if c.active and name and c.name.casefold() == name), 0)
