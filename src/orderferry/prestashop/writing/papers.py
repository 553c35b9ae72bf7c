"""Numbering the papers of an order: the last statements before a commit."""

from __future__ import annotations

from orderferry.prestashop.database.statements import Statements
from orderferry.prestashop.database.values import Value
from orderferry.prestashop.planning.paperwork import NumbersToDraw
from orderferry.prestashop.writing.numbers import DELIVERY_NUMBERS, INVOICE_NUMBERS, Draw, drawn, post_draw

Draws = tuple[Draw | None, Draw | None]  # of the invoice's number and of the slip's


def post_draws(writer: Statements, papers: NumbersToDraw) -> Draws:
    """Ask for what `number_papers` will need. Invoices are drawn before slips by everybody: no deadlock."""
    invoice_draw = post_draw(writer, INVOICE_NUMBERS, yearly=papers.yearly) if papers.invoice else None
    return invoice_draw, post_draw(writer, DELIVERY_NUMBERS) if papers.slip else None


def number_papers(
    writer: Statements, papers: NumbersToDraw, order: Value, invoice: Value, draws: Draws | None = None
) -> int:
    """Given the ids of an order and of its order_invoice row, draw the numbers and copy them into the order, as
    PrestaShop does. Return the invoice's number, 0 when none was drawn. `draws`: where they were asked for already.
    """
    on_invoice: dict[str, Value] = {}
    on_order: dict[str, Value] = {}
    number = 0
    invoice_draw, slip_draw = draws or post_draws(writer, papers)
    if invoice_draw:
        number = drawn(writer, invoice_draw, papers.shop, papers.moment)
        on_invoice["number"] = number
        on_order |= {"invoice_number": number, "invoice_date": papers.moment}
    if slip_draw:
        slip_number = drawn(writer, slip_draw, papers.shop, papers.moment)
        on_invoice |= {"delivery_number": slip_number, "delivery_date": papers.moment}
        on_order |= {"delivery_number": slip_number, "delivery_date": papers.moment}
    if on_invoice:
        writer.post_update("order_invoice", on_invoice, {"id_order_invoice": invoice})
        writer.post_update("orders", on_order, {"id_order": order})
    return number
