"""Orders whose rows the shop's database refuses: each order's own fault, or one that every order meets."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field

from orderferry.domain.ledger_entry import Entry, EntryState
from orderferry.domain.problems import Problem
from orderferry.errors import ShopUnfit
from orderferry.run.shared_ports import Memory

MANY = 3  # different orders refused in the same way, and none written meanwhile: it is not the orders
_KEY = "refused-writes"


@dataclass(frozen=True, slots=True)
class Refused:
    """One order that was refused in this run, and what its verdict needs. `kind` says in which way."""

    kind: str
    problem: Problem
    entry: Entry | None
    looked: bool


@dataclass(slots=True)
class RefusedWrites:
    """Tells the two apart, within a run and over runs: what is refused is kept until an order is written.

    An order that is written shows that the others failed by themselves, those before it and those after it in the run.
    A new order and an update go through other tables, so that the success of one says nothing about the other. An
    order that had failed by itself before, while others were written, does not count again.
    """

    memory: Memory
    open: list[Refused] = field(default_factory=list)
    _succeeded: set[str] = field(default_factory=set)  # the ways in which an order of this run was written
    _kept: dict[str, list[str]] | None = None

    def refused(self, problem: Problem, entry: Entry | None, *, update: bool, looked: bool) -> None:
        """An order was refused. What becomes of it is known at the end of the run (`finish`)."""
        kind = f"{_way(update)} {problem.subject}"
        self._forget(problem.order_id)
        self.open.append(Refused(kind, problem, entry, looked))
        if _way(update) in self._succeeded:
            return
        in_a_row = self._in_a_row.setdefault(kind, [])
        failed_alone = entry is not None and entry.state is EntryState.FAILED
        if problem.subject and problem.order_id not in in_a_row and not failed_alone:
            in_a_row.append(problem.order_id)
            self._keep()

    def written(self, order_id: str, *, update: bool) -> None:
        """An order was written: whatever others were refused for is their own fault."""
        self._forget(order_id)
        self._succeeded.add(_way(update))
        for kind in [kind for kind in self._in_a_row if kind.startswith(_way(update))]:
            del self._in_a_row[kind]
            self._keep()

    @property
    def general(self) -> frozenset[str]:
        """The kinds that every order seems to meet."""
        return frozenset(kind for kind, ids in self._in_a_row.items() if len(ids) >= MANY)

    @property
    def stops(self) -> bool:
        """Whether an order of this run met such a kind: what was read can't count as done."""
        return any(one.kind in self.general for one in self.open)

    def finish(self, failed: Callable[[Refused], None]) -> ShopUnfit | None:
        """End the run: give each order that failed by itself to `failed`; return the error that the others met, which
        are due as they were, or None."""
        general = self.general
        met = [one for one in self.open if one.kind in general]
        for one in self.open:
            if one not in met:
                failed(one)
        self.open.clear()
        if not met:
            return None
        example = met[0].problem.message
        return ShopUnfit(
            f"The shop's database refuses one order after the other in the same way: {example}.",
            hint="Nothing is lost: the orders are due. Show the sentence to whoever added the trigger, key or column "
            "(often a module's author); `orderferry check` names triggers and columns that are not PrestaShop's own.",
        )

    def _forget(self, order_id: str) -> None:
        """A run may meet an order twice: what came last counts."""
        self.open = [one for one in self.open if one.problem.order_id != order_id]

    @property
    def _in_a_row(self) -> dict[str, list[str]]:
        if self._kept is None:
            self._kept = _read(self.memory.recall(_KEY))
        return self._kept

    def _keep(self) -> None:
        self.memory.remember(_KEY, json.dumps(self._in_a_row) if self._in_a_row else "")


def _way(update: bool) -> str:
    return "update" if update else "new"


def _read(text: str | None) -> dict[str, list[str]]:
    try:
        kept = json.loads(text) if text else {}
    except ValueError:
        kept = {}
    return kept if isinstance(kept, dict) else {}
