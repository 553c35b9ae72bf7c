"""What buyers put into their baskets: the mix of money that a European seller sees.

Most baskets are plain. The others bear what an importer trips over: shipping, gift wrap, discounts on items and on
shipping written with either sign, cash on delivery, two items of the same SKU, a delivery tip, a replacement at price
0, a Vine order with a 100 % promotion.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import lru_cache
from random import Random

from orderferry.domain.marketplaces import Marketplace, Region
from orderferry.simulator.catalog import CatalogItem, local_price
from orderferry.simulator.money import rounded
from orderferry.simulator.orders import ZERO, Line, TaxMode
from orderferry.simulator.tax_rates import STANDARD_RATES

# Shares of all orders.
_SEVERAL_ITEMS, _SAME_SKU_TWICE = 0.22, 0.01
_SHIPPING, _GIFT, _DISCOUNT, _SHIPPING_DISCOUNT, _COD = 0.25, 0.04, 0.08, 0.03, 0.01
_REPLACEMENT, _VINE = 0.004, 0.004
# Of the orders in Europe: how Amazon states their tax.
_EUROPE = ((0.55, TaxMode.INSIDE), (1.0, TaxMode.NONE))
_TAX_MODES = {Region.EU: _EUROPE, Region.NA: ((1.0, TaxMode.ON_TOP),), Region.FE: ((1.0, TaxMode.NONE),)}
_CLEAR = Decimal("0.50")  # how far the readings of a breakdown with a discount are kept apart


@dataclass(frozen=True, slots=True)
class Basket:
    """What is bought and how Amazon states it; the fields are those of SimulatedOrder."""

    lines: tuple[Line, ...]
    tax_mode: TaxMode
    tax_rate: Decimal
    discount_sign: int = -1
    payment_method: str = ""
    replaces_something: bool = False


def fill_basket(random: Random, market: Marketplace, country: str, catalog: Sequence[CatalogItem]) -> Basket:
    """Given a source of chance, the marketplace and the country of delivery, return a basket from the catalogue."""
    rate = STANDARD_RATES.get(country, STANDARD_RATES[market.code])
    chance = random.random()
    mode = next(mode for share, mode in _TAX_MODES[market.region] if chance < share)
    lines = _plain_lines(random, market, catalog)
    first = lines[0]
    lottery = random.random()
    if lottery < _REPLACEMENT:
        return Basket((replace(first, price=rounded(ZERO, market.currency)),), mode, rate, replaces_something=True)
    sign = random.choice((-1, 1))
    if lottery < _REPLACEMENT + _VINE:
        gift = replace(first, quantity=1, discount=first.price, promotion="VINE-ENROLLMENT")
        return Basket((gift,), mode, rate, sign)
    line, payment = _extras(random, market, first, mode, rate)
    return Basket((line, *lines[1:]), mode, rate, sign, payment)


@lru_cache(maxsize=65536)
def _plain_line(item: CatalogItem, currency: str, quantity: int) -> Line:
    """Plain lines are shared between orders: a month of a large shop must fit into memory."""
    return Line(item.sku, quantity, local_price(item.price, currency), item.title)


def _plain_lines(random: Random, market: Marketplace, catalog: Sequence[CatalogItem]) -> list[Line]:
    count = random.choice((2, 2, 2, 3, 4)) if random.random() < _SEVERAL_ITEMS else 1
    items = random.sample(catalog, min(count, len(catalog))) if count > 1 else [random.choice(catalog)]
    if random.random() < _SAME_SKU_TWICE:
        items.append(items[0])
    return [_plain_line(item, market.currency, random.choice((1, 1, 1, 1, 2, 3))) for item in items]


def _extras(random: Random, market: Marketplace, line: Line, mode: TaxMode, rate: Decimal) -> tuple[Line, str]:
    """The first line with what the lottery adds to it, and the method of payment."""
    currency = market.currency

    def local(euro: str) -> Decimal:
        """A price in euros, as the marketplace has it in its currency."""
        return local_price(Decimal(euro), currency)

    shipped = random.random() < _SHIPPING
    shipping = local(random.choice(("3.99", "4.90", "6.49"))) if shipped else ZERO
    wrapped = random.random() < _GIFT
    by_cash = market.code in ("IT", "ES", "PL", "JP") and random.random() < _COD
    reduced = random.random() < _DISCOUNT
    free_shipping = shipped and random.random() < _SHIPPING_DISCOUNT / _SHIPPING
    if not (shipped or wrapped or by_cash or reduced):
        return line, ""
    discount = rounded(line.price * line.quantity * random.choice((5, 10, 15, 20)) / 100, currency) if reduced else ZERO
    line = replace(
        line,
        shipping=shipping,
        shipping_discount=shipping if free_shipping else ZERO,
        discount=discount,
        promotion="SUMMER-SALE" if reduced or free_shipping else "",
        gift_wrap=local("3.50") if wrapped else ZERO,
        gift_message="Happy birthday! 🎂 <3" if wrapped else "",
        gift_wrap_level="STANDARD" if wrapped else "",
        cod_fee=local("2.90") if by_cash else ZERO,
    )
    return _told_apart(line, mode, rate), "CashOnDelivery" if by_cash else ""


def _told_apart(line: Line, mode: TaxMode, rate: Decimal) -> Line:
    """Take the discount of an order away whose tax happens to be about twice the discount.

    Then "tax on top, discount taken off" and "tax inside, discount added" give the same total: no importer could tell
    which is meant.
    """
    discount = line.discount + line.shipping_discount
    if not discount or mode not in (TaxMode.INSIDE, TaxMode.ON_TOP):
        return line
    paid = line.price * line.quantity + line.shipping + line.gift_wrap + line.cod_fee - discount
    tax = paid * rate / (100 if mode is TaxMode.ON_TOP else 100 + rate)
    if abs(tax - 2 * discount) > _CLEAR * max(line.quantity, 1):
        return line
    return replace(line, discount=ZERO, shipping_discount=ZERO, promotion="")
