"""Amazon's money in PrestaShop's terms: what `price_order` returns and the shop writes.

All amounts are in the order's currency, Decimal, rounded to the currency's decimals except unit prices (six decimals).
`excl`/`incl` are PrestaShop's tax_excl/tax_incl.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

ZERO = Decimal(0)


class Reading(StrEnum):
    """Which reading of Amazon's breakdown reconciles (sp-api-orders 4.3)."""

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
        """The difference of the two."""
        return self.incl - self.excl

    def __add__(self, other: Amount) -> Amount:
        return Amount(self.excl + other.excl, self.incl + other.incl)


@dataclass(frozen=True, slots=True)
class PricedLine:
    """One order_detail. `item_id` '' for a line of ours (COD fee, delivery tip, other charges): `label` names it.

    `total` is before order discounts, as PrestaShop has it; `tax_after_discount` is order_detail_tax.total_amount;
    `rate` in percent. `tax_key` is the id_tax that was chosen, '' when none fits (outside the EU only) or none applies.
    """

    item_id: str
    label: str
    quantity: int
    unit: Amount
    total: Amount
    rate: Decimal
    tax_after_discount: Decimal
    unit_tax_after_discount: Decimal
    tax_key: str = ""
    discount: Amount = Amount()  # this line's share of the order's discounts


@dataclass(frozen=True, slots=True)
class PricedCharge:
    """Shipping or gift wrapping of the whole order, before discounts; `discount` is its share of them."""

    amount: Amount
    rate: Decimal
    tax_key: str = ""
    discount: Amount = Amount()


@dataclass(frozen=True, slots=True)
class PricedOrder:
    """The order's money. Always: total.incl == Amazon's grand total, and
    Σ lines.total + shipping + wrapping − discounts == total, for excl and incl alike.
    """

    currency: str
    lines: tuple[PricedLine, ...]
    shipping: PricedCharge
    wrapping: PricedCharge
    discounts: Amount  # positive
    total: Amount
    reading: Reading
    collected_by_amazon: bool = False


@dataclass(frozen=True, slots=True)
class RateChoice:
    """A tax of the shop: its rate in percent, and `key`, its id_tax as text ('' for no tax)."""

    rate: Decimal
    key: str = ""


@dataclass(frozen=True, slots=True)
class Rates:
    """What the shop and the configuration say of taxes for one order and its country of delivery.

    `by_item`: the rate for each item (None: no rate is known); `shipping` the one for the carrier, gift wrap and
    fees (None: take the rate of the largest line). `known`: every tax of the shop, to find the one that Amazon's TAX
    amounts mean. `collected_by_amazon`: the tax under which tax owed by Amazon is booked, if configured.
    `by_configuration`: `by_item` comes from `taxes.<COUNTRY>`, so that it holds outside the EU, too (a seller who is
    registered there); else a delivery outside the EU has 0 % unless Amazon gives tax.
    """

    by_item: Mapping[str, RateChoice | None]
    shipping: RateChoice | None
    known: tuple[RateChoice, ...]
    inside_eu: bool
    vat_by_amazon: bool = False
    missing_is_zero: bool = False
    collected_by_amazon: RateChoice | None = None
    by_configuration: bool = False


@dataclass(frozen=True, slots=True)
class Rounding:
    """The shop's rounding: currency decimals and PS_PRICE_ROUND_MODE (0 up, 1 down, 2 half up, 3 half down, 4 half
    even, 5 half odd)."""

    decimals: int = 2
    mode: int = 2
