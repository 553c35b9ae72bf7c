"""Amazon's money in PrestaShop's terms: what `price_order` returns and the shop writes.

All amounts are in the order's currency, Decimal, rounded to the currency's decimals except unit prices (six decimals).
`excl`/`incl` are PrestaShop's tax_excl/tax_incl.
"""

from __future__ import annotations

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
        return self.incl - self.excl

    def __add__(self, other: Amount) -> Amount:
        return Amount(self.excl + other.excl, self.incl + other.incl)


@dataclass(frozen=True, slots=True)
class PricedLine:
    """One order_detail. `item_id` '' for a line of ours (COD fee, delivery tip, other charges): `label` names it.

    `total` is before order discounts, as PrestaShop has it; `tax_after_discount` is order_detail_tax.total_amount;
    `rate` in percent; `rate_known` False: Amazon's tax amounts fit no rate of the shop (outside the EU only).
    """

    item_id: str
    label: str
    quantity: int
    unit: Amount
    total: Amount
    rate: Decimal
    tax_after_discount: Decimal
    unit_tax_after_discount: Decimal
    tax_key: str = ""  # which of the given rates was taken: the key of the rate table's entry


@dataclass(frozen=True, slots=True)
class PricedCharge:
    """Shipping or gift wrapping of the whole order."""

    amount: Amount
    rate: Decimal
    tax_key: str = ""


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
