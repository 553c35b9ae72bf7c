"""One call of `adopt`: find orders of other importers, mark them in the shop, record them in the ledger, report."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from orderferry.domain.adoption import Adoption, Doubt, Doubtful, ForeignOrder
from orderferry.domain.ledger_entry import ADOPTED, EntryState, OrderResult, OrderSnapshot
from orderferry.errors import ExitCode

if TYPE_CHECKING:
    from orderferry.ledger.ledger import Ledger
    from orderferry.prestashop.adopting import OrderAdopter

log = logging.getLogger(__name__)

DOUBTS: dict[Doubt, tuple[str, str]] = {
    Doubt.SEVERAL_ORDERS: (
        "stands on several orders of the shop",
        "It was imported more than once: cancel the copies, then name the right one: "
        "`orderferry adopt {order_id}=ID_ORDER`.",
    ),
    Doubt.SEVERAL_IDS: (
        "shares its order of the shop with another Amazon order id",
        "Look at the order in the shop, and name the right id: `orderferry adopt {order_id}=ID_ORDER`.",
    ),
    Doubt.NO_ORDER: (
        "stands in the shop without an order",
        "The order was deleted in the shop; `orderferry ignore {order_id} --reason …` sets it aside for good.",
    ),
}


@dataclass(frozen=True, slots=True)
class AdoptOptions:
    """Where to look. `by_hand`: Amazon order ids with the shop's order number."""

    payments: bool = True
    messages: bool = False
    columns: tuple[str, ...] = ()
    by_hand: Mapping[str, int] = field(default_factory=dict)
    dry_run: bool = False


@dataclass(frozen=True, slots=True)
class AdoptReport:
    """What was found, and (unless it was a dry run) what was marked."""

    adoption: Adoption
    adopted: tuple[ForeignOrder, ...]
    dry_run: bool

    @property
    def exit_code(self) -> ExitCode:
        """Return 1 when an order was imported twice or two ids share an order; an order that was deleted in the shop
        is no mistake."""
        grave = any(one.doubt is not Doubt.NO_ORDER for one in self.adoption.doubtful)
        return ExitCode.NEEDS_A_PERSON if grave else ExitCode.DONE

    def as_json(self) -> dict[str, Any]:
        """Return the JSON object of `adopt`."""
        return {
            "command": "adopt",
            "dry_run": self.dry_run,
            "found": self.adoption.found,
            "adopted": [
                {"order_id": foreign.order_id, "id_order": foreign.id_order, "source": foreign.source}
                for foreign in self.adopted
            ],
            "already_marked": len(self.adoption.marked),
            "doubtful": [_doubtful_json(one) for one in self.adoption.doubtful],
            "exit_code": int(self.exit_code),
        }


def adopt(shop: OrderAdopter, ledger: Ledger, options: AdoptOptions, now: datetime) -> AdoptReport:
    """Take over what can be taken over, and return what was done.

    The markers come first: a ledger that falls behind is put right by the next run. A dry run writes to neither.
    Raise ShopError, UsageError, LedgerUnusable; what is marked by then stays marked.
    """
    try:
        adoption = shop.find(
            payments=options.payments, messages=options.messages, columns=options.columns, by_hand=options.by_hand
        )
        if options.dry_run:
            return AdoptReport(adoption, adoption.adopt, dry_run=True)
        run = ledger.begin_run("adopt", now)
        adopted: list[ForeignOrder] = []
        for orders in shop.mark(adoption.adopt, now):
            adopted += orders
            _remember(ledger, orders, run, now)
        report = AdoptReport(adoption, tuple(adopted), dry_run=False)
        ledger.finish_run(run, now, int(report.exit_code), {**report.as_json(), "adopted": len(adopted)})
        log.info("adopted %d orders of other importers", len(adopted))
        return report
    finally:
        shop.close()


def doubt_text(one: Doubtful) -> tuple[str, str]:
    """Return the sentence on what is in doubt, and what to do."""
    sentence, hint = DOUBTS[one.doubt]
    where = f" ({', '.join(map(str, one.id_orders))})" if one.id_orders else ""
    return f"{one.order_id} {sentence}{where}", hint.replace("{order_id}", one.order_id)


def _remember(ledger: Ledger, orders: Sequence[ForeignOrder], run: int, now: datetime) -> None:
    ledger.note_seen([OrderSnapshot(foreign.order_id) for foreign in orders], run, now)
    ledger.record_results(
        [
            OrderResult(
                foreign.order_id,
                EntryState.IMPORTED,
                id_order=foreign.id_order,
                detail=f"{ADOPTED} order {foreign.id_order} (found: {foreign.source})",
            )
            for foreign in orders
        ],
        run,
        now,
    )


def _doubtful_json(one: Doubtful) -> dict[str, Any]:
    message, hint = doubt_text(one)
    return {
        "order_id": one.order_id,
        "code": str(one.doubt),
        "orders": list(one.id_orders),
        "message": message,
        "hint": hint,
    }
