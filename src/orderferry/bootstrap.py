"""The only place that builds adapters and puts a run together."""

from __future__ import annotations

import hashlib
import time
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

from orderferry.config.model import Settings
from orderferry.errors import AlreadyRunning
from orderferry.run.announce import announce
from orderferry.run.engine import Engine
from orderferry.run.options import RunOptions
from orderferry.run.report import Report
from orderferry.run.stop import StopSwitch
from orderferry.run.sweeps import SWEEPS

if TYPE_CHECKING:
    from orderferry.amazon.source import AmazonSource
    from orderferry.ledger.ledger import Ledger
    from orderferry.ledger.quota import QuotaBook
    from orderferry.prestashop.shop import PrestashopShop


def utc_now() -> datetime:
    """This machine's clock, aware UTC."""
    return datetime.now(UTC)


def account_identity(settings: Settings) -> str:
    """A short hash that names the Amazon account and application; from it nothing secret can be had back.

    The refresh token is left out: a new authorisation of the same application changes it.
    """
    amazon = settings.amazon
    words = "\n".join((amazon.client_id, amazon.region, amazon.endpoint))
    return hashlib.sha256(words.encode()).hexdigest()[:16]


def shop_identity(settings: Settings) -> str:
    """Where the shop's tables are: database location and prefix, without credentials."""
    return f"{settings.prestashop.location} {settings.prestashop.table_prefix}"


def open_shop_ledger(
    settings: Settings, *, accept_shop: bool = False, read_only: bool = False, dry_run: bool = False
) -> Ledger:
    """The ledger of this configuration. Raise LedgerUnusable."""
    from orderferry.ledger.open import open_ledger

    return open_ledger(
        settings.ledger.path,
        account=account_identity(settings),
        shop=shop_identity(settings),
        now=utc_now(),
        accept_shop=accept_shop,
        read_only=read_only,
        dry_run=dry_run,
    )


def amazon_source(settings: Settings, ledger: Ledger, reserve: int = 0) -> AmazonSource:
    """The source of orders, spending its quota from the ledger's book."""
    from orderferry.amazon.source import AmazonSource

    return AmazonSource(settings.amazon, quota_book(settings, ledger, reserve), clock=utc_now, sleep=time.sleep)


def quota_book(settings: Settings, ledger: Ledger, reserve: int = 0) -> QuotaBook:
    """The account's token buckets; `reserve` tokens of searchOrders are left to the scheduled import."""
    from orderferry.ledger.quota import QuotaBook

    return QuotaBook(
        ledger,
        account_identity(settings),
        settings.amazon.quota_share,
        utc_now,
        reserve={"searchOrders": Decimal(reserve)},
    )


def prestashop_shop(settings: Settings, ledger: Ledger) -> PrestashopShop:
    """The shop; what it learns of other importers' payments it remembers in the ledger."""
    from orderferry.prestashop.shop import PrestashopShop

    return PrestashopShop(settings, recall=ledger.recall, remember=ledger.remember, clock=utc_now, sleep=time.sleep)


def run_command(
    settings: Settings, command: str, options: RunOptions, *, wait: timedelta, speak: bool = True
) -> Report:
    """Run `import`, `recheck` or `doublecheck` and return its report, with what is news in `said` if `speak`.

    Raise LedgerUnusable when nothing could be remembered, Stopped on a signal while waiting for the lock.
    """
    from orderferry.ledger.lock import RunLock

    stop = StopSwitch(utc_now, utc_now() + options.max_time)
    with stop.on_signals():
        lock = RunLock(settings.ledger.path, command, clock=utc_now, sleep=time.sleep)
        try:
            with stop.waiting():
                lock.acquire(wait)
        except AlreadyRunning as running:
            return _note_already_running(settings, command, options, running, speak=speak)
        try:
            with open_shop_ledger(settings, accept_shop=options.accept_shop, dry_run=options.dry_run) as ledger:
                report = _engine(settings, command, options, ledger, stop).run()
                if speak and not options.dry_run:
                    announce(ledger, report, utc_now())
                return report
        finally:
            lock.release()


def _engine(settings: Settings, command: str, options: RunOptions, ledger: Ledger, stop: StopSwitch) -> Engine:
    sweep = SWEEPS[command]
    return Engine(
        sweep,
        settings,
        options,
        amazon_source(settings, ledger, sweep.reserve),
        prestashop_shop(settings, ledger),
        ledger,
        stop,
        utc_now,
        time.sleep,
    )


def _note_already_running(
    settings: Settings, command: str, options: RunOptions, running: AlreadyRunning, *, speak: bool
) -> Report:
    """A run that found the lock taken: remembered, so that one that hangs for long becomes a condition."""
    now = utc_now()
    report = Report(command, now, options.dry_run, finished=now, errors=[running])
    with open_shop_ledger(settings) as ledger:
        report.open = ledger.open_counts(now)
        if not options.dry_run:
            report.run = ledger.begin_run(command, now)
            ledger.finish_run(report.run, now, int(report.exit_code), report.as_json())
            if speak:
                announce(ledger, report, now)
    return report
