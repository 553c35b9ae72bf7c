"""Combinations of breakdowns, discount, tax reading, quantity, currency and rounding mode: `--whole` takes every one.

What is written into `orders` sums to what the buyer paid; a total that is off is refused, with the figures.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from itertools import chain, combinations, product

import pytest

from orderferry.domain.money import quantise
from orderferry.domain.orders import Order, Proceeds
from orderferry.domain.pricing.price_order import price_order
from orderferry.domain.pricing.priced_order import PricedOrder, Reading, Rounding
from orderferry.domain.problems import Problem, ProblemCode
from orderferry.prestashop.rows.order import invoice_totals, order_totals
from support.amazon_money import IT_22, check_identities, eu_rates, export_rates, item, money, order, row
from support.proofs import Proofs

# Amounts that leave a rest in every division by 1.22, by the quantities, and by each other.
AMOUNTS = {"ITEM": "29.99", "SHIPPING": "4.37", "GIFT_WRAP": "2.01", "COD_FEE": "3.33", "OTHER": "0.07"}
ADDITIONS = tuple(AMOUNTS)[1:]
BREAKDOWNS = tuple(chain.from_iterable(combinations(ADDITIONS, count) for count in range(len(ADDITIONS) + 1)))
DISCOUNTS = ("none", "on the item", "on the item, undetailed", "on everything")
DECIMALS = {"EUR": 2, "JPY": 0}
QUANTITIES = (1, 3, 7)
MODES = range(6)
SAMPLE = 300
Combination = tuple[tuple[str, ...], str, Reading, int, str]


def combined() -> Iterator[Combination]:
    yield from product(BREAKDOWNS, DISCOUNTS, tuple(Reading), QUANTITIES, DECIMALS)


def made(combination: Combination) -> Order:
    """An order of one item whose rows are of this combination, and whose totals are their sum."""
    additions, discounted, reading, quantity, currency = combination
    unit = Decimal(1).scaleb(-DECIMALS[currency])
    amounts = {kind: (Decimal(AMOUNTS[kind]) * (1 if currency == "EUR" else 100)) for kind in ("ITEM", *additions)}
    amounts["ITEM"] *= quantity
    cut = {"none": (), "on everything": tuple(amounts)}.get(discounted, ("ITEM",))
    reductions = {kind: (amounts[kind] / 3).quantize(unit) for kind in cut}
    rest = {kind: amount - reductions.get(kind, 0) for kind, amount in amounts.items()}
    factor = IT_22.rate / 100
    taxes = {
        kind: (amount * factor if reading is Reading.TAX_ON_TOP else amount - amount / (1 + factor)).quantize(unit)
        for kind, amount in rest.items()
    }
    rows: list[Proceeds] = [row(kind, amount, currency) for kind, amount in amounts.items()]
    if reductions:
        details = {} if discounted.endswith("undetailed") else reductions
        rows.append(row("DISCOUNT", sum(reductions.values(), Decimal(0)), currency, **details))
    if reading is not Reading.NO_TAX:
        rows.append(row("TAX", sum(taxes.values(), Decimal(0)), currency, **taxes))
    on_top = sum(taxes.values(), Decimal(0)) if reading is Reading.TAX_ON_TOP else Decimal(0)
    total = sum(rest.values(), Decimal(0)) + on_top
    return order(item(total, *rows, quantity=quantity, currency=currency), grand=total, currency=currency)


@pytest.mark.parametrize("inside_eu", [True, False], ids=["inside the Union", "outside"])
def test_what_is_written_is_what_the_buyer_paid(inside_eu: bool, proofs: Proofs) -> None:
    tried = 0
    grid = list(combined())
    chosen = proofs.choose(grid, SAMPLE)
    rates = replace(eu_rates(vat_by_amazon=True), by_item={"1": IT_22}) if inside_eu else export_rates()
    for combination in chosen:
        one = made(combination)
        *_, reading, _, currency = combination
        assert one.grand_total is not None
        for mode in MODES:
            rounding = Rounding(DECIMALS[currency], mode)
            result = price_order(one, rates, rounding)
            assert isinstance(result, PricedOrder), (combination, result)
            check_identities(one, result, rounding)
            assert result.reading is reading, combination
            written = order_totals(result)
            paid = quantise(one.grand_total.amount, DECIMALS[currency], mode)
            assert {written[name] for name in ("total_paid", "total_paid_tax_incl", "total_paid_real")} == {paid}
            parts = written["total_products_wt"] + written["total_shipping"] + written["total_wrapping"]
            assert (parts, written["total_discounts"]) == (paid, 0), combination
            assert invoice_totals(result)["total_paid_tax_incl"] == paid
            tried += 1
    assert tried == len(chosen) * len(MODES)
    assert len(grid) == len(BREAKDOWNS) * len(DISCOUNTS) * len(Reading) * len(QUANTITIES) * len(DECIMALS)
    proofs.ran("prices of the grid", tried, of=len(grid) * len(MODES))


def test_a_total_that_is_off_is_refused_with_the_figures() -> None:
    for combination in combined():
        one = made(combination)
        currency = combination[-1]
        assert one.grand_total is not None
        wrong = one.grand_total.amount + (1 if currency == "EUR" else 100)
        result = price_order(replace(one, grand_total=money(wrong, currency)), export_rates(), Rounding())
        assert isinstance(result, Problem), combination
        assert result.code is ProblemCode.UNRECONCILED_TOTAL
        for figure in (f"grandTotal {wrong}", f"ITEM {one.items[0].proceeds[0].amount.amount}", currency):
            assert figure in result.message
