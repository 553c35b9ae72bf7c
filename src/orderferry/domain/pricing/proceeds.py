"""Amazon's `proceeds` rows added up: one sheet for each item, one for what stands at the level of the order.

SP-API Orders 2026-01-01, `orderItems[].proceeds` and `proceeds`. Nothing is interpreted here but signs: the sign of
DISCOUNT is documented nowhere, so its size counts.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from orderferry.domain.marketplaces import MARKETPLACES
from orderferry.domain.orders import Item, Money, Order, Proceeds, ProceedsType
from orderferry.domain.problems import Problem, ProblemCode

ZERO = Decimal(0)
LARGEST = Decimal(10) ** 12  # orders.total_paid and its kin are decimal(20,6)

# What a buyer pays for, in the order in which shares and lines are made. An unknown type counts as OTHER.
KINDS = (
    ProceedsType.ITEM,
    ProceedsType.SHIPPING,
    ProceedsType.GIFT_WRAP,
    ProceedsType.COD_FEE,
    ProceedsType.OTHER,
    ProceedsType.DELIVERY_TIP,
)


class CannotPrice(Exception):
    """An order's money can't be taken as it is; `problem` says why. Caught by `price_order`."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.message)
        self.problem = problem


@dataclass(frozen=True, slots=True)
class Sheet:
    """The rows of one item, or of the order, by type. `tax` is None where there is no TAX row at all.

    `discount` and `discount_details` are sizes, never negative.
    """

    amounts: Mapping[ProceedsType, Decimal] = field(default_factory=dict)
    tax: Decimal | None = None
    tax_details: Mapping[ProceedsType, Decimal] = field(default_factory=dict)
    discount: Decimal = ZERO
    discount_details: Mapping[ProceedsType, Decimal] = field(default_factory=dict)

    @property
    def listed(self) -> Decimal:
        """Return what stands there to pay for, before discount and without TAX rows."""
        return sum(self.amounts.values(), ZERO)


def sheet_of(rows: Iterable[Proceeds]) -> Sheet:
    """Return the sums of `breakdowns` by type."""
    amounts: dict[ProceedsType, Decimal] = {}
    taxes: list[Proceeds] = []
    discounts: list[Proceeds] = []
    for row in rows:
        if row.type is ProceedsType.TAX:
            taxes.append(row)
        elif row.type is ProceedsType.DISCOUNT:
            discounts.append(row)
        else:
            kind = row.type or ProceedsType.OTHER
            amounts[kind] = amounts.get(kind, ZERO) + row.amount.amount
    return Sheet(
        amounts=amounts,
        tax=_sum(taxes) if taxes else None,
        tax_details=_details(taxes),
        discount=abs(_sum(discounts)),
        discount_details={kind: abs(amount) for kind, amount in _details(discounts).items()},
    )


def is_unpriced(item: Item) -> bool:
    """Return whether Amazon gives no cost of an item but the price that was displayed."""
    return not item.proceeds and item.proceeds_total is None


def item_sheet(item: Item, *, displayed_price: bool) -> Sheet:
    """Return an item's sheet; without rows, its proceedsTotal counts as ITEM.

    Without that, too, what is sold of it costs its displayed price if `displayed_price` (the grand total has to confirm
    it); else nothing.
    """
    if item.proceeds:
        return sheet_of(item.proceeds)
    amount = ZERO
    if item.proceeds_total is not None:
        amount = item.proceeds_total.amount
    elif displayed_price and item.unit_price is not None:
        amount = item.unit_price.amount * item.quantity
    return Sheet(amounts={ProceedsType.ITEM: amount})


def order_currency(order: Order) -> str:
    """Return the currency that an order names first, else that of its marketplace; '' if neither is known.

    A replacement may come without any amount.
    """
    named = (money.currency for _, money in _all_money(order))
    home = (place.currency for place in MARKETPLACES if place.id == order.marketplace_id)
    return next(named, "") or next(home, "")


def checked_currency(order: Order) -> str:
    """Return the one currency of an order's amounts; that of its marketplace where it has none.

    Raise CannotPrice (bad-field) for two currencies, and for an amount that no database column could hold.
    """
    currencies: dict[str, str] = {}
    for path, money in _all_money(order):
        if not money.amount.is_finite() or abs(money.amount) >= LARGEST:
            message = f"the amount in {path} is out of range"
            raise CannotPrice(Problem(ProblemCode.BAD_FIELD, message, order.order_id, path))
        currencies.setdefault(money.currency, path)
    if len(currencies) > 1:
        places = " and ".join(f"{currency} in {path}" for currency, path in sorted(currencies.items()))
        message = f"amounts of one order stand in different currencies: {places}"
        subject = next(reversed(currencies.values()))
        raise CannotPrice(Problem(ProblemCode.BAD_FIELD, message, order.order_id, subject))
    return order_currency(order)


def _all_money(order: Order) -> Iterator[tuple[str, Money]]:
    if order.grand_total is not None:
        yield "proceeds.grandTotal", order.grand_total
    yield from _rows_money("proceeds", order.proceeds)
    for number, item in enumerate(order.items):
        path = f"orderItems[{number}]"
        if item.unit_price is not None:
            yield f"{path}.product.price.unitPrice", item.unit_price
        if item.proceeds_total is not None:
            yield f"{path}.proceeds.proceedsTotal", item.proceeds_total
        yield from _rows_money(f"{path}.proceeds", item.proceeds)


def _rows_money(path: str, rows: Iterable[Proceeds]) -> Iterator[tuple[str, Money]]:
    for number, row in enumerate(rows):
        yield f"{path}.breakdowns[{number}].subtotal", row.amount
        for position, (_, money) in enumerate(row.details):
            yield f"{path}.breakdowns[{number}].detailedBreakdowns[{position}].value", money


def _sum(rows: Iterable[Proceeds]) -> Decimal:
    return sum((row.amount.amount for row in rows), ZERO)


def _details(rows: Iterable[Proceeds]) -> dict[ProceedsType, Decimal]:
    found: dict[ProceedsType, Decimal] = {}
    for row in rows:
        for subtype, money in row.details:
            kind = subtype or ProceedsType.OTHER
            found[kind] = found.get(kind, ZERO) + money.amount
    return found
