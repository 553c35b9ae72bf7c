"""Which reading of Amazon's amounts adds up: found by trying, never assumed.

Amazon does not say whether ITEM is with or without tax, nor what the sign of DISCOUNT is, nor whether its subtotal
holds the discount on shipping (sp-api-orders 4.3). Each open question is one field of `Hypothesis`; the hypothesis
under which every proceedsTotal and the grand total add up best is the reading of the whole order.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import Enum, auto
from itertools import product

from orderferry.domain.orders import Order, ProceedsType
from orderferry.domain.pricing import Reading
from orderferry.domain.problems import Problem, ProblemCode
from orderferry.domain.proceeds import ZERO, CannotPrice, Sheet, is_unpriced, item_sheet, sheet_of

TOLERANCE = Decimal("0.01")  # a line: what Amazon's own rounding may leave


class OrderRows(Enum):
    """How the rows at the level of the order count, beside those of the items."""

    BEYOND_ITEMS = auto()  # what they hold more than the items together: a delivery tip, a shipping of the order
    TIP_ALONE = auto()  # the rest repeats what stands in the items' totals
    REPETITION = auto()  # all of it repeats, or is not charged yet


@dataclass(frozen=True, slots=True)
class Hypothesis:
    """One way to read the rows."""

    tax_on_top: bool
    discount_details_beside: bool  # the discount on shipping and fees stands beside DISCOUNT's subtotal
    tax_before_discount: bool  # the tax on the discount has yet to be taken off TAX's subtotal
    order_rows: OrderRows
    displayed_prices: bool  # items of which Amazon gives no amounts cost their displayed price, not nothing

    def reduction(self, sheet: Sheet) -> Decimal:
        """The discount of a sheet."""
        if not self.discount_details_beside:
            return sheet.discount
        return sheet.discount + sum(
            (amount for kind, amount in sheet.discount_details.items() if kind is not ProceedsType.ITEM), ZERO
        )

    def tax(self, sheet: Sheet) -> Decimal:
        """The tax of a sheet after discount, 0 where there is none."""
        tax = sheet.tax or ZERO
        on_discount = abs(sheet.tax_details.get(ProceedsType.DISCOUNT, ZERO))
        before = tax_before_discount(sheet)
        included = abs(tax - before) <= TOLERANCE if not self.tax_on_top else self.tax_before_discount
        return before - on_discount if included and on_discount else tax

    def total(self, sheet: Sheet) -> Decimal:
        """What the buyer pays for a sheet."""
        tax = self.tax(sheet) if self.tax_on_top else ZERO
        return sheet.listed - self.reduction(sheet) + tax


@dataclass(frozen=True, slots=True)
class Reconciled:
    """An order's rows under the reading that adds up. `extra` is what stands at the level of the order alone."""

    sheets: tuple[Sheet, ...]
    extra: Sheet
    hypothesis: Hypothesis
    total: Decimal
    reading: Reading


def tax_before_discount(sheet: Sheet) -> Decimal:
    """The sum of a TAX row's details but for the one on the discount."""
    return sum((value for kind, value in sheet.tax_details.items() if kind is not ProceedsType.DISCOUNT), ZERO)


def reconcile(order: Order, currency: str) -> Reconciled:
    """Given an order whose amounts are of one currency, return the reading that adds up.

    Raise CannotPrice (unreconciled-total) if none fits, if there are no amounts, or if there is tax and no total
    that could tell whether it comes on top. A replacement without amounts costs nothing.
    """
    _demand_amounts(order)
    rows = sheet_of(order.proceeds)
    hypotheses = list(_hypotheses(order))
    sheets = {
        displayed: tuple(item_sheet(item, displayed_price=displayed) for item in order.items)
        for displayed in {hypothesis.displayed_prices for hypothesis in hypotheses}
    }
    found = [_judge(order, rows, sheets[hypothesis.displayed_prices], hypothesis) for hypothesis in hypotheses]
    fitting = [one for one in found if one is not None]
    if not fitting:
        raise CannotPrice(_problem(order, "Amazon's amounts add up in no reading", rows, currency))
    deviation, best = min(fitting, key=lambda pair: pair[0])
    rivals = [
        one.hypothesis
        for other, one in fitting
        if other == deviation and one.hypothesis.order_rows is best.hypothesis.order_rows
    ]
    if best.reading is not Reading.NO_TAX and any(one.tax_on_top != best.hypothesis.tax_on_top for one in rivals):
        raise CannotPrice(_problem(order, "Amazon gives tax, but no total that tells if it is on top", rows, currency))
    return best


def _hypotheses(order: Order) -> Iterator[Hypothesis]:
    """The ways to read this order, the likelier first: a question that it does not raise has one answer."""
    all_rows = [*order.proceeds, *(row for item in order.items for row in item.proceeds)]
    details = {(row.type, kind) for row in all_rows for kind, _ in row.details}
    beside = any(
        of is ProceedsType.DISCOUNT and kind is not None and kind is not ProceedsType.ITEM for of, kind in details
    )
    before = (ProceedsType.TAX, ProceedsType.DISCOUNT) in details
    taxed = any(row.type is ProceedsType.TAX for row in all_rows)
    displayed = order.grand_total is not None and any(is_unpriced(item) for item in order.items)
    readings = tuple(OrderRows) if order.proceeds else (OrderRows.REPETITION,)
    answers = product(_either(displayed), readings, _either(taxed), _either(beside), _either(before))
    for priced, order_rows, inside, details_beside, tax_before in answers:
        yield Hypothesis(not inside, details_beside, tax_before, order_rows, priced)


def _either(asked: bool) -> tuple[bool, ...]:
    return (False, True) if asked else (False,)


def _judge(
    order: Order, rows: Sheet, sheets: tuple[Sheet, ...], hypothesis: Hypothesis
) -> tuple[Decimal, Reconciled] | None:
    """How far the sums are from Amazon's totals under a hypothesis, and the order so read, given the sheets of the
    order's rows and of its items. None: it does not fit."""
    deviation = total = ZERO
    for item, sheet in zip(order.items, sheets, strict=True):
        computed = hypothesis.total(sheet)
        stated = item.proceeds_total.amount if item.proceeds_total is not None else computed
        deviation = max(deviation, abs(computed - stated))
        total += stated
    extra = _extra(sheets, rows, hypothesis)
    if deviation > TOLERANCE or extra.discount < 0 or any(amount < 0 for amount in extra.amounts.values()):
        return None
    total += hypothesis.total(extra)
    if order.grand_total is not None:
        gap = abs(order.grand_total.amount - total)
        if gap > TOLERANCE * max(1, len(order.items)):
            return None
        deviation += gap
        total = order.grand_total.amount
    taxed = any(sheet.tax for sheet in (*sheets, extra))
    reading = Reading.TAX_ON_TOP if hypothesis.tax_on_top else Reading.TAX_INSIDE
    return deviation, Reconciled(sheets, extra, hypothesis, total, reading if taxed else Reading.NO_TAX)


def _extra(sheets: Sequence[Sheet], rows: Sheet, hypothesis: Hypothesis) -> Sheet:
    """What the order's rows hold beyond the items' rows. An ITEM belongs to an item and is never extra."""
    if hypothesis.order_rows is OrderRows.REPETITION:
        return Sheet()
    tip = rows.amounts.get(ProceedsType.DELIVERY_TIP)
    if hypothesis.order_rows is OrderRows.TIP_ALONE:
        return Sheet(amounts={} if tip is None else {ProceedsType.DELIVERY_TIP: tip})
    amounts = {
        kind: amount - sum((sheet.amounts.get(kind, ZERO) for sheet in sheets), ZERO)
        for kind, amount in rows.amounts.items()
        if kind is not ProceedsType.ITEM
    }
    tax = None if rows.tax is None else hypothesis.tax(rows) - sum((hypothesis.tax(sheet) for sheet in sheets), ZERO)
    reduction = ZERO
    if rows.discount or rows.discount_details:
        reduction = hypothesis.reduction(rows) - sum((hypothesis.reduction(sheet) for sheet in sheets), ZERO)
    return Sheet(
        amounts={kind: amount for kind, amount in amounts.items() if amount}, tax=tax or None, discount=reduction
    )


def _demand_amounts(order: Order) -> None:
    """Raise CannotPrice where there is nothing to go by; without a grand total each item must have amounts."""
    if order.grand_total is not None or order.replaces:
        return
    for number, item in enumerate(order.items):
        if is_unpriced(item) and item.quantity > 0:
            raise CannotPrice(
                Problem(
                    ProblemCode.UNRECONCILED_TOTAL,
                    f"Amazon gives neither a grand total nor the proceeds of orderItems[{number}]",
                    order.order_id,
                    "proceeds",
                )
            )


def _problem(order: Order, sentence: str, rows: Sheet, currency: str) -> Problem:
    of_items = sheet_of(row for item in order.items for row in item.proceeds)
    totals = [item.proceeds_total.amount for item in order.items if item.proceeds_total is not None]
    parts = (
        _figures("items", of_items),
        _figures("order", rows),
        f"sum of {len(totals)} proceedsTotal {sum(totals, ZERO)}" if totals else "no proceedsTotal",
        f"grandTotal {order.grand_total.amount}" if order.grand_total else "no grandTotal",
    )
    text = "; ".join(part for part in parts if part)
    return Problem(
        ProblemCode.UNRECONCILED_TOTAL, f"{sentence} ({currency}: {text})", order.order_id, "proceeds.grandTotal"
    )


def _figures(name: str, sheet: Sheet) -> str:
    parts = [f"{kind} {amount}" for kind, amount in sheet.amounts.items()]
    if sheet.tax is not None:
        parts.append(f"TAX {sheet.tax}")
    if sheet.discount:
        parts.append(f"DISCOUNT {sheet.discount}")
    return f"{name} {', '.join(parts)}" if parts else ""
