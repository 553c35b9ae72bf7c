"""Build what commands need that only read (`check`, `show`, `plan`, `status`); beside bootstrap and upkeep the only
place that builds adapters.

They create no ledger, and but for `bridge install` no table. Where there is a ledger, their requests are booked in it.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal

from orderferry.amazon.exchange import PassingQuota
from orderferry.amazon.source import AmazonSource
from orderferry.bootstrap import Installation, account_identity
from orderferry.config.model import Settings
from orderferry.config.secrets import is_open_folder
from orderferry.domain.check_result import CheckResult
from orderferry.domain.ledger_entry import EntryState
from orderferry.domain.orders import Order, UnreadableOrder
from orderferry.domain.pricing.tax_split import read_subject
from orderferry.domain.problems import ProblemCode
from orderferry.domain.quota_plan import MeasuredVolume
from orderferry.errors import ExitCode, LedgerUnusable, ShopError
from orderferry.ledger.failures import LedgerMissing
from orderferry.ledger.filesystem import inspect_place
from orderferry.ledger.ledger import Ledger
from orderferry.ledger.volume import measure_volume
from orderferry.prestashop.auditing import ShopAudit
from orderferry.prestashop.checking.probe import ShopProbe
from orderferry.prestashop.checking.setup_shop import SetupShop
from orderferry.prestashop.feed.readers import BridgeShop
from orderferry.run.check import check_ledger_folder, check_ledger_place
from orderferry.run.conditions import CurrentCondition
from orderferry.run.order_inspection import OrderInspection, inspect
from orderferry.run.status import Status, find_unconfirmed, read_status
from orderferry.run.sweeps import rules_of

STATUS_TIMEOUT = timedelta(seconds=5)  # a monitor that asks for the status waits for ten at most


@contextmanager
def ledger_if_there(installation: Installation, *, spending: bool = False) -> Iterator[Ledger | None]:
    """Open the ledger, or give None where there is none yet, or one of an older version. Only the quota can be
    written, and only if `spending`. Raise LedgerUnusable."""
    with ExitStack() as stack:
        ledger = None
        with suppress(LedgerMissing):
            ledger = stack.enter_context(installation.ledger(read_only=True))
        if ledger is not None and spending:
            ledger = stack.enter_context(installation.ledger(dry_run=True))
        yield ledger


@contextmanager
def amazon_to_ask(installation: Installation) -> Iterator[AmazonSource]:
    """Connect to Amazon for a person's few questions, booked in the ledger if there is one that can be used.

    Raise UsageError and AmazonUnavailable as AmazonSource does.
    """
    settings = installation.settings.amazon
    with ExitStack() as stack:
        ledger = None
        with suppress(LedgerUnusable):  # `check` says it of the ledger itself
            ledger = stack.enter_context(ledger_if_there(installation, spending=True))
        book = PassingQuota(settings.quota_share, installation.now) if ledger is None else installation.quota(ledger)
        source = AmazonSource(settings, book, clock=installation.now, sleep=installation.sleep)
        stack.callback(source.close)
        yield source


def shop_probe(installation: Installation) -> ShopProbe:
    """Build the shop as `check` uses it."""
    return ShopProbe(installation.settings, sleep=installation.sleep, clock=installation.now)


def held_for_tax(installation: Installation) -> dict[str, set[Decimal]]:
    """Return the places of orders that are held for taxes that the shop lacks (DE, PT-20), with their rates as far
    as they are known; none where the ledger can't be read.
    """
    held: dict[str, set[Decimal]] = {}
    with suppress(LedgerUnusable), ledger_if_there(installation) as ledger:
        for entry in ledger.entries([EntryState.HELD]) if ledger else ():
            place, rates = read_subject(entry.subject)
            if entry.code == ProblemCode.NO_VAT_RATE and place:
                held.setdefault(place, set()).update(rates)
    return held


@contextmanager
def bridge_shop(installation: Installation) -> Iterator[BridgeShop]:
    """Build the shop as `bridge` uses it. Raise LedgerUnusable where the ledger is another shop's."""
    with ledger_if_there(installation) as ledger:
        recall = ledger.recall if ledger else lambda _: None
        with closing(BridgeShop(installation.settings, recall=recall, sleep=installation.sleep)) as shop:
            yield shop


def check_ledger(installation: Installation) -> Iterator[CheckResult]:
    """Open the ledger as `check` uses it: its place, and whether it is ours. Raise LedgerUnusable."""
    settings = installation.settings.ledger
    where, exists = "in the database of ledger.url", False
    free: int | None = None
    if not settings.url:
        file_system, exists, free = inspect_place(settings.path)
        where = f"{settings.path}{f' ({file_system})' if file_system else ''}"
        folder = settings.path.absolute().parent
        yield from check_ledger_folder(folder, is_open=is_open_folder(folder))
    with ledger_if_there(installation) as ledger:
        yield check_ledger_place(where, exists=exists, is_usable=ledger is not None, free=free)


def measured_volume(installation: Installation) -> tuple[MeasuredVolume | None, Decimal | None]:
    """Return what the ledger has counted of the shop's orders, and the rate of searchOrders that Amazon named last;
    None where there is no ledger, or it does not know. Raise LedgerUnusable.
    """
    with ledger_if_there(installation) as ledger:
        if ledger is None:
            return None, None
        account = account_identity(installation.settings)
        return measure_volume(ledger, account, installation.now()), installation.quota(ledger).rate("searchOrders")


def inspect_order(installation: Installation, order_id: str, *, refresh: bool, verify: bool = False) -> OrderInspection:
    """Return everything known of an order. `refresh`: Amazon is asked for it once. `verify`: its rows in the shop
    are verified. Raise LedgerUnusable, UsageError."""

    def get(wanted: str) -> Order | UnreadableOrder | None:
        with amazon_to_ask(installation) as source:
            return source.get(wanted)

    with ledger_if_there(installation) as ledger, closing(installation.shop(ledger)) as shop:
        rules, ask = rules_of(installation.settings), get if refresh else None
        return inspect(order_id, ledger, shop, rules, ask, now=installation.now(), verify=verify)


def shop_status(installation: Installation) -> Status:
    """Return the state of things. A shop that can't be asked is a note. Raise LedgerUnusable."""
    settings, now = installation.settings, installation.now()
    timeout = min(settings.prestashop.timeout, STATUS_TIMEOUT)
    hasty = replace(settings, prestashop=replace(settings.prestashop, timeout=timeout))
    shop = ShopAudit(hasty, sleep=installation.sleep)
    with closing(shop), installation.ledger(read_only=True) as ledger:
        status = read_status(ledger, installation.quota(ledger), settings, now)
        try:
            status = replace(status, shop=shop.name, zone=shop.zone)
            unconfirmed = find_unconfirmed(ledger, shop, now)
            unread = _unread(hasty, installation.sleep, now)
            return replace(status, unconfirmed=unconfirmed, conditions=(*status.conditions, *unread))
        except ShopError as error:
            note = f"Which orders the shop has shipped is unknown: {error.message}"
            return replace(status, notes=(*status.notes, note))


def _unread(settings: Settings, sleep: Callable[[float], None], now: datetime) -> list[CurrentCondition]:
    """Return a condition for each reader of the feed that is late. Raise ShopError."""
    if not settings.events_enabled:
        return []
    with closing(BridgeShop(settings, recall=lambda _: None, sleep=sleep)) as shop:
        feed = shop.feed()
    complaints = feed.complaints(now) if feed else []
    return [
        CurrentCondition(f"events-unread {number}", text, ExitCode.NEEDS_A_PERSON)
        for number, text in enumerate(complaints)
    ]


@contextmanager
def setup_shop(settings: Settings) -> Iterator[SetupShop]:
    """Open the shop of a configuration that is still being written. Raise ShopUnavailable or ShopUnfit."""
    shop = SetupShop(settings, sleep=time.sleep)
    try:
        yield shop
    finally:
        shop.close()
