"""What the shop and the configuration say of taxes for one order: the input of `price_order`. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from orderferry.domain.iso_3166 import province_keys
from orderferry.domain.legal_rates import legal_rates_of, rates_code
from orderferry.domain.marketplaces import PRICES_WITHOUT_TAX
from orderferry.domain.orders import Order
from orderferry.domain.plain_name import plain_name
from orderferry.domain.pricing import FOREIGN, RateChoice, Rates
from orderferry.domain.tax_scheme import is_reverse_charge, is_seller_in_eu
from orderferry.domain.territories import COUNTRY_ALIASES, EU_MEMBERS, area_of, country_code
from orderferry.prestashop.database.values import as_int
from orderferry.prestashop.facts import Country, Product, ShopFacts, ShopUnit
from orderferry.prestashop.planning.market import Market
from orderferry.prestashop.planning.resolve_mappings import resolve_tax, rule_rate
from orderferry.prestashop.planning.resolved_order import Place

_OFF = "0"
# The words in a tax's name that tell whose it is ("IVA ES 21%").
_CODES = EU_MEMBERS | COUNTRY_ALIASES.keys() | {"GB", "XI", "CH", "NO", "TR", "MC"}


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
    known = KnownTaxes.of(facts, area.codes, place, countries, home)
    return Rates(
        by_item={item_id: fixed or _ruled(facts, product, place, countries) for item_id, product in products.items()},
        shipping=fixed or shipping,
        known=known.anywhere() if area.vat else known.of_the_country(at_home=at_home),
        prices_hold_tax=bool(area.vat) or at_home,
        vat_by_amazon=vat_by_amazon,
        missing_is_zero=taxes.missing == "zero",
        collected_by_amazon=market.collected_by_amazon,
        # outside the EU's VAT, only rules for a part of the surrounding country can speak of a territory
        by_configuration=bool(configured) or place.country not in countries,
        ranks=known.ranks(fixed),
        legal=known.legal,
        country=rates_code(area.codes) or place.country.iso,
        reverse_charge=is_reverse_charge(order, home=home, country=place.country.iso),
        seller_in_eu=is_seller_in_eu(home),
        prices_without_tax=prices_without_tax,
    )


@dataclass(frozen=True, slots=True)
class KnownTaxes:
    """The taxes of the shop for one place of delivery, with how far each is from it.

    `ruled`: the id_tax that a rule names for the place; `legal`: the rates by law there; `of_home`: the id_tax that a
    rule names for the shop's own country, where the place is not in it.
    """

    facts: ShopFacts
    codes: frozenset[str]
    ruled: frozenset[int]
    legal: tuple[Decimal, ...]
    of_home: frozenset[int]

    @classmethod
    def of(
        cls, facts: ShopFacts, codes: Sequence[str], place: Place, countries: Sequence[Country], home: str
    ) -> KnownTaxes:
        """What holds for a place, given the codes of its tax area, the shop's countries among them, and the shop's own
        country."""
        ids = {country.id for country in countries}
        around = not ids or place.country.id not in ids
        ruled = {
            rule.id_tax
            for (_, id_country), rules in facts.tax_rules.items()
            for rule in rules
            if rule.covers(place.id_state, place.known_postcode)
            and (id_country in ids or (around and id_country == place.country.id and rule.regional))
        }
        at_home = facts.countries.get(home) if home not in codes else None
        of_home = {
            rule.id_tax
            for (_, id_country), rules in facts.tax_rules.items()
            for rule in rules
            if at_home is not None and id_country == at_home.id
        }
        return cls(facts, frozenset(codes), frozenset(ruled - {0}), legal_rates_of(codes), frozenset(of_home))

    def anywhere(self) -> tuple[RateChoice, ...]:
        """Every tax in force, the nearest to the place first."""
        return self._choices(self.facts.taxes)

    def of_the_country(self, *, at_home: bool) -> tuple[RateChoice, ...]:
        """Those that a rule names for the place; `at_home`: also those with a rate of its law, and those whose name
        tells no other country."""
        return self._choices(
            id_tax
            for id_tax, rate in self.facts.taxes.items()
            if id_tax in self.ruled or (at_home and (rate in self.legal or self._is_named_for_it(id_tax)))
        )

    def ranks(self, fixed: RateChoice | None) -> dict[str, int]:
        """How far each tax is from the place, by its key; `fixed`, the configured one, is the place's own."""
        found = {str(id_tax): self._rank(id_tax) for id_tax in self.facts.taxes}
        return {**found, fixed.key: 0} if fixed is not None and fixed.key else found

    def _choices(self, ids: Iterable[int]) -> tuple[RateChoice, ...]:
        ordered = sorted(ids, key=lambda id_tax: (self._rank(id_tax), id_tax))
        return tuple(RateChoice(self.facts.taxes[id_tax], str(id_tax)) for id_tax in ordered)

    def _is_named_for_it(self, id_tax: int) -> bool:
        """Whether the name of a tax tells this place's country, or none."""
        named = countries_in_name(self.facts.tax_names.get(id_tax, ""))
        return not named or bool(named & self.codes)

    def _rank(self, id_tax: int) -> int:
        """0: ruled, and the place's law; 1 to 3: its law, by whose country the tax's name tells; 4: ruled all the same
        (the law may have changed); FOREIGN: another country's, which a rule names (the Italian localisation pack rules
        Italy's 22 % for every member state); one more: neither."""
        is_legal = self.facts.taxes[id_tax] in self.legal
        named = countries_in_name(self.facts.tax_names.get(id_tax, ""))
        if id_tax in self.ruled:
            if is_legal or not self.legal:
                return 0
            return FOREIGN if id_tax in self.of_home or (named and not named & self.codes) else FOREIGN - 1
        if not is_legal:
            return FOREIGN + 1
        return 1 if named & self.codes else 3 if named else 2


def _configured(
    order: Order, by_country: Mapping[str, Decimal | str], codes: Sequence[str], place: Place, facts: ShopFacts
) -> str:
    """The key of [taxes] that names the place, the narrowest first; '' for none."""
    regional = [code for code in by_country if code.partition("-")[0] == place.country.iso and "-" in code]
    others = [code for code in regional if code not in codes]
    if others:
        keys = _province_keys(order, place, facts)
        others = [code for code in others if plain_name(code.partition("-")[2]) in keys]
    return next((code for code in (*others, *codes) if code in by_country), "")


def _province_keys(order: Order, place: Place, facts: ShopFacts) -> frozenset[str]:
    """The plain codes and names of the province of delivery, by the shop and by ISO 3166-2."""
    iso = place.country.iso
    province = next((one for one in facts.provinces if one.id == place.id_state and place.id_state), None)
    region = order.delivery_address.region if order.delivery_address else ""
    names = [name for name in (region, province.name if province else "") if name]
    own = {plain_name(name.upper().removeprefix(f"{iso}-")) for name in (region, province.iso if province else "")}
    return frozenset(own).union(*province_keys(iso, *names)) - {""}


def countries_in_name(tax_name: str) -> frozenset[str]:
    """Given a tax's name ("IVA ES 21%"), return the country codes in it, UK and EL as ISO 3166-1 has them."""
    return frozenset(country_code(word) for word in re.split(r"[^A-Za-z0-9]+", tax_name) if word in _CODES)


def home_country(facts: ShopFacts, shop: ShopUnit | None = None) -> str:
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
