"""From Amazon's items to products of the shop, as products.unknown says. Pure.

What fees are booked on: hidden products of our own, one a kind and tax rules group, and a tax of 0 %. Pure.

A line whose product does not exist, or whose product has no tax rules group, loses its amount or its tax as soon as
the order is edited (prestashop-order-edits, 0 and 4); a line without a tax row has its net booked under another rate in
the invoice's table of taxes (6).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from orderferry.config.model import ProductsSettings
from orderferry.domain.orders import Item, Order, ProceedsType
from orderferry.domain.pricing.priced_order import ZERO
from orderferry.domain.problems import Problem, ProblemCode
from orderferry.prestashop.facts import Catalog, FeeKey, OwnThings, Product, ShopFacts, ShopUnit
from orderferry.prestashop.planning.resolved_order import Place
from orderferry.prestashop.planning.shop_texts import ENGLISH, fee_name


@dataclass(frozen=True, slots=True)
class ProductMatch:
    """The product behind an item: None for a free line; `as_placeholder` when it only stands in."""

    product: Product | None
    as_placeholder: bool = False


def match_items(
    order: Order, shop: ShopUnit, facts: ShopFacts, catalog: Catalog, settings: ProductsSettings
) -> dict[str, ProductMatch] | Problem:
    """Given an order and the page's catalog, return the match of each item that is still ordered (by item id).

    The first item that can't be matched holds the order; the problem's subject is its SKU.
    """
    matches: dict[str, ProductMatch] = {}
    for item in order.items:
        if not item.quantity:
            continue
        found = _match(order, item, shop, catalog, settings)
        if isinstance(found, Problem):
            return found
        if found.product is not None and is_kept_in_warehouses(found.product, shop, facts):
            return _advanced_stock(order, item)
        matches[item.item_id] = found
    return matches


def is_kept_in_warehouses(product: Product, shop: ShopUnit, facts: ShopFacts) -> bool:
    """Return whether PrestaShop's advanced stock management (up to 1.7) rules this product's stock."""
    return product.depends_on_stock and facts.setting("PS_ADVANCED_STOCK_MANAGEMENT", shop, "0") == "1"


def _match(
    order: Order, item: Item, shop: ShopUnit, catalog: Catalog, settings: ProductsSettings
) -> ProductMatch | Problem:
    products = catalog.products.get((shop.id, item.sku), ())
    if len(products) == 1:
        return ProductMatch(products[0])
    if products:
        return Problem(
            ProblemCode.AMBIGUOUS_SKU,
            f"order {order.order_id}: {len(products)} products of the shop answer to the SKU {item.sku!r}",
            order.order_id,
            item.sku,
        )
    if settings.unknown == "line":
        return ProductMatch(None)
    if settings.unknown == "placeholder":
        stand_ins = catalog.products.get((shop.id, settings.placeholder), ())
        if len(stand_ins) == 1:
            return ProductMatch(stand_ins[0], as_placeholder=True)
    if not item.sku:
        said = f"Amazon gives an item without SKU (ASIN {item.asin}); only products.unknown can let it in"
    else:
        said = f"no product of the shop answers to the SKU {item.sku!r}"
    return Problem(ProblemCode.UNKNOWN_SKU, f"order {order.order_id}: {said}", order.order_id, item.sku)


def _advanced_stock(order: Order, item: Item) -> Problem:
    return Problem(
        ProblemCode.ADVANCED_STOCK,
        f"order {order.order_id}: the stock of {item.sku!r} is kept in warehouses (advanced stock management), which "
        "orderferry does not write",
        order.order_id,
        item.sku,
    )


FEE_KINDS = (ProceedsType.COD_FEE, ProceedsType.DELIVERY_TIP, ProceedsType.OTHER, ProceedsType.GIFT_WRAP)
PRODUCT, SHIPPING = "product", "shipping"  # words of products.fees


def fee_product(own: OwnThings, key: FeeKey) -> Product:
    """Given which hidden product a fee needs, return it; its id is 0 as long as it has yet to be made.

    Where none can be made, another one for this kind of fee does: only its tax may differ after an edit.
    """
    if key not in own.products and not own.may_make_products:
        key = next(other for other in own.products if other.kind is key.kind)
    return hidden_product(key, own.products.get(key, 0))


def hidden_product(key: FeeKey, id_product: int = 0) -> Product:
    """Given which fee it is for and its id, return a hidden product as order lines need it."""
    return Product(
        id_product=id_product,
        id_product_attribute=0,
        name=fee_name(key.kind, ENGLISH),
        reference=key.reference,
        supplier_reference="",
        ean13="",
        upc="",
        isbn="",
        mpn="",
        weight=ZERO,
        wholesale_price=ZERO,
        id_tax_rules_group=key.id_tax_rules_group,
        stock_quantity=1,
        active=False,
    )


def kinds_in_shipping(settings: ProductsSettings, own: OwnThings) -> frozenset[ProceedsType]:
    """Return the fees that get no line: those that products.fees adds to the shipping, and those that no product can
    be made for. Gift wrapping among them is the order's own total.
    """
    return frozenset(
        kind
        for kind in FEE_KINDS
        if settings.fee(kind) == SHIPPING or (settings.fee(kind) == PRODUCT and not own.has_product_for(kind))
    )


def fee_group(facts: ShopFacts, place: Place, tax_key: str, preferred: Sequence[int]) -> int:
    """Given the tax of a fee and its place of delivery, return the tax rules group whose rule gives that tax there.

    One of `preferred` if it does, else the first. Where no rule does (`taxes.<COUNTRY>`), the first of `preferred`: an
    edit of the order will then book that group's rate. A fee without tax has a group with a rule of 0 %, which keeps
    its row of 0 % when the address is edited, or none (0), with which the rate at least stays.
    """
    rate = facts.taxes.get(int(tax_key), ZERO) if tax_key else ZERO
    groups = sorted(group for group, id_country in facts.tax_rules if id_country == place.country.id)
    ruled = {
        group: facts.ruled_tax(group, place.country.id, place.id_state, place.known_postcode) or 0 for group in groups
    }
    if rate:
        fitting = [group for group in groups if str(ruled[group]) == tax_key]
    else:
        fitting = [group for group in groups if facts.taxes.get(ruled[group]) == ZERO]
    preferred = [group for group in preferred if group]
    best = next((group for group in preferred if group in fitting), 0) or next(iter(fitting), 0)
    return best or (next(iter(preferred), 0) if rate else 0)
