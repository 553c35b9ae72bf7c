"""PrestaShop as the engine sees it: `run.ports.Shop`, put together from the rooms of this package."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from orderferry.config.model import Settings
from orderferry.domain.finding import Finding
from orderferry.domain.marker import Marker
from orderferry.domain.marketplaces import marketplace_code
from orderferry.domain.orders import Order
from orderferry.domain.problems import Problem
from orderferry.domain.shopwork import Applied, Effect, Intent, Plan, ShopView
from orderferry.prestashop.database.attempts import attempt
from orderferry.prestashop.database.database import ShopDatabase
from orderferry.prestashop.database.live_schema import read_tables, refuse_unfit
from orderferry.prestashop.database.own_tables import STATE_TABLE, ensure_tables
from orderferry.prestashop.database.table_names import wanted_tables
from orderferry.prestashop.database.tables import ShopTables
from orderferry.prestashop.database.values import as_int
from orderferry.prestashop.facts import ShopFacts, Table
from orderferry.prestashop.planning.market import Market, open_market
from orderferry.prestashop.reading.fingerprints import column_fingerprint, tax_fingerprint
from orderferry.prestashop.reading.marker_table import read_all_markers, read_markers
from orderferry.prestashop.reading.other_importers import ForeignOrders
from orderferry.prestashop.reading.shared_numbers import SharedNumbers
from orderferry.prestashop.reading.shop_facts import read_shop_facts
from orderferry.prestashop.writing.shop_writer import ShopWriter
from orderferry.prestashop.writing.state_values import kept_value, kept_values, store_value

if TYPE_CHECKING:
    from orderferry.prestashop.feed.keeper import FeedKeeper
    from orderferry.prestashop.workshop import Workshop

_COLUMNS_KEY = "shop-columns"
_TAXES_KEY = "shop-taxes"
_MARKER_PAGE = 500


class _Open:
    """What `prepare` found: it holds for the run."""

    def __init__(self, tables: ShopTables, facts: ShopFacts, *, taxes_changed: bool) -> None:
        self.tables = tables
        self.facts = facts
        self.taxes_changed = taxes_changed
        self.workshop: Workshop | None = None


class PrestashopShop:
    """One PrestaShop database.

    `recall` and `remember` keep short texts between runs (the ledger's); `clock` and `sleep` come from bootstrap.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        recall: Callable[[str], str | None],
        remember: Callable[[str, str], None],
        clock: Callable[[], datetime],
        sleep: Callable[[float], None],
    ) -> None:
        self._settings = settings
        self._recall = recall
        self._remember = remember
        self._clock = clock
        self._sleep = sleep
        self._database = ShopDatabase(settings.prestashop, sleep=sleep)
        self._foreign = ForeignOrders(recall, remember)
        self._shared_numbers = SharedNumbers(recall, remember)
        self._markets: dict[str, Market] = {}
        self._opened: _Open | None = None
        self._writes = False
        self._keeper: FeedKeeper | None = None

    def prepare(self, *, write: bool) -> None:
        """Connect, read the live schema and the shop's settings, refuse what orders can't be written into.

        With `write`, our own tables are created, and what other importers left is remembered. Raise ShopUnavailable
        or ShopUnfit.
        """
        prefix, access = self._settings.prestashop.table_prefix, self._database.access
        events = self._settings.events_enabled
        with self._database.reading("looking at the shop's tables") as connection:
            live = read_tables(connection, prefix, wanted_tables(events=events))
            refuse_unfit(connection, prefix, live, access)
            if write:
                live = ensure_tables(connection, prefix, live, access, events=events)
        tables = ShopTables(prefix, live)
        with self._database.reading("reading the shop's settings") as connection:
            facts = read_shop_facts(connection, prefix, live)
        self._refuse_unknown_columns(live, remember=write)
        with self._database.reading("looking for other importers' orders") as connection:
            self._foreign.refresh(connection, tables, remember=write)
        self._markets = {}
        self._writes = write
        self._opened = _Open(tables, facts, taxes_changed=self._taxes_changed(facts, write=write))
        for marketplace in self._settings.amazon.marketplaces:
            self._market(marketplace.id)
        if write and events:
            self._keep_feed(tables)

    def look(self, orders: Sequence[Order]) -> ShopView:
        """All look-ups for a page of orders, a bounded number of statements. What the page proves for the first time
        (where Amazon calculates the VAT) is kept in the shop, if the run writes."""
        workshop = self._workshop()
        with self._database.reading("looking up orders and products") as connection:
            view = workshop.look(connection, orders)
        if view.notices and self._writes:
            self.keep(*workshop.vat_by_amazon)
        return view

    def markers(self, order_ids: Iterable[str]) -> Mapping[str, Marker]:
        """The markers of these orders."""
        with self._database.reading("looking up imported orders") as connection:
            return read_markers(connection, self._ready().tables, order_ids)

    def marker_pages(self) -> Iterator[list[Marker]]:
        """All markers, a few hundred at a time, no connection held between two pages."""
        after = ""
        while True:
            with self._database.reading("reading the markers") as connection:
                page = read_all_markers(connection, self._ready().tables, after, _MARKER_PAGE)
            if page:
                yield page
            if len(page) < _MARKER_PAGE:
                return
            after = page[-1].order_id

    def keep(self, name: str, value: str) -> None:
        """Keep a text beside the markers."""

        def write() -> None:
            """One try."""
            with self._database.writing("keeping a note in the shop") as connection:
                store_value(ShopWriter(connection, self._ready().tables), name, value)

        attempt(write, lambda: None, self._sleep)  # of two that keep the first one, the second finds it there

    def kept(self, name: str) -> str:
        """A text that was kept beside the markers; '' if there is none."""
        tables = self._ready().tables
        if not tables.has(STATE_TABLE):
            return ""
        with self._database.reading("reading a note in the shop") as connection:
            return kept_value(ShopWriter(connection, tables), name)

    def kept_under(self, stem: str) -> Mapping[str, str]:
        """The texts that were kept beside the markers under names that begin so."""
        tables = self._ready().tables
        if not tables.has(STATE_TABLE):
            return {}
        with self._database.reading("reading the notes in the shop") as connection:
            return kept_values(ShopWriter(connection, tables), stem)

    def foreign(self, order_ids: Iterable[str]) -> Mapping[str, int]:
        """Orders that another importer has put into the shop: Amazon id to id_order."""
        with self._database.reading("looking for other importers' orders") as connection:
            return self._foreign.find(connection, self._ready().tables, order_ids)

    def plan(self, order: Order, intent: Intent, view: ShopView, now: datetime) -> Plan | Problem:
        """Everything that would be written for this order, or why it can't be. Writes nothing."""
        return self._workshop().plan(order, intent, view, self._market(order.marketplace_id), now)

    def apply(self, plan: Plan, now: datetime) -> Applied | Problem:
        """Write the plan in one transaction, the marker first. Look again, and write nothing twice."""
        if plan.work is None:
            return Applied(Effect.UNCHANGED, plan.id_order, notes=plan.notes)
        return self._workshop().apply(plan, now)

    def cause_gone(self, problems: Sequence[Problem]) -> Sequence[bool]:
        """For each stored problem of a held order, whether the shop could take the order now."""
        workshop = self._workshop()
        with self._database.reading("testing whether held orders can be taken now") as connection:
            return workshop.causes_gone(connection, problems)

    def shared_invoice_numbers(self) -> Sequence[Problem]:
        """A problem for each order of ours whose invoice number another invoice bears too."""
        opened = self._ready()
        yearly = as_int(opened.facts.setting("PS_INVOICE_RESET")) > 0
        with self._database.reading("looking for shared invoice numbers") as connection:
            return self._shared_numbers.find(connection, opened.tables, yearly=yearly)

    def order_rows(self, order_id: str) -> Mapping[str, Sequence[Mapping[str, Any]]]:
        """The rows of an Amazon order in the shop by table, personal columns masked; empty without a marker."""
        from orderferry.prestashop.reading.order_rows import rows_of_order  # noqa: PLC0415 — `show` alone asks

        with self._database.reading("reading an order's rows") as connection:
            return rows_of_order(ShopWriter(connection, self._ready().tables), order_id)

    def moved_by_edits(self, order_id: str) -> tuple[Finding, ...]:
        """What an edit in the back office would change in an order besides what is edited."""
        from orderferry.prestashop.checking.verify_order import moved_by_edits  # noqa: PLC0415 — `show` alone asks

        opened = self._ready()
        with self._database.reading("recomputing an order as an edit does") as connection:
            return moved_by_edits(ShopWriter(connection, opened.tables), opened.facts, order_id)

    def verify(self, order_id: str) -> tuple[Finding, ...]:
        """What back office, invoice and statistics would stumble over in an order's rows; nothing for none."""
        from orderferry.prestashop.checking.verify_order import verify_order  # noqa: PLC0415 — `show` alone asks

        opened = self._ready()
        with self._database.reading("verifying an order's rows") as connection:
            return verify_order(ShopWriter(connection, opened.tables), opened.facts, order_id)

    def release(self) -> None:
        """Give the connection back (before waiting for Amazon)."""
        self._database.release()

    def close(self) -> None:
        """Give everything back."""
        if self._keeper is not None:
            self._keeper.close()
        self._database.close()

    def _ready(self) -> _Open:
        if self._opened is None:
            self.prepare(write=False)
        assert self._opened is not None  # noqa: S101 — prepare sets it or raises
        return self._opened

    def _workshop(self) -> Workshop:
        opened = self._ready()
        if opened.workshop is None:
            from orderferry.prestashop.workshop import Workshop  # noqa: PLC0415 — most runs have no order in hand

            opened.workshop = Workshop(
                self._settings,
                self._database,
                opened.tables,
                opened.facts,
                self._foreign,
                sleep=self._sleep,
                taxes_changed=opened.taxes_changed,
                keeper=self._keeper,
            )
        return opened.workshop

    def _keep_feed(self, tables: ShopTables) -> None:
        from orderferry.prestashop.feed.keeper import FeedKeeper  # noqa: PLC0415 — a shop without events needs none

        self._keeper = FeedKeeper(self._database, tables, self._recall, self._remember, self._sleep)
        self._keeper.open(self._clock())

    def _market(self, marketplace_id: str) -> Market:
        code = marketplace_code(marketplace_id)
        if code not in self._markets:
            self._markets[code] = open_market(code, self._settings, self._ready().facts)
        return self._markets[code]

    def _taxes_changed(self, facts: ShopFacts, *, write: bool) -> bool:
        """Whether taxes in shop or configuration differ from those of the last run."""
        now, before = tax_fingerprint(self._settings, facts), self._recall(_TAXES_KEY)
        if write and now != before:
            self._remember(_TAXES_KEY, now)
        return before is not None and now != before

    def _refuse_unknown_columns(self, live: Mapping[str, Table], *, remember: bool) -> None:
        """Columns that passed once pass again: the specimen of an order is made only when they have changed."""
        now = column_fingerprint(live)
        if now == self._recall(_COLUMNS_KEY):
            return
        from orderferry.prestashop.planning.required_columns import refuse_unknown_columns  # noqa: PLC0415 — as above

        refuse_unknown_columns(live)
        if remember:
            self._remember(_COLUMNS_KEY, now)
