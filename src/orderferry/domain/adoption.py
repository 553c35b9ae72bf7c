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
class Claim:
    """One place of the shop that says: this order is that one of Amazon's.

    `reference` is the order's (the parts of a split shipment share one); '' when there is no such order. `source` says
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
    """What is to be taken over (one claim for each id, in order), what has a marker already, and what is in doubt."""

    adopt: tuple[Claim, ...]
    marked: tuple[str, ...]
    doubtful: tuple[Doubtful, ...]

    @property
    def found(self) -> int:
        """Return how many different Amazon order ids there are."""
        return len(self.adopt) + len(self.marked) + len(self.doubtful)


def sort_out(claims: Iterable[Claim], marked: Iterable[str], taken: Mapping[int, str]) -> Adoption:
    """Return what can be taken over. `claims`: what was found; `marked`: ids that have a marker; `taken`: the Amazon
    id of each order (id_order) that has one."""
    with_marker = set(marked)
    by_id: dict[str, list[Claim]] = defaultdict(list)
    for claim in claims:
        by_id[claim.order_id].append(claim)
    chosen: dict[str, Claim] = {}
    doubtful: list[Doubtful] = []
    for order_id, found in sorted(by_id.items()):
        if order_id in with_marker:
            continue
        choice = _choose(found)
        if isinstance(choice, Claim):
            chosen[order_id] = choice
        else:
            doubtful.append(choice)
    shared = _shared_orders(chosen.values(), taken)
    doubtful += [
        Doubtful(order_id, (claim.id_order,), Doubt.SEVERAL_IDS)
        for order_id, claim in chosen.items()
        if claim.id_order in shared
    ]
    return Adoption(
        tuple(claim for claim in chosen.values() if claim.id_order not in shared),
        tuple(sorted(with_marker & by_id.keys())),
        tuple(sorted(doubtful, key=lambda one: one.order_id)),
    )


def _choose(found: Sequence[Claim]) -> Claim | Doubtful:
    """Return the claim on one Amazon id that counts, or why none does."""
    order_id = found[0].order_id
    spoken = [claim for claim in found if claim.by_hand]
    standing = [claim for claim in spoken or found if claim.reference]
    if not standing:
        return Doubtful(order_id, tuple(sorted({claim.id_order for claim in found} - {0})), Doubt.NO_ORDER)
    if len({claim.reference for claim in standing}) > 1:
        return Doubtful(order_id, tuple(sorted({claim.id_order for claim in standing})), Doubt.SEVERAL_ORDERS)
    return min(standing, key=lambda claim: claim.id_order)


def _shared_orders(claims: Iterable[Claim], taken: Mapping[int, str]) -> set[int]:
    """Return the orders that more than one Amazon id claims, or that a marker has for another id."""
    ids: dict[int, set[str]] = defaultdict(set)
    for claim in claims:
        ids[claim.id_order].add(claim.order_id)
        if claim.id_order in taken:
            ids[claim.id_order].add(taken[claim.id_order])
    return {id_order for id_order, names in ids.items() if len(names) > 1}
