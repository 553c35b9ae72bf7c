"""Build and run what works on imported orders: `compare`, `forget` and `adopt`."""

from __future__ import annotations

from contextlib import closing
from datetime import timedelta

from orderferry.amazon.exchange import PassingQuota
from orderferry.bootstrap import Installation
from orderferry.errors import AlreadyRunning
from orderferry.ledger.ledger import Ledger, ledger_exists
from orderferry.prestashop.adopting import OrderAdopter
from orderferry.prestashop.auditing import ShopAudit
from orderferry.prestashop.forgetting import OrderForgetter
from orderferry.run.adopt import AdoptOptions, AdoptReport, adopt
from orderferry.run.compare.compare import COMMAND, CompareOptions, Comparer
from orderferry.run.compare.result import Comparison
from orderferry.run.forget import ForgetReport, confirmed_clock, forget
from orderferry.run.progress import log_errors
from orderferry.run.stop import StopSwitch
from orderferry.run.sweeps import SWEEPS, RunOptions
from orderferry.run.watch import Watch


def run_adopt(installation: Installation, options: AdoptOptions) -> AdoptReport:
    """Run `adopt`. Raise ShopError, LedgerUnusable."""
    shop = OrderAdopter(installation.settings, sleep=installation.sleep)
    with installation.ledger(dry_run=options.dry_run) as ledger:
        return adopt(shop, ledger, options, installation.now())


def run_forget(installation: Installation, older_than: timedelta, *, dry_run: bool) -> ForgetReport:
    """Run `forget`. Raise AlreadyRunning, ShopError, LedgerUnusable, and what `confirmed_clock` raises."""
    stop = StopSwitch(installation.now)
    with stop.on_signals(), installation.alone("forget", stop), installation.ledger(dry_run=dry_run) as ledger:
        with closing(installation.source(ledger)) as source, stop.waiting():
            clock = confirmed_clock(ledger, source, installation.now)
        shop = OrderForgetter(installation.settings, sleep=installation.sleep)
        return forget(shop, ledger, older_than, dry_run=dry_run, now=clock, check=stop.check)


def run_compare(installation: Installation, options: CompareOptions) -> Comparison:
    """Run `compare` and return what it found, with the errors that are news in `announced`.

    Where there is no ledger none is made: the comparison is an audit then, remembers nothing, and says every error.
    Raise LedgerUnusable; UsageError for a span that can't be compared.
    """
    stop = StopSwitch(installation.now)
    if not ledger_exists(installation.settings.ledger.place):
        with stop.on_signals():
            return _comparer(installation, options, None, stop).run()
    # A person who asks for a span sees the answer: like a dry run it sends no alert.
    with installation.watched(COMMAND, RunOptions(dry_run=not options.is_daily)) as watch, stop.on_signals():
        result = _compare_with_ledger(installation, options, stop, watch)
        watch.ended(result)
    return result


def _compare_with_ledger(
    installation: Installation, options: CompareOptions, stop: StopSwitch, watch: Watch
) -> Comparison:
    try:
        with installation.alone(COMMAND, stop), installation.ledger() as ledger:
            watch.started()
            result = _comparer(installation, options, ledger, stop).run()
            watch.note(ledger.conditions().values())
            return result
    except AlreadyRunning as running:
        watch.note(())  # the other run reports how it ends
        log_errors([running])
        return Comparison(installation.now(), errors=[running])


def _comparer(installation: Installation, options: CompareOptions, ledger: Ledger | None, stop: StopSwitch) -> Comparer:
    settings, now, sleep = installation.settings, installation.now, installation.sleep
    book = installation.quota(ledger, SWEEPS["doublecheck"].reserve) if ledger else None
    source = installation.source_within(book or PassingQuota(settings.amazon.quota_share, now), ledger)
    shop = ShopAudit(settings, sleep=sleep)
    return Comparer(settings, options, source, shop, ledger, book, stop, now, sleep, installation.progress)
