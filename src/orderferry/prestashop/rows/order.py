"""The tables orders, order_history, order_carrier, cart, cart_product and order_payment.

Also the totals of `orders` and `order_invoice` under PrestaShop's column names. PrestaShop stores each total several
times: the bare column of `orders` equals the one with tax, and the invoice repeats the order's.
"""

from __future__ import annotations

from collections import Counter
from decimal import Decimal

from orderferry.domain.pricing.priced_order import ZERO, Amount, PricedOrder
from orderferry.prestashop.database.values import ZERO_MOMENT, DraftValue
from orderferry.prestashop.planning.resolved_order import ResolvedOrder, tracking_of
from orderferry.prestashop.planning.shop_texts import shop_moment
from orderferry.prestashop.rows.drafts import (
    CART,
    CUSTOMER,
    DELIVERY_ADDRESS,
    INVOICE,
    INVOICE_ADDRESS,
    ORDER,
    PAYMENT,
    REFERENCE,
    SECURE_KEY,
    Draft,
)
from orderferry.prestashop.rows.message import order_note


def order_row(resolved: ResolvedOrder) -> Draft:
    """Return the `orders` row.

    The numbers of invoice and delivery slip stay 0 until they are drawn, just before the commit. `valid` is the state's
    `logable` flag and nothing else.
    """
    return Draft(
        "orders",
        {
            "reference": REFERENCE,
            "id_shop_group": resolved.market.shop.id_group,
            "id_shop": resolved.market.shop.id,
            "id_carrier": resolved.id_carrier,
            "id_lang": resolved.market.id_lang,
            "id_customer": CUSTOMER,
            "id_cart": CART,
            "id_currency": resolved.currency.id,
            "id_address_delivery": DELIVERY_ADDRESS,
            "id_address_invoice": invoice_address_ref(resolved),
            "current_state": resolved.state.id,
            "secure_key": SECURE_KEY,
            "payment": resolved.payment_label,
            "conversion_rate": resolved.conversion_rate,  # statistics divide by it
            "module": resolved.market.settings.orders.module_name,
            "recyclable": 0,
            "gift": int(resolved.is_gift),
            "gift_message": resolved.gift_message,
            "mobile_theme": 0,
            **order_totals(resolved.priced),
            "carrier_tax_rate": resolved.carrier_tax_rate,
            "round_mode": resolved.market.round_mode,
            "round_type": resolved.market.round_type,
            "invoice_number": 0,
            "delivery_number": 0,
            "invoice_date": resolved.written if resolved.paperwork.dated else ZERO_MOMENT,
            "delivery_date": ZERO_MOMENT,
            "valid": int(resolved.state.logable),
            "shipping_number": "",  # before 8.0
            "date_add": shop_moment(resolved.placed, resolved.market.zone),
            "date_upd": resolved.written,
            "note": order_note(resolved),
        },
        name=ORDER.name,
    )


def history_row(id_order: DraftValue, id_order_state: int, written: str) -> Draft:
    """Return the order_history row for a new state; employee 0 is PrestaShop's "automatic"."""
    return Draft(
        "order_history",
        {"id_employee": 0, "id_order": id_order, "id_order_state": id_order_state, "date_add": written},
    )


def carrier_row(resolved: ResolvedOrder) -> Draft:
    """Return the order_carrier row: the parcel's weight, shipping cost and tracking number."""
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
    """Return the symbol of the order's order_invoice row; 0 when it gets none."""
    return INVOICE if resolved.paperwork.row else 0


def cart_rows(resolved: ResolvedOrder) -> list[Draft]:
    """Return the order's cart and its products.

    PrestaShop finds an order by its cart, and re-order and statistics read it.
    """
    written = resolved.written
    cart = Draft(
        "cart",
        {
            "id_shop_group": resolved.market.shop.id_group,
            "id_shop": resolved.market.shop.id,
            "id_carrier": resolved.id_carrier,
            "delivery_option": ('{"', DELIVERY_ADDRESS, '":"', resolved.id_carrier, ',"}'),
            "id_lang": resolved.market.id_lang,
            "id_address_delivery": DELIVERY_ADDRESS,
            "id_address_invoice": invoice_address_ref(resolved),
            "id_currency": resolved.currency.id,
            "id_customer": CUSTOMER,
            "id_guest": 0,
            "secure_key": SECURE_KEY,
            "recyclable": 0,
            "gift": int(resolved.is_gift),
            "gift_message": resolved.gift_message,
            "mobile_theme": 0,
            "allow_seperated_package": 0,  # PrestaShop's own spelling
            "date_add": written,
            "date_upd": written,
            "checkout_session_data": None,
        },
        name=CART.name,
    )
    return [cart, *cart_products(resolved)]


def invoice_address_ref(resolved: ResolvedOrder) -> DraftValue:
    """Return the symbol of the order's invoice address."""
    return DELIVERY_ADDRESS if resolved.invoice_place is None else INVOICE_ADDRESS


def cart_products(resolved: ResolvedOrder) -> list[Draft]:
    """Return the cart_product rows, without which PrestaShop can't edit the order's lines.

    Two lines of one product share a row, since the primary key allows no second. Free lines have none.
    """
    quantities: Counter[tuple[int, int]] = Counter()
    for line in resolved.lines:
        if line.product is not None and line.product.id_product:
            key = (line.product.id_product, line.product.id_product_attribute)
            quantities[key] += line.priced.quantity
    return [
        Draft(
            "cart_product",
            {
                "id_cart": CART,
                "id_product": id_product,
                "id_address_delivery": DELIVERY_ADDRESS if resolved.market.cart_lines_addressed else 0,
                "id_shop": resolved.market.shop.id,
                "id_product_attribute": id_product_attribute,
                "id_customization": 0,
                "quantity": quantity,
                "date_add": resolved.written,
            },
        )
        for (id_product, id_product_attribute), quantity in quantities.items()
    ]


def payment_row(resolved: ResolvedOrder) -> Draft:
    """Return the order_payment row, for an order of 0 too, since `transaction_id` holds the Amazon order id.

    `conversion_rate` is 1 even for a foreign currency, as PrestaShop writes it (measured: g-second-currency).
    """
    return Draft(
        "order_payment",
        {
            "order_reference": REFERENCE,
            "id_currency": resolved.currency.id,
            "amount": resolved.priced.total.incl,
            "payment_method": resolved.payment_label,
            "conversion_rate": 1,
            "transaction_id": resolved.order.order_id,
            "card_number": "",
            "card_brand": "",
            "card_expiration": "",
            "card_holder": "",
            "date_add": resolved.written,
            "id_employee": None,
        },
        name=PAYMENT.name,
        close=True,
    )


def product_totals(priced: PricedOrder) -> Amount:
    """Return the sum of the lines: orders.total_products and total_products_wt."""
    return sum((line.total for line in priced.lines), Amount())


def order_totals(priced: PricedOrder) -> dict[str, Decimal]:
    """Return the total_… columns of `orders`. Discounts are 0, since lines and shipping include promotions.

    The buyer has paid Amazon, so total_paid_real is the total.
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
    """Return the total_… columns of `order_invoice`."""
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
