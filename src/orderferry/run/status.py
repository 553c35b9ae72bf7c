"""The state of things, from the ledger: no call to Amazon, and of the shop only its name, its time zone and
`unconfirmed`.

`unconfirmed` are orders that the shop has shipped and Amazon still waits for: somebody forgot to confirm the shipment
there. orderferry confirms none itself; an order that is not confirmed in time costs the seller's rating, and Amazon
cancels it in the end.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, tzinfo
from decimal import Decimal
from itertools import pairwise
from statistics import median
from typing import TYPE_CHECKING, Any

from orderferry import __version__
from orderferry.config.model import Settings
from orderferry.domain.durations import iso, parse_moment
from orderferry.domain.ledger_entry import Entry, EntryState, FindingKind, RunRecord, StandingFinding
from orderferry.domain.marketplaces import marketplace_code
from orderferry.domain.orders import Channel
from orderferry.domain.quota import USAGE_PLANS
from orderferry.domain.search import Basis
from orderferry.domain.spans import Span, Spans
from orderferry.domain.window import Cell
from orderferry.errors import ExitCode
from orderferry.run.conditions import FOUND, CurrentCondition, open_conditions, other_conditions
from orderferry.run.observation import FirstImport, missing_since
from orderferry.run.seller import COMPARED
from orderferry.run.sweeps import SWEEPS

if TYPE_CHECKING:
    from orderferry.ledger.ledger import Ledger
    from orderferry.ledger.quota import QuotaBook
    from orderferry.prestashop.auditing import ShopAudit

COMPARE = "compare"
WATCHED = (*SWEEPS, COMPARE)
CATCH_UPS = tuple(command for command, sweep in SWEEPS.items() if not sweep.incremental)
# A command is late when it has been silent for so many of its own usual intervals, or for so long beyond one of them,
# and for an hour at least.
LATE_AFTER_INTERVALS = 3
LATE_BEYOND_ONE = timedelta(hours=6)
LATE_AT_LEAST = timedelta(hours=1)
DAILY = timedelta(days=1)  # how often a catch-up is to run; one that never ran is late after that
RUNS_FOR_RHYTHM = 20
LAGS_OF = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class CommandStatus:
    """How one command has been doing."""

    command: str
    last_run: RunRecord | None
    last_success: RunRecord | None
    late: bool


@dataclass(frozen=True, slots=True)
class Lag:
    """The lags of `orders` orders. `p95`: nineteen of twenty took no longer (nearest rank)."""

    orders: int
    median: timedelta
    p95: timedelta
    worst: timedelta


@dataclass(frozen=True, slots=True)
class Status:
    """Everything that `status` shows.

    `lag`: of the orders imported this week, None where there were none. `unconfirmed`: orders that have left the shop
    and that Amazon does not know to be shipped, although they soon have to be. `findings`: what comparisons found and
    nothing has ended since; they are in `conditions` too. `amounts`: of orders in the findings, where Amazon has told
    one. `notes`: what could not be asked. `shop` and `zone`: the shop's name and time zone, '' and UTC where it could
    not be asked.
    """

    now: datetime
    commands: tuple[CommandStatus, ...]
    coverage: Mapping[Cell, Spans]
    gaps: tuple[tuple[Cell, Span], ...]
    open: Mapping[str, int]
    conditions: tuple[CurrentCondition, ...]
    oldest_waiting: Entry | None
    quota: Mapping[str, Decimal]
    lag: Lag | None = None
    unconfirmed: tuple[Entry, ...] = ()
    findings: tuple[StandingFinding, ...] = ()
    amounts: Mapping[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    shop: str = ""
    zone: tzinfo = UTC

    @property
    def healthy(self) -> bool:
        """Return whether nothing needs a person and nothing is late or missing."""
        late = any(command.late for command in self.commands)
        return not (self.conditions or self.gaps or self.unconfirmed or late)

    @property
    def lacks_orders(self) -> bool:
        """Return whether a comparison found orders missing in the shop that no import has brought or held since."""
        return any(found.key == f"{FOUND} {FindingKind.MISSING}" for found in self.conditions)

    @property
    def found_counts(self) -> Mapping[FindingKind, int]:
        """Return how many orders stand in each kind of finding."""
        return {kind: len({one.order_id for one in self.findings if one.kind is kind}) for kind in FindingKind}

    @property
    def cells(self) -> list[tuple[Cell, Spans]]:
        """Return the observed spans of each marketplace and channel, in order of the country code."""
        return sorted(self.coverage.items(), key=_by_code)

    @property
    def exit_code(self) -> ExitCode:
        """Return 0 if healthy, else 1."""
        return ExitCode.DONE if self.healthy else ExitCode.NEEDS_A_PERSON

    def as_json(self) -> dict[str, Any]:
        """Return the documented JSON object of `status`."""
        return {
            "healthy": self.healthy,
            "commands": {command.command: _command_json(command) for command in self.commands},
            "coverage": [
                {**_cell_json(cell), "spans": [_span_json(span) for span in spans]} for cell, spans in self.cells
            ],
            "gaps": [{**_cell_json(cell), **_span_json(span)} for cell, span in self.gaps],
            "open": {"waiting": 0, "held": 0, "failed": 0, "given_up": 0, **self.open},
            "conditions": [found.text for found in self.conditions],
            "findings": {
                kind: [_standing_json(finding) for finding in self.findings if finding.kind is kind]
                for kind in FindingKind
            },
            "oldest_waiting": _entry_json(self.oldest_waiting) if self.oldest_waiting else None,
            "unconfirmed": [_entry_json(entry) for entry in self.unconfirmed],
            "lag": _lag_json(self.lag) if self.lag else None,
            "quota": {name: str(round(left, 2)) for name, left in self.quota.items()},
            "notes": list(self.notes),
            "version": __version__,
            "exit_code": int(self.exit_code),
        }


def read_status(ledger: Ledger, quota: QuotaBook, settings: Settings, now: datetime) -> Status:
    """Return the state of things at `now` from an open ledger. Raise LedgerUnusable."""
    coverage = ledger.coverage(Basis.UPDATED)
    wanted = {
        (m.id, channel): coverage.get((m.id, channel), ()) for m in settings.amazon.marketplaces for channel in Channel
    }
    owed = FirstImport(ledger, settings).asked_starts
    waiting = ledger.entries([EntryState.WAITING], 1)
    others, findings = other_conditions(ledger), tuple(ledger.findings())
    never_imported = () if ledger.last_runs("import", 1) else ("`orderferry import` has never run here.",)
    known = ledger.known({finding.order_id for finding in findings})
    return Status(
        now,
        tuple(_command_status(ledger, command, now) for command in WATCHED),
        wanted,
        tuple(
            (cell, gap) for cell, spans in sorted(wanted.items()) for gap in gaps_between(spans, owed.get(cell), now)
        ),
        ledger.open_counts(),
        (*open_conditions(ledger), *(found for found in others if found.exit_code)),
        waiting[0] if waiting else None,
        {
            operation: quota.left(operation, now)
            for operation in USAGE_PLANS
            if operation in ("searchOrders", "getOrder")
        },
        lag_of(ledger.import_lags(now - LAGS_OF)),
        findings=findings,
        amounts={order_id: entry.total for order_id, entry in known.items() if entry.total},
        notes=(*never_imported, *(found.text for found in others if not found.exit_code)),
    )


def gaps_between(spans: Spans, owed: datetime | None, now: datetime) -> Spans:
    """Return the moments between the first and the last covered one that no run has observed, and those since
    `owed`: of a cell that was never observed all of them up to `now`.
    """
    starts = [*([owed] if owed else []), *(span.start for span in spans[:1])]
    return missing_since(min(starts), spans, now) if starts else ()


def _command_status(ledger: Ledger, command: str, now: datetime) -> CommandStatus:
    runs = ledger.last_runs(command, RUNS_FOR_RHYTHM)
    success = ledger.last_success(command)
    never_ran = not runs and command in CATCH_UPS and _since_first_run(ledger, now) > DAILY + LATE_BEYOND_ONE
    usual = rhythm(sorted(run.started for run in runs), by_hand_too=command == COMPARE)
    late = False
    if success is not None and usual is not None:
        silent = now - success.started
        late = silent < timedelta(0) or silent > max(
            min(usual * LATE_AFTER_INTERVALS, usual + LATE_BEYOND_ONE), LATE_AT_LEAST
        )
    late = late or never_ran or (bool(runs) and success is None)
    return CommandStatus(command, runs[0] if runs else None, success, late)


def _since_first_run(ledger: Ledger, now: datetime) -> timedelta:
    """Return how long ago a run first met the shop; nothing as long as none has."""
    met = ledger.recall(COMPARED)
    return now - parse_moment(met, now) if met else timedelta(0)


def rhythm(starts: Sequence[datetime], *, by_hand_too: bool = False) -> timedelta | None:
    """Return the usual interval of a command's runs from their starts, the oldest first; None for too few runs.

    `by_hand_too`: a command that people start as well. It has a rhythm only if most of its intervals are alike.
    """
    intervals = [later - earlier for earlier, later in pairwise(starts)]
    if len(intervals) < 2:
        return None
    usual = timedelta(seconds=median(interval.total_seconds() for interval in intervals))
    alike = sum(1 for interval in intervals if abs(interval - usual) <= usual / 4)
    return usual if not by_hand_too or alike * 2 > len(intervals) else None


def _command_json(command: CommandStatus) -> dict[str, Any]:
    return {
        "last_run": iso(command.last_run.started.replace(microsecond=0)) if command.last_run else None,
        "last_exit_code": command.last_run.exit_code if command.last_run else None,
        "last_success": iso(command.last_success.started.replace(microsecond=0)) if command.last_success else None,
        "late": command.late,
    }


def _entry_json(entry: Entry) -> dict[str, Any]:
    return {
        "order_id": entry.order_id,
        "id_order": entry.id_order,
        "purchased": iso(entry.purchased) if entry.purchased else None,
        "first_seen": iso(entry.first_seen),
        "ship_by": iso(entry.ship_by) if entry.ship_by else None,
        "reason": entry.message or entry.code,
    }


def _standing_json(finding: StandingFinding) -> dict[str, str]:
    sides = {"field": finding.field, "amazon": finding.amazon, "shop": finding.shop} if finding.field else {}
    return {
        "order_id": finding.order_id,
        **sides,
        "reason": finding.reason,
        "hint": finding.hint,
        "placed": iso(finding.placed),
        "found": iso(finding.found.replace(microsecond=0)),
    }


def lag_of(lags: Iterable[timedelta]) -> Lag | None:
    """Return the lags of orders in figures; None without any. A negative one (two clocks) counts as 0."""
    known = sorted(max(lag, timedelta(0)) for lag in lags)
    if not known:
        return None
    nearest_rank = -(-len(known) * 95 // 100)
    middle = timedelta(seconds=median(lag.total_seconds() for lag in known))
    return Lag(len(known), middle, known[nearest_rank - 1], known[-1])


def _lag_json(lag: Lag) -> dict[str, int]:
    seconds = {"median": lag.median, "p95": lag.p95, "worst": lag.worst}
    return {"orders": lag.orders, **{f"{name}_seconds": int(of.total_seconds()) for name, of in seconds.items()}}


def _by_code(item: tuple[Cell, Spans]) -> tuple[str, Channel]:
    (marketplace, channel), _ = item
    return marketplace_code(marketplace), channel


def _cell_json(cell: Cell) -> dict[str, str]:
    return {"marketplace": marketplace_code(cell[0]), "channel": str(cell[1])}


def _span_json(span: Span) -> dict[str, str]:
    return {"from": iso(span.start), "until": iso(span.end)}


NEAR = timedelta(days=1)


def find_unconfirmed(ledger: Ledger, shop: ShopAudit, now: datetime) -> tuple[Entry, ...]:
    """Return the orders that have left the shop and that Amazon, when it was asked last, did not know to be shipped,
    although they have to be within a day; the most urgent first. The shop is asked only if there may be any.

    Raise ShopError, LedgerUnusable.
    """
    urgent = ledger.unshipped(now + NEAR)
    if not urgent:
        return ()
    sold = shop.sold(now, [entry.order_id for entry in urgent]).orders
    return tuple(entry for entry in urgent if any(order.shipped for order in sold.get(entry.order_id, ())))
