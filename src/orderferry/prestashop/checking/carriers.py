"""`check` and `init` on carriers: which one orders get and why, and what becomes of it when an order is edited."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import sqlalchemy as sa

from orderferry.config.model import Settings
from orderferry.domain.check_result import CheckResult, fine, warning
from orderferry.prestashop.database.own_tables import MARKER_TABLE
from orderferry.prestashop.database.tables import ShopTables
from orderferry.prestashop.database.values import as_int, as_text
from orderferry.prestashop.facts import Carrier, ShopFacts, ShopUnit
from orderferry.prestashop.planning.market import Market
from orderferry.prestashop.planning.resolve_mappings import default_carrier

CARRIER_TABLES = frozenset({"carrier_lang", "carrier_zone"})  # beside those of every run
_OWN_NAME = "0"  # PrestaShop shows the shop's name instead, and says itself that this is for collection in the shop
_OFF = "0"
_PICK_UP = re.compile(
    r"click\W*(?:and|&|et|e|y|und|n)?\W*collect|pick\W*up|drive\W*in|in[\W_]*store|locker|parcel\W*shop|paket\W*shop"
    r"|packstation|abhol|im laden|ritir[oa]|in negozio|fermo\W?point|retrait|en magasin|point\W*relais|mondial\W*relay"
    r"|relais\W*colis|recog|en (?:la )?tienda|punto de|afhalen|odbi[oó]r",
    re.IGNORECASE,
)
_ADVICE = "Name a carrier that brings parcels to the door as {key} (Shipping > Carriers shows them)."


@dataclass(frozen=True, slots=True)
class CarrierPlaces:
    """What is read of carriers for `check` and `init` alone: their delays in all languages (where a shop says that it
    is for collection), the zones that they serve, and whether FBA orders were imported (None: no order was yet)."""

    delays: Mapping[int, str] = field(default_factory=dict)
    zones: Mapping[int, frozenset[int]] | None = None
    fba_orders: bool | None = None


def read_carrier_places(connection: sa.Connection, tables: ShopTables) -> CarrierPlaces:
    """Given the shop's tables with CARRIER_TABLES, return what they say; what can't be read is left out."""
    delays: dict[int, str] = {}
    if tables.has("carrier_lang", "delay"):
        lang = tables["carrier_lang"]
        for number, delay in connection.execute(sa.select(lang.c.id_carrier, lang.c.delay)):
            delays[as_int(number)] = f"{delays.get(as_int(number), '')} {as_text(delay)}"
    zones: dict[int, frozenset[int]] | None = None
    if tables.has("carrier_zone"):
        link, zones = tables["carrier_zone"], {}
        for number, zone in connection.execute(sa.select(link.c.id_carrier, link.c.id_zone)):
            zones[as_int(number)] = zones.get(as_int(number), frozenset()) | {as_int(zone)}
    channels: set[str] = set()
    if tables.has(MARKER_TABLE, "channel"):
        channels = set(map(as_text, connection.execute(sa.select(tables[MARKER_TABLE].c.channel).distinct()).scalars()))
    return CarrierPlaces(delays, zones, "fba" in channels if channels else None)


def shown_name(carrier: Carrier, facts: ShopFacts, shop: ShopUnit | None = None) -> str:
    """The carrier's name as the back office shows it, with its id."""
    name = facts.setting("PS_SHOP_NAME", shop) if carrier.name == _OWN_NAME else carrier.name
    return f"{name!r} (id {carrier.id})"


def is_pick_up(carrier: Carrier, delays: Mapping[int, str]) -> bool:
    """Whether a carrier looks like one whose parcels the customer collects, by its name and its delay."""
    return carrier.name == _OWN_NAME or bool(_PICK_UP.search(f"{carrier.name} {delays.get(carrier.id, '')}"))


def doubts(carrier: Carrier, facts: ShopFacts, shop: ShopUnit | None, why: str, delays: Mapping[int, str]) -> list[str]:
    """What speaks against a carrier for Amazon's orders; `why`: why it is a guess, '' where it was named."""
    name = shown_name(carrier, facts, shop)
    found = [f"orders get {name} by a guess, since {why}"] if why else []
    if is_pick_up(carrier, delays):
        found.append(f"{name} looks like a pick-up point, and Amazon's buyers are delivered to")
    return found


def check_carriers(
    settings: Settings, facts: ShopFacts, markets: Mapping[str, Market], places: CarrierPlaces
) -> Iterator[CheckResult]:
    """The carrier of each kind of order, by name; guesses, pick-up points, carriers that an edit would replace."""
    found: dict[CheckResult, None] = {}
    told: dict[str, None] = {}
    for code, market in markets.items():
        own = settings.marketplace(code).carriers
        words = {"": own.default, **{level.upper(): word for level, word in own.map.items()}}
        for level, id_carrier in market.carriers.items():
            key = f"carriers.map.{level}" if level else "carriers.default"
            why = "" if words.get(level) else default_carrier(facts, market.shop)[1]
            told |= _told(level or "regular", id_carrier, facts, market)
            found |= dict.fromkeys(_judged(key, id_carrier, facts, market, places, why=why))
        told |= _told("FBA", market.id_carrier_fba, facts, market)
        found |= dict.fromkeys(_judged("carriers.fba", market.id_carrier_fba, facts, market, places, why=""))
    yield from found
    yield from _fba(markets, facts, places)
    yield fine("carriers", f"Orders get these carriers: {'; '.join(told)}.")


def _told(kind: str, id_carrier: int, facts: ShopFacts, market: Market) -> dict[str, None]:
    carrier = next((one for one in facts.carriers if one.id == id_carrier), None)
    return {f"{kind}: {shown_name(carrier, facts, market.shop) if carrier else 'none'}": None}


def _judged(
    key: str, id_carrier: int, facts: ShopFacts, market: Market, places: CarrierPlaces, *, why: str
) -> Iterator[CheckResult]:
    carrier = next((one for one in facts.carriers if one.id == id_carrier), None)
    if carrier is None:
        return
    for doubt in doubts(carrier, facts, market.shop, why, places.delays):
        yield warning(key, f"{doubt[0].upper()}{doubt[1:]}.", _ADVICE.format(key=key))
    unlisted = _unlisted(carrier, facts, market, places)
    if carrier.active and unlisted:
        yield warning(
            key,
            f"The back office does not list {shown_name(carrier, facts, market.shop)} for Amazon orders "
            f"({'; '.join(unlisted)}): entering a tracking number gives such an order another carrier, and may change "
            "its shipping.",
            "Let the carrier serve these zones and groups (Shipping > Carriers), or name another one. "
            "`orderferry init --create-carrier fba` makes one that keeps (docs/editing-orders.md).",
        )


def _unlisted(carrier: Carrier, facts: ShopFacts, market: Market, places: CarrierPlaces) -> list[str]:
    """Why PrestaShop's order page does not offer an order's own carrier."""
    reasons: list[str] = []
    groups_off = facts.setting("PS_GROUP_FEATURE_ACTIVE", market.shop, "1") == _OFF
    if market.carrier_groups.get(carrier.id):
        reasons += ["customer groups are switched off, PS_GROUP_FEATURE_ACTIVE"] if groups_off else []
    elif facts.tables.get("carrier_group") is not None and not groups_off:
        barred = sorted({market.id_group, market.id_business_group} - carrier.groups)
        reasons += [f"its groups lack {', '.join(facts.groups.get(group, str(group)) for group in barred)}"] * bool(
            barred
        )
    country = facts.countries.get(market.code)
    if country is not None and places.zones is not None and country.id_zone not in places.zones.get(carrier.id, ()):
        reasons.append(f"its zones lack {market.code}")
    return reasons


def _fba(markets: Mapping[str, Market], facts: ShopFacts, places: CarrierPlaces) -> Iterator[CheckResult]:
    """FBA orders without a carrier, or with one for which labels are printed."""
    without = sorted(code for code, market in markets.items() if not market.id_carrier_fba)
    if without and places.fba_orders is not False:
        yield warning(
            "fba-carrier",
            f"FBA orders ({', '.join(without)}) have no carrier: entering a tracking number or changing such an order "
            "in the back office gives it the first carrier of the list, and may lose its shipping.",
            "Name one as carriers.fba that nothing else uses. `orderferry init --create-carrier fba` makes the carrier "
            '"Amazon" in the form that keeps, offered to no customer (docs/editing-orders.md).',
        )
    shared = {
        market.id_carrier_fba
        for market in markets.values()
        if market.id_carrier_fba in market.carriers.values() and market.id_carrier_fba not in market.carrier_groups
    } - {0}
    if shared:
        names = ", ".join(shown_name(one, facts) for one in facts.carriers if one.id in shared)
        yield warning(
            "fba-carrier",
            f"FBA orders get a carrier that regular orders have too, {names}: label modules would print labels for "
            "them.",
            "Name a carrier as carriers.fba for which nothing prints labels; `orderferry init --create-carrier fba` "
            "makes one.",
        )
