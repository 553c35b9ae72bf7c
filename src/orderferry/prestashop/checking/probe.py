"""Ask the shop what `check` asks. Nothing is written."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from functools import cached_property

import sqlalchemy as sa

from orderferry.config.model import Settings
from orderferry.config.php_parameters import object_cache
from orderferry.domain.check_result import CheckResult
from orderferry.domain.feed import BRIDGE, Feed
from orderferry.errors import ShopUnfit
from orderferry.prestashop.checking import carriers, edits, mappings, modules, states, tables, taxes
from orderferry.prestashop.database.database import ShopDatabase
from orderferry.prestashop.database.live_schema import read_tables
from orderferry.prestashop.database.own_tables import EVENT_TABLE_NAMES, STATE_TABLE, kept_value
from orderferry.prestashop.database.statements import Statements
from orderferry.prestashop.database.tables import ShopTables, wanted_tables
from orderferry.prestashop.facts import ShopFacts
from orderferry.prestashop.feed.readers import read_feed
from orderferry.prestashop.planning.market import Market, open_market
from orderferry.prestashop.planning.tax_rates import STATE_NAME, parse_proofs
from orderferry.prestashop.reading.shop_facts import read_shop_facts

Results = Iterator[CheckResult]


class ShopProbe:
    """Open one PrestaShop database and ask one thing a method, in the order of the methods.

    All raise ShopUnavailable or ShopUnfit as a run would. What several of them need is read once.
    """

    def __init__(self, settings: Settings, *, sleep: Callable[[float], None], clock: Callable[[], datetime]) -> None:
        self._settings = settings
        self._clock = clock
        self._database = ShopDatabase(settings.prestashop, sleep=sleep)

    def database(self) -> Results:
        """Check the server, and the connection to it."""
        with self._database.reading("asking the server for its settings") as connection:
            yield from tables.check_server(connection, self._settings.prestashop)

    def tables(self) -> Results:
        """Check the shop's tables, their triggers and columns."""
        with self._database.reading("looking at the shop's tables") as connection:
            yield from tables.check_tables(connection, self._tables, self._database.access)
            yield from tables.check_triggers(connection, self._tables.prefix)
        yield from tables.check_columns(self._tables)

    def collations(self) -> Results:
        """Try the comparisons of texts that runs make: servers refuse some of them whatever the rows hold."""
        live = self._tables
        with self._database.reading("comparing texts of the shop's tables") as connection:
            yield from tables.check_collations(connection, live)

    def rights(self) -> Results:
        """Check what the database user may do, and our own tables."""
        with self._database.reading("asking for the user's rights") as connection:
            events = self._settings.events_enabled
            yield from tables.check_rights(connection, self._tables, self._database.access, events=events)

    def settings(self) -> Results:
        """Check the shop's own settings: version, time zone, currencies, countries."""
        yield from tables.check_version(self._facts)
        yield from mappings.check_time_zone(self._facts)
        yield from mappings.check_currencies(self._settings, self._facts)
        yield from mappings.check_countries(self._settings, self._facts)

    def mappings(self) -> Results:
        """Check that the shop has what the configuration names."""
        yield from mappings.check_mappings(self._settings, self._facts)

    def accounts(self) -> Results:
        """Check the customer account that the configuration names."""
        with self._database.reading("looking for the customer's account") as connection:
            yield from mappings.check_accounts(connection, self._tables, self._settings)

    def named_products(self) -> Results:
        """Check the products that the configuration names."""
        with self._database.reading("looking for the products that the configuration names") as connection:
            yield from mappings.check_named_products(connection, self._tables, self._facts, self._settings)

    def stock(self) -> Results:
        """Look for stock that is kept where orderferry does not write."""
        with self._database.reading("looking for stock in warehouses") as connection:
            yield from mappings.check_stock(connection, self._tables, self._facts)

    def vat(self, held_for_tax: taxes.Rates) -> Results:
        """Check the VAT rates of the marketplaces' countries, and the taxes that orders need.

        `held_for_tax`: the places of orders that are held for a tax, with the rates that they need.
        """
        with self._database.reading("looking where Amazon orders went") as connection:
            places = taxes.places_delivered_to(connection, self._tables)
            proofs = self._vat_proofs(connection)
        yield from taxes.check_vat(
            self._settings, self._facts, self._tax_groups, places=places, held=held_for_tax, proofs=proofs
        )

    def states(self) -> Results:
        """Check what the states of Amazon orders cause. Marketplaces whose mappings are wrong are left out."""
        markets = self._markets
        if markets:
            yield from states.check_mails(self._settings, self._facts, markets)
            with self._database.reading("looking where Amazon calculates the VAT") as connection:
                proofs = self._vat_proofs(connection)
            yield from states.check_invoices(self._settings, self._facts, markets, proofs)
            yield from states.check_fba(markets)

    def carriers(self) -> Results:
        """Check the carriers that orders get. Marketplaces whose mappings are wrong are left out."""
        with self._database.reading("looking at the shop's carriers") as connection:
            live = self._tables.with_more(read_tables(connection, self._tables.prefix, carriers.CARRIER_TABLES))
            delays, zones = carriers.read_delays(connection, live), carriers.read_zones(connection, live)
            has_fba = carriers.has_fba_orders(connection, live)
        facts, markets = self._facts, self._markets
        if markets:
            yield from carriers.check_carriers(self._settings, facts, markets, delays, zones, has_fba=has_fba)

    def edits(self) -> Results:
        """Check what an edit in the back office changes on its own."""
        if self._markets:
            yield from edits.check_edits(self._settings, self._facts, self._markets, self._tax_groups)

    def modules(self) -> Results:
        """Check for modules that do not hear of imported orders, readers of the feed of changes, and caches."""
        with self._database.reading("looking for modules that wait for events") as connection:
            live = read_tables(connection, self._tables.prefix, modules.MODULE_TABLES)
            listeners = modules.read_listeners(connection, live)
        enabled, feed = self._settings.events_enabled, self._feed
        bridged = enabled and feed is not None and feed.reader(BRIDGE) is not None
        yield from modules.check_modules(listeners, bridged=bridged)
        if enabled:
            yield from modules.check_feed(feed, self._clock())
        yield from modules.check_caches(self._facts, object_cache(self._settings.prestashop.shop_folder))

    def close(self) -> None:
        """Close the connection."""
        self._database.close()

    def _vat_proofs(self, connection: sa.Connection) -> Mapping[str, str]:
        """Return by marketplace the order that has shown that Amazon calculates the VAT there."""
        live = self._tables
        return parse_proofs(kept_value(Statements(connection, live), STATE_NAME) if live.has(STATE_TABLE) else "")

    @cached_property
    def _feed(self) -> Feed | None:
        """Return how the feed of changes stands; None where it is not there, or not asked for."""
        if not all(map(self._tables.has, (STATE_TABLE, *EVENT_TABLE_NAMES))):
            return None
        with self._database.reading("looking at the feed of changes") as connection:
            return read_feed(connection, self._tables)

    @cached_property
    def _tables(self) -> ShopTables:
        prefix, wanted = self._settings.prestashop.table_prefix, wanted_tables(events=self._settings.events_enabled)
        with self._database.reading("looking at the shop's tables") as connection:
            return read_tables(connection, prefix, wanted)

    @cached_property
    def _tax_groups(self) -> Mapping[int, str]:
        with self._database.reading("reading the products' tax rules") as connection:
            return taxes.read_tax_groups(connection, self._tables)

    @cached_property
    def _facts(self) -> ShopFacts:
        with self._database.reading("reading the shop's settings") as connection:
            return read_shop_facts(connection, self._tables)

    @cached_property
    def _markets(self) -> Mapping[str, Market]:
        markets: dict[str, Market] = {}
        for marketplace in self._settings.amazon.marketplaces:
            try:
                markets[marketplace.code] = open_market(marketplace.code, self._settings, self._facts)
            except ShopUnfit:
                continue  # `mappings` reports what is wrong with it
        return markets
