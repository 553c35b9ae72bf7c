"""What was found in the shop of another importer's orders, and which of it can be taken over. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum


class Doubt(StrEnum):
    """Why an Amazon order id that stands in the shop is not taken over."""

    SEVERAL_ORDERS = "several-orders"
    SEVERAL_IDS = "several-ids"
    NO_ORDER = "no-order"


@dataclass(frozen=True, slots=True)
class ForeignOrder:
    """An order of another importer's, as it was found at one place of the shop.

    `reference` is the order's (the parts of a split shipment share one); '' when there is no such order. `source` is
    where it was found: `payment`, `message`, a column's name, or `by hand`.
    """

    order_id: str
    id_order: int
    reference: str
    source: str
    by_hand: bool = False


@dataclass(frozen=True, slots=True)
class Doubtful:
    """An Amazon order id that a person has to look at, with the shop's orders that it was found on."""

    order_id: str
    id_orders: tuple[int, ...]
    doubt: Doubt


@dataclass(frozen=True, slots=True)
class Adoption:
    """What is to be taken over (one order for each id, sorted), what has a marker already, and what is in doubt."""

    adopt: tuple[ForeignOrder, ...]
    marked: tuple[str, ...]
    doubtful: tuple[Doubtful, ...]

    @property
    def found(self) -> int:
        """Return how many different Amazon order ids there are."""
        return len(self.adopt) + len(self.marked) + len(self.doubtful)


def sort_out(orders: Iterable[ForeignOrder], marked: Iterable[str], taken: Mapping[int, str]) -> Adoption:
    """Return which of the foreign orders can be taken over.

    `marked`: Amazon ids that have a marker; `taken`: the Amazon id in the marker of each id_order. Orders named by a
    person (`by_hand`) win over others. Several orders of one reference are one split order, of which the lowest number
    counts.
    """
    with_marker = set(marked)
    by_id: dict[str, list[ForeignOrder]] = defaultdict(list)
    for foreign in orders:
        by_id[foreign.order_id].append(foreign)
    chosen: dict[str, ForeignOrder] = {}
    doubtful: list[Doubtful] = []
    for order_id, found in sorted(by_id.items()):
        if order_id in with_marker:
            continue
        choice = _choose(found)
        if isinstance(choice, ForeignOrder):
            chosen[order_id] = choice
        else:
            doubtful.append(choice)
    shared = _shared_orders(chosen.values(), taken)
    doubtful += [
        Doubtful(order_id, (foreign.id_order,), Doubt.SEVERAL_IDS)
        for order_id, foreign in chosen.items()
        if foreign.id_order in shared
    ]
    return Adoption(
        tuple(foreign for foreign in chosen.values() if foreign.id_order not in shared),
        tuple(sorted(with_marker & by_id.keys())),
        tuple(sorted(doubtful, key=lambda one: one.order_id)),
    )


def _choose(found: Sequence[ForeignOrder]) -> ForeignOrder | Doubtful:
    """Return the one order of an Amazon id that can be taken over, or why none can."""
    order_id = found[0].order_id
    by_hand = [foreign for foreign in found if foreign.by_hand]
    standing = [foreign for foreign in by_hand or found if foreign.reference]
    if not standing:
        return Doubtful(order_id, tuple(sorted({foreign.id_order for foreign in found} - {0})), Doubt.NO_ORDER)
    if len({foreign.reference for foreign in standing}) > 1:
        return Doubtful(order_id, tuple(sorted({foreign.id_order for foreign in standing})), Doubt.SEVERAL_ORDERS)
    return min(standing, key=lambda foreign: foreign.id_order)


def _shared_orders(orders: Iterable[ForeignOrder], taken: Mapping[int, str]) -> set[int]:
    """Return the id_orders that more than one Amazon id was found on, or that have a marker with another id."""
    ids: dict[int, set[str]] = defaultdict(set)
    for foreign in orders:
        ids[foreign.id_order].add(foreign.order_id)
        if foreign.id_order in taken:
            ids[foreign.id_order].add(taken[foreign.id_order])
    return {id_order for id_order, names in ids.items() if len(names) > 1}
