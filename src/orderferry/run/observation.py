"""Which listings a run has to read: from the sweep, the options, and what the ledger says is covered."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from orderferry.config.model import Settings
from orderferry.domain.orders import Channel
from orderferry.domain.search import Search
from orderferry.domain.spans import Span, Spans
from orderferry.domain.window import SAFE_DISTANCE, Cell, Need, Rereading, due_spans, plan_searches
from orderferry.run.options import RunOptions
from orderferry.run.rules import since_of
from orderferry.run.sweeps import Sweep

LEAST_LOOK = timedelta(seconds=1)


def observed_cells(sweep: Sweep, settings: Settings, options: RunOptions) -> tuple[Cell, ...]:
    """The marketplaces and channels that this run is about."""
    marketplaces = options.marketplaces or tuple(m.id for m in settings.amazon.marketplaces)
    channels = [c for c in sweep.channels if not options.channels or c in options.channels]
    return tuple((marketplace, channel) for marketplace in sorted(set(marketplaces)) for channel in channels)


def end_of_observation(amazon_now: datetime, options: RunOptions) -> datetime:
    """The end that is fixed before the first request: at least three minutes ago by Amazon's clock.

    In whole seconds, the precision of Amazon's Date header and of what every implementation of ISO 8601 takes.
    """
    latest = amazon_now - SAFE_DISTANCE
    return (min(options.until, latest) if options.until else latest).replace(microsecond=0)


def spans_by_hand(
    sweep: Sweep, settings: Settings, options: RunOptions, cells: Iterable[Cell], end: datetime
) -> Mapping[Cell, Spans]:
    """What each cell needs when a span was asked for, or the sweep always reads its whole window."""
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
    """What each cell needs so that nothing since coverage began, in its window or `owed` stays unread."""
    due = {
        cell: due_spans(
            coverage.get(cell, ()),
            Need(
                sweep.lookback(cell[1], settings.observation),
                settings.observation.overlap,
                since_of(settings, cell[0]),
                owed.get(cell),
            ),
            end,
            rereadings.get(cell),
        )
        for cell in cells
    }
    if not any(due.values()):
        # Two runs within a second: the second one looks as well, for whoever started it expects that it does.
        return dict.fromkeys(due, (Span(end - LEAST_LOOK, end),))
    return due


def begin_of_window(sweep: Sweep, settings: Settings, end: datetime) -> datetime:
    """Where the longest window of the sweep's channels begins: what is older is read after what is newer."""
    return end - max(sweep.lookback(channel, settings.observation) for channel in sweep.channels)


def searches_for(sweep: Sweep, due: Mapping[Cell, Spans]) -> tuple[Search, ...]:
    """The fewest listings that read what is due."""
    return plan_searches(due, sweep.basis, sweep.statuses)


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
