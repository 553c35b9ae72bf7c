"""The shop as the engine uses it: look up a page of orders, plan each one, write it, read it back."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from zoneinfo import ZoneInfo

from orderferry.config.model import Settings
from orderferry.domain.marker import Action, Applied, Marker, Outcome, Plan
from orderferry.domain.marketplaces import marketplace_code
from orderferry.domain.orders import Order, without_buyer, without_postcode
from orderferry.domain.problems import Problem, ProblemCode
from orderferry.prestashop.database.database import ShopDatabase, retry
from orderferry.prestashop.database.live_schema import read_tables, refuse_unfit
from orderferry.prestashop.database.own_tables import STATE_TABLE, ensure_tables, kept_value, kept_values, store_value
from orderferry.prestashop.database.statements import Statements
from orderferry.prestashop.database.tables import ShopTables, wanted_tables
from orderferry.prestashop.database.values import as_int
from orderferry.prestashop.facts import Catalog, ShopFacts
from orderferry.prestashop.feed.keeper import FeedKeeper
from orderferry.prestashop.planning.market import Market, open_market
from orderferry.prestashop.planning.order_changes import plan_update
from orderferry.prestashop.planning.resolve_order import resolve_order
from orderferry.prestashop.planning.resolved_order import ResolvedOrder
from orderferry.prestashop.planning.shop_texts import shop_zone
from orderferry.prestashop.planning.tax_rates import STATE_NAME, new_proofs, notices_of, parse_proofs, proofs_text
from orderferry.prestashop.reading.catalog import CatalogReader, causes_gone
from orderferry.prestashop.reading.markers import read_all_markers, read_markers
from orderferry.prestashop.reading.other_importers import ForeignOrders
from orderferry.prestashop.reading.shop_facts import read_shop_facts, tax_fingerprint
from orderferry.prestashop.rows.new_order import refuse_unknown_columns, render
from orderferry.prestashop.writing.numbers import SharedNumbers
from orderferry.prestashop.writing.transactions import Transactions

_TAXES_KEY = "shop-taxes"
_MARKER_PAGE = 500


@dataclass(slots=True)
class _Opened:
    """What `prepare` has read and built; it is used until the run ends."""

    tables: ShopTables
    facts: ShopFacts
    catalog: CatalogReader
    transactions: Transactions
    taxes_changed: bool  # in shop or configuration, since the last run
    vat_proofs: dict[str, str] | None = None  # marketplace -> an order that shows it; None: not read yet


class PrestashopShop:
    """One PrestaShop database. Its methods raise ShopUnavailable or ShopUnfit.

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
        """Connect, read the live schema and the shop's settings, and refuse a shop that orders can't be written into.

        With `write`, create our own tables, and remember what other importers have left.
        """
        access, events = self._database.access, self._settings.events_enabled
        with self._database.reading("looking at the shop's tables") as connection:
            tables = read_tables(connection, self._settings.prestashop.table_prefix, wanted_tables(events=events))
            refuse_unfit(connection, tables, access)
            if write:
                tables = ensure_tables(connection, tables, access, events=events)
        with self._database.reading("reading the shop's settings") as connection:
            facts = read_shop_facts(connection, tables)
        refuse_unknown_columns(tables.live)
        with self._database.reading("looking for other importers' orders") as connection:
            self._foreign.refresh(connection, tables, remember=write)
        if write and events:
            self._keeper = FeedKeeper(self._database, tables, self._recall, self._remember, self._sleep)
        self._writes = write
        catalog = CatalogReader(tables, facts, self._settings, self._foreign)
        transactions = Transactions(self._database, tables, self._sleep, self._keeper)
        self._opened = _Opened(tables, facts, catalog, transactions, self._taxes_changed(facts, write=write))
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

    def prefetch(self, orders: Sequence[Order]) -> Catalog:
        """Prefetch everything that planning a page of orders needs, in a bounded number of statements.

        Where the page shows for the first time that Amazon calculates the VAT, the shop keeps that, if the run writes.
        """
        opened = self._ready()
        with self._database.reading("looking up orders and products") as connection:
            catalog = opened.catalog.prefetch(connection, orders)
        if opened.vat_proofs is None:
            opened.vat_proofs = parse_proofs(self.kept(STATE_NAME))
        found = new_proofs(orders, opened.vat_proofs, self._settings, opened.facts)
        opened.vat_proofs |= found
        if found and self._writes:
            self.keep(STATE_NAME, proofs_text(opened.vat_proofs))
        codes = {marketplace_code(order.marketplace_id) for order in orders}
        by_amazon = (code for code in codes if self._settings.amazon_calculates_vat(code, opened.vat_proofs))
        return replace(catalog, vat_by_amazon=frozenset(by_amazon), notices=notices_of(found))

    def markers(self, order_ids: Iterable[str]) -> Mapping[str, Marker]:
        """Return the markers of these orders, of those that have one."""
        with self._database.reading("looking up imported orders") as connection:
            return read_markers(connection, self._ready().tables, order_ids)

    def marker_pages(self) -> Iterator[list[Marker]]:
        """Yield all markers, a few hundred at a time; no connection is held between two pages."""
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
        """Keep a text in our own table."""

        def write() -> None:
            with self._database.writing("keeping a note in the shop") as connection:
                store_value(Statements(connection, self._ready().tables), name, value)

        retry(write, self._sleep)  # if two processes insert the name, the second finds it

    def kept(self, name: str) -> str:
        """Return a text from our own table; '' if there is none."""
        tables = self._ready().tables
        if not tables.has(STATE_TABLE):
            return ""
        with self._database.reading("reading a note in the shop") as connection:
            return kept_value(Statements(connection, tables), name)

    def kept_under(self, stem: str) -> Mapping[str, str]:
        """Return the texts in our own table whose names begin with `stem`."""
        tables = self._ready().tables
        if not tables.has(STATE_TABLE):
            return {}
        with self._database.reading("reading the notes in the shop") as connection:
            return kept_values(Statements(connection, tables), stem)

    def foreign(self, order_ids: Iterable[str]) -> Mapping[str, int]:
        """Return the orders that another importer has put into the shop: Amazon id to id_order."""
        with self._database.reading("looking for other importers' orders") as connection:
            return self._foreign.find(connection, self._ready().tables, order_ids)

    def plan(self, order: Order, action: Action, catalog: Catalog, now: datetime) -> Plan | Problem:
        """Return everything that would be written for this order, or why it can't be. Writes nothing."""
        return plan_order(order, action, self._market(order.marketplace_id), catalog, now)

    def apply(self, plan: Plan, now: datetime) -> Applied | Problem | None:
        """Write a plan in one transaction, the marker first, and return what was done; None if it was overtaken."""
        if plan.work is None:
            return Applied(Outcome.UNCHANGED, plan.id_order, notes=plan.notes)
        return self._ready().transactions.apply(plan, now)

    def cause_gone(self, problems: Sequence[Problem]) -> Sequence[bool]:
        """Return for each stored problem of a held order whether the shop could take the order now."""
        opened = self._ready()
        with self._database.reading("testing whether held orders can be taken now") as connection:
            return causes_gone(
                connection, opened.tables, opened.facts, self._settings, problems, taxes_changed=opened.taxes_changed
            )

    def shared_invoice_numbers(self) -> Sequence[Problem]:
        """Return a problem for each order of ours whose invoice number another invoice has too."""
        opened = self._ready()
        yearly = as_int(opened.facts.setting("PS_INVOICE_RESET")) > 0
        with self._database.reading("looking for shared invoice numbers") as connection:
            return self._shared_numbers.find(connection, opened.tables, yearly=yearly)

    @contextmanager
    def reading(self, doing: str) -> Iterator[tuple[Statements, ShopFacts]]:
        """Let a command read rows of its own within the block. `doing`: what for, in the words of an error."""
        opened = self._ready()
        with self._database.reading(doing) as connection:
            yield Statements(connection, opened.tables), opened.facts

    def release(self) -> None:
        """Release the connection, before waiting for Amazon."""
        self._database.release()

    def close(self) -> None:
        """Release everything."""
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


def plan_order(order: Order, action: Action, market: Market, catalog: Catalog, now: datetime) -> Plan | Problem:
    """Return the plan for an order, or why there is none. Pure.

    An order whose rows can't be made is a problem of its own (write-failed) and does not stop the others. If a buyer
    was forgotten, nothing that Amazon still has of the person is used.
    """
    marker = catalog.markers.get(order.order_id)
    if marker is not None and marker.forgotten:
        order = without_buyer(order)
    try:
        if action is Action.UPDATE:
            return _plan_update(order, market, catalog, now)
        if marker is not None and marker.forgotten:
            order = without_postcode(order)
        return _plan_new(order, action, market, catalog, now)
    except (ArithmeticError, KeyError, ValueError, TypeError) as error:
        message = f"order {order.order_id} can't be rendered for the shop ({type(error).__name__})"
        return Problem(ProblemCode.WRITE_FAILED, message, order.order_id)


def _plan_new(order: Order, action: Action, market: Market, catalog: Catalog, now: datetime) -> Plan | Problem:
    resolved = resolve_order(order, market, catalog, now)
    if isinstance(resolved, Problem):
        return resolved
    reference = catalog.references[order.order_id]
    work = render(resolved, reference, recreates=action is Action.RECREATE)
    return Plan(order.order_id, action, _summary(resolved), work)


def _plan_update(order: Order, market: Market, catalog: Catalog, now: datetime) -> Plan | Problem:
    marker = catalog.markers.get(order.order_id)
    if marker is None:
        return Problem(ProblemCode.WRITE_FAILED, f"order {order.order_id} has no marker any more", order.order_id)
    work, changes = plan_update(order, marker, market, catalog, now)
    return Plan(order.order_id, Action.UPDATE, changes.summary, work, changes.notes, marker.id_order)


def _summary(resolved: ResolvedOrder) -> tuple[str, ...]:
    """Return what a new order writes, in a few words without personal data."""
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
