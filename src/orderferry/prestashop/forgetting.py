"""Find imported orders whose buyer is not forgotten yet, and forget buyers, each in one transaction.

Deleted are names, address lines, postcode, phones, e-mail, gift text and our own messages. Country, province, city,
amounts, products and documents stay; with an issued invoice also the name, address and tax number on it, which an
invoice must show for as long as it must be kept (directive 2006/112/EC, articles 226 and 244). The values that replace
a buyer pass PrestaShop's validators.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from datetime import UTC, datetime

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
from orderferry.prestashop.planning.shop_texts import shop_zone, utc_of
from orderferry.prestashop.reading.shop_facts import read_shop_facts
from orderferry.prestashop.rows.people import ALIAS
from orderferry.prestashop.writing.locked_order import LockedOrder, lock_marker, lock_order

PAGE = 500
_LONG_AGO = datetime.fromtimestamp(0, UTC)
_ADDRESSES = ("id_address_delivery", "id_address_invoice")
_FIRST, _LAST = "Buyer", "deleted"
STREET = "(deleted after delivery)"
NOTICE = "The buyer's personal data were deleted."
# The ways to reach a buyer: blanked with or without an invoice.
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


class OrderForgetter:
    """Open one PrestaShop database. All methods raise ShopUnavailable or ShopUnfit."""

    def __init__(self, settings: Settings, *, sleep: Callable[[float], None]) -> None:
        self._prefix = settings.prestashop.table_prefix
        self._sleep = sleep
        self._database = ShopDatabase(settings.prestashop, sleep=sleep)
        self._opened: tuple[ShopTables, ShopFacts] | None = None
        self._swept: set[int] = set()

    def pages(self, *, write: bool) -> Iterator[Sequence[OrderLife]]:
        """Yield imported orders whose buyer is not forgotten, some hundred at a time.

        With `write`, our own table gets the columns that forgetting needs, if an older version has made it.
        """
        tables, facts = self._open(write=write)
        if not tables.has(MARKER_TABLE):
            return
        after, more = "", True
        while more:
            with self._database.reading("looking for buyers to forget") as connection:
                lives, after = read_candidates(connection, tables, facts, after)
            if lives:
                yield lives
            more = bool(after)

    def forget(self, order_id: str, now: datetime) -> bool | Problem | None:
        """Forget the buyer of one order, in one transaction; return whether the invoice keeps name and address.

        None: there was nothing to forget. Return a Problem if this one order can't be changed.
        """
        tables, _ = self._open(write=True)

        def write() -> tuple[int, bool] | None:
            with self._database.writing(f"forgetting the buyer of order {order_id}", rows=True) as connection:
                return forget_order(Statements(connection, tables), order_id, now, self._swept)

        try:
            forgotten = retry(write, self._sleep)
        except RowRefused as refusal:
            return Problem(ProblemCode.WRITE_FAILED, f"order {order_id}: {refusal.message}", order_id, refusal.column)
        if forgotten is None:
            return None
        id_customer, invoiced = forgotten
        self._swept.add(id_customer)
        return invoiced

    def close(self) -> None:
        """Close the connection."""
        self._database.close()

    def _open(self, *, write: bool) -> tuple[ShopTables, ShopFacts]:
        if self._opened is None:
            access = self._database.access
            with self._database.reading("looking at the shop's tables") as connection:
                tables = read_tables(connection, self._prefix)
                refuse_unfit(connection, tables, access)
                if write and tables.has(MARKER_TABLE):
                    tables = ensure_tables(connection, tables, access)
            with self._database.reading("reading the shop's settings") as connection:
                self._opened = tables, read_shop_facts(connection, tables)
        return self._opened


def read_candidates(
    connection: sa.Connection, tables: ShopTables, facts: ShopFacts, after: str
) -> tuple[tuple[OrderLife, ...], str]:
    """Return the next page of marked orders that still exist and are not forgotten. Two statements.

    `after`: the order id that the page begins after, '' for the first page. Return also the one for the next page, ''
    after the last. An order in a state that is flagged as shipped, or in one of `ENDED_STATES`, counts as finished
    since it last entered such a state.
    """
    marker, orders = tables[MARKER_TABLE], tables["orders"]
    query = (
        sa.select(
            marker.c.amazon_order_id,
            tables.column(MARKER_TABLE, "deliver_by"),
            *(orders.c[name] for name in ("id_order", "id_shop", "current_state", "date_add")),
        )
        .select_from(marker.outerjoin(orders, orders.c.id_order == marker.c.id_order))
        .where(marker.c.amazon_order_id > after, tables.column(MARKER_TABLE, "forgotten").is_(None))
        .order_by(marker.c.amazon_order_id)
        .limit(PAGE)
    )
    rows = list(connection.execute(query).mappings())
    ended = {as_int(value) for (name, _, _), value in facts.configuration.items() if name in ENDED_STATES}
    ends = ended - {0} | {state.id for state in facts.states.values() if state.shipped}
    there = [row for row in rows if row["id_order"] is not None]
    finished = [as_int(row["id_order"]) for row in there if as_int(row["current_state"]) in ends]
    entered = _entered(connection, tables, finished, ends)
    lives = []
    for row in there:
        zone = shop_zone(facts.setting("PS_TIMEZONE", facts.shops.get(as_int(row["id_shop"])), facts.time_zone))
        id_order = as_int(row["id_order"])
        placed = utc_of(row["date_add"], zone) or _LONG_AGO
        done = as_int(row["current_state"]) in ends
        lives.append(
            OrderLife(
                order_id=as_text(row["amazon_order_id"]),
                id_order=id_order,
                placed=placed,
                deliver_by=None if row["deliver_by"] is None else as_moment(row["deliver_by"]),
                finished=(utc_of(entered.get(id_order, row["date_add"]), zone) or _LONG_AGO) if done else None,
            )
        )
    return tuple(lives), as_text(rows[-1]["amazon_order_id"]) if len(rows) == PAGE else ""


def _entered(
    connection: sa.Connection, tables: ShopTables, id_orders: Sequence[int], states: Collection[int]
) -> Mapping[int, str]:
    """Return when orders last entered one of the states, in the shop's time."""
    if not id_orders:
        return {}
    history = tables["order_history"]
    query = (
        sa.select(history.c.id_order, sa.func.max(history.c.date_add))
        .where(history.c.id_order.in_(id_orders), history.c.id_order_state.in_(sorted(states)))
        .group_by(history.c.id_order)
    )
    return {as_int(id_order): as_text(moment) for id_order, moment in connection.execute(query)}


def forget_order(writer: Statements, order_id: str, now: datetime, swept: Collection[int]) -> tuple[int, bool] | None:
    """Forget the buyer of an Amazon order; the caller commits. Return the customer, whose addresses that no order uses
    any more are blanked now, and whether the invoice keeps name and address.

    `swept`: customers whose unused addresses were blanked in this run; the one account of all orders has very many.
    Nothing is done (None) for an order without a marker, one that is forgotten already, or one whose row is gone.
    """
    marker = lock_marker(writer, order_id)
    if marker is None or marker.get("forgotten") is not None:
        return None
    locked = lock_order(writer, marker, order_id)
    if locked is None:
        return None
    writer.update(MARKER_TABLE, {"forgotten": moment_text(now)}, {"amazon_order_id": order_id})
    _forget_texts(writer, locked, order_id)
    id_customer = as_int(locked.order["id_customer"])
    replaced = set() if id_customer in swept else _replaced_addresses(writer, id_customer)
    _forget_addresses(writer, {as_int(locked.order[name]) for name in _ADDRESSES} | replaced)
    _forget_customer(writer, id_customer)
    return id_customer, bool(as_int(locked.order["invoice_number"]))


def _forget_texts(writer: Statements, locked: LockedOrder, order_id: str) -> None:
    """Blank gift texts and our own messages: private ones that begin with our first line."""
    writer.update("orders", {"gift_message": ""}, locked.key)
    for row in writer.rows("orders", ("id_cart",), locked.key):
        writer.update("cart", {"gift_message": ""}, {"id_cart": as_int(row["id_cart"])})
    ours = f"Amazon order {order_id}"
    for thread in writer.rows("customer_thread", ("id_customer_thread",), locked.key):
        key: dict[str, Value] = {"id_customer_thread": as_int(thread["id_customer_thread"])}
        writer.update("customer_thread", {"email": forgotten_email(as_int(locked.order["id_customer"]))}, key)
        for row in writer.rows("customer_message", ("id_customer_message", "message"), {**key, "private": 1}):
            if as_text(row["message"]).startswith(ours):
                one: dict[str, Value] = {"id_customer_message": as_int(row["id_customer_message"])}
                writer.update("customer_message", {"message": f"{ours}\n{NOTICE}"}, one)


def _forget_addresses(writer: Statements, id_addresses: Collection[int]) -> None:
    """Blank those of the addresses that are used by forgotten orders only."""
    for id_address in sorted(set(id_addresses) - {0}):
        if not _is_used(writer, _ADDRESSES, id_address):
            blanked = CONTACTS if _is_on_invoice(writer, id_address) else ADDRESS
            writer.update("address", blanked, {"id_address": id_address})


def _replaced_addresses(writer: Statements, id_customer: int) -> set[int]:
    """Return our addresses of the customer that corrections have replaced: no order uses them any more."""
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
    """Blank a guest all of whose orders are forgotten. A registered account (customers.mode fixed) is the shop's."""
    key: dict[str, Value] = {"id_customer": id_customer}
    guests = [row for row in writer.rows("customer", ("id_customer", "is_guest"), key) if as_flag(row["is_guest"])]
    if guests and not _is_used(writer, ("id_customer",), id_customer):
        writer.update("customer", customer_values(id_customer), key)


def _is_used(writer: Statements, columns: Collection[str], value: int) -> bool:
    """Return whether an order whose buyer is not forgotten has this address or customer in one of the columns."""
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


def customer_values(id_customer: int) -> dict[str, Value]:
    """Return the values for the columns of `customer` that name the person."""
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
    """Return an e-mail address that no mail reaches and that no other customer has."""
    return f"forgotten-{id_customer}@{UNDELIVERABLE_DOMAIN}"
