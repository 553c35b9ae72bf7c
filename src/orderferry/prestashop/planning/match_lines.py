"""From Amazon's items to products of the shop, as products.unknown says. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from orderferry.config.model import ProductsSettings
from orderferry.domain.orders import Item, Order
from orderferry.domain.problems import Problem, ProblemCode
from orderferry.prestashop.facts import Catalog, Product, ShopFacts, ShopUnit


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
    """Whether PrestaShop's advanced stock management (up to 1.7) rules this product's stock."""
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
