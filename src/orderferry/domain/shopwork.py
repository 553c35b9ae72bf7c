"""What the engine and the shop tell each other about one order: the intent, the plan, and what was applied."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from orderferry.domain.marker import Marker
from orderferry.domain.problems import Problem


class Intent(StrEnum):
    """What the decision asks of the shop."""

    CREATE = "create"
    UPDATE = "update"
    RECREATE = "recreate"  # `import --order`: marker stands, rows were deleted by a person


class Effect(StrEnum):
    """What a write did. OVERTAKEN: nothing, since marker or order have changed since the plan was made; plan again."""

    CREATED = "created"
    UPDATED = "updated"
    UNCHANGED = "unchanged"
    OVERTAKEN = "overtaken"


@dataclass(frozen=True, slots=True)
class ShopView:
    """What one round of look-ups found for a page of orders. `catalog` is the shop adapter's own; `notices` is what is
    worth telling of the page, once, though nothing has to be done."""

    markers: Mapping[str, Marker]
    foreign: Mapping[str, int]
    catalog: Any = None
    notices: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Plan:
    """One order's work in the shop, ready to be written. `work` is the shop adapter's own.

    `changes` says in a few words each what would be written (for --dry-run and `show`), without personal data.
    """

    order_id: str
    intent: Intent
    changes: tuple[str, ...]
    work: Any
    notes: tuple[Problem, ...] = ()
    id_order: int = 0  # of an order that is in the shop already


@dataclass(frozen=True, slots=True)
class Applied:
    """What a plan did. `notes` are problems that stand although the write went well (a cancelled, shipped order)."""

    effect: Effect
    id_order: int
    changes: tuple[str, ...] = ()
    notes: tuple[Problem, ...] = field(default=())
