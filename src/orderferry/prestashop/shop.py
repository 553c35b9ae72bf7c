"""The shop as the engine uses it: look up a page of orders, plan, write, read back.

Planning one order: everything that would be written, rendered before any transaction begins. Pure.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from orderferry.config.model import Settings
from orderferry.domain.check_result import Finding
from orderferry.domain.forgetting import without_buyer, without_postcode
from orderferry.domain.marker import Action, Applied, Marker, Outcome, Plan, ShopView
from orderferry.domain.marketplaces import marketplace_code
from orderferry.domain.orders import Order
from orderferry.domain.problems import Problem, ProblemCode
from orderferry.prestashop.checking.verify_order import moved_by_edits, rows_of_order, verify_order
from orderferry.prestashop.database.database import ShopDatabase, retry
from orderferry.prestashop.database.live_schema import read_tables, refuse_unfit
from orderferry.prestashop.database.own_tables import STATE_TABLE, ensure_tables, kept_value, kept_values, store_value
from orderferry.prestashop.database.statements import Statements
from orderferry.prestashop.database.tables import ShopTables, wanted_tables
from orderferry.prestashop.database.values import as_int
from orderferry.prestashop.facts import ShopFacts
from orderferry.prestashop.feed.keeper import FeedKeeper
from orderferry.prestashop.planning.market import Market, open_market
from orderferry.prestashop.planning.order_changes import plan_update
from orderferry.prestashop.planning.resolve_order import ResolveContext, resolve_order
from orderferry.prestashop.planning.resolved_order import ResolvedOrder
from orderferry.prestashop.planning.shop_texts import shop_zone
from orderferry.prestashop.planning.tax_rates import STATE_NAME, new_proofs, notices_of, parse_proofs, proofs_text
from orderferry.prestashop.reading.catalog import CatalogReader, CauseTester
from orderferry.prestashop.reading.markers import read_all_markers, read_markers
from orderferry.prestashop.reading.other_importers import ForeignOrders
from orderferry.prestashop.reading.shop_facts import read_shop_facts, tax_fingerprint
from orderferry.prestashop.rows.new_order import refuse_unknown_columns, render
from orderferry.prestashop.writing.numbers import SharedNumbers
from orderferry.prestashop.writing.transactions import Transactions

_TAXES_KEY = "shop-taxes"
_MARKER_PAGE = 500


class _Opened:
    """What `prepare` found, and what works on it; it holds for the run."""

    def __init__(
        self,
        settings: Settings,
        database: ShopDatabase,
        tables: ShopTables,
        facts: ShopFacts,
        foreign: ForeignOrders,
        *,
        sleep: Callable[[float], None],
        taxes_changed: bool,
        keeper: FeedKeeper | None,
    ) -> None:
        self.tables = tables
        self.facts = facts
        self.catalog = CatalogReader(tables, facts, settings, foreign)
        self.causes = CauseTester(settings, tables, facts, taxes_changed=taxes_changed)
        self.transactions = Transactions(database, tables, facts, sleep, settings.amazon.seller, keeper)
        self.vat_proofs: dict[str, str] | None = None  # marketplace -> the order that proved it; None: not read yet


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
        self._opened: _Opened | None = None
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
        refuse_unknown_columns(live)
        with self._database.reading("looking for other importers' orders") as connection:
            self._foreign.refresh(connection, tables, remember=write)
        if write and events:
            self._keeper = FeedKeeper(self._database, tables, self._recall, self._remember, self._sleep)
        self._writes = write
        self._opened = _Opened(
            self._settings,
            self._database,
            tables,
            facts,
            self._foreign,
            sleep=self._sleep,
            taxes_changed=self._taxes_changed(facts, write=write),
            keeper=self._keeper,
        )
        self._markets = {}
        for marketplace in self._settings.amazon.marketplaces:
            self._market(marketplace.id)
        if self._keeper is not None:
            self._keeper.open(self._clock())

    @property
    def zone(self) -> ZoneInfo:
        """Return the shop's time zone (PS_TIMEZONE)."""
        return shop_zone(self._ready().facts.time_zone)

    def state_name(self, id_state: int) -> str:
        """Return the name of an order state in the shop's default language; '' for an unknown one."""
        state = self._ready().facts.states.get(id_state)
        return state.name if state else ""

    def prefetch(self, orders: Sequence[Order]) -> ShopView:
        """Return all look-ups for a page of orders, a bounded number of statements. What the page proves for the
        first time (where Amazon calculates the VAT) is kept in the shop, if the run writes.
        """
        opened = self._ready()
        with self._database.reading("looking up orders and products") as connection:
            catalog = opened.catalog.look(connection, orders)
        if opened.vat_proofs is None:
            opened.vat_proofs = parse_proofs(self.kept(STATE_NAME))
        found = new_proofs(orders, opened.vat_proofs, self._settings, opened.facts)
        opened.vat_proofs |= found
        if found and self._writes:
            self.keep(STATE_NAME, proofs_text(opened.vat_proofs))
        return ShopView(catalog.markers, catalog.foreign, catalog, notices_of(found))

    def markers(self, order_ids: Iterable[str]) -> Mapping[str, Marker]:
        """Return the markers of these orders."""
        with self._database.reading("looking up imported orders") as connection:
            return read_markers(connection, self._ready().tables, order_ids)

    def marker_pages(self) -> Iterator[list[Marker]]:
        """Yield all markers, a few hundred at a time, no connection held between two pages."""
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
                store_value(Statements(connection, self._ready().tables), name, value)

        retry(write, self._sleep)  # of two that keep the first one, the second finds it there

    def kept(self, name: str) -> str:
        """Return a text that was kept beside the markers; '' if there is none."""
        tables = self._ready().tables
        if not tables.has(STATE_TABLE):
            return ""
        with self._database.reading("reading a note in the shop") as connection:
            return kept_value(Statements(connection, tables), name)

    def kept_under(self, stem: str) -> Mapping[str, str]:
        """Return the texts that were kept beside the markers under names that begin so."""
        tables = self._ready().tables
        if not tables.has(STATE_TABLE):
            return {}
        with self._database.reading("reading the notes in the shop") as connection:
            return kept_values(Statements(connection, tables), stem)

    def foreign(self, order_ids: Iterable[str]) -> Mapping[str, int]:
        """Return orders that another importer has put into the shop: Amazon id to id_order."""
        with self._database.reading("looking for other importers' orders") as connection:
            return self._foreign.find(connection, self._ready().tables, order_ids)

    def plan(self, order: Order, action: Action, view: ShopView, now: datetime) -> Plan | Problem:
        """Return everything that would be written for this order, or why it can't be. Writes nothing."""
        opened = self._ready()
        bench = ResolveContext(self._settings, opened.facts, view.catalog, frozenset(opened.vat_proofs or ()))
        return plan_order(order, action, self._market(order.marketplace_id), bench, now)

    def apply(self, plan: Plan, now: datetime) -> Applied | Problem | None:
        """Write the plan in one transaction, the marker first. Look again, and write nothing twice."""
        if plan.work is None:
            return Applied(Outcome.UNCHANGED, plan.id_order, notes=plan.notes)
        return self._ready().transactions.apply(plan, now)

    def cause_gone(self, problems: Sequence[Problem]) -> Sequence[bool]:
        """For each stored problem of a held order, whether the shop could take the order now."""
        opened = self._ready()
        with self._database.reading("testing whether held orders can be taken now") as connection:
            return opened.causes.gone(connection, problems)

    def shared_invoice_numbers(self) -> Sequence[Problem]:
        """Return a problem for each order of ours whose invoice number another invoice bears too."""
        opened = self._ready()
        yearly = as_int(opened.facts.setting("PS_INVOICE_RESET")) > 0
        with self._database.reading("looking for shared invoice numbers") as connection:
            return self._shared_numbers.find(connection, opened.tables, yearly=yearly)

    def order_rows(self, order_id: str) -> Mapping[str, Sequence[Mapping[str, Any]]]:
        """Return the rows of an Amazon order in the shop by table, personal columns masked; empty without a marker."""
        with self._database.reading("reading an order's rows") as connection:
            return rows_of_order(Statements(connection, self._ready().tables), order_id)

    def moved_by_edits(self, order_id: str) -> tuple[Finding, ...]:
        """Return what an edit in the back office would change in an order besides what is edited."""
        opened = self._ready()
        with self._database.reading("recomputing an order as an edit does") as connection:
            return moved_by_edits(Statements(connection, opened.tables), opened.facts, order_id)

    def verify(self, order_id: str) -> tuple[Finding, ...]:
        """Return what back office, invoice and statistics would stumble over in an order's rows; nothing for none."""
        opened = self._ready()
        with self._database.reading("verifying an order's rows") as connection:
            return verify_order(Statements(connection, opened.tables), opened.facts, order_id)

    def release(self) -> None:
        """Give the connection back (before waiting for Amazon)."""
        self._database.release()

    def close(self) -> None:
        """Give everything back."""
        if self._keeper is not None:
            self._keeper.close()
        self._database.close()

    def _ready(self) -> _Opened:
        if self._opened is None:
            self.prepare(write=False)
        assert self._opened is not None  # noqa: S101 — prepare sets it or raises
        return self._opened

    def _market(self, marketplace_id: str) -> Market:
        code = marketplace_code(marketplace_id)
        if code not in self._markets:
            self._markets[code] = open_market(code, self._settings, self._ready().facts)
        return self._markets[code]

    def _taxes_changed(self, facts: ShopFacts, *, write: bool) -> bool:
        """Return whether taxes in shop or configuration differ from those of the last run."""
        now, before = tax_fingerprint(self._settings, facts), self._recall(_TAXES_KEY)
        if write and now != before:
            self._remember(_TAXES_KEY, now)
        return before is not None and now != before


def plan_order(order: Order, action: Action, market: Market, bench: ResolveContext, now: datetime) -> Plan | Problem:
    """Given an order, what is intended, and what shop and configuration say, return the plan or why there is none.

    An order that can't even be rendered holds itself up and no other: what arithmetic or conversion refuses becomes a
    write-failed. A buyer who was forgotten stays so: what Amazon still tells of the person is not even looked at.
    """
    marker = bench.catalog.markers.get(order.order_id)
    if marker is not None and marker.forgotten:
        order = without_buyer(order)
    try:
        if action is Action.UPDATE:
            return _update(order, market, bench, now)
        if marker is not None and marker.forgotten:
            order = without_postcode(order)
        return _new(order, action, market, bench, now)
    except (ArithmeticError, KeyError, ValueError, TypeError) as error:
        return Problem(
            ProblemCode.WRITE_FAILED,
            f"order {order.order_id} can't be rendered for the shop ({type(error).__name__})",
            order.order_id,
        )


def _new(order: Order, action: Action, market: Market, bench: ResolveContext, now: datetime) -> Plan | Problem:
    resolved = resolve_order(order, market, bench, now)
    if isinstance(resolved, Problem):
        return resolved
    reference = bench.catalog.references[order.order_id]
    work = render(resolved, bench.facts.tables, reference, recreates=action is Action.RECREATE)
    return Plan(order.order_id, action, new_order_changes(resolved), work)


def _update(order: Order, market: Market, bench: ResolveContext, now: datetime) -> Plan | Problem:
    marker = bench.catalog.markers.get(order.order_id)
    if marker is None:
        return Problem(ProblemCode.WRITE_FAILED, f"order {order.order_id} has no marker any more", order.order_id)
    work, changes = plan_update(order, marker, market, bench, now)
    return Plan(order.order_id, Action.UPDATE, changes.summary, work, changes.notes, marker.id_order)


def new_order_changes(resolved: ResolvedOrder) -> tuple[str, ...]:
    """Return what a new order brings, in a few words without personal data."""
    count, priced = len(resolved.lines), resolved.priced
    return tuple(
        part
        for part in (
            f"order of {count} line{'' if count == 1 else 's'}, {priced.total.incl} {priced.currency}",
            f"state {resolved.state.id} ({resolved.state.name})",
            "invoice" if resolved.paperwork.invoice else "",
            "delivery slip" if resolved.paperwork.slip else "",
            "stock" if resolved.movement is not None and resolved.goods else "",
        )
        if part
    )
