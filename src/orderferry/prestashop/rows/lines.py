"""order_detail and order_detail_tax: a row a line, and a row a tax of a line.

product_sale: PrestaShop's best-seller counts. An order counts while its state is `logable`.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from orderferry.domain.text import Field, clean_text
from orderferry.prestashop.database.values import Value
from orderferry.prestashop.planning.resolved_order import ResolvedLine, ResolvedOrder
from orderferry.prestashop.planning.shop_texts import NAMELESS, fee_name, in_language
from orderferry.prestashop.rows.drafts import ORDER, ZERO_MOMENT, Draft, DraftValue, detail_ref
from orderferry.prestashop.rows.order import invoice_ref


def detail_rows(resolved: ResolvedOrder) -> list[Draft]:
    """Given a resolved order, return its lines in Amazon's order."""
    return [_detail_row(resolved, line, position) for position, line in enumerate(resolved.lines)]


def detail_tax_rows(resolved: ResolvedOrder) -> list[Draft]:
    """Given a resolved order, return the tax rows of its lines. Without one the tax would vanish from the invoice's
    table, and the net of a zero-rated line would stand there under another rate."""
    rows = []
    for position, line in enumerate(resolved.lines):
        id_tax = int(line.priced.tax_key or (resolved.zero_tax if position in resolved.zero_rated else 0))
        if id_tax:
            amounts = {"unit_amount": line.priced.unit.tax, "total_amount": line.priced.total.tax}
            rows.append(
                Draft("order_detail_tax", {"id_order_detail": detail_ref(position), "id_tax": id_tax, **amounts})
            )
    return rows


def line_name(line: ResolvedLine, id_lang: int, language: str) -> str:
    """Given a line and the order's language (its id and ISO code), return what order_detail calls it: the fee, the
    product's own name, else Amazon's title."""
    item = line.item
    if line.fee is not None or (line.product is None and item is None):
        return fee_name(line.priced.kind, language)
    if line.product is not None and not line.as_placeholder:
        return line.product.name_in(id_lang)
    names = (item.title, item.sku, item.item_id) if item else ()
    cleaned = (clean_text(name, Field.GENERIC) for name in names)
    return next((name for name in cleaned if name), in_language(NAMELESS, language))


def _detail_row(resolved: ResolvedOrder, line: ResolvedLine, position: int) -> Draft:
    """A promotion is the line's own reduction, as PrestaShop writes a specific price: it is in the unit price, the
    reduction documents it, and an edit of the order keeps both."""
    priced = line.priced
    return Draft(
        "order_detail",
        {
            "id_order": ORDER,
            "id_order_invoice": invoice_ref(resolved),
            "id_warehouse": 0,
            "id_shop": resolved.shop.id,
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


# Nothing is refunded yet, nothing is downloaded.
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
    """Return the columns that describe the product. '' and 0, never NULL: the order page of 1.7.7+ fails on NULL
    here.
    """
    product = line.product
    sku = clean_text(line.item.sku, Field.REFERENCE) if line.item else ""
    columns: dict[str, DraftValue] = {
        "product_id": product.id_product if product else 0,
        "product_attribute_id": product.id_product_attribute if product else 0,
        "product_name": line_name(line, resolved.id_lang, resolved.language),
        "product_quantity_in_stock": min(line.priced.quantity, product.stock_quantity) if product else 0,
        "product_reference": product.reference if product and not line.as_placeholder else sku,
        "product_weight": product.weight if product else 0,
        "id_tax_rules_group": product.id_tax_rules_group if product else 0,
        "purchase_supplier_price": (product.purchase_supplier_price or product.wholesale_price) if product else 0,
        "original_wholesale_price": product.wholesale_price if product else 0,
    }
    for column in ("ean13", "isbn", "upc", "mpn", "supplier_reference"):
        columns[f"product_{column}"] = getattr(product, column) if product and not line.as_placeholder else ""
    return columns


def _ecotax_columns(resolved: ResolvedOrder, line: ResolvedLine) -> dict[str, DraftValue]:
    """Return the product's own ecotax, a part of the price, in the order's currency
    (OrderDetail::setDetailProductPrice).
    """
    ecotax = line.product.ecotax if line.product is not None and not line.as_placeholder else Decimal(0)
    return {
        "ecotax": ecotax * resolved.conversion_rate,
        "ecotax_tax_rate": resolved.ecotax_tax_rate if ecotax else 0,
    }


def _tax_name_columns(resolved: ResolvedOrder, line: ResolvedLine) -> dict[str, DraftValue]:
    taxed = bool(line.priced.tax_key)
    name = {"named": line.tax_name if taxed else "", "empty": "", "deprecated": "deprecated"}[resolved.tax_columns]
    rate = line.priced.rate if taxed and resolved.tax_columns != "empty" else Decimal(0)
    return {"tax_name": name, "tax_rate": rate}


@dataclass(frozen=True, slots=True)
class Sale:
    """One order line's product and how many were sold."""

    id_product: int
    quantity: int


def sale_row(sale: Sale, day: str, times: int = 1) -> dict[str, Value]:
    """Given the first sale of a product, its day and in how many lines it was sold, return its row."""
    return {"id_product": sale.id_product, "quantity": sale.quantity, "sale_nbr": times, "date_upd": day}
