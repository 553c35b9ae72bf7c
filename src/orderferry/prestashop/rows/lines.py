"""The tables order_detail and order_detail_tax (a row for each line, and for each tax of a line), and product_sale.

product_sale counts best-sellers. An order counts while its state is `logable`.
"""

from __future__ import annotations

from decimal import Decimal

from orderferry.domain.text import Field, clean_text
from orderferry.prestashop.database.values import ZERO_MOMENT, DraftValue, Value
from orderferry.prestashop.planning.resolved_order import ResolvedLine, ResolvedOrder
from orderferry.prestashop.planning.shop_texts import NAMELESS, fee_name, in_language
from orderferry.prestashop.rows.drafts import ORDER, Draft, detail_ref
from orderferry.prestashop.rows.order import invoice_ref


def line_rows(resolved: ResolvedOrder) -> list[Draft]:
    """Return the rows of the lines, in Amazon's order, each with its tax row right behind it.

    Without its row a tax would be missing in the invoice's table of taxes, and the net of a line at 0 % would be listed
    there under another rate.
    """
    rows = []
    for position, line in enumerate(resolved.lines):
        rows.append(_detail_row(resolved, line, position))
        id_tax = int(line.priced.tax_key or (resolved.zero_tax if position in resolved.zero_rated else 0))
        if id_tax:
            amounts = {"unit_amount": line.priced.unit.tax, "total_amount": line.priced.total.tax}
            rows.append(
                Draft("order_detail_tax", {"id_order_detail": detail_ref(position), "id_tax": id_tax, **amounts})
            )
    return rows


def detail_rows(resolved: ResolvedOrder) -> list[Draft]:
    """Return the rows of the lines without their taxes."""
    return [row for row in line_rows(resolved) if row.table == "order_detail"]


def line_name(line: ResolvedLine, id_lang: int, language: str) -> str:
    """Return a line's name for order_detail: the fee's name, the product's own name, else Amazon's title.

    `id_lang` and `language` (ISO code) are the order's language.
    """
    item = line.item
    if line.fee is not None or (line.product is None and item is None):
        return fee_name(line.priced.kind, language)
    if line.product is not None and not line.product.stands_in:
        return line.product.name_in(id_lang)
    names = (item.title, item.sku, item.item_id) if item else ()
    cleaned = (clean_text(name, Field.GENERIC) for name in names)
    return next((name for name in cleaned if name), in_language(NAMELESS, language))


def _detail_row(resolved: ResolvedOrder, line: ResolvedLine, position: int) -> Draft:
    """Return the row of one line.

    A promotion is the line's own reduction, as PrestaShop writes a specific price: the unit price includes it, the
    reduction columns document it, and an edit of the order keeps both.
    """
    priced = line.priced
    return Draft(
        "order_detail",
        {
            "id_order": ORDER,
            "id_order_invoice": invoice_ref(resolved),
            "id_warehouse": 0,
            "id_shop": resolved.market.shop.id,
            **_product_columns(line, resolved),
            **_CONSTANT_COLUMNS,
            "product_quantity": priced.quantity,
            **_ecotax_columns(resolved, line),
            "product_price": priced.unit.excl,
            **_tax_name_columns(resolved, line),
            "total_price_tax_incl": priced.total.incl,
            "total_price_tax_excl": priced.total.excl,
            "unit_price_tax_incl": priced.unit.incl,
            "unit_price_tax_excl": priced.unit.excl,
            "original_product_price": priced.unit.excl + priced.reduction.excl,
            "reduction_amount": priced.reduction.incl,
            "reduction_amount_tax_incl": priced.reduction.incl,
            "reduction_amount_tax_excl": priced.reduction.excl,
        },
        name=detail_ref(position).name,
        close=True,
    )


# A new order has no refunds and no downloads.
_CONSTANT_COLUMNS: dict[str, DraftValue] = {
    "id_customization": 0,
    "product_quantity_refunded": 0,
    "product_quantity_return": 0,
    "product_quantity_reinjected": 0,
    "reduction_percent": 0,
    "group_reduction": 0,
    "product_quantity_discount": 0,
    "tax_computation_method": 0,
    "discount_quantity_applied": 0,
    "download_hash": "",
    "download_nb": 0,
    "download_deadline": ZERO_MOMENT,
    "total_shipping_price_tax_incl": 0,
    "total_shipping_price_tax_excl": 0,
    "total_refunded_tax_excl": 0,
    "total_refunded_tax_incl": 0,
}


def _product_columns(line: ResolvedLine, resolved: ResolvedOrder) -> dict[str, DraftValue]:
    """Return the columns that describe the product: '' or 0, never NULL, on which the order page of 1.7.7+ fails."""
    product = line.product
    known = product if product and not product.stands_in else None  # the codes of a placeholder are not the item's
    sku = clean_text(line.item.sku, Field.REFERENCE) if line.item else ""
    columns: dict[str, DraftValue] = {
        "product_id": product.id_product if product else 0,
        "product_attribute_id": product.id_product_attribute if product else 0,
        "product_name": line_name(line, resolved.market.id_lang, resolved.market.language),
        "product_quantity_in_stock": min(line.priced.quantity, product.stock_quantity) if product else 0,
        "product_reference": known.reference if known else sku,
        "product_weight": product.weight if product else 0,
        "id_tax_rules_group": product.id_tax_rules_group if product else 0,
        "purchase_supplier_price": (product.purchase_supplier_price or product.wholesale_price) if product else 0,
        "original_wholesale_price": product.wholesale_price if product else 0,
    }
    for column in ("ean13", "isbn", "upc", "mpn", "supplier_reference"):
        columns[f"product_{column}"] = getattr(known, column) if known else ""
    return columns


def _ecotax_columns(resolved: ResolvedOrder, line: ResolvedLine) -> dict[str, DraftValue]:
    """Return the product's ecotax, which is part of its price, in the order's currency.

    As OrderDetail::setDetailProductPrice writes it.
    """
    ecotax = line.product.ecotax if line.product is not None and not line.product.stands_in else Decimal(0)
    return {
        "ecotax": ecotax * resolved.conversion_rate,
        "ecotax_tax_rate": resolved.ecotax_tax_rate if ecotax else 0,
    }


def _tax_name_columns(resolved: ResolvedOrder, line: ResolvedLine) -> dict[str, DraftValue]:
    taxed, way = bool(line.priced.tax_key), resolved.market.tax_columns
    name = {"named": line.tax_name if taxed else "", "empty": "", "deprecated": "deprecated"}[way]
    rate = line.priced.rate if taxed and way != "empty" else Decimal(0)
    return {"tax_name": name, "tax_rate": rate}


def sale_row(id_product: int, quantity: int, lines: int, day: str) -> dict[str, Value]:
    """Return the product_sale row for the pieces of a product that were sold in so many lines of an order."""
    return {"id_product": id_product, "quantity": quantity, "sale_nbr": lines, "date_upd": day}
