"""Differences in full, whose orders are compared, and which month an order belongs to."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from orderferry.domain.compared_orders import OrderReport, ReportedOrder, ReportEnd, ShopOrder, ShopOrders
from orderferry.domain.ledger_entry import EntryState
from orderferry.domain.orders import Channel, OrderStatus
from orderferry.domain.search import Page
from orderferry.domain.spans import Span
from orderferry.run.compare.amazon_side import read_amazon, slices
from orderferry.run.compare.result import Difference
from orderferry.run.compare.rules import (
    MonthBasis,
    belongs,
    differences,
    is_missing,
    moment_of,
    of_this_seller,
    surplus_suspects,
    with_ledger_total,
)
from orderferry.run.progress import Progress
from support.compared import DAY, DE, ID, IT, NOW, SPAN, US, compare_input, entry, in_shop, reported

OTHER = "302-0000000-0000002"
HOUR = timedelta(hours=1)
S = OrderStatus
SHIPPING_GRACE, GRACE = 2 * DAY, 2 * HOUR


@pytest.mark.parametrize(
    ("amazon", "shop", "difference"),
    [
        (
            {"status": S.CANCELLED},
            {},
            ("state", "cancelled", "Shipped", "Amazon has cancelled it, and the shop has not followed"),
        ),
        (
            {"status": S.PENDING_AVAILABILITY},
            {},
            ("state", "pending availability", "Shipped", "Amazon has not released it, and the shop has it already"),
        ),
        (
            {"status": S.UNSHIPPED},
            {"cancelled": True, "state": "Cancelled"},
            ("state", "unshipped", "Cancelled", "the shop has cancelled it, and Amazon has not"),
        ),
        (
            {"status": None, "raw_status": "NEW_WORD"},
            {"cancelled": True, "state": "Cancelled"},
            ("state", "new word", "Cancelled", "the shop has cancelled it, and Amazon has not"),
        ),
        (
            {},
            {"shipped": False, "state": "Paid"},
            ("state", "shipped", "Paid", "Amazon says that it is shipped, and the shop does not"),
        ),
        (
            {},
            {"currency": "PLN"},
            ("currency", "EUR", "PLN", "the shop's order is in another currency"),
        ),
        ({}, {"total": Decimal("119.5")}, ("amount", "119.00 EUR", "119.50 EUR", "the totals differ")),
        (
            {},
            {"net": Decimal("97.5")},
            ("tax", "19.00 EUR", "21.50 EUR", "the totals are the same, the tax in them is not"),
        ),
        ({}, {"quantity": 3}, ("quantity", "2", "3", "the numbers of units differ")),
    ],
)
def test_a_difference_in_words(
    amazon: dict[str, Any], shop: dict[str, Any], difference: tuple[str, str, str, str]
) -> None:
    field, at_amazon, in_the_shop, reason = difference
    assert differences(reported(**amazon), compare_input(in_shop(**shop))) == [
        Difference(ID, field, at_amazon, in_the_shop, reason)
    ]


@pytest.mark.parametrize(
    ("amazon", "age", "late"),
    [
        ({}, SHIPPING_GRACE, True),
        ({}, SHIPPING_GRACE - HOUR, False),
        ({"channel": Channel.FBA}, SHIPPING_GRACE, False),
        ({"channel": None}, SHIPPING_GRACE, False),
    ],
)
def test_the_shop_has_two_days_to_ship_what_amazon_calls_shipped(
    amazon: dict[str, Any], age: timedelta, late: bool
) -> None:
    for times in ({"updated": NOW - age}, {"updated": None, "purchased": NOW - age}):
        assert bool(differences(reported(**amazon, **times), compare_input(in_shop(shipped=False)))) is late


@pytest.mark.parametrize(("age", "is_old"), [(GRACE, True), (GRACE - timedelta(seconds=1), False)])
def test_what_changed_in_the_last_two_hours_is_left_to_the_next_import(age: timedelta, is_old: bool) -> None:
    for times in ({"updated": NOW - age}, {"updated": None, "purchased": NOW - age}):
        assert is_missing(reported(**times), compare_input()) is is_old
        assert bool(differences(reported(**times), compare_input(in_shop(quantity=3)))) is is_old


def test_a_cent_a_unit_is_rounding() -> None:
    def differs(tax: str, quantity: int = 2) -> bool:
        order = reported(quantity=quantity, quantities=frozenset())
        return bool(differences(order, compare_input(in_shop(net=Decimal(119) - Decimal(tax)))))

    assert [differs(tax) for tax in ("18.97", "18.98", "19.02", "19.03")] == [True, False, False, True]
    assert [differs(tax, quantity=0) for tax in ("18.98", "18.99", "19.01", "19.02")] == [True, False, False, True]


def test_another_reading_of_a_report_has_its_tax_in_proportion() -> None:
    def differs(total: int, tax: str) -> bool:
        order = reported(totals=frozenset({Decimal(119), Decimal(total)}))
        shop = in_shop(total=Decimal(total), net=Decimal(total) - Decimal(tax))
        return bool(differences(order, compare_input(shop)))

    # of twice the total between the tax of one reading and twice of it
    assert [differs(238, tax) for tax in ("18.97", "18.98", "38.02", "38.03")] == [True, False, False, True]
    assert [differs(59, tax) for tax in ("9.40", "9.41", "19.02", "19.03")] == [True, False, False, True]


@pytest.mark.parametrize(
    ("by", "order", "shop", "moment"),
    [
        (MonthBasis.PURCHASE, reported(), in_shop(placed=NOW), NOW - 5 * DAY),
        (MonthBasis.PURCHASE, None, in_shop(placed=NOW), NOW),
        (MonthBasis.INVOICE, reported(), in_shop(invoice_number=3, invoiced=NOW), NOW),
        (MonthBasis.INVOICE, reported(), in_shop(invoiced=NOW), None),
        (MonthBasis.INVOICE, reported(), None, None),
        (MonthBasis.SHIPPED, reported(shipped=NOW - DAY), in_shop(left=NOW), NOW - DAY),
        (MonthBasis.SHIPPED, reported(), in_shop(left=NOW), NOW),
        (MonthBasis.SHIPPED, None, in_shop(left=NOW), NOW),
        (MonthBasis.SHIPPED, reported(), in_shop(), NOW - 4 * DAY),
        (MonthBasis.SHIPPED, reported(), None, NOW - 4 * DAY),
        (MonthBasis.SHIPPED, reported(status=S.UNSHIPPED), in_shop(), None),
        (MonthBasis.SHIPPED, None, in_shop(), None),
    ],
)
def test_the_moment_that_counts(
    by: MonthBasis, order: ReportedOrder | None, shop: ShopOrder | None, moment: Any
) -> None:
    assert moment_of(by, order, shop) == moment


WEEK = Span(NOW - 7 * DAY, NOW - DAY)


@pytest.mark.parametrize(
    ("by", "asked", "left", "is_asked"),
    [
        (MonthBasis.PURCHASE, WEEK, NOW, True),
        (MonthBasis.SHIPPED, None, NOW, True),
        (MonthBasis.SHIPPED, WEEK, NOW - 2 * DAY, True),
        (MonthBasis.SHIPPED, WEEK, NOW, False),
        (MonthBasis.INVOICE, WEEK, NOW - 2 * DAY, False),
    ],
)
def test_what_a_comparison_is_about(by: MonthBasis, asked: Span | None, left: Any, is_asked: bool) -> None:
    given = compare_input(by=by, asked=asked)
    assert given.is_asked_for(None, in_shop(left=left)) is is_asked


@pytest.mark.parametrize(
    ("order", "known", "reported_ids", "ours"),
    [
        (in_shop(), {}, [], True),
        (in_shop(seller="mine"), {}, [], True),
        (in_shop(seller="theirs"), {}, [], False),
        (in_shop(seller="theirs"), {}, [ID], True),
        (in_shop(seller="theirs"), {ID: entry()}, [], True),
        (in_shop(seller="theirs"), {ID: entry(purchased=None)}, [], False),
    ],
)
def test_whose_orders_are_compared(order: ShopOrder, known: Any, reported_ids: list[str], ours: bool) -> None:
    shop = ShopOrders({ID: (order,), OTHER: (in_shop(OTHER),)}, {"deleted": 3})
    found = of_this_seller(shop, "mine", known, reported_ids)
    assert found.orders.keys() == ({ID, OTHER} if ours else {OTHER})
    assert found.deleted == {"deleted": 3}


def test_the_ledgers_total_widens_the_tax_by_what_may_be_in_the_rest() -> None:
    known = entry(total="129.00 EUR")
    found = with_ledger_total(reported(), known)
    assert (found.gross, found.totals) == (Decimal("129.00"), frozenset({Decimal("119.00"), Decimal("129.00")}))
    assert found.tax_range
    assert [round(each, 2) for each in found.tax_range] == [Decimal("19.00"), Decimal("21.13")]
    assert with_ledger_total(reported(tax_range=None), known).tax_range is None
    same_second = entry(total="129.00 EUR", amazon_updated=NOW - 4 * DAY)
    assert with_ledger_total(reported(updated=NOW - 4 * DAY + timedelta(milliseconds=999)), same_second).gross == 129
    assert with_ledger_total(reported(updated=None), known).gross == 129
    assert with_ledger_total(reported(gross=None), known).gross is None


@pytest.mark.parametrize(
    ("known", "is_ours"),
    [
        (entry(state=EntryState.IGNORED, code="not-amazon"), False),
        (entry(state=EntryState.IGNORED, code="before-since"), False),
        (entry(state=EntryState.IGNORED, code="cancelled"), True),
        (entry(state=EntryState.HELD, code="not-amazon"), True),
    ],
)
def test_what_the_ledger_has_decided_for_good(known: Any, is_ours: bool) -> None:
    assert belongs(reported(), compare_input(entries=(known,))) is is_ours


def test_of_two_copies_one_is_suspected() -> None:
    assert len(surplus_suspects({}, compare_input(in_shop(), in_shop(ids=(9,))))) == 1
    assert surplus_suspects({}, compare_input(in_shop(marketplace_id=DE))) != []
    assert surplus_suspects({}, compare_input(in_shop(marketplace_id=US))) == []


class Steps(Progress):
    """What a terminal would show."""

    def __init__(self) -> None:
        self.shown: list[str] = []

    def step(self, what: str) -> None:
        self.shown.append(what)


class Reports:
    """One report that failed and one with a line that could not be used."""

    def __init__(self) -> None:
        self._given = [OrderReport(ReportEnd.FATAL), OrderReport(ReportEnd.DONE, (reported(),), 1)]

    def orders(self, span: Span, marketplaces: Any) -> OrderReport:
        return self._given.pop(0)


class Nothing:
    """searchOrders with an empty page."""

    def search(self, search: Any, token: str | None = None) -> Any:
        return Page(())


def test_what_reading_amazons_side_shows_and_notes() -> None:
    steps, source, reports = Steps(), Nothing(), Reports()
    whole = Span(NOW - 40 * DAY, NOW)
    orders, notes = read_amazon(source, reports, whole, [IT, DE], lambda _: False, progress=steps)  # type: ignore[arg-type]
    assert steps.shown == [
        "Amazon prepares its report of 2026-10-14 to 2026-11-13",
        "Amazon prepares its report of 2026-11-13 to 2026-11-23",
    ]
    assert list(orders) == [ID]
    assert notes == [
        "Amazon's report of 2026-10-14 to 2026-11-13 ended as FATAL; these days were compared with a listing "
        "(searchOrders) instead.",
        "1 line of Amazon's report could not be used.",
    ]
    read_amazon(source, None, SPAN, [IT], lambda _: False, progress=steps)  # type: ignore[arg-type]
    assert steps.shown[2:] == ["listing Amazon's orders of 2026-10-24 to 2026-11-23"]


def test_a_report_is_of_thirty_days() -> None:
    start = NOW - 61 * DAY
    assert list(slices(Span(start, NOW))) == [
        Span(start, start + 30 * DAY),
        Span(start + 30 * DAY, start + 60 * DAY),
        Span(start + 60 * DAY, NOW),
    ]
