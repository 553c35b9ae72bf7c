"""What holds for one marketplace, by configuration and shop together; resolved once a run. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from orderferry.config.model import MarketplaceSettings, ProductsSettings, Settings, StockSettings
from orderferry.domain.orders import Channel, Order
from orderferry.domain.pricing.priced_order import RateChoice, Rounding
from orderferry.prestashop.database.values import as_int, version_numbers
from orderferry.prestashop.facts import Currency, OrderState, ShopFacts, ShopUnit
from orderferry.prestashop.planning.resolve_mappings import (
    STATE_SOURCES,
    home_country,
    own_group,
    resolve_carrier,
    resolve_group,
    resolve_language,
    resolve_state,
    resolve_tax,
    shop_of,
)
from orderferry.prestashop.planning.shop_texts import shop_zone

_HALF_UP = "2"
_PER_LINE = "2"
_SHOP_ADDRESS = ("PS_SHOP_NAME", "PS_SHOP_ADDR1", "PS_SHOP_ADDR2", "PS_SHOP_CODE", "PS_SHOP_CITY", "PS_SHOP_COUNTRY")
UNADDRESSED_SINCE = (9,)  # from 9 on cart_product.id_address_delivery is 0 (measured: 0-cart on 9.1.4)
# How each version fills order_detail.tax_name and tax_rate (measured on each; invoices do not use them).
TAX_COLUMNS_BY_VERSION: tuple[tuple[tuple[int, ...], str], ...] = (
    ((1, 6), "empty"),
    ((1, 7, 8), "named"),
    ((9,), "deprecated"),
)


@dataclass(frozen=True, slots=True)
class Market:
    """One marketplace, with the shop that its orders go into: language, states, carriers, groups and roundings.

    `code` is its country code; `facts` are those of the whole installation.
    """

    code: str
    settings: MarketplaceSettings
    products: ProductsSettings
    stock: StockSettings
    facts: ShopFacts
    shop: ShopUnit
    id_lang: int
    zone: ZoneInfo
    states: Mapping[str, OrderState]  # by kind (STATE_SOURCES), configured ones and defaults
    carriers: Mapping[str, int]  # service level in upper case, '' the default
    id_carrier_fba: int
    carrier_groups: Mapping[int, int]  # id_carrier -> its own customer group, for those that have one
    id_group: int
    id_business_group: int
    collected_by_amazon: tuple[RateChoice, ...]
    round_mode: int
    round_type: int
    language: str = "en"  # ISO 639-1, the orders'; '' for one that is not active any more
    password_age_minutes: int = 360  # PS_PASSWD_TIME_FRONT
    home: str = ""  # ISO code of the shop's own country, from where it sends
    invoice_address: str = ""  # the shop's address, as invoices keep it
    invoices_yearly: bool = False  # PS_INVOICE_RESET: invoice numbers begin again each year
    tax_columns: str = "named"  # how order_detail.tax_name is filled: named, empty, deprecated
    cart_lines_addressed: bool = True  # by the shop's version
    seller: str = ""  # the key of the Amazon account

    def rounding(self, currency: Currency) -> Rounding:
        """Return how amounts of a currency are rounded in this shop."""
        return Rounding(currency.decimals, self.round_mode)

    def carrier(self, order: Order) -> int:
        """Return an order's id_carrier: by service level, else the default; 0 for FBA unless configured."""
        if order.channel is Channel.FBA:
            return self.id_carrier_fba
        return self.carriers.get(order.service_level.upper(), self.carriers[""])


def open_market(code: str, settings: Settings, facts: ShopFacts) -> Market:
    """Return what holds for the marketplace of a country code.

    Raise ShopUnfit when the configuration names something that the shop does not have.
    """
    own = settings.marketplace(code)
    shop = shop_of(facts, settings, code)
    group = resolve_group(facts, own.customers.group, shop=shop, key="customers.group")
    business = own.customers.business_group
    fba = resolve_carrier(facts, own.carriers.fba, shop=shop, key="carriers.fba") if own.carriers.fba else None
    id_lang = resolve_language(facts, shop, own.lang, key=f"marketplace.{code}.lang")
    return Market(
        code=code,
        settings=own,
        products=settings.products,
        stock=settings.stock,
        facts=facts,
        shop=shop,
        id_lang=id_lang,
        zone=shop_zone(facts.setting("PS_TIMEZONE", shop, facts.time_zone)),
        states=_states(own, facts, shop),
        carriers=_carriers(own, facts, shop),
        id_carrier_fba=fba.id if fba else 0,
        carrier_groups={one.id: only for one in facts.carriers if (only := own_group(facts, one, shop))},
        id_group=group,
        id_business_group=resolve_group(facts, business, shop=shop, key="customers.business_group")
        if business
        else group,
        collected_by_amazon=tuple(
            resolve_tax(facts, word, key="taxes.collected_by_amazon") for word in own.taxes.collected_by_amazon
        ),
        round_mode=as_int(facts.setting("PS_PRICE_ROUND_MODE", shop, _HALF_UP)),
        round_type=as_int(facts.setting("PS_ROUND_TYPE", shop, _PER_LINE)),
        language=next((iso for iso, known in facts.languages.items() if known == id_lang), ""),
        password_age_minutes=as_int(facts.setting("PS_PASSWD_TIME_FRONT", shop, "360")),
        home=home_country(facts, shop),
        invoice_address=invoice_address_text({name: facts.setting(name, shop) for name in _SHOP_ADDRESS}),
        invoices_yearly=facts.setting("PS_INVOICE_RESET", shop) == "1",
        tax_columns=tax_columns(facts.version),
        cart_lines_addressed=version_numbers(facts.version) < UNADDRESSED_SINCE,
        seller=settings.amazon.seller,
    )


def tax_columns(version: str) -> str:
    """Return how a version of PrestaShop ('8.2.1') fills tax_name and tax_rate; an unknown one as 8.x does."""
    numbers = version_numbers(version)
    fitting = [way for since, way in TAX_COLUMNS_BY_VERSION if numbers[: len(since)] >= since] if numbers else []
    return fitting[-1] if fitting else "named"


def invoice_address_text(setting: dict[str, str]) -> str:
    """Return the shop's address from its PS_SHOP_… settings, as PrestaShop stores it with an invoice.

    One line, parts joined with ' - ', empty ones left out.
    """
    town = " ".join(part for part in (setting.get("PS_SHOP_CODE", ""), setting.get("PS_SHOP_CITY", "")) if part)
    parts = [setting.get("PS_SHOP_NAME", ""), setting.get("PS_SHOP_ADDR1", ""), setting.get("PS_SHOP_ADDR2", "")]
    return " - ".join(part for part in [*parts, town, setting.get("PS_SHOP_COUNTRY", "")] if part)


def _states(own: MarketplaceSettings, facts: ShopFacts, shop: ShopUnit) -> dict[str, OrderState]:
    words = {kind: str(getattr(own.orders, key)) for kind, (key, _) in STATE_SOURCES.items()}
    return {
        kind: resolve_state(facts, words[kind], default, shop=shop, key=f"orders.{key}")
        for kind, (key, default) in STATE_SOURCES.items()
        if words[kind] or default
    }


def _carriers(own: MarketplaceSettings, facts: ShopFacts, shop: ShopUnit) -> dict[str, int]:
    words = {"": own.carriers.default, **{level.upper(): word for level, word in own.carriers.map.items()}}
    found = {
        level: resolve_carrier(facts, word, shop=shop, key=f"carriers.map.{level}" if level else "carriers.default")
        for level, word in words.items()
    }
    return {level: carrier.id if carrier else 0 for level, carrier in found.items()}
