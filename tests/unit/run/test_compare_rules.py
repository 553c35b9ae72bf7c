"""Which orders are missing, too many or different: one row a rule."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from orderferry.domain.decide import Reason, Rules
from orderferry.domain.ledger_entry import EntryState
from orderferry.domain.orders import Channel, OrderStatus
from orderferry.run.compare.rules import belongs, differences, doubled, is_missing, surplus_suspects, with_ledger_total
from support.compared import DAY, ID, NOW, US, compare_input, entry, in_shop, reported

IGNORED = EntryState.IGNORED


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, True),
        ({"status": OrderStatus.UNSHIPPED}, True),
        ({"status": OrderStatus.PARTIALLY_SHIPPED}, True),
        ({"status": OrderStatus.PENDING}, False),
        ({"status": OrderStatus.PENDING_AVAILABILITY}, False),
        ({"status": OrderStatus.CANCELLED}, False),
        ({"status": OrderStatus.UNFULFILLABLE}, False),
        ({"status": None, "raw_status": "Teleported"}, True),
        ({"channel": Channel.FBA}, True),
        ({"channel": Channel.FBA, "status": OrderStatus.UNSHIPPED}, False),
        ({"channel": None}, True),
        ({"channel": None, "sold_by_amazon": False}, True),
        ({"status": None, "sold_by_amazon": False}, True),
        ({"status": None}, True),
        ({"marketplace_id": US}, False),
        ({"marketplace_id": ""}, True),
        ({"sold_by_amazon": False}, False),
        ({"purchased": NOW - 29 * DAY}, True),
    ],
    ids=str,
)
def test_what_belongs_into_the_shop(changes: dict[str, Any], expected: bool) -> None:
    order = reported(**changes)
    assert belongs(order, compare_input()) is expected
    assert is_missing(order, compare_input()) is expected
    assert not is_missing(order, compare_input(in_shop()))


def test_what_was_placed_before_orders_since_is_not_missing() -> None:
    order = reported()
    assert not is_missing(order, compare_input(rules=Rules(order.purchased + timedelta(seconds=1))))
    assert is_missing(order, compare_input(rules=Rules(order.purchased)))


@pytest.mark.parametrize(
    ("known", "expected"),
    [
        (entry(state=EntryState.HELD, code="unknown-sku"), True),
        (entry(state=EntryState.WAITING), True),
        (entry(state=EntryState.SEEN), True),
        (entry(state=EntryState.IMPORTED, id_order=7), True),
        (entry(state=IGNORED, code=Reason.CANCELLED), True),
        (entry(state=IGNORED, code=Reason.OTHER_IMPORTER), True),
        (entry(state=IGNORED, code=Reason.NOT_AMAZON), False),
        (entry(state=IGNORED, code=Reason.BEFORE_SINCE), False),
        (entry(state=IGNORED, code="set-aside", ignored_by_person=True), False),
        (entry(state=EntryState.IMPORTED, ignored_by_person=True), False),
    ],
    ids=lambda value: f"{value.state}-{value.code}" if hasattr(value, "state") else str(value),
)
def test_what_the_ledger_says_of_an_order_that_the_shop_lacks(known: Any, expected: bool) -> None:
    assert is_missing(reported(), compare_input(entries=(known,))) is expected


def test_what_changed_within_two_hours_is_the_next_imports_business() -> None:
    order = reported(updated=NOW - timedelta(minutes=119), status=OrderStatus.CANCELLED)
    assert not is_missing(reported(updated=NOW - timedelta(minutes=119)), compare_input())
    assert differences(order, compare_input(in_shop())) == []
    assert is_missing(reported(updated=NOW - timedelta(minutes=121)), compare_input())


def test_a_cancelled_order_of_the_shop_is_there_and_different_not_missing() -> None:
    there = compare_input(in_shop(cancelled=True, state="Cancelled"))
    assert not is_missing(reported(), there)
    (found,) = differences(reported(), there)
    assert (found.field, found.amazon, found.shop) == ("state", "shipped", "Cancelled")


@pytest.mark.parametrize(
    ("amazon", "shop", "expected"),
    [
        ({}, {}, []),
        ({"status": OrderStatus.CANCELLED}, {}, ["state"]),
        ({"status": OrderStatus.CANCELLED}, {"cancelled": True}, []),
        ({"status": OrderStatus.CANCELLED, "gross": None}, {"cancelled": True, "total": Decimal(1)}, []),
        ({"status": OrderStatus.PENDING, "gross": None}, {}, ["state"]),
        ({"status": OrderStatus.PENDING, "gross": None}, {"cancelled": True}, []),
        ({}, {"shipped": False}, ["state"]),
        ({"updated": NOW - timedelta(hours=47)}, {"shipped": False}, []),
        ({"channel": Channel.FBA}, {"shipped": False}, []),
        ({"status": OrderStatus.UNSHIPPED}, {"shipped": False}, []),
        ({"status": OrderStatus.UNSHIPPED}, {"shipped": True}, []),
        ({}, {"total": Decimal("119.01")}, ["amount"]),
        ({}, {"total": Decimal("141.61")}, ["amount"]),
        ({"totals": frozenset({Decimal(119), Decimal(238)})}, {"total": Decimal(238), "net": Decimal(200)}, []),
        ({"gross": None}, {"total": Decimal(5)}, []),
        ({}, {"currency": "PLN"}, ["currency"]),
        ({"currency": ""}, {"currency": "PLN"}, []),
        ({}, {"quantity": 3}, ["quantity"]),
        ({}, {"quantity": 1, "fees": 1}, []),
        ({}, {"quantity": 2, "fees": 1}, []),
        ({"quantities": frozenset({2, 4})}, {"quantity": 4}, []),
        ({}, {"net": Decimal("97.54")}, ["tax"]),  # 22 % where Amazon has charged 19 %
        ({}, {"net": Decimal("119.00")}, ["tax"]),
        ({}, {"net": Decimal("99.98")}, []),  # a cent for each of the two units
        ({}, {"net": Decimal("99.97")}, ["tax"]),
        ({"tax_range": None}, {"net": Decimal("97.54")}, []),
        ({"tax_range": (Decimal(0), Decimal("25.30"))}, {"net": Decimal("97.54")}, []),
        ({"tax_range": (Decimal(19), Decimal("21.13"))}, {"net": Decimal("97.54")}, ["tax"]),
        ({"totals": frozenset({Decimal(119), Decimal(238)})}, {"total": Decimal(238), "net": Decimal(195)}, ["tax"]),
        ({}, {"total": Decimal("119.01"), "net": Decimal("90")}, ["amount"]),
        ({"quantities": frozenset()}, {"quantity": 9}, []),
        ({}, {"quantity": 3, "total": Decimal(1)}, ["amount", "quantity"]),
        ({"marketplace_id": US}, {"quantity": 3}, []),
    ],
    ids=str,
)
def test_differences(amazon: dict[str, Any], shop: dict[str, Any], expected: list[str]) -> None:
    assert [found.field for found in differences(reported(**amazon), compare_input(in_shop(**shop)))] == expected


def test_an_amount_is_told_to_its_last_decimal() -> None:
    (cents,) = differences(reported(), compare_input(in_shop(total=Decimal("119.010000"))))
    assert (cents.amazon, cents.shop) == ("119.00 EUR", "119.01 EUR")
    (finer,) = differences(reported(), compare_input(in_shop(total=Decimal("119.004000"))))
    assert finer.shop == "119.004 EUR"


def test_the_ledger_knows_why_and_a_person_may_have_set_it_aside() -> None:
    known = entry(code="changed-after-invoice", message=f"order {ID}: Amazon changed quantities after invoice 3")
    shop = in_shop(quantity=3)
    (found,) = differences(reported(), compare_input(shop, entries=(known,)))
    assert found.reason == "Amazon changed quantities after invoice 3"
    aside = entry(code="changed-after-invoice", ignored_by_person=True)
    assert differences(reported(), compare_input(shop, entries=(aside,))) == []


def test_the_total_that_an_import_heard_counts_unless_the_report_is_newer() -> None:
    """A report has no fee for cash on delivery."""
    known = entry(total="121.90 EUR")
    assert with_ledger_total(reported(), known).totals == {Decimal("119.00"), Decimal("121.90")}
    assert with_ledger_total(reported(), known).gross == Decimal("121.90")
    for other in (
        None,
        entry(total=""),
        entry(total="many EUR"),
        entry(total="121.90 PLN"),
        entry(total="121.90 EUR", amazon_updated=NOW - 5 * DAY),
        entry(total="121.90 EUR", amazon_updated=None),
    ):
        assert with_ledger_total(reported(), other) == reported()
    assert with_ledger_total(reported(exact=True), known) == reported(exact=True)


@pytest.mark.parametrize(
    ("shop", "known", "expected"),
    [
        ({}, (), True),
        ({"placed": NOW - 31 * DAY}, (), False),
        ({"placed": NOW}, (), False),
        ({"cancelled": True}, (), False),
        ({"marketplace_id": US}, (), False),
        ({}, (entry(),), False),
        ({}, (entry(purchased=None),), True),
        ({}, (entry(purchased=None, ignored_by_person=True),), False),
    ],
    ids=str,
)
def test_what_the_shop_has_and_amazon_did_not_report(shop: dict[str, Any], known: Any, expected: bool) -> None:
    there = compare_input(in_shop(**shop), entries=known)
    assert bool(surplus_suspects({}, there)) is expected
    assert surplus_suspects({ID: reported()}, there) == []


def test_doubled_orders_but_not_split_shipments_nor_copies_that_are_cancelled() -> None:
    twice = compare_input(in_shop(), in_shop(ids=(9,)))
    assert [(order_id, len(copies)) for order_id, copies in doubled([ID], twice)] == [(ID, 2)]
    assert not list(doubled([ID], compare_input(in_shop(ids=(7, 8)))))
    assert not list(doubled([ID], compare_input(in_shop(), in_shop(ids=(9,), cancelled=True))))
    assert not list(
        doubled([ID], compare_input(in_shop(), in_shop(ids=(9,)), entries=(entry(ignored_by_person=True),)))
    )
    assert not list(doubled([], twice))
