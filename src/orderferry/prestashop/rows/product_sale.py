"""product_sale: PrestaShop's best-seller counts. An order counts while its state is `logable`."""

from __future__ import annotations

from dataclasses import dataclass

from orderferry.prestashop.database.values import Value


@dataclass(frozen=True, slots=True)
class Sale:
    """One order line's product and how many were sold."""

    id_product: int
    quantity: int


def sale_row(sale: Sale, day: str, times: int = 1) -> dict[str, Value]:
    """Given the first sale of a product, its day and in how many lines it was sold, return its row."""
    return {"id_product": sale.id_product, "quantity": sale.quantity, "sale_nbr": times, "date_upd": day}
