"""`check` and `init` on carriers: which one orders get and why, and what becomes of it when an order is edited.

The carrier "Amazon" that `init` makes: PrestaShop keeps it through edits of an order, and offers it to no customer.

The order page lists a carrier only if it is active, serves the address's zone and one of the customer's groups. An
order whose carrier is not listed gets another one as soon as somebody enters a tracking number, and its shipping is
computed anew. A group of its own keeps the carrier out of everybody else's checkout.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime

import sqlalchemy as sa

from orderferry.config.model import Settings
from orderferry.domain.check_result import CheckResult, fine, warning
from orderferry.prestashop.database.own_tables import MARKER_TABLE
from orderferry.prestashop.database.statements import Statements
from orderferry.prestashop.database.tables import ShopTables
from orderferry.prestashop.database.values import Value, as_int, as_text
from orderferry.prestashop.facts import Carrier, ShopFacts, ShopUnit
from orderferry.prestashop.planning.market import Market
from orderferry.prestashop.planning.resolve_mappings import default_carrier
from orderferry.prestashop.planning.shop_texts import shop_moment, shop_zone
from orderferry.prestashop.planning.tax_rates import standard_group

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
    """Return the carrier's name as the back office shows it, with its id."""
    name = facts.setting("PS_SHOP_NAME", shop) if carrier.name == _OWN_NAME else carrier.name
    return f"{name!r} (id {carrier.id})"


def is_pick_up(carrier: Carrier, delays: Mapping[int, str]) -> bool:
    """Return whether a carrier looks like one whose parcels the customer collects, by its name and its delay."""
    return carrier.name == _OWN_NAME or bool(_PICK_UP.search(f"{carrier.name} {delays.get(carrier.id, '')}"))


def doubts(carrier: Carrier, facts: ShopFacts, shop: ShopUnit | None, why: str, delays: Mapping[int, str]) -> list[str]:
    """Return what speaks against a carrier for Amazon's orders; `why`: why it is a guess, '' where it was named."""
    name = shown_name(carrier, facts, shop)
    found = [f"orders get {name} by a guess, since {why}"] if why else []
    if is_pick_up(carrier, delays):
        found.append(f"{name} looks like a pick-up point, and Amazon's buyers are delivered to")
    return found


def check_carriers(
    settings: Settings, facts: ShopFacts, markets: Mapping[str, Market], places: CarrierPlaces
) -> Iterator[CheckResult]:
    """Yield the carrier of each kind of order, by name; guesses, pick-up points, carriers that an edit would
    replace.
    """
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


NAME = "Amazon"
TABLES = frozenset({"group", "group_shop", "carrier_lang", "carrier_zone", "zone"})  # beside those of every run

_GROUP: dict[str, Value] = {"reduction": 0, "price_display_method": 0, "show_prices": 1}
_CARRIER: dict[str, Value] = {
    "name": NAME,
    "url": "",
    "active": 1,
    "deleted": 0,
    "shipping_handling": 0,
    "range_behavior": 0,
    "is_module": 0,
    "is_free": 1,
    "shipping_external": 0,
    "need_range": 0,
    "external_module_name": "",
    "shipping_method": 0,
    **dict.fromkeys(("max_width", "max_height", "max_depth", "max_weight", "grade"), 0),
}


def find_amazon_carrier(facts: ShopFacts) -> int:
    """Return the id of the live carrier that is called "Amazon" in any case; 0 for none."""
    return next((one.id for one in facts.carriers if one.name.strip().casefold() == NAME.casefold()), 0)


def create_amazon_carrier(connection: sa.Connection, tables: ShopTables, facts: ShopFacts, now: datetime) -> int:
    """Create the carrier with a customer group of its own, for every shop, zone and language; return its id."""
    writer = Statements(connection, tables)
    languages = _ids(connection, tables, "lang")
    shops = sorted(facts.shops)
    id_group = _create_group(writer, facts, languages, shop_moment(now, shop_zone(facts.time_zone)))
    position = as_int(connection.execute(sa.select(sa.func.max(tables["carrier"].c.position))).scalar())
    tax_group = standard_group(facts)
    id_carrier = writer.insert(
        "carrier", {**_CARRIER, "id_reference": 0, "id_tax_rules_group": tax_group, "position": position + 1}
    )
    own: dict[str, Value] = {"id_carrier": id_carrier}
    writer.update("carrier", {"id_reference": id_carrier}, own)
    delays: list[dict[str, Value]] = [
        {**own, "id_shop": id_shop, "id_lang": id_lang, "delay": NAME} for id_shop in shops for id_lang in languages
    ]
    writer.insert_all("carrier_lang", delays)
    writer.insert_all("carrier_group", [{**own, "id_group": id_group}])
    writer.insert_all("carrier_zone", [{**own, "id_zone": zone} for zone in _ids(connection, tables, "zone")])
    for table, more in _of_shops(tables, tax_group):
        writer.insert_all(table, [{**own, "id_shop": id_shop, **more} for id_shop in shops])
    return id_carrier


def _of_shops(tables: ShopTables, tax_group: int) -> Iterator[tuple[str, dict[str, Value]]]:
    """Tables with a row for each shop, and what stands in it."""
    if tables.has("carrier_shop"):
        yield "carrier_shop", {}
    if tables.has("carrier_tax_rules_group_shop"):
        yield "carrier_tax_rules_group_shop", {"id_tax_rules_group": tax_group}


def _create_group(writer: Statements, facts: ShopFacts, languages: Collection[int], written: str) -> int:
    """Return a customer group under a name that is free: a second group of one name could not be configured by it."""
    taken = {name.casefold() for name in facts.groups.values()}
    names = [NAME, f"{NAME} (carrier)", *(f"{NAME} (carrier {number})" for number in range(2, len(taken) + 3))]
    name = next(name for name in names if name.casefold() not in taken)
    id_group = writer.insert("group", {**_GROUP, "date_add": written, "date_upd": written})
    named: list[dict[str, Value]] = [{"id_group": id_group, "id_lang": id_lang, "name": name} for id_lang in languages]
    writer.insert_all("group_lang", named)
    if writer.has("group_shop"):
        writer.insert_all("group_shop", [{"id_group": id_group, "id_shop": id_shop} for id_shop in sorted(facts.shops)])
    return id_group


def _ids(connection: sa.Connection, tables: ShopTables, name: str) -> list[int]:
    column = tables[name].c[f"id_{name}"]
    return [as_int(number) for number in connection.execute(sa.select(column).order_by(column)).scalars()]
