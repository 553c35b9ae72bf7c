"""`check` on what the marketplaces need of the shop: currencies, countries, time zone, and the VAT of each country."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Set
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import sqlalchemy as sa

from orderferry.config.model import MarketplaceSettings, Settings
from orderferry.domain.check_result import CheckResult, failure, fine, warning
from orderferry.domain.marketplaces import EU_COUNTRIES
from orderferry.prestashop.database.tables import ShopTables
from orderferry.prestashop.database.values import as_int, as_text
from orderferry.prestashop.facts import Country, ShopFacts

_OFF = "0"


def check_currencies(settings: Settings, facts: ShopFacts) -> Iterator[CheckResult]:
    """The currency of each marketplace."""
    name, said = "currencies", False
    for iso in sorted({marketplace.currency for marketplace in settings.amazon.marketplaces}):
        currency = facts.currencies.get(iso)
        if currency is None:
            said = True
            yield failure(
                name,
                f"The shop has no currency {iso}: its orders are held.",
                "Add it (International > Localization > Currencies).",
            )
        elif not currency.active:
            said = True
            yield warning(
                name,
                f"The currency {iso} is switched off in the shop; orders are imported in it all the same.",
                "Switch it on if the back office should offer it, and keep its rate up to date.",
            )
    if not said:
        yield fine(name, "The shop has the currencies of all marketplaces.")


def check_countries(settings: Settings, facts: ShopFacts) -> Iterator[CheckResult]:
    """The country of each marketplace."""
    name, said = "countries", False
    for marketplace in settings.amazon.marketplaces:
        country = facts.countries.get(marketplace.code)
        if country is None:
            said = True
            yield failure(
                name,
                f"The shop has no country {marketplace.code}: orders delivered there are held.",
                "Add it (International > Locations > Countries).",
            )
        elif not country.active:
            said = True
            yield warning(
                name,
                f"The country {marketplace.code} is switched off in the shop: carriers' and modules' lists lack it.",
                "Switch it on (International > Locations > Countries).",
            )
    if not said:
        yield fine(name, "The shop has the countries of all marketplaces.")


def check_time_zone(facts: ShopFacts) -> Iterator[CheckResult]:
    """PS_TIMEZONE, in which PrestaShop writes its dates."""
    try:
        ZoneInfo(facts.time_zone or "?")
    except (ZoneInfoNotFoundError, ValueError, OSError):
        yield warning(
            "time-zone",
            f"The shop's time zone {facts.time_zone!r} is none: orders would be dated in UTC.",
            "Choose it again (International > Localization).",
        )
    else:
        yield fine("time-zone", f"Orders are dated in the shop's time zone, {facts.time_zone}.")


def read_tax_groups(connection: sa.Connection, tables: ShopTables) -> Mapping[int, str]:
    """The tax rules groups that active products have, with their names ('' where the names can't be read)."""
    product = tables["product_shop"]
    used = connection.execute(sa.select(product.c.id_tax_rules_group).where(product.c.active == 1).distinct()).scalars()
    names: dict[int, str] = {}
    if tables.has("tax_rules_group", "name"):
        group = tables["tax_rules_group"]
        rows = connection.execute(sa.select(group.c.id_tax_rules_group, group.c.name))
        names = {as_int(id_group): as_text(name) for id_group, name in rows}
    return {id_group: names.get(id_group, "") for id_group in map(as_int, used) if id_group}


def check_vat(settings: Settings, facts: ShopFacts, groups: Mapping[int, str]) -> Iterator[CheckResult]:
    """The rate of each marketplace's country for each tax rules group in use. Orders for which neither Amazon nor
    the configuration names one take it from these rules."""
    name = "vat"
    if facts.setting("PS_TAX", None, "1") == _OFF:
        yield fine(name, "The shop works without taxes (PS_TAX is off): every order has 0 %.")
        return
    home = _home(facts)
    said = []
    rates: list[str] = []
    for marketplace in settings.amazon.marketplaces:
        country = facts.countries.get(marketplace.code)
        own = settings.marketplace(marketplace.code)
        if country is None or country.iso not in EU_COUNTRIES or country.iso in own.taxes.by_country:
            continue
        said += [*_without_rate(country, own, facts, groups), *_at_home_rate(country, home, facts, groups)]
        rates.append(f"{country.iso} {'/'.join(_rates(country, facts, groups.keys()))}")
    yield from said
    if not said:
        yield fine(name, f"The shop's rules know the VAT of each country: {', '.join(rates) or 'as configured'}.")


def _home(facts: ShopFacts) -> Country | None:
    id_home = as_int(facts.setting("PS_COUNTRY_DEFAULT"))
    return next((country for country in facts.countries.values() if country.id == id_home), None)


def _rates(country: Country, facts: ShopFacts, groups: Set[int]) -> list[str]:
    ids = {facts.tax_rules[group, country.id] for group in groups if (group, country.id) in facts.tax_rules}
    return [f"{rate.normalize():f} %" for rate in sorted({facts.taxes[id_tax] for id_tax in ids}, reverse=True)]


def _without_rate(
    country: Country, own: MarketplaceSettings, facts: ShopFacts, groups: Mapping[int, str]
) -> Iterator[CheckResult]:
    without = [group for group in sorted(groups) if (group, country.id) not in facts.tax_rules]
    if not without:
        return
    listed = _listed(without, groups)
    held = own.taxes.missing != "zero"
    what = "orders for which Amazon names no rate either are held" if held else "taxes.missing books them at 0 %"
    yield (failure if held else warning)(
        "vat",
        f"{listed} of the shop say nothing for {country.iso}: {what}.",
        f"Name the rate as taxes.{country.iso}, or add a rule for {country.iso} (International > Taxes > Tax Rules).",
    )


def _at_home_rate(
    country: Country, home: Country | None, facts: ShopFacts, groups: Mapping[int, str]
) -> Iterator[CheckResult]:
    """The Italian localisation pack, for one, gives every country of the EU Italy's own tax."""
    if home is None or home.id == country.id:
        return
    same = [
        group
        for group in sorted(groups)
        if (id_tax := facts.tax_rules.get((group, country.id))) is not None
        and id_tax == facts.tax_rules.get((group, home.id))
        and facts.taxes[id_tax]
    ]
    if same:
        rate = facts.taxes[facts.tax_rules[same[0], home.id]].normalize()
        yield warning(
            "vat",
            f"{_listed(same, groups)} of the shop give {country.iso} the tax of {home.iso} ({rate:f} %).",
            f"Right below the threshold for distance sales only; else name the rate of {country.iso} as "
            f"taxes.{country.iso}, or correct the rule (International > Taxes > Tax Rules).",
        )


def _listed(ids: list[int], groups: Mapping[int, str]) -> str:
    return "The tax rules " + ", ".join(f"{groups[one]!r} ({one})" if groups[one] else str(one) for one in ids)
