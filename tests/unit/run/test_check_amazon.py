"""Amazon's side of `check`, with an Amazon that answers as it is told."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import cast

import pytest

from orderferry.amazon.source import AmazonSource
from orderferry.domain.check_result import CheckResult, Grade, failure, fine, warning
from orderferry.domain.orders import Address, Buyer, Channel, Money, Order, OrderStatus, UnreadableOrder
from orderferry.domain.search import Basis, Page, Search
from orderferry.domain.spans import Span
from orderferry.errors import AmazonUnavailable, ExitCode, MarketplaceRefused, OrderferryError, QuotaExhausted
from orderferry.run.check_amazon import AmazonCheck, check_datasets, check_secret_age
from support.configuration import AMAZON, DATABASE, load

NOW = datetime(2026, 11, 23, 6, 0, 0, 500_000, tzinfo=UTC)
DE, IT = "A1PA6795UKMFR9", "APJ6JRA9NG5V4"  # as sorted
SEARCHED = Span(datetime(2026, 10, 24, 5, 57, tzinfo=UTC), datetime(2026, 11, 23, 5, 57, tzinfo=UTC))
ORDER = Order("1", NOW, NOW, IT, OrderStatus.SHIPPED, Channel.FBA, ())


@dataclass
class Amazon:
    """Gives each marketplace's page, or the error that stands for it."""

    pages: dict[str, tuple[Order | UnreadableOrder, ...] | OrderferryError] = field(default_factory=dict)
    together: OrderferryError | None = None
    clock_offset: timedelta | None = timedelta(0)
    withheld: dict[str, str] = field(default_factory=dict)
    asked: list[Search] = field(default_factory=list)
    opened: int = 0

    def now(self) -> datetime:
        return NOW

    def search(self, search: Search) -> Page:
        self.asked.append(search)
        if len(search.marketplaces) > 1 and self.together:
            raise self.together
        orders: tuple[Order | UnreadableOrder, ...] = ()
        for marketplace in search.marketplaces:
            found = self.pages.get(marketplace, ())
            if isinstance(found, OrderferryError):
                raise found
            orders += found
        return Page(orders, None, NOW)

    def check(self, folder: Path, marketplaces: str = '["IT", "DE"]') -> AmazonCheck:
        def opened() -> AmazonSource:
            self.opened += 1
            return cast("AmazonSource", self)

        text = AMAZON.replace('["IT", "DE"]', marketplaces) + DATABASE
        return AmazonCheck(load(folder, text), opened)


REFUSED = MarketplaceRefused("Amazon refuses the listing.", marketplaces=(DE,), hint="Ask.")
SPENT = QuotaExhausted("The quota of searchOrders is spent.", operation="searchOrders", hint="Wait.")
NOT_TRIED = warning(
    "marketplaces", "Not tried: The quota of searchOrders is spent.", "Wait.", ExitCode.AMAZON_UNAVAILABLE
)


def test_one_login_serves_all_questions(tmp_path: Path) -> None:
    amazon = Amazon()
    check = amazon.check(tmp_path)
    assert list(check.login()) == [fine("token", "Amazon takes the credentials.")]
    assert list(check.clock()) == [fine("clock", "This machine's clock agrees with Amazon's.")]
    assert list(check.marketplaces()) == [fine("marketplaces", "Amazon lists the orders of IT, DE.")]
    assert amazon.opened == 1
    assert amazon.asked == [Search((DE, IT), Basis.UPDATED, SEARCHED)]


@pytest.mark.parametrize(
    ("offset", "message"),
    [
        (timedelta(minutes=2), None),
        (timedelta(minutes=-2), None),
        (timedelta(seconds=121), "This machine's clock is 121 seconds behind Amazon's."),
        (timedelta(seconds=-121), "This machine's clock is 121 seconds ahead of Amazon's."),
    ],
)
def test_a_clock_may_be_two_minutes_off(tmp_path: Path, offset: timedelta, message: str | None) -> None:
    (found,) = Amazon(clock_offset=offset).check(tmp_path).clock()
    if message is None:
        assert found == fine("clock", "This machine's clock agrees with Amazon's.")
    else:
        assert found == warning("clock", message, "Set the clock by NTP (systemd-timesyncd, chrony).")


def test_an_answer_without_a_date(tmp_path: Path) -> None:
    (found,) = Amazon(clock_offset=None).check(tmp_path).clock()
    assert found == warning("clock", "Amazon's answer has no date to set the clock against.", "Try again later.")


def test_of_marketplaces_refused_together_each_is_tried_alone(tmp_path: Path) -> None:
    amazon = Amazon({DE: REFUSED}, together=REFUSED)
    check = amazon.check(tmp_path)
    assert list(check.marketplaces()) == [
        failure(
            "marketplaces",
            "Amazon refuses the listing.",
            "Authorise the application for DE in Seller Central, or take DE out of amazon.marketplaces.",
            ExitCode.AMAZON_REFUSED,
        ),
        fine("marketplaces", "Amazon lists the orders of IT."),
    ]
    assert [search.marketplaces for search in amazon.asked] == [(DE, IT), (DE,), (IT,)]
    assert {(search.basis, search.span) for search in amazon.asked} == {(Basis.UPDATED, SEARCHED)}


def test_a_single_marketplace_that_is_refused_costs_one_call(tmp_path: Path) -> None:
    amazon = Amazon({DE: REFUSED})
    (found,) = amazon.check(tmp_path, '["DE"]').marketplaces()
    assert found == failure("marketplaces", "Amazon refuses the listing.", "Ask.", ExitCode.AMAZON_REFUSED)
    assert len(amazon.asked) == 1


def test_spent_quota_is_no_refusal(tmp_path: Path) -> None:
    assert list(Amazon(together=SPENT).check(tmp_path).marketplaces()) == [NOT_TRIED]
    alone = Amazon({DE: SPENT}, together=REFUSED)
    assert list(alone.check(tmp_path).marketplaces()) == [NOT_TRIED]
    assert len(alone.asked) == 2, "the quota is spent for the next marketplace, too"


def test_an_error_about_one_marketplace_does_not_end_the_others(tmp_path: Path) -> None:
    away = AmazonUnavailable("Amazon is away.", hint="Wait.")
    assert list(Amazon({DE: away}, together=REFUSED).check(tmp_path).marketplaces()) == [
        failure("marketplaces", "Amazon is away.", "Wait.", ExitCode.AMAZON_UNAVAILABLE),
        fine("marketplaces", "Amazon lists the orders of IT."),
    ]


def test_what_is_withheld_and_what_is_no_order_is_told(tmp_path: Path) -> None:
    amazon = Amazon({IT: (UnreadableOrder(None, ()), UnreadableOrder(None, ()))}, withheld={"TAX": "no role"})
    check = amazon.check(tmp_path)
    list(check.marketplaces())
    assert list(check.datasets()) == [
        warning(
            "dataset-tax",
            "Amazon does not let this account ask for TAX (VAT numbers and tax schemes): “no role”; orders are read "
            "without it.",
            "Grant the missing role to the application in Seller Central and authorise it again.",
        ),
        fine("datasets", "Amazon lists no order of the last 30 days: whether data is withheld shows with the first."),
        warning(
            "datasets",
            "2 of the last 2 entries of Amazon's listing are no orders.",
            "If it stays, report it to orderferry's issue tracker.",
        ),
    ]


def test_orders_of_the_page_are_looked_through(tmp_path: Path) -> None:
    whole = replace(
        ORDER,
        grand_total=Money(Decimal(1), "EUR"),
        delivery_address=Address(country="IT"),
        buyer=Buyer(name="Mario Rossi"),
    )
    check = Amazon({IT: (whole, whole)}).check(tmp_path)
    assert list(check.datasets()) == [], "nothing was listed yet"
    list(check.marketplaces())
    assert list(check.datasets()) == [
        fine("datasets", "Nothing is withheld from the application in 2 orders of the last 30 days.")
    ]


SHIPPING, TAX, ORDERS = (
    "Direct-to-Consumer Shipping (Restricted)",
    "Tax Invoicing (Restricted)",
    "Inventory and Order Tracking",
)
REGULAR = replace(ORDER, channel=Channel.REGULAR, status=OrderStatus.UNSHIPPED)
BUSINESS = replace(REGULAR, programs=("AMAZON_BUSINESS",))
NAMELESS = replace(REGULAR, status=None, channel=None)


@pytest.mark.parametrize(
    ("name", "order", "what", "role", "grade", "without"),
    [
        (
            "dataset-fulfillment",
            NAMELESS,
            "status and channel (FULFILLMENT)",
            ORDERS,
            Grade.FAILURE,
            "no order can be judged without them",
        ),
        ("dataset-proceeds", REGULAR, "amounts (PROCEEDS)", ORDERS, Grade.FAILURE, "orders without amounts are held"),
        (
            "dataset-address",
            REGULAR,
            "delivery addresses of regular orders (RECIPIENT)",
            SHIPPING,
            Grade.FAILURE,
            "regular orders without an address are held",
        ),
        (
            "dataset-fba-address",
            ORDER,
            "city and country of FBA deliveries (RECIPIENT)",
            SHIPPING,
            Grade.WARNING,
            "the country decides the tax",
        ),
        (
            "dataset-buyer",
            REGULAR,
            "buyers' names of regular orders (BUYER)",
            SHIPPING,
            Grade.WARNING,
            "customers in the shop then bear the recipient's name",
        ),
        (
            "dataset-fba-buyer",
            ORDER,
            "buyers' names of FBA orders (BUYER)",
            TAX,
            Grade.WARNING,
            "customers of FBA orders then have no name of their own in the shop",
        ),
        (
            "dataset-tax",
            BUSINESS,
            "VAT numbers of business orders (TAX)",
            TAX,
            Grade.WARNING,
            "invoices of the shop's own lack the buyer's VAT number",
        ),
        (
            "dataset-email",
            REGULAR,
            "buyers' e-mail aliases (BUYER)",
            SHIPPING,
            Grade.WARNING,
            "customers.mode or customers.email of the configuration is made for them",
        ),
    ],
)
def test_each_set_of_data_that_no_order_has_names_its_role_and_what_it_is_for(
    tmp_path: Path, name: str, order: Order, what: str, role: str, grade: Grade, without: str
) -> None:
    settings = load(tmp_path, AMAZON + DATABASE + '[customers]\nmode = "alias"\n')
    found = {result.name: result for result in check_datasets([order] * 5, settings)}
    assert found[name] == CheckResult(
        name,
        grade,
        f"Amazon withholds {what} in all 5 orders that should have them: {without}.",
        f"Seller Central > Apps and Services > Develop Apps > Edit App: tick the role {role}, wait for Amazon's "
        "approval, then authorise the application again and put the new token into amazon.refresh_token.",
        ExitCode.NEEDS_A_PERSON,
    )


@pytest.mark.parametrize(
    ("order", "missed"),
    [
        (replace(NAMELESS, raw_status="NEW_WORD"), ["datasets"]),
        (replace(REGULAR, datasets=frozenset({"PROCEEDS"})), ["dataset-address", "dataset-buyer"]),
        (replace(ORDER, delivery_address=Address(country="IT"), buyer=Buyer(name="a")), ["dataset-proceeds"]),
        (replace(ORDER, sales_channel="NON_AMAZON"), ["datasets"]),
        (replace(ORDER, status=OrderStatus.PENDING), ["datasets"]),
    ],
    ids=["a word of Amazon's", "amounts were given", "an FBA order's place", "another channel", "not released"],
)
def test_what_is_there_or_not_to_be_expected_is_not_missed(tmp_path: Path, order: Order, missed: list[str]) -> None:
    assert [result.name for result in check_datasets([order], load(tmp_path))] == missed


MEND = (
    "Make a new one in Seller Central > Develop Apps > LWA credentials, put it into amazon.client_secret and its date "
    "into amazon.client_secret_created; the refresh token stays good."
)


@pytest.mark.parametrize(
    ("created", "result"),
    [
        (
            None,
            fine(
                "client-secret-age",
                "The client secret's age is unknown: without amazon.client_secret_created nobody is reminded of its "
                "180 days.",
            ),
        ),
        (
            date(2026, 5, 27),
            failure("client-secret-age", "The client secret is 180 days old and ends after 180.", MEND),
        ),
        (
            date(2026, 6, 26),
            warning("client-secret-age", "The client secret ends in 30 days, on 2026-12-23.", MEND),
        ),
        (date(2026, 6, 27), fine("client-secret-age", "The client secret is good for 31 more days.")),
    ],
)
def test_the_age_of_the_client_secret(created: date | None, result: CheckResult) -> None:
    assert list(check_secret_age(created, date(2026, 11, 23))) == [result]
