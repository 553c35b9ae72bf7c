"""What a search of the world asks for, and one page of what it finds."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from orderferry.domain.search import Basis
from orderferry.simulator.sights import Sight


@dataclass(frozen=True, slots=True)
class Query:
    """A search in Amazon's own words; an empty set of words asks for all. Both times are included."""

    basis: Basis
    after: datetime
    before: datetime
    marketplace_ids: frozenset[str] = frozenset()
    fulfilled_by: frozenset[str] = frozenset()
    statuses: frozenset[str] = frozenset()

    def takes(self, sight: Sight) -> bool:
        """Whether the filters let an order pass; what an order does not say passes."""
        pairs = (
            (self.marketplace_ids, sight.marketplace_id),
            (self.fulfilled_by, sight.fulfilled_by),
            (self.statuses, sight.status),
        )
        return all(not wanted or word is None or word in wanted for wanted, word in pairs)


@dataclass(frozen=True, slots=True)
class ResultPage:
    """One page of a search: the orders' whole JSON, and where the next page begins (None: there is none)."""

    orders: tuple[dict[str, Any], ...]
    next_position: int | None
