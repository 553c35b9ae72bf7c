"""What a run did: counts, problems, calls, the spans observed, and the exit code that follows from them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, tzinfo
from typing import Any

from orderferry.domain.durations import iso
from orderferry.domain.marker import Outcome
from orderferry.domain.marketplaces import marketplace_code
from orderferry.domain.orders import Channel
from orderferry.domain.problems import Problem, ProblemCode
from orderferry.domain.search import Basis
from orderferry.domain.spans import Span, Spans, normal
from orderferry.domain.window import Cell
from orderferry.errors import ConfigError, ExitCode, OrderferryError, worst

# A later, lesser outcome must not hide what a run did to an order that it saw twice (overlap, then its due look).
_WEIGHT = {outcome: weight for weight, outcome in enumerate(reversed([Outcome.CREATED, Outcome.UPDATED]), start=1)}


@dataclass(frozen=True, slots=True)
class PlannedOrder:
    """What a dry run would do with one order, and why: the changes, or the reason why there are none. No personal data.

    `products`: quantity and SKU of each item that is still sold.
    """

    order_id: str
    outcome: Outcome
    why: str
    placed: datetime | None = None
    marketplace: str = ""
    channel: str = ""
    total: str = ""
    products: tuple[tuple[int, str], ...] = ()

    def as_json(self) -> dict[str, Any]:
        """Return one order under `planned`."""
        return {
            "order_id": self.order_id,
            "placed": iso(self.placed) if self.placed else None,
            "marketplace": self.marketplace,
            "channel": self.channel,
            "total": self.total or None,
            "products": [{"sku": sku, "quantity": quantity} for quantity, sku in self.products],
            "outcome": str(self.outcome),
            "why": self.why,
        }


@dataclass(slots=True)
class Report:
    """Collected while a run goes on. The only mutable object of a run's bookkeeping."""

    command: str
    started: datetime
    dry_run: bool = False
    run: int | None = None
    finished: datetime | None = None
    outcomes: dict[str, Outcome] = field(default_factory=dict)
    problems: dict[tuple[str, str, str], Problem] = field(default_factory=dict)
    observed: dict[Basis, dict[Cell, Spans]] = field(default_factory=dict)
    calls: Mapping[str, int] = field(default_factory=dict)
    open: Mapping[str, int] = field(default_factory=dict)
    errors: list[OrderferryError] = field(default_factory=list)
    changes: dict[str, tuple[str, ...]] = field(default_factory=dict)
    planned: dict[str, PlannedOrder] = field(default_factory=dict)  # of a dry run
    zone: tzinfo = UTC  # the shop's
    behind: Mapping[Cell, tuple[datetime | None, datetime]] = field(default_factory=dict)  # of the first import
    notices: dict[str, None] = field(default_factory=dict)  # in order; nothing has to be done about them
    announced: tuple[tuple[ExitCode, str], ...] = ()  # the conditions that are news, for a run without a terminal

    def note(self, order_id: str, outcome: Outcome, changes: tuple[str, ...] = ()) -> None:
        """Count an order once, whatever else the run sees of it."""
        before = self.outcomes.get(order_id)
        if before is None or _WEIGHT.get(outcome, 0) >= _WEIGHT.get(before, 0):
            self.outcomes[order_id] = outcome
        if changes:
            self.changes[order_id] = changes

    def note_nameless(self, count: int, problem: Problem) -> None:
        """Count orders without an id, under the name that `problem` gives to where they are: they fail."""
        for number in range(1, count + 1):
            self.outcomes[problem.order_id if number == 1 else f"{problem.order_id} ({number})"] = Outcome.FAILED
        self.add_problem(problem)

    def add_problem(self, problem: Problem) -> None:
        """Add a problem; the same one twice counts once."""
        self.problems[problem.order_id, problem.code, problem.subject] = problem

    def clear_problems(self, order_id: str) -> None:
        """Forget what was wrong with an order that has been imported since."""
        for key in [key for key in self.problems if key[0] == order_id]:
            del self.problems[key]

    def add_observed(self, basis: Basis, cells: Iterable[Cell], span: Span) -> None:
        """Record that a span was read to its last page for these cells."""
        by_cell = self.observed.setdefault(basis, {})
        for cell in cells:
            by_cell[cell] = normal([*by_cell.get(cell, ()), span])

    @property
    def counts(self) -> dict[str, int]:
        """Return the documented `orders` object."""
        tally = Counter(self.outcomes.values())
        return {"seen": len(self.outcomes), **{str(outcome): tally[outcome] for outcome in Outcome}}

    @property
    def exit_code(self) -> ExitCode:
        """Return the one exit code that stands for all of it."""
        codes = [error.exit_code for error in self.errors]
        met = any(problem.code not in INFORMATIVE for problem in self.problems.values())
        if met or any(self.open.get(key) for key in ("held", "failed", "given_up")):
            codes.append(ExitCode.NEEDS_A_PERSON)
        return worst(codes)

    @property
    def news(self) -> tuple[str, ...]:
        """Return the lines that were announced, for the webhook."""
        return tuple(line for _, line in self.announced)

    def summary(self) -> list[str]:
        """Return the run in a few lines, for the body of a ping."""
        counts = ", ".join(f"{number} {word}" for word, number in self.counts.items() if number)
        lines = [f"orderferry {self.command}: exit code {int(self.exit_code)}; orders: {counts or 'none'}"]
        lines += [f"{error.message} {error.hint}".strip() for error in self.errors]
        return [*lines, *(problem.message for problem in self.problems.values())]

    def as_json(self) -> dict[str, Any]:
        """Return the documented JSON object of a run."""
        problems = sorted(self.problems.values(), key=lambda p: (p.code, p.subject, p.order_id))
        return {
            "command": self.command,
            "run": self.run,
            "started": _second(self.started),
            "finished": _second(self.finished) if self.finished else None,
            "dry_run": self.dry_run,
            "observed": self._observed_json(),
            "calls": {"searchOrders": 0, "getOrder": 0, **self.calls},
            "orders": self.counts,
            "open": {"waiting": 0, "held": 0, "failed": 0, "given_up": 0, **self.open},
            "problems": [problem_json(problem) for problem in problems]
            + [problem for error in self.errors for problem in error_json(error)],
            **({"planned": [order.as_json() for order in self.sorted_plans]} if self.dry_run else {}),
            "exit_code": int(self.exit_code),
        }

    @property
    def sorted_plans(self) -> list[PlannedOrder]:
        """Return what a dry run would do, in the order in which the orders were placed; those without a date last."""
        never = datetime.max.replace(tzinfo=UTC)
        return sorted(self.planned.values(), key=lambda one: (one.placed or never, one.order_id))

    def _observed_json(self) -> list[dict[str, Any]]:
        entries = []
        for basis, by_cell in self.observed.items():
            groups: dict[tuple[Channel, Span], list[str]] = {}
            for (marketplace, channel), spans in by_cell.items():
                for span in spans:
                    groups.setdefault((channel, span), []).append(marketplace_code(marketplace))
            order = list(Channel)
            entries += [
                {
                    "channel": str(channel),
                    "marketplaces": sorted(codes),
                    "basis": str(basis),
                    "from": iso(span.start),
                    "until": iso(span.end),
                }
                for (channel, span), codes in sorted(groups.items(), key=lambda g: (order.index(g[0][0]), g[0][1]))
            ]
        return entries


def _second(moment: datetime) -> str:
    return iso(moment.replace(microsecond=0))


# Problems that only inform: nothing is wrong that a person must mend.
INFORMATIVE = frozenset(
    {
        ProblemCode.NOT_READY,
        ProblemCode.NOT_IMPORTABLE,
        ProblemCode.OTHER_IMPORTER,
        ProblemCode.CLOCK_OFF,
        ProblemCode.FUTURE_TIME,
        ProblemCode.MISSING_DATA,
        ProblemCode.LEDGER_REBUILT,
        ProblemCode.IMPLAUSIBLE,
        ProblemCode.EXPOSED_CONFIGURATION,
    }
)


_DATASET_WORDS = {
    "BUYER": "buyers' names and e-mail aliases",
    "RECIPIENT": "delivery addresses",
    "PROMOTION": "promotions",
    "CANCELLATION": "buyers' wishes to cancel",
    "TAX": "VAT numbers and tax schemes",
    "PAYMENT": "how buyers paid",
    "PACKAGES": "tracking numbers",
}


def withheld_problems(withheld: Mapping[str, str]) -> list[Problem]:
    """Return a problem for each set of data that Amazon does not let the account ask for, with its words."""
    return [
        Problem(
            ProblemCode.MISSING_DATA,
            f"Amazon does not let this account ask for {name} ({_DATASET_WORDS.get(name, name)})"
            f"{f': “{words}”' if words else ''}; orders are read without it",
            subject=name,
        )
        for name, words in sorted(withheld.items())
    ]


def problem_json(problem: Problem) -> dict[str, str]:
    """Return the documented JSON of one problem."""
    return {
        "order_id": problem.order_id,
        "code": str(problem.code),
        "message": problem.message,
        "hint": problem.hint,
    }


def error_json(error: OrderferryError) -> list[dict[str, str]]:
    """Return an error that stopped a run or a part of it, in the same shape; of a configuration each mistake on its
    own.
    """
    messages = (error.problems if isinstance(error, ConfigError) else ()) or (error.message,)
    return [{"order_id": "", "code": error.code, "message": message, "hint": error.hint} for message in messages]
