"""Report answers of Amazon's that are too empty to be true. The run goes on.

A wrong region or a withdrawn authorisation looks like an empty page (HTTP 200). A shop that sold something on every day
of two weeks and nothing yesterday should hear of it. Judged once a day, since it reads two weeks of the ledger.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Protocol

from orderferry.domain.marketplaces import marketplace_code
from orderferry.domain.problems import Problem, ProblemCode
from orderferry.domain.search import Basis
from orderferry.domain.spans import Span, subtract
from orderferry.run.shared_ports import CoverageBook, Memory

DAYS = 14  # the day judged, and those before it that it is compared with
Purchases = Mapping[tuple[str, date], int]
_JUDGED = "plausibility judged"


class PurchaseLedger(Memory, CoverageBook, Protocol):
    """What of the ledger is needed here. Raise LedgerUnusable."""

    def purchases(self, since: datetime) -> Purchases:
        """How many orders were placed from `since` on, by marketplace id and day (UTC)."""


def implausible(purchases: Purchases, day: date) -> list[Problem]:
    """Given the orders placed by marketplace and day, return what is not believable about `day`.

    Only what sold on each of the days before can be missed; if nothing sold anywhere, that alone is said.
    """
    before = [day - timedelta(days=number) for number in range(1, DAYS)]
    marketplaces = sorted({marketplace for marketplace, _ in purchases})
    sold = {one: [purchases.get((one, other), 0) for other in before] for one in marketplaces}
    if not any(purchases.get((one, day), 0) for one in marketplaces):
        every_day = marketplaces and all(any(sold[one][index] for one in marketplaces) for index in range(len(before)))
        message = f"Amazon shows no order at all of {day}, while there was one on each of the {len(before)} days before"
        return [Problem(ProblemCode.IMPLAUSIBLE, message, subject=str(day))] if every_day else []
    return [
        Problem(
            ProblemCode.IMPLAUSIBLE,
            f"Amazon shows no order of {day} on {marketplace_code(one)}, while there was one on each of the "
            f"{len(before)} days before and others sell",
            subject=f"{day} {marketplace_code(one)}",
        )
        for one in marketplaces
        if all(sold[one]) and not purchases.get((one, day), 0)
    ]


@dataclass(frozen=True, slots=True)
class Plausibility:
    """Judges yesterday (UTC) in the first run that has read all of it, and repeats the verdict for a day."""

    ledger: PurchaseLedger
    now: Callable[[], datetime]

    def problems(self) -> list[Problem]:
        """What is not believable about yesterday."""
        today = self.now().date()
        kept = json.loads(self.ledger.recall(_JUDGED) or "{}")
        if kept.get("on") != str(today):
            if not self._was_observed(today):
                return []
            start = datetime.combine(today - timedelta(days=DAYS), time(), UTC)
            found = implausible(self.ledger.purchases(start), today - timedelta(days=1))
            kept = {"on": str(today), "found": [[problem.message, problem.subject] for problem in found]}
            self.ledger.remember(_JUDGED, json.dumps(kept))
        return [Problem(ProblemCode.IMPLAUSIBLE, message, subject=subject) for message, subject in kept["found"]]

    def _was_observed(self, today: date) -> bool:
        """Whether coverage holds yesterday whole: else its orders are missing for a reason that is known."""
        midnight = datetime.combine(today, time(), UTC)
        yesterday = Span(midnight - timedelta(days=1), midnight)
        coverage = self.ledger.coverage(Basis.UPDATED)
        return bool(coverage) and all(not subtract([yesterday], spans) for spans in coverage.values())
