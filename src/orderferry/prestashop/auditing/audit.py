"""The shop's side of a comparison. Reads only, creates nothing, and works where orderferry has never written."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from orderferry.config.model import OrdersSettings, Settings
from orderferry.domain.compared_orders import CreditSlip, ShopOrder, ShopOrders
from orderferry.domain.orders import Channel
from orderferry.domain.pricing.proceeds import ZERO
from orderferry.prestashop.auditing.audit_rows import (
    AUDITED_TABLES,
    SLIPS,
    Claims,
    Lines,
    MarkerWords,
    claims_credited_since,
    claims_of,
    claims_since,
    credit_slips,
    currency_codes,
    marker_words,
    order_facts,
    order_lines,
    whole_shares,
)
from orderferry.prestashop.database.database import ShopDatabase
from orderferry.prestashop.database.live_schema import read_tables, refuse_unfit
from orderferry.prestashop.database.tables import OWN_TABLES, ShopTables
from orderferry.prestashop.database.values import as_decimal, as_int, as_text
from orderferry.prestashop.facts import OrderState
from orderferry.prestashop.planning.shop_texts import shop_moment, shop_zone
from orderferry.prestashop.reading.shop_facts import Configuration, read_configuration, read_states

# Importers write dates in the shop's time, in UTC, or in the marketplace's: so much earlier is looked as well.
SLACK = timedelta(days=2)
_CANCELLED = ("PS_OS_CANCELED", "PS_OS_ERROR")
_GONE_OUT = ("PS_OS_SHIPPING", "PS_OS_DELIVERED", "PS_OS_REFUND")
_CHANNELS = {channel.value: channel for channel in Channel}


@dataclass(frozen=True, slots=True)
class _Open:
    tables: ShopTables
    configuration: Configuration
    states: Mapping[int, OrderState]
    cancelled: frozenset[int]
    shipped: frozenset[int]
    zone: ZoneInfo
    currencies: Mapping[int, str]

    def home_currency(self, id_shop: int) -> str:
        """Return the own currency of a shop (PS_CURRENCY_DEFAULT), by its ISO code."""
        by_shop = {shop: v for (name, _, shop), v in self.configuration.items() if name == "PS_CURRENCY_DEFAULT" and v}
        return self.currencies.get(as_int(by_shop.get(id_shop) or by_shop.get(0)), "")


class ShopAudit:
    """One PrestaShop database, looked into. Raise ShopUnavailable or ShopUnfit. `sleep` takes seconds."""

    def __init__(self, settings: Settings, *, sleep: Callable[[float], None]) -> None:
        self._settings = settings
        self._database = ShopDatabase(settings.prestashop, sleep=sleep)
        self._opened: _Open | None = None

    @property
    def zone(self) -> ZoneInfo:
        """Return the shop's time zone (PS_TIMEZONE), by which its months begin."""
        return self._open().zone

    @property
    def name(self) -> str:
        """Return the shop's name (PS_SHOP_NAME)."""
        return self._open().configuration.get(("PS_SHOP_NAME", 0, 0), "")

    def sold(self, since: datetime, order_ids: Iterable[str]) -> ShopOrders:
        """Given a time and Amazon order ids, return the shop's Amazon orders and credited ones from then on, and those
        with these ids.

        An order is Amazon's by its marker, or by an Amazon order id in `order_payment.transaction_id`.
        """
        opened, wanted = self._open(), set(order_ids)
        with self._database.reading("reading the shop's Amazon orders") as connection:
            moment = shop_moment(since - SLACK, opened.zone)
            claims = claims_since(connection, opened.tables, moment)
            claims |= claims_credited_since(connection, opened.tables, moment)
            absent = wanted - {order_id for order_id, _ in claims}
            claims |= claims_of(connection, opened.tables, absent)
            markers = marker_words(connection, opened.tables, wanted | {order_id for order_id, _ in claims})
            orders = self._orders(connection, opened, claims, markers)
        deleted = {order_id: words.id_order for order_id, words in markers.items() if order_id not in orders}
        return ShopOrders(orders, deleted)

    def release(self) -> None:
        """Give the connection back (before waiting for Amazon)."""
        self._database.release()

    def close(self) -> None:
        """Give everything back."""
        self._database.close()

    def _open(self) -> _Open:
        if self._opened is None:
            prefix, access = self._settings.prestashop.table_prefix, self._database.access
            with self._database.reading("looking at the shop's tables") as connection:
                live = read_tables(connection, prefix, AUDITED_TABLES | OWN_TABLES | {SLIPS})
                if AUDITED_TABLES - live.keys():
                    refuse_unfit(connection, prefix, live, access)
                tables = ShopTables(prefix, live)
                configuration = read_configuration(connection, tables)
                currencies = currency_codes(connection, tables)
                states = read_states(connection, tables, as_int(configuration.get(("PS_LANG_DEFAULT", 0, 0))))
            self._opened = _Open(
                tables,
                configuration,
                states,
                _named_states(configuration, states, _CANCELLED, self._words("state_cancelled")),
                _named_states(configuration, states, _GONE_OUT, self._words("state_shipped", "state_fba"))
                | {state.id for state in states.values() if state.shipped},
                shop_zone(configuration.get(("PS_TIMEZONE", 0, 0), "")),
                currencies,
            )
        return self._opened

    def _words(self, *keys: str) -> set[str]:
        """Return what the configuration names under these keys, shop-wide or for a marketplace."""
        tables: list[OrdersSettings] = [self._settings.orders]
        tables += [settings.orders for settings in self._settings.marketplaces.values()]
        return {word.casefold() for table in tables for key in keys if (word := str(getattr(table, key)).strip())}

    def _orders(
        self, connection: sa.Connection, opened: _Open, claims: Claims, markers: Mapping[str, MarkerWords]
    ) -> dict[str, tuple[ShopOrder, ...]]:
        marked = {words.id_order for words in markers.values()}
        rows = {
            as_int(row["id_order"]): row
            for row in order_facts(connection, opened.tables, marked | {id_order for _, id_order in claims})
        }
        lines = order_lines(connection, opened.tables, rows, self._settings.products.fee_references)
        slips = credit_slips(connection, opened.tables, rows)
        standing = {
            (order_id, words.id_order) for order_id, words in markers.items() if words.fits(rows.get(words.id_order))
        }
        groups: dict[tuple[str, str], list[int]] = defaultdict(list)
        for order_id, id_order in sorted(claims | standing):
            if id_order in rows:
                groups[order_id, as_text(rows[id_order]["reference"])].append(id_order)
        found: dict[str, tuple[ShopOrder, ...]] = {}
        for (order_id, _), ids in groups.items():
            parts = [
                replace(
                    _part(opened, order_id, rows[id_order], lines.get(id_order, Lines())),
                    slips=tuple(_slip(opened, row) for row in slips.get(id_order, ())),
                )
                for id_order in ids
            ]
            found[order_id] = (*found.get(order_id, ()), _joined(parts, markers.get(order_id, MarkerWords(0))))
        return found


def _named_states(
    configuration: Configuration, states: Mapping[int, OrderState], settings: Iterable[str], words: set[str]
) -> frozenset[int]:
    """Return the states that PrestaShop's settings (of any shop) or the configuration's words (ids or names) name."""
    wanted = set(settings)
    ids = {as_int(value) for (name, _, _), value in configuration.items() if name in wanted}
    ids |= {int(word) for word in words if word.isdecimal()}
    ids |= {state.id for state in states.values() if {name.casefold() for name in state.names} & words}
    return frozenset(ids - {0})


def _part(opened: _Open, order_id: str, row: Mapping[Any, Any], lines: Lines) -> ShopOrder:
    """Return one row of `orders`."""
    id_order, id_state = as_int(row["id_order"]), as_int(row["current_state"])
    state = opened.states.get(id_state)
    return ShopOrder(
        order_id=order_id,
        ids=(id_order,),
        placed=_utc(row["date_add"], opened.zone) or datetime.fromtimestamp(0, UTC),
        state=state.name if state else f"state {id_state}",
        cancelled=id_state in opened.cancelled,
        shipped=id_state in opened.shipped,
        total=as_decimal(row["total_paid"]),
        net=as_decimal(row["total_paid_tax_excl"]),
        currency=as_text(row["currency"]).upper(),
        quantity=lines.units,
        fees=lines.fees,
        country=as_text(row["country"]).upper(),
        invoice_number=as_int(row["invoice_number"]),
        invoiced=_utc(row["invoice_date"], opened.zone),
        left=_utc(row["delivery_date"], opened.zone),
        home_currency=opened.home_currency(as_int(row["id_shop"])),
        conversion_rate=as_decimal(row["conversion_rate"]) or Decimal(1),
        shares=whole_shares(row, lines.shares),
    )


def _slip(opened: _Open, row: Mapping[Any, Any]) -> CreditSlip:
    """Return one row of `order_slip`: products and shipping. Slips of old versions have one amount of each alone."""
    gross = net = ZERO
    for what, old in (("products", "amount"), ("shipping", "shipping_cost_amount")):
        with_tax, without = row[f"total_{what}_tax_incl"], row[f"total_{what}_tax_excl"]
        gross += as_decimal(row[old] if with_tax is None else with_tax)
        net += as_decimal(row[old] if without is None else without)
    return CreditSlip(_utc(row["date_add"], opened.zone), gross, net)


def _joined(parts: list[ShopOrder], words: MarkerWords) -> ShopOrder:
    """Return the rows of one reference as one order. A part that is cancelled counts no longer while another stands."""
    live = [part for part in parts if not part.cancelled] or parts
    first = live[0]
    return replace(
        first,
        ids=tuple(sorted(part.ids[0] for part in parts)),
        shipped=all(part.shipped for part in live),
        total=sum((part.total for part in live[1:]), first.total),
        net=sum((part.net for part in live[1:]), first.net),
        quantity=sum(part.quantity for part in live),
        fees=sum(part.fees for part in live),
        shares=tuple(share for part in live for share in part.shares),
        slips=tuple(slip for part in parts for slip in part.slips),
        marketplace_id=words.marketplace_id,
        channel=_CHANNELS.get(words.channel),
        tax_scheme=words.tax_scheme,
        seller=words.seller,
    )


def _utc(value: object, zone: ZoneInfo) -> datetime | None:
    """Return a time as PrestaShop writes it (the shop's), in UTC; None for NULL and zero dates."""
    try:
        moment = value if isinstance(value, datetime) else datetime.fromisoformat(as_text(value))
    except ValueError:
        return None
    return moment.replace(tzinfo=zone).astimezone(UTC)
