"""One call of `forget`: which buyers are due, forgetting them in the shop, the report."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Protocol

from orderferry.domain.durations import format_duration, iso
from orderferry.domain.entry import Entry
from orderferry.domain.forgetting import FINISHED_AT_AMAZON, OrderLife, delivered
from orderferry.domain.problems import Problem
from orderferry.errors import ExitCode
from orderferry.run.report import problem_json
from orderferry.run.shared_ports import RunBook

log = logging.getLogger(__name__)


class Result(Protocol):
    """What came of one order."""

    @property
    def done(self) -> bool:
        """Whether the buyer was forgotten now; not so where it was done before, or the order is gone."""

    @property
    def invoiced(self) -> bool:
        """Whether an invoice keeps name and address."""


class ForgettingShop(Protocol):
    """What is needed of the shop. Raise ShopUnavailable or ShopUnfit."""

    def pages(self, *, write: bool) -> Iterator[Sequence[OrderLife]]:
        """The imported orders whose buyer is not forgotten, some hundred at a time; `write`: forgetting follows."""

    def forget(self, order_id: str, now: datetime) -> Result | Problem:
        """Forget the buyer of one order, in one transaction; a Problem if this one order can't be changed."""

    def close(self) -> None:
        """Give the connection back."""


class ForgettingLedger(RunBook, Protocol):
    """What is needed of the ledger. Raise LedgerUnusable."""

    def entry(self, order_id: str) -> Entry | None:
        """The order's entry; None if it was never seen."""


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
        """1 when an order could not be changed."""
        return ExitCode.NEEDS_A_PERSON if self.problems else ExitCode.DONE

    def as_json(self) -> dict[str, Any]:
        """The JSON object of `forget`."""
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


def forget(
    shop: ForgettingShop,
    ledger: ForgettingLedger,
    older_than: timedelta,
    *,
    dry_run: bool,
    now: Callable[[], datetime],
    check: Callable[[], None] = lambda: None,
) -> ForgetReport:
    """Given shop and ledger, forget the buyers of all imported orders that were delivered `older_than` ago or earlier.

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
                moment = delivered(_with_amazons_word(life, ledger))
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


def _with_amazons_word(life: OrderLife, ledger: ForgettingLedger) -> OrderLife:
    """An order that the shop has not finished may be so at Amazon (a state of the shop's own without the flag)."""
    if life.finished is not None:
        return life
    entry = ledger.entry(life.order_id)
    if entry is None or entry.amazon_status not in FINISHED_AT_AMAZON:
        return life
    return replace(life, amazon_finished=entry.amazon_updated or life.placed)


def _forget(shop: ForgettingShop, life: OrderLife, report: ForgetReport, now: datetime) -> None:
    if report.dry_run:
        report.forgotten += 1
        log.info("order %s (%d) would be forgotten", life.order_id, life.id_order)
        return
    result = shop.forget(life.order_id, now)
    if isinstance(result, Problem):
        report.problems.append(result)
    elif result.done:
        report.forgotten += 1
        report.on_invoices += result.invoiced
        log.info("order %s (%d): its buyer is forgotten", life.order_id, life.id_order)
