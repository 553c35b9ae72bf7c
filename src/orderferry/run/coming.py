"""An order whose turn comes: what is to be done with it, found out ahead while the database is at work on another."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property

from orderferry.domain.decide import Action, Decision, Rules, decide
from orderferry.domain.entry import Entry
from orderferry.domain.orders import Order
from orderferry.domain.problems import Problem
from orderferry.domain.shopwork import Intent, Plan, ShopView
from orderferry.run.ports import Shop

INTENTS = {Action.CREATE: Intent.CREATE, Action.UPDATE: Intent.UPDATE, Action.RECREATE: Intent.RECREATE}


@dataclass(frozen=True)
class Coming:
    """One order of a page: `decision` and `plan` are arithmetic over what was looked up for the page, so that it does
    not matter when they are asked for. `now` gives this machine's UTC time."""

    order: Order
    entry: Entry | None
    view: ShopView
    rules: Rules
    shop: Shop = field(repr=False)
    now: Callable[[], datetime] = field(repr=False)

    @cached_property
    def decision(self) -> Decision:
        """What is to become of it."""
        order_id = self.order.order_id
        marker, foreign = self.view.markers.get(order_id), self.view.foreign.get(order_id)
        return decide(self.order, marker=marker, foreign=foreign, entry=self.entry, rules=self.rules)

    @cached_property
    def plan(self) -> tuple[Plan | Problem, datetime]:
        """What would be written, or why nothing can be, and when that was planned; only where it is to be written."""
        now = self.now()
        return self.shop.plan(self.order, INTENTS[self.decision.action], self.view, now), now

    def think_ahead(self) -> None:
        """Plan now if there is something to write. What fails fails again, and is heard of, when its turn comes."""
        with suppress(Exception):
            if self.decision.action in INTENTS:
                _ = self.plan
