"""An order's money cut into components: what each item, its shipping, wrapping and fees cost, with their own shares
of discount and tax.

Amazon details DISCOUNT and TAX by subtype, sometimes: what it details goes where it says, the rest in proportion.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from orderferry.domain.money import allocate
from orderferry.domain.orders import ProceedsType
from orderferry.domain.proceeds import KINDS, ZERO, Sheet
from orderferry.domain.reconcile import Reconciled, tax_before_discount


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
        """The amount after discount."""
        return self.amount - self.discount


def components_of(found: Reconciled) -> tuple[Component, ...]:
    """Given a reconciled order, return its components: those of the items in order, then those of the order.

    Their amounts, discounts and taxes sum to those of the sheets, exactly.
    """
    parts: list[Component] = []
    for index, sheet in enumerate(found.sheets):
        parts.extend(_cut(index, sheet, found))
    parts.extend(_cut(None, replace(found.extra, discount=ZERO, tax=None), found))
    if found.extra.discount:
        parts = _spread_discount(parts, found.extra.discount)
    if found.extra.tax:
        parts = _spread_tax(parts, found.extra.tax)
    return tuple(parts)


def _cut(item: int | None, sheet: Sheet, found: Reconciled) -> list[Component]:
    kinds = [kind for kind in KINDS if kind in sheet.amounts]
    reduction = found.hypothesis.reduction(sheet)
    if not kinds and (item is not None or sheet.tax or reduction):
        kinds = [ProceedsType.ITEM]
    parts = [Component(item, kind, sheet.amounts.get(kind, ZERO)) for kind in kinds]
    if reduction:
        shares = _discount_shares(sheet, reduction, parts)
        parts = [replace(part, discount=share) for part, share in zip(parts, shares, strict=True)]
    if sheet.tax is not None:
        taxes = _tax_shares(sheet, found.hypothesis.tax(sheet), parts)
        parts = [replace(part, tax=share) for part, share in zip(parts, taxes, strict=True)]
    return parts


def _discount_shares(sheet: Sheet, reduction: Decimal, parts: Sequence[Component]) -> list[Decimal]:
    """The discount of each part: as detailed; what is not detailed lowers what its amount and Amazon's tax betray, else
    the item first, then the rest."""
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
    """The shipping (or fee) that an undetailed discount pays in full: it costs just as much, and of all that is taxed
    it alone bears no tax."""
    if not discount or not sheet.tax or not sheet.tax_details:
        return None
    found = [
        place
        for place, part in enumerate(parts)
        if place and part.amount == discount and not sheet.tax_details.get(part.kind, ZERO)
    ]
    return found[0] if len(found) == 1 else None


def _tax_shares(sheet: Sheet, tax: Decimal, parts: Sequence[Component]) -> list[Decimal]:
    """The tax of each part: as detailed, less its share of the tax on the discount; the rest in proportion."""
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
    """A discount of the whole order lowers what is left to pay, in proportion, but for a tip."""
    shares = allocate(discount, _taxable(parts), _decimals(discount))
    return [replace(part, discount=part.discount + share) for part, share in zip(parts, shares, strict=True)]


def _spread_tax(parts: list[Component], tax: Decimal) -> list[Component]:
    """Tax that stands at the level of the order belongs to the components of the order, else to all of them."""
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
    """How many decimals Amazon's amount has, two at least, so that a share is never finer than the whole."""
    exponent = amount.normalize().as_tuple().exponent
    return min(max(2, -exponent), 8) if isinstance(exponent, int) else 2
