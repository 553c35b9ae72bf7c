"""What the shop and the configuration say of taxes for one order: the input of `price_order`. Pure.

Where Amazon calculates the seller's VAT (`marketplace.<CODE>.vat_by_amazon = "auto"`): learnt from its orders.

What was learnt is kept in the shop beside the markers, so that it outlives a ledger and serves every importer of the
shop: a TAX of 0 means 0 % only there.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from decimal import Decimal

from orderferry.config.model import Settings
from orderferry.domain.marketplaces import PRICES_WITHOUT_TAX, marketplace_code
from orderferry.domain.orders import Order
from orderferry.domain.pricing.priced_order import FOREIGN, RateChoice, Rates
from orderferry.domain.pricing.tax_law import is_reverse_charge, is_seller_in_eu, legal_rates_of, rates_code
from orderferry.domain.pricing.tax_split import tells_own_tax
from orderferry.domain.territories import area_of, province_keys
from orderferry.domain.text import plain_name
from orderferry.prestashop.database.values import as_int
from orderferry.prestashop.facts import Country, Product, ShopFacts, ShopUnit
from orderferry.prestashop.planning.market import Market
from orderferry.prestashop.planning.resolve_mappings import resolve_shop, resolve_tax, rule_rate
from orderferry.prestashop.planning.resolved_order import Place

_OFF = "0"


def rates_for(
    order: Order,
    market: Market,
    facts: ShopFacts,
    place: Place,
    products: Mapping[str, Product | None],
    *,
    vat_by_amazon: bool = False,
) -> Rates:
    """Given an order, its place of delivery and the product of each item id (None: a free line), return the rates.

    [taxes] names the country or the region: that wins for everything; else the shop's own rules for the product's tax
    rules group and the carrier's. A free line has no group of its own: it bears the standard rate. A shop without taxes
    (PS_TAX off) has 0 % everywhere. Neither configuration nor rules of a country hold in its territories outside its
    VAT area (the Canary Islands, Livigno, …), but for rules of that very province or postcode; those of France hold in
    Monaco, unless the shop has Monaco's own. `vat_by_amazon`: Amazon calculates the VAT of this marketplace.
    """
    taxes = market.settings.taxes
    area = area_of(order.delivery_address, place.postal.country)
    home = home_country(facts, market.shop)
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
        # outside the EU's VAT, only rules for a part of the surrounding country can speak of a territory
        by_configuration=bool(configured) or place.country not in countries,
        ranks=keyed_ranks,
        legal=legal,
        country=rates_code(area.codes) or place.country.iso,
        reverse_charge=is_reverse_charge(order, home=home, country=place.country.iso),
        seller_in_eu=is_seller_in_eu(home),
        prices_without_tax=prices_without_tax,
    )


def _ruled_taxes(facts: ShopFacts, place: Place, countries: Sequence[Country]) -> set[int]:
    """Return the id_tax that a rule names for the place, given the shop's countries of its tax area."""
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
    """Return how far each tax of the shop (id_tax) is from a place of delivery, given the codes of its tax area, the
    taxes ruled for it and the rates by law there, and the shop's own country.

    0: ruled, and the place's law; 1 to 3: its law, by whose country the tax's name tells; 4: ruled all the same (the
    law may have changed); FOREIGN: another country's, which a rule names (the Italian localisation pack rules Italy's
    22 % for every member state); one more: neither.
    """
    own = facts.countries.get(home) if home not in codes else None
    of_home = facts.taxes_named_for(own.id) if own is not None else frozenset()
    ranks = {}
    for id_tax, rate in facts.taxes.items():
        is_legal, named = rate in legal, facts.tax_countries[id_tax]
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
    """Return the taxes that a rule names for the place; `at_home`: also those with a rate of its law, and those
    whose name tells no other country.
    """
    return [
        id_tax
        for id_tax, rate in facts.taxes.items()
        if id_tax in ruled
        or (at_home and (rate in legal or not facts.tax_countries[id_tax] or facts.tax_countries[id_tax] & codes))
    ]


def _configured(
    order: Order, by_country: Mapping[str, Decimal | str], codes: Sequence[str], place: Place, facts: ShopFacts
) -> str:
    """Return the key of [taxes] that names the place, the narrowest first; '' for none."""
    regional = [code for code in by_country if code.partition("-")[0] == place.country.iso and "-" in code]
    others = [code for code in regional if code not in codes]
    if others:
        keys = _province_keys(order, place, facts)
        others = [code for code in others if plain_name(code.partition("-")[2]) in keys]
    return next((code for code in (*others, *codes) if code in by_country), "")


def _province_keys(order: Order, place: Place, facts: ShopFacts) -> frozenset[str]:
    """Return the plain codes and names of the province of delivery, by the shop and by ISO 3166-2."""
    iso = place.country.iso
    province = next((one for one in facts.provinces if one.id == place.id_state and place.id_state), None)
    region = order.delivery_address.region if order.delivery_address else ""
    names = [name for name in (region, province.name if province else "") if name]
    own = {plain_name(name.upper().removeprefix(f"{iso}-")) for name in (region, province.iso if province else "")}
    return frozenset(own).union(*province_keys(iso, *names)) - {""}


def home_country(facts: ShopFacts, shop: ShopUnit | None = None) -> str:
    """Return the ISO code of the shop's own country (PS_COUNTRY_DEFAULT), from where it sends; '' if unknown."""
    return facts.country_codes.get(as_int(facts.setting("PS_COUNTRY_DEFAULT", shop)), "")


def _ruled(facts: ShopFacts, product: Product | None, place: Place, countries: Sequence[Country]) -> RateChoice | None:
    if product is not None:
        return _first_rule(facts, product.id_tax_rules_group, place, countries)
    group = standard_group(facts)
    return _first_rule(facts, group, place, countries) if group else None


def _first_rule(facts: ShopFacts, group: int, place: Place, countries: Sequence[Country]) -> RateChoice | None:
    """Return what the shop's rules say for the first of the countries for which they say anything; for a territory
    in whose country the shop has a rule of its own for that province or postcode, what that says.
    """
    for country in countries:
        rate = rule_rate(facts, group, country, place.id_state, place.known_postcode)
        if rate is not None:
            return rate
    if place.country in countries:
        return None
    return rule_rate(facts, group, place.country, place.id_state, place.known_postcode, regional_only=True)


def standard_group(facts: ShopFacts) -> int:
    """Return the tax rules group of the shop's ordinary goods: the one with the highest rate in the shop's own
    country, since no reduced rate exceeds the standard one (directive 2006/112/EC, articles 96 to 98); 0 where it
    has no rule there.
    """
    home = as_int(facts.setting("PS_COUNTRY_DEFAULT"))
    rates = {group: _home_rate(facts, group, home) for group, id_country in facts.tax_rules if id_country == home}
    return min(rates, key=lambda group: (-rates[group], group), default=0)


def _home_rate(facts: ShopFacts, group: int, home: int) -> Decimal:
    """Return the rate for the country as a whole, else the highest of its regions."""
    whole = facts.ruled_tax(group, home)
    named = [rule.id_tax for rule in facts.tax_rules[group, home]] if whole is None else [whole]
    return max(facts.taxes.get(id_tax, Decimal(0)) for id_tax in named)


STATE_NAME = "vat-by-amazon"  # of `<prefix>orderferry_state`: "DE=028-1234567-1234567 IT=…"


def parse_proofs(kept: str) -> dict[str, str]:
    """Given what is kept in the shop, return the order that proved it, by country code of the marketplace."""
    pairs = (word.partition("=") for word in kept.split())
    return {code: order_id for code, equals, order_id in pairs if equals}


def proofs_text(proofs: Mapping[str, str]) -> str:
    """Return the text that is kept in the shop."""
    return " ".join(f"{code}={order_id}" for code, order_id in sorted(proofs.items()))


def new_proofs(
    orders: Sequence[Order], known: Mapping[str, str], settings: Settings, facts: ShopFacts
) -> Mapping[str, str]:
    """Given the orders of a page and what is known, return for each marketplace on "auto" that is not known yet the
    first of its orders in which Amazon tells tax that the seller owes."""
    found: dict[str, str] = {}
    for order in orders:
        code = marketplace_code(order.marketplace_id)
        own = settings.marketplace(code)
        if code in known or code in found or code in PRICES_WITHOUT_TAX or own.vat_by_amazon is not None:
            continue
        home = home_country(facts, resolve_shop(facts, own.shop, key=f"marketplace.{code}.shop"))
        if tells_own_tax(order, seller_in_eu=is_seller_in_eu(home)):
            found[code] = order.order_id
    return found


def notices_of(proofs: Mapping[str, str]) -> tuple[str, ...]:
    """Given new proofs, return what to say of them, once."""
    return tuple(
        f"Amazon calculates the VAT on the marketplace {code}, as order {order_id} shows: from now on a tax of 0 there "
        f"is 0 %. Nothing has to be done; if it is wrong, set marketplace.{code}.vat_by_amazon = false."
        for code, order_id in sorted(proofs.items())
    )
