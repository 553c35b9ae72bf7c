"""The shop as `forget` uses it: finding orders whose buyer is known, and forgetting them one by one.

Imported orders whose buyer is not forgotten yet, page by page, with what tells when they were delivered.

Forgetting the buyer of one imported order, in one transaction: what is personal goes, what the law wants stays.

What goes: names, lines, postcode, phones, e-mail, gift text, our own messages. What stays: country, province, city,
amounts, products and papers; with an issued invoice also the name, address and tax number on it, which an invoice must
show for as long as it must be kept (directive 2006/112/EC, articles 226 and 244).

What stands in the shop instead of a forgotten buyer: values that PrestaShop's validators take. Data.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from orderferry.config.model import Settings
from orderferry.domain.forgetting import OrderLife
from orderferry.domain.problems import Problem, ProblemCode
from orderferry.prestashop.database.database import ShopDatabase, retry
from orderferry.prestashop.database.database_errors import RowRefused
from orderferry.prestashop.database.live_schema import read_tables, refuse_unfit
from orderferry.prestashop.database.own_tables import MARKER_TABLE, ensure_tables
from orderferry.prestashop.database.statements import Statements
from orderferry.prestashop.database.tables import ShopTables
from orderferry.prestashop.database.values import Value, as_flag, as_int, as_moment, as_text, moment_text
from orderferry.prestashop.facts import ShopFacts
from orderferry.prestashop.planning.addresses import UNDELIVERABLE_DOMAIN
from orderferry.prestashop.planning.order_changes import ENDED_STATES
from orderferry.prestashop.planning.shop_texts import shop_zone
from orderferry.prestashop.reading.shop_facts import read_shop_facts
from orderferry.prestashop.rows.people import ALIAS
from orderferry.prestashop.writing.locked_order import LockedOrder, lock_marker, lock_order


@dataclass(frozen=True, slots=True)
class _Open:
    tables: ShopTables
    facts: ShopFacts


class OrderForgetter:
    """One PrestaShop database. Raise ShopUnavailable or ShopUnfit."""

    def __init__(self, settings: Settings, *, sleep: Callable[[float], None]) -> None:
        self._prefix = settings.prestashop.table_prefix
        self._sleep = sleep
        self._database = ShopDatabase(settings.prestashop, sleep=sleep)
        self._opened: _Open | None = None
        self._swept: set[int] = set()

    def pages(self, *, write: bool) -> Iterator[Sequence[OrderLife]]:
        """Imported orders whose buyer is not forgotten, some hundred at a time; no connection is held in between.

        With `write`, our own table gets the columns that forgetting needs, if an older version has made it.
        """
        opened = self._open(write=write)
        if not opened.tables.has(MARKER_TABLE):
            return
        after, more = "", True
        while more:
            with self._database.reading("looking for buyers to forget") as connection:
                page = read_candidates(connection, opened.tables, opened.facts, after)
            if page.lives:
                yield page.lives
            after, more = page.last, bool(page.last)

    def forget(self, order_id: str, now: datetime) -> Forgotten | Problem:
        """Forget the buyer of one order, in one transaction; a Problem if this one order can't be changed."""

        def write() -> Forgotten:
            """Return one try: may be called again, and then finds what a lost answer had already done."""
            with self._database.writing(f"forgetting the buyer of order {order_id}", rows=True) as connection:
                writer = Statements(connection, self._open(write=True).tables)
                return forget_order(writer, order_id, now, self._swept)

        try:
            forgotten = retry(write, self._sleep)
        except RowRefused as refusal:
            return Problem(ProblemCode.WRITE_FAILED, f"order {order_id}: {refusal.message}", order_id, refusal.column)
        self._swept.add(forgotten.id_customer)
        return forgotten

    def close(self) -> None:
        """Give everything back."""
        self._database.close()

    def _open(self, *, write: bool) -> _Open:
        if self._opened is None:
            access = self._database.access
            with self._database.reading("looking at the shop's tables") as connection:
                live = read_tables(connection, self._prefix)
                refuse_unfit(connection, self._prefix, live, access)
                if write and MARKER_TABLE in live:
                    live = ensure_tables(connection, self._prefix, live, access)
            with self._database.reading("reading the shop's settings") as connection:
                facts = read_shop_facts(connection, self._prefix, live)
            self._opened = _Open(ShopTables(self._prefix, live), facts)
        return self._opened


PAGE = 500


@dataclass(frozen=True, slots=True)
class Candidates:
    """One page. `last`: the order id to go on after; '' when this was the last page."""

    lives: tuple[OrderLife, ...]
    last: str


def read_candidates(connection: sa.Connection, tables: ShopTables, facts: ShopFacts, after: str) -> Candidates:
    """Given the shop and the order id to go on after ('' for the first page), return the next marked orders that are
    still there and not forgotten. Two statements.

    An order is finished since it last entered a state that is flagged as shipped, or one of `ENDED_STATES`, while it
    stands in such a state.
    """
    marker, orders = tables[MARKER_TABLE], tables["orders"]
    query = (
        sa.select(
            marker.c.amazon_order_id,
            tables.column(MARKER_TABLE, "deliver_by"),
            orders.c.id_order,
            orders.c.id_shop,
            orders.c.current_state,
            orders.c.date_add,
        )
        .select_from(marker.outerjoin(orders, orders.c.id_order == marker.c.id_order))
        .where(marker.c.amazon_order_id > after, tables.column(MARKER_TABLE, "forgotten").is_(None))
        .order_by(marker.c.amazon_order_id)
        .limit(PAGE)
    )
    rows = list(connection.execute(query).mappings())
    ends = _finished_states(facts)
    there = [row for row in rows if row["id_order"] is not None]
    finished = [as_int(row["id_order"]) for row in there if as_int(row["current_state"]) in ends]
    entered = _entered(connection, tables, finished, ends)
    lives = []
    for row in there:
        zone = _zone(facts, as_int(row["id_shop"]))
        id_order = as_int(row["id_order"])
        placed = _local(as_text(row["date_add"]), zone)
        done = as_int(row["current_state"]) in ends
        lives.append(
            OrderLife(
                order_id=as_text(row["amazon_order_id"]),
                id_order=id_order,
                placed=placed,
                deliver_by=None if row["deliver_by"] is None else as_moment(row["deliver_by"]),
                finished=(_local(entered[id_order], zone) if id_order in entered else placed) if done else None,
            )
        )
    return Candidates(tuple(lives), as_text(rows[-1]["amazon_order_id"]) if len(rows) == PAGE else "")


def _finished_states(facts: ShopFacts) -> frozenset[int]:
    ended = {as_int(value) for (name, _, _), value in facts.configuration.items() if name in ENDED_STATES}
    return frozenset(ended - {0} | {state.id for state in facts.states.values() if state.shipped})


def _entered(
    connection: sa.Connection, tables: ShopTables, id_orders: Sequence[int], states: Collection[int]
) -> Mapping[int, str]:
    """When orders last entered one of the states, in the shop's time."""
    if not id_orders:
        return {}
    history = tables["order_history"]
    query = (
        sa.select(history.c.id_order, sa.func.max(history.c.date_add))
        .where(history.c.id_order.in_(id_orders), history.c.id_order_state.in_(sorted(states)))
        .group_by(history.c.id_order)
    )
    return {as_int(id_order): as_text(moment) for id_order, moment in connection.execute(query)}


def _zone(facts: ShopFacts, id_shop: int) -> ZoneInfo:
    return shop_zone(facts.setting("PS_TIMEZONE", facts.shops.get(id_shop), facts.time_zone))


def _local(moment: str, zone: ZoneInfo) -> datetime:
    """Return a time of PrestaShop's, which is the shop's own, as UTC; zero dates count as long ago."""
    try:
        return datetime.fromisoformat(moment).replace(tzinfo=zone).astimezone(UTC)
    except ValueError:
        return datetime.fromtimestamp(0, UTC)


_ADDRESSES = ("id_address_delivery", "id_address_invoice")


@dataclass(frozen=True, slots=True)
class Forgotten:
    """What came of it. `done`: the marker says so now; `invoiced`: the invoice keeps name and address; `id_customer`:
    whose addresses that no order uses any more are blanked now."""

    done: bool
    invoiced: bool = False
    id_customer: int = 0


def forget_order(writer: Statements, order_id: str, now: datetime, swept: Collection[int] = ()) -> Forgotten:
    """Given an Amazon order id, forget its buyer; the caller commits.

    `swept`: customers whose unused addresses were blanked a moment ago; the one account of all orders has very many.
    Nothing is done for an order without a marker, one that is forgotten already, or one whose row is gone.
    """
    marker = lock_marker(writer, order_id)
    if marker is None or marker.get("forgotten") is not None:
        return Forgotten(done=False)
    standing = lock_order(writer, marker, order_id)
    if standing is None:
        return Forgotten(done=False)
    writer.update(MARKER_TABLE, {"forgotten": moment_text(now)}, {"amazon_order_id": order_id})
    _forget_texts(writer, standing, order_id)
    id_customer = as_int(standing.order["id_customer"])
    replaced = set() if id_customer in swept else _replaced_addresses(writer, id_customer)
    _forget_addresses(writer, {as_int(standing.order[name]) for name in _ADDRESSES} | replaced)
    _forget_customer(writer, id_customer)
    return Forgotten(True, bool(as_int(standing.order["invoice_number"])), id_customer)


def _forget_texts(writer: Statements, standing: LockedOrder, order_id: str) -> None:
    """Gift texts, and the messages that we wrote: private ones that begin with our first line."""
    writer.update("orders", {"gift_message": ""}, standing.key)
    for row in writer.rows("orders", ("id_cart",), standing.key):
        writer.update("cart", {"gift_message": ""}, {"id_cart": as_int(row["id_cart"])})
    ours = f"Amazon order {order_id}"
    for thread in writer.rows("customer_thread", ("id_customer_thread",), standing.key):
        key: dict[str, Value] = {"id_customer_thread": as_int(thread["id_customer_thread"])}
        writer.update("customer_thread", {"email": forgotten_email(as_int(standing.order["id_customer"]))}, key)
        said = writer.rows("customer_message", ("id_customer_message", "message"), {**key, "private": 1})
        for row in said:
            if as_text(row["message"]).startswith(ours):
                one: dict[str, Value] = {"id_customer_message": as_int(row["id_customer_message"])}
                writer.update("customer_message", {"message": f"{ours}\n{NOTICE}"}, one)


def _forget_addresses(writer: Statements, id_addresses: Collection[int]) -> None:
    """Those that no order uses which is not forgotten."""
    for id_address in sorted(set(id_addresses) - {0}):
        if not _is_used(writer, _ADDRESSES, id_address):
            blanked = CONTACTS if _is_on_invoice(writer, id_address) else ADDRESS
            writer.update("address", blanked, {"id_address": id_address})


def _replaced_addresses(writer: Statements, id_customer: int) -> set[int]:
    """Return the customer's addresses of ours that corrections have replaced: no order names them any more."""
    address, orders = writer.tables["address"], writer.tables["orders"]
    names = (orders.c[name] == address.c.id_address for name in _ADDRESSES)
    query = sa.select(address.c.id_address).where(
        address.c.id_customer == id_customer,
        address.c.alias == ALIAS,
        address.c.address1 != STREET,
        *(~sa.exists().where(named) for named in names),
    )
    return {as_int(id_address) for id_address in writer.connection.execute(query).scalars()}


def _forget_customer(writer: Statements, id_customer: int) -> None:
    """The guest, once all of its orders are forgotten. A registered account (customers.mode fixed) is the shop's."""
    key: dict[str, Value] = {"id_customer": id_customer}
    guests = [row for row in writer.rows("customer", ("id_customer", "is_guest"), key) if as_flag(row["is_guest"])]
    if guests and not _is_used(writer, ("id_customer",), id_customer):
        writer.update("customer", customer_values(id_customer), key)


def _is_used(writer: Statements, columns: Collection[str], value: int) -> bool:
    """Return whether an order whose buyer is not forgotten names this address or customer in one of the columns."""
    orders, marker = writer.tables["orders"], writer.tables[MARKER_TABLE]
    query = (
        sa.select(orders.c.id_order)
        .select_from(orders.outerjoin(marker, marker.c.id_order == orders.c.id_order))
        .where(sa.or_(*(orders.c[name] == value for name in columns)), marker.c.forgotten.is_(None))
        .limit(1)
    )
    return writer.connection.execute(query).first() is not None


def _is_on_invoice(writer: Statements, id_address: int) -> bool:
    """Return whether an issued invoice shows this address."""
    orders = writer.tables["orders"]
    query = sa.select(orders.c.id_order).where(orders.c.id_address_invoice == id_address, orders.c.invoice_number > 0)
    return writer.connection.execute(query.limit(1)).first() is not None


_FIRST, _LAST = "Buyer", "deleted"
STREET = "(deleted after delivery)"
NOTICE = "The buyer's personal data were deleted."

# Nobody can be reached by these any more, invoice or not.
CONTACTS: dict[str, Value] = {"phone": "", "phone_mobile": "", "other": ""}
ADDRESS: dict[str, Value] = {
    **CONTACTS,
    "firstname": _FIRST,
    "lastname": _LAST,
    "company": "",
    "address1": STREET,
    "address2": "",
    "postcode": "",
    "vat_number": "",
    "dni": "",
}


def customer_values(id_customer: int) -> dict[str, Value]:
    """Return the columns of `customer` that name the person, blanked, given a customer's id."""
    return {
        "firstname": _FIRST,
        "lastname": _LAST,
        "company": None,
        "website": None,
        "siret": None,
        "ape": None,
        "email": forgotten_email(id_customer),
    }


def forgotten_email(id_customer: int) -> str:
    """Return an address that no mail reaches and that tells customers apart."""
    return f"forgotten-{id_customer}@{UNDELIVERABLE_DOMAIN}"
