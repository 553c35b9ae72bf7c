"""Marketplaces that Amazon refuses while it lists others: tried alone, once a run, so that they cost the others little.

A joint listing with a refused marketplace in it is refused whole. One that was refused is therefore remembered, and no
longer asked for together with the others until Amazon lists it again.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from orderferry.domain.search import Search
from orderferry.domain.spans import Spans
from orderferry.domain.window import Cell
from orderferry.errors import MarketplaceRefused
from orderferry.run.report import Report
from orderferry.run.shared_ports import Memory

_REMEMBERED = "marketplaces refused"


@dataclass(slots=True)
class Refusals:
    """The refused marketplaces of one run, and those that earlier runs have left. A dry run leaves nothing."""

    ledger: Memory
    report: Report
    dry_run: bool = False
    _now: set[str] = field(default_factory=set)

    def apart(self, due: Mapping[Cell, Spans]) -> list[Mapping[Cell, Spans]]:
        """Given what each cell needs, return it in the parts that are asked for together: first all whose marketplaces
        were listed before, then each of the others for itself."""
        doubtful = self._left()
        groups = [{cell for cell in due if cell[0] not in doubtful}]
        groups += [{cell for cell in due if cell[0] == one} for one in sorted(doubtful)]
        return [{cell: due[cell] for cell in due if cell in group} for group in groups if group]

    def still_asked(self, search: Search) -> Search | None:
        """The search without the marketplaces that this run was refused already; None when nothing is left of it."""
        left = tuple(one for one in search.marketplaces if one not in self._now)
        return replace(search, marketplaces=left) if left else None

    def note(self, refused: MarketplaceRefused) -> None:
        """Report the refusal, and remember its marketplaces."""
        self._now |= set(refused.marketplaces)
        self.report.errors.append(refused)
        self._remember(self._left() | set(refused.marketplaces))

    def listed(self, marketplaces: Iterable[str]) -> None:
        """Amazon has listed these marketplaces: they are asked for with the others again."""
        left = self._left()
        if left & set(marketplaces):
            self._remember(left - set(marketplaces))

    def _left(self) -> frozenset[str]:
        return frozenset(json.loads(self.ledger.recall(_REMEMBERED) or "[]"))

    def _remember(self, marketplaces: frozenset[str]) -> None:
        if not self.dry_run and marketplaces != self._left():
            self.ledger.remember(_REMEMBERED, json.dumps(sorted(marketplaces)))
