"""The quota in the ledger: spent before the call, whoever calls."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from decimal import Decimal

import pytest
from sqlalchemy import select

from orderferry.config.model import LedgerPlace
from orderferry.domain.quota import USAGE_PLANS
from orderferry.errors import ExitCode, QuotaExhausted
from orderferry.ledger.ledger import Ledger
from orderferry.ledger.quota import QuotaBook
from orderferry.ledger.schema import calls_per_day
from support.ledgers import ACCOUNT, NOW, in_processes, opened, spend_all

SEARCH = "searchOrders"
BURST = USAGE_PLANS[SEARCH].burst
ONE_BACK = timedelta(milliseconds=178572)  # 1 / 0.0056 a second, rounded up


class Clock:
    """A clock that stands still until it is moved."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def ledger(place: LedgerPlace) -> Iterator[Ledger]:
    with opened(place) as ledger:
        yield ledger


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def book(ledger: Ledger, clock: Clock) -> QuotaBook:
    return QuotaBook(ledger, ACCOUNT, Decimal(1), clock)


def spend(book: QuotaBook, times: int, operation: str = SEARCH) -> None:
    for _ in range(times):
        book.spend(operation)


def test_a_burst_and_then_what_comes_back(book: QuotaBook, clock: Clock) -> None:
    spend(book, BURST)
    with pytest.raises(QuotaExhausted) as caught:
        book.spend(SEARCH)
    assert caught.value.exit_code is ExitCode.AMAZON_UNAVAILABLE
    assert caught.value.operation == SEARCH
    assert caught.value.retry_at == NOW + ONE_BACK == book.ready_at(SEARCH, NOW)
    clock.now = NOW + ONE_BACK - timedelta(milliseconds=1)
    with pytest.raises(QuotaExhausted):
        book.spend(SEARCH)
    clock.now = NOW + ONE_BACK
    book.spend(SEARCH)


def test_each_operation_and_account_has_its_own_bucket(book: QuotaBook, ledger: Ledger, clock: Clock) -> None:
    spend(book, BURST)
    book.spend("getOrder")
    assert book.left("getOrder", NOW) == 29
    assert QuotaBook(ledger, "another", Decimal(1), clock).left(SEARCH, NOW) == BURST


def test_a_catch_up_leaves_its_reserve_to_the_import(ledger: Ledger, clock: Clock, book: QuotaBook) -> None:
    catch_up = QuotaBook(ledger, ACCOUNT, Decimal(1), clock, reserve={SEARCH: Decimal(8)})
    spend(catch_up, BURST - 8)
    with pytest.raises(QuotaExhausted) as caught:
        catch_up.spend(SEARCH)
    assert caught.value.retry_at == NOW + ONE_BACK
    spend(book, 8)
    assert book.left(SEARCH, NOW) == 0


def test_a_reserve_larger_than_the_bucket_still_lets_a_full_one_be_used(ledger: Ledger, clock: Clock) -> None:
    greedy = QuotaBook(ledger, ACCOUNT, Decimal(1), clock, reserve={SEARCH: Decimal(100)})
    greedy.spend(SEARCH)
    assert greedy.ready_at(SEARCH, NOW) == NOW + ONE_BACK


def test_a_share_of_the_quota(ledger: Ledger, clock: Clock) -> None:
    half = QuotaBook(ledger, ACCOUNT, Decimal("0.5"), clock)
    spend(half, 10)
    assert half.ready_at(SEARCH, NOW) == NOW + timedelta(milliseconds=357143)
    sliver = QuotaBook(ledger, "another", Decimal("0.01"), clock)
    sliver.spend(SEARCH)  # less than a token fits into its bucket, but one call must be possible
    with pytest.raises(QuotaExhausted):
        sliver.spend(SEARCH)


def test_a_smaller_share_takes_hold_of_what_is_left(ledger: Ledger, clock: Clock, book: QuotaBook) -> None:
    book.spend(SEARCH)
    assert QuotaBook(ledger, ACCOUNT, Decimal("0.25"), clock).left(SEARCH, NOW) == 5


def test_a_429_empties_the_bucket(book: QuotaBook, clock: Clock) -> None:
    book.spend(SEARCH)
    book.drained(SEARCH)
    assert book.left(SEARCH, NOW) == 0
    assert NOW + ONE_BACK <= book.ready_at(SEARCH, NOW) <= NOW + ONE_BACK + timedelta(milliseconds=2)


def test_amazons_own_rate_counts_from_when_it_is_sent(book: QuotaBook, clock: Clock) -> None:
    spend(book, BURST)
    clock.now = NOW + ONE_BACK  # one token back at the old rate
    book.learn(SEARCH, Decimal("0.0112"))
    assert 1 <= book.left(SEARCH, clock.now) < Decimal("1.001")
    assert book.left(SEARCH, clock.now + ONE_BACK) > Decimal("2.999")
    book.drained(SEARCH)
    assert book.left(SEARCH, clock.now + ONE_BACK) > Decimal("1.99")  # the rate is kept


def test_calls_are_counted_by_day(book: QuotaBook, clock: Clock) -> None:
    spend(book, 2)
    book.spend("getOrder")
    book.drained(SEARCH)
    clock.now = NOW + timedelta(days=1)
    book.spend(SEARCH)
    assert book.calls(date(2026, 11, 23)) == {
        date(2026, 11, 23): {"getOrder": 1, SEARCH: 2},
        date(2026, 11, 24): {SEARCH: 1},
    }
    assert book.calls(date(2026, 11, 24)) == {date(2026, 11, 24): {SEARCH: 1}}


def test_an_operation_without_a_plan_is_a_mistake(book: QuotaBook) -> None:
    with pytest.raises(KeyError):
        book.spend("getFeed")


def test_processes_at_once_never_overspend(place: LedgerPlace) -> None:
    opened(place).close()
    granted = in_processes(spend_all, [(place, SEARCH, NOW, 15)] * 3)
    assert sum(granted) == BURST
    with opened(place) as ledger:
        book = QuotaBook(ledger, ACCOUNT, Decimal(1), lambda: NOW)
        assert book.left(SEARCH, NOW) == 0
        assert book.calls(NOW.date()) == {NOW.date(): {SEARCH: BURST}}


def test_a_rate_that_returns_to_the_published_one_is_learned_again(book: QuotaBook, clock: Clock) -> None:
    published = USAGE_PLANS[SEARCH].rate
    book.learn(SEARCH, published)
    assert book.rate(SEARCH) is None, "no news"
    book.learn(SEARCH, published * 2)
    assert book.rate(SEARCH) == published * 2
    book.learn(SEARCH, published)
    assert book.rate(SEARCH) == published
    spend(book, BURST)
    assert book.ready_at(SEARCH, NOW) == NOW + ONE_BACK


@pytest.mark.parametrize("place", ["file"], indirect=True)
def test_refusals_are_counted_beside_the_calls(ledger: Ledger, book: QuotaBook) -> None:
    spend(book, 2)
    book.drained(SEARCH)
    book.drained(SEARCH)
    book.drained("getOrder")
    with ledger.store.reading() as connection:
        rows = connection.execute(select(calls_per_day).order_by(calls_per_day.c.operation)).all()
    assert rows == [(ACCOUNT, "getOrder", "2026-11-23", 0, 1), (ACCOUNT, SEARCH, "2026-11-23", 2, 2)]


@pytest.mark.parametrize("place", ["file"], indirect=True)
def test_what_amazon_names_is_the_whole_rate_and_ours_a_share_of_it(ledger: Ledger, clock: Clock) -> None:
    half = QuotaBook(ledger, ACCOUNT, Decimal("0.5"), clock)
    assert half.left(SEARCH, NOW) == Decimal(BURST) / 2
    half.learn(SEARCH, Decimal("0.02"))
    assert half.rate(SEARCH) == Decimal("0.02")
    spend(half, BURST // 2)
    assert half.ready_at(SEARCH, NOW) == NOW + timedelta(seconds=100)
    assert half.left(SEARCH, NOW + timedelta(seconds=50)) == Decimal("0.5")


@pytest.mark.parametrize("place", ["file"], indirect=True)
def test_a_new_rate_counts_from_the_moment_when_it_is_learned(book: QuotaBook, clock: Clock) -> None:
    spend(book, BURST)
    clock.now = NOW + timedelta(seconds=100)
    book.learn(SEARCH, Decimal("0.01"))
    assert book.left(SEARCH, clock.now) == Decimal("0.56")
    assert book.left(SEARCH, clock.now + timedelta(seconds=44)) == Decimal(1)


@pytest.mark.parametrize("place", ["file"], indirect=True)
def test_what_amazon_answers_in_a_dry_run_is_kept(ledger: Ledger, book: QuotaBook) -> None:
    with ledger.dry():
        book.learn(SEARCH, Decimal("0.01"))
        book.drained(SEARCH)
    assert book.rate(SEARCH) == Decimal("0.01")
    assert book.left(SEARCH, NOW) == 0


@pytest.mark.parametrize("place", ["file"], indirect=True)
def test_the_sentence_of_a_quota_that_is_used_up(book: QuotaBook) -> None:
    spend(book, BURST)
    with pytest.raises(QuotaExhausted) as caught:
        book.spend(SEARCH)
    assert (caught.value.message, caught.value.hint) == (
        "Amazon's quota for searchOrders is used up until 2026-11-23T06:02:58.572Z.",
        "The next run goes on from here; `orderferry plan` shows a schedule that fits the quota.",
    )


@pytest.mark.parametrize("place", ["file"], indirect=True)
def test_the_calls_of_another_account_are_not_ours(ledger: Ledger, clock: Clock, book: QuotaBook) -> None:
    QuotaBook(ledger, "another", Decimal(1), clock).spend(SEARCH)
    assert book.calls(NOW.date()) == {}
    assert book.calls(NOW.date() + timedelta(days=1)) == {}
