"""Amazon's published payloads, decoded, come out with the totals that stand in them and with complete addresses."""

from __future__ import annotations

from decimal import Decimal

import pytest

from orderferry.amazon.decode_order import decode_order
from orderferry.domain.marketplaces import MARKETPLACES
from orderferry.domain.money import currency_decimals
from orderferry.domain.orders import Order
from orderferry.domain.postal_address import postal_address
from orderferry.domain.pricing.priced_order import Rounding
from support.amazon_money import export_rates, priced
from support.amazon_side import sandbox_orders

TOTALS = {
    "250-1234567-8901234": ("JPY", "19940", 2),
    "202-7654321-1098765": ("GBP", "34.99", 1),
    "171-2345678-9012345": ("BRL", "1599.90", 1),
    "123-4567890-1234567": ("USD", "154.99", 3),
    "171-9876543-2109876": ("BRL", "299.90", 1),
    "028-1234567-8901234": ("TRY", "125.00", 1),
    "114-9876543-1234567": ("USD", "49.99", 1),
    "202-1234567-8901234": ("GBP", "103.97", 1),
}


def decoded(order_id: str) -> Order:
    order = decode_order(sandbox_orders()[order_id])
    assert isinstance(order, Order)
    return order


def test_all_of_them_are_here() -> None:
    assert set(TOTALS) == set(sandbox_orders())


@pytest.mark.parametrize("order_id", TOTALS)
def test_total(order_id: str) -> None:
    currency, total, lines = TOTALS[order_id]
    result = priced(decoded(order_id), export_rates(), Rounding(decimals=currency_decimals(currency)))
    assert (result.currency, str(result.total.incl), len(result.lines)) == (currency, total, lines)


@pytest.mark.parametrize("order_id", TOTALS)
def test_address(order_id: str) -> None:
    order = decoded(order_id)
    assert order.delivery_address is not None
    home = next(place.code for place in MARKETPLACES if place.id == order.marketplace_id)
    result = postal_address(order.delivery_address, fallback_name="", marketplace_country="IT")
    assert not result.placeholders
    assert result.country == home
    assert result.address1 == order.delivery_address.lines[0]
    assert result.postcode == order.delivery_address.postal_code


def test_taxes_of_the_british_example() -> None:
    result = priced(decoded("202-1234567-8901234"), export_rates())
    assert (result.lines[0].total.tax, result.shipping.amount.tax) == (Decimal("3.00"), Decimal("1.00"))
