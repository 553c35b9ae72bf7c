"""Which of Amazon's data the application is not given, judged from orders that should have it. Pure.

A missing role is no error at Amazon: fields are silently absent, with HTTP 200 (SP-API, "Access to orders' PII").
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from orderferry.config.model import Settings
from orderferry.domain.check_result import CheckResult, Grade, fine
from orderferry.domain.durations import counted
from orderferry.domain.orders import Channel, Order, OrderStatus
from orderferry.errors import ExitCode

# Personal data is given for these only.
_RELEASED = frozenset({OrderStatus.UNSHIPPED, OrderStatus.PARTIALLY_SHIPPED, OrderStatus.SHIPPED})
_SHIPPING_ROLE = "Direct-to-Consumer Shipping (Restricted)"
_TAX_ROLE = "Tax Invoicing (Restricted)"
_ORDERS_ROLE = "Inventory and Order Tracking"


@dataclass(frozen=True, slots=True)
class Expectation:
    """What orders of a kind should have. Nothing is said before `least` of them were seen."""

    name: str
    what: str
    concerns: Callable[[Order], bool]
    has: Callable[[Order], bool]
    role: str
    grade: Grade
    without: str
    least: int = 1


def _is_regular(order: Order) -> bool:
    return order.status in _RELEASED and order.channel is Channel.REGULAR and order.sales_channel == "AMAZON"


def _is_fba(order: Order) -> bool:
    return order.status in _RELEASED and order.channel is Channel.FBA and order.sales_channel == "AMAZON"


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
    """Given the orders of one page, return what none of those that should have it has, with the role to ask for."""
    name = "datasets"
    if not orders:
        yield fine(name, "Amazon lists no order of the last 30 days: whether data is withheld shows with the first.")
        return
    mail = settings.customers.mode == "alias" or settings.customers.email == "amazon"
    missing = [one for one in (*EXPECTATIONS, *([_BUYERS_MAIL] if mail else [])) if _is_missing(one, orders)]
    for one in missing:
        yield _said(one, sum(map(one.concerns, orders)))
    if not missing:
        told = f"{counted(len(orders), 'order')} of the last 30 days"
        yield fine(name, f"Nothing is withheld from the application in {told}.")


def _is_missing(expectation: Expectation, orders: Sequence[Order]) -> bool:
    concerned = [order for order in orders if expectation.concerns(order)]
    return len(concerned) >= expectation.least and not any(map(expectation.has, concerned))


def _said(expectation: Expectation, count: int) -> CheckResult:
    return CheckResult(
        expectation.name,
        expectation.grade,
        f"Amazon withholds {expectation.what} in all {count} orders that should have them: {expectation.without}.",
        f"Seller Central > Apps and Services > Develop Apps > Edit App: tick the role {expectation.role}, wait for "
        "Amazon's approval, then authorise the application again and put the new token into amazon.refresh_token.",
        ExitCode.NEEDS_A_PERSON,
    )
