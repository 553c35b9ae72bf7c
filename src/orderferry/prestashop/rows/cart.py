"""cart and cart_product: PrestaShop finds an order by its cart, re-order and cart statistics read it."""

from __future__ import annotations

from orderferry.prestashop.planning.frame import Frame
from orderferry.prestashop.rows.drafts import (
    CART,
    CUSTOMER,
    DELIVERY_ADDRESS,
    INVOICE_ADDRESS,
    SECURE_KEY,
    Draft,
    DraftValue,
    Joined,
)


def cart_rows(frame: Frame) -> list[Draft]:
    """Given a frame, return the cart and its products: PrestaShop can't edit an order that has a line without a row
    in the cart. Two lines of one product share a row, whose primary key allows no second; free lines have none.
    """
    written = frame.written
    cart = Draft(
        "cart",
        {
            "id_shop_group": frame.shop.id_group,
            "id_shop": frame.shop.id,
            "id_carrier": frame.id_carrier,
            "delivery_option": Joined(('{"', DELIVERY_ADDRESS, '":"', frame.id_carrier, ',"}')),
            "id_lang": frame.id_lang,
            "id_address_delivery": DELIVERY_ADDRESS,
            "id_address_invoice": invoice_address_ref(frame),
            "id_currency": frame.currency.id,
            "id_customer": CUSTOMER,
            "id_guest": 0,
            "secure_key": SECURE_KEY,
            "recyclable": 0,
            "gift": int(frame.is_gift),
            "gift_message": frame.gift_message,
            "mobile_theme": 0,
            "allow_seperated_package": 0,  # PrestaShop's own spelling
            "date_add": written,
            "date_upd": written,
            "checkout_session_data": None,
        },
        name=CART.name,
    )
    return [cart, *cart_products(frame)]


def invoice_address_ref(frame: Frame) -> DraftValue:
    """Given a frame, return the symbol of the address that its invoice is addressed to."""
    return DELIVERY_ADDRESS if frame.invoice_place is None else INVOICE_ADDRESS


def cart_products(frame: Frame) -> list[Draft]:
    """Given a frame, return the products of its cart."""
    quantities: dict[tuple[int, int], int] = {}
    for line in frame.lines:
        if line.product is not None and line.product.id_product:
            key = (line.product.id_product, line.product.id_product_attribute)
            quantities[key] = quantities.get(key, 0) + line.priced.quantity
    return [
        Draft(
            "cart_product",
            {
                "id_cart": CART,
                "id_product": id_product,
                "id_address_delivery": DELIVERY_ADDRESS if frame.cart_lines_addressed else 0,
                "id_shop": frame.shop.id,
                "id_product_attribute": id_product_attribute,
                "id_customization": 0,
                "quantity": quantity,
                "date_add": frame.written,
            },
        )
        for (id_product, id_product_attribute), quantity in quantities.items()
    ]
