"""Arithmetic of money: decimals of currencies, PrestaShop's rounding modes, and shares that lose no cent."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_DOWN, ROUND_HALF_EVEN, ROUND_HALF_UP, Decimal
from functools import cache

# ISO 4217 minor units that are not two, of the currencies that Amazon or a shop of the region may use.
_DECIMALS = {
    **dict.fromkeys(("BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "VND", "VUV"), 0),
    **dict.fromkeys(("XAF", "XOF", "XPF"), 0),
    **dict.fromkeys(("BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"), 3),
}

# PS_PRICE_ROUND_MODE: 0 up, 1 down, 2 half up, 3 half down, 4 half even; 5 (half odd) is not one of decimal's.
_HALF_ODD = 5
_MODES = {0: ROUND_CEILING, 1: ROUND_FLOOR, 3: ROUND_HALF_DOWN, 4: ROUND_HALF_EVEN}  # every other one: half up


def currency_decimals(currency: str) -> int:
    """Return how many decimals the amounts of an ISO 4217 currency have; two for a code that we do not know."""
    return _DECIMALS.get(currency.upper(), 2)


@cache
def smallest_unit(decimals: int) -> Decimal:
    """Return the smallest amount, given a number of decimals: 0.01 for 2, 1 for 0."""
    return Decimal(1).scaleb(-decimals)


def quantise(value: Decimal, decimals: int, mode: int = 2) -> Decimal:
    """Return an amount with `decimals` decimals, rounded by PrestaShop's PS_PRICE_ROUND_MODE.

    Modes 0 and 1 go to plus and minus infinity, as PrestaShop's ceil and floor do; an unknown mode is half up, which
    is PrestaShop's default.
    """
    unit = smallest_unit(decimals)
    if mode != _HALF_ODD:
        return value.quantize(unit, rounding=_MODES.get(mode, ROUND_HALF_UP))
    lower = value.quantize(unit, rounding=ROUND_FLOOR)
    if value - lower == unit / 2:
        lower_is_odd = (lower / unit) % 2 != 0
        return lower if lower_is_odd else lower + unit
    return value.quantize(unit, rounding=ROUND_HALF_UP)


def net_at_higher_rate(net: Decimal, tax: Decimal, low: Decimal, high: Decimal) -> Decimal | None:
    """Return the part of a net amount that bears the higher of two rates (in percent); None where no part fits."""
    if low >= high:
        return None
    part = (100 * tax - net * low) / (high - low)
    return part if 0 <= part <= net else None


def allocate(total: Decimal, weights: Sequence[Decimal], decimals: int) -> tuple[Decimal, ...]:
    """Return the shares, given an amount and one weight a share: in proportion, whole units, their sum exactly
    `total`.

    The units that proportion leaves over go to the largest remainders, the first of equals. What `total` has beyond
    `decimals` decimals stays with the largest share. Weights below zero count as zero; all zero: the first share
    takes everything. No weights: no shares.
    """
    if not weights:
        return ()
    unit = smallest_unit(decimals)
    positive = [max(weight, Decimal(0)) for weight in weights]
    whole = sum(positive, Decimal(0))
    if whole == 0:
        return (total, *(Decimal(0) for _ in weights[1:]))
    exact = [total * weight / whole for weight in positive]
    shares = [share.quantize(unit, rounding=ROUND_FLOOR) for share in exact]
    left = int(((total - sum(shares)) / unit).to_integral_value(rounding=ROUND_FLOOR))
    by_remainder = sorted(range(len(shares)), key=lambda index: shares[index] - exact[index])
    for index in by_remainder[:left]:
        shares[index] += unit
    largest = max(range(len(positive)), key=lambda index: positive[index])
    shares[largest] += total - sum(shares)
    return tuple(shares)
