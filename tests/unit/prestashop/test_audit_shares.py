"""An order's total by rate, as `compare` reads it from the shop's rows."""

from __future__ import annotations

from decimal import Decimal

import pytest

from orderferry.domain.compared_orders import RateShare
from orderferry.prestashop.auditing import whole_shares
from orderferry.prestashop.writing.apply_state import two_taxes

Told = tuple[str | None, str, str]  # rate, gross, tax


def share(rate: str | None, gross: str, tax: str) -> RateShare:
    return RateShare(Decimal(rate) if rate else None, Decimal(gross), Decimal(tax))


@pytest.mark.parametrize(
    ("lines", "shipping", "rate", "expected"),
    [
        ([("22", "12.20", "2.20")], ("6.10", "5.00"), "22.000", [("22", "18.30", "3.30")]),
        (
            [("22", "12.20", "2.20"), ("4", "10.40", "0.40")],
            ("5.04", "4.50"),
            "12.000",
            [("22", "14.64", "2.64"), ("4", "13.00", "0.50")],
        ),
        (
            [("22", "12.20", "2.20"), (None, "5.00", "0.00")],
            ("6.22", "6.00"),
            "3.667",
            [("22", "13.42", "2.42"), (None, "10.00", "0.00")],
        ),
        (
            [("22", "12.20", "2.20"), ("4", "10.40", "0.40")],
            ("13.00", "10.00"),
            "30.000",
            [("22", "12.20", "2.20"), ("4", "10.40", "0.40"), ("30", "13.00", "3.00")],
        ),
    ],
    ids=["one rate", "two rates", "one of them 0 %", "a rate of its own"],
)
def test_shipping_at_two_rates_stands_under_both(
    lines: list[Told], shipping: tuple[str, str], rate: str, expected: list[Told]
) -> None:
    some = [share(*line) for line in lines]
    gross = sum((one.gross for one in some), Decimal(shipping[0]))
    tax = sum((one.tax for one in some), Decimal(shipping[0]) - Decimal(shipping[1]))
    row = {
        "total_shipping_tax_incl": shipping[0],
        "total_shipping_tax_excl": shipping[1],
        "carrier_tax_rate": rate,
        "total_paid": gross,
        "total_paid_tax_excl": gross - tax,
    }
    found = whole_shares(row, some)

    assert sum(one.gross for one in found) == gross
    assert sum(one.tax for one in found) == tax
    assert set(found) == {share(*one) for one in expected}


def test_an_invoice_that_is_drawn_later_finds_both_taxes_of_the_shipping() -> None:
    both = {1: Decimal(22), 2: Decimal(4)}

    assert two_taxes(Decimal("4.50"), Decimal("0.54"), both) == [(1, Decimal("0.44")), (2, Decimal("0.10"))]
    assert two_taxes(Decimal("6.00"), Decimal("0.22"), {1: Decimal(22)}) == [(1, Decimal("0.22")), (0, 0)]
    assert two_taxes(Decimal("4.50"), Decimal("2.00"), both) == []
