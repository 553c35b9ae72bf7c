"""Read for `init` what the shop offers to choose from, and create what is asked for: states, a carrier, taxes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal

import sqlalchemy as sa

from orderferry.config.model import Settings
from orderferry.errors import ShopUnfit
from orderferry.prestashop.adopting import OrderAdopter
from orderferry.prestashop.checking import carriers
from orderferry.prestashop.checking.carriers import CARRIER_TABLES, NEW_CARRIER_TABLES, read_delays
from orderferry.prestashop.checking.modules import MODULE_TABLES, Listeners, read_listeners
from orderferry.prestashop.checking.taxes import Rates, create_taxes, places_delivered_to, rates_to_create
from orderferry.prestashop.database.database import ShopDatabase
from orderferry.prestashop.database.live_schema import read_tables, refuse_unfit
from orderferry.prestashop.database.statements import Statements
from orderferry.prestashop.database.tables import ShopTables, wanted_tables
from orderferry.prestashop.database.values import as_int, as_text
from orderferry.prestashop.facts import ShopFacts
from orderferry.prestashop.planning.market import open_market
from orderferry.prestashop.reading.shop_facts import read_shop_facts

_FLAGS = ("logable", "paid", "shipped", "delivery")
# What states of the shop's do and one for Amazon does not: mail, above all.
_QUIET = dict.fromkeys(("send_email", "pdf_invoice", "pdf_delivery", "hidden", "unremovable", "deleted"), 0)


@dataclass(frozen=True, slots=True)
class NewState:
    """An order state for Amazon's orders: for which key of [orders], its flags that are 1, its names by language."""

    key: str
    flags: frozenset[str]
    color: str
    names: Mapping[str, str]  # by ISO code; "en" for every other language


# None for cancelled orders: PrestaShop counts the goods of an order as reserved until it stands in the state that
# PS_OS_CANCELED names, and statements of orderferry mail nobody in that one either.
NEW_STATES = (
    NewState(
        "state_paid",
        frozenset({"logable", "paid"}),
        "#3498D8",
        {
            "en": "Amazon: to be shipped",
            "it": "Amazon: da spedire",
            "de": "Amazon: zu versenden",
            "fr": "Amazon : à expédier",
            "es": "Amazon: por enviar",
        },
    ),
    NewState(
        "state_shipped",
        frozenset({"logable", "paid", "shipped", "delivery"}),
        "#01B887",
        {
            "en": "Amazon: shipped",
            "it": "Amazon: spedito",
            "de": "Amazon: versandt",
            "fr": "Amazon : expédié",
            "es": "Amazon: enviado",
        },
    ),
    NewState(
        "state_fba",
        frozenset({"logable", "paid", "shipped"}),
        "#FF9900",
        {
            "en": "Amazon: shipped by Amazon (FBA)",
            "it": "Amazon: spedito da Amazon (FBA)",
            "de": "Amazon: von Amazon versandt (FBA)",
            "fr": "Amazon : expédié par Amazon (FBA)",
            "es": "Amazon: enviado por Amazon (FBA)",
        },
    ),
)


class SetupShop:
    """Open one PrestaShop database for `init`. All methods raise ShopUnavailable or ShopUnfit."""

    def __init__(self, settings: Settings, *, sleep: Callable[[float], None]) -> None:
        self._settings = settings
        self._prefix = settings.prestashop.table_prefix
        self._sleep = sleep
        self._database = ShopDatabase(settings.prestashop, sleep=sleep)

    def facts(self) -> ShopFacts:
        """Connect, refuse what is no shop, and return what there is to choose from."""
        with self._database.reading("looking at the shop's tables") as connection:
            tables = self._tables(connection)
            refuse_unfit(connection, tables, self._database.access)
            return read_shop_facts(connection, tables)

    def listeners(self) -> Listeners:
        """Return the modules that listen to events which SQL does not fire, with the hooks."""
        with self._database.reading("looking for modules that wait for events") as connection:
            return read_listeners(connection, self._tables(connection, MODULE_TABLES))

    def carrier_delays(self) -> Mapping[int, str]:
        """Return the carriers' texts on delivery in all languages, by id_carrier; empty where they can't be read."""
        with self._database.reading("reading the carriers' delays") as connection:
            return read_delays(connection, self._tables(connection, CARRIER_TABLES))

    def foreign_orders(self) -> int:
        """Return how many Amazon orders of other importers stand in the shop's payments."""
        adopter = OrderAdopter(self._settings, sleep=self._sleep)
        try:
            adoption = adopter.find(payments=True, messages=False, columns=(), by_hand={})
        finally:
            adopter.close()
        return adoption.found - len(adoption.marked)

    def create_states(self, *, invoice: bool = False) -> dict[str, int]:
        """Create NEW_STATES in every language of the shop, in one transaction; return their ids by key of [orders].

        `invoice`: whether PrestaShop draws an invoice in them. A state that already has one of the names is taken as it
        is, so that a second call creates nothing.
        """
        with self._database.writing("creating order states") as connection:
            tables = self._tables(connection)
            languages = _languages(connection, tables)
            known = _states_by_name(connection, tables)
            writer = Statements(connection, tables)
            return {
                state.key: next((known[name] for name in state.names.values() if name in known), 0)
                or _create(writer, state, languages, invoice=invoice)
                for state in NEW_STATES
            }

    def create_carrier(self) -> tuple[int, bool]:
        """Create the carrier "Amazon" in one transaction; return its id, and whether it is new.

        A carrier of that name is taken as it is, so that a second call creates nothing.
        """
        with self._database.writing("creating the carrier") as connection:
            tables = self._tables(connection, wanted_tables(events=False) | NEW_CARRIER_TABLES)
            facts = read_shop_facts(connection, tables)
            known = carriers.find_amazon_carrier(facts)
            if known:
                return known, False
            missing = sorted(self._prefix + name for name in NEW_CARRIER_TABLES if not tables.has(name))
            if missing:
                raise ShopUnfit(
                    f"The shop lacks tables of carriers, or the user may not see them: {', '.join(missing)}.",
                    hint="docs/database-rights.md has the GRANT statements for `init --create-carrier`.",
                )
            return carriers.create_amazon_carrier(connection, tables, facts, datetime.now(UTC)), True

    def missing_taxes(self, held_for_tax: Rates) -> dict[str, tuple[Decimal, ...]]:
        """Return the rates in percent, by place, of which the shop needs a tax of its own; see `rates_to_create`."""
        facts = self.facts()
        with self._database.reading("looking where Amazon orders went") as connection:
            places = places_delivered_to(connection, self._tables(connection))
        return rates_to_create(self._settings, facts, places, held_for_tax)

    def create_taxes(self, rates: Rates) -> int:
        """Create taxes of these rates by place, without rules, in one transaction; return how many."""
        with self._database.writing("creating taxes") as connection:
            tables = self._tables(connection)
            return create_taxes(Statements(connection, tables), rates, _languages(connection, tables))

    def close(self) -> None:
        """Close the connection."""
        self._database.close()

    def _tables(self, connection: sa.Connection, wanted: Iterable[str] = wanted_tables(events=False)) -> ShopTables:
        return read_tables(connection, self._prefix, wanted)


def check_mappings(settings: Settings, facts: ShopFacts) -> None:
    """Raise ShopUnfit if the settings name something that the shop does not have."""
    for marketplace in settings.amazon.marketplaces:
        open_market(marketplace.code, settings, facts)


def _languages(connection: sa.Connection, tables: ShopTables) -> dict[int, str]:
    """Return the ISO codes of the shop's languages by id_lang, also of those that are switched off."""
    rows = connection.execute(sa.select(tables["lang"].c.id_lang, tables["lang"].c.iso_code))
    return {as_int(id_lang): as_text(iso).lower() for id_lang, iso in rows}


def _create(writer: Statements, state: NewState, languages: Mapping[int, str], *, invoice: bool) -> int:
    flags = {"invoice": int(invoice)} | {name: int(name in state.flags) for name in _FLAGS}
    id_state = writer.insert("order_state", {**_QUIET, **flags, "color": state.color, "module_name": ""})
    writer.insert_all(
        "order_state_lang",
        [
            {
                "id_order_state": id_state,
                "id_lang": id_lang,
                "name": state.names.get(iso, state.names["en"]),
                "template": "",
            }
            for id_lang, iso in languages.items()
        ],
    )
    return id_state


def _states_by_name(connection: sa.Connection, tables: ShopTables) -> dict[str, int]:
    state, lang = tables["order_state"], tables["order_state_lang"]
    rows = connection.execute(
        sa.select(lang.c.name, lang.c.id_order_state)
        .join_from(lang, state, lang.c.id_order_state == state.c.id_order_state)
        .where(tables.column("order_state", "deleted", 0) == 0)
    )
    return {as_text(name): as_int(id_state) for name, id_state in rows}
