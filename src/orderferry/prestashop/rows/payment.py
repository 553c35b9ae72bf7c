"""order_payment: the money as received, with the Amazon order id where the back office shows it."""

from __future__ import annotations

from orderferry.prestashop.planning.frame import Frame
from orderferry.prestashop.rows.drafts import PAYMENT, REFERENCE, Draft


def payment_row(frame: Frame) -> Draft:
    """Given a frame, return its payment. Written for orders of 0 too: the Amazon order id stands here (contract §5).

    `conversion_rate` is 1 even for a foreign currency, as PrestaShop writes it (measured: g-second-currency).
    """
    return Draft(
        "order_payment",
        {
            "order_reference": REFERENCE,
            "id_currency": frame.currency.id,
            "amount": frame.priced.total.incl,
            "payment_method": frame.payment_label,
            "conversion_rate": 1,
            "transaction_id": frame.order.order_id,
            "card_number": "",
            "card_brand": "",
            "card_expiration": "",
            "card_holder": "",
            "date_add": frame.written,
            "id_employee": None,
        },
        name=PAYMENT.name,
        close=True,
    )
