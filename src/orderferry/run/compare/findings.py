"""The findings of a comparison: what the rules suspect, confirmed by Amazon's own answers, in sentences for people."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import TYPE_CHECKING

from orderferry.domain.compared_orders import ReportedOrder, ShopOrder, as_reported
from orderferry.domain.ledger_entry import FindingKind, OrderSnapshot, StandingFinding
from orderferry.domain.orders import UnreadableOrder
from orderferry.errors import QuotaExhausted, RequestRejected
from orderferry.run.compare.result import (
    DOUBLED_HINT,
    SURPLUS_HINT,
    SUSPECTED,
    Comparison,
    Difference,
    OneSided,
    fill,
    why_missing,
)
from orderferry.run.compare.rules import (
    CompareInput,
    MonthBasis,
    belongs,
    differences,
    doubled,
    is_missing,
    surplus_suspects,
    with_ledger_total,
)
from orderferry.run.compare.totals import Pair, totals_of
from orderferry.run.progress import SILENT, Progress
from orderferry.run.stop import QuotaWait

if TYPE_CHECKING:
    from orderferry.amazon.source import AmazonSource

log = logging.getLogger(__name__)

MOST_GET_ORDERS = 60  # getOrder calls of one comparison


@dataclass(slots=True)
class FindingCollector:
    """Collects findings. `orders` are Amazon's, as reported; Amazon's own answers replace them as they come in.

    Single orders are fetched to confirm what is suspected, `left` times at most. `answers`: what Amazon has said of
    them; None: it does not know the order.
    """

    given: CompareInput
    orders: dict[str, ReportedOrder]
    source: AmazonSource
    quota_wait: QuotaWait
    left: int = MOST_GET_ORDERS
    progress: Progress = SILENT
    answers: dict[str, ReportedOrder | None] = field(default_factory=dict)
    confirmed_missing: list[OrderSnapshot] = field(default_factory=list)

    def collect(self, result: Comparison, *, with_totals: bool) -> None:
        """Ask Amazon about what is suspected, and add everything that is found to the result."""
        for order_id, order in self.orders.items():
            self.orders[order_id] = with_ledger_total(order, self.given.entries.get(order_id))
        missing = [order for order in self.orders.values() if is_missing(order, self.given)]
        # What no import has ever seen matters most, should the quota not do for all.
        missing.sort(key=lambda order: (order.order_id in self.given.entries, order.purchased))
        surplus = surplus_suspects(self.orders, self.given)
        different = [order for order in self.orders.values() if differences(order, self.given)]
        self._ask(order.order_id for order in missing if not order.exact)
        self._ask(order.order_id for order in surplus)
        self._ask(order.order_id for order in different if not order.exact)
        result.missing = tuple(self._missing(missing))
        result.surplus = tuple(self._surplus(surplus))
        answered = {order.order_id: self._current(order) for order in different}
        for suspect in surplus:  # Amazon may know it after all: then it can still differ
            answered[suspect.order_id] = self.answers.get(suspect.order_id)
        result.different = tuple(
            found for order in answered.values() if order is not None for found in self._different(order)
        )
        self._take_over_answers()
        self._count(result, with_totals=with_totals)

    def over(self, standing: Iterable[StandingFinding]) -> list[StandingFinding]:
        """Return what Amazon and the shop no longer confirm, given what earlier comparisons found about orders
        outside of this span. What can't be asked for now stands.
        """
        known = [finding for finding in standing if not self._is_over_in_shop(finding)]
        self._ask(dict.fromkeys(finding.order_id for finding in known))
        stands = [finding for finding in known if self._still_found(finding)]
        return [finding for finding in standing if finding not in stands]

    def _ask(self, order_ids: Iterable[str]) -> None:
        """Ask for orders that were not asked for yet, as many as the quota allows."""
        for order_id in order_ids:
            if order_id in self.answers or self.left <= 0:
                continue
            self.left -= 1
            self.progress.step(f"asking Amazon for {order_id}")
            try:
                found = self.quota_wait.call(lambda wanted=order_id: self.source.get(wanted))  # type: ignore[misc]
            except QuotaExhausted as exhausted:
                log.info("no token of %s is left: the rest stays suspected", exhausted.operation)
                self.left = 0
                return
            except RequestRejected as error:
                log.warning("order %s stays suspected: %s", order_id, error)
                continue
            if not isinstance(found, UnreadableOrder):
                self.answers[order_id] = as_reported(found) if found is not None else None

    def _is_over_in_shop(self, finding: StandingFinding) -> bool:
        """Return whether the shop alone shows that it is over."""
        if finding.kind is FindingKind.MISSING:
            return bool(self.given.shop.orders.get(finding.order_id))
        return finding.kind is FindingKind.SURPLUS and not self.given.copies(finding.order_id)

    def _still_found(self, finding: StandingFinding) -> bool:
        answers, order_id = self.answers, finding.order_id
        if order_id not in answers or len(self.given.copies(order_id)) > 1:
            return True
        answer = answers[order_id]
        if answer is None or finding.kind is FindingKind.SURPLUS:
            return answer is None and finding.kind is not FindingKind.MISSING
        if finding.kind is FindingKind.MISSING:
            return is_missing(answer, self.given)
        return finding.field in {found.field for found in differences(answer, self.given)}

    def _current(self, order: ReportedOrder) -> ReportedOrder | None:
        """Return Amazon's own word on an order where it was asked, else the report's; None: Amazon does not know it."""
        return self.answers.get(order.order_id, order)

    def _missing(self, suspects: list[ReportedOrder]) -> Iterator[OneSided]:
        given = self.given
        for suspect in suspects:
            order = self._current(suspect)
            if order is None or not is_missing(order, given):
                continue
            entry, deleted = given.entries.get(order.order_id), given.shop.deleted.get(order.order_id)
            reason, hint = why_missing(entry, deleted, given.now, has_ledger=given.has_ledger)
            if order.exact and deleted is None:
                self.confirmed_missing.append(_snapshot_of(order))
            yield OneSided(
                order.order_id,
                reason if order.exact else f"{SUSPECTED}: {reason}",
                fill(hint, order.order_id),
                order.purchased,
                _amount(order.gross, order.currency),
            )

    def _surplus(self, suspects: list[ShopOrder]) -> Iterator[OneSided]:
        answers = self.answers
        for suspect in suspects:
            order_id = suspect.order_id
            numbers = f"order {_numbers([suspect])} in the shop"
            facts = suspect.placed, _amount(suspect.total, suspect.currency)
            if order_id not in answers:
                why = f"{SUSPECTED}: {numbers}, Amazon did not report it"
                yield OneSided(order_id, why, fill(SURPLUS_HINT, order_id), *facts)
            elif answers[order_id] is None:
                yield OneSided(order_id, f"{numbers}, Amazon does not know it", fill(SURPLUS_HINT, order_id), *facts)
        span = self.given.span
        nearby = {
            order.order_id for orders in self.given.shop.orders.values() for order in orders if span.holds(order.placed)
        }
        for order_id, copies in doubled(sorted({*self.orders, *nearby}), self.given):
            reason = f"doubled: orders {_numbers(copies)} in the shop"
            amount = _amount(copies[0].total, copies[0].currency)
            yield OneSided(order_id, reason, fill(DOUBLED_HINT, order_id), copies[0].placed, amount)

    def _different(self, order: ReportedOrder) -> Iterator[Difference]:
        for found in differences(order, self.given):
            yield found if order.exact else replace(found, reason=f"{SUSPECTED}: {found.reason}")

    def _take_over_answers(self) -> None:
        for order_id, answer in self.answers.items():
            if answer is None:
                self.orders.pop(order_id, None)
            elif order_id in self.orders or self.given.span.holds(answer.purchased):
                self.orders[order_id] = answer

    def _count(self, result: Comparison, *, with_totals: bool) -> None:
        given = self.given
        wanted = {order_id: order for order_id, order in self.orders.items() if belongs(order, given)}
        found = result.words().keys()
        invoiced = {
            order_id for order_id, copies in given.shop.orders.items() if any(one.invoice_number for one in copies)
        }
        of_paper = invoiced & self.orders.keys() if with_totals else set()  # cancelled ones have their papers too
        asked = {
            order_id
            for order_id in {*wanted, *found, *of_paper}
            if given.is_asked_for(self.orders.get(order_id), given.in_shop(order_id))
        }
        concerned = sorted(asked & {*wanted, *found})
        result.missing = tuple(one for one in result.missing if one.order_id in asked)
        result.surplus = tuple(one for one in result.surplus if one.order_id in asked)
        result.different = tuple(one for one in result.different if one.order_id in asked)
        result.amazon_orders = len(asked & wanted.keys())
        result.shop_orders = sum(len(given.copies(order_id)) for order_id in concerned)
        result.orders = {order_id: (self.orders.get(order_id), given.in_shop(order_id)) for order_id in concerned}
        if with_totals:
            result.totals = totals_of(pair for order_id in concerned for pair in self._pairs(order_id, wanted))
            # By invoice all that were read, for a credit slip may be issued in another month than its invoice.
            by_invoice = given.by is MonthBasis.INVOICE
            for order_id in sorted(given.shop.orders if by_invoice else asked):
                for copy in given.shop.orders.get(order_id, ()):
                    result.totals.add_papers(self.orders.get(order_id), copy, given.asked if by_invoice else None)

    def _pairs(self, order_id: str, wanted: dict[str, ReportedOrder]) -> Iterator[Pair]:
        """Yield Amazon's order with the shop's first copy, and each further copy by itself."""
        copies = self.given.copies(order_id)
        yield wanted.get(order_id), copies[0] if copies else None
        for copy in copies[1:]:
            yield None, copy


def _amount(amount: Decimal | None, currency: str) -> str:
    return "" if amount is None else f"{amount:.2f} {currency}".strip()


def _snapshot_of(order: ReportedOrder) -> OrderSnapshot:
    return OrderSnapshot(
        order.order_id,
        order.marketplace_id,
        order.channel,
        str(order.status or order.raw_status),
        order.purchased,
        None,  # a report's time is not the Orders API's: it must not outrank what that says
        f"{order.gross:f} {order.currency}" if order.gross is not None else "",
    )


def _numbers(orders: list[ShopOrder] | tuple[ShopOrder, ...]) -> str:
    return " and ".join(", ".join(map(str, order.ids)) for order in orders)
