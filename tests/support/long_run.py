"""Sixty days of an installation without sockets: the simulated Amazon's world behind a source that misbehaves, a shop
in memory that keeps its promises as a database does, and a process that can die between any two things it does.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random
from typing import Any

from orderferry.amazon.decode_order import decode_order
from orderferry.domain.marker import Action, Applied, Digests, Marker, Outcome, Plan
from orderferry.domain.orders import Channel, Order, OrderStatus, UnreadableOrder
from orderferry.domain.problems import Problem, ProblemCode
from orderferry.domain.search import Page, Search
from orderferry.errors import AmazonUnavailable, QuotaExhausted
from orderferry.prestashop.facts import Catalog
from orderferry.simulator.orders import SimulatedOrder
from orderferry.simulator.world import Query, World
from support.engine_world import KeepsNotes

FULFILLED_BY = {Channel.REGULAR: "MERCHANT", Channel.FBA: "AMAZON"}
READY = {
    Channel.REGULAR: {"UNSHIPPED", "PARTIALLY_SHIPPED", "SHIPPED"},
    Channel.FBA: {"SHIPPED"},
}
ANSWER_TIME = timedelta(seconds=1)


class Killed(BaseException):
    """The process is gone: no `except Exception` and no clean-up of its own may matter any more."""


@dataclass
class Fate:
    """What befalls a run at the n-th thing that it does: `strike` is called, right before it (odd) or after (even)."""

    at: int = 0
    strike: Callable[[], None] = lambda: None
    done: int = 0

    def step(self) -> None:
        self.done += 1
        if self.done == self.at:
            self.strike()


class Mortal:
    """A thing whose every method is two steps of a fate: before its outcome, and after it."""

    def __init__(self, thing: Any, fate: Fate) -> None:
        self._thing = thing
        self._fate = fate

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._thing, name)
        if not callable(found) or name in {"close", "release", "now"}:
            return found

        def called(*arguments: Any, **options: Any) -> Any:
            self._fate.step()
            result = found(*arguments, **options)
            self._fate.step()
            return result

        return called


@dataclass
class Manners:
    """How Amazon answers one run. `stale`: searches show the orders as they were so long ago. `repeat`: each page has
    the last order of the page before, too. `fail_at`: this search or look fails, with the quota spent or otherwise."""

    page_size: int = 4
    shuffle: int = 0
    repeat: bool = False
    stale: timedelta = timedelta(0)
    fail_at: int = 0
    quota: bool = False


@dataclass
class WorldSource:
    """The world as a run's source."""

    world: World
    clock: Callable[[], datetime]
    manners: Manners
    calls: dict[str, int] = field(default_factory=lambda: {"searchOrders": 0, "getOrder": 0})
    spent: timedelta = timedelta(0)
    clock_offset: timedelta | None = timedelta(0)
    withheld: Mapping[str, str] = field(default_factory=dict)
    _last: dict[str, Any] | None = None

    def now(self) -> datetime:
        return self.clock() + self.spent

    def search(self, search: Search, token: str | None = None) -> Page:
        self._ask("searchOrders")
        now, manners = self.now(), self.manners
        before = search.span.end
        query = Query(
            search.basis,
            search.span.start,
            before,
            frozenset(search.marketplaces),
            frozenset({FULFILLED_BY[search.channel]} if search.channel else ()),
            frozenset(map(str, search.statuses)),
        )
        beyond = int(token.partition(" ")[0]) if token else None
        orders, end = self.world.search(now - manners.stale, query, limit=manners.page_size, beyond=beyond)
        if token and manners.repeat and self._last is not None and orders:
            orders.insert(0, self._last)
        self._last = orders[-1] if orders else None
        if manners.shuffle:
            Random(manners.shuffle).shuffle(orders)
        following = f"{end} {self.calls['searchOrders']}" if end is not None else None
        return Page(tuple(map(decode_order, _as_sent(orders))), following, before)

    def get(self, order_id: str) -> Order | UnreadableOrder | None:
        self._ask("getOrder")
        found = self.world.find(order_id, self.now())
        return decode_order(_as_sent(found[1])) if found else None

    def close(self) -> None:
        """Nothing to close."""

    def _ask(self, operation: str) -> None:
        self.calls[operation] += 1
        self.spent += ANSWER_TIME
        if sum(self.calls.values()) == self.manners.fail_at:
            if self.manners.quota:
                raise QuotaExhausted("no token is left", operation=operation)
            raise AmazonUnavailable("Amazon is away")


def _as_sent(value: Any) -> Any:
    """What comes out at the other end of the wire."""
    return json.loads(json.dumps(value))


@dataclass
class MemoryShop(KeepsNotes):
    """A shop whose rows outlive the processes that write them. It keeps what the database promises: a second marker is
    refused, older news are none, and a transaction is there or not.
    """

    world: World
    clock: Callable[[], datetime]
    skus: set[str]
    rows: dict[str, Marker] = field(default_factory=dict)
    statuses: dict[str, str] = field(default_factory=dict)
    created: list[str] = field(default_factory=list)
    too_early: list[str] = field(default_factory=list)
    notes: dict[str, str] = field(default_factory=dict)

    def prepare(self, *, write: bool) -> None:
        """It is always there."""

    def prefetch(self, orders: Sequence[Order]) -> Catalog:
        return Catalog(markers=self.markers(order.order_id for order in orders))

    def markers(self, order_ids: Iterable[str]) -> Mapping[str, Marker]:
        return {order_id: self.rows[order_id] for order_id in order_ids if order_id in self.rows}

    def foreign(self, order_ids: Iterable[str]) -> Mapping[str, int]:
        return {}

    def plan(self, order: Order, action: Action, view: Catalog, now: datetime) -> Plan | Problem:
        missing = [item.sku for item in order.items if item.sku not in self.skus]
        if missing and action is Action.CREATE:
            return Problem(ProblemCode.UNKNOWN_SKU, f"no product {missing[0]}", order.order_id, missing[0])
        marker = view.markers.get(order.order_id)
        changed = marker is None or marker.digests.state != str(order.status)
        return Plan(order.order_id, action, ("rows",) if changed else (), order)

    def apply(self, plan: Plan, now: datetime) -> Applied | Problem | None:
        order: Order = plan.work
        marker = self.rows.get(order.order_id)
        if marker is not None and (plan.action is Action.CREATE or order.updated < marker.amazon_updated):
            return None
        if marker is None:
            self.created.append(order.order_id)
            if not was_ready(self.world.order(order.order_id), self.clock()):
                self.too_early.append(order.order_id)
        id_order = marker.id_order if marker else len(self.created)
        digests = Digests(state=str(order.status))
        self.rows[order.order_id] = Marker(
            order.order_id, id_order, order.marketplace_id, order.channel, order.updated, digests, 2
        )
        self.statuses[order.order_id] = str(order.status)
        if not plan.changes:
            return Applied(Outcome.UNCHANGED, id_order)
        return Applied(Outcome.CREATED if marker is None else Outcome.UPDATED, id_order, plan.changes)

    def cause_gone(self, problems: Sequence[Problem]) -> Sequence[bool]:
        return [problem.subject in self.skus for problem in problems]

    def shared_invoice_numbers(self) -> Sequence[Problem]:
        return ()

    def marker_pages(self) -> Iterator[list[Marker]]:
        yield list(self.rows.values())


def was_ready(order: Any, now: datetime) -> bool:
    """Whether Amazon had released (regular) or shipped (FBA) an order at some moment up to `now`, by its own events."""
    assert isinstance(order, SimulatedOrder)
    world = World([order])
    moments = [moment for moment in order.update_times() if moment <= now]
    sights = [world.find(order.order_id, moment) for moment in moments]
    return any(found is not None and found[0].status in READY[order.channel] for found in sights)


def wrong_at_the_end(world: World, shop: MemoryShop, now: datetime) -> list[str]:
    """How the shop differs from Amazon, in words."""
    told = [f"{order_id} was imported before it was ready" for order_id in shop.too_early]
    told += [f"{one} was created {shop.created.count(one)} times" for one in shop.rows if shop.created.count(one) != 1]
    for order in world:
        assert isinstance(order, SimulatedOrder)
        found = world.find(order.order_id, now)
        status = found[0].status if found else None
        there = shop.statuses.get(order.order_id)
        salable = all(line.sku in shop.skus for line in order.lines)
        if there is None and status in READY[order.channel] and salable:
            told.append(f"{order.order_id} is {status} at Amazon and missing in the shop")
        elif there is not None and there != status:
            told.append(f"{order.order_id} is {status} at Amazon and {there} in the shop")
        elif there is not None and status in {OrderStatus.PENDING, OrderStatus.PENDING_AVAILABILITY}:
            told.append(f"{order.order_id} is {status} at Amazon and in the shop")
    return told
