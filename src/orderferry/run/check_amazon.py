"""Amazon's side of `check`: the age of the client secret, the login, the clock, the marketplaces, the data that is
withheld.

It takes one searchOrders call; if Amazon refuses the marketplaces together, one more for each. Amazon reports no error
where a role is missing: with HTTP 200 the fields are absent (SP-API, "Access to orders' PII"). So withheld data is
found by what no order has.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import TYPE_CHECKING

from orderferry.config.model import Settings
from orderferry.domain.check_result import CheckResult, Grade, failed, failure, fine, warning
from orderferry.domain.durations import counted
from orderferry.domain.marketplaces import marketplace_code
from orderferry.domain.orders import RELEASED_STATUSES, Channel, Order, UnreadableOrder
from orderferry.domain.search import Basis, Page, Search
from orderferry.domain.spans import Span
from orderferry.domain.window import SAFE_DISTANCE
from orderferry.errors import AmazonError, ExitCode, MarketplaceRefused, QuotaExhausted
from orderferry.run.report import withheld_problems
from orderferry.run.stop import TOLERANCE

if TYPE_CHECKING:
    from orderferry.amazon.source import AmazonSource

SECRET_LIFE = timedelta(days=180)  # Login with Amazon: credentials must be rotated
SECRET_REMINDER = timedelta(days=30)
LOOK_BACK = timedelta(days=30)  # of the page in which withheld data is looked for


def check_secret_age(created: date | None, today: date) -> Iterator[CheckResult]:
    """Yield when the client secret has to be renewed, from amazon.client_secret_created and today's date."""
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
    open_source: Callable[[], AmazonSource]
    _source: AmazonSource | None = None
    _orders: list[Order | UnreadableOrder] = field(default_factory=list)
    _seen_page: bool = False

    def login(self) -> Iterator[CheckResult]:
        """Check the credentials. Raise AmazonRefused, AmazonUnavailable, UsageError."""
        self._ready().now()
        yield fine("token", "Amazon takes the credentials.")

    def clock(self) -> Iterator[CheckResult]:
        """Compare this machine's clock with Amazon's Date header."""
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
        """Check whether Amazon lists the orders of each marketplace."""
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
        """Yield what the orders of that page lack, and which role gives it."""
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

    def _each_alone(self, source: AmazonSource, search: Search, joint: MarketplaceRefused) -> Iterator[CheckResult]:
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

    def _ready(self) -> AmazonSource:
        if self._source is None:
            self._source = self.open_source()
        return self._source


def _not_tried(exhausted: QuotaExhausted) -> CheckResult:
    """Return a warning with the exit code that a run would have: spent quota does not mean that a marketplace is
    refused."""
    return warning("marketplaces", f"Not tried: {exhausted.message}", exhausted.hint, exhausted.exit_code)


_SHIPPING_ROLE = "Direct-to-Consumer Shipping (Restricted)"
_TAX_ROLE = "Tax Invoicing (Restricted)"
_ORDERS_ROLE = "Inventory and Order Tracking"


@dataclass(frozen=True, slots=True)
class Expectation:
    """What orders of a kind should have. It is tested once at least `least` such orders were seen."""

    name: str
    what: str
    concerns: Callable[[Order], bool]
    has: Callable[[Order], bool]
    role: str
    grade: Grade
    without: str
    least: int = 1


def _is_regular(order: Order) -> bool:
    # personal data is given for released orders only
    return order.status in RELEASED_STATUSES and order.channel is Channel.REGULAR and order.sales_channel == "AMAZON"


def _is_fba(order: Order) -> bool:
    return order.status in RELEASED_STATUSES and order.channel is Channel.FBA and order.sales_channel == "AMAZON"


def _is_sale(order: Order) -> bool:
    return _is_regular(order) or _is_fba(order)


EXPECTATIONS = (
    Expectation(
        "dataset-fulfillment",
        "status and channel (FULFILLMENT)",
        lambda _order: True,
        lambda order: bool(order.status or order.raw_status),
        _ORDERS_ROLE,
        Grade.FAILURE,
        "no order can be judged without them",
    ),
    Expectation(
        "dataset-proceeds",
        "amounts (PROCEEDS)",
        _is_sale,
        lambda order: order.grand_total is not None or "PROCEEDS" in order.datasets,
        _ORDERS_ROLE,
        Grade.FAILURE,
        "orders without amounts are held",
    ),
    Expectation(
        "dataset-address",
        "delivery addresses of regular orders (RECIPIENT)",
        _is_regular,
        lambda order: order.delivery_address is not None and bool(order.delivery_address.lines),
        _SHIPPING_ROLE,
        Grade.FAILURE,
        "regular orders without an address are held",
    ),
    Expectation(
        "dataset-fba-address",
        "city and country of FBA deliveries (RECIPIENT)",
        _is_fba,
        lambda order: order.delivery_address is not None and bool(order.delivery_address.country),
        _SHIPPING_ROLE,
        Grade.WARNING,
        "the country decides the tax",
    ),
    Expectation(
        "dataset-buyer",
        "buyers' names of regular orders (BUYER)",
        _is_regular,
        lambda order: bool(order.buyer.name),
        _SHIPPING_ROLE,
        Grade.WARNING,
        "customers in the shop then bear the recipient's name",
    ),
    Expectation(
        "dataset-fba-buyer",
        "buyers' names of FBA orders (BUYER)",
        _is_fba,
        lambda order: bool(order.buyer.name),
        _TAX_ROLE,
        Grade.WARNING,
        "customers of FBA orders then have no name of their own in the shop",
    ),
    Expectation(
        "dataset-tax",
        "VAT numbers of business orders (TAX)",
        lambda order: _is_sale(order) and "AMAZON_BUSINESS" in order.programs,
        lambda order: bool(order.tax_registrations),
        _TAX_ROLE,
        Grade.WARNING,
        "invoices of the shop's own lack the buyer's VAT number",
        least=5,
    ),
)
_BUYERS_MAIL = Expectation(
    "dataset-email",
    "buyers' e-mail aliases (BUYER)",
    _is_regular,
    lambda order: bool(order.buyer.email),
    _SHIPPING_ROLE,
    Grade.WARNING,
    "customers.mode or customers.email of the configuration is made for them",
)


def check_datasets(orders: Sequence[Order], settings: Settings) -> Iterator[CheckResult]:
    """Yield what none of the orders that should have it has, with the role to ask for."""
    name = "datasets"
    if not orders:
        yield fine(name, "Amazon lists no order of the last 30 days: whether data is withheld shows with the first.")
        return
    mail = settings.customers.mode == "alias" or settings.customers.email == "amazon"
    missing = [one for one in (*EXPECTATIONS, *([_BUYERS_MAIL] if mail else [])) if _is_missing(one, orders)]
    for one in missing:
        yield _withheld(one, sum(map(one.concerns, orders)))
    if not missing:
        orders_read = f"{counted(len(orders), 'order')} of the last 30 days"
        yield fine(name, f"Nothing is withheld from the application in {orders_read}.")


def _is_missing(expectation: Expectation, orders: Sequence[Order]) -> bool:
    concerned = [order for order in orders if expectation.concerns(order)]
    return len(concerned) >= expectation.least and not any(map(expectation.has, concerned))


def _withheld(expectation: Expectation, count: int) -> CheckResult:
    return CheckResult(
        expectation.name,
        expectation.grade,
        f"Amazon withholds {expectation.what} in all {count} orders that should have them: {expectation.without}.",
        f"Seller Central > Apps and Services > Develop Apps > Edit App: tick the role {expectation.role}, wait for "
        "Amazon's approval, then authorise the application again and put the new token into amazon.refresh_token.",
        ExitCode.NEEDS_A_PERSON,
    )
