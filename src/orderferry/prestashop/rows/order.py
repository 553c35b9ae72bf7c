"""orders, order_history and order_carrier."""

from __future__ import annotations

from orderferry.domain.pricing import ZERO
from orderferry.prestashop.planning.resolved_order import ResolvedOrder
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


def order_row(resolved: ResolvedOrder) -> Draft:
    """Given a resolved order, return its `orders` row. Numbers of invoice and delivery slip stay 0 until they are
    drawn, just before the commit; `valid` is the state's `logable` and nothing else.
    """
    return Draft(
        "orders",
        {
            "reference": REFERENCE,
            "id_shop_group": resolved.shop.id_group,
            "id_shop": resolved.shop.id,
            "id_carrier": resolved.id_carrier,
            "id_lang": resolved.id_lang,
            "id_customer": CUSTOMER,
            "id_cart": CART,
            "id_currency": resolved.currency.id,
            "id_address_delivery": DELIVERY_ADDRESS,
            "id_address_invoice": invoice_address_ref(resolved),
            "current_state": resolved.state.id,
            "secure_key": SECURE_KEY,
            "payment": resolved.payment_label,
            "conversion_rate": resolved.conversion_rate,  # statistics divide by it
            "module": resolved.module_name,
            "recyclable": 0,
            "gift": int(resolved.is_gift),
            "gift_message": resolved.gift_message,
            "mobile_theme": 0,
            **order_totals(resolved.priced),
            "carrier_tax_rate": resolved.carrier_tax_rate,
            "round_mode": resolved.round_mode,
            "round_type": resolved.round_type,
            "invoice_number": 0,
            "delivery_number": 0,
            "invoice_date": resolved.written if resolved.paperwork.dated else ZERO_MOMENT,
            "delivery_date": ZERO_MOMENT,
            "valid": int(resolved.state.logable),
            "shipping_number": "",  # before 8.0
            "date_add": shop_moment(resolved.placed, resolved.zone),
            "date_upd": resolved.written,
            "note": order_note(resolved),
        },
        name=ORDER.name,
    )


def history_row(id_order: DraftValue, id_order_state: int, written: str) -> Draft:
    """Given an order, a state and the time, return the history row; employee 0 is PrestaShop's "automatic"."""
    return Draft(
        "order_history",
        {"id_employee": 0, "id_order": id_order, "id_order_state": id_order_state, "date_add": written},
    )


def carrier_row(resolved: ResolvedOrder) -> Draft:
    """Given a resolved order, return the order_carrier row: the parcel's weight, its cost, and the place of its
    tracking."""
    weight = sum((line.product.weight * line.priced.quantity for line in resolved.lines if line.product), ZERO)
    return Draft(
        "order_carrier",
        {
            "id_order": ORDER,
            "id_carrier": resolved.id_carrier,
            "id_order_invoice": invoice_ref(resolved),
            "weight": weight,
            "shipping_cost_tax_excl": resolved.priced.shipping.amount.excl,
            "shipping_cost_tax_incl": resolved.priced.shipping.amount.incl,
            "tracking_number": tracking_of(resolved.order.packages).number,
            "date_add": resolved.written,
        },
    )


def invoice_ref(resolved: ResolvedOrder) -> DraftValue:
    """Given a resolved order, return the symbol of its order_invoice row, 0 when it gets none."""
    return INVOICE if resolved.paperwork.row else 0
