"""Rounding as PrestaShop does it, and shares without loss."""

from __future__ import annotations

from decimal import Decimal

import pytest

from orderferry.domain.money import allocate, currency_decimals, net_at_higher_rate, quantise, smallest_unit

# PS_PRICE_ROUND_MODE: 0 up, 1 down, 2 half up, 3 half down, 4 half even, 5 half odd.
TO_TWO_DECIMALS = {
    "1.001": ("1.01", "1.00", "1.00", "1.00", "1.00", "1.00"),
    "1.005": ("1.01", "1.00", "1.01", "1.00", "1.00", "1.01"),
    "1.015": ("1.02", "1.01", "1.02", "1.01", "1.02", "1.01"),
    "1.0151": ("1.02", "1.01", "1.02", "1.02", "1.02", "1.02"),
    "1.009": ("1.01", "1.00", "1.01", "1.01", "1.01", "1.01"),
    "1.00": ("1.00",) * 6,
    "-1.005": ("-1.00", "-1.01", "-1.01", "-1.00", "-1.00", "-1.01"),
    "-1.015": ("-1.01", "-1.02", "-1.02", "-1.01", "-1.02", "-1.01"),
}


@pytest.mark.parametrize("mode", range(6))
@pytest.mark.parametrize("value", TO_TWO_DECIMALS)
def test_rounding_modes(value: str, mode: int) -> None:
    assert str(quantise(Decimal(value), 2, mode)) == TO_TWO_DECIMALS[value][mode]


def test_half_odd_without_decimals() -> None:
    assert [quantise(Decimal(value), 0, 5) for value in ("0.5", "1.5", "2.5")] == [1, 1, 3]


@pytest.mark.parametrize(
    ("total", "weights", "decimals", "shares"),
    [
        pytest.param("1.00", ("1", "1", "1"), 2, ("0.34", "0.33", "0.33"), id="a cent to the first of equals"),
        pytest.param("1.00", ("1", "2"), 2, ("0.33", "0.67"), id="the largest remainder"),
        pytest.param("-1.00", ("1", "2"), 2, ("-0.33", "-0.67"), id="negative"),
        pytest.param("5", ("1", "1"), 0, ("3", "2"), id="no decimals"),
        pytest.param("1.00", ("0", "0"), 2, ("1.00", "0"), id="no weight at all"),
        pytest.param("1.00", ("-5", "1"), 2, ("0.00", "1.00"), id="a negative weight is none"),
        pytest.param("1.005", ("1", "3"), 2, ("0.25", "0.755"), id="what is finer than a cent stays with the largest"),
        pytest.param("1.00", (), 2, (), id="no shares"),
    ],
)
def test_allocate(total: str, weights: tuple[str, ...], decimals: int, shares: tuple[str, ...]) -> None:
    result = allocate(Decimal(total), [Decimal(weight) for weight in weights], decimals)
    assert result == tuple(Decimal(share) for share in shares)


@pytest.mark.parametrize(
    ("currencies", "decimals"),
    [
        ("EUR XXX", 2),
        ("jpy", 0),
        ("BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX VND VUV XAF XOF XPF", 0),
        ("BHD IQD JOD KWD LYD OMR TND", 3),
    ],
)
def test_currency_decimals(currencies: str, decimals: int) -> None:
    assert {currency_decimals(currency) for currency in currencies.split()} == {decimals}
    assert currency_decimals("") == 2


@pytest.mark.parametrize(("decimals", "unit"), [(0, "1"), (2, "0.01"), (6, "0.000001")])
def test_smallest_unit(decimals: int, unit: str) -> None:
    assert smallest_unit(decimals) == Decimal(unit)


def test_a_shop_rounds_half_up_unless_it_says_otherwise() -> None:
    assert [str(quantise(Decimal("1.005"), 2)), str(quantise(Decimal("1.005"), 2, 99))] == ["1.01", "1.01"]


@pytest.mark.parametrize(
    ("net", "tax", "low", "high", "part"),
    [
        pytest.param("200", "32", "10", "22", "100", id="half and half"),
        pytest.param("200", "20", "10", "22", "0", id="nothing at the higher rate"),
        pytest.param("200", "44", "10", "22", "200", id="all at the higher rate"),
        pytest.param("200", "19", "10", "22", None, id="less than all at the lower rate"),
        pytest.param("200", "45", "10", "22", None, id="more than all at the higher rate"),
        pytest.param("200", "20", "10", "10", None, id="one rate"),
        pytest.param("200", "20", "22", "10", None, id="the rates the wrong way round"),
        pytest.param("4", "0.445", "10", "22", "0.375", id="less than one"),
    ],
)
def test_the_part_of_a_net_amount_at_the_higher_of_two_rates(
    net: str, tax: str, low: str, high: str, part: str | None
) -> None:
    found = net_at_higher_rate(*map(Decimal, (net, tax, low, high)))
    assert found == (None if part is None else Decimal(part))
