"""orders, order_history and order_carrier."""

from __future__ import annotations

from orderferry.domain.pricing import ZERO
from orderferry.prestashop.planning.frame import Frame
from orderferry.prestashop.planning.shop_time import shop_moment
from orderferry.prestashop.planning.tracking import tracking_of
from orderferry.prestashop.rows.cart import invoice_address_ref
from orderferry.prestashop.rows.drafts import (
    CART,
    CUSTOMER,
    DELIVERY_ADDRESS,
    INVOICE,
    ORDER,
    REFERENCE,
    SECURE_KEY,
    ZERO_MOMENT,
    Draft,
    DraftValue,
)
from orderferry.prestashop.rows.message import order_note
from orderferry.prestashop.rows.money import order_totals


def order_row(frame: Frame) -> Draft:
    """Given a frame, return its `orders` row. Numbers of invoice and delivery slip stay 0 until they are drawn, just
    before the commit; `valid` is the state's `logable` and nothing else.
    """
    return Draft(
        "orders",
        {
            "reference": REFERENCE,
            "id_shop_group": frame.shop.id_group,
            "id_shop": frame.shop.id,
            "id_carrier": frame.id_carrier,
            "id_lang": frame.id_lang,
            "id_customer": CUSTOMER,
            "id_cart": CART,
            "id_currency": frame.currency.id,
            "id_address_delivery": DELIVERY_ADDRESS,
            "id_address_invoice": invoice_address_ref(frame),
            "current_state": frame.state.id,
            "secure_key": SECURE_KEY,
            "payment": frame.payment_label,
            "conversion_rate": frame.conversion_rate,  # statistics divide by it
            "module": frame.module_name,
            "recyclable": 0,
            "gift": int(frame.is_gift),
            "gift_message": frame.gift_message,
            "mobile_theme": 0,
            **order_totals(frame.priced),
            "carrier_tax_rate": frame.carrier_tax_rate,
            "round_mode": frame.round_mode,
            "round_type": frame.round_type,
            "invoice_number": 0,
            "delivery_number": 0,
            "invoice_date": frame.written if frame.paperwork.dated else ZERO_MOMENT,
            "delivery_date": ZERO_MOMENT,
            "valid": int(frame.state.logable),
            "shipping_number": "",  # before 8.0
            "date_add": shop_moment(frame.placed, frame.zone),
            "date_upd": frame.written,
            "note": order_note(frame),
        },
        name=ORDER.name,
    )


def history_row(id_order: DraftValue, id_order_state: int, written: str) -> Draft:
    """Given an order, a state and the time, return the history row; employee 0 is PrestaShop's "automatic"."""
    return Draft(
        "order_history",
        {"id_employee": 0, "id_order": id_order, "id_order_state": id_order_state, "date_add": written},
    )


def carrier_row(frame: Frame) -> Draft:
    """Given a frame, return the order_carrier row: the parcel's weight, its cost, and the place of its tracking."""
    weight = sum((line.product.weight * line.priced.quantity for line in frame.lines if line.product), ZERO)
    return Draft(
        "order_carrier",
        {
            "id_order": ORDER,
            "id_carrier": frame.id_carrier,
            "id_order_invoice": invoice_ref(frame),
            "weight": weight,
            "shipping_cost_tax_excl": frame.priced.shipping.amount.excl,
            "shipping_cost_tax_incl": frame.priced.shipping.amount.incl,
            "tracking_number": tracking_of(frame.order.packages).number,
            "date_add": frame.written,
        },
    )


def invoice_ref(frame: Frame) -> DraftValue:
    """Given a frame, return the symbol of its order_invoice row, 0 when it gets none."""
    return INVOICE if frame.paperwork.row else 0
