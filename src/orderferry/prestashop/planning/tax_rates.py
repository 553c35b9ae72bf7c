"""The tax rates that shop and configuration have for one order: the input of `price_order`. Pure.

Also on which marketplaces Amazon calculates the seller's VAT (`marketplace.<CODE>.vat_by_amazon = "auto"`), which is
learnt from its orders: a TAX of 0 means 0 % only there. The shop keeps what was learnt beside the markers, so that it
outlives a ledger and serves every importer of the shop.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from decimal import Decimal

from orderferry.config.model import Settings
from orderferry.domain.marketplaces import PRICES_WITHOUT_TAX, marketplace_code
from orderferry.domain.orders import Order
from orderferry.domain.pricing.priced_order import FOREIGN, RateChoice, Rates
from orderferry.domain.pricing.tax_law import is_reverse_charge, is_seller_in_eu, legal_rates_of, rates_code
from orderferry.domain.pricing.tax_split import has_tax_of_seller
from orderferry.domain.territories import area_of, province_keys
from orderferry.domain.text import plain_name
from orderferry.prestashop.database.values import as_int
from orderferry.prestashop.facts import Country, Product, ShopFacts
from orderferry.prestashop.planning.market import Market
from orderferry.prestashop.planning.resolve_mappings import home_country, resolve_shop, resolve_tax, rule_rate
from orderferry.prestashop.planning.resolved_order import Place

_OFF = "0"
STATE_NAME = "vat-by-amazon"  # the name in `<prefix>orderferry_state` of "DE=028-1234567-1234567 IT=…"


def rates_for(
    order: Order, market: Market, place: Place, products: Mapping[str, Product | None], *, vat_by_amazon: bool = False
) -> Rates:
    """Return the tax rates for an order, given its place of delivery and each item's product (None: a free line).

    A rate that [taxes] names for the country or region holds for everything. Otherwise the shop's own rules hold, for
    the tax rules groups of product and carrier. A free line has no group, so it gets the standard rate. A shop without
    taxes (PS_TAX off) has 0 % everywhere. Neither configuration nor rules of a country hold in its territories outside
    its VAT area (the Canary Islands, Livigno, …), except rules for that very province or postcode. Those of France hold
    in Monaco, unless the shop has Monaco's own. `vat_by_amazon`: Amazon calculates the VAT of this marketplace.
    """
    taxes, facts = market.settings.taxes, market.facts
    area = area_of(order.delivery_address, place.postal.country)
    home = market.home
    prices_without_tax = market.code in PRICES_WITHOUT_TAX
    at_home = home in area.codes and home not in PRICES_WITHOUT_TAX and not prices_without_tax
    countries = [facts.countries[code] for code in area.codes if code in facts.countries]
    configured = _configured(order, taxes.by_country, area.codes, place, facts)
    fixed: RateChoice | None = None
    if facts.setting("PS_TAX", market.shop, "1") == _OFF:
        fixed = RateChoice(Decimal(0))
    elif configured:
        fixed = resolve_tax(facts, taxes.by_country[configured], place.country, key=f"taxes.{configured}")
    carrier_group = facts.carrier_tax_groups.get((market.carrier(order), market.shop.id))
    shipping = None if carrier_group is None else _first_rule(facts, carrier_group, place, countries)
    codes, legal = frozenset(area.codes), legal_rates_of(area.codes)
    ruled = _ruled_taxes(facts, place, countries)
    known = facts.taxes if area.vat else _known_of_country(facts, codes, ruled, legal, at_home=at_home)
    ranks = _tax_ranks(facts, codes, ruled, legal, home)
    keyed_ranks = {str(id_tax): rank for id_tax, rank in ranks.items()}
    if fixed is not None and fixed.key:
        keyed_ranks[fixed.key] = 0  # the configured tax is the place's own
    return Rates(
        by_item={item_id: fixed or _ruled(facts, product, place, countries) for item_id, product in products.items()},
        shipping=fixed or shipping,
        known=tuple(
            RateChoice(facts.taxes[id_tax], str(id_tax)) for id_tax in sorted(known, key=lambda one: (ranks[one], one))
        ),
        prices_hold_tax=bool(area.vat) or at_home,
        vat_by_amazon=vat_by_amazon,
        missing_is_zero=taxes.missing == "zero",
        collected_by_amazon=market.collected_by_amazon,
        # outside the EU's VAT, only rules for a part of the surrounding country apply to a territory
        by_configuration=bool(configured) or place.country not in countries,
        ranks=keyed_ranks,
        legal=legal,
        country=rates_code(area.codes) or place.country.iso,
        reverse_charge=is_reverse_charge(order, home=home, country=place.country.iso),
        seller_in_eu=is_seller_in_eu(home),
        prices_without_tax=prices_without_tax,
    )


def _ruled_taxes(facts: ShopFacts, place: Place, countries: Sequence[Country]) -> set[int]:
    """Return the id_tax that rules name for a place. `countries`: the shop's countries of its tax area."""
    ids = {country.id for country in countries}
    around = not ids or place.country.id not in ids
    return {
        rule.id_tax
        for (_, id_country), rules in facts.tax_rules.items()
        if id_country in ids or (around and id_country == place.country.id)
        for rule in rules
        if rule.id_tax and rule.covers(place.id_state, place.known_postcode) and (id_country in ids or rule.regional)
    }


def _tax_ranks(
    facts: ShopFacts, codes: Set[str], ruled: Set[int], legal: Sequence[Decimal], home: str
) -> dict[int, int]:
    """Return how well each tax of the shop (id_tax) suits a place of delivery; the lowest rank suits best.

    `codes` are those of the place's tax area, `ruled` the taxes that rules name for it, `legal` the rates by law there,
    `home` is the shop's own country. 0: ruled and legal. 1 to 3: legal, in the order of the country in the tax's name
    (the place's, none, another). 4: ruled only (the law may have changed). FOREIGN: ruled, but another country's (the
    Italian localisation pack rules Italy's 22 % for every member state). One more: neither.
    """
    own = facts.countries.get(home) if home not in codes else None
    of_home = facts.taxes_named_for(own.id) if own is not None else frozenset()
    ranks = {}
    for id_tax, rate in facts.taxes.items():
        is_legal, named = rate in legal, facts.tax_countries(id_tax)
        if id_tax not in ruled:
            ranks[id_tax] = FOREIGN + 1 if not is_legal else 1 if named & codes else 3 if named else 2
        elif is_legal or not legal:
            ranks[id_tax] = 0
        else:
            is_foreign = id_tax in of_home or (named and not named & codes)
            ranks[id_tax] = FOREIGN if is_foreign else FOREIGN - 1
    return ranks


def _known_of_country(
    facts: ShopFacts, codes: Set[str], ruled: Set[int], legal: Sequence[Decimal], *, at_home: bool
) -> list[int]:
    """Return the taxes that a rule names for the place.

    `at_home`: also those whose rate is legal there, and those whose name names no other country.
    """
    return [
        id_tax
        for id_tax, rate in facts.taxes.items()
        if id_tax in ruled
        or (at_home and (rate in legal or not (named := facts.tax_countries(id_tax)) or named & codes))
    ]


def _configured(
    order: Order, by_country: Mapping[str, Decimal | str], codes: Sequence[str], place: Place, facts: ShopFacts
) -> str:
    """Return the key of [taxes] that names the place, of several the narrowest; '' for none."""
    regional = [code for code in by_country if code.partition("-")[0] == place.country.iso and "-" in code]
    others = [code for code in regional if code not in codes]
    if others:
        keys = _province_keys(order, place, facts)
        others = [code for code in others if plain_name(code.partition("-")[2]) in keys]
    return next((code for code in (*others, *codes) if code in by_country), "")


def _province_keys(order: Order, place: Place, facts: ShopFacts) -> frozenset[str]:
    """Return the plain codes and names of the province of delivery, the shop's and those of ISO 3166-2."""
    iso = place.country.iso
    province = next((one for one in facts.provinces if one.id == place.id_state and place.id_state), None)
    region = order.delivery_address.region if order.delivery_address else ""
    names = [name for name in (region, province.name if province else "") if name]
    own = {plain_name(name.upper().removeprefix(f"{iso}-")) for name in (region, province.iso if province else "")}
    return frozenset(own).union(*province_keys(iso, *names)) - {""}


def _ruled(facts: ShopFacts, product: Product | None, place: Place, countries: Sequence[Country]) -> RateChoice | None:
    if product is not None:
        return _first_rule(facts, product.id_tax_rules_group, place, countries)
    group = standard_group(facts)
    return _first_rule(facts, group, place, countries) if group else None


def _first_rule(facts: ShopFacts, group: int, place: Place, countries: Sequence[Country]) -> RateChoice | None:
    """Return the rate by the shop's rules in the first of the countries that has one.

    For a territory, else: the rate of a rule for its own province or postcode.
    """
    for country in countries:
        rate = rule_rate(facts, group, country, place.id_state, place.known_postcode)
        if rate is not None:
            return rate
    if place.country in countries:
        return None
    return rule_rate(facts, group, place.country, place.id_state, place.known_postcode, regional_only=True)


def standard_group(facts: ShopFacts) -> int:
    """Return the tax rules group of the shop's ordinary goods; 0 if no group has a rule in the shop's own country.

    It is the one with the highest rate there, since no reduced rate exceeds the standard one (directive 2006/112/EC,
    articles 96 to 98).
    """
    home = as_int(facts.setting("PS_COUNTRY_DEFAULT"))
    rates = {group: _home_rate(facts, group, home) for group, id_country in facts.tax_rules if id_country == home}
    return min(rates, key=lambda group: (-rates[group], group), default=0)


def _home_rate(facts: ShopFacts, group: int, home: int) -> Decimal:
    """Return the rate for the country as a whole, else the highest of its regions."""
    whole = facts.ruled_tax(group, home)
    named = [rule.id_tax for rule in facts.tax_rules[group, home]] if whole is None else [whole]
    return max(facts.taxes.get(id_tax, Decimal(0)) for id_tax in named)


def parse_proofs(kept: str) -> dict[str, str]:
    """Return an order for each marketplace (by country code) that shows that Amazon calculates the VAT there.

    `kept`: the text that the shop keeps of them.
    """
    pairs = (word.partition("=") for word in kept.split())
    return {code: order_id for code, equals, order_id in pairs if equals}


def proofs_text(proofs: Mapping[str, str]) -> str:
    """Return the text that the shop keeps."""
    return " ".join(f"{code}={order_id}" for code, order_id in sorted(proofs.items()))


def new_proofs(
    orders: Sequence[Order], known: Mapping[str, str], settings: Settings, facts: ShopFacts
) -> Mapping[str, str]:
    """Return the first order of each marketplace that shows that Amazon calculates the seller's VAT there.

    Only marketplaces on "auto" that are not `known` yet are looked at; `orders` are those of a page.
    """
    found: dict[str, str] = {}
    for order in orders:
        code = marketplace_code(order.marketplace_id)
        own = settings.marketplace(code)
        if code in known or code in found or code in PRICES_WITHOUT_TAX or own.vat_by_amazon is not None:
            continue
        home = home_country(facts, resolve_shop(facts, own.shop, key=f"marketplace.{code}.shop"))
        if has_tax_of_seller(order, seller_in_eu=is_seller_in_eu(home)):
            found[code] = order.order_id
    return found


def notices_of(proofs: Mapping[str, str]) -> tuple[str, ...]:
    """Return a sentence for each new proof; it is reported once."""
    return tuple(
        f"Amazon calculates the VAT on the marketplace {code}, as order {order_id} shows: from now on a tax of 0 there "
        f"is 0 %. Nothing has to be done; if it is wrong, set marketplace.{code}.vat_by_amazon = false."
        for code, order_id in sorted(proofs.items())
    )
