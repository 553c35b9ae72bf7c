"""What Amazon says a simulated order costs: breakdown rows that add up to the cent, in exactly one reading.

`proceedsTotal` of an item is its rows without TAX and DISCOUNT, less the discounts, plus the tax when it comes on
top; `grandTotal` is the sum of the items' totals and the rows that stand at order level only (DELIVERY_TIP).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from orderferry.domain.orders import ProceedsType
from orderferry.simulator.orders import ZERO, Line, SimulatedOrder, TaxMode

# ISO 4217: currencies without minor unit; all others have two decimals.
_WITHOUT_DECIMALS = frozenset({"JPY"})
_CENT = Decimal("0.01")
_UNIT = Decimal(1)


@dataclass(frozen=True, slots=True)
class BreakdownRow:
    """One row of `breakdowns`, with the details that TAX and DISCOUNT have."""

    type: ProceedsType
    amount: Decimal
    details: tuple[tuple[ProceedsType, Decimal], ...] = ()


# The proceeds of one item: `proceedsTotal` and its rows.
LineMoney = tuple[Decimal, tuple[BreakdownRow, ...]]


def rounded(amount: Decimal, currency: str) -> Decimal:
    """Return the amount in the decimals of its currency, half up."""
    return amount.quantize(_UNIT if currency in _WITHOUT_DECIMALS else _CENT, ROUND_HALF_UP)


def line_money(order: SimulatedOrder, line: Line, quantity: int) -> LineMoney:
    """Return the proceeds of one line of an order, of the quantity that is left after cancellations.

    A line that is cancelled as a whole costs nothing; of one that is cancelled in part the discount shrinks along.
    """
    currency = order.market.currency
    if quantity == 0:
        nothing = rounded(ZERO, currency)
        return nothing, (BreakdownRow(ProceedsType.ITEM, nothing),)
    charges = {
        ProceedsType.ITEM: rounded(line.price * quantity, currency),
        ProceedsType.SHIPPING: line.shipping,
        ProceedsType.GIFT_WRAP: line.gift_wrap,
        ProceedsType.COD_FEE: line.cod_fee,
    }
    discounts = {
        ProceedsType.ITEM: rounded(line.discount * quantity / line.quantity, currency),
        ProceedsType.SHIPPING: line.shipping_discount,
    }
    discount = sum(discounts.values(), ZERO)
    tax, tax_details = _tax(order, charges, discount)
    rows = [BreakdownRow(kind, amount) for kind, amount in charges.items() if amount or kind is ProceedsType.ITEM]
    if tax or order.tax_mode is TaxMode.ZERO:
        rows.append(BreakdownRow(ProceedsType.TAX, tax, tax_details))
    if discount:
        sign = order.discount_sign
        details = tuple((kind, sign * amount) for kind, amount in discounts.items() if amount)
        rows.append(BreakdownRow(ProceedsType.DISCOUNT, sign * discount, details))
    total = sum(charges.values(), ZERO) - discount + (tax if order.tax_mode is TaxMode.ON_TOP else ZERO)
    return rounded(total, currency), tuple(rows)


def order_rows(lines: Iterable[LineMoney], tip: Decimal = ZERO) -> tuple[BreakdownRow, ...]:
    """Return the rows of the order, given the proceeds of all items: their sums by type, and its own delivery tip."""
    sums: dict[ProceedsType, Decimal] = {}
    for _, rows in lines:
        for row in rows:
            sums[row.type] = sums.get(row.type, ZERO) + row.amount
    if tip:
        sums[ProceedsType.DELIVERY_TIP] = tip
    return tuple(BreakdownRow(kind, amount) for kind, amount in sums.items())


def grand_total(lines: Iterable[LineMoney], tip: Decimal = ZERO) -> Decimal:
    """Return what the buyer pays."""
    return sum((total for total, _ in lines), ZERO) + tip


def _tax(
    order: SimulatedOrder, charges: dict[ProceedsType, Decimal], discount: Decimal
) -> tuple[Decimal, tuple[tuple[ProceedsType, Decimal], ...]]:
    """Return the tax of a line after discounts, and its details (DISCOUNT has the sign of its row)."""
    currency = order.market.currency
    if order.tax_mode is TaxMode.NONE:
        return ZERO, ()
    rate = ZERO if order.tax_mode is TaxMode.ZERO else order.tax_rate / 100
    factor = rate if order.tax_mode is TaxMode.ON_TOP else rate / (1 + rate)
    parts = {kind: rounded(amount * factor, currency) for kind, amount in charges.items() if amount}
    relief = rounded(discount * factor, currency)
    details = list(parts.items())
    if relief:
        details.append((ProceedsType.DISCOUNT, order.discount_sign * relief))
    return rounded(sum(parts.values(), ZERO) - relief, currency), tuple(details)
