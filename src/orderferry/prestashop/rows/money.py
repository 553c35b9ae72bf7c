"""An order's money under PrestaShop's column names.

PrestaShop repeats every total: the bare column equals the one with tax (orders), and the invoice repeats the order's.
"""

from __future__ import annotations

from decimal import Decimal

from orderferry.domain.pricing import Amount, PricedOrder


def product_totals(priced: PricedOrder) -> Amount:
    """Given a priced order, return the sum of its lines: orders.total_products(_wt)."""
    return sum((line.total for line in priced.lines), Amount())


def order_totals(priced: PricedOrder) -> dict[str, Decimal]:
    """Given a priced order, return the total_… columns of `orders`. Promotions are in the lines and the shipping.

    The buyer has paid Amazon: total_paid_real is the total.
    """
    products = product_totals(priced)
    return {
        **_thrice("total_discounts", Amount()),
        **_thrice("total_paid", priced.total),
        "total_paid_real": priced.total.incl,
        "total_products": products.excl,
        "total_products_wt": products.incl,
        **_thrice("total_shipping", priced.shipping.amount),
        **_thrice("total_wrapping", priced.wrapping.amount),
    }


def invoice_totals(priced: PricedOrder) -> dict[str, Decimal]:
    """Given a priced order, return the total_… columns of `order_invoice`."""
    products = product_totals(priced)
    return {
        **_twice("total_discount", Amount()),
        **_twice("total_paid", priced.total),
        "total_products": products.excl,
        "total_products_wt": products.incl,
        **_twice("total_shipping", priced.shipping.amount),
        **_twice("total_wrapping", priced.wrapping.amount),
    }


def _twice(name: str, amount: Amount) -> dict[str, Decimal]:
    return {f"{name}_tax_excl": amount.excl, f"{name}_tax_incl": amount.incl}


def _thrice(name: str, amount: Amount) -> dict[str, Decimal]:
    return {name: amount.incl, **_twice(name, amount)}
