"""Read the shop's Amazon orders for `compare`: with SELECT alone, on tables that every PrestaShop has.

Nothing is created, so that a comparison works in a shop that orderferry has never written to.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import cached_property
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from orderferry.config.model import Settings
from orderferry.domain.compared_orders import CreditSlip, RateShare, ShopOrder, ShopOrders, gathered
from orderferry.domain.money import net_at_higher_rate, quantise
from orderferry.domain.orders import Channel
from orderferry.domain.pricing.proceeds import ZERO
from orderferry.prestashop.database.database import ShopDatabase
from orderferry.prestashop.database.live_schema import read_tables, refuse_unfit
from orderferry.prestashop.database.own_tables import MARKER_TABLE
from orderferry.prestashop.database.statements import Row
from orderferry.prestashop.database.tables import OWN_TABLES, ShopTables, rows_with
from orderferry.prestashop.database.values import as_decimal, as_int, as_text
from orderferry.prestashop.facts import FEE_REFERENCE, OrderState
from orderferry.prestashop.planning.shop_texts import shop_moment, shop_zone, utc_of
from orderferry.prestashop.reading.other_importers import AMAZON_LIKE, amazon_id_in
from orderferry.prestashop.reading.shop_facts import Configuration, read_configuration, read_states

AUDITED_TABLES = frozenset(
    """
    address configuration country currency order_detail order_detail_tax order_payment order_state order_state_lang
    orders tax
    """.split()  # noqa: SIM905 — a list of names reads better as text
)
SLIPS = "order_slip"  # read where the database user may: without it there are no refunds
# Importers write dates in the shop's time, in UTC, or in the marketplace's: so the search begins this much earlier.
SLACK = timedelta(days=2)

_CANCELLED = ("PS_OS_CANCELED", "PS_OS_ERROR")
_GONE_OUT = ("PS_OS_SHIPPING", "PS_OS_DELIVERED", "PS_OS_REFUND")
_CHANNELS = {channel.value: channel for channel in Channel}
_ORDER_COLUMNS = (
    *("id_order", "reference", "date_add", "current_state", "total_paid", "total_paid_tax_excl"),
    *("total_shipping_tax_incl", "total_shipping_tax_excl", "carrier_tax_rate", "invoice_number", "invoice_date"),
    *("delivery_date", "conversion_rate", "id_shop"),
)
_LINE_COLUMNS = (
    *("id_order", "id_order_detail", "product_id", "product_reference", "product_quantity"),
    *("total_price_tax_incl", "total_price_tax_excl"),
)
_SLIP_AMOUNTS = (
    *(f"total_{what}_tax_{way}" for what in ("products", "shipping") for way in ("incl", "excl")),
    *("amount", "shipping_cost_amount"),
)

Pairs = set[tuple[str, int]]  # (Amazon order id, id_order), as payments have them


class ShopAudit:
    """Read one PrestaShop database. All methods raise ShopUnavailable or ShopUnfit. `sleep` takes seconds."""

    def __init__(self, settings: Settings, *, sleep: Callable[[float], None]) -> None:
        self._settings = settings
        self._database = ShopDatabase(settings.prestashop, sleep=sleep)

    @cached_property
    def zone(self) -> ZoneInfo:
        """Return the shop's time zone (PS_TIMEZONE), by which its months begin."""
        return shop_zone(self._configuration.get(("PS_TIMEZONE", 0, 0), ""))

    @property
    def name(self) -> str:
        """Return the shop's name (PS_SHOP_NAME)."""
        return self._configuration.get(("PS_SHOP_NAME", 0, 0), "")

    def sold(self, since: datetime, order_ids: Iterable[str]) -> ShopOrders:
        """Return the shop's Amazon orders placed or credited from `since` on, and those with these Amazon order ids.

        An order is Amazon's by its marker, or by an Amazon order id in `order_payment.transaction_id`.
        """
        moment, wanted, tables = shop_moment(since - SLACK, self.zone), set(order_ids), self._tables
        with self._database.reading("reading the shop's Amazon orders") as connection:
            pairs = _pairs_since(connection, tables, moment) | _pairs_credited_since(connection, tables, moment)
            pairs |= _pairs_of(connection, tables, wanted - {order_id for order_id, _ in pairs})
            markers = _read_markers(connection, tables, wanted | {order_id for order_id, _ in pairs})
            marked = {as_int(marker["id_order"]) for marker in markers.values()}
            rows = _order_rows(connection, tables, marked | {id_order for _, id_order in pairs})
            lines, slips = _order_lines(connection, tables, rows), _credit_slips(connection, tables, rows)
        parts = {id_order: self._part(row, lines[id_order], slips[id_order]) for id_order, row in rows.items()}
        orders = _joined_orders(pairs, markers, rows, parts)
        deleted = {order_id: as_int(row["id_order"]) for order_id, row in markers.items() if order_id not in orders}
        return ShopOrders(orders, deleted)

    def release(self) -> None:
        """Close the connection, before a run waits for Amazon; the next call opens another."""
        self._database.release()

    def close(self) -> None:
        """Close the connection."""
        self._database.close()

    @cached_property
    def _tables(self) -> ShopTables:
        prefix = self._settings.prestashop.table_prefix
        with self._database.reading("looking at the shop's tables") as connection:
            tables = read_tables(connection, prefix, AUDITED_TABLES | OWN_TABLES | {SLIPS})
            if AUDITED_TABLES - tables.live.keys():
                refuse_unfit(connection, tables, self._database.access)
            return tables

    @cached_property
    def _configuration(self) -> Configuration:
        tables = self._tables
        with self._database.reading("looking at the shop's tables") as connection:
            return read_configuration(connection, tables)

    @cached_property
    def _states(self) -> Mapping[int, OrderState]:
        tables, id_lang = self._tables, as_int(self._configuration.get(("PS_LANG_DEFAULT", 0, 0)))
        with self._database.reading("looking at the shop's tables") as connection:
            return read_states(connection, tables, id_lang)

    @cached_property
    def _home_currencies(self) -> Mapping[int, str]:
        """Return the ISO codes of the shops' own currencies (PS_CURRENCY_DEFAULT) by id_shop; 0 for all other shops."""
        currency, configuration = self._tables["currency"], self._configuration
        with self._database.reading("looking at the shop's tables") as connection:
            rows = connection.execute(sa.select(currency.c.id_currency, currency.c.iso_code))
            codes = {as_int(id_currency): as_text(code).upper() for id_currency, code in rows}
        set_by_shop = {shop: v for (name, _, shop), v in configuration.items() if name == "PS_CURRENCY_DEFAULT" and v}
        return {id_shop: codes.get(as_int(id_currency), "") for id_shop, id_currency in set_by_shop.items()}

    @cached_property
    def _cancelled(self) -> frozenset[int]:
        return self._named_states(_CANCELLED, "state_cancelled")

    @cached_property
    def _shipped(self) -> frozenset[int]:
        flagged = {state.id for state in self._states.values() if state.shipped}
        return self._named_states(_GONE_OUT, "state_shipped", "state_fba") | flagged

    def _named_states(self, settings: Collection[str], *keys: str) -> frozenset[int]:
        """Return the states that PrestaShop's settings (of any shop) and our keys of [orders] name, by id or name."""
        tables = [self._settings.orders, *(market.orders for market in self._settings.marketplaces.values())]
        named = {state.casefold() for table in tables for key in keys if (state := str(getattr(table, key)).strip())}
        ids = {as_int(value) for (name, _, _), value in self._configuration.items() if name in settings}
        ids |= {int(state) for state in named if state.isdecimal()}
        ids |= {state.id for state in self._states.values() if {name.casefold() for name in state.names} & named}
        return frozenset(ids - {0})

    def _part(self, row: Row, lines: Sequence[Row], slips: Sequence[Row]) -> ShopOrder:
        """Return one row of `orders` with its lines and credit slips; its Amazon order id is added later."""
        id_state, id_shop = as_int(row["current_state"]), as_int(row["id_shop"])
        state = self._states.get(id_state)
        fee_references = self._settings.products.fee_references
        fees = sum(as_int(line["product_quantity"]) for line in lines if _is_fee(line, fee_references))
        currencies = self._home_currencies
        return ShopOrder(
            order_id="",
            ids=(as_int(row["id_order"]),),
            placed=utc_of(row["date_add"], self.zone) or datetime.fromtimestamp(0, UTC),
            state=state.name if state else f"state {id_state}",
            cancelled=id_state in self._cancelled,
            shipped=id_state in self._shipped,
            total=as_decimal(row["total_paid"]),
            net=as_decimal(row["total_paid_tax_excl"]),
            currency=as_text(row["currency"]).upper(),
            quantity=sum(as_int(line["product_quantity"]) for line in lines) - fees,
            fees=fees,
            country=as_text(row["country"]).upper(),
            invoice_number=as_int(row["invoice_number"]),
            invoiced=utc_of(row["invoice_date"], self.zone),
            left=utc_of(row["delivery_date"], self.zone),
            home_currency=currencies.get(id_shop, currencies.get(0, "")),
            conversion_rate=as_decimal(row["conversion_rate"]) or Decimal(1),
            shares=whole_shares(row, [_line_share(line) for line in lines]),
            slips=tuple(_slip(slip, self.zone) for slip in slips),
        )


def _slip(row: Row, zone: ZoneInfo) -> CreditSlip:
    """Return one row of `order_slip`: products and shipping. Slips of old versions have one amount of each alone."""
    gross = net = ZERO
    for what, old in (("products", "amount"), ("shipping", "shipping_cost_amount")):
        with_tax, without = row[f"total_{what}_tax_incl"], row[f"total_{what}_tax_excl"]
        gross += as_decimal(row[old] if with_tax is None else with_tax)
        net += as_decimal(row[old] if without is None else without)
    return CreditSlip(utc_of(row["date_add"], zone), gross, net)


def _joined_orders(
    pairs: Pairs, markers: Mapping[str, Row], rows: Mapping[int, Row], parts: Mapping[int, ShopOrder]
) -> dict[str, tuple[ShopOrder, ...]]:
    """Return the orders by Amazon order id: several of one id only where their references differ."""
    standing = {
        (order_id, as_int(marker["id_order"]))
        for order_id, marker in markers.items()
        if _is_order_of(marker, rows.get(as_int(marker["id_order"])))
    }
    groups: dict[tuple[str, str], list[ShopOrder]] = defaultdict(list)
    for order_id, id_order in sorted(pairs | standing):
        if id_order in rows:
            groups[order_id, as_text(rows[id_order]["reference"])].append(parts[id_order])
    found: dict[str, tuple[ShopOrder, ...]] = {}
    for (order_id, _), of_reference in groups.items():
        order = _joined(order_id, of_reference, markers.get(order_id, {}))
        found[order_id] = (*found.get(order_id, ()), order)
    return found


def _joined(order_id: str, parts: Sequence[ShopOrder], marker: Row) -> ShopOrder:
    """Return the rows of one reference as one order. A cancelled part does not count while another stands."""
    live = [part for part in parts if not part.cancelled] or parts
    first = live[0]
    return replace(
        first,
        order_id=order_id,
        ids=tuple(sorted(part.ids[0] for part in parts)),
        shipped=all(part.shipped for part in live),
        total=sum((part.total for part in live[1:]), first.total),
        net=sum((part.net for part in live[1:]), first.net),
        quantity=sum(part.quantity for part in live),
        fees=sum(part.fees for part in live),
        shares=tuple(share for part in live for share in part.shares),
        slips=tuple(slip for part in parts for slip in part.slips),
        marketplace_id=as_text(marker.get("marketplace_id")),
        channel=_CHANNELS.get(as_text(marker.get("channel"))),
        tax_scheme=as_text(marker.get("tax_scheme")),
        seller=as_text(marker.get("seller")),
    )


def _is_order_of(marker: Row, row: Row | None) -> bool:
    """Return whether this row of `orders` still is the one that the marker was written with.

    Old servers give an id again. The reference is '' where the marker does not keep it.
    """
    return row is not None and as_text(marker["order_reference"]) in {"", as_text(row["reference"])}


def _is_fee(line: Row, fee_references: Collection[str]) -> bool:
    """Return whether a line is a fee: on a product of ours or of `fee_references`.

    Older versions wrote fees as lines without product and without reference.
    """
    reference = as_text(line["product_reference"])
    if reference.startswith(FEE_REFERENCE) or reference in fee_references:
        return True
    return not (as_int(line["product_id"]) or reference)


def _line_share(line: Row) -> RateShare:
    gross = as_decimal(line["total_price_tax_incl"])
    return RateShare(_plain_rate(line["rate"]), gross, gross - as_decimal(line["total_price_tax_excl"]))


def whole_shares(row: Row, lines: Sequence[RateShare]) -> tuple[RateShare, ...]:
    """Return all of an order's total by rate of tax; `lines`: its lines by rate.

    Shipping has the carrier's rate, or the two rates of the lines of which that is the mean; what wrapping and
    discounts leave goes to the largest share.
    """
    parts = [*lines, *_shipping_shares(row, {part.rate for part in lines})]
    total = as_decimal(row["total_paid"])
    missing = total - sum((part.gross for part in parts), ZERO)
    tax = total - as_decimal(row["total_paid_tax_excl"])
    missing_tax = tax - sum((part.tax for part in parts), ZERO)
    if missing or missing_tax:
        largest = max(parts, key=lambda part: abs(part.gross), default=RateShare(None, ZERO, ZERO))
        parts.append(RateShare(largest.rate, missing, missing_tax))
    return gathered(parts)


def _shipping_shares(row: Row, rates: Collection[Decimal | None]) -> list[RateShare]:
    gross, net = as_decimal(row["total_shipping_tax_incl"]), as_decimal(row["total_shipping_tax_excl"])
    rate, tax = _plain_rate(row["carrier_tax_rate"]), gross - net
    if not gross:
        return []
    if rate is not None and rate not in rates and len(rates) == 2:
        low, high = sorted(one or ZERO for one in rates)
        part = net_at_higher_rate(net, tax, low, high)
        if part is not None:
            of_high = quantise(part * high / 100, 2)
            at_high = RateShare(high, quantise(part, 2) + of_high, of_high)
            return [at_high, RateShare(low or None, gross - at_high.gross, tax - of_high)]
    return [RateShare(rate, gross, tax)]


def _plain_rate(value: object) -> Decimal | None:
    """Return a rate of the database's (22.000) without needless digits; None for 0 and NULL."""
    rate = as_decimal(value)
    return rate.normalize() if rate else None


def _pairs_since(connection: sa.Connection, tables: ShopTables, moment: str) -> Pairs:
    """Return the Amazon ids in payments of orders placed from `moment` (the shop's time) on."""
    orders, payment = tables["orders"], tables["order_payment"]
    rows = connection.execute(
        sa.select(payment.c.transaction_id, orders.c.id_order)
        .join_from(orders, payment, tables.same_text(("order_payment", "order_reference"), ("orders", "reference")))
        .where(orders.c.date_add >= moment, payment.c.transaction_id.like(AMAZON_LIKE))
    )
    return _pairs(rows)


def _pairs_credited_since(connection: sa.Connection, tables: ShopTables, moment: str) -> Pairs:
    """Return the Amazon ids in payments of orders with a credit slip from `moment` (the shop's time) on."""
    if not tables.has(SLIPS):
        return set()
    orders, payment, slip = tables["orders"], tables["order_payment"], tables[SLIPS]
    rows = connection.execute(
        sa.select(payment.c.transaction_id, orders.c.id_order)
        .join_from(slip, orders, orders.c.id_order == slip.c.id_order)
        .join(payment, tables.same_text(("order_payment", "order_reference"), ("orders", "reference")))
        .where(slip.c.date_add >= moment, payment.c.transaction_id.like(AMAZON_LIKE))
    )
    return _pairs(rows)


def _pairs_of(connection: sa.Connection, tables: ShopTables, order_ids: Collection[str]) -> Pairs:
    """Return the orders of any date that have one of these Amazon order ids in their payments.

    The column has no index: each 500 ids are one pass through all payments.
    """
    orders, payment = tables["orders"], tables["order_payment"]
    same = tables.same_text(("orders", "reference"), ("order_payment", "order_reference"))
    query = sa.select(payment.c.transaction_id, orders.c.id_order).join_from(payment, orders, same)
    return _pairs(row.values() for row in rows_with(connection, query, payment.c.transaction_id, order_ids))


def _pairs(rows: Iterable[Any]) -> Pairs:
    found = {(amazon_id_in(as_text(text)), as_int(id_order)) for text, id_order in rows}
    return {(order_id, id_order) for order_id, id_order in found if order_id}


def _read_markers(connection: sa.Connection, tables: ShopTables, order_ids: Collection[str]) -> dict[str, Row]:
    """Return the markers of Amazon orders, as far as a comparison needs them; none where our table is missing."""
    if not tables.has(MARKER_TABLE):
        return {}
    marker = tables[MARKER_TABLE]
    query = sa.select(
        marker.c.amazon_order_id,
        marker.c.id_order,
        marker.c.marketplace_id,
        *(tables.column(MARKER_TABLE, name, "") for name in ("order_reference", "channel", "tax_scheme", "seller")),
    )
    rows = rows_with(connection, query, marker.c.amazon_order_id, order_ids)
    return {as_text(row["amazon_order_id"]): row for row in rows}


def _order_rows(connection: sa.Connection, tables: ShopTables, ids: Collection[int]) -> dict[int, Row]:
    """Return rows of `orders` by id_order, with the ISO codes of currency and country of delivery."""
    orders, currency = tables["orders"], tables["currency"]
    address, country = tables["address"], tables["country"]
    query = sa.select(
        *(tables.column("orders", name, 0) for name in _ORDER_COLUMNS),
        currency.c.iso_code.label("currency"),
        country.c.iso_code.label("country"),
    ).select_from(
        orders.outerjoin(currency, currency.c.id_currency == orders.c.id_currency)
        .outerjoin(address, address.c.id_address == orders.c.id_address_delivery)
        .outerjoin(country, country.c.id_country == address.c.id_country)
    )
    return {as_int(row["id_order"]): row for row in rows_with(connection, query, orders.c.id_order, ids)}


def _order_lines(connection: sa.Connection, tables: ShopTables, ids: Collection[int]) -> Mapping[int, list[Row]]:
    """Return the rows of `order_detail` by id_order, each with the rate of its (first) tax."""
    detail, link, tax = tables["order_detail"], tables["order_detail_tax"], tables["tax"]
    query = (
        sa.select(*(detail.c[name] for name in _LINE_COLUMNS), tax.c.rate)
        .select_from(
            detail.outerjoin(link, link.c.id_order_detail == detail.c.id_order_detail).outerjoin(
                tax, tax.c.id_tax == link.c.id_tax
            )
        )
        .order_by(detail.c.id_order_detail)
    )
    found: dict[int, list[Row]] = defaultdict(list)
    seen: set[int] = set()
    for row in rows_with(connection, query, detail.c.id_order, ids):
        if as_int(row["id_order_detail"]) in seen:
            continue  # a second tax of the same line
        seen.add(as_int(row["id_order_detail"]))
        found[as_int(row["id_order"])].append(row)
    return found


def _credit_slips(connection: sa.Connection, tables: ShopTables, ids: Collection[int]) -> Mapping[int, list[Row]]:
    """Return the rows of `order_slip` by id_order, the oldest first."""
    found: dict[int, list[Row]] = defaultdict(list)
    if not tables.has(SLIPS):
        return found
    slip = tables[SLIPS]
    wanted = sa.select(slip.c.id_order, slip.c.date_add, *(tables.column(SLIPS, name, 0) for name in _SLIP_AMOUNTS))
    for row in rows_with(connection, wanted.order_by(slip.c.id_order_slip), slip.c.id_order, ids):
        found[as_int(row["id_order"])].append(row)
    return found
