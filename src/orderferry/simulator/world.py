"""The simulated world: all orders, found by time as Amazon's searches find them.

    world = World([order, …]);  world.search(now, Query(…));  world.find(order_id, now)
    world.change(order_id, EventKind.SHIPPED, at)          # something happens to an order
    World.load(path), world.save(path)                     # a folder's world, or orders of one's own making

Times are aware UTC; "now" is always an argument, the clock belongs to the server.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from orderferry.domain.search import Basis
from orderferry.errors import UsageError
from orderferry.safe_files import write_whole
from orderferry.simulator.events import Event, EventKind
from orderferry.simulator.lives import Life
from orderferry.simulator.order_codec import decode_order, encode_order
from orderferry.simulator.orders import SimulatedOrder
from orderferry.simulator.own_orders import own_orders, read_values
from orderferry.simulator.personal_data import ALL_ROLES, Role
from orderferry.simulator.queries import Query, ResultPage
from orderferry.simulator.raw_orders import RawOrder
from orderferry.simulator.sights import Sight, WorldOrder
from orderferry.simulator.world_index import TimeIndex, key_of

AnyOrder = SimulatedOrder | RawOrder
_FORMAT = "orderferry-world-1"
READ_DELAY = timedelta(minutes=2)  # how long an update takes to show in searches (sp-api-orders 3)


class World:
    """Orders that live. `roles` and `refused_marketplaces` (ids) are what Amazon grants the account.

    `clock_offset` is how far the world's time was ahead of real time when it was saved; `saved_in` is the file that
    it was loaded from, if `save` wrote it. Safe to use from several threads. Raise ValueError for a second order of
    the same id.
    """

    def __init__(
        self,
        orders: Iterable[AnyOrder] = (),
        *,
        read_delay: timedelta = READ_DELAY,
        roles: Iterable[Role] = ALL_ROLES,
        refused_marketplaces: Iterable[str] = (),
        clock_offset: timedelta = timedelta(0),
    ) -> None:
        self.read_delay = read_delay
        self.roles = frozenset(roles)
        self.refused_marketplaces = set(refused_marketplaces)
        self.refused_datasets: set[str] = set()  # of includedData, as Amazon refuses them to some accounts
        self.clock_offset = clock_offset
        self.saved_in: Path | None = None
        self._lock = threading.RLock()
        self._orders: list[WorldOrder] = []
        self._numbers: dict[str, int] = {}
        self._indexes = {basis: TimeIndex() for basis in Basis}
        self.add_all(orders)

    def __len__(self) -> int:
        return len(self._orders)

    def __iter__(self) -> Iterator[AnyOrder]:
        for entry in list(self._orders):
            yield _bare(entry)

    def order(self, order_id: str) -> AnyOrder:
        """The order of that id. Raise LookupError if there is none."""
        return _bare(self._orders[self._numbers[order_id]])

    def add(self, order: AnyOrder) -> None:
        """Put one more order into the world."""
        self.add_all([order])

    def add_all(self, orders: Iterable[AnyOrder]) -> None:
        """Put orders into the world, in one go."""
        with self._lock:
            first = len(self._orders)
            for order in orders:
                order_id = order.order_id
                if order_id is not None and order_id in self._numbers:
                    raise ValueError(f"the world has an order {order_id} already")
                if order_id is not None:
                    self._numbers[order_id] = len(self._orders)
                self._orders.append(Life(order) if isinstance(order, SimulatedOrder) else order)
            self._index(range(first, len(self._orders)))

    def replace(self, order: AnyOrder) -> None:
        """Put `order` in the place of the one with the same id. Raise LookupError if there is none."""
        if order.order_id is None:
            raise LookupError("an order without an id replaces none")
        with self._lock:
            number = self._numbers[order.order_id]
            entry: WorldOrder = Life(order) if isinstance(order, SimulatedOrder) else order
            self._orders[number] = entry
            self._index([number])

    def change(self, order_id: str, kind: EventKind, at: datetime, **details: Any) -> None:
        """Let something happen to an order at a time: `details` are the fields of `Event`.

        Raise LookupError for an unknown id, TypeError for a raw order, ValueError for a time before its placing.
        """
        with self._lock:
            order = self.order(order_id)
            if isinstance(order, RawOrder):
                raise TypeError(f"order {order_id} is raw JSON: replace it instead")
            after = int((at - order.placed).total_seconds())
            self.replace(order.with_event(Event(kind, after, **details)))

    def find(self, order_id: str, now: datetime) -> tuple[Sight, dict[str, Any]] | None:
        """Given an id and the time, return the order as getOrder shows it (nothing is late there), or None."""
        with self._lock:
            number = self._numbers.get(order_id)
            entry = self._orders[number] if number is not None else None
            sight = entry.sight(now) if entry is not None else None
            return (sight, entry.render(now, self.roles)) if entry is not None and sight is not None else None

    def search(
        self, now: datetime, query: Query, *, limit: int = 100, beyond: int | None = None, skip: int = 0
    ) -> ResultPage:
        """Given the time and a query, return up to `limit` orders by the query's kind of time, oldest first.

        `beyond` is the position that the page before ended at. `skip` leaves out as many of the orders that match
        *now*: a paging by number, under which orders that change meanwhile shift the later pages.
        """
        delay = int(self.read_delay.total_seconds())
        orders: list[dict[str, Any]] = []
        position = beyond
        with self._lock:
            for key, number in self._matches(now, query, beyond):
                if skip:
                    skip -= 1
                elif len(orders) == limit:
                    return ResultPage(tuple(orders), position)
                else:
                    orders.append(self._orders[number].render(now, self.roles, delay))
                    position = key
        return ResultPage(tuple(orders), None)

    def listed(self, now: datetime, query: Query) -> list[str | None]:
        """The ids of all orders that a search finds, without rendering them."""
        with self._lock:
            return [self._orders[number].order_id for _, number in self._matches(now, query, None)]

    def _index(self, numbers: Sequence[int]) -> None:
        self._indexes[Basis.UPDATED].add_all(
            key_of(moment, number) for number in numbers for moment in self._orders[number].update_times()
        )
        self._indexes[Basis.CREATED].add_all(key_of(self._orders[number].created, number) for number in numbers)

    def _matches(self, now: datetime, query: Query, beyond: int | None) -> Iterator[tuple[int, int]]:
        delay = int(self.read_delay.total_seconds())
        for key, second, number in self._indexes[query.basis].between(query.after, query.before, beyond):
            sight = self._orders[number].sight(now, delay)
            if sight is None:
                continue
            moment = sight.updated if query.basis is Basis.UPDATED else sight.created
            is_latest = int(moment.timestamp()) == second
            if is_latest and query.after <= moment <= query.before and query.takes(sight):
                yield key, number

    def save(self, path: Path) -> None:
        """Write the world as JSON, readable by `load`; a reader never sees half of it."""
        with self._lock:
            values = {
                "format": _FORMAT,
                "read_delay": int(self.read_delay.total_seconds()),
                "roles": sorted(self.roles),
                "refused_marketplaces": sorted(self.refused_marketplaces),
                "clock_offset": int(self.clock_offset.total_seconds()),
                "orders": [encode_order(order) for order in self],
            }
        write_whole(path, json.dumps(values, ensure_ascii=False))

    @classmethod
    def load(cls, path: Path, now: datetime) -> World:
        """Read a world that `save` wrote, or orders of one's own making (see own_orders) as of `now`.

        Raise UsageError with a sentence when the file is missing or wrong.
        """
        values = read_values(path)
        if values.get("format") != _FORMAT:
            return cls(own_orders(values, now))
        try:
            world = cls(
                map(decode_order, values["orders"]),
                read_delay=timedelta(seconds=values["read_delay"]),
                roles=map(Role, values["roles"]),
                refused_marketplaces=values["refused_marketplaces"],
                clock_offset=timedelta(seconds=values["clock_offset"]),
            )
        except (KeyError, TypeError, ValueError, ArithmeticError) as error:
            raise UsageError(
                f"{path} is no world of the simulator that this version can read ({error!r})",
                hint="Run `orderferry demo` again, or give a file of your own orders.",
            ) from error
        world.saved_in = path
        return world


def _bare(entry: WorldOrder) -> AnyOrder:
    if isinstance(entry, Life):
        return entry.order
    assert isinstance(entry, RawOrder)  # noqa: S101 — add_all lets nothing else in
    return entry
