"""Check the carriers that orders get, and create the carrier "Amazon" for `init`.

PrestaShop's order page lists a carrier only if it is active, serves the address's zone and one of the customer's
groups. An order whose carrier is not listed gets another one as soon as somebody enters a tracking number, and its
shipping is computed anew. The carrier "Amazon" is listed for every order; a customer group of its own keeps it out of
the checkout of all customers.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
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

CARRIER_TABLES = frozenset({"carrier_lang", "carrier_zone"})  # read by `check`, beside the tables of every run
_OWN_NAME = "0"  # PrestaShop shows the shop's name instead, and says itself that this is for collection in the shop
_OFF = "0"
_PICK_UP = re.compile(
    r"click\W*(?:and|&|et|e|y|und|n)?\W*collect|pick\W*up|drive\W*in|in[\W_]*store|locker|parcel\W*shop|paket\W*shop"
    r"|packstation|abhol|im laden|ritir[oa]|in negozio|fermo\W?point|retrait|en magasin|point\W*relais|mondial\W*relay"
    r"|relais\W*colis|recog|en (?:la )?tienda|punto de|afhalen|odbi[oó]r",
    re.IGNORECASE,
)
_ADVICE = "Name a carrier that brings parcels to the door as {key} (Shipping > Carriers shows them)."
# The carrier that `init` makes, and the tables that it needs beside those of every run
NAME = "Amazon"
NEW_CARRIER_TABLES = CARRIER_TABLES | {"group", "group_shop", "zone"}

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


def read_delays(connection: sa.Connection, tables: ShopTables) -> dict[int, str]:
    """Return the carriers' texts on delivery in all languages, by id_carrier; empty where they can't be read."""
    delays: dict[int, str] = {}
    if tables.has("carrier_lang", "delay"):
        lang = tables["carrier_lang"]
        for number, delay in connection.execute(sa.select(lang.c.id_carrier, lang.c.delay)):
            delays[as_int(number)] = f"{delays.get(as_int(number), '')} {as_text(delay)}"
    return delays


def read_zones(connection: sa.Connection, tables: ShopTables) -> dict[int, set[int]] | None:
    """Return the zones that carriers serve, by id_carrier; None where they can't be read."""
    if not tables.has("carrier_zone"):
        return None
    link = tables["carrier_zone"]
    zones: dict[int, set[int]] = {}
    for number, zone in connection.execute(sa.select(link.c.id_carrier, link.c.id_zone)):
        zones.setdefault(as_int(number), set()).add(as_int(zone))
    return zones


def has_fba_orders(connection: sa.Connection, tables: ShopTables) -> bool | None:
    """Return whether FBA orders were imported; None as long as no order was."""
    channels: set[str] = set()
    if tables.has(MARKER_TABLE, "channel"):
        channels = set(map(as_text, connection.execute(sa.select(tables[MARKER_TABLE].c.channel).distinct()).scalars()))
    return "fba" in channels if channels else None


def shown_name(carrier: Carrier, facts: ShopFacts, shop: ShopUnit | None = None) -> str:
    """Return the carrier's name as the back office shows it, with its id."""
    name = facts.setting("PS_SHOP_NAME", shop) if carrier.name == _OWN_NAME else carrier.name
    return f"{name!r} (id {carrier.id})"


def is_pick_up(carrier: Carrier, delays: Mapping[int, str]) -> bool:
    """Return whether the customer seems to collect the carrier's parcels, by its name and its text on delivery."""
    return carrier.name == _OWN_NAME or bool(_PICK_UP.search(f"{carrier.name} {delays.get(carrier.id, '')}"))


def doubts(carrier: Carrier, facts: ShopFacts, shop: ShopUnit | None, why: str, delays: Mapping[int, str]) -> list[str]:
    """Return the reasons against a carrier for Amazon's orders; `why`: why it is a guess, '' where it was named."""
    name = shown_name(carrier, facts, shop)
    found = [f"orders get {name} by a guess, since {why}"] if why else []
    if is_pick_up(carrier, delays):
        found.append(f"{name} looks like a pick-up point, and Amazon's buyers are delivered to")
    return found


def check_carriers(
    settings: Settings,
    facts: ShopFacts,
    markets: Mapping[str, Market],
    delays: Mapping[int, str],
    zones: Mapping[int, Collection[int]] | None,
    *,
    has_fba: bool | None,
) -> Iterator[CheckResult]:
    """Yield the carrier of each kind of order, and warn of guesses, pick-up points and carriers that an edit replaces.

    `delays`, `zones` and `has_fba` are what `read_delays`, `read_zones` and `has_fba_orders` return.
    """
    by_id = {carrier.id: carrier for carrier in facts.carriers}
    warnings: dict[CheckResult, None] = {}  # in order, each once
    names: dict[str, None] = {}
    for code, market in markets.items():
        own = settings.marketplace(code).carriers
        named = {"": own.default, **{level.upper(): name for level, name in own.map.items()}}
        used = [
            (level or "regular", f"carriers.map.{level}" if level else "carriers.default", id_carrier, named.get(level))
            for level, id_carrier in market.carriers.items()
        ]
        for kind, key, id_carrier, is_named in [*used, ("FBA", "carriers.fba", market.id_carrier_fba, True)]:
            carrier = by_id.get(id_carrier)
            names[f"{kind}: {shown_name(carrier, facts, market.shop) if carrier else 'none'}"] = None
            if carrier:
                why = "" if is_named else default_carrier(facts, market.shop)[1]
                warnings |= dict.fromkeys(_carrier_warnings(key, carrier, facts, market, delays, zones, why=why))
    yield from warnings
    yield from _fba_warnings(markets, facts, has_fba=has_fba)
    yield fine("carriers", f"Orders get these carriers: {'; '.join(names)}.")


def _carrier_warnings(  # noqa: PLR0917 — what a carrier is compared with
    key: str,
    carrier: Carrier,
    facts: ShopFacts,
    market: Market,
    delays: Mapping[int, str],
    zones: Mapping[int, Collection[int]] | None,
    *,
    why: str,
) -> Iterator[CheckResult]:
    for doubt in doubts(carrier, facts, market.shop, why, delays):
        yield warning(key, f"{doubt[0].upper()}{doubt[1:]}.", _ADVICE.format(key=key))
    unlisted = _reasons_not_listed(carrier, facts, market, zones)
    if carrier.active and unlisted:
        yield warning(
            key,
            f"The back office does not list {shown_name(carrier, facts, market.shop)} for Amazon orders "
            f"({'; '.join(unlisted)}): entering a tracking number gives such an order another carrier, and may change "
            "its shipping.",
            "Let the carrier serve these zones and groups (Shipping > Carriers), or name another one. "
            "`orderferry init --create-carrier fba` makes one that keeps (docs/editing-orders.md).",
        )


def _reasons_not_listed(
    carrier: Carrier, facts: ShopFacts, market: Market, zones: Mapping[int, Collection[int]] | None
) -> list[str]:
    """Return why PrestaShop's order page does not list an order's own carrier."""
    reasons: list[str] = []
    groups_off = facts.setting("PS_GROUP_FEATURE_ACTIVE", market.shop, "1") == _OFF
    if market.carrier_groups.get(carrier.id):
        reasons += ["customer groups are switched off, PS_GROUP_FEATURE_ACTIVE"] if groups_off else []
    elif facts.tables.get("carrier_group") is not None and not groups_off:
        barred = sorted({market.id_group, market.id_business_group} - carrier.groups)
        names = ", ".join(facts.groups.get(group, str(group)) for group in barred)
        reasons += [f"its groups lack {names}"] if barred else []
    country = facts.countries.get(market.code)
    if country is not None and zones is not None and country.id_zone not in zones.get(carrier.id, ()):
        reasons.append(f"its zones lack {market.code}")
    return reasons


def _fba_warnings(markets: Mapping[str, Market], facts: ShopFacts, *, has_fba: bool | None) -> Iterator[CheckResult]:
    """Warn where FBA orders get no carrier, or one for which labels are printed."""
    without = sorted(code for code, market in markets.items() if not market.id_carrier_fba)
    if without and has_fba is not False:
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


def find_amazon_carrier(facts: ShopFacts) -> int:
    """Return the id of the live carrier that is called "Amazon" in any case; 0 for none."""
    return next((one.id for one in facts.carriers if one.name.strip().casefold() == NAME.casefold()), 0)


def create_amazon_carrier(connection: sa.Connection, tables: ShopTables, facts: ShopFacts, now: datetime) -> int:
    """Create the carrier "Amazon", with its own customer group, for every shop, zone and language; return its id."""
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
    of_shops: dict[str, dict[str, Value]] = {
        "carrier_shop": {},
        "carrier_tax_rules_group_shop": {"id_tax_rules_group": tax_group},
    }
    for table, more in of_shops.items():
        if tables.has(table):
            writer.insert_all(table, [{**own, "id_shop": id_shop, **more} for id_shop in shops])
    return id_carrier


def _create_group(writer: Statements, facts: ShopFacts, languages: Collection[int], written: str) -> int:
    """Create a customer group and return its id. Its name is unique: the configuration names groups by it."""
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
