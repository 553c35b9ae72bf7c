"""Rebuild a ledger that was lost: one that is new although its seller had one.

What the shop knows is taken over, and both catch-ups read once over orders.give_up for what only the ledger knew
(waiting and held orders). Each finished import leaves a copy of the coverage in the shop, each seller's under its own
name. With it are a few of the seller's orders, by which Amazon shows that a new refresh token is the same seller's, and
what the first import still owes.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from orderferry.domain.durations import iso, parse_moment
from orderferry.domain.ledger_entry import EntryState, OrderResult, OrderSnapshot
from orderferry.domain.marker import Marker
from orderferry.domain.orders import Channel
from orderferry.domain.problems import Problem, ProblemCode
from orderferry.domain.search import Basis
from orderferry.domain.spans import Span, Spans
from orderferry.domain.window import Cell
from orderferry.run.observation import FirstImport
from orderferry.run.report import Report
from orderferry.run.seller import COMPARED, MOST_ASKED, IsOurs

if TYPE_CHECKING:
    from orderferry.ledger.ledger import Ledger
    from orderferry.prestashop.shop import PrestashopShop

log = logging.getLogger(__name__)

COPY = "coverage"  # its name in the shop, with the seller's key; without one: left by an older version
CATCH_UPS = ("recheck", "doublecheck")
_PENDING = "still to be caught up by {command} after the ledger was lost"


@dataclass(frozen=True, slots=True)
class Recovery:
    """Rebuilds what a lost ledger knew, as far as the shop knows it too."""

    shop: PrestashopShop
    ledger: Ledger
    report: Report
    now: Callable[[], datetime]
    is_ours: IsOurs
    first_import: FirstImport

    def rebuild_if_lost(self, run: int) -> None:
        """Take over what the shop knows if this ledger was never compared with its markers; before the coverage is
        used.

        Another seller's orders in the shop are no sign that a ledger was lost. One that is new to its seller owes all
        since orders.since. Raise what Amazon does when it can't be
        asked whose they are.
        """
        if self.ledger.recall(COMPARED):
            return
        copy = self._find_copy()
        if copy is not None and not self._is_of_other_marketplaces(copy):
            taken = 0
            for markers in self.shop.marker_pages():
                self._take_over(markers, run)
                taken += len(markers)
            log.warning("the ledger was lost: %d imported orders are taken over from the shop's markers", taken)
            for cell, spans in parse_coverage(copy, self.now()).items():
                for span in spans:
                    self.ledger.cover([cell], Basis.UPDATED, span, self.now())
            self.first_import.take_over(parse_owed(copy, self.now()))
            for command in CATCH_UPS:
                self.ledger.remember(_PENDING.format(command=command), iso(self.now()))
        elif not self.ledger.coverage(Basis.UPDATED):
            self.first_import.begin(self.now())
        self.ledger.remember(COMPARED, iso(self.now()))

    def _find_copy(self) -> str | None:
        """Return the copy that this seller's ledger has left, '' if it has left orders only; None: it never had one."""
        copies = {name: text for name, text in self.shop.kept_under(COPY).items() if text}
        if copy := copies.pop(self._name, ""):
            return copy
        newest = self._newest_markers()
        nameless = copies.pop(COPY, "")  # only the orders in the shop show whose it is
        for _, text in sorted(copies.items()):
            if any(map(self.is_ours, parse_orders(text)[:MOST_ASKED])):
                return text
        if nameless and newest and all(map(self.is_ours, newest)):
            return nameless
        return "" if any(map(self.is_ours, newest)) else None

    def _is_of_other_marketplaces(self, copy: str) -> bool:
        """Return whether a copy has nothing of our marketplaces: another configuration of the same seller left it."""
        found = {marketplace for marketplace, _ in (*parse_coverage(copy, self.now()), *parse_owed(copy, self.now()))}
        return bool(found) and not found & self.first_import.marketplaces

    def _newest_markers(self) -> list[str]:
        newest: list[Marker] = []
        for page in self.shop.marker_pages():
            newest = sorted([*newest, *page], key=lambda marker: marker.amazon_updated, reverse=True)[:MOST_ASKED]
        return [marker.order_id for marker in newest]

    @property
    def _name(self) -> str:
        return f"{COPY} {self.first_import.settings.amazon.seller}"

    def pending(self, command: str) -> bool:
        """Return whether this command has yet to read back as far as orders.give_up, once."""
        return bool(self.ledger.recall(_PENDING.format(command=command)))

    def done(self, command: str) -> None:
        """Note that the command has read back far enough."""
        if self.pending(command):
            self.ledger.remember(_PENDING.format(command=command), "")

    def report_pending(self) -> None:
        """Report which catch-ups are still to be run."""
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
        """Leave the coverage in the shop after a finished import, beside that of marketplaces which another
        configuration of the same seller reads."""
        ours, owed = self.ledger.coverage(Basis.UPDATED), self.first_import.asked_starts
        before, keys = self.shop.kept(self._name), {*ours, *owed}
        text = copy_text(
            ours,
            self.ledger.newest_orders(MOST_ASKED),
            _cells_but(before, keys),
            owed=[*([*cell, iso(since)] for cell, since in sorted(owed.items())), *_cells_but(before, keys, "owed")],
        )
        self.shop.keep(self._name, text)

    def _take_over(self, markers: list[Marker], run: int) -> None:
        now = self.now()
        snapshots = [
            OrderSnapshot(m.order_id, m.marketplace_id, m.channel, amazon_updated=m.amazon_updated) for m in markers
        ]
        self.ledger.note_seen(snapshots, run, now)
        results = [OrderResult(m.order_id, EntryState.IMPORTED, id_order=m.id_order) for m in markers]
        self.ledger.record_results(results, run, now)


def copy_text(
    coverage: Mapping[Cell, Spans],
    order_ids: Sequence[str],
    others: Sequence[list[Any]] = (),
    owed: Sequence[list[Any]] = (),
) -> str:
    """Return the text that is kept in the shop, given the coverage and orders of a seller; `others`: cells as an
    earlier text has them; `owed`: cells and since when they are owed.
    """
    cells = [
        [marketplace, str(channel), [[iso(span.start), iso(span.end)] for span in spans]]
        for (marketplace, channel), spans in sorted(coverage.items())
    ]
    kept = {"orders": list(order_ids), "coverage": [*cells, *others]}
    return json.dumps(kept | ({"owed": list(owed)} if owed else {}))


def _cells_but(text: str, ours: Iterable[Cell], part: str = "coverage") -> list[list[Any]]:
    """Return the cells of a text without `ours`, as they stand; none from what can't be read."""
    keys = {(marketplace, str(channel)) for marketplace, channel in ours}
    try:
        return [cell for cell in json.loads(text).get(part, []) if (cell[0], cell[1]) not in keys]
    except (ValueError, TypeError, LookupError, AttributeError):
        return []


def parse_orders(text: str) -> list[str]:
    """Return the orders, given that text; none from what can't be read."""
    try:
        return [str(order_id) for order_id in json.loads(text)["orders"]]
    except (ValueError, TypeError, LookupError):
        return []


def parse_owed(text: str, now: datetime) -> dict[Cell, datetime]:
    """Return since when cells are owed, given that text; none from what can't be read."""
    try:
        rows = json.loads(text or "{}").get("owed", [])
        return {(str(marketplace), Channel(channel)): parse_moment(since, now) for marketplace, channel, since in rows}
    except (ValueError, TypeError, LookupError, AttributeError):
        return {}


def parse_coverage(text: str, now: datetime) -> dict[Cell, Spans]:
    """Return the coverage, given that text; what can't be read, or lies in the future, covers nothing."""
    try:
        kept = json.loads(text or "[]")
        cells = kept["coverage"] if isinstance(kept, dict) else kept  # older versions left the bare list
        return {
            (str(marketplace), Channel(channel)): tuple(
                Span(parse_moment(start, now), parse_moment(end, now))
                for start, end in spans
                if parse_moment(end, now) <= now
            )
            for marketplace, channel, spans in cells
        }
    except (ValueError, TypeError, LookupError, AttributeError):
        log.warning("the copy of the coverage in the shop can't be read; the window is observed anew")
        return {}
