"""The result of a comparison, for the terminal, JSON, CSV and the page, and why an order is missing or different.

Why an order is missing or different, in words: what the ledger knows of it, and what to do. Pure.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, tzinfo
from typing import Any, ClassVar

from orderferry.domain.decide import REASON_TEXTS, Reason
from orderferry.domain.durations import counted, format_duration, iso
from orderferry.domain.ledger_entry import Entry, EntryState, FindingKind, StandingFinding
from orderferry.domain.orders import status_words
from orderferry.domain.problems import HINTS, ProblemCode, cause_of
from orderferry.domain.spans import Span
from orderferry.errors import ExitCode, OrderferryError, worst
from orderferry.run.compare.totals import Pair, Totals
from orderferry.run.report import error_json
from orderferry.run.status import Status

MOST_LINES = 20  # of what was found, in an alert


@dataclass(frozen=True, slots=True)
class OneSided:
    """One order that only one side has, or that the shop has twice: why, as far as anybody knows, and what to do.
    `placed` and `amount` as the side says that has it."""

    order_id: str
    reason: str
    hint: str
    placed: datetime | None = None
    amount: str = ""  # 12.34 EUR


def by_cause(found: Iterable[OneSided]) -> list[tuple[str, str, list[OneSided]]]:
    """Return the reason, the hint and the orders of each thing that needs mending, in the order in which they come.

    The reason leaves deadlines out; the hint names the order where it is one alone, else ORDER_ID in its place.
    """
    causes: dict[tuple[str, str], list[OneSided]] = {}
    for one in found:
        hint = one.hint.replace(one.order_id, "ORDER_ID")
        causes.setdefault((cause_of(one.reason), hint), []).append(one)
    return [(reason, orders[0].hint if len(orders) == 1 else hint, orders) for (reason, hint), orders in causes.items()]


@dataclass(frozen=True, slots=True)
class Difference:
    """One field of one order in which the sides differ. `amazon` and `shop` are the two values in words."""

    order_id: str
    field: str  # state, amount, currency, tax, quantity
    amazon: str
    shop: str
    reason: str

    @property
    def hint(self) -> str:
        """Return what to do about it."""
        return fill(DIFFERENT_HINTS.get(self.field, OTHERWISE_DIFFERENT_HINT), self.order_id)


@dataclass(slots=True)
class Comparison:
    """One comparison. `span` is None when it ended before its span was known; `notes` are for people. `orders`: those
    of the span as each side has them, by Amazon's id."""

    command: ClassVar[str] = "compare"

    now: datetime
    span: Span | None = None
    by: str = "purchase"
    zone: tzinfo = UTC
    shop_name: str = ""
    amazon_orders: int = 0
    shop_orders: int = 0
    missing: tuple[OneSided, ...] = ()
    surplus: tuple[OneSided, ...] = ()
    different: tuple[Difference, ...] = ()
    orders: Mapping[str, Pair] = field(default_factory=dict)
    totals: Totals | None = None
    notes: list[str] = field(default_factory=list)
    errors: list[OrderferryError] = field(default_factory=list)
    calls: Mapping[str, int] = field(default_factory=dict)
    status: Status | None = None  # for the page, where there is a ledger
    open_entries: Sequence[Entry] = ()  # likewise
    announced: tuple[tuple[ExitCode, str], ...] = ()  # of `errors`, what is news for a run without a terminal

    @property
    def news(self) -> tuple[str, ...]:
        """Return what the webhook gets: the errors that are news, and all findings, as cron mails them."""
        return (*(line for _, line in self.announced), *self._found_lines())

    def summary(self) -> list[str]:
        """Return the comparison in a few lines, for the body of a ping."""
        counts = f"{counted(self.amazon_orders, 'order')} at Amazon, {self.shop_orders} in the shop"
        errors = [f"{error.message} {error.hint}".strip() for error in self.errors]
        return [f"orderferry compare: exit code {int(self.exit_code)}; {counts}", *errors, *self._found_lines()]

    def _found_lines(self) -> list[str]:
        kinds = (("missing in the shop", self.missing), ("surplus or doubled in the shop", self.surplus))
        lines = [f"order {found.order_id} is {kind}: {found.reason}" for kind, all_ in kinds for found in all_]
        lines += [
            f"order {one.order_id} differs in {one.field}: Amazon {one.amazon}, shop {one.shop}: {one.reason}"
            for one in self.different
        ]
        more = len(lines) - MOST_LINES
        return lines if more <= 0 else [*lines[:MOST_LINES], f"… and {more} more: `orderferry compare` lists them"]

    def words(self) -> dict[str, str]:
        """Return what was found of an order in one word: missing, surplus or different."""
        kinds = (("missing", self.missing), ("different", self.different), ("surplus", self.surplus))
        return {one.order_id: word for word, found in kinds for one in found}

    def to_remember(self) -> list[StandingFinding]:
        """Return everything that was found, as it stands in the ledger from now on."""
        when = {order_id: placed(pair) or self.now for order_id, pair in self.orders.items()}
        sides = ((FindingKind.MISSING, self.missing), (FindingKind.SURPLUS, self.surplus))
        found = [
            StandingFinding(one.order_id, kind, when.get(one.order_id, self.now), self.now, one.reason, one.hint)
            for kind, all_ in sides
            for one in all_
        ]
        return found + [
            StandingFinding(
                one.order_id,
                FindingKind.DIFFERENT,
                when.get(one.order_id, self.now),
                self.now,
                one.reason,
                one.hint,
                one.field,
                one.amazon,
                one.shop,
            )
            for one in self.different
        ]

    @property
    def found_something(self) -> bool:
        """Return whether any order is missing, surplus or different: exit code 1."""
        return bool(self.missing or self.surplus or self.different)

    @property
    def exit_code(self) -> ExitCode:
        """Return the exit code: 1 when something is found, else what stopped it, else 0."""
        codes = [error.exit_code for error in self.errors]
        return worst([*codes, ExitCode.NEEDS_A_PERSON] if self.found_something else codes)

    def as_json(self) -> dict[str, Any]:
        """Return the documented JSON object; with `totals` for a month, and `problems` when something stopped it."""
        body: dict[str, Any] = {
            "since": iso(self.span.start) if self.span else None,
            "until": iso(self.span.end) if self.span else None,
            "amazon": {"orders": self.amazon_orders},
            "shop": {"orders": self.shop_orders},
            "missing": [_finding_json(finding) for finding in self.missing],
            "surplus": [_finding_json(finding) for finding in self.surplus],
            "different": [_difference_json(difference) for difference in self.different],
        }
        if self.totals is not None:
            body["totals"] = self.totals.as_json()
        if self.errors:
            body["problems"] = [problem for error in self.errors for problem in error_json(error)]
        return {**body, "exit_code": int(self.exit_code)}

    def in_short(self) -> dict[str, Any]:
        """Return what the ledger keeps of it: numbers, no lists."""
        counts = {name: len(getattr(self, name)) for name in ("missing", "surplus", "different")}
        return {**self.as_json(), **counts, "command": "compare", "calls": dict(self.calls), "totals": None}


def placed(pair: Pair) -> datetime | None:
    """Return the date by which a comparison finds the order: Amazon's, else the shop's."""
    amazon, shop = pair
    return amazon.purchased if amazon is not None else shop.placed if shop is not None else None


def _finding_json(finding: OneSided) -> dict[str, str]:
    return {"order_id": finding.order_id, "reason": finding.reason, "hint": finding.hint}


def _difference_json(difference: Difference) -> dict[str, str]:
    return {
        "order_id": difference.order_id,
        "field": difference.field,
        "amazon": difference.amazon,
        "shop": difference.shop,
        "reason": difference.reason,
        "hint": difference.hint,
    }


SUSPECTED = "suspected, Amazon was not asked again"
_DUE = "It is due for the next import; `orderferry import --order {order_id}` imports it now."
_AUDIT = "Ask whatever imports orders into this shop for it; `orderferry import --order {order_id}` would import it."
SURPLUS_HINT = "See in the shop where the order came from; `orderferry ignore {order_id} --reason …` ends this report."
DOUBLED_HINT = "Cancel the copies in the shop, all but one; `orderferry ignore {order_id} --reason …` ends this report."
_ENDS = "`orderferry ignore {order_id} --reason …` ends this report."
DIFFERENT_HINTS: Mapping[str, str] = {
    "state": "`orderferry show {order_id} --refresh` tells which side is behind; set the state in the shop, or settle "
    f"the order in Seller Central; {_ENDS}",
}
OTHERWISE_DIFFERENT_HINT = (
    "Compare `orderferry show {order_id} --refresh` with the order in the shop; correct it there, by a credit slip if "
    f"it is invoiced; {_ENDS}"
)


def why_missing(entry: Entry | None, deleted: int | None, now: datetime, *, has_ledger: bool) -> tuple[str, str]:
    """Return the reason and the hint, given what the ledger and the markers know of an order that the shop lacks.

    `deleted`: the number of the order that the marker speaks of and that is gone.
    """
    if deleted is not None:
        since = f" since {entry.state_since:%Y-%m-%d}" if entry and entry.state is EntryState.HELD else ""
        return f"deleted in the shop{since} (it was order {deleted})", HINTS[ProblemCode.DELETED_IN_SHOP]
    if entry is None:
        return ("no import has seen it", _DUE) if has_ledger else ("not in the shop", _AUDIT)
    words = {
        EntryState.HELD: f"held since {entry.state_since:%Y-%m-%d}: {entry_sentence(entry)}",
        EntryState.FAILED: f"could not be written since {entry.state_since:%Y-%m-%d}: {entry_sentence(entry)}",
        EntryState.WAITING: f"waiting for {format_duration(now - entry.first_seen)}: {entry_sentence(entry)}",
        EntryState.SEEN: f"known for {format_duration(now - entry.first_seen)}, and no import has judged it",
        EntryState.IMPORTED: f"imported as order {entry.id_order}, which the shop no longer has",
        EntryState.IGNORED: f"ignored since {entry.state_since:%Y-%m-%d}: {entry_sentence(entry)}",
    }
    return words[entry.state], _hint(entry)


def why_different(entry: Entry | None, otherwise: str) -> str:
    """Return the ledger's reason for a difference; `otherwise` when it knows none."""
    if entry is not None and entry.code in set(ProblemCode) and entry.message:
        return entry_sentence(entry)
    return otherwise


def fill(hint: str, order_id: str) -> str:
    """Return the hint with the order's id in its place."""
    return hint.replace("{order_id}", order_id)


def _hint(entry: Entry) -> str:
    if entry.state is EntryState.IMPORTED:
        return HINTS[ProblemCode.SHOP_RESTORED]
    return HINTS.get(entry.code, _DUE) if entry.state in (EntryState.HELD, EntryState.FAILED) else _DUE


def entry_sentence(entry: Entry) -> str:
    """Return the ledger's own sentence on an order, without the order's id, which stands beside it."""
    if entry.message:
        return entry.message.removeprefix(f"order {entry.order_id}: ").removeprefix(f"order {entry.order_id} ")
    if entry.code in set(Reason):
        return REASON_TEXTS[Reason(entry.code)]
    return status_words(entry.amazon_status) or "no reason was noted"
