"""Planning an update: from Amazon's news, the marker and how the order stands to the prepared work. Pure."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from orderferry.domain.marker import Marker
from orderferry.domain.orders import Order
from orderferry.domain.problems import Problem
from orderferry.prestashop.database.values import as_int, moment_text
from orderferry.prestashop.facts import OrderInShop, OrderState, ShopFacts
from orderferry.prestashop.planning.backorder import backorder_state
from orderferry.prestashop.planning.market import Market
from orderferry.prestashop.planning.order_addresses import places_of
from orderferry.prestashop.planning.order_changes import (
    ADDRESS,
    ADDRESS_MOVED,
    ENDED_STATES,
    LINES,
    LINES_FOLLOW,
    MESSAGE,
    Changes,
    Standing,
    changes_money,
    changes_of,
)
from orderferry.prestashop.planning.order_update import OrderUpdate
from orderferry.prestashop.planning.paperwork import invoice_mode, paperwork_of
from orderferry.prestashop.planning.resolve_order import ResolveContext, resolve_order
from orderferry.prestashop.planning.resolved_order import Place
from orderferry.prestashop.planning.shop_time import shop_day, shop_moment
from orderferry.prestashop.planning.states import state_kind
from orderferry.prestashop.planning.tracking import tracking_of

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
    """The state that Amazon's status means; for an oversold order that is still to be packed, the one that it is in."""
    state = market.states[kind]
    backorder = backorder_state(facts, market.shop, market.settings.orders, kind, state)
    return backorder if backorder is not None and backorder.id == current_id else state


def _with_place(
    order: Order, market: Market, facts: ShopFacts, marker: Marker, changes: Changes
) -> tuple[Changes, Place | None]:
    """The corrected address, or its problem as a note while the old address stays."""
    if not changes.address:
        return changes, None
    places = places_of(order, market, facts)
    if not isinstance(places, Problem):
        return changes, places[0]
    digests = replace(changes.digests, address=marker.digests.address)
    return _without(changes, ADDRESS, ADDRESS_MOVED, places, digests=digests, address=False), None


def _with_old_lines(marker: Marker, changes: Changes, problem: Problem) -> Changes:
    """The problem of new lines and totals as a note, while the old ones stay."""
    digests = replace(changes.digests, lines=marker.digests.lines, totals=marker.digests.totals)
    return _without(changes, LINES, LINES_FOLLOW, problem, digests=digests, lines=False)


def _without(changes: Changes, part: str, said: str, problem: Problem, **fields: object) -> Changes:
    """The changes without one of them; what staff is told besides stays."""
    told = tuple(line for line in changes.told if line != said)
    summary = tuple(word for word in changes.summary if word not in {part, MESSAGE})
    if told and ADDRESS not in summary and LINES not in summary:
        summary = (*summary, MESSAGE)
    return replace(changes, summary=summary, told=told, notes=(*changes.notes, problem), **fields)  # type: ignore[arg-type]


def _carrier_of_package(order: Order, facts: ShopFacts) -> int:
    """The shop's active carrier of the name that Amazon's package bears; 0 for none."""
    name = tracking_of(order.packages).carrier.casefold()
    return next((c.id for c in facts.carriers if c.active and name and c.name.casefold() == name), 0)
