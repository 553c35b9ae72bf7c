"""The tables order_invoice, order_invoice_tax and order_invoice_payment.

The numbers of invoice and delivery slip stay 0 here; `writing/numbers.py` draws them.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from orderferry.domain.pricing.priced_order import TaxShare
from orderferry.prestashop.database.values import ZERO_MOMENT, DraftValue
from orderferry.prestashop.planning.resolved_order import ResolvedOrder
from orderferry.prestashop.rows.drafts import INVOICE, ORDER, PAYMENT, Draft
from orderferry.prestashop.rows.order import invoice_totals


def invoice_rows(resolved: ResolvedOrder) -> list[Draft]:
    """Return the order_invoice row, with both numbers still 0; none for an order without invoice and slip."""
    if not resolved.paperwork.row:
        return []
    values = invoice_values(ORDER, invoice_totals(resolved.priced), resolved.market.invoice_address, resolved.written)
    return [Draft("order_invoice", values, name=INVOICE.name)]


def invoice_values(
    id_order: DraftValue, totals: Mapping[str, Decimal], shop_address: str, written: str
) -> dict[str, DraftValue]:
    """Return the columns of an order_invoice row without numbers. `totals`: its total_… columns."""
    return {
        "id_order": id_order,
        "number": 0,
        "delivery_number": 0,
        "delivery_date": ZERO_MOMENT,
        **totals,
        "shipping_tax_computation_method": 0,
        "shop_address": shop_address,
        "invoice_address": "",  # 1.6 only
        "delivery_address": "",  # 1.6 only
        "note": "",
        "date_add": written,
    }


def invoice_tax_rows(resolved: ResolvedOrder) -> list[Draft]:
    """Return the taxes of shipping, a row for each rate, and of wrapping.

    PrestaShop writes a row with amount 0 for an order without wrapping too, if the shop has a tax for wrapping.
    """
    if not resolved.paperwork.row:
        return []
    shipping, wrapping = resolved.priced.shipping, resolved.priced.wrapping
    zero_rated = {name: resolved.zero_tax if name in resolved.zero_rated else 0 for name in ("shipping", "wrapping")}
    shares = shipping.shares or (TaxShare(shipping.rate, shipping.tax_key, shipping.amount),)
    taxes = [
        ("shipping", int(share.tax_key or (zero_rated["shipping"] if len(shares) == 1 else 0)), share.amount.tax)
        for share in shares
    ]
    # one row only: PrestaShop prints the sum of the rates of two
    of_wrapping = int(wrapping.tax_key or zero_rated["wrapping"])
    tax = of_wrapping if wrapping.amount.incl else resolved.paperwork.wrapping_tax
    taxes.append(("wrapping", tax, wrapping.amount.tax))
    return [
        Draft("order_invoice_tax", {"id_order_invoice": INVOICE, "type": kind, "id_tax": id_tax, "amount": amount})
        for kind, id_tax, amount in taxes
        if id_tax
    ]


def invoice_payment_rows(resolved: ResolvedOrder) -> list[Draft]:
    """Return the link from invoice to payment, without which the order page shows the invoice as unpaid."""
    if not resolved.paperwork.row:
        return []
    return [
        Draft("order_invoice_payment", {"id_order_invoice": INVOICE, "id_order_payment": PAYMENT, "id_order": ORDER})
    ]
