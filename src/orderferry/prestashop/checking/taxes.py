"""Check VAT rates, find the taxes that a shop lacks for the places that its Amazon orders go to, and create them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from decimal import Decimal

import sqlalchemy as sa

from orderferry.config.model import MarketplaceSettings, Settings
from orderferry.domain.check_result import CheckResult, failure, fine, warning
from orderferry.domain.marketplaces import EU_COUNTRIES, PRICES_WITHOUT_TAX
from orderferry.domain.pricing.tax_law import legal_rates, rates_code
from orderferry.domain.territories import EU_MEMBERS, NORTHERN_IRELAND, find_territory, tax_area
from orderferry.prestashop.database.own_tables import MARKER_TABLE
from orderferry.prestashop.database.statements import Statements
from orderferry.prestashop.database.tables import ShopTables
from orderferry.prestashop.database.values import as_flag, as_int, as_text
from orderferry.prestashop.facts import Country, ShopFacts
from orderferry.prestashop.planning.resolve_mappings import home_country

_OFF = "0"
_NAME = "vat"
Rates = Mapping[str, Collection[Decimal]]  # in percent, by the code of a place: a country's, XI, or a region's (PT-20)
# By language
_VAT_NAMES = {"it": "IVA", "es": "IVA", "pt": "IVA", "fr": "TVA", "de": "USt.", "nl": "btw", "pl": "VAT", "sv": "Moms"}
_MOST_LENGTH = 32  # tax_lang.name


def read_tax_groups(connection: sa.Connection, tables: ShopTables) -> Mapping[int, str]:
    """Return the tax rules groups that active products have, with their names ('' where the names can't be read)."""
    product = tables["product_shop"]
    used = connection.execute(sa.select(product.c.id_tax_rules_group).where(product.c.active == 1).distinct()).scalars()
    names: dict[int, str] = {}
    if tables.has("tax_rules_group", "name"):
        group = tables["tax_rules_group"]
        active = tables.column("tax_rules_group", "active", 1)
        rows = connection.execute(sa.select(group.c.id_tax_rules_group, group.c.name, active))
        names = {as_int(number): as_text(name) + ("" if as_flag(on) else ", not active") for number, name, on in rows}
    return {id_group: names.get(id_group, "") for id_group in map(as_int, used) if id_group}


def check_vat(
    settings: Settings,
    facts: ShopFacts,
    groups: Mapping[int, str],
    *,
    places: Collection[str],
    held: Rates,
    proofs: Mapping[str, str],
) -> Iterator[CheckResult]:
    """Yield the VAT rates of the marketplaces' countries, where Amazon calculates VAT, and the taxes that are missing.

    Orders for which neither Amazon nor the configuration names a rate take it from the shop's tax rules. `groups`: the
    tax rules groups in use, with their names; `places`: where imported orders went; `held`: the rates of orders that
    are held for a tax; `proofs`: by marketplace, the order that has shown that Amazon calculates the VAT there.
    """
    if facts.setting("PS_TAX", None, "1") == _OFF:
        yield fine(_NAME, "The shop works without taxes (PS_TAX is off): every order has 0 %.")
        return
    id_home = as_int(facts.setting("PS_COUNTRY_DEFAULT"))
    home = next((country for country in facts.countries.values() if country.id == id_home), None)
    # whose prices outside the EU hold the shop's own tax
    sells_at_home = home.iso if home is not None and home.iso not in PRICES_WITHOUT_TAX else ""
    ruled: list[Country] = []
    elsewhere: list[str] = []
    for marketplace in settings.amazon.marketplaces:
        country, own = facts.countries.get(marketplace.code), settings.marketplace(marketplace.code)
        if marketplace.code in own.taxes.by_country:
            elsewhere.append(f"{marketplace.code} {_configured(own.taxes.by_country[marketplace.code])}")
        elif marketplace.code not in EU_COUNTRIES and marketplace.code != sells_at_home:
            elsewhere.append(f"{marketplace.code} what Amazon names, else 0 %")
        elif country is not None:
            ruled.append(country)
            yield from _without_rate(country, own, facts, groups)
            yield from _at_home_rate(country, home, facts, groups)
    shown = [_rates_of(group, ruled, facts, groups) for group in sorted(groups)] if ruled else []
    yield fine(_NAME, f"Where Amazon names no tax: {'; '.join([*shown, *elsewhere])}.")
    yield _calculated_by_amazon(settings, proofs)
    yield from _missing(settings, facts, places, held, proofs)
    yield from _collected(settings)


def _calculated_by_amazon(settings: Settings, proofs: Mapping[str, str]) -> CheckResult:
    """Return on which marketplaces a tax of 0 from Amazon means 0 %, and why."""
    on: list[str] = []
    off: list[str] = []
    for code in [marketplace.code for marketplace in settings.amazon.marketplaces]:
        configured = settings.marketplace(code).vat_by_amazon
        if configured is not None:
            (on if configured else off).append(f"{code} (as configured)")
        elif code in proofs:
            on.append(f"{code} (order {proofs[code]} shows it)")
        else:
            off.append(f"{code} (no order has shown it yet)")
    parts = [f"Amazon calculates the VAT on {', '.join(on)}: a tax of 0 there is 0 %"] if on else []
    parts += [f"{'not' if on else 'Amazon does not calculate the VAT'} on {', '.join(off)}"] if off else []
    return fine(_NAME, f"{'; '.join(parts)}.")


def _missing(
    settings: Settings, facts: ShopFacts, places: Collection[str], held: Rates, proofs: Mapping[str, str]
) -> Iterator[CheckResult]:
    """Yield the taxes that orders need, for the marketplaces' countries and the places that orders went to."""
    codes = {marketplace.code for marketplace in settings.amazon.marketplaces}
    missing = missing_rates(facts, codes | set(places), held)
    if not missing:
        return
    calculates = any(settings.amazon_calculates_vat(code, proofs) for code in codes)
    standard = any(legal_rates(code)[:1] == rates[:1] for code, rates in missing.items())
    by_place = "; ".join(f"{code} {', '.join(_percent(rate) for rate in rates)}" for code, rates in missing.items())
    listed = f"The shop has no tax of its own for these rates: {by_place}."
    if set(map(rates_place, held)) & missing.keys() or (calculates and standard):
        yield warning(
            _NAME,
            f"{listed} Orders for which Amazon tells such a tax are held, or bear another country's of the same rate.",
            "`orderferry init --create-taxes` makes them, without rules; or make them by hand (International > Taxes).",
        )
    else:
        when = "no product is sold at one" if calculates else "Amazon tells no tax"
        yield fine(_NAME, f"{listed} None is needed as long as {when}; `orderferry init --create-taxes` makes them.")


def _configured(named: Decimal | str) -> str:
    return f"{named!r} as configured" if isinstance(named, str) else f"{_percent(named)} as configured"


def _percent(rate: Decimal) -> str:
    return f"{rate.normalize():f} %"


def _rates_of(group: int, countries: list[Country], facts: ShopFacts, groups: Mapping[int, str]) -> str:
    rates = [f"{country.iso} {_rate(group, country, facts)}" for country in countries]
    return f"{_group(group, groups)}: {', '.join(rates)}"


def _rate(group: int, country: Country, facts: ShopFacts) -> str:
    rules = facts.tax_rules.get((group, country.id), ())
    whole = facts.ruled_tax(group, country.id)
    taxes = [rule.id_tax for rule in rules if rule.regional] + ([] if whole is None else [whole])
    rates = sorted({facts.taxes.get(id_tax, Decimal(0)) for id_tax in taxes}, reverse=True)
    by_region = " by region" if len(rates) > 1 or (rates and whole is None) else ""
    return f"{' or '.join(f'{rate.normalize():f}' for rate in rates)} %{by_region}" if rates else "unknown"


def _without_rate(
    country: Country, own: MarketplaceSettings, facts: ShopFacts, groups: Mapping[int, str]
) -> Iterator[CheckResult]:
    without = [group for group in sorted(groups) if (group, country.id) not in facts.tax_rules]
    if not without:
        return
    listed = ", ".join(_group(group, groups) for group in without)
    held = own.taxes.missing != "zero"
    what = "orders for which Amazon names no rate either are held" if held else "taxes.missing books them at 0 %"
    yield (failure if held else warning)(
        _NAME,
        f"The tax rules {listed} of the shop say nothing for {country.iso}: {what}.",
        f"Name the rate as taxes.{country.iso}, or add a rule for {country.iso} (International > Taxes > Tax Rules).",
    )


def _at_home_rate(
    country: Country, home: Country | None, facts: ShopFacts, groups: Mapping[int, str]
) -> Iterator[CheckResult]:
    """Warn of rules that give a country the tax of the shop's own, as the Italian localisation pack does for the EU."""
    if home is None or home.id == country.id:
        return
    same = [
        f"{_group(group, groups)}: {_rate(group, country, facts)}"
        for group in sorted(groups)
        if (id_tax := facts.ruled_tax(group, country.id))
        and id_tax == facts.ruled_tax(group, home.id)
        and facts.taxes[id_tax]
    ]
    if same:
        yield warning(
            _NAME,
            f"The tax rules of the shop give {country.iso} the tax of {home.iso} ({', '.join(same)}).",
            f"Right below the threshold for distance sales only; else name the rate of {country.iso} as "
            f"taxes.{country.iso}, or correct the rule (International > Taxes > Tax Rules).",
        )


def _collected(settings: Settings) -> Iterator[CheckResult]:
    """Yield the marketplaces outside the EU's VAT where Amazon collects a tax that the shop seldom has.

    This is no fault: orders are imported, and only the seller knows whether their invoices matter.
    """
    without = [
        marketplace.code
        for marketplace in settings.amazon.marketplaces
        if marketplace.code not in EU_COUNTRIES
        and not settings.marketplace(marketplace.code).taxes.collected_by_amazon
        and marketplace.code not in settings.marketplace(marketplace.code).taxes.by_country
    ]
    if without:
        yield fine(
            _NAME,
            f"Tax that Amazon collects for {', '.join(without)} stands in the invoice's tax table only if a tax of the "
            "shop has its rate, or taxes.collected_by_amazon names one; in the totals it is in any case.",
        )


def _group(group: int, groups: Mapping[int, str]) -> str:
    return f"{groups[group]!r} ({group})" if groups[group] else str(group)


def places_delivered_to(connection: sa.Connection, tables: ShopTables) -> frozenset[str]:
    """Return the places that imported orders went to: codes of countries, their regions (PT-20), territories (XI)."""
    if not tables.has(MARKER_TABLE):
        return frozenset()
    marker, order, address, country = (tables[name] for name in (MARKER_TABLE, "orders", "address", "country"))
    rows = connection.execute(
        sa.select(country.c.iso_code, address.c.postcode)
        .join_from(marker, order, order.c.id_order == marker.c.id_order)
        .join(address, address.c.id_address == order.c.id_address_delivery)
        .join(country, country.c.id_country == address.c.id_country)
        .distinct()
    )
    return frozenset(rates_code(tax_area(as_text(iso), as_text(postcode)).codes) for iso, postcode in rows) - {""}


def rates_place(code: str) -> str:
    """Return the code of the place whose rates hold by law in `code`: FR for Monaco, GB for the Isle of Man."""
    territory = find_territory(code)
    if territory is None or not (territory.vat in EU_MEMBERS or territory.is_one_area):
        return code
    return territory.vat or territory.country


def missing_rates(facts: ShopFacts, places: Iterable[str], held: Rates) -> dict[str, tuple[Decimal, ...]]:
    """Return by place the rates of which the shop has no tax in force, not counting taxes named for other countries.

    `held`: by place, the rates for which orders are held. Where prices include VAT (in the Union, and in the shop's own
    country), all rates by law are needed, too.
    """
    home = home_country(facts)
    needed: dict[str, dict[Decimal, None]] = {}  # in order
    for place in {*places, *held}:
        code = rates_place(place)
        legal = legal_rates(code) if _prices_include_vat(code, home) else ()
        needed.setdefault(code, {}).update(dict.fromkeys((*legal, *sorted(held.get(place, ()), reverse=True))))
    missing: dict[str, tuple[Decimal, ...]] = {}
    for code in sorted(needed):  # a country stands before its regions
        of = {code, _around(code)}
        has = {rate for id_tax, rate in facts.taxes.items() if not (named := facts.tax_countries(id_tax)) or named & of}
        rates = tuple(rate for rate in needed[code] if rate not in has and rate not in missing.get(_around(code), ()))
        if rates:
            missing[code] = rates
    return missing


def _prices_include_vat(code: str, home: str) -> bool:
    if code == home:
        return home not in PRICES_WITHOUT_TAX
    return code == NORTHERN_IRELAND or _around(code) in EU_MEMBERS


def _around(code: str) -> str:
    """Return the country of a region or of Northern Ireland, whose taxes hold there too; else the code itself."""
    return "GB" if code == NORTHERN_IRELAND else code.partition("-")[0]


def rates_to_create(
    settings: Settings, facts: ShopFacts, places: Iterable[str], held: Rates
) -> dict[str, tuple[Decimal, ...]]:
    """Return the rates of the taxes to create, by place.

    They are all missing rates of the marketplaces' countries, of the places that orders went to and of those where
    orders are held, and the standard rate of all other member states.
    """
    wanted = {*(marketplace.code for marketplace in settings.amazon.marketplaces), *places, *held}
    missing = missing_rates(facts, wanted | EU_MEMBERS, held)
    ours = set(map(rates_place, wanted))
    return {
        code: rates if code in ours else rates[:1]
        for code, rates in missing.items()
        if code in ours or rates[0] == legal_rates(code)[0]
    }


def create_taxes(writer: Statements, rates: Rates, languages: Mapping[int, str]) -> int:
    """Insert the taxes, active, with a name in every language of the shop and without a rule; return how many."""
    number = 0
    for code, percents in rates.items():
        for rate in percents:
            id_tax = writer.insert("tax", {"rate": rate, "active": 1, "deleted": 0})
            names = {id_lang: tax_name(code, rate, iso) for id_lang, iso in languages.items()}
            writer.insert_all(
                "tax_lang", [{"id_tax": id_tax, "id_lang": id_lang, "name": name} for id_lang, name in names.items()]
            )
            number += 1
    return number


def tax_name(code: str, rate: Decimal, language: str = "en") -> str:
    """Return the name of a tax: IVA DE 19% in Italian."""
    return f"{_VAT_NAMES.get(language, 'VAT')} {code} {rate.normalize():f}%"[:_MOST_LENGTH]
