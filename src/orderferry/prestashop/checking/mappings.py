"""`check` on what the configuration names in the shop: what is not there, and what is there but switched off.

`check` on what the marketplaces need of the shop: currencies, countries, time zone.

`check` on stock that orderferry does not write: warehouses of PrestaShop's advanced stock management (up to 1.7).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from functools import partial
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import sqlalchemy as sa

from orderferry.config.model import MarketplaceSettings, Settings
from orderferry.domain.check_result import CheckResult, failed, failure, fine, warning
from orderferry.domain.pricing.priced_order import RateChoice
from orderferry.errors import ShopUnfit
from orderferry.prestashop.database.tables import ShopTables
from orderferry.prestashop.database.values import as_int
from orderferry.prestashop.facts import Carrier, ShopFacts, ShopUnit
from orderferry.prestashop.planning.resolve_mappings import (
    STATE_SOURCES,
    resolve_carrier,
    resolve_group,
    resolve_language,
    resolve_shop,
    resolve_state,
    resolve_tax,
)
from orderferry.prestashop.reading.catalog import find_accounts
from orderferry.prestashop.reading.product_match import ProductMatcher

_DEFAULT_CARRIER = "carriers.default"


@dataclass(frozen=True, slots=True)
class Named:
    """One thing that the configuration names, or leaves to the shop's own setting. `key` names it in the result."""

    key: str
    look: Callable[[], object]


def check_mappings(settings: Settings, facts: ShopFacts) -> Iterator[CheckResult]:
    """Yield every state, carrier, group, tax, shop and language that orders would need, of every marketplace."""
    found: list[CheckResult] = []
    asked: set[str] = set()
    for marketplace in settings.amazon.marketplaces:
        own = settings.marketplace(marketplace.code)
        for named in _named_in(own, facts, marketplace.code):
            asked.add(named.key)
            result = _result(named)
            if result is not None and result not in found:
                found.append(result)
    yield from found
    if not found:
        yield fine("mappings", f"The shop has all {len(asked)} things that the configuration names or leaves to it.")


def _result(named: Named) -> CheckResult | None:
    try:
        answer = named.look()
    except ShopUnfit as error:
        return failed(named.key, error)
    if isinstance(answer, RateChoice) and answer.rate and not answer.key:
        return failure(
            named.key,
            f"{named.key} = {answer.rate.normalize():f}: the shop has no tax of this rate, so orders that need it are "
            "held.",
            f"Make a tax of {answer.rate.normalize():f} % (International > Taxes); it needs no tax rule.",
        )
    if isinstance(answer, Carrier) and not answer.active:
        return warning(
            named.key,
            f"The carrier {answer.name!r} (id {answer.id}) is switched off in the shop.",
            f"Switch it on (Shipping > Carriers), or name another one as {named.key}.",
        )
    if answer is None and named.key == _DEFAULT_CARRIER:
        return warning(
            named.key, "The shop has no carrier at all: orders would have none.", "Make one (Shipping > Carriers)."
        )
    return None


def _named_in(own: MarketplaceSettings, facts: ShopFacts, code: str) -> Iterator[Named]:
    """Yield what one marketplace's orders need; `own` has its overrides merged in."""
    where = f"marketplace.{code}."
    shop_key = f"{where}shop"
    yield Named(shop_key, partial(resolve_shop, facts, own.shop, key=shop_key))
    try:
        shop = resolve_shop(facts, own.shop, key=shop_key)
    except ShopUnfit:
        return  # the line above says so; the rest depends on it
    yield Named(f"{where}lang", partial(resolve_language, facts, shop, own.lang, key=f"{where}lang"))
    yield from _states(own, facts, shop)
    yield from _carriers(own, facts, shop)
    yield from _groups(own, facts, shop)
    yield from _taxes(own, facts)


def _states(own: MarketplaceSettings, facts: ShopFacts, shop: ShopUnit) -> Iterator[Named]:
    for name, default in STATE_SOURCES.values():
        word, key = str(getattr(own.orders, name)), f"orders.{name}"
        if word or default:
            yield Named(key, partial(resolve_state, facts, word, default, shop=shop, key=key))


def _carriers(own: MarketplaceSettings, facts: ShopFacts, shop: ShopUnit) -> Iterator[Named]:
    words = {_DEFAULT_CARRIER: own.carriers.default}
    words |= {"carriers.fba": own.carriers.fba} if own.carriers.fba else {}
    words |= {f"carriers.map.{level}": word for level, word in own.carriers.map.items()}
    for key, word in words.items():
        yield Named(key, partial(resolve_carrier, facts, word, shop=shop, key=key))


def _groups(own: MarketplaceSettings, facts: ShopFacts, shop: ShopUnit) -> Iterator[Named]:
    words = {"customers.group": own.customers.group}
    words |= {"customers.business_group": own.customers.business_group} if own.customers.business_group else {}
    for key, word in words.items():
        yield Named(key, partial(resolve_group, facts, word, shop=shop, key=key))


def _taxes(own: MarketplaceSettings, facts: ShopFacts) -> Iterator[Named]:
    words: dict[str, Decimal | str] = {f"taxes.{country}": word for country, word in own.taxes.by_country.items()}
    named = [*words.items(), *(("taxes.collected_by_amazon", word) for word in own.taxes.collected_by_amazon)]
    for key, word in named:
        yield Named(key, partial(resolve_tax, facts, word, key=key))


def check_accounts(connection: sa.Connection, tables: ShopTables, settings: Settings) -> Iterator[CheckResult]:
    """Yield the account of customers.mode = "fixed". Raise ShopUnfit when the shop has none such."""
    modes = [settings.customers, *(market.customers for market in settings.marketplaces.values())]
    words = sorted({one.account for one in modes if one.mode == "fixed"})
    if words:
        find_accounts(connection, tables, words)
        yield fine("customers.account", "The customer account that all orders go to is there.")


def check_named_products(
    connection: sa.Connection, tables: ShopTables, facts: ShopFacts, settings: Settings
) -> Iterator[CheckResult]:
    """Yield the placeholder product, and the references that products.map points at."""
    products = settings.products
    wanted = {f"products.map.{sku}": sku for sku in products.map}
    if products.unknown == "placeholder" and products.placeholder:
        wanted["products.placeholder"] = products.placeholder
    if not wanted:
        return
    shops = {resolve_shop(facts, settings.marketplace(m.code).shop).id for m in settings.amazon.marketplaces}
    pairs = {(id_shop, sku) for id_shop in shops for sku in wanted.values()}
    matches = ProductMatcher(tables, products).match(connection, pairs)
    for key, sku in wanted.items():
        text = products.map.get(sku, sku)
        counts = [len(matches.get((id_shop, sku), ())) for id_shop in sorted(shops)]
        if 0 in counts:
            yield failure(key, f"{key} points at {text!r}, and the shop has no such product.", _PRODUCT_HINT)
        elif max(counts) > 1:
            yield failure(key, f"{key} points at {text!r}, which several products or combinations bear.", _PRODUCT_HINT)


_PRODUCT_HINT = "Give the reference of one product or combination of the shop; orders with it are held until then."


def check_currencies(settings: Settings, facts: ShopFacts) -> Iterator[CheckResult]:
    """Yield the currency of each marketplace."""
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
    """Yield the country of each marketplace."""
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


def check_stock(connection: sa.Connection, tables: ShopTables, facts: ShopFacts) -> Iterator[CheckResult]:
    """Yield how many products would hold their orders; nothing where there are none."""
    if facts.setting("PS_ADVANCED_STOCK_MANAGEMENT", None, "0") != "1":
        return
    stock = tables["stock_available"]
    count = sa.select(sa.func.count(sa.distinct(stock.c.id_product))).where(stock.c.depends_on_stock == 1)
    products = as_int(connection.execute(count).scalar())
    if products:
        yield warning(
            "advanced-stock",
            f"{products} products keep their stock in warehouses (advanced stock management), which orderferry does "
            "not write: orders of them are held.",
            "Let their quantities be set by hand (a product's tab Quantities), or switch advanced stock management "
            "off.",
        )
