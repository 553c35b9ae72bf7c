"""The rules that say which orders are missing, surplus or different. Pure.

The same functions are used for an order as a report gives it and for Amazon's own answer afterwards.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from decimal import Decimal, InvalidOperation
from enum import StrEnum

from orderferry.domain.compared_orders import ReportedOrder, ShopOrder, ShopOrders, open_tax
from orderferry.domain.decide import Reason, Rules, decide
from orderferry.domain.ledger_entry import Entry, EntryState
from orderferry.domain.marker import Action
from orderferry.domain.orders import (
    CANCELLED_STATUSES,
    NOT_RELEASED_STATUSES,
    SHIPPED_STATUSES,
    Channel,
    Order,
    status_words,
)
from orderferry.domain.spans import Span
from orderferry.run.compare.result import Difference, placed, why_different
from orderferry.run.compare.totals import amount_text

# What changed at Amazon so lately is the next import's business; a report may be half an hour behind as well.
GRACE = timedelta(hours=2)
# A regular order may be marked as shipped in the shop so much later than at Amazon before it is a difference.
SHIPPING_GRACE = timedelta(days=2)
_CENT = Decimal("0.01")
# Reasons that never change; a cancelled order may be revived at Amazon.
_FINAL = frozenset({Reason.NOT_AMAZON, Reason.BEFORE_SINCE})


class MonthBasis(StrEnum):
    """Which moment of an order puts it into a month."""

    PURCHASE = "purchase"
    SHIPPED = "shipped"
    INVOICE = "invoice"


def moment_of(by: MonthBasis, order: ReportedOrder | None, shop: ShopOrder | None) -> datetime | None:
    """Return the moment that counts, given an order as both sides have it; None where there is none.

    Shipped: by Amazon's packages, else when PrestaShop took it for shipped, else by Amazon's last update of it.
    """
    if by is MonthBasis.INVOICE:
        return shop.invoiced if shop is not None and shop.invoice_number else None
    if by is MonthBasis.SHIPPED:
        shipped = (order.shipped if order is not None else None) or (shop.left if shop is not None else None)
        return shipped or (order.updated if order is not None and order.status in SHIPPED_STATUSES else None)
    return placed((order, shop))


@dataclass(frozen=True, slots=True)
class CompareInput:
    """Everything that the rules look at. `marketplaces`: the configured ids; `rules`: an import's; `now`: Amazon's.

    `entries` is empty without a ledger, and then `has_ledger` is False. `span`: which purchases are read; `asked`:
    which orders the comparison is about, by the moment that `by` names.
    """

    span: Span
    now: datetime
    marketplaces: frozenset[str]
    rules: Rules = field(default_factory=Rules)
    shop: ShopOrders = field(default_factory=ShopOrders)
    entries: Mapping[str, Entry] = field(default_factory=dict)
    has_ledger: bool = False
    by: MonthBasis = MonthBasis.PURCHASE
    asked: Span | None = None

    def is_asked_for(self, order: ReportedOrder | None, shop: ShopOrder | None) -> bool:
        """Return whether the comparison is about this order. By purchase everything that was read is."""
        if self.by is MonthBasis.PURCHASE or self.asked is None:
            return True
        moment = moment_of(self.by, order, shop)
        return moment is not None and self.asked.holds(moment)

    def copies(self, order_id: str) -> tuple[ShopOrder, ...]:
        """Return the orders of the shop with this Amazon id that are not cancelled."""
        return tuple(order for order in self.shop.orders.get(order_id, ()) if not order.cancelled)

    def in_shop(self, order_id: str) -> ShopOrder | None:
        """Return the order of the shop with this Amazon id: one that stands, else one that is cancelled."""
        return next(iter((*self.copies(order_id), *self.shop.orders.get(order_id, ()))), None)


def of_this_seller(shop: ShopOrders, seller: str, entries: Mapping[str, Entry], reported: Container[str]) -> ShopOrders:
    """Return the shop's orders without those that another seller's configuration has imported. An order that Amazon
    shows to this seller is its own, whatever the marker has: a new authorisation brings a new key."""

    def is_ours(order: ShopOrder) -> bool:
        entry = entries.get(order.order_id)
        seen = order.order_id in reported or (entry is not None and entry.purchased is not None)
        return seen or not order.seller or order.seller == seller

    kept = {order_id: tuple(filter(is_ours, orders)) for order_id, orders in shop.orders.items()}
    return replace(shop, orders={order_id: orders for order_id, orders in kept.items() if orders})


def with_ledger_total(order: ReportedOrder, entry: Entry | None) -> ReportedOrder:
    """Return a reported order with the total that the Orders API gave an import, unless the report is newer: a
    report has no fee for cash on delivery and no tip."""
    if order.exact or order.gross is None or entry is None or entry.amazon_updated is None:
        return order
    if order.updated is not None and entry.amazon_updated < order.updated.replace(microsecond=0):
        return order
    amount, _, currency = entry.total.partition(" ")
    try:
        total = Decimal(amount)
    except InvalidOperation:
        return order
    if currency != order.currency:
        return order
    tax = order.tax_range and (order.tax_range[0], order.tax_range[1] + open_tax(total - order.gross))
    return replace(order, gross=total, totals=order.totals | {total}, tax_range=tax)


def belongs(order: ReportedOrder, given: CompareInput) -> bool:
    """Return whether this order should be in the shop, by Amazon's state of it, the configuration, and a person's
    word.

    Not: cancelled, pending, an FBA order not yet shipped, before orders.since, of a marketplace that is not
    configured, not sold by Amazon, set aside by a person.
    """
    if order.marketplace_id and order.marketplace_id not in given.marketplaces:
        return False
    entry = given.entries.get(order.order_id)
    if entry is not None and entry.state is EntryState.IGNORED and (entry.ignored_by_person or entry.code in _FINAL):
        return False
    if order.status is None or order.channel is None:
        return True  # an import holds it
    if not order.sold_by_amazon:
        return False
    decision = decide(_as_order(order), marker=None, foreign=None, entry=None, rules=given.rules, now=given.now)
    return decision.action in (Action.CREATE, Action.HOLD)


def is_missing(order: ReportedOrder, given: CompareInput) -> bool:
    """Return whether the shop should have this order, has none, and had the time to get it."""
    entry = given.entries.get(order.order_id)
    if entry is not None and entry.ignored_by_person:
        return False
    return not given.shop.orders.get(order.order_id) and not _is_fresh(order, given) and belongs(order, given)


def surplus_suspects(reported: Mapping[str, ReportedOrder], given: CompareInput) -> list[ShopOrder]:
    """Return the shop's standing orders of the span that Amazon did not report, and of which nothing else is known.

    An order of the ledger came from Amazon; one of another marketplace is no business of this account.
    """
    found = []
    for order_id in given.shop.orders:
        for order in given.copies(order_id)[:1]:
            elsewhere = bool(order.marketplace_id) and order.marketplace_id not in given.marketplaces
            entry = given.entries.get(order_id)
            from_amazon = entry is not None and (entry.purchased is not None or entry.ignored_by_person)
            if order_id not in reported and given.span.holds(order.placed) and not elsewhere and not from_amazon:
                found.append(order)
    return found


def doubled(order_ids: Iterable[str], given: CompareInput) -> Iterator[tuple[str, tuple[ShopOrder, ...]]]:
    """Yield those of the ids that the shop has more than once. The parts of one split shipment are one."""
    for order_id in order_ids:
        copies = given.copies(order_id)
        entry = given.entries.get(order_id)
        if len(copies) > 1 and not (entry is not None and entry.ignored_by_person):
            yield order_id, copies


def differences(order: ReportedOrder, given: CompareInput) -> list[Difference]:
    """Return how the shop's order differs from Amazon's; nothing if the shop has none, or a person set it aside."""
    shop, entry = given.in_shop(order.order_id), given.entries.get(order.order_id)
    if shop is None or _is_fresh(order, given) or (entry is not None and entry.ignored_by_person):
        return []
    if order.marketplace_id and order.marketplace_id not in given.marketplaces:
        return []
    state = _state_difference(order, shop, given)
    if state is not None:
        return [state]
    if shop.cancelled or order.status in NOT_RELEASED_STATUSES or order.status in CANCELLED_STATUSES:
        return []
    return [*_money_differences(order, shop, entry), *_quantity_differences(order, shop, entry)]


def _state_difference(order: ReportedOrder, shop: ShopOrder, given: CompareInput) -> Difference | None:
    entry = given.entries.get(order.order_id)
    if order.status in CANCELLED_STATUSES and not shop.cancelled:
        reason = "Amazon has cancelled it, and the shop has not followed"
    elif order.status in NOT_RELEASED_STATUSES and not shop.cancelled:
        reason = "Amazon has not released it, and the shop has it already"
    elif shop.cancelled and belongs(order, given):
        reason = "the shop has cancelled it, and Amazon has not"
    elif _is_behind(order, shop, given):
        reason = "Amazon says that it is shipped, and the shop does not"
    else:
        return None
    amazon = status_words(order.status or order.raw_status)
    return Difference(order.order_id, "state", amazon, shop.state, why_different(entry, reason))


def _is_behind(order: ReportedOrder, shop: ShopOrder, given: CompareInput) -> bool:
    """Return whether an order is shipped at Amazon and not in the shop. FBA orders are left out: Amazon ships them,
    so the shop's states mean nothing."""
    lately = (order.updated or order.purchased) > given.now - SHIPPING_GRACE
    return order.channel is Channel.REGULAR and order.status in SHIPPED_STATUSES and not shop.shipped and not lately


def _money_differences(order: ReportedOrder, shop: ShopOrder, entry: Entry | None) -> list[Difference]:
    if order.gross is None:
        return []
    if order.currency and shop.currency != order.currency:
        reason = why_different(entry, "the shop's order is in another currency")
        return [Difference(order.order_id, "currency", order.currency, shop.currency, reason)]
    if shop.total in order.totals:
        return _tax_difference(order, shop, entry)
    reason = why_different(entry, "the totals differ")
    amazon, in_shop = f"{amount_text(order.gross)} {order.currency}", f"{amount_text(shop.total)} {shop.currency}"
    return [Difference(order.order_id, "amount", amazon, in_shop, reason)]


def _tax_difference(order: ReportedOrder, shop: ShopOrder, entry: Entry | None) -> list[Difference]:
    """Return a difference if the totals agree and the tax in them differs by more than a cent a unit, as each side
    may round."""
    if order.tax_range is None:
        return []
    least, most = order.tax_range
    if order.gross and shop.total != order.gross:  # another reading of the same report
        factor = shop.total / order.gross
        least, most = least * min(factor, Decimal(1)), most * max(factor, Decimal(1))
    rounding = _CENT * max(order.quantity, 1)
    if least - rounding <= shop.tax <= most + rounding:
        return []
    amazon = f"{amount_text(order.tax)} {order.currency}"
    reason = why_different(entry, "the totals are the same, the tax in them is not")
    return [Difference(order.order_id, "tax", amazon, f"{amount_text(shop.tax)} {shop.currency}", reason)]


def _quantity_differences(order: ReportedOrder, shop: ShopOrder, entry: Entry | None) -> list[Difference]:
    if not order.quantities or {shop.quantity, shop.quantity + shop.fees} & order.quantities:
        return []
    reason = why_different(entry, "the numbers of units differ")
    return [Difference(order.order_id, "quantity", str(order.quantity), str(shop.quantity), reason)]


def _is_fresh(order: ReportedOrder, given: CompareInput) -> bool:
    return (order.updated or order.purchased) > given.now - GRACE


def _as_order(order: ReportedOrder) -> Order:
    """Return the order as the rules of imports see it."""
    return Order(
        order_id=order.order_id,
        created=order.purchased,
        updated=order.updated or order.purchased,
        marketplace_id=order.marketplace_id,
        status=order.status,
        channel=order.channel,
        items=(),
    )
