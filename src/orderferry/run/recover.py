"""A ledger that is new although the shop has markers: it was lost. What the shop knows is taken over, and both
catch-ups look once over orders.give_up for what only the ledger knew (what waited, what was held).

A copy of the coverage lies in the shop since every finished import leaves one there.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from orderferry.domain.durations import iso, parse_moment
from orderferry.domain.entry import EntryState, Sighting, Verdict
from orderferry.domain.marker import Marker
from orderferry.domain.orders import Channel
from orderferry.domain.problems import Problem, ProblemCode
from orderferry.domain.search import Basis
from orderferry.domain.spans import Span, Spans
from orderferry.domain.window import Cell
from orderferry.run.ports import RunLedger, Shop
from orderferry.run.report import Report

log = logging.getLogger(__name__)

COPY = "coverage"  # its name in the shop
COMPARED = "compared with the shop's markers"  # in the ledger's memory: since when it knows them
CATCH_UPS = ("recheck", "doublecheck")
_PENDING = "still to be caught up by {command} after the ledger was lost"


@dataclass(frozen=True, slots=True)
class Recovery:
    """Rebuilds what a lost ledger knew, as far as the shop knows it too."""

    shop: Shop
    ledger: RunLedger
    report: Report
    now: Callable[[], datetime]

    def rebuild_if_lost(self, run: int) -> None:
        """Before anything else in a run: compare a ledger that has never seen this shop's markers with them."""
        if self.ledger.recall(COMPARED):
            return
        taken = 0
        for markers in self.shop.marker_pages():
            self._take_over(markers, run)
            taken += len(markers)
        # The copy alone tells as well: of a ledger that was lost before the first order came.
        if taken or self.shop.kept(COPY):
            log.warning("the ledger was lost: %d imported orders are taken over from the shop's markers", taken)
            self._take_over_coverage()
            for command in CATCH_UPS:
                self.ledger.remember(_PENDING.format(command=command), iso(self.now()))
        self.ledger.remember(COMPARED, iso(self.now()))

    def pending(self, command: str) -> bool:
        """Whether this command still has to look back over orders.give_up once."""
        return bool(self.ledger.recall(_PENDING.format(command=command)))

    def done(self, command: str) -> None:
        """The command has looked back far enough."""
        if self.pending(command):
            self.ledger.remember(_PENDING.format(command=command), "")

    def report_pending(self) -> None:
        """Say which catch-ups are still to be run."""
        pending = [command for command in CATCH_UPS if self.pending(command)]
        if pending:
            commands = " and ".join(f"`orderferry {command}`" for command in pending)
            self.report.add_problem(
                Problem(
                    ProblemCode.LEDGER_REBUILT,
                    f"the ledger was lost and rebuilt from the shop; {commands} must still look for what waited",
                )
            )

    def leave_copy(self) -> None:
        """After a finished import: leave the coverage in the shop."""
        self.shop.keep(COPY, coverage_text(self.ledger.coverage(Basis.UPDATED)))

    def _take_over(self, markers: list[Marker], run: int) -> None:
        now = self.now()
        self.ledger.note_seen([_sighting(marker) for marker in markers], run, now)
        verdicts = [Verdict(m.order_id, EntryState.IMPORTED, id_order=m.id_order) for m in markers]
        self.ledger.settle(verdicts, run, now)

    def _take_over_coverage(self) -> None:
        for cell, spans in parse_coverage(self.shop.kept(COPY), self.now()).items():
            for span in spans:
                self.ledger.cover([cell], Basis.UPDATED, span, self.now())


def coverage_text(coverage: Mapping[Cell, Spans]) -> str:
    """Given the coverage, return the text that is kept in the shop: for each cell its spans."""
    return json.dumps(
        [
            [marketplace, str(channel), [[iso(span.start), iso(span.end)] for span in spans]]
            for (marketplace, channel), spans in sorted(coverage.items())
        ]
    )


def parse_coverage(text: str, now: datetime) -> dict[Cell, Spans]:
    """Given that text, return the coverage; what can't be read, or lies in the future, covers nothing."""
    try:
        return {
            (str(marketplace), Channel(channel)): tuple(
                Span(parse_moment(start, now), parse_moment(end, now))
                for start, end in spans
                if parse_moment(end, now) <= now
            )
            for marketplace, channel, spans in json.loads(text or "[]")
        }
    except (ValueError, TypeError, AttributeError):
        log.warning("the copy of the coverage in the shop can't be read; the window is observed anew")
        return {}


def _sighting(marker: Marker) -> Sighting:
    return Sighting(marker.order_id, marker.marketplace_id, marker.channel, amazon_updated=marker.amazon_updated)
