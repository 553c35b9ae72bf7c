"""The marker, and what the engine and the shop exchange about one order: the action, the plan, what was applied.

The marker is our own row in the shop for an imported order, written in the order's own transaction.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from orderferry.domain.orders import Channel
from orderferry.domain.problems import Problem

DIGEST_VERSION = 1
DIGEST_GROUPS = ("state", "lines", "address", "tracking", "totals")


@dataclass(frozen=True, slots=True)
class Digests:
    """Short hashes of what was written, a group each: an update touches only the groups that changed at Amazon.

    They are made from Amazon's data with `DIGEST_VERSION`; digests of another version are never compared.
    """

    state: str = ""
    lines: str = ""
    address: str = ""
    tracking: str = ""
    totals: str = ""
    version: int = DIGEST_VERSION


@dataclass(frozen=True, slots=True)
class Marker:
    """One row of `<prefix>orderferry_order`. The truth about what is in the shop.

    `last_state` is the id_order_state that we wrote last; `last_told` a short hash of what staff was told of a report
    that stands, so that it is told once; `order_stands` says whether the order's row still is there
    and still ours. `adopted` orders came from another importer: only their state and tracking are followed.
    `forgotten`: the buyer's data were blanked, by us or by the shop's own means, and must not come back. `seller`: the
    key of the seller whom Amazon showed the order, where it is written; it is not read back.
    """

    order_id: str
    id_order: int
    marketplace_id: str
    channel: Channel | None
    amazon_updated: datetime
    digests: Digests
    last_state: int
    last_told: str = ""
    order_stands: bool = True
    adopted: bool = False
    forgotten: bool = False
    seller: str = ""


class Action(StrEnum):
    """What is to be done with an order: the words of the JSON output."""

    CREATE = "create"
    UPDATE = "update"
    RECREATE = "recreate"  # `import --order`: the marker stands, a person deleted the order's rows
    UNCHANGED = "unchanged"
    WAIT = "wait"
    HOLD = "hold"
    IGNORE = "ignore"


WRITING = frozenset({Action.CREATE, Action.UPDATE, Action.RECREATE})  # the actions that write into the shop


class Outcome(StrEnum):
    """What became of an order in a run, in the order of the documented JSON. A plan that was written has one of the
    first three."""

    CREATED = "created"
    UPDATED = "updated"
    UNCHANGED = "unchanged"
    WAITING = "waiting"
    HELD = "held"
    FAILED = "failed"
    IGNORED = "ignored"


@dataclass(frozen=True, slots=True)
class Plan:
    """One order's work in the shop, ready to be written. `work` is the shop adapter's own.

    `changes` says in a few words each what would be written (for --dry-run and `show`), without personal data.
    """

    order_id: str
    action: Action
    changes: tuple[str, ...]
    work: Any
    notes: tuple[Problem, ...] = ()
    id_order: int = 0  # of an order that is in the shop already


@dataclass(frozen=True, slots=True)
class Applied:
    """What a plan did. `notes` are problems that stand although the write went well (a cancelled, shipped order)."""

    outcome: Outcome
    id_order: int
    changes: tuple[str, ...] = ()
    notes: tuple[Problem, ...] = ()
