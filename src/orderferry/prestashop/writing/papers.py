"""Numbering the papers of an order: the last statements before a commit."""

from __future__ import annotations

from dataclasses import dataclass

from orderferry.prestashop.facts import ShopUnit
from orderferry.prestashop.rows.drafts import Value
from orderferry.prestashop.writing.numbers import DELIVERY_NUMBERS, INVOICE_NUMBERS, draw_number
from orderferry.prestashop.writing.shop_writer import ShopWriter


@dataclass(frozen=True, slots=True)
class Papers:
    """What is to be numbered. `invoice` and `slip` say which numbers the order_invoice row is to get; `yearly` is
    PS_INVOICE_RESET, `moment` the shop's time of writing."""

    invoice: bool
    slip: bool
    shop: ShopUnit
    moment: str
    yearly: bool = False


def number_papers(writer: ShopWriter, papers: Papers, order: Value, invoice: Value) -> int:
    """Given the ids of an order and of its order_invoice row, draw the numbers and copy them into the order, as
    PrestaShop does. Return the invoice's number, 0 when none was drawn. Invoices are drawn before slips by everybody:
    no deadlock.
    """
    on_invoice: dict[str, Value] = {}
    on_order: dict[str, Value] = {}
    number = 0
    if papers.invoice:
        number = draw_number(writer, INVOICE_NUMBERS, papers.shop, papers.moment, yearly=papers.yearly)
        on_invoice["number"] = number
        on_order |= {"invoice_number": number, "invoice_date": papers.moment}
    if papers.slip:
        slip_number = draw_number(writer, DELIVERY_NUMBERS, papers.shop, papers.moment)
        on_invoice |= {"delivery_number": slip_number, "delivery_date": papers.moment}
        on_order |= {"delivery_number": slip_number, "delivery_date": papers.moment}
    if on_invoice:
        writer.post_update("order_invoice", on_invoice, {"id_order_invoice": invoice})
        writer.post_update("orders", on_order, {"id_order": order})
    return number
