"""What holds for one marketplace, by configuration and shop together; resolved once a run. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from orderferry.config.model import MarketplaceSettings, ProductsSettings, Settings, StockSettings
from orderferry.domain.orders import Channel, Order
from orderferry.domain.pricing.priced_order import RateChoice, Rounding
from orderferry.prestashop.database.values import as_int
from orderferry.prestashop.facts import Currency, OrderState, ShopFacts, ShopUnit
from orderferry.prestashop.planning.resolve_mappings import (
    STATE_SOURCES,
    own_group,
    resolve_carrier,
    resolve_group,
    resolve_language,
    resolve_shop,
    resolve_state,
    resolve_tax,
)
from orderferry.prestashop.planning.shop_texts import shop_zone

_HALF_UP = "2"
_PER_LINE = "2"


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
    key = f"marketplace.{code}."
    shop = resolve_shop(facts, own.shop, key=f"{key}shop")
    group = resolve_group(facts, own.customers.group, shop=shop, key="customers.group")
    business = own.customers.business_group
    fba = resolve_carrier(facts, own.carriers.fba, shop=shop, key="carriers.fba") if own.carriers.fba else None
    return Market(
        code=code,
        settings=own,
        products=settings.products,
        stock=settings.stock,
        facts=facts,
        shop=shop,
        id_lang=resolve_language(facts, shop, own.lang, key=f"{key}lang"),
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
    )


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
