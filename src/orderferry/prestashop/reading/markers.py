"""Read the markers of imported orders, and whether their orders still exist; make a marker's row."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from orderferry.domain.marker import DIGEST_GROUPS, Digests, Marker
from orderferry.domain.orders import Channel
from orderferry.prestashop.database.own_tables import MARKER_TABLE
from orderferry.prestashop.database.tables import ShopTables, chunks
from orderferry.prestashop.database.values import Bindable, as_decimal, as_flag, as_int, as_moment, as_text, moment_text
from orderferry.prestashop.facts import OrderInShop

# Columns that the first version had; what later ones add is read only where it is.
_KEPT = ("order_reference", "module", "adopted", "channel", "last_state", "last_told", "digest_version")
_CHANNELS = {channel.value: channel for channel in Channel}
# psgdpr's own, of today and of its first versions
ANONYMOUS_CUSTOMERS = ("anonymous@psgdpr.com", "anonymous@anonymous.com")


def read_marked(
    connection: sa.Connection, tables: ShopTables, order_ids: Iterable[str]
) -> tuple[dict[str, Marker], dict[int, OrderInShop]]:
    """Return the markers of Amazon order ids, and by id_order the orders that still exist. One statement for 500 ids.

    An order still exists when its row has the reference and module that the marker was written with. If the marker has
    no reference, the Amazon id must be a transaction id of the order's payments. An adopted order only has to be there.
    Without our table there are no markers.
    """
    markers: dict[str, Marker] = {}
    shop_orders: dict[int, OrderInShop] = {}
    if not tables.has(MARKER_TABLE):
        return markers, shop_orders
    for some in chunks(sorted(set(order_ids))):
        for row in connection.execute(_query(tables, some)).mappings():
            exists = _still_exists(row)
            marker = _marker(row, exists=exists)
            if marker.order_id in markers and not exists:
                continue  # another payment of the same order; the one with our id was read before
            markers[marker.order_id] = marker
            if exists:
                shop_orders[marker.id_order] = _order_in_shop(row)
    return markers, shop_orders


def read_markers(connection: sa.Connection, tables: ShopTables, order_ids: Iterable[str]) -> Mapping[str, Marker]:
    """Return the markers of those Amazon order ids that have one."""
    return read_marked(connection, tables, order_ids)[0]


def read_all_markers(connection: sa.Connection, tables: ShopTables, after: str, limit: int) -> list[Marker]:
    """Return up to `limit` markers whose order id comes after `after` ('' for the first), in order of the id."""
    if not tables.has(MARKER_TABLE):
        return []
    column = tables[MARKER_TABLE].c.amazon_order_id
    wanted = sa.select(column).where(column > after).order_by(column).limit(limit)
    ids = [as_text(order_id) for order_id in connection.execute(wanted).scalars()]
    found = read_markers(connection, tables, ids)
    return [found[order_id] for order_id in ids]


def marker_row(
    marker: Marker, *, order_reference: str, module: str, now: datetime, new: bool = True
) -> dict[str, Bindable]:
    """Return a marker's columns; `new` False leaves out date_add.

    The columns for other programs (`ship_by` and so on) and `stock_moved` are not among them.
    """
    digests = marker.digests
    return {
        "amazon_order_id": marker.order_id,
        "id_order": marker.id_order,
        "order_reference": order_reference,
        "module": module,
        "marketplace_id": marker.marketplace_id,
        "channel": marker.channel.value if marker.channel else "",
        "amazon_updated": moment_text(marker.amazon_updated),
        "digest_version": digests.version,
        **{f"digest_{group}": getattr(digests, group) for group in DIGEST_GROUPS},
        "last_state": marker.last_state,
        "last_told": marker.last_told,
        "adopted": int(marker.adopted),
        "seller": marker.seller,
        **({"date_add": moment_text(now)} if new else {}),
        "date_upd": moment_text(now),
    }


def digests_in(row: Mapping[Any, Any]) -> Digests:
    """Return the digests in a marker's row."""
    groups = {group: as_text(row[f"digest_{group}"]) for group in DIGEST_GROUPS}
    return Digests(**groups, version=as_int(row["digest_version"]))


def _query(tables: ShopTables, order_ids: Iterable[str]) -> sa.Select[Any]:
    marker, orders, payment = tables[MARKER_TABLE], tables["orders"], tables["order_payment"]
    customer = tables["customer"]
    kept = [tables.column(MARKER_TABLE, name, "") for name in (*_KEPT, *(f"digest_{group}" for group in DIGEST_GROUPS))]
    return (
        sa.select(
            *(marker.c[name] for name in ("amazon_order_id", "id_order", "marketplace_id", "amazon_updated")),
            *kept,
            orders.c.id_order.label("live_order"),
            orders.c.reference.label("live_reference"),
            orders.c.module.label("live_module"),
            *(orders.c[name] for name in ("current_state", "invoice_number", "total_paid_tax_incl")),
            *(orders.c[name] for name in ("total_paid_tax_excl", "id_currency")),
            _credited(tables, _with_tax).label("credited"),
            _credited(tables, _without_tax).label("credited_net"),
            payment.c.id_order_payment,
            tables.column(MARKER_TABLE, "forgotten"),
            _is_erased(customer).label("erased"),
        )
        .select_from(
            marker.outerjoin(orders, orders.c.id_order == marker.c.id_order)
            .outerjoin(
                payment,
                sa.and_(
                    tables.same_text(("order_payment", "order_reference"), ("orders", "reference")),
                    tables.same_text(("order_payment", "transaction_id"), (MARKER_TABLE, "amazon_order_id")),
                ),
            )
            .outerjoin(customer, customer.c.id_customer == orders.c.id_customer)
        )
        .where(marker.c.amazon_order_id.in_(list(order_ids)))
    )


def _credited(tables: ShopTables, amount: Callable[[sa.FromClause], sa.ColumnElement[Any]]) -> sa.ColumnElement[Any]:
    """Return the sum of an order's credit slips, in the order's currency."""
    if not tables.has("order_slip"):
        return sa.literal(0)
    slip, orders = tables["order_slip"], tables["orders"]
    total = sa.select(sa.func.sum(amount(slip))).where(slip.c.id_order == orders.c.id_order)
    return total.correlate(orders).scalar_subquery()


def _with_tax(slip: sa.FromClause) -> sa.ColumnElement[Any]:
    """Return the amount of a slip with tax; old slips have it in other columns."""
    products = sa.func.coalesce(slip.c.total_products_tax_incl, slip.c.amount)
    return products + sa.func.coalesce(slip.c.total_shipping_tax_incl, slip.c.shipping_cost_amount)


def _without_tax(slip: sa.FromClause) -> sa.ColumnElement[Any]:
    """Return the amount of a slip without tax; 0 for old slips, which do not have it."""
    columns = (slip.c.total_products_tax_excl, slip.c.total_shipping_tax_excl)
    return sa.func.coalesce(columns[0], 0) + sa.func.coalesce(columns[1], 0)


def _is_erased(customer: sa.TableClause) -> sa.ColumnElement[Any]:
    """Return whether the shop itself has erased the customer.

    PrestaShop's module psgdpr deletes the customer and gives the orders to an anonymous one with a fixed address.
    """
    return sa.or_(customer.c.id_customer.is_(None), customer.c.deleted == 1, customer.c.email.in_(ANONYMOUS_CUSTOMERS))


def _still_exists(row: Mapping[Any, Any]) -> bool:
    if row["live_order"] is None:
        return False
    reference, module = as_text(row["order_reference"]), as_text(row["module"])
    if reference and reference != as_text(row["live_reference"]):
        return False
    if as_flag(row["adopted"]):
        return True
    if module and module != as_text(row["live_module"]):
        return False
    return bool(reference) or row["id_order_payment"] is not None


def _order_in_shop(row: Mapping[Any, Any]) -> OrderInShop:
    total = as_decimal(row["total_paid_tax_incl"])
    return OrderInShop(
        state=as_int(row["current_state"]),
        invoice_number=as_int(row["invoice_number"]),
        total=total,
        tax=total - as_decimal(row["total_paid_tax_excl"]),
        credited=as_decimal(row["credited"]),
        credited_net=as_decimal(row["credited_net"]),
        id_currency=as_int(row["id_currency"]),
    )


def _marker(row: Mapping[Any, Any], *, exists: bool) -> Marker:
    return Marker(
        order_id=as_text(row["amazon_order_id"]),
        id_order=as_int(row["id_order"]),
        marketplace_id=as_text(row["marketplace_id"]),
        channel=_CHANNELS.get(as_text(row["channel"])),
        amazon_updated=as_moment(row["amazon_updated"]),
        digests=digests_in(row),
        last_state=as_int(row["last_state"]),
        last_told=as_text(row["last_told"]),
        order_stands=exists,
        adopted=as_flag(row["adopted"]),
        forgotten=row["forgotten"] is not None or (exists and bool(row["erased"])),
    )
