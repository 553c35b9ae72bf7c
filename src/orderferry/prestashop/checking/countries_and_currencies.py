"""`check` on what the marketplaces need of the shop: currencies, countries, time zone."""

from __future__ import annotations

from collections.abc import Iterator
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from orderferry.config.model import Settings
from orderferry.domain.check_result import CheckResult, failure, fine, warning
from orderferry.prestashop.facts import ShopFacts


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
