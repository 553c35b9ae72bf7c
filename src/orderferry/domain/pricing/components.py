"""An order's money as components: what each item, its shipping, wrapping and fees cost, with their shares of discount
and tax.

What Amazon details of DISCOUNT and TAX goes where it says, the rest in proportion.

Amazon does not say whether ITEM is with or without tax, nor what the sign of DISCOUNT is, nor whether its subtotal
holds the discount on shipping. Each open question is one field of `Hypothesis`; all are tried, and
the hypothesis under which every proceedsTotal and the grand total add up best is the reading of the whole order.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from enum import Enum, auto
from itertools import product

from orderferry.domain.money import allocate
from orderferry.domain.orders import Order, ProceedsType
from orderferry.domain.pricing.priced_order import Reading
from orderferry.domain.pricing.proceeds import KINDS, ZERO, CannotPrice, Sheet, is_unpriced, item_sheet, sheet_of
from orderferry.domain.problems import Problem, ProblemCode


@dataclass(frozen=True, slots=True)
class Component:
    """One thing that is paid for, in the order's own reading (with tax inside or on top).

    `item` is the index of the order's item, None at the level of the order; `amount` before discount; `discount` not
    negative; `tax` what Amazon says is due on it after discount, None where it has no TAX row.
    """

    item: int | None
    kind: ProceedsType
    amount: Decimal
    discount: Decimal = ZERO
    tax: Decimal | None = None

    @property
    def rest(self) -> Decimal:
        """Return the amount after discount."""
        return self.amount - self.discount


def _components(sheets: Sequence[Sheet], extra: Sheet, hypothesis: Hypothesis) -> tuple[Component, ...]:
    """Return the components of the items in order, then those of the order (`extra`: what stands there alone).

    Their amounts, discounts and taxes sum to those of the sheets, exactly.
    """
    parts: list[Component] = []
    for index, sheet in enumerate(sheets):
        parts.extend(_cut(index, sheet, hypothesis))
    parts.extend(_cut(None, replace(extra, discount=ZERO, tax=None), hypothesis))
    if extra.discount:
        parts = _spread_discount(parts, extra.discount)
    if extra.tax:
        parts = _spread_tax(parts, extra.tax)
    return tuple(parts)


def _cut(item: int | None, sheet: Sheet, hypothesis: Hypothesis) -> list[Component]:
    kinds = [kind for kind in KINDS if kind in sheet.amounts]
    reduction = hypothesis.reduction(sheet)
    if not kinds and (item is not None or sheet.tax or reduction):
        kinds = [ProceedsType.ITEM]
    parts = [Component(item, kind, sheet.amounts.get(kind, ZERO)) for kind in kinds]
    if reduction:
        shares = _discount_shares(sheet, reduction, parts)
        parts = [replace(part, discount=share) for part, share in zip(parts, shares, strict=True)]
    if sheet.tax is not None:
        taxes = _tax_shares(sheet, hypothesis.tax(sheet), parts)
        parts = [replace(part, tax=share) for part, share in zip(parts, taxes, strict=True)]
    return parts


def _discount_shares(sheet: Sheet, reduction: Decimal, parts: Sequence[Component]) -> list[Decimal]:
    """Return the discount of each part: as detailed. What is not detailed goes to the part whose amount and tax
    by Amazon show it, else to the item first, then to the others.
    """
    detailed = [sheet.discount_details.get(part.kind, ZERO) for part in parts]
    if sum(detailed, ZERO) > reduction:
        return list(allocate(reduction, detailed, _decimals(reduction)))
    left = reduction - sum(detailed, ZERO)
    free = _paid_by(left, sheet, parts)
    if free is not None:
        return [share + (left if place == free else ZERO) for place, share in enumerate(detailed)]
    room = max(parts[0].amount - detailed[0], ZERO)
    to_first = min(left, room)
    shares = [detailed[0] + to_first, *detailed[1:]]
    left -= to_first
    rooms = [max(part.amount - share, ZERO) for part, share in zip(parts, shares, strict=True)]
    more = allocate(left, rooms, _decimals(left))
    return [share + extra for share, extra in zip(shares, more, strict=True)]


def _paid_by(discount: Decimal, sheet: Sheet, parts: Sequence[Component]) -> int | None:
    """Return the shipping (or fee) that an undetailed discount pays in full: it costs as much and alone has no tax."""
    if not discount or not sheet.tax or not sheet.tax_details:
        return None
    found = [
        place
        for place, part in enumerate(parts)
        if place and part.amount == discount and not sheet.tax_details.get(part.kind, ZERO)
    ]
    return found[0] if len(found) == 1 else None


def _tax_shares(sheet: Sheet, tax: Decimal, parts: Sequence[Component]) -> list[Decimal]:
    """Return the tax of each part: as detailed, less its share of the tax on the discount; the rest in proportion."""
    shares = [sheet.tax_details.get(part.kind, ZERO) for part in parts]
    on_discount = abs(sheet.tax_details.get(ProceedsType.DISCOUNT, ZERO))
    before = tax_before_discount(sheet)
    if on_discount and abs(before - on_discount - tax) < abs(before - tax):
        cuts = allocate(on_discount, [part.discount for part in parts], _decimals(on_discount))
        shares = [share - cut for share, cut in zip(shares, cuts, strict=True)]
    left = tax - sum(shares, ZERO)
    if not left:
        return shares
    bare = [part.rest if not share else ZERO for part, share in zip(parts, shares, strict=True)]
    weights = bare if any(weight > 0 for weight in bare) else [part.rest for part in parts]
    more = allocate(left, weights, _decimals(left))
    return [share + extra for share, extra in zip(shares, more, strict=True)]


def _spread_discount(parts: list[Component], discount: Decimal) -> list[Component]:
    """Return the parts with a discount of the whole order, spread over what is left to pay, but for a tip."""
    shares = allocate(discount, _taxable(parts), _decimals(discount))
    return [replace(part, discount=part.discount + share) for part, share in zip(parts, shares, strict=True)]


def _spread_tax(parts: list[Component], tax: Decimal) -> list[Component]:
    """Return the parts with the order's own tax, spread over the components of the order, else over all."""
    own = [part for part in parts if part.item is None]
    weights = _taxable(parts)
    if any(_taxable(own)):
        weights = [ZERO if part.item is not None else weight for part, weight in zip(parts, weights, strict=True)]
    shares = allocate(tax, weights, _decimals(tax))
    return [
        replace(part, tax=(part.tax or ZERO) + share) if share else part
        for part, share in zip(parts, shares, strict=True)
    ]


def _taxable(parts: Sequence[Component]) -> list[Decimal]:
    return [ZERO if part.kind is ProceedsType.DELIVERY_TIP else max(part.rest, ZERO) for part in parts]


def _decimals(amount: Decimal) -> int:
    """Return how many decimals Amazon's amount has, two at least, so that a share is never finer than the whole."""
    exponent = amount.normalize().as_tuple().exponent
    return min(max(2, -exponent), 8) if isinstance(exponent, int) else 2


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
        """Return the discount of a sheet."""
        if not self.discount_details_beside:
            return sheet.discount
        return sheet.discount + sum(
            (amount for kind, amount in sheet.discount_details.items() if kind is not ProceedsType.ITEM), ZERO
        )

    def tax(self, sheet: Sheet) -> Decimal:
        """Return the tax of a sheet after discount, 0 where there is none."""
        tax = sheet.tax or ZERO
        on_discount = abs(sheet.tax_details.get(ProceedsType.DISCOUNT, ZERO))
        before = tax_before_discount(sheet)
        included = abs(tax - before) <= TOLERANCE if not self.tax_on_top else self.tax_before_discount
        return before - on_discount if included and on_discount else tax

    def total(self, sheet: Sheet) -> Decimal:
        """Return what the buyer pays for a sheet."""
        tax = self.tax(sheet) if self.tax_on_top else ZERO
        return sheet.listed - self.reduction(sheet) + tax


def tax_before_discount(sheet: Sheet) -> Decimal:
    """Return the sum of a TAX row's details but for the one on the discount."""
    return sum((value for kind, value in sheet.tax_details.items() if kind is not ProceedsType.DISCOUNT), ZERO)


def reconcile(order: Order, currency: str) -> tuple[tuple[Component, ...], Decimal, Reading]:
    """Return the components of an order under the reading that adds up, what they sum to, and that reading. All its
    amounts are in one currency.

    Raise CannotPrice (unreconciled-total) if none fits, if there are no amounts, or if there is tax and no total
    that could show whether it comes on top. A replacement without amounts costs nothing.
    """
    _demand_amounts(order)
    rows = sheet_of(order.proceeds)
    hypotheses = list(_hypotheses(order))
    sheets = {
        displayed: tuple(item_sheet(item, displayed_price=displayed) for item in order.items)
        for displayed in {hypothesis.displayed_prices for hypothesis in hypotheses}
    }
    fitting = [
        (*found, hypothesis)
        for hypothesis in hypotheses
        if (found := _fit(order, rows, sheets[hypothesis.displayed_prices], hypothesis)) is not None
    ]
    if not fitting:
        raise CannotPrice(_problem(order, "Amazon's amounts add up in no reading", rows, currency))
    deviation, extra, total, best = min(fitting, key=lambda one: one[0])
    items = sheets[best.displayed_prices]
    if not any(sheet.tax for sheet in (*items, extra)):
        return _components(items, extra, best), total, Reading.NO_TAX
    rivals = [one for other, *_, one in fitting if other == deviation and one.order_rows is best.order_rows]
    if any(one.tax_on_top != best.tax_on_top for one in rivals):
        raise CannotPrice(_problem(order, "Amazon gives tax, but no total that tells if it is on top", rows, currency))
    return _components(items, extra, best), total, Reading.TAX_ON_TOP if best.tax_on_top else Reading.TAX_INSIDE


def _hypotheses(order: Order) -> Iterator[Hypothesis]:
    """Yield the ways to read this order, the likelier first: a question that it does not raise has one answer."""
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
    for priced, order_rows, on_top, details_beside, tax_before in answers:
        yield Hypothesis(on_top, details_beside, tax_before, order_rows, priced)


def _either(asked: bool) -> tuple[bool, ...]:
    return (False, True) if asked else (False,)


def _fit(
    order: Order, rows: Sheet, sheets: tuple[Sheet, ...], hypothesis: Hypothesis
) -> tuple[Decimal, Sheet, Decimal] | None:
    """Return how far the sums are from Amazon's totals under a hypothesis, what stands at the level of the order alone,
    and the total, given the sheets of the order's rows and of its items. None: it does not fit.
    """
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
    return deviation, extra, total


def _extra(sheets: Sequence[Sheet], rows: Sheet, hypothesis: Hypothesis) -> Sheet:
    """Return what the order's rows hold beyond the items' rows. An ITEM belongs to an item and is never extra."""
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
            message = f"Amazon gives neither a grand total nor the proceeds of orderItems[{number}]"
            raise CannotPrice(Problem(ProblemCode.UNRECONCILED_TOTAL, message, order.order_id, "proceeds"))


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
    message = f"{sentence} ({currency}: {text})"
    return Problem(ProblemCode.UNRECONCILED_TOTAL, message, order.order_id, "proceeds.grandTotal")


def _figures(name: str, sheet: Sheet) -> str:
    parts = [f"{kind} {amount}" for kind, amount in sheet.amounts.items()]
    if sheet.tax is not None:
        parts.append(f"TAX {sheet.tax}")
    if sheet.discount:
        parts.append(f"DISCOUNT {sheet.discount}")
    return f"{name} {', '.join(parts)}" if parts else ""
