"""Amazon's side of `check`: the secret's age, login, clock, marketplaces. At most one searchOrders call, unless the
marketplaces are refused together: then each is tried alone."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import Protocol

from orderferry.config.model import Settings
from orderferry.domain.check_result import CheckResult, failed, failure, fine, warning
from orderferry.domain.marketplaces import marketplace_code
from orderferry.domain.orders import Order, UnreadableOrder
from orderferry.domain.search import Basis, Page, Search
from orderferry.domain.spans import Span
from orderferry.domain.window import SAFE_DISTANCE
from orderferry.errors import AmazonError, MarketplaceRefused, QuotaExhausted
from orderferry.run.check_datasets import check_datasets
from orderferry.run.report import withheld_problems
from orderferry.run.right_clock import TOLERANCE

SECRET_LIFE = timedelta(days=180)  # Login with Amazon: credentials must be rotated
SECRET_REMINDER = timedelta(days=30)
LOOK_BACK = timedelta(days=30)  # the page from which data sets are judged


class AskedAmazon(Protocol):
    """What of run.ports.OrderSource is needed here."""

    @property
    def clock_offset(self) -> timedelta | None:
        """Amazon's time less this machine's; None before the first answer."""

    @property
    def withheld(self) -> Mapping[str, str]:
        """The sets of data that Amazon does not let this account ask for, with its own words."""

    def now(self) -> datetime:
        """Amazon's clock, aware UTC; the first call logs in. Raise AmazonError."""

    def search(self, search: Search, token: str | None = None) -> Page:
        """One page of a listing, for one searchOrders token. Raise AmazonError, MarketplaceRefused."""


def check_secret_age(created: date | None, today: date) -> Iterator[CheckResult]:
    """Given amazon.client_secret_created and the day, say when the client secret has to be renewed."""
    name = "client-secret-age"
    mend = (
        "Make a new one in Seller Central > Develop Apps > LWA credentials, put it into amazon.client_secret and its "
        "date into amazon.client_secret_created; the refresh token stays good."
    )
    if created is None:
        yield fine(
            name,
            "The client secret's age is unknown: without amazon.client_secret_created nobody is reminded of its "
            f"{SECRET_LIFE.days} days.",
        )
        return
    left = created + SECRET_LIFE - today
    if left <= timedelta(0):
        yield failure(name, f"The client secret is {(today - created).days} days old and ends after 180.", mend)
    elif left <= SECRET_REMINDER:
        yield warning(name, f"The client secret ends in {left.days} days, on {created + SECRET_LIFE}.", mend)
    else:
        yield fine(name, f"The client secret is good for {left.days} more days.")


@dataclass(slots=True)
class AmazonCheck:
    """The questions that need Amazon. `open_source` connects when the first of them is asked."""

    settings: Settings
    open_source: Callable[[], AskedAmazon]
    _source: AskedAmazon | None = None
    _orders: list[Order | UnreadableOrder] = field(default_factory=list)
    _seen_page: bool = False

    def login(self) -> Iterator[CheckResult]:
        """The credentials. Raise AmazonRefused, AmazonUnavailable, UsageError."""
        self._ready().now()
        yield fine("token", "Amazon takes the credentials.")

    def clock(self) -> Iterator[CheckResult]:
        """This machine's clock against Amazon's Date header."""
        offset = self._ready().clock_offset
        if offset is None:
            yield warning("clock", "Amazon's answer has no date to set the clock against.", "Try again later.")
        elif abs(offset) > TOLERANCE:
            side = "behind" if offset > timedelta(0) else "ahead of"
            yield warning(
                "clock",
                f"This machine's clock is {abs(int(offset.total_seconds()))} seconds {side} Amazon's.",
                "Set the clock by NTP (systemd-timesyncd, chrony).",
            )
        else:
            yield fine("clock", "This machine's clock agrees with Amazon's.")

    def marketplaces(self) -> Iterator[CheckResult]:
        """Whether Amazon lists the orders of each marketplace."""
        source = self._ready()
        end = (source.now() - SAFE_DISTANCE).replace(microsecond=0)
        ids = tuple(sorted({marketplace.id for marketplace in self.settings.amazon.marketplaces}))
        search = Search(ids, Basis.UPDATED, Span(end - LOOK_BACK, end))
        try:
            self._take(source.search(search))
        except MarketplaceRefused as refused:
            yield from self._each_alone(source, search, refused)
            return
        except QuotaExhausted as exhausted:
            yield _not_tried(exhausted)
            return
        codes = ", ".join(marketplace.code for marketplace in self.settings.amazon.marketplaces)
        yield fine("marketplaces", f"Amazon lists the orders of {codes}.")

    def datasets(self) -> Iterator[CheckResult]:
        """What the orders of that page lack, and which role gives it."""
        orders = [order for order in self._orders if isinstance(order, Order)]
        for problem in withheld_problems(self._ready().withheld):
            yield warning(f"dataset-{problem.subject.lower()}", f"{problem.message}.", problem.hint)
        if self._seen_page:
            yield from check_datasets(orders, self.settings)
        unreadable = len(self._orders) - len(orders)
        if unreadable:
            yield warning(
                "datasets",
                f"{unreadable} of the last {len(self._orders)} entries of Amazon's listing are no orders.",
                "If it stays, report it to orderferry's issue tracker.",
            )

    def _each_alone(self, source: AskedAmazon, search: Search, joint: MarketplaceRefused) -> Iterator[CheckResult]:
        if len(search.marketplaces) == 1:
            yield failed("marketplaces", joint)
            return
        for marketplace in search.marketplaces:
            code = marketplace_code(marketplace)
            try:
                self._take(source.search(replace(search, marketplaces=(marketplace,))))
            except MarketplaceRefused as refused:
                mend = f"Authorise the application for {code} in Seller Central, or take {code} out of "
                yield failure("marketplaces", refused.message, f"{mend}amazon.marketplaces.", refused.exit_code)
            except QuotaExhausted as exhausted:
                yield _not_tried(exhausted)
                return
            except AmazonError as error:
                yield failed("marketplaces", error)
            else:
                yield fine("marketplaces", f"Amazon lists the orders of {code}.")

    def _take(self, page: Page) -> None:
        self._seen_page = True
        self._orders += page.orders

    def _ready(self) -> AskedAmazon:
        if self._source is None:
            self._source = self.open_source()
        return self._source


def _not_tried(exhausted: QuotaExhausted) -> CheckResult:
    """Out of quota says nothing of the marketplaces: a warning with the exit code that a run would have."""
    return warning("marketplaces", f"Not tried: {exhausted.message}", exhausted.hint, exhausted.exit_code)
