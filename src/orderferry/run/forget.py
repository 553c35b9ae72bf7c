"""One call of `forget`: which buyers are due, forgetting them in the shop, the report."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from orderferry.domain.durations import counted, format_duration, iso
from orderferry.domain.forgetting import FINISHED_AT_AMAZON, OrderLife, delivered
from orderferry.domain.problems import HINTS, Problem, ProblemCode
from orderferry.domain.search import Basis
from orderferry.errors import AmazonError, AmazonRefused, AmazonUnavailable, ExitCode, OrderferryError
from orderferry.run.report import problem_json
from orderferry.run.stop import RightClock

if TYPE_CHECKING:
    from orderferry.amazon.source import AmazonSource
    from orderferry.ledger.ledger import Ledger
    from orderferry.prestashop.forgetting import OrderForgetter

log = logging.getLogger(__name__)

# So long after the newest time that the ledger has from Amazon this machine's clock is trusted; so far it may be off.
TRUSTED = timedelta(days=1)


class ClockOff(OrderferryError):
    """This machine's clock is so far off that buyers would be forgotten at the wrong time."""

    code = ProblemCode.CLOCK_OFF.value


@dataclass(slots=True)
class ForgetReport:
    """Counted while it goes on. `on_invoices`: of the forgotten, those whose invoice keeps name and address;
    `not_due`: delivered, but not so long ago; `under_way`: neither sent nor cancelled."""

    older_than: timedelta
    dry_run: bool
    started: datetime
    forgotten: int = 0
    on_invoices: int = 0
    not_due: int = 0
    under_way: int = 0
    problems: list[Problem] = field(default_factory=list)

    @property
    def exit_code(self) -> ExitCode:
        """Return 1 when an order could not be changed."""
        return ExitCode.NEEDS_A_PERSON if self.problems else ExitCode.DONE

    def as_json(self) -> dict[str, Any]:
        """Return the JSON object of `forget`."""
        return {
            "command": "forget",
            "dry_run": self.dry_run,
            "older_than": format_duration(self.older_than),
            "delivered_before": iso(self.started - self.older_than),
            "orders": {
                "forgotten": self.forgotten,
                "on_invoices": self.on_invoices,
                "not_due": self.not_due,
                "under_way": self.under_way,
                "failed": len(self.problems),
            },
            "problems": [problem_json(problem) for problem in self.problems],
            "exit_code": int(self.exit_code),
        }


def confirmed_clock(ledger: Ledger, source: AmazonSource, machine: Callable[[], datetime]) -> RightClock:
    """Return the clock to go by: there is no way back for what is forgotten too early.

    This machine's is good while Amazon's was not much earlier when the ledger last noted it; else Amazon is asked.
    Raise ClockOff, and AmazonUnavailable or AmazonRefused where Amazon does not give the time.
    """
    clock = RightClock(machine)
    ends = [span.end for basis in Basis for spans in ledger.coverage(basis).values() for span in spans]
    newest = max(ends, default=None)
    now = machine()
    if newest is not None and now - newest <= TRUSTED:
        return clock
    try:
        source.now()
    except AmazonError as error:
        fault = AmazonRefused if isinstance(error, AmazonRefused) else AmazonUnavailable
        raise fault(_in_doubt(now, newest, error.message), hint=error.hint) from None
    offset = source.clock_offset
    if offset is None:
        raise AmazonUnavailable(_in_doubt(now, newest, "Its answer has no date."), hint="Try it again later.")
    if abs(offset) > TRUSTED:
        side = "behind" if offset > TRUSTED else "ahead of"
        far = counted(round(abs(offset) / timedelta(days=1)), "day")
        raise ClockOff(
            f"Nothing was forgotten: this machine's clock is {far} {side} Amazon's.",
            hint=HINTS[ProblemCode.CLOCK_OFF],
        )
    clock.set_right(offset)
    return clock


def _in_doubt(now: datetime, newest: datetime | None, why: str) -> str:
    known = f"knows Amazon's time of {iso(newest)} last" if newest else "has no time of Amazon's yet"
    return (
        f"Nothing was forgotten: whether this machine's clock is right ({iso(now)}) could not be asked of Amazon, and "
        f"the ledger {known}. {why}"
    )


def forget(
    shop: OrderForgetter,
    ledger: Ledger,
    older_than: timedelta,
    *,
    dry_run: bool,
    now: Callable[[], datetime],
    check: Callable[[], None] = lambda: None,
) -> ForgetReport:
    """Forget the buyers of all imported orders that were delivered `older_than` ago or earlier.

    A dry run only counts, and can't tell which of them are on an invoice. One order that can't be changed does not
    stop the others. `check` is called before each order. Raise ShopError, LedgerUnusable and what `check` raises; what
    is forgotten by then stays so.
    """
    report = ForgetReport(older_than, dry_run, now())
    limit = report.started - older_than
    run = 0 if dry_run else ledger.begin_run("forget", report.started)
    try:
        for page in shop.pages(write=not dry_run):
            for life in page:
                check()
                moment = delivered(_with_amazons_status(life, ledger))
                if moment is None:
                    report.under_way += 1
                elif moment > limit:
                    report.not_due += 1
                else:
                    _forget(shop, life, report, now())
    finally:
        shop.close()
    if run:
        ledger.finish_run(run, now(), int(report.exit_code), report.as_json())
    return report


def _with_amazons_status(life: OrderLife, ledger: Ledger) -> OrderLife:
    """Return the order as finished where Amazon says so: a state of the shop's own may lack the flag."""
    if life.finished is not None:
        return life
    entry = ledger.entry(life.order_id)
    if entry is None or entry.amazon_status not in FINISHED_AT_AMAZON:
        return life
    return replace(life, amazon_finished=entry.amazon_updated or life.placed)


def _forget(shop: OrderForgetter, life: OrderLife, report: ForgetReport, now: datetime) -> None:
    if report.dry_run:
        report.forgotten += 1
        log.info("order %s (%d) would be forgotten", life.order_id, life.id_order)
        return
    result = shop.forget(life.order_id, now)
    if isinstance(result, Problem):
        report.problems.append(result)
    elif result is not None:
        report.forgotten += 1
        report.on_invoices += result
        log.info("order %s (%d): its buyer is forgotten", life.order_id, life.id_order)
