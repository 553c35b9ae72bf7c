"""Build adapters, and put a run of `import`, `recheck` or `doublecheck` together."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from orderferry.amazon.exchange import Quota
from orderferry.amazon.source import AmazonSource
from orderferry.config.model import Settings
from orderferry.errors import AlreadyRunning, OrderferryError
from orderferry.ledger.ledger import Ledger, open_ledger
from orderferry.ledger.locks import one_run
from orderferry.ledger.quota import QuotaBook
from orderferry.notify import Alerts, LogTail
from orderferry.prestashop.shop import PrestashopShop
from orderferry.run.conditions import announce
from orderferry.run.engine import Engine
from orderferry.run.progress import SILENT, Progress, log_errors, log_run
from orderferry.run.report import Report
from orderferry.run.stop import StopSwitch
from orderferry.run.sweeps import SWEEPS, RunOptions
from orderferry.run.watch import Watch


def utc_now() -> datetime:
    """Return the time of this machine's clock, aware UTC."""
    return datetime.now(UTC)


def account_identity(settings: Settings) -> str:
    """Return a short hash that names the Amazon account and application; from it nothing secret can be had back.

    The refresh token is left out: a new authorisation of the same application changes it.
    """
    amazon = settings.amazon
    words = "\n".join((amazon.client_id, amazon.region, amazon.endpoint))
    return hashlib.sha256(words.encode()).hexdigest()[:16]


def shop_identity(settings: Settings) -> str:
    """Return where the shop's tables are: database location and prefix, without credentials."""
    return f"{settings.prestashop.location} {settings.prestashop.table_prefix}"


@dataclass(frozen=True, slots=True)
class Installation:
    """One configuration and the clock that it goes by; builds what its commands need.

    `now` gives aware UTC, `sleep` takes seconds: this machine's own, but for the demo, which uses its simulator's.
    `progress` follows a run.
    """

    settings: Settings
    now: Callable[[], datetime] = utc_now
    sleep: Callable[[float], None] = time.sleep
    progress: Progress = SILENT

    def ledger(self, *, accept_shop: bool = False, read_only: bool = False, dry_run: bool = False) -> Ledger:
        """Return the ledger of this configuration. Raise LedgerUnusable."""
        return open_ledger(
            self.settings.ledger.place,
            account=account_identity(self.settings),
            shop=shop_identity(self.settings),
            now=self.now(),
            accept_shop=accept_shop,
            read_only=read_only,
            dry_run=dry_run,
        )

    def quota(self, ledger: Ledger, reserve: int = 0) -> QuotaBook:
        """Return the account's token buckets; `reserve` tokens of searchOrders are left to the scheduled import."""
        share = self.settings.amazon.quota_share
        return QuotaBook(
            ledger, account_identity(self.settings), share, self.now, reserve={"searchOrders": Decimal(reserve)}
        )

    def source(self, ledger: Ledger, reserve: int = 0) -> AmazonSource:
        """Return Amazon, spending its quota from the ledger's book."""
        return self.source_within(self.quota(ledger, reserve), ledger)

    def source_within(self, quota: Quota, ledger: Ledger | None) -> AmazonSource:
        """Return Amazon, spending this quota; what it learns is remembered in the ledger, where there is one."""
        memory: dict[str, str] = {}
        recall, remember = (ledger.recall, ledger.remember) if ledger else (memory.get, memory.__setitem__)
        return AmazonSource(
            self.settings.amazon, quota, clock=self.now, sleep=self.sleep, recall=recall, remember=remember
        )

    def shop(self, ledger: Ledger | None) -> PrestashopShop:
        """Return the shop; what it learns of other importers' payments it remembers in the ledger, where there is
        one.
        """
        memory: dict[str, str] = {}
        recall, remember = (ledger.recall, ledger.remember) if ledger else (memory.get, memory.__setitem__)
        return PrestashopShop(self.settings, recall=recall, remember=remember, clock=self.now, sleep=self.sleep)

    def idle(self, length: timedelta) -> None:
        """Wait before a run begins; a signal ends it. Raise Stopped."""
        if length:
            stop = StopSwitch(self.now)
            with stop.on_signals(), stop.waiting():
                self.sleep(length.total_seconds())

    def run(
        self, command: str, options: RunOptions, *, wait: timedelta = timedelta(0), announcing: bool = True
    ) -> Report:
        """Run `import`, `recheck` or `doublecheck` and return its report; if `announcing`, with the conditions that are
        news.

        Raise LedgerUnusable when nothing could be remembered, Stopped on a signal while waiting for the lock.
        """
        with self.watched(command, options) as watch:
            report = self._run(command, options, watch, wait=wait, announcing=announcing)
            watch.ended(report)
        return report

    def _run(self, command: str, options: RunOptions, watch: Watch, *, wait: timedelta, announcing: bool) -> Report:
        stop = StopSwitch(self.now, self.now() + options.max_time)
        with stop.on_signals():
            try:
                with (
                    self.alone(command, stop, wait),
                    self.ledger(accept_shop=options.accept_shop, dry_run=options.dry_run) as ledger,
                ):
                    watch.started()
                    engine = self._engine(command, options, ledger, stop)
                    report = engine.run()
                    if announcing and not options.dry_run:
                        announce(ledger, report, self.now())
                        watch.note(ledger.conditions().values())
                    return report
            except AlreadyRunning as running:
                return self._note_already_running(command, options, running, watch, announcing=announcing)

    @contextmanager
    def alone(self, command: str, stop: StopSwitch, wait: timedelta = timedelta(0)) -> Iterator[None]:
        """Keep other runs of `command` on this ledger out within the block; `stop` ends ours should one have taken
        over.

        Raise AlreadyRunning when another one keeps at it for `wait`, LedgerUnusable, Stopped.
        """
        lock = one_run(self.settings.ledger.place, command, clock=self.now, sleep=self.sleep)
        with stop.waiting():
            lock.acquire(wait)
        stop.guard(lock.confirm)
        try:
            yield
        finally:
            lock.release()

    @contextmanager
    def watched(self, command: str, options: RunOptions) -> Iterator[Watch]:
        """Report a run to the alerts; within the block the end of its log is kept for them."""
        with LogTail.attached("orderferry") as tail:
            watch = Watch(Alerts(self.settings.alerts), command, self.settings.name, options, tail)
            try:
                yield watch
            except OrderferryError as error:
                watch.broke(error)
                raise
            except Exception as error:
                watch.broke(OrderferryError(f"An unexpected error inside orderferry: {type(error).__name__}."))
                raise

    def _engine(self, command: str, options: RunOptions, ledger: Ledger, stop: StopSwitch) -> Engine:
        sweep = SWEEPS[command]
        source, shop = self.source(ledger, sweep.reserve), self.shop(ledger)
        return Engine(sweep, self.settings, options, source, shop, ledger, stop, self.now, self.sleep, self.progress)

    def _note_already_running(
        self, command: str, options: RunOptions, running: AlreadyRunning, watch: Watch, *, announcing: bool
    ) -> Report:
        """Record a run that found the lock taken, so that one that hangs for long becomes a condition."""
        now = self.now()
        report = Report(command, now, options.dry_run, finished=now, errors=[running])
        with self.ledger(dry_run=options.dry_run) as ledger:
            report.open = ledger.open_counts()
            report.run = ledger.begin_run(command, now, options.dry_run)
            log_run(self.settings.name, command, report.run)
            log_errors(report.errors)
            ledger.finish_run(report.run, now, int(report.exit_code), report.as_json())
            if announcing and not options.dry_run:
                announce(ledger, report, now)
                watch.note(ledger.conditions().values())
        return report
