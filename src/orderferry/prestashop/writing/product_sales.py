"""product_sale: PrestaShop's best-seller counts. An order counts while its state is `logable`."""

from __future__ import annotations

from collections.abc import Iterable

from orderferry.prestashop.database.statements import Statements
from orderferry.prestashop.rows.product_sale import Sale, sale_row


def count_sales(writer: Statements, sales: Iterable[Sale], day: str) -> None:
    """Add the sales of one order (`day` in shop time), sorted so that two writers lock rows in the same order."""
    rows = [sale_row(Sale(id_product, sold), day, times) for id_product, (sold, times) in _by_product(sales)]
    writer.post_counts("product_sale", rows, key="id_product", counted=("quantity", "sale_nbr"))


def take_back_sales(writer: Statements, sales: Iterable[Sale]) -> None:
    """Take the sales of one order back. The row of a product that was sold this once goes, as PrestaShop does it;
    counts never fall below zero (the columns are unsigned).
    """
    for id_product, (quantity, times) in _by_product(sales):
        for row in writer.rows("product_sale", ("quantity", "sale_nbr"), {"id_product": id_product}, lock=True):
            if row["sale_nbr"] <= times:
                writer.delete("product_sale", {"id_product": id_product})
            else:
                left = {"quantity": max(0, row["quantity"] - quantity), "sale_nbr": row["sale_nbr"] - times}
                writer.update("product_sale", left, {"id_product": id_product})


def _by_product(sales: Iterable[Sale]) -> list[tuple[int, tuple[int, int]]]:
    sums: dict[int, tuple[int, int]] = {}
    for sale in sales:
        quantity, times = sums.get(sale.id_product, (0, 0))
        sums[sale.id_product] = (quantity + sale.quantity, times + 1)
    return sorted(sums.items())
