"""What fees are booked on: hidden products of our own, one a kind and tax rules group, and a tax of 0 %. Pure.

A line whose product does not exist, or whose product has no tax rules group, loses its amount or its tax as soon as
the order is edited (prestashop-order-edits, 0 and 4); a line without a tax row has its net booked under another rate in
the invoice's table of taxes (6).
"""

from __future__ import annotations

from collections.abc import Sequence

from orderferry.config.model import ProductsSettings
from orderferry.domain.orders import ProceedsType
from orderferry.domain.pricing import ZERO
from orderferry.prestashop.facts import FeeKey, OwnThings, Product, ShopFacts
from orderferry.prestashop.planning.resolved_order import Place
from orderferry.prestashop.planning.words import ENGLISH, fee_name

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
    """The fees that get no line: those that products.fees adds to the shipping, and those that no product can be made
    for. Gift wrapping among them is the order's own total."""
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
