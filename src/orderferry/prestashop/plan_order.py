"""Planning one order: everything that would be written, rendered before any transaction begins. Pure."""

from __future__ import annotations

from datetime import datetime

from orderferry.domain.forgetting import without_buyer, without_postcode
from orderferry.domain.orders import Order
from orderferry.domain.problems import Problem, ProblemCode
from orderferry.domain.shopwork import Intent, Plan
from orderferry.prestashop.planning.market import Market
from orderferry.prestashop.planning.order_changes import plan_update
from orderferry.prestashop.planning.resolve_order import ResolveContext, resolve_order
from orderferry.prestashop.planning.resolved_order import ResolvedOrder
from orderferry.prestashop.rows.new_order import render


def plan_order(order: Order, intent: Intent, market: Market, bench: ResolveContext, now: datetime) -> Plan | Problem:
    """Given an order, what is intended, and what shop and configuration say, return the plan or why there is none.

    An order that can't even be rendered holds itself up and no other: what arithmetic or conversion refuses becomes a
    write-failed. A buyer who was forgotten stays so: what Amazon still tells of the person is not even looked at.
    """
    marker = bench.catalog.markers.get(order.order_id)
    if marker is not None and marker.forgotten:
        order = without_buyer(order)
    try:
        if intent is Intent.UPDATE:
            return _update(order, market, bench, now)
        if marker is not None and marker.forgotten:
            order = without_postcode(order)
        return _new(order, intent, market, bench, now)
    except (ArithmeticError, KeyError, ValueError, TypeError) as error:
        return Problem(
            ProblemCode.WRITE_FAILED,
            f"order {order.order_id} can't be rendered for the shop ({type(error).__name__})",
            order.order_id,
        )


def _new(order: Order, intent: Intent, market: Market, bench: ResolveContext, now: datetime) -> Plan | Problem:
    resolved = resolve_order(order, market, bench, now)
    if isinstance(resolved, Problem):
        return resolved
    reference = bench.catalog.references[order.order_id]
    work = render(resolved, bench.facts.tables, reference, recreates=intent is Intent.RECREATE)
    return Plan(order.order_id, intent, new_order_changes(resolved), work)


def _update(order: Order, market: Market, bench: ResolveContext, now: datetime) -> Plan | Problem:
    marker = bench.catalog.markers.get(order.order_id)
    if marker is None:
        return Problem(ProblemCode.WRITE_FAILED, f"order {order.order_id} has no marker any more", order.order_id)
    work, changes = plan_update(order, marker, market, bench, now)
    return Plan(order.order_id, Intent.UPDATE, changes.summary, work, changes.notes, marker.id_order)


def new_order_changes(resolved: ResolvedOrder) -> tuple[str, ...]:
    """What a new order brings, in a few words without personal data."""
    count, priced = len(resolved.lines), resolved.priced
    return tuple(
        part
        for part in (
            f"order of {count} line{'' if count == 1 else 's'}, {priced.total.incl} {priced.currency}",
            f"state {resolved.state.id} ({resolved.state.name})",
            "invoice" if resolved.paperwork.invoice else "",
            "delivery slip" if resolved.paperwork.slip else "",
            "stock" if resolved.movement is not None and resolved.goods else "",
        )
        if part
    )
