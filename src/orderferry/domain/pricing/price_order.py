"""Turn Amazon's money into PrestaShop's, to the cent.

The steps: one currency -> the reading that adds up (`reconcile`) -> components (`components`) -> the tax in each
(`tax_split`) -> rounded sums (`round_groups`) -> lines and charges as PrestaShop's tables hold them
(measured rows of orders, order_detail and order_detail_tax: tests/data/order_rows).

Each sum is rounded once, by the shop's mode. What rounding leaves between their sum and Amazon's total goes, a unit
each, to the sums that were rounded furthest from their exact value; a difference in Amazon's own figures goes to the
largest line. A moved cent changes net and gross alike, never the tax.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal, localcontext

from orderferry.domain.money import quantise, smallest_unit
from orderferry.domain.orders import Order, ProceedsType
from orderferry.domain.pricing.components import Component, reconcile
from orderferry.domain.pricing.priced_order import (
    Amount,
    PricedCharge,
    PricedLine,
    PricedOrder,
    RateChoice,
    Rates,
    Rounding,
    TaxShare,
    make_line,
)
from orderferry.domain.pricing.proceeds import KINDS, ZERO, CannotPrice, checked_currency
from orderferry.domain.pricing.tax_split import Part, TaxSplitter, families_of, is_collected_by_amazon
from orderferry.domain.problems import Problem, ProblemCode

_PRECISION = 60  # digits: thousands of the largest amounts sum exactly

# What the buyer also paid and PrestaShop has no field for: lines of their own.
FEES = frozenset({ProceedsType.COD_FEE, ProceedsType.OTHER, ProceedsType.DELIVERY_TIP, ProceedsType.GIFT_WRAP})


def price_order(
    order: Order, rates: Rates, rounding: Rounding, in_shipping: Collection[ProceedsType] = ()
) -> PricedOrder | Problem:
    """Return an order's money as PrestaShop keeps it, from the taxes that may apply and the shop's rounding.

    Fees and gift wrapping are lines, but for those kinds that are `in_shipping`: they are added to the shipping, and
    gift wrapping is the order's own total.

    Return a Problem instead: `unreconciled-total` if Amazon's amounts add up in no reading or are missing,
    `no-vat-rate` if a delivery inside the EU has tax that no tax of the shop explains or no rate at all, `bad-field`
    for amounts out of range, negative quantities and two currencies. Never raises.
    """
    with localcontext() as context:
        context.prec = _PRECISION
        try:
            return _price(order, rates, rounding, frozenset(in_shipping))
        except CannotPrice as refusal:
            return refusal.problem


def _price(order: Order, rates: Rates, rounding: Rounding, in_shipping: frozenset[ProceedsType]) -> PricedOrder:
    for number, item in enumerate(order.items):
        if item.quantity < 0:
            path = f"orderItems[{number}].quantityOrdered"
            raise CannotPrice(Problem(ProblemCode.BAD_FIELD, f"{path} is negative", order.order_id, path))
    currency = checked_currency(order)
    components, paid, reading = reconcile(order, currency)
    parts = TaxSplitter(order, currency, reading, rates, families_of(components)).split_all(components)
    total = quantise(paid, rounding.decimals, rounding.mode)
    rounded = round_groups(_groups(order, parts, total, in_shipping), total, rounding)
    charges = {one[0].kind: one for one in rounded if one[0].is_charge}
    return PricedOrder(
        currency=currency,
        lines=tuple(_line(order, one, rounding) for one in rounded if not one[0].is_charge),
        shipping=_charge(charges.get(ProceedsType.SHIPPING), rounding),
        wrapping=_charge(charges.get(ProceedsType.GIFT_WRAP), rounding),
        total=sum((paid for _, paid, _ in rounded), Amount()),
        reading=reading,
        collected_by_amazon=any(is_collected_by_amazon(item, seller_in_eu=rates.seller_in_eu) for item in order.items),
        tax_of_amazon=quantise(
            sum((part.paid - part.net for part in parts if part.owed_by_amazon), ZERO), rounding.decimals
        ),
        tax_beside=sum((part.beside for part in parts), ZERO),
    )


def _groups(
    order: Order, parts: Sequence[Part], total: Decimal, in_shipping: frozenset[ProceedsType]
) -> list[RoundingGroup]:
    """Return one group for each item that was bought, then one for each charge, and one for each kind and tax of
    fees.

    What is still charged for an item of quantity 0 (cancelled) is no product any more: it joins the other charges.
    """
    of_items: dict[int, list[Part]] = {index: [] for index, item in enumerate(order.items) if item.quantity}
    of_kinds: dict[tuple[ProceedsType, RateChoice | None], list[Part]] = {}

    def add(kind: ProceedsType, part: Part) -> None:
        if kind in in_shipping and kind is not ProceedsType.GIFT_WRAP:
            kind = ProceedsType.SHIPPING
        is_fee = kind in FEES - in_shipping
        of_kinds.setdefault((kind, RateChoice(part.rate, part.tax_key) if is_fee else None), []).append(part)

    for part in parts:
        component = part.component
        if component.kind is not ProceedsType.ITEM:
            add(component.kind, part)
        elif component.item in of_items:
            of_items[component.item].append(part)
        elif component.amount or component.discount or component.tax:
            add(ProceedsType.OTHER, part)
    groups = [RoundingGroup(ProceedsType.ITEM, tuple(some), index) for index, some in of_items.items() if some]
    kinds = sorted(of_kinds, key=lambda key: KINDS.index(key[0]))  # a fee's taxes in the order of their items
    groups += [RoundingGroup(kind, tuple(of_kinds[kind, tax]), is_charge=tax is None) for kind, tax in kinds]
    if not groups and total:
        nothing = Part(Component(None, ProceedsType.OTHER, ZERO), ZERO, ZERO, ZERO, ZERO, "")
        joined = ProceedsType.OTHER in in_shipping
        kind = ProceedsType.SHIPPING if joined else ProceedsType.OTHER
        groups.append(RoundingGroup(kind, (nothing,), is_charge=joined))
    return groups


def _line(order: Order, rounded: Rounded, rounding: Rounding) -> PricedLine:
    group, paid, promotion = rounded
    item = order.items[group.item] if group.item is not None else None
    return make_line(
        group.kind,
        (item.item_id,) if item else (),
        item.quantity if item else 1,
        paid,
        rate=group.main.rate,
        tax_key=group.main.tax_key,
        promotion=promotion,
        rounding=rounding,
    )


def _charge(rounded: Rounded | None, rounding: Rounding) -> PricedCharge:
    if rounded is None:
        return PricedCharge(Amount(), ZERO)
    group, paid, promotion = rounded
    return PricedCharge(paid, group.main.rate, group.main.tax_key, promotion, _shares(group, paid, rounding))


def _shares(group: RoundingGroup, paid: Amount, rounding: Rounding) -> tuple[TaxShare, ...]:
    """Return the amounts of a charge by tax, the largest first; it takes what rounding leaves."""
    by_tax: dict[RateChoice, list[Part]] = {}
    main = group.main
    for part in group.parts:
        if part.paid or part is main:
            by_tax.setdefault(RateChoice(part.rate, part.tax_key), []).append(part)
    first = RateChoice(main.rate, main.tax_key)
    others = [
        TaxShare(
            tax.rate,
            tax.key,
            Amount(
                quantise(sum((part.net for part in parts), ZERO), rounding.decimals, rounding.mode),
                quantise(sum((part.paid for part in parts), ZERO), rounding.decimals, rounding.mode),
            ),
        )
        for tax, parts in by_tax.items()
        if tax != first
    ]
    rest = paid
    for share in others:
        rest = Amount(rest.excl - share.amount.excl, rest.incl - share.amount.incl)
    return (TaxShare(first.rate, first.key, rest), *others)


@dataclass(frozen=True, slots=True)
class RoundingGroup:
    """Parts that become one line, or one charge (`is_charge`). `item`: the index of the order's item, if it has one."""

    kind: ProceedsType
    parts: tuple[Part, ...]
    item: int | None = None
    is_charge: bool = False

    @property
    def main(self) -> Part:
        """Return the largest part: its rate and tax stand for the group."""
        return max(self.parts, key=lambda part: (abs(part.paid), abs(part.gross)))


Rounded = tuple[RoundingGroup, Amount, Decimal]  # a group, what the buyer pays, what promotions took off (>= 0)


def round_groups(groups: Sequence[RoundingGroup], total: Decimal, rounding: Rounding) -> tuple[Rounded, ...]:
    """Return the rounded amounts of groups, whose sum is the grand total. Without a group `total` has to be 0."""
    moved = _moves(groups, total, rounding)
    return tuple(_round(group, move, rounding) for group, move in zip(groups, moved, strict=True))


def _moves(groups: Sequence[RoundingGroup], total: Decimal, rounding: Rounding) -> list[Decimal]:
    """Return what each group's rounded payment is moved by, so that their sum is `total`."""
    exact = [_sum(part.paid for part in group.parts) for group in groups]
    rounded = [quantise(value, rounding.decimals, rounding.mode) for value in exact]
    gap = total - sum(rounded, ZERO)
    unit = smallest_unit(rounding.decimals).copy_sign(gap)
    moves = [ZERO] * len(groups)
    lost = [value - near for value, near in zip(exact, rounded, strict=True)]
    for index in sorted(range(len(groups)), key=lambda one: -lost[one] * unit):
        if not gap or lost[index] * unit <= 0:
            break
        moves[index] = unit
        gap -= unit
    if gap:
        # the largest group; a line comes before shipping and wrapping
        largest = max(range(len(groups)), key=lambda one: (not groups[one].is_charge, abs(exact[one]), -one))
        moves[largest] += gap
    return moves


def _round(group: RoundingGroup, move: Decimal, rounding: Rounding) -> Rounded:
    """Return a group's amounts: payment and net rounded, and the promotion as the rounded price before it less them."""

    def rounded(value: Decimal) -> Decimal:
        return quantise(value, rounding.decimals, rounding.mode)

    paid = rounded(_sum(part.paid for part in group.parts))
    net = rounded(_sum(part.net for part in group.parts))
    promotion = ZERO
    if any(part.component.discount for part in group.parts):
        promotion = max(rounded(_sum(part.gross for part in group.parts)) - paid, ZERO)
    return group, Amount(net + move, paid + move), promotion


def _sum(values: Iterable[Decimal]) -> Decimal:
    return sum(values, ZERO)
