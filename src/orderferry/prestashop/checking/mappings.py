"""Check that the shop has what the configuration names and what the marketplaces need, and that it is switched on.

Also look for stock that orderferry does not write: warehouses of PrestaShop's advanced stock management (up to 1.7).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
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
from orderferry.prestashop.facts import Carrier, Country, Currency, ShopFacts
from orderferry.prestashop.planning.resolve_mappings import (
    STATE_SOURCES,
    resolve_carrier,
    resolve_group,
    resolve_language,
    resolve_shop,
    resolve_state,
    resolve_tax,
    shop_of,
)
from orderferry.prestashop.reading.catalog import find_accounts
from orderferry.prestashop.reading.product_match import ProductMatcher

_DEFAULT_CARRIER = "carriers.default"
_PRODUCT_HINT = "Give the reference of one product or combination of the shop; orders with it are held until then."

# A key whose value, or the shop's own setting in its place, names something in the shop, and how that is found.
Named = tuple[str, Callable[[], object]]


def check_mappings(settings: Settings, facts: ShopFacts) -> Iterator[CheckResult]:
    """Yield the states, carriers, groups, taxes, shops and languages of all marketplaces that are missing or off."""
    problems: list[CheckResult] = []
    keys: set[str] = set()
    for marketplace in settings.amazon.marketplaces:
        own = settings.marketplace(marketplace.code)
        for key, find in _named_in(own, facts, marketplace.code):
            keys.add(key)
            problem = _problem(key, find)
            if problem is not None and problem not in problems:
                problems.append(problem)
    yield from problems
    if not problems:
        yield fine("mappings", f"The shop has all {len(keys)} things that the configuration names or leaves to it.")


def _problem(key: str, find: Callable[[], object]) -> CheckResult | None:
    try:
        found = find()
    except ShopUnfit as error:
        return failed(key, error)
    if isinstance(found, RateChoice) and found.rate and not found.key:
        return failure(
            key,
            f"{key} = {found.rate.normalize():f}: the shop has no tax of this rate, so orders that need it are held.",
            f"Make a tax of {found.rate.normalize():f} % (International > Taxes); it needs no tax rule.",
        )
    if isinstance(found, Carrier) and not found.active:
        return warning(
            key,
            f"The carrier {found.name!r} (id {found.id}) is switched off in the shop.",
            f"Switch it on (Shipping > Carriers), or name another one as {key}.",
        )
    if found is None and key == _DEFAULT_CARRIER:
        return warning(
            key, "The shop has no carrier at all: orders would have none.", "Make one (Shipping > Carriers)."
        )
    return None


def _named_in(own: MarketplaceSettings, facts: ShopFacts, code: str) -> Iterator[Named]:
    """Yield what one marketplace's orders need; `own` has its overrides merged in."""
    where = f"marketplace.{code}."
    shop_key = f"{where}shop"
    yield shop_key, partial(resolve_shop, facts, own.shop, key=shop_key)
    try:
        shop = resolve_shop(facts, own.shop, key=shop_key)
    except ShopUnfit:
        return  # the line above reports it; the rest depends on it
    yield f"{where}lang", partial(resolve_language, facts, shop, own.lang, key=f"{where}lang")
    for name, default in STATE_SOURCES.values():
        state, key = str(getattr(own.orders, name)), f"orders.{name}"
        if state or default:
            yield key, partial(resolve_state, facts, state, default, shop=shop, key=key)
    carriers = {_DEFAULT_CARRIER: own.carriers.default}
    carriers |= {"carriers.fba": own.carriers.fba} if own.carriers.fba else {}
    carriers |= {f"carriers.map.{level}": carrier for level, carrier in own.carriers.map.items()}
    for key, carrier in carriers.items():
        yield key, partial(resolve_carrier, facts, carrier, shop=shop, key=key)
    groups = {"customers.group": own.customers.group}
    groups |= {"customers.business_group": own.customers.business_group} if own.customers.business_group else {}
    for key, group in groups.items():
        yield key, partial(resolve_group, facts, group, shop=shop, key=key)
    taxes: list[tuple[str, Decimal | str]] = [(f"taxes.{iso}", tax) for iso, tax in own.taxes.by_country.items()]
    taxes += [("taxes.collected_by_amazon", tax) for tax in own.taxes.collected_by_amazon]
    for key, tax in taxes:
        yield key, partial(resolve_tax, facts, tax, key=key)


def check_accounts(connection: sa.Connection, tables: ShopTables, settings: Settings) -> Iterator[CheckResult]:
    """Look for the accounts of customers.mode = "fixed". Raise ShopUnfit when the shop lacks one."""
    modes = [settings.customers, *(market.customers for market in settings.marketplaces.values())]
    accounts = sorted({one.account for one in modes if one.mode == "fixed"})
    if accounts:
        find_accounts(connection, tables, accounts)
        yield fine("customers.account", "The customer account that all orders go to is there.")


def check_named_products(
    connection: sa.Connection, tables: ShopTables, facts: ShopFacts, settings: Settings
) -> Iterator[CheckResult]:
    """Yield what is wrong with the placeholder product and with the references that products.map names."""
    products = settings.products
    wanted = {f"products.map.{sku}": sku for sku in products.map}
    if products.unknown == "placeholder" and products.placeholder:
        wanted["products.placeholder"] = products.placeholder
    if not wanted:
        return
    shops = {shop_of(facts, settings, m.code).id for m in settings.amazon.marketplaces}
    pairs = {(id_shop, sku) for id_shop in shops for sku in wanted.values()}
    matches = ProductMatcher(tables, products).match(connection, pairs)
    for key, sku in wanted.items():
        text = products.map.get(sku, sku)
        counts = [len(matches.get((id_shop, sku), ())) for id_shop in sorted(shops)]
        if 0 in counts:
            yield failure(key, f"{key} points at {text!r}, and the shop has no such product.", _PRODUCT_HINT)
        elif max(counts) > 1:
            yield failure(key, f"{key} points at {text!r}, which several products or combinations bear.", _PRODUCT_HINT)


def check_currencies(settings: Settings, facts: ShopFacts) -> Iterator[CheckResult]:
    """Check the currency of each marketplace."""
    codes = sorted({marketplace.currency for marketplace in settings.amazon.marketplaces})
    yield from _check_each(
        "currencies",
        {iso: facts.currencies.get(iso) for iso in codes},
        missing=(
            "The shop has no currency {}: its orders are held.",
            "Add it (International > Localization > Currencies).",
        ),
        off=(
            "The currency {} is switched off in the shop; orders are imported in it all the same.",
            "Switch it on if the back office should offer it, and keep its rate up to date.",
        ),
    )


def check_countries(settings: Settings, facts: ShopFacts) -> Iterator[CheckResult]:
    """Check the country of each marketplace."""
    yield from _check_each(
        "countries",
        {marketplace.code: facts.countries.get(marketplace.code) for marketplace in settings.amazon.marketplaces},
        missing=(
            "The shop has no country {}: orders delivered there are held.",
            "Add it (International > Locations > Countries).",
        ),
        off=(
            "The country {} is switched off in the shop: carriers' and modules' lists lack it.",
            "Switch it on (International > Locations > Countries).",
        ),
    )


def _check_each(
    name: str, found: Mapping[str, Currency | Country | None], *, missing: tuple[str, str], off: tuple[str, str]
) -> Iterator[CheckResult]:
    """Yield what the shop lacks, or has switched off. `missing` and `off`: the sentence for a code, and the hint."""
    for code, row in found.items():
        if row is None:
            yield failure(name, missing[0].format(code), missing[1])
        elif not row.active:
            yield warning(name, off[0].format(code), off[1])
    if all(row is not None and row.active for row in found.values()):
        yield fine(name, f"The shop has the {name} of all marketplaces.")


def check_time_zone(facts: ShopFacts) -> Iterator[CheckResult]:
    """Check PS_TIMEZONE, in which PrestaShop writes its dates."""
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
