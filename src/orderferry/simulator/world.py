"""The simulated world: all orders, found by time as Amazon's searches find them.

    world = World([order, …]);  world.search(now, Query(…));  world.find(order_id, now)
    world.change(order_id, EventKind.SHIPPED, at)          # something happens to an order
    World.load(path), world.save(path)                     # a world in a file, or the user's own orders

Times are aware UTC; "now" is always an argument, the clock belongs to the server.
"""

from __future__ import annotations

import json
import threading
from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from orderferry.domain.search import Basis
from orderferry.errors import UsageError
from orderferry.safe_files import write_whole
from orderferry.simulator.order_files import decode_order, encode_order, own_orders, read_values
from orderferry.simulator.order_json import ALL_ROLES, FULFILLED_BY, Role, render
from orderferry.simulator.orders import Event, EventKind, RawOrder, SearchFields, SimulatedOrder
from orderferry.simulator.states import state_after, status_after

# An index holds a key for every update that an order ever has, also for those still to come: whether a key is the
# order's latest one at some moment is asked of the order. So nothing has to be rebuilt when the clock moves.
_BITS = 24  # up to 16 million orders
_NUMBERS = (1 << _BITS) - 1


def key_of(moment: datetime, number: int) -> int:
    """Return the key of an order's number at the second of `moment`. Keys sort by time, then by number."""
    return int(moment.timestamp()) << _BITS | number


class TimeIndex:
    """Sorted keys of a second and an order's number, in eight bytes each."""

    def __init__(self) -> None:
        self._keys = array("q")

    def add_all(self, keys: Iterable[int]) -> None:
        """Add keys."""
        self._keys = array("q", sorted([*self._keys, *keys]))

    def between(self, after: datetime, before: datetime, beyond: int | None = None) -> Iterator[tuple[int, int, int]]:
        """Return (key, second, number) from the second of `after` to that of `before`, each key
        once and in order; with `beyond`, only the keys after that one."""
        first = bisect_left(self._keys, key_of(after, 0))
        if beyond is not None:
            first = max(first, bisect_right(self._keys, beyond))
        last = bisect_right(self._keys, key_of(before, _NUMBERS))
        known = None
        for position in range(first, last):
            key = self._keys[position]
            if key != known:
                known = key
                yield key, key >> _BITS, key & _NUMBERS


@dataclass(frozen=True, slots=True)
class Query:
    """A search in Amazon's own words; an empty set of words asks for all. Both times are included."""

    basis: Basis
    after: datetime
    before: datetime
    marketplace_ids: frozenset[str] = frozenset()
    fulfilled_by: frozenset[str] = frozenset()
    statuses: frozenset[str] = frozenset()

    def takes(self, fields: SearchFields) -> bool:
        """Return whether the filters let an order pass. A field that the order does not have passes."""
        pairs = (
            (self.marketplace_ids, fields.marketplace_id),
            (self.fulfilled_by, fields.fulfilled_by),
            (self.statuses, fields.status),
        )
        return all(not wanted or word is None or word in wanted for wanted, word in pairs)


AnyOrder = SimulatedOrder | RawOrder
_FORMAT = "orderferry-world-1"
READ_DELAY = timedelta(minutes=2)  # how long an update takes to show in searches


class World:
    """All orders, which change with the clock.

    `roles` and `refused_marketplaces` (ids) say what Amazon grants the account.

    Safe to use from several threads. Raise ValueError for a second order of the same id.
    """

    def __init__(
        self,
        orders: Iterable[AnyOrder] = (),
        *,
        read_delay: timedelta = READ_DELAY,
        roles: Iterable[Role] = ALL_ROLES,
        refused_marketplaces: Iterable[str] = (),
    ) -> None:
        self.read_delay = read_delay
        self.roles = frozenset(roles)
        self.refused_marketplaces = set(refused_marketplaces)
        self.refused_datasets: set[str] = set()  # of includedData, as Amazon refuses them to some accounts
        self._lock = threading.RLock()
        self._orders: list[AnyOrder] = []
        self._numbers: dict[str, int] = {}
        self._indexes = {basis: TimeIndex() for basis in Basis}
        self.add_all(orders)

    def __len__(self) -> int:
        return len(self._orders)

    def __iter__(self) -> Iterator[AnyOrder]:
        return iter(list(self._orders))

    def order(self, order_id: str) -> AnyOrder:
        """Return the order of that id. Raise LookupError if there is none."""
        return self._orders[self._numbers[order_id]]

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
                self._orders.append(order)
            self._index(range(first, len(self._orders)))

    def replace(self, order: AnyOrder) -> None:
        """Put `order` in the place of the one with the same id. Raise LookupError if there is none."""
        if order.order_id is None:
            raise LookupError("an order without an id replaces none")
        with self._lock:
            number = self._numbers[order.order_id]
            self._orders[number] = order
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

    def find(self, order_id: str, now: datetime) -> tuple[SearchFields, dict[str, Any]] | None:
        """Return an order as getOrder shows it at a time (nothing is late there), or None."""
        with self._lock:
            number = self._numbers.get(order_id)
            if number is None:
                return None
            order = self._orders[number]
            fields = _search_fields(order, now)
            return None if fields is None else (fields, _whole_json(order, now, self.roles))

    def search(
        self, now: datetime, query: Query, *, limit: int = 100, beyond: int | None = None, skip: int = 0
    ) -> tuple[list[dict[str, Any]], int | None]:
        """Return the whole JSON of up to `limit` orders by the query's kind of time, oldest first, and the position at
        which the page ends (None: it is the last one).

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
                    return orders, position
                else:
                    orders.append(_whole_json(self._orders[number], now, self.roles, delay))
                    position = key
        return orders, None

    def listed(self, now: datetime, query: Query) -> list[str | None]:
        """Return the ids of all orders that a search finds, without rendering them."""
        with self._lock:
            return [self._orders[number].order_id for _, number in self._matches(now, query, None)]

    def _index(self, numbers: Sequence[int]) -> None:
        self._indexes[Basis.UPDATED].add_all(
            key_of(moment, number) for number in numbers for moment in self._orders[number].update_times()
        )
        self._indexes[Basis.CREATED].add_all(key_of(_created(self._orders[number]), number) for number in numbers)

    def _matches(self, now: datetime, query: Query, beyond: int | None) -> Iterator[tuple[int, int]]:
        delay = int(self.read_delay.total_seconds())
        for key, second, number in self._indexes[query.basis].between(query.after, query.before, beyond):
            fields = _search_fields(self._orders[number], now, delay)
            if fields is None:
                continue
            moment = fields.updated if query.basis is Basis.UPDATED else fields.created
            is_latest = int(moment.timestamp()) == second
            if is_latest and query.after <= moment <= query.before and query.takes(fields):
                yield key, number

    def save(self, path: Path) -> None:
        """Write the world as JSON, readable by `load`; a reader never sees half of it."""
        with self._lock:
            values = {
                "format": _FORMAT,
                "read_delay": int(self.read_delay.total_seconds()),
                "roles": sorted(self.roles),
                "refused_marketplaces": sorted(self.refused_marketplaces),
                "orders": [encode_order(order) for order in self],
            }
        write_whole(path, json.dumps(values, ensure_ascii=False))

    @classmethod
    def load(cls, path: Path, now: datetime) -> World:
        """Read a world that `save` wrote, or orders of one's own making (see order_files) as of `now`.

        Raise UsageError with a sentence when the file is missing or wrong.
        """
        values = read_values(path)
        if values.get("format") != _FORMAT:
            return cls(own_orders(values, now))
        try:
            return cls(
                map(decode_order, values["orders"]),
                read_delay=timedelta(seconds=values["read_delay"]),
                roles=map(Role, values["roles"]),
                refused_marketplaces=values["refused_marketplaces"],
            )
        except (KeyError, TypeError, ValueError, ArithmeticError) as error:
            raise UsageError(
                f"{path} is no world of the simulator that this version can read ({error!r})",
                hint="Run `orderferry demo` again, or give a file of your own orders.",
            ) from error


def _search_fields(order: AnyOrder, now: datetime, delay: int | None = None) -> SearchFields | None:
    """Return the order as Amazon has it at `now`, or with `delay` (seconds) as a search shows it; None before that."""
    if isinstance(order, RawOrder):
        return order.search_fields(now, delay)
    count = order.happened(now, delay)
    if count == 0:
        return None
    return SearchFields(
        created=order.placed,
        updated=order.placed + timedelta(seconds=order.events[count - 1].after),
        marketplace_id=order.market.id,
        fulfilled_by=FULFILLED_BY[order.channel],
        status=str(status_after(order, count)),
    )


def _created(order: AnyOrder) -> datetime:
    return order.created if isinstance(order, RawOrder) else order.placed


def _whole_json(order: AnyOrder, now: datetime, roles: AbstractSet[Role], delay: int | None = None) -> dict[str, Any]:
    """Return the whole JSON of an order that is placed at `now`, or with `delay` as a search shows it."""
    if isinstance(order, RawOrder):
        return order.json
    return render(order, state_after(order, order.happened(now, delay)), now, roles)
