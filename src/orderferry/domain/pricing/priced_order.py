"""Amazon's money in PrestaShop's terms: what `price_order` returns and the shop writes.

All amounts are in the order's currency, Decimal, rounded to the currency's decimals except unit prices (six decimals).
`excl`/`incl` are PrestaShop's tax_excl/tax_incl.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum

from orderferry.domain.money import quantise, smallest_unit
from orderferry.domain.orders import ProceedsType

ZERO = Decimal(0)
_HUNDRED = Decimal(100)
RATE_DECIMALS = 3  # tax.rate and orders.carrier_tax_rate are decimal(10,3)
UNIT_PRICE_DECIMALS = 6  # order_detail.unit_price_tax_incl is decimal(20,6)
FOREIGN = 5  # the rank from which a tax is another country's, though a rule may name it for the place of delivery


class Reading(StrEnum):
    """Which reading of Amazon's breakdown reconciles."""

    TAX_ON_TOP = "tax-on-top"  # ITEM is net, TAX comes on top
    TAX_INSIDE = "tax-inside"  # ITEM is gross, TAX is part of it
    NO_TAX = "no-tax"  # no TAX row: amounts are what the buyer paid


@dataclass(frozen=True, slots=True)
class Amount:
    """A pair of amounts without and with tax."""

    excl: Decimal = ZERO
    incl: Decimal = ZERO

    @property
    def tax(self) -> Decimal:
        """Return the difference of the two."""
        return self.incl - self.excl

    def __add__(self, other: Amount) -> Amount:
        return Amount(self.excl + other.excl, self.incl + other.incl)


@dataclass(frozen=True, slots=True)
class PricedLine:
    """One order_detail: what a buyer paid for some items of Amazon's, or for a fee.

    `kind` is ITEM, or which fee it is; `item_ids` are Amazon's items, none for a fee. `total` is what was paid,
    promotions already taken off; `promotion` is how much they took, with tax. `unit` and `reduction` are what one piece
    costs and what promotions took off it. `rate` in percent; `tax_key` is the id_tax that was chosen, '' when none fits
    (outside the EU only) or none applies.
    """

    kind: ProceedsType
    item_ids: tuple[str, ...]
    quantity: int
    total: Amount
    unit: Amount
    rate: Decimal
    tax_key: str = ""
    promotion: Decimal = ZERO
    reduction: Amount = Amount()


@dataclass(frozen=True, slots=True)
class TaxShare:
    """What of a charge bears one tax."""

    rate: Decimal
    tax_key: str
    amount: Amount


@dataclass(frozen=True, slots=True)
class PricedCharge:
    """Shipping or gift wrapping of the whole order: what was paid for it, and `promotion`, what was taken off.

    `rate` and `tax_key` are those of the largest share; `shares` sum to `amount`, one for each tax.
    """

    amount: Amount
    rate: Decimal
    tax_key: str = ""
    promotion: Decimal = ZERO
    shares: tuple[TaxShare, ...] = ()

    @property
    def effective_rate(self) -> Decimal:
        """Return the one rate from net to tax, so that an invoice's one line adds up where there are several."""
        if len(self.shares) < 2 or not self.amount.excl:
            return self.rate
        return quantise(self.amount.tax / self.amount.excl * _HUNDRED, RATE_DECIMALS)


@dataclass(frozen=True, slots=True)
class PricedOrder:
    """The order's money. Always: total.incl == Amazon's grand total, and Σ lines.total + shipping + wrapping == total,
    for excl and incl alike.
    """

    currency: str
    lines: tuple[PricedLine, ...]
    shipping: PricedCharge
    wrapping: PricedCharge
    total: Amount
    reading: Reading
    collected_by_amazon: bool = False
    tax_of_amazon: Decimal = ZERO  # the part of the tax in `total` that Amazon owes
    tax_beside: Decimal = ZERO  # tax that Amazon collects and that is no part of `total`


@dataclass(frozen=True, slots=True)
class RateChoice:
    """A tax of the shop: its rate in percent, and `key`, its id_tax as text ('' for no tax)."""

    rate: Decimal
    key: str = ""


@dataclass(frozen=True, slots=True)
class Rates:
    """What the shop and the configuration say of taxes for one order and its place of delivery.

    `by_item`: the rate for each item (None: no rate is known); `shipping` the one for the carrier, gift wrap and
    fees (None: take the rate of the largest line). `prices_hold_tax`: inside the EU's VAT, and where a shop outside of
    it sells at home; elsewhere a delivery has 0 % unless Amazon gives tax or `by_configuration`: `by_item` comes from
    `taxes.<COUNTRY>` or from a rule for that very territory.

    `known`: the taxes of the shop that Amazon's amounts may mean, and `ranks`, by key, how far one is from the place of
    delivery (0, and for one that is not there: its own; from FOREIGN on: another's). `legal`: the rates of the place by
    law, in percent, and `country` its code, for the sentence on what to create.

    `vat_by_amazon`: Amazon calculates the VAT, so that a tax of 0 is 0 %; `reverse_charge`: to a business of another
    member state. `collected_by_amazon`: the taxes under which tax owed by Amazon is booked, if configured.
    `seller_in_eu`: UOSS is the seller's own one-stop shop. `prices_without_tax`: the marketplace adds tax to its prices
    (the United States, Canada).
    """

    by_item: Mapping[str, RateChoice | None]
    shipping: RateChoice | None
    known: tuple[RateChoice, ...]
    prices_hold_tax: bool
    vat_by_amazon: bool = False
    missing_is_zero: bool = False
    collected_by_amazon: tuple[RateChoice, ...] = ()
    by_configuration: bool = False
    ranks: Mapping[str, int] = field(default_factory=dict)
    legal: tuple[Decimal, ...] = ()
    country: str = ""
    reverse_charge: bool = False
    seller_in_eu: bool = True
    prices_without_tax: bool = False


@dataclass(frozen=True, slots=True)
class Rounding:
    """The shop's rounding: currency decimals and PS_PRICE_ROUND_MODE (0 up, 1 down, 2 half up, 3 half down, 4 half
    even, 5 half odd)."""

    decimals: int = 2
    mode: int = 2


def make_line(
    kind: ProceedsType,
    item_ids: tuple[str, ...],
    quantity: int,
    total: Amount,
    *,
    rate: Decimal,
    tax_key: str,
    promotion: Decimal,
    rounding: Rounding,
) -> PricedLine:
    """Return a line with its unit prices: with tax the total by the quantity, net by the rate.

    PrestaShop computes an edited order from unit prices, the one from the other by the tax's rate: a net unit price
    that was rounded to the cent, or taken from the rounded total, would move the total then. Where the rate does not
    lead from the one total to the other (tax without a rate of its own) the net total decides.
    """
    each = total.incl / quantity
    net = each / (1 + rate / _HUNDRED)
    if abs(net * quantity - total.excl) > smallest_unit(rounding.decimals) * quantity:
        net = total.excl / quantity
    off = promotion / quantity
    return PricedLine(
        kind=kind,
        item_ids=item_ids,
        quantity=quantity,
        total=total,
        unit=_six(net, each),
        rate=rate,
        tax_key=tax_key,
        promotion=promotion,
        reduction=_six(off / (1 + rate / _HUNDRED), off),
    )


def join_lines(lines: Sequence[PricedLine], rounding: Rounding) -> PricedLine:
    """Return several lines of one product at one rate as the one line that they are in the shop, at the average price.

    PrestaShop gives every line of a product the price of its first one as soon as the order is edited.
    """
    first = lines[0]
    if len(lines) == 1:
        return first
    return make_line(
        first.kind,
        tuple(item_id for line in lines for item_id in line.item_ids),
        sum(line.quantity for line in lines),
        sum((line.total for line in lines), Amount()),
        rate=first.rate,
        tax_key=first.tax_key,
        promotion=sum((line.promotion for line in lines), ZERO),
        rounding=rounding,
    )


def _six(excl: Decimal, incl: Decimal) -> Amount:
    return Amount(quantise(excl, UNIT_PRICE_DECIMALS), quantise(incl, UNIT_PRICE_DECIMALS))
