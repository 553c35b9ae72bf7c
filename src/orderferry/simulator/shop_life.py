"""Weeks in the life of a shop at Amazon: orders as they come in, are held back, ship late and are cancelled.

    world = generate(seed=7, start=moment, days=14, orders_per_day=120, marketplaces=("IT", "DE", "FR"))

The same arguments give the same world. A month of 20,000 orders a day is made in a minute or two. Most baskets are
plain. The others have what importers get wrong: shipping, gift wrap, discounts on items and on shipping written with
either sign, cash on delivery, two items of the same SKU, a delivery tip, a replacement at price 0, a Vine order with a
100 % promotion.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from functools import cache
from random import Random
from typing import Any

from orderferry.domain.marketplaces import Marketplace, Region, find_marketplace
from orderferry.domain.orders import Channel
from orderferry.simulator.catalog import DEMO_CATALOG, STANDARD_RATES, CatalogItem, local_price
from orderferry.simulator.money import rounded
from orderferry.simulator.orders import (
    PLACED,
    ZERO,
    Business,
    Event,
    EventKind,
    Line,
    SimulatedOrder,
    TaxMode,
    invent_order_id,
)
from orderferry.simulator.world import World

# Shares of all orders.
_SEVERAL_ITEMS, _SAME_SKU_TWICE = 0.22, 0.01
_SHIPPING, _GIFT, _DISCOUNT, _SHIPPING_DISCOUNT, _COD = 0.25, 0.04, 0.08, 0.03, 0.01
_REPLACEMENT, _VINE = 0.004, 0.004
# Of the orders in Europe: how Amazon states their tax.
_EUROPE = ((0.55, TaxMode.INSIDE), (1.0, TaxMode.NONE))
_TAX_MODES = {Region.EU: _EUROPE, Region.NA: ((1.0, TaxMode.ON_TOP),), Region.FE: ((1.0, TaxMode.NONE),)}
_CLEAR = Decimal("0.50")  # how far the readings of a breakdown with a discount are kept apart


def _happens(random: Random, share: float) -> bool:
    """Return whether something happens that happens to this share of orders."""
    return random.random() < share


def _basket(
    random: Random, market: Marketplace, country: str, catalog: Sequence[CatalogItem], order_id: str
) -> dict[str, Any]:
    """Return what is bought at random from the catalogue and how Amazon states it, by the fields of SimulatedOrder."""
    rate = STANDARD_RATES.get(country, STANDARD_RATES[market.code])
    chance = random.random()
    mode = next(mode for share, mode in _TAX_MODES[market.region] if chance < share)
    lines = _plain_lines(random, market, catalog)
    first = lines[0]
    taxed: dict[str, Any] = {"tax_mode": mode, "tax_rate": rate}
    chance_of_kind = random.random()
    if chance_of_kind < _REPLACEMENT:
        another_id = f"{order_id[:-1]}{(int(order_id[-1]) + 1) % 10}"
        return {**taxed, "lines": (replace(first, price=rounded(ZERO, market.currency)),), "replaces": another_id}
    taxed["discount_sign"] = random.choice((-1, 1))
    if chance_of_kind < _REPLACEMENT + _VINE:
        gift = replace(first, quantity=1, discount=first.price, promotion="VINE-ENROLLMENT")
        return {**taxed, "lines": (gift,)}
    line, payment = _extras(random, market, first, mode, rate)
    return {**taxed, "lines": (line, *lines[1:]), "payment_method": payment}


@cache
def _plain_line(item: CatalogItem, currency: str, quantity: int) -> Line:
    """Return a plain line, shared between orders: a month of a large shop must fit into memory."""
    return Line(item.sku, quantity, local_price(item.price, currency), item.title)


def _plain_lines(random: Random, market: Marketplace, catalog: Sequence[CatalogItem]) -> list[Line]:
    count = random.choice((2, 2, 2, 3, 4)) if _happens(random, _SEVERAL_ITEMS) else 1
    items = random.sample(catalog, min(count, len(catalog)))
    if _happens(random, _SAME_SKU_TWICE):
        items.append(items[0])
    return [_plain_line(item, market.currency, random.choice((1, 1, 1, 1, 2, 3))) for item in items]


def _extras(random: Random, market: Marketplace, line: Line, mode: TaxMode, rate: Decimal) -> tuple[Line, str]:
    """Return the first line with what chance adds to it, and the method of payment."""
    currency = market.currency

    def local(euro: str) -> Decimal:
        return local_price(Decimal(euro), currency)

    shipped = _happens(random, _SHIPPING)
    shipping = local(random.choice(("3.99", "4.90", "6.49"))) if shipped else ZERO
    wrapped = _happens(random, _GIFT)
    by_cash = market.code in ("IT", "ES", "PL", "JP") and _happens(random, _COD)
    reduced = _happens(random, _DISCOUNT)
    free_shipping = shipped and _happens(random, _SHIPPING_DISCOUNT / _SHIPPING)
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
    if abs(tax - 2 * discount) > _CLEAR * line.quantity:
        return line
    return replace(line, discount=ZERO, shipping_discount=ZERO, promotion="")


_MINUTE, _HOUR, _DAY = 60, 3600, 86400
# Orders by hour, from the one in which the world begins: some are quiet (nights), some are not (evenings).
_HOURS = (2, 1, 1, 1, 1, 2, 4, 6, 8, 9, 10, 10, 10, 9, 9, 9, 9, 10, 12, 14, 14, 12, 8, 4)
# Shares of the regular orders; the rest is verified within half an hour and shipped.
_HELD, _CANCELLED_PENDING, _CANCELLED_LATER = 0.04, 0.015, 0.02
_CANCEL_REQUESTED, _ITEM_CANCELLED, _ADDRESS_CORRECTED, _IN_PARTS = 0.01, 0.05, 0.01, 0.3
# Shares of the FBA orders: pending until shipped (Amazon gathers the items); cancelled.
_FBA_PENDING, _FBA_CANCELLED = 0.3, 0.03
_BUSINESS, _PRIME, _TIP = 0.06, 0.25, 0.003
_NEIGHBOURS = {"DE": "AT", "FR": "BE", "IT": "FR", "ES": "PT", "NL": "BE", "BE": "LU", "GB": "IE"}
_COMPANIES = ("Müller & Söhne GmbH", "Studio Legale Bianchi", "Atelier L'Écrou SARL", "O'Neill Supplies Ltd")


def generate(
    seed: int,
    start: datetime,
    days: int,
    orders_per_day: int,
    marketplaces: Sequence[str] = ("DE", "IT", "FR", "ES"),
    *,
    skus: Sequence[CatalogItem] = DEMO_CATALOG,
    fba_share: float = 0.25,
    abroad_share: float = 0.03,
) -> World:
    """Return a world of orders from a seed, the first moment (aware), how long and how much.

    `marketplaces` are country codes; a share of their orders goes to a neighbouring country. What happens to the last
    orders may lie after the end: the clock decides how much of it Amazon shows. Raise ValueError for an unknown code.
    """
    random = Random(seed)
    markets = tuple(map(_market, marketplaces))
    start = start.replace(microsecond=0)
    hours = random.choices(range(24), _HOURS, k=days * orders_per_day)

    def orders() -> Iterator[SimulatedOrder]:
        for number, hour in enumerate(hours):
            market = random.choice(markets)
            country = _NEIGHBOURS.get(market.code, "") if _happens(random, abroad_share) else ""
            channel = Channel.FBA if _happens(random, fba_share) else Channel.REGULAR
            own_id = invent_order_id(market.code, number, seed)
            basket = _basket(random, market, country or market.code, skus, own_id)
            hour_begins = start + timedelta(days=number // orders_per_day, hours=hour)
            business = _business(random, country or market.code) if _happens(random, _BUSINESS) else None
            prime = _happens(random, _PRIME)
            yield SimulatedOrder(
                order_id=own_id,
                marketplace=market.code,
                placed=hour_begins + timedelta(seconds=int(random.random() * _HOUR)),
                events=_LIVES[channel](random, basket["lines"]),
                channel=channel,
                country=country,
                tip=local_price(Decimal(2), market.currency) if _happens(random, _TIP) else ZERO,
                programs=(*(("AMAZON_BUSINESS",) if business else ()), *(("PRIME",) if prime else ())),
                service_level=random.choice(("NEXT_DAY", "SECOND_DAY")) if prime else "STANDARD",
                business=business,
                **basket,
            )

    return World(orders())


def _market(code: str) -> Marketplace:
    market = find_marketplace(code)
    if market is None:
        raise ValueError(f"{code!r} is no marketplace of Amazon's")
    return market


def _business(random: Random, country: str) -> Business:
    order_number = f"PO-{random.randrange(10000)}" if _happens(random, 0.5) else ""
    vat_number = f"{country}{random.randrange(10**9):09d}" if _happens(random, 0.5) else ""
    return Business(random.choice(_COMPANIES), order_number, vat_number)


@cache
def _event(kind: EventKind, after: int) -> Event:
    """Return an event, shared between orders: a month of a large shop must fit into memory."""
    return Event(kind, after)


def _between(random: Random, least: int, most: int) -> int:
    """Return a time of life in whole minutes, so that equal events can be shared."""
    return int(least + random.random() * (most - least)) // _MINUTE * _MINUTE


def _regular_life(random: Random, lines: Sequence[Line]) -> tuple[Event, ...]:
    """Return a regular order's events: verified, shipped, delivered.

    It is verified within half an hour, or held for days, or cancelled; it is shipped at once, or in parts.
    """
    chance = random.random()
    if chance < _CANCELLED_PENDING:
        return PLACED, _cancelled(random, _between(random, 20 * _MINUTE, 6 * _DAY))
    held = chance < _CANCELLED_PENDING + _HELD
    verified = _between(random, 2 * _DAY, 9 * _DAY) if held else _between(random, 3 * _MINUTE, 30 * _MINUTE)
    released = (PLACED, _event(EventKind.VERIFIED, verified))
    shipped = verified + _between(random, 4 * _HOUR, 2 * _DAY)
    if _happens(random, _CANCELLED_LATER):
        return *released, _cancelled(random, _between(random, verified, shipped))
    between = _incidents(random, lines, verified, shipped)
    delivered = _event(EventKind.DELIVERED, shipped + _between(random, _DAY, 4 * _DAY))
    return *released, *between, _event(EventKind.SHIPPED, shipped), delivered


def _incidents(random: Random, lines: Sequence[Line], verified: int, shipped: int) -> tuple[Event, ...]:
    """Return what happens between release and shipping: at most one event."""
    moment = _between(random, verified + _HOUR, shipped)
    if _happens(random, _CANCEL_REQUESTED):
        return (Event(EventKind.CANCEL_REQUESTED, moment, reason="Ordered by mistake"),)
    if _happens(random, _ADDRESS_CORRECTED):
        return (Event(EventKind.ADDRESS_CORRECTED, moment, changes=(("addressLine2", "Staircase B, 3rd floor"),)),)
    if (len(lines) > 1 or lines[0].quantity > 1) and not lines[-1].discount and _happens(random, _ITEM_CANCELLED):
        one_of_the_last = ((len(lines) - 1, 1),)
        return (Event(EventKind.ITEM_CANCELLED, moment, quantities=one_of_the_last, by="MERCHANT", reason="Sold out"),)
    if len(lines) > 1 and _happens(random, _IN_PARTS):
        return (Event(EventKind.SHIPPED, moment, quantities=((0, lines[0].quantity),)),)
    return ()


def _fba_life(random: Random, lines: Sequence[Line]) -> tuple[Event, ...]:
    """Return an FBA order's events: shipped hours to four days after placing, orders of several items later.

    Some stay pending until then.
    """
    if _happens(random, _FBA_CANCELLED):
        return PLACED, _cancelled(random, _between(random, 20 * _MINUTE, 2 * _DAY))
    longest = 4 * _DAY if len(lines) > 1 else 2 * _DAY
    shipped = _between(random, 2 * _HOUR, longest)
    if _happens(random, _FBA_PENDING):
        return PLACED, _event(EventKind.SHIPPED, shipped)
    verified = _between(random, 3 * _MINUTE, 40 * _MINUTE)
    return PLACED, _event(EventKind.VERIFIED, verified), _event(EventKind.SHIPPED, shipped)


def _cancelled(random: Random, after: int) -> Event:
    by = random.choice(("BUYER", "AMAZON"))
    return Event(EventKind.CANCELLED, after, by=by, reason="Buyer changed mind" if by == "BUYER" else "Payment failed")


_LIVES = {Channel.REGULAR: _regular_life, Channel.FBA: _fba_life}
