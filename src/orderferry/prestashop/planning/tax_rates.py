"""What the shop and the configuration say of taxes for one order: the input of `price_order`. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal

from orderferry.domain.orders import Order
from orderferry.domain.pricing import RateChoice, Rates
from orderferry.domain.territories import area_of
from orderferry.prestashop.database.values import as_int
from orderferry.prestashop.facts import Country, Product, ShopFacts, ShopUnit
from orderferry.prestashop.planning.frame import Place
from orderferry.prestashop.planning.market import Market
from orderferry.prestashop.planning.resolve import known_rates, resolve_tax, rule_rate

_OFF = "0"


def rates_for(
    order: Order, market: Market, facts: ShopFacts, place: Place, products: Mapping[str, Product | None]
) -> Rates:
    """Given an order, its place of delivery and the product of each item id (None: a free line), return the rates.

    [taxes] names the country: that wins for everything; else the shop's own rules for the product's tax rules group
    and the carrier's. A free line has no group of its own: it bears the standard rate. A shop without taxes (PS_TAX
    off) has 0 % everywhere. Neither configuration nor rules of a country hold in its territories outside its VAT area
    (the Canary Islands, Livigno, …), but for rules of that very province or postcode; those of France hold in
    Monaco, unless the shop has Monaco's own.
    """
    taxes = market.settings.taxes
    area = area_of(order.delivery_address, place.postal.country)
    countries = [facts.countries[code] for code in area.codes if code in facts.countries]
    configured = next((code for code in area.codes if code in taxes.by_country), "")
    fixed: RateChoice | None = None
    if facts.setting("PS_TAX", market.shop, "1") == _OFF:
        fixed = RateChoice(Decimal(0))
    elif configured:
        fixed = resolve_tax(facts, taxes.by_country[configured], place.country, key=f"taxes.{configured}")
    carrier_group = facts.carrier_tax_groups.get((market.carrier(order), market.shop.id))
    shipping = None if carrier_group is None else _first_rule(facts, carrier_group, place, countries)
    return Rates(
        by_item={item_id: fixed or _ruled(facts, product, place, countries) for item_id, product in products.items()},
        shipping=fixed or shipping,
        known=known_rates(facts, countries[0] if countries else place.country),
        inside_eu=bool(area.vat),
        vat_by_amazon=market.settings.vat_by_amazon,
        missing_is_zero=taxes.missing == "zero",
        collected_by_amazon=market.collected_by_amazon,
        by_configuration=bool(configured),
    )


def home_country(facts: ShopFacts, shop: ShopUnit) -> str:
    """The ISO code of the shop's own country (PS_COUNTRY_DEFAULT), from where it sends; '' if unknown."""
    id_country = as_int(facts.setting("PS_COUNTRY_DEFAULT", shop))
    return next((country.iso for country in facts.countries.values() if country.id == id_country), "")


def _ruled(facts: ShopFacts, product: Product | None, place: Place, countries: Sequence[Country]) -> RateChoice | None:
    if product is not None:
        return _first_rule(facts, product.id_tax_rules_group, place, countries)
    group = standard_group(facts)
    return _first_rule(facts, group, place, countries) if group else None


def _first_rule(facts: ShopFacts, group: int, place: Place, countries: Sequence[Country]) -> RateChoice | None:
    """What the shop's rules say for the first of the countries for which they say anything; for a territory in whose
    country the shop has a rule of its own for that province or postcode, what that says."""
    for country in countries:
        rate = rule_rate(facts, group, country, place.id_state, place.known_postcode)
        if rate is not None:
            return rate
    if place.country in countries:
        return None
    return rule_rate(facts, group, place.country, place.id_state, place.known_postcode, regional_only=True)


def standard_group(facts: ShopFacts) -> int:
    """The tax rules group of the shop's ordinary goods: the one with the highest rate in the shop's own country, since
    no reduced rate exceeds the standard one (directive 2006/112/EC, articles 96 to 98); 0 where it has no rule there.
    """
    home = as_int(facts.setting("PS_COUNTRY_DEFAULT"))
    rates = {group: _home_rate(facts, group, home) for group, id_country in facts.tax_rules if id_country == home}
    return min(rates, key=lambda group: (-rates[group], group), default=0)


def _home_rate(facts: ShopFacts, group: int, home: int) -> Decimal:
    """The rate for the country as a whole, else the highest of its regions."""
    whole = facts.ruled_tax(group, home)
    named = [rule.id_tax for rule in facts.tax_rules[group, home]] if whole is None else [whole]
    return max(facts.taxes.get(id_tax, Decimal(0)) for id_tax in named)
