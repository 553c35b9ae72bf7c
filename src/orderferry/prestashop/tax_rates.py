"""What the shop and the configuration say of taxes for one order: the input of `price_order`. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from orderferry.domain.marketplaces import EU_COUNTRIES
from orderferry.domain.orders import Order
from orderferry.domain.pricing import RateChoice, Rates
from orderferry.prestashop.facts import Country, Product, ShopFacts
from orderferry.prestashop.market import Market
from orderferry.prestashop.resolve import known_rates, resolve_tax, rule_rate

_OFF = "0"


def rates_for(
    order: Order, market: Market, facts: ShopFacts, country: Country, products: Mapping[str, Product | None]
) -> Rates:
    """Given an order, its country of delivery and the product of each item id (None: a free line), return the rates.

    [taxes] names the country: that wins for everything; else the shop's own rules for the product's tax rules group
    and the carrier's. A shop without taxes (PS_TAX off) has 0 % everywhere.
    """
    taxes = market.settings.taxes
    configured = taxes.by_country.get(country.iso)
    fixed: RateChoice | None = None
    if facts.setting("PS_TAX", market.shop, "1") == _OFF:
        fixed = RateChoice(Decimal(0))
    elif configured is not None:
        fixed = resolve_tax(facts, configured, country, key=f"taxes.{country.iso}")
    carrier_group = facts.carrier_tax_groups.get((market.carrier(order), market.shop.id))
    shipping = None if carrier_group is None else rule_rate(facts, carrier_group, country)
    return Rates(
        by_item={
            item_id: fixed or (rule_rate(facts, product.id_tax_rules_group, country) if product else None)
            for item_id, product in products.items()
        },
        shipping=fixed or shipping,
        known=known_rates(facts),
        inside_eu=country.iso in EU_COUNTRIES,
        vat_by_amazon=market.settings.vat_by_amazon,
        missing_is_zero=taxes.missing == "zero",
        collected_by_amazon=market.collected_by_amazon,
    )
