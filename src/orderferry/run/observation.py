"""Which listings a run has to read, from the sweep, the options and the coverage.

The first import of a new ledger goes back to orders.since, as far as Amazon's quota carries. What it can't read at once
is owed by the runs after it. The start is remembered for each marketplace and channel: a ledger that began before, and
a marketplace that is added later, owe their window only.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from orderferry.config.model import Settings
from orderferry.domain.durations import iso
from orderferry.domain.orders import Channel
from orderferry.domain.spans import Span, Spans, last_end, subtract
from orderferry.domain.window import SAFE_DISTANCE, Cell, Rereading, due_spans
from orderferry.run.sweeps import RunOptions, Sweep, since_of

if TYPE_CHECKING:
    from orderferry.ledger.ledger import Ledger

log = logging.getLogger(__name__)

SHORTEST_SPAN = timedelta(seconds=1)


def observed_cells(sweep: Sweep, settings: Settings, options: RunOptions) -> tuple[Cell, ...]:
    """Return the marketplaces and channels that this run is about."""
    marketplaces = options.marketplaces or tuple(m.id for m in settings.amazon.marketplaces)
    channels = [c for c in sweep.channels if not options.channels or c in options.channels]
    return tuple((marketplace, channel) for marketplace in sorted(set(marketplaces)) for channel in channels)


def end_of_observation(amazon_now: datetime, options: RunOptions) -> datetime:
    """Return the end that is fixed before the first request: at least three minutes ago by Amazon's clock.

    In whole seconds, the precision of Amazon's Date header and of what every implementation of ISO 8601 takes.
    """
    latest = amazon_now - SAFE_DISTANCE
    return (min(options.until, latest) if options.until else latest).replace(microsecond=0)


def spans_by_hand(
    sweep: Sweep, settings: Settings, options: RunOptions, cells: Iterable[Cell], end: datetime
) -> Mapping[Cell, Spans]:
    """Return what each cell needs when a span was asked for, or the sweep always reads its whole window."""
    due: dict[Cell, Spans] = {}
    for cell in cells:
        start = (
            options.since.replace(microsecond=0)
            if options.since
            else end - _lookback(sweep, settings, options, cell[1])
        )
        due[cell] = (Span(start, end),) if start < end else ()
    return due


def uncovered_spans(  # noqa: PLR0917 — each is one of the facts the answer depends on
    sweep: Sweep,
    settings: Settings,
    cells: Iterable[Cell],
    end: datetime,
    coverage: Mapping[Cell, Spans],
    rereadings: Mapping[Cell, Rereading],
    owed: Mapping[Cell, datetime],
) -> Mapping[Cell, Spans]:
    """Return what each cell needs so that nothing since coverage began, in its window or `owed` stays unread."""
    due = {
        cell: due_spans(
            coverage.get(cell, ()),
            end,
            lookback=sweep.lookback(cell[1], settings.observation),
            overlap=settings.observation.overlap,
            not_before=since_of(settings, cell[0]),
            owed=owed.get(cell),
            rereading=rereadings.get(cell),
        )
        for cell in cells
    }
    if not any(due.values()):
        # Of two runs within a second the second one asks Amazon as well: whoever started it expects that.
        return dict.fromkeys(due, (Span(end - SHORTEST_SPAN, end),))
    return due


def begin_of_window(sweep: Sweep, settings: Settings, end: datetime) -> datetime:
    """Return where the longest window of the sweep's channels begins: what is older is read after what is newer."""
    return end - max(sweep.lookback(channel, settings.observation) for channel in sweep.channels)


def _lookback(sweep: Sweep, settings: Settings, options: RunOptions, channel: Channel) -> timedelta:
    observation = settings.observation
    if options.window is not None:
        observation = replace(
            observation,
            window=options.window,
            recheck_window=options.window,
            doublecheck_window=options.window,
        )
    return sweep.lookback(channel, observation)


AMAZON_KEEPS = timedelta(days=730)  # of orders; what is older nobody can read
_KEY = "owed since the first import"  # in the ledger's memory


# Since when a cell is owed, and whether an import has been about it: a cell that no import asks for is no gap.
Owed = tuple[datetime, bool]


@dataclass(slots=True)
class FirstImport:
    """What the first import of a ledger has yet to read. A dry run uses it too, although its ledger keeps nothing."""

    ledger: Ledger
    settings: Settings
    _known: dict[Cell, Owed] | None = field(default=None)

    @property
    def marketplaces(self) -> frozenset[str]:
        """Return the ids of the configured marketplaces."""
        return frozenset(one.id for one in self.settings.amazon.marketplaces)

    def begin(self, now: datetime) -> None:
        """Begin with a ledger that is new for this seller: all its marketplaces are owed from their orders.since on."""
        starts = {marketplace: since_of(self.settings, marketplace) for marketplace in self.marketplaces}
        owed = {
            (marketplace, channel): (max(since, now - AMAZON_KEEPS), False)
            for marketplace, since in starts.items()
            if since is not None and since < now
            for channel in Channel
        }
        if owed:
            log.info("a new ledger: the first import goes back to %s", iso(min(since for since, _ in owed.values())))
        self._keep(owed)

    def take_over(self, starts: Mapping[Cell, datetime]) -> None:
        """Take over what a lost ledger still owed, by the copy in the shop."""
        self._keep({cell: (since, True) for cell, since in starts.items()})

    def asked(self, cells: Iterable[Cell]) -> None:
        """Note that an import is about these cells: what they lack is a gap from now on."""
        new = {cell: (self._owed[cell][0], True) for cell in cells if cell in self._owed}
        if new.items() - self._owed.items():
            self._keep(self._owed | new)

    def forget_covered(self, coverage: Mapping[Cell, Spans]) -> None:
        """Forget the cells that are covered from their start to the end of what was observed."""
        left = {cell: owed for cell, owed in self._owed.items() if not self._is_covered(cell, coverage.get(cell, ()))}
        if left != self._owed:
            self._keep(left)

    @property
    def starts(self) -> Mapping[Cell, datetime]:
        """Return since when each cell is owed; cells that owe nothing are left out. An orders.since that was moved
        to a later time holds."""
        return {cell: self._start(cell) for cell in self._owed}

    @property
    def asked_starts(self) -> Mapping[Cell, datetime]:
        """Return the same of those cells that an import has been about."""
        return {cell: self._start(cell) for cell, (_, asked) in self._owed.items() if asked}

    def missing(self, coverage: Mapping[Cell, Spans], now: datetime) -> dict[Cell, Spans]:
        """Return what was asked for and is not covered yet, between the start and the end of what was observed
        (`now` where nothing was).
        """
        found = {cell: missing_since(start, coverage.get(cell, ()), now) for cell, start in self.asked_starts.items()}
        return {cell: spans for cell, spans in found.items() if spans}

    def progress(self, coverage: Mapping[Cell, Spans], now: datetime) -> dict[Cell, tuple[datetime | None, datetime]]:
        """Return for each cell that lacks something: back to when it was read without a gap (None: nothing), and
        since when it is owed."""
        behind = {cell: coverage.get(cell, ()) for cell in self.missing(coverage, now)}
        return {cell: (spans[-1].start if spans else None, self._start(cell)) for cell, spans in behind.items()}

    @property
    def _owed(self) -> dict[Cell, Owed]:
        if self._known is None:
            self._known = {
                (marketplace, Channel(channel)): (datetime.fromisoformat(since), asked)
                for marketplace, channel, since, asked in json.loads(self.ledger.recall(_KEY) or "[]")
            }
        return self._known

    def _start(self, cell: Cell) -> datetime:
        owed, since = self._owed[cell][0], since_of(self.settings, cell[0])
        return max(owed, since) if since else owed

    def _is_covered(self, cell: Cell, covered: Spans) -> bool:
        end, start = last_end(covered), self._start(cell)
        return end is not None and start <= end and not missing_since(start, covered, end)

    def _keep(self, owed: dict[Cell, Owed]) -> None:
        self._known = owed
        rows = [[*cell, since.isoformat(), asked] for cell, (since, asked) in sorted(owed.items())]
        self.ledger.remember(_KEY, json.dumps(rows) if rows else "")


def missing_since(start: datetime, covered: Spans, now: datetime) -> Spans:
    """Return what is not covered from `start` on: to the end of the coverage, or to `now` where there is none."""
    end = last_end(covered) or now
    return subtract([Span(start, end)], covered) if start < end else ()
