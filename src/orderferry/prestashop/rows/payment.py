"""order_payment: the money as received, with the Amazon order id where the back office shows it."""

from __future__ import annotations

from orderferry.prestashop.planning.resolved_order import ResolvedOrder
from orderferry.prestashop.rows.drafts import PAYMENT, REFERENCE, Draft


def payment_row(resolved: ResolvedOrder) -> Draft:
    """Given a resolved order, return its payment. Written for orders of 0 too: the Amazon order id stands here
    (contract §5).

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
