"""An order's money, recomputed from its rows: totals, payments, and the tax table that its invoice would show. Pure.

The identities are those of the measured rows (prestashop-order-writing: orders, order_detail, order_detail_tax,
order_invoice). Amounts are in the order's currency.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

from orderferry.domain.finding import Finding
from orderferry.prestashop.database.values import as_decimal, as_flag, as_int

Row = Mapping[Any, Any]
Rows = Mapping[str, Sequence[Row]]

CENT = Decimal("0.01")
_HUNDRED = Decimal(100)
_WAYS = {"incl": "total_products_wt", "excl": "total_products"}
_THRICE = ("discounts", "paid", "shipping", "wrapping")
# order_invoice repeats the order's totals; only the discount is spelt otherwise there
_REPEATED = (
    "total_products",
    "total_products_wt",
    *(f"total_{what}_tax_{way}" for what in ("paid", "shipping", "wrapping") for way in ("incl", "excl")),
)


def money_findings(
    rows: Rows, rates: Mapping[int, Decimal], *, collected_by_amazon: bool = False, unit: Decimal = CENT
) -> list[Finding]:
    """Given an order's rows by table, the rate of each id_tax that exists, and the smallest unit of the order's
    currency (1 for yen), return what does not add up.

    Of tax that Amazon owes the amounts are Amazon's own and the tax is the configured one: no rate is compared.
    """
    order = rows["orders"][0]
    findings = [*_totals(order), *_lines(order, rows, unit), *_papers(order, rows), *_payments(order, rows)]
    findings += _tax_rows(order, rows, rates, compare=not collected_by_amazon, unit=unit)
    return findings


def _totals(order: Row) -> Iterator[Finding]:
    for way, products in _WAYS.items():
        parts = as_decimal(order[products]) + _total(order, "shipping", way) + _total(order, "wrapping", way)
        expected = parts - _total(order, "discounts", way)
        yield from _differs(
            f"orders.total_paid_tax_{way}", _total(order, "paid", way), expected, "the sum of its parts"
        )
    for what in _THRICE:
        yield from _differs(
            f"orders.total_{what}", as_decimal(order[f"total_{what}"]), _total(order, what, "incl"), "the one with tax"
        )


def _lines(order: Row, rows: Rows, unit: Decimal) -> Iterator[Finding]:
    """The lines against the order's totals, and their unit prices against theirs.

    A net unit price follows the rate; Amazon may have rounded the tax of each piece.
    """
    lines = rows.get("order_detail", ())
    for way, products in _WAYS.items():
        total = _sum(lines, f"total_price_tax_{way}")
        yield from _differs(f"orders.{products}", as_decimal(order[products]), total, "the sum of the lines")
    for line in lines:
        quantity = as_int(line["product_quantity"])
        for way in _WAYS:
            of_units = as_decimal(line[f"unit_price_tax_{way}"]) * quantity
            gap = abs(of_units - as_decimal(line[f"total_price_tax_{way}"]))
            if gap >= (CENT if way == "incl" else unit * (quantity + 1)):
                yield Finding(
                    f"order_detail.unit_price_tax_{way}", f"{quantity} units are {gap:f} off the line's total"
                )


def _payments(order: Row, rows: Rows) -> Iterator[Finding]:
    paid = _sum(rows.get("order_payment", ()), "amount")
    yield from _differs("orders.total_paid_real", as_decimal(order["total_paid_real"]), paid, "the sum of the payments")


def _papers(order: Row, rows: Rows) -> Iterator[Finding]:
    for invoice in rows.get("order_invoice", ()):
        for column in _REPEATED:
            yield from _differs(
                f"order_invoice.{column}", as_decimal(invoice[column]), as_decimal(order[column]), "the order's"
            )
        for way in _WAYS:
            discount = as_decimal(invoice[f"total_discount_tax_{way}"])
            yield from _differs(
                f"order_invoice.total_discount_tax_{way}", discount, _total(order, "discounts", way), "the order's"
            )
    rules = [row for row in rows.get("order_cart_rule", ()) if not as_flag(row.get("deleted"))]
    discounts = _total(order, "discounts", "incl")
    yield from _differs("order_cart_rule.value", _sum(rules, "value"), discounts, "the order's discount")
    for parcel in rows.get("order_carrier", ())[:1]:
        for way in _WAYS:
            cost, shipping = as_decimal(parcel[f"shipping_cost_tax_{way}"]), _total(order, "shipping", way)
            yield from _differs(f"order_carrier.shipping_cost_tax_{way}", cost, shipping, "the order's shipping")


def _tax_rows(
    order: Row, rows: Rows, rates: Mapping[int, Decimal], *, compare: bool, unit: Decimal
) -> Iterator[Finding]:
    """The invoice takes the tax of a line from order_detail_tax, its rate from the tax of today, and shows a sum for
    each rate."""
    lines = rows.get("order_detail", ())
    taxes: dict[int, list[Row]] = {as_int(line["id_order_detail"]): [] for line in lines}
    for row in rows.get("order_detail_tax", ()):
        taxes[as_int(row["id_order_detail"])].append(row)
    for line in lines:
        tax = as_decimal(line["total_price_tax_incl"]) - as_decimal(line["total_price_tax_excl"])
        if tax >= CENT and not taxes[as_int(line["id_order_detail"])]:
            yield Finding(
                "order_detail_tax",
                f"a line's tax of {tax:f} is missing in the invoice's tax table: the shop has no such tax "
                "(taxes.collected_by_amazon names one for tax that Amazon collects)",
            )
    for row in rows.get("order_detail_tax", ()):
        if as_int(row["id_tax"]) not in rates:
            yield Finding(
                "order_detail_tax.id_tax", f"there is no tax {as_int(row['id_tax'])}: the invoice leaves it out"
            )
    for row in rows.get("order_invoice_tax", ()):
        if as_int(row["id_tax"]) not in rates:
            yield Finding("order_invoice_tax.id_tax", f"there is no tax {as_int(row['id_tax'])} for the {row['type']}")
    if compare:
        yield from _tax_table(order, rows, taxes, rates, unit)


def _tax_table(
    order: Row, rows: Rows, taxes: Mapping[int, Sequence[Row]], rates: Mapping[int, Decimal], unit: Decimal
) -> Iterator[Finding]:
    """The amounts of tax of the goods against those that the invoice computes, tax by tax."""
    goods = [line for line in rows.get("order_detail", ()) if as_decimal(line["total_price_tax_excl"])]
    borne = {tuple(as_int(tax["id_tax"]) for tax in taxes[as_int(line["id_order_detail"])]) for line in goods}
    # PrestaShop's own rows are off by a cent a piece (scenario h); a discount's share adds one.
    tolerance = unit * sum((as_int(line["product_quantity"]) + 1 for line in goods), 1)
    if _total(order, "discounts", "incl"):
        (only,) = borne if len(borne) == 1 else ((),)
        if len(only) == 1 and only[0] in rates:
            yield from _discounted(order, rows, rates[only[0]], tolerance)
        return
    for id_tax in sorted({id_ for some in borne for id_ in some} & rates.keys()):
        bearing = [
            (line, tax)
            for line in goods
            for tax in taxes[as_int(line["id_order_detail"])]
            if as_int(tax["id_tax"]) == id_tax
        ]
        amount = _sum([tax for _, tax in bearing], "total_amount")
        shown = _sum([line for line, _ in bearing], "total_price_tax_excl") * rates[id_tax] / _HUNDRED
        yield from _shown("order_detail_tax.total_amount", amount, shown, rates[id_tax], tolerance)


def _discounted(order: Row, rows: Rows, rate: Decimal, tolerance: Decimal) -> Iterator[Finding]:
    """The tax of an order with a discount, whose goods all bear one tax.

    The invoice spreads the discount over the goods, but for what makes the shipping free; Amazon grants it on one of
    them, or on the shipping. Where all bear one rate the sums are equal; elsewhere Amazon's are the right ones.
    """
    is_free = any(as_flag(rule.get("free_shipping")) for rule in rows.get("order_cart_rule", ()))
    charges = ["wrapping"] if is_free else ["shipping", "wrapping"]
    taxes = {what: _total(order, what, "incl") - _total(order, what, "excl") for what in charges}
    if any(abs(taxes[what] - _total(order, what, "excl") * rate / _HUNDRED) > tolerance for what in charges):
        return
    discount = _total(order, "discounts", "excl") - (_total(order, "shipping", "excl") if is_free else 0)
    shown = (as_decimal(order["total_products"]) - discount) * rate / _HUNDRED + sum(taxes.values())
    amount = _total(order, "paid", "incl") - _total(order, "paid", "excl")
    yield from _shown("order_detail_tax.total_amount", amount, shown, rate, tolerance)


def _shown(place: str, amount: Decimal, shown: Decimal, rate: Decimal, tolerance: Decimal) -> Iterator[Finding]:
    if abs(amount - shown) > tolerance:
        yield Finding(place, f"{amount:f}, but the invoice would show {shown:.2f} at {rate:f} %")


def _total(order: Row, what: str, way: str) -> Decimal:
    return as_decimal(order[f"total_{what}_tax_{way}"])


def _sum(rows: Sequence[Row], column: str) -> Decimal:
    return sum((as_decimal(row[column]) for row in rows), Decimal(0))


def _differs(place: str, value: Decimal, expected: Decimal, what: str) -> Iterator[Finding]:
    if value != expected:
        yield Finding(place, f"{value:f} is not {what}, {expected:f}")
