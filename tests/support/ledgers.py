"""Ledgers for tests: opened with an owner, filled with orders of all states, and used by processes of their own."""

from __future__ import annotations

import multiprocessing
import secrets
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from orderferry.config.model import LedgerPlace, Secret
from orderferry.domain.ledger_entry import Condition, EntryState, OrderResult, OrderSnapshot
from orderferry.domain.orders import Channel, OrderStatus
from orderferry.domain.search import Basis, Listing, Search
from orderferry.domain.spans import Span
from orderferry.errors import AlreadyRunning, ExitCode, LedgerUnusable, QuotaExhausted
from orderferry.ledger.ledger import Ledger, open_ledger
from orderferry.ledger.locks import OneRun, one_run
from orderferry.ledger.quota import QuotaBook
from support.mariadb import MariadbServer

NOW = datetime(2026, 11, 23, 6, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
DE, IT = "A1PA6795UKMFR9", "APJ6JRA9NG5V4"
ACCOUNT = "account-one"
SHOP = "db.example/shop ps_"
SEARCH = Search((DE, IT), Basis.UPDATED, Span(NOW - HOUR, NOW), statuses=(OrderStatus.SHIPPED,))


@contextmanager
def ledger_database(server: MariadbServer) -> Iterator[Secret]:
    """A database for a ledger on that server, as `ledger.url` names it; gone afterwards."""
    name = f"ledger_{secrets.token_hex(6)}"
    with server.engine().connect() as connection:
        connection.exec_driver_sql(f"CREATE DATABASE {name}")
        try:
            yield Secret(server.url(name).render_as_string(hide_password=False))
        finally:
            connection.exec_driver_sql(f"DROP DATABASE {name}")


def opened(place: LedgerPlace, **options: Any) -> Ledger:
    """Open the ledger at `place` as the owner that all these tests share, unless `options` say otherwise."""
    return open_ledger(place, **{"account": ACCOUNT, "shop": SHOP, "now": NOW, **options})


def snapshot(order_id: str = "028-0000000-0000001", **changes: Any) -> OrderSnapshot:
    """An unshipped regular order of the German marketplace, but for `changes`."""
    facts: dict[str, Any] = {
        "marketplace_id": DE,
        "channel": Channel.REGULAR,
        "amazon_status": "UNSHIPPED",
        "purchased": NOW - HOUR,
        "amazon_updated": NOW - timedelta(minutes=30),
        "total": "12.34 EUR",
    }
    return OrderSnapshot(order_id, **(facts | changes))


def refusal(opening: Callable[[], object]) -> LedgerUnusable:
    """The refusal of something that must be refused, checked to be a sentence with a hint and exit code 6."""
    with pytest.raises(LedgerUnusable) as caught:
        opening()
    assert caught.value.exit_code is ExitCode.LEDGER_UNUSABLE
    assert str(caught.value).endswith(".")
    assert caught.value.hint
    return caught.value


def tell_story(ledger: Ledger) -> None:
    """Leave a bit of everything in a ledger: what tests/data/ledgers holds a file of for each version."""
    run = ledger.begin_run("import", NOW)
    ledger.note_seen([snapshot("028-1"), snapshot("028-2", channel=Channel.FBA), snapshot("028-3")], run, NOW)
    ledger.record_results(
        [
            OrderResult("028-1", EntryState.IMPORTED, id_order=7, detail="created order 7"),
            OrderResult("028-2", EntryState.WAITING, "not-ready", next_look=NOW + HOUR),
            OrderResult("028-3", EntryState.HELD, "unknown-sku", "SKU-1", "SKU-1 is not in the shop"),
        ],
        run,
        NOW,
    )
    ledger.ignore("028-4", "a test order", NOW)
    cells = [(DE, Channel.REGULAR), (DE, Channel.FBA)]
    ledger.cover(cells, Basis.UPDATED, Span(NOW - 24 * HOUR, NOW), NOW)
    ledger.note_rereading(cells, NOW, NOW - HOUR)
    ledger.save_listing(Listing("recheck", SEARCH, NOW, token="next", pages=2))
    ledger.remember("last payment", "12345")
    ledger.record_conditions([Condition("held", "one order is held", NOW, NOW, NOW, 1, 1)])
    QuotaBook(ledger, ACCOUNT, Decimal(1), lambda: NOW).spend("searchOrders")
    ledger.finish_run(run, NOW + timedelta(seconds=3), 1, {"command": "import", "exit_code": 1})


# What other processes do. Each function can be pickled and returns what can be.


def in_processes(work: Callable[..., Any], calls: Sequence[tuple[Any, ...]]) -> list[Any]:
    """Run `work` with each of the argument tuples, each in a process of its own, all from one moment on."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["pytest", "pymysql", "orderferry.ledger.ledger"])  # imported once, for all
    barrier = context.Barrier(len(calls))
    with context.Pool(len(calls), _share_barrier, (barrier,)) as pool:
        answers = pool.starmap(_after_barrier, [(work, *arguments) for arguments in calls], chunksize=1)
        pool.close()
        pool.join()  # `with` would end them by a signal, at which a process that is measured may hang
    return answers


def _share_barrier(barrier: Any) -> None:
    globals()["_barrier"] = barrier


def _after_barrier(work: Callable[..., Any], *arguments: Any) -> Any:
    globals()["_barrier"].wait(timeout=60)
    return work(*arguments)


def spend_all(place: LedgerPlace, operation: str, now: datetime, tries: int) -> int:
    """Try to spend `tries` tokens; return how many were granted."""
    granted = 0
    with opened(place) as ledger:
        book = QuotaBook(ledger, ACCOUNT, Decimal(1), lambda: now)
        for _ in range(tries):
            try:
                book.spend(operation)
            except QuotaExhausted:
                continue
            granted += 1
    return granted


def open_once(place: LedgerPlace) -> bool:
    """Open the ledger and close it; return whether this process created it."""
    with opened(place) as ledger:
        ledger.remember("opened", "yes")
        return ledger.is_new


def lease_some(place: LedgerPlace, order_ids: Sequence[str], run: int) -> tuple[str, ...]:
    """Claim orders one by one; return those that were granted."""
    with opened(place) as ledger:
        return tuple(order_id for each in order_ids for order_id in ledger.lease_orders([each], run, NOW, HOUR))


@contextmanager
def held(run: OneRun, wait: timedelta = timedelta(0)) -> Iterator[None]:
    """Hold a command's lock or lease within. Raise as `acquire`."""
    run.acquire(wait)
    try:
        yield
    finally:
        run.release()


def assert_it_queues(holder: OneRun, queueing_of: Callable[..., OneRun], after: int) -> None:
    """Queue for what `holder` has and gives back after so many pauses, with a queueing made of `sleep`: first for too
    short a time, then for long enough."""
    holder.acquire()
    slept: list[float] = []

    def sleep(seconds: float) -> None:
        slept.append(seconds)
        assert len(slept) < 2000, "it would wait for ever"
        if len(slept) == after:
            holder.release()

    queueing = queueing_of(sleep=sleep)
    with pytest.raises(AlreadyRunning):
        queueing.acquire(timedelta(seconds=2))
    assert sum(slept) == 2
    with held(queueing, timedelta(minutes=10)):
        assert len(slept) == after


def no_sleep(_seconds: float) -> None:
    """Fail: what has this for its sleep must not wait."""
    raise AssertionError("it waits")


def try_lock(place: LedgerPlace, command: str) -> str:
    """Try to take the lock of a command; return the sentence of the refusal, or ''."""
    lock = one_run(place, command, clock=lambda: NOW, sleep=lambda _: None)
    try:
        lock.acquire()
    except AlreadyRunning as error:
        return f"{error} {error.hint}"
    lock.release()
    return ""


def hold_lock(place: LedgerPlace, command: str, ready: str) -> None:
    """Take a lock, say so by creating the file `ready`, and keep it until this process is killed."""
    one_run(place, command, clock=lambda: NOW, sleep=lambda _: None).acquire()
    Path(ready).touch()
    time.sleep(600)
