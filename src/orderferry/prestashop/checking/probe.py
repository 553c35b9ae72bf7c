"""The shop's side of `check`: reads, and writes nothing. Each method is one thing to ask, in this order."""

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
from orderferry.prestashop.checking.carriers import CARRIER_TABLES, check_carriers, read_carrier_places
from orderferry.prestashop.checking.edits import check_edits
from orderferry.prestashop.checking.mappings import (
    check_accounts,
    check_countries,
    check_currencies,
    check_mappings,
    check_named_products,
    check_stock,
    check_time_zone,
)
from orderferry.prestashop.checking.modules import (
    MODULE_TABLES,
    check_caches,
    check_feed,
    check_modules,
    read_listeners,
)
from orderferry.prestashop.checking.states import check_fba, check_invoices, check_mails
from orderferry.prestashop.checking.tables import (
    check_collations,
    check_columns,
    check_rights,
    check_server,
    check_tables,
    check_triggers,
    check_version,
)
from orderferry.prestashop.checking.taxes import Rates, TaxedOrders, check_vat, places_delivered_to, read_tax_groups
from orderferry.prestashop.database.database import ShopDatabase
from orderferry.prestashop.database.live_schema import read_tables
from orderferry.prestashop.database.own_tables import EVENT_TABLE_NAMES, STATE_TABLE, kept_value
from orderferry.prestashop.database.statements import Statements
from orderferry.prestashop.database.tables import ShopTables, wanted_tables
from orderferry.prestashop.facts import ShopFacts, Table
from orderferry.prestashop.feed.keeper import read_feed
from orderferry.prestashop.planning.market import Market, open_market
from orderferry.prestashop.planning.tax_rates import STATE_NAME, parse_proofs
from orderferry.prestashop.reading.shop_facts import read_shop_facts

Results = Iterator[CheckResult]


class ShopProbe:
    """One PrestaShop database. Every method raises ShopUnavailable or ShopUnfit as a run would."""

    def __init__(self, settings: Settings, *, sleep: Callable[[float], None], clock: Callable[[], datetime]) -> None:
        self._settings = settings
        self._clock = clock
        self._prefix = settings.prestashop.table_prefix
        self._database = ShopDatabase(settings.prestashop, sleep=sleep)

    def database(self) -> Results:
        """Yield the server, and the way to it."""
        with self._database.reading("asking the server for its settings") as connection:
            yield from check_server(connection, self._settings.prestashop)

    def tables(self) -> Results:
        """Yield the shop's tables."""
        with self._database.reading("looking at the shop's tables") as connection:
            yield from check_tables(connection, self._prefix, self._live, self._database.access)
            yield from check_triggers(connection, self._prefix)
        yield from check_columns(self._live, self._prefix)

    def collations(self) -> Results:
        """Yield the comparisons of texts that runs make, on no row: servers refuse some of them before they look."""
        tables = self._shop_tables
        with self._database.reading("comparing texts of the shop's tables") as connection:
            yield from check_collations(connection, tables)

    def rights(self) -> Results:
        """Yield what the database user may do, and our own tables."""
        with self._database.reading("asking for the user's rights") as connection:
            events = self._settings.events_enabled
            yield from check_rights(connection, self._prefix, self._live, self._database.access, events=events)

    def settings(self) -> Results:
        """Yield what the shop's own settings say: version, time zone, currencies, countries."""
        yield from check_version(self._facts)
        yield from check_time_zone(self._facts)
        yield from check_currencies(self._settings, self._facts)
        yield from check_countries(self._settings, self._facts)

    def mappings(self) -> Results:
        """Yield what the configuration names."""
        yield from check_mappings(self._settings, self._facts)

    def accounts(self) -> Results:
        """Yield the customer account that the configuration names."""
        with self._database.reading("looking for the customer's account") as connection:
            yield from check_accounts(connection, self._shop_tables, self._settings)

    def named_products(self) -> Results:
        """Products that the configuration names."""
        with self._database.reading("looking for the products that the configuration names") as connection:
            yield from check_named_products(connection, self._shop_tables, self._facts, self._settings)

    def stock(self) -> Results:
        """Stock that is kept where orderferry does not write."""
        with self._database.reading("looking for stock in warehouses") as connection:
            yield from check_stock(connection, self._shop_tables, self._facts)

    def vat(self, held_for_tax: Rates) -> Results:
        """Yield the rates of the marketplaces' countries, and the taxes that orders need. `held_for_tax`: the places
        of orders that are held for one, with the rates that they need.
        """
        with self._database.reading("looking where Amazon orders went") as connection:
            orders = TaxedOrders(
                places_delivered_to(connection, self._shop_tables), held_for_tax, self._vat_proofs(connection)
            )
        yield from check_vat(self._settings, self._facts, self._tax_groups, orders)

    def _vat_proofs(self, connection: sa.Connection) -> Mapping[str, str]:
        """By marketplace, the order that has shown that Amazon calculates the VAT there."""
        tables = self._shop_tables
        kept = kept_value(Statements(connection, tables), STATE_NAME) if tables.has(STATE_TABLE) else ""
        return parse_proofs(kept)

    def carriers(self) -> Results:
        """Yield the carriers that orders get. Nothing of a marketplace whose mappings are wrong."""
        with self._database.reading("looking at the shop's carriers") as connection:
            extra = read_tables(connection, self._prefix, CARRIER_TABLES)
            places = read_carrier_places(connection, ShopTables(self._prefix, {**self._live, **extra}))
        if self._markets:
            yield from check_carriers(self._settings, self._facts, self._markets, places)

    def edits(self) -> Results:
        """Yield what an edit in the back office changes on its own."""
        if self._markets:
            yield from check_edits(self._settings, self._facts, self._markets, self._tax_groups)

    def states(self) -> Results:
        """Yield what the states of Amazon orders set off. Nothing of a marketplace whose mappings are wrong."""
        markets = self._markets
        if markets:
            yield from check_mails(self._settings, self._facts, markets)
            with self._database.reading("looking where Amazon calculates the VAT") as connection:
                proofs = self._vat_proofs(connection)
            yield from check_invoices(self._settings, self._facts, markets, proofs)
            yield from check_fba(markets)

    def modules(self) -> Results:
        """Modules that do not hear of imported orders, who reads the feed of changes, and caches."""
        with self._database.reading("looking for modules that wait for events") as connection:
            extra = ShopTables(self._prefix, read_tables(connection, self._prefix, MODULE_TABLES))
            listeners = read_listeners(connection, extra)
        enabled, feed = self._settings.events_enabled, self._feed
        bridged = enabled and feed is not None and feed.reader(BRIDGE) is not None
        yield from check_modules(listeners, bridged=bridged)
        if enabled:
            yield from check_feed(feed, self._clock())
        yield from check_caches(self._facts, object_cache(self._settings.prestashop.shop_folder))

    def close(self) -> None:
        """Give the connection back."""
        self._database.close()

    @cached_property
    def _feed(self) -> Feed | None:
        """Return how the feed of changes stands; None where it is not there, or not asked for."""
        if not all(name in self._live for name in (STATE_TABLE, *EVENT_TABLE_NAMES)):
            return None
        with self._database.reading("looking at the feed of changes") as connection:
            return read_feed(connection, ShopTables(self._prefix, self._live))

    @cached_property
    def _live(self) -> Mapping[str, Table]:
        with self._database.reading("looking at the shop's tables") as connection:
            return read_tables(connection, self._prefix, wanted_tables(events=self._settings.events_enabled))

    @cached_property
    def _shop_tables(self) -> ShopTables:
        return ShopTables(self._prefix, self._live)

    @cached_property
    def _tax_groups(self) -> Mapping[int, str]:
        with self._database.reading("reading the products' tax rules") as connection:
            return read_tax_groups(connection, self._shop_tables)

    @cached_property
    def _facts(self) -> ShopFacts:
        with self._database.reading("reading the shop's settings") as connection:
            return read_shop_facts(connection, self._prefix, self._live)

    @cached_property
    def _markets(self) -> Mapping[str, Market]:
        markets: dict[str, Market] = {}
        for marketplace in self._settings.amazon.marketplaces:
            try:
                markets[marketplace.code] = open_market(marketplace.code, self._settings, self._facts)
            except ShopUnfit:
                continue  # `mappings` says what is wrong with it
        return markets
