"""Orders whose invoice number another invoice bears too: held until a person has corrected one of the two."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from orderferry.domain.ledger_entry import EntryState, OrderResult
from orderferry.domain.problems import Problem, ProblemCode
from orderferry.run.ports import RunLedger, Shop
from orderferry.run.report import Report


@dataclass(frozen=True, slots=True)
class InvoiceNumbers:
    """Asks the shop, once a run, and keeps the ledger in step."""

    shop: Shop
    ledger: RunLedger
    report: Report
    now: Callable[[], datetime]

    def check(self, run: int) -> None:
        """Hold the orders that the shop names, but for those that a person set aside, and release those it no longer
        names. Neither has anything to ask Amazon, so they have no next look."""
        shared = {problem.order_id: problem for problem in self.shop.shared_invoice_numbers()}
        held = {
            entry.order_id
            for entry in self.ledger.entries([EntryState.HELD])
            if entry.code == ProblemCode.DUPLICATE_INVOICE_NUMBER
        }
        news = [problem for problem in shared.values() if not self._is_set_aside(problem)]
        for problem in news:
            self.report.add_problem(problem)
        verdicts = [
            OrderResult(problem.order_id, EntryState.HELD, problem.code, problem.subject, problem.message)
            for problem in news
            if problem.order_id not in held
        ]
        verdicts += [OrderResult(order_id, EntryState.IMPORTED) for order_id in sorted(held - shared.keys())]
        if verdicts:
            self.ledger.settle(verdicts, run, self.now())

    def _is_set_aside(self, problem: Problem) -> bool:
        entry = self.ledger.entry(problem.order_id)
        return entry is not None and entry.ignored_by_person and entry.code == problem.code
