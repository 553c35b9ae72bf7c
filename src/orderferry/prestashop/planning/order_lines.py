"""Which product of the shop each line of an order is booked on, as products.unknown and products.fees say. Pure.

Fees are booked on hidden products of our own, one for each kind of fee and tax rules group, and on a tax of 0 %.
Without them an edit of the order in the back office would lose money (docs/editing-orders.md): a line loses
its amount if its product does not exist, and its tax if the product has no tax rules group; the net of a line without a
tax row is listed under another rate in the invoice's table of taxes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from orderferry.config.model import ProductsSettings
from orderferry.domain.orders import Item, Order, ProceedsType
from orderferry.domain.pricing.priced_order import ZERO
from orderferry.domain.problems import Problem, ProblemCode
from orderferry.prestashop.facts import Catalog, FeeKey, OwnThings, Product, ShopFacts, ShopUnit
from orderferry.prestashop.planning.market import Market
from orderferry.prestashop.planning.resolved_order import Place
from orderferry.prestashop.planning.shop_texts import ENGLISH, fee_name

FEE_KINDS = (ProceedsType.COD_FEE, ProceedsType.DELIVERY_TIP, ProceedsType.OTHER, ProceedsType.GIFT_WRAP)
PRODUCT, SHIPPING = "product", "shipping"  # words of products.fees


def match_items(order: Order, market: Market, catalog: Catalog) -> dict[str, Product | None] | Problem:
    """Return the product of each item that is still ordered (by item id; None: a free line).

    The first item that can't be matched holds the order; the problem's subject is its SKU.
    """
    matches: dict[str, Product | None] = {}
    for item in order.items:
        if not item.quantity:
            continue
        found = _match(order, item, market, catalog)
        if isinstance(found, Problem):
            return found
        if found is not None and is_kept_in_warehouses(found, market.shop, market.facts):
            told = f"the stock of {item.sku!r} is kept in warehouses (advanced stock management)"
            message = f"order {order.order_id}: {told}, which orderferry does not write"
            return Problem(ProblemCode.ADVANCED_STOCK, message, order.order_id, item.sku)
        matches[item.item_id] = found
    return matches


def is_kept_in_warehouses(product: Product, shop: ShopUnit, facts: ShopFacts) -> bool:
    """Return whether PrestaShop's advanced stock management (up to 1.7) rules the product's stock."""
    return product.depends_on_stock and facts.setting("PS_ADVANCED_STOCK_MANAGEMENT", shop) == "1"


def _match(order: Order, item: Item, market: Market, catalog: Catalog) -> Product | Problem | None:
    settings = market.products
    products = catalog.products.get((market.shop.id, item.sku), ())
    if len(products) == 1:
        return products[0]
    if products:
        message = f"order {order.order_id}: {len(products)} products of the shop answer to the SKU {item.sku!r}"
        return Problem(ProblemCode.AMBIGUOUS_SKU, message, order.order_id, item.sku)
    if settings.unknown == "line":
        return None
    if settings.unknown == "placeholder":
        placeholders = catalog.products.get((market.shop.id, settings.placeholder), ())
        if len(placeholders) == 1:
            return replace(placeholders[0], stands_in=True)
    if not item.sku:
        reason = f"Amazon gives an item without SKU (ASIN {item.asin}); only products.unknown can let it in"
    else:
        reason = f"no product of the shop answers to the SKU {item.sku!r}"
    return Problem(ProblemCode.UNKNOWN_SKU, f"order {order.order_id}: {reason}", order.order_id, item.sku)


def fee_product(own: OwnThings, key: FeeKey) -> Product:
    """Return the hidden product that a fee is booked on; its id is 0 if it has yet to be made.

    If none can be made, another one for this kind of fee is taken: only its tax may differ after an edit.
    """
    if key not in own.products and not own.may_make_products:
        key = next(other for other in own.products if other.kind is key.kind)
    return hidden_product(key, own.products.get(key, 0))


def hidden_product(key: FeeKey, id_product: int = 0) -> Product:
    """Return a hidden product as order lines need it."""
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
    """Return the kinds of fees that get no line of their own and are added to the shipping.

    These are the ones that products.fees names, and those that no product can be made for. Gift wrapping among them
    goes into the order's total of wrapping.
    """
    return frozenset(
        kind
        for kind in FEE_KINDS
        if (booked := settings.fee(kind)) == SHIPPING or (booked == PRODUCT and not own.has_product_for(kind))
    )


def fee_group(facts: ShopFacts, place: Place, tax_key: str, preferred: Sequence[int]) -> int:
    """Return the tax rules group whose rule gives a fee's tax at the place of delivery.

    One of `preferred` if possible, else the first. If no rule gives that tax (`taxes.<COUNTRY>` names it), the first of
    `preferred`: an edit of the order will then book that group's rate. A fee without tax gets a group with a rule of
    0 %, which keeps its row of 0 % when the address is edited, or none (0), which keeps at least the rate.
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
