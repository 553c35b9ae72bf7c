"""cart and cart_product: PrestaShop finds an order by its cart, re-order and cart statistics read it."""

from __future__ import annotations

from orderferry.prestashop.planning.resolved_order import ResolvedOrder
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


def cart_rows(resolved: ResolvedOrder) -> list[Draft]:
    """Given a resolved order, return the cart and its products: PrestaShop can't edit an order that has a line without
    a row in the cart. Two lines of one product share a row, whose primary key allows no second; free lines have none.
    """
    written = resolved.written
    cart = Draft(
        "cart",
        {
            "id_shop_group": resolved.shop.id_group,
            "id_shop": resolved.shop.id,
            "id_carrier": resolved.id_carrier,
            "delivery_option": Joined(('{"', DELIVERY_ADDRESS, '":"', resolved.id_carrier, ',"}')),
            "id_lang": resolved.id_lang,
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
    """Given a resolved order, return the symbol of the address that its invoice is addressed to."""
    return DELIVERY_ADDRESS if resolved.invoice_place is None else INVOICE_ADDRESS


def cart_products(resolved: ResolvedOrder) -> list[Draft]:
    """Given a resolved order, return the products of its cart."""
    quantities: dict[tuple[int, int], int] = {}
    for line in resolved.lines:
        if line.product is not None and line.product.id_product:
            key = (line.product.id_product, line.product.id_product_attribute)
            quantities[key] = quantities.get(key, 0) + line.priced.quantity
    return [
        Draft(
            "cart_product",
            {
                "id_cart": CART,
                "id_product": id_product,
                "id_address_delivery": DELIVERY_ADDRESS if resolved.cart_lines_addressed else 0,
                "id_shop": resolved.shop.id,
                "id_product_attribute": id_product_attribute,
                "id_customization": 0,
                "quantity": quantity,
                "date_add": resolved.written,
            },
        )
        for (id_product, id_product_attribute), quantity in quantities.items()
    ]
