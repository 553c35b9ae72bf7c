"""Builders of Amazon orders that consist of money, and what must hold of every priced order."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from orderferry.domain.money import quantise
from orderferry.domain.orders import Address, Channel, Item, Money, Order, OrderStatus, Proceeds, ProceedsType
from orderferry.domain.pricing.price_order import price_order
from orderferry.domain.pricing.priced_order import Amount, PricedOrder, RateChoice, Rates, Rounding
from orderferry.domain.problems import Problem

MOMENT = datetime(2026, 11, 23, 6, tzinfo=UTC)
ORDER_ID = "402-1234567-1234567"
IT_22 = RateChoice(Decimal(22), "1")
IT_10 = RateChoice(Decimal(10), "2")
DE_19 = RateChoice(Decimal(19), "3")
SHOP_TAXES = (IT_22, IT_10, DE_19)


def money(amount: str | Decimal | int, currency: str = "EUR") -> Money:
    return Money(Decimal(amount), currency)


def pair(excl: str, incl: str) -> Amount:
    return Amount(Decimal(excl), Decimal(incl))


def row(kind: str, amount: str | Decimal, currency: str = "EUR", **details: str | Decimal) -> Proceeds:
    """One breakdown; a type that the API does not have becomes one that we do not know."""
    known = ProceedsType(kind) if kind in ProceedsType.__members__ else None
    split = tuple((ProceedsType(name), money(value, currency)) for name, value in details.items())
    return Proceeds(known, money(amount, currency), split, raw_type="" if known else kind)


def item(
    total: str | Decimal | None = None,
    *rows: Proceeds,
    quantity: int = 1,
    item_id: str = "1",
    currency: str = "EUR",
    **more: Any,
) -> Item:
    """An item with its proceedsTotal (None: missing) and breakdowns."""
    stated = None if total is None else money(total, currency)
    return Item(item_id, quantity, sku=f"SKU-{item_id}", proceeds_total=stated, proceeds=rows, **more)


def order(*items: Item, grand: str | Decimal | None = None, currency: str = "EUR", **more: Any) -> Order:
    """A regular order that is ready. Items are numbered unless they have other ids than "1"."""
    more.setdefault("delivery_address", Address(country="IT"))
    more.setdefault("marketplace_id", "APJ6JRA9NG5V4")
    return Order(
        order_id=ORDER_ID,
        created=MOMENT,
        updated=MOMENT,
        status=OrderStatus.UNSHIPPED,
        channel=Channel.REGULAR,
        items=items,
        grand_total=None if grand is None else money(grand, currency),
        **more,
    )


def eu_rates(default: RateChoice | None = IT_22, **more: Any) -> Rates:
    """Rates of an Italian shop for a delivery inside the EU: `default` for every item that is not in `by_item`."""
    by_item: Mapping[str, RateChoice | None] = more.pop("by_item", None) or {str(n): default for n in range(1, 60)}
    shipping = more.pop("shipping", default)
    more.setdefault("known", SHOP_TAXES)
    return Rates(by_item=by_item, shipping=shipping, prices_hold_tax=True, **more)


def export_rates(**more: Any) -> Rates:
    """Rates for a delivery outside the EU. The shop's own 22 % must not be used there."""
    by_item = {str(n): IT_22 for n in range(1, 60)}
    return Rates(by_item=by_item, shipping=IT_22, known=SHOP_TAXES, prices_hold_tax=False, **more)


def priced(one: Order, rates: Rates, rounding: Rounding | None = None) -> PricedOrder:
    """The priced order, its identities checked."""
    rounding = rounding or Rounding()
    result = price_order(one, rates, rounding)
    assert isinstance(result, PricedOrder), result
    check_identities(one, result, rounding)
    return result


def problem_of(one: Order, rates: Rates) -> Problem:
    result = price_order(one, rates, Rounding())
    assert isinstance(result, Problem), result
    return result


def check_identities(one: Order, result: PricedOrder, rounding: Rounding) -> None:
    """PrestaShop's identities (prestashop-order-writing, orders), and that no cent is lost."""
    assert sum((line.total for line in result.lines), result.shipping.amount + result.wrapping.amount) == result.total
    if one.grand_total is not None:
        assert result.total.incl == quantise(one.grand_total.amount, rounding.decimals, rounding.mode)
    unit = Decimal(1).scaleb(-rounding.decimals)
    for line in result.lines:
        assert line.promotion >= 0
        for value in (line.unit.excl, line.unit.incl, line.reduction.excl, line.reduction.incl):
            assert value == quantise(value, 6)
        close = Decimal("0.0000005") * line.quantity
        assert abs(line.unit.incl * line.quantity - line.total.incl) <= close
        assert abs(line.reduction.incl * line.quantity - line.promotion) <= close
        assert abs(line.unit.excl * line.quantity - line.total.excl) <= unit * line.quantity + close
        if line.tax_key:  # what an edit of the order computes the one price from the other by
            recomputed = line.unit.incl / (1 + line.rate / 100)
            assert (
                abs(line.unit.excl - recomputed) <= Decimal("0.000002")
                or abs(recomputed * line.quantity - line.total.excl) > unit * line.quantity
            )
    amounts = [result.total, *(line.total for line in result.lines)]
    for amount in amounts:
        assert amount.excl == quantise(amount.excl, rounding.decimals)
        assert amount.incl == quantise(amount.incl, rounding.decimals)
