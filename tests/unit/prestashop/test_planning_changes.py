"""What Amazon's news mean for an imported order: a table of cases."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orderferry.config.model import InvoicesSettings, MarketplaceSettings, OrdersSettings
from orderferry.domain.marker import Digests, Marker
from orderferry.domain.orders import Address, Channel, Order, OrderStatus, Package
from orderferry.domain.pricing.priced_order import Amount
from orderferry.domain.problems import ProblemCode
from orderferry.prestashop.facts import OrderInShop, OrderState
from orderferry.prestashop.planning.digest import changed_groups, digests_of, merge_digests
from orderferry.prestashop.planning.goods import (
    Goods,
    Movement,
    goods_given_back,
    goods_of,
    goods_taken,
    record_given_back,
    record_taken,
    still_there,
    stock_changes,
)
from orderferry.prestashop.planning.order_changes import changes_of
from orderferry.prestashop.planning.resolve_mappings import state_kind
from orderferry.prestashop.planning.resolved_order import Tracking, tracking_of
from support import resolved_orders
from support.resolved_orders import CANCELLED, MUG, ORDER, PAID, SHIPPED, market
from support.writing import HOME, PURCHASED, cancelled, shipped

PREPARING = OrderState(3, "Processing", True, True, True, False, True, True)
FACTS = replace(resolved_orders.FACTS, states={**resolved_orders.FACTS.states, PREPARING.id: PREPARING})


def marker_of(order: Order = ORDER, last_state: int = 2, **more: Any) -> Marker:
    return Marker(
        order.order_id, 1, order.marketplace_id, order.channel, order.updated, digests_of(order), last_state, **more
    )


def changes(
    order: Order, current: OrderState = PAID, marker: Marker | None = None, priced: Any = None, **more: Any
) -> Any:
    """`more`: fields of OrderInShop, and invoiced_when_shipped."""
    mode = "shipped" if more.pop("invoiced_when_shipped", False) else "state"
    here = market(FACTS, settings=MarketplaceSettings(invoices=InvoicesSettings(mode=mode)))
    return changes_of(order, marker or marker_of(), OrderInShop(current.id, **more), here, priced)


@pytest.mark.parametrize(
    ("order", "current", "summary"),
    [
        (ORDER, PAID, ()),
        (shipped(ORDER), PAID, ("state 4", "tracking")),
        (shipped(ORDER), SHIPPED, ("tracking",)),
        (shipped(ORDER), PREPARING, ("tracking",)),
        (cancelled(ORDER), PAID, ("state 6",)),
        (cancelled(ORDER), PREPARING, ("state 6", "message")),
        (cancelled(ORDER), CANCELLED, ()),
        (replace(ORDER, status=OrderStatus.PARTIALLY_SHIPPED), PAID, ("message",)),
        (replace(ORDER, delivery_address=replace(HOME, city="Roma")), PAID, ("address",)),
        (replace(ORDER, delivery_address=replace(HOME, city="Roma")), SHIPPED, ()),
        (replace(ORDER, delivery_address=None), PAID, ()),
    ],
    ids=[
        "nothing new",
        "shipped",
        "shipped in the shop before Amazon",
        "moved by a person",
        "cancelled",
        "cancelled while a person prepares it",
        "cancelled in the shop too",
        "partially shipped",
        "address corrected",
        "address corrected too late",
        "address withdrawn",
    ],
)
def test_changes(order: Order, current: OrderState, summary: tuple[str, ...]) -> None:
    found = changes(order, current)

    assert found.summary == summary
    assert found.notes == ()


def test_a_cancellation_that_comes_too_late_is_reported_again_and_again() -> None:
    first = changes(cancelled(ORDER), SHIPPED)
    again = changes(cancelled(ORDER), SHIPPED, replace(marker_of(), digests=first.digests, last_told=first.last_told))

    assert (first.summary, again.summary) == (("message",), ())  # staff is told once
    for found in (first, again):
        assert [note.code for note in found.notes] == [ProblemCode.CANCELLED_AFTER_SHIPPING]


INVOICED = {"invoice_number": 17, "total": Decimal("48.80"), "tax": Decimal("8.80")}
FEWER = replace(ORDER, items=(replace(ORDER.items[0], quantity=1),))
OTHER_AMOUNTS = replace(
    ORDER,
    items=(replace(ORDER.items[0], proceeds=(*ORDER.items[0].proceeds, ORDER.items[0].proceeds[0])), *ORDER.items[1:]),
)


def priced(incl: str, tax: str) -> Any:
    """What changes_of reads of an order's new money."""
    return SimpleNamespace(total=Amount(Decimal(incl) - Decimal(tax), Decimal(incl)))


def test_amounts_follow_before_the_invoice_and_are_reported_after_it() -> None:
    before, after = changes(FEWER), changes(FEWER, priced=priced("24.40", "4.40"), **INVOICED)
    assert (before.lines, before.notes) == (True, ())
    assert (after.lines, [note.code for note in after.notes]) == (False, [ProblemCode.CHANGED_AFTER_INVOICE])
    assert after.digests.lines == marker_of().digests.lines != before.digests.lines
    assert "total 48.80 → 24.40 EUR, VAT 8.80 → 4.40" in after.notes[0].message


def test_a_tax_that_changes_alone_after_the_invoice_is_reported_with_its_figures() -> None:
    after = changes(OTHER_AMOUNTS, priced=priced("48.80", "7.79"), **INVOICED)

    assert [note.code for note in after.notes] == [ProblemCode.CHANGED_AFTER_INVOICE]
    assert "VAT 8.80 → 7.79" in after.notes[0].message


def test_amounts_that_are_split_otherwise_with_the_same_total_and_tax_leave_the_invoice_right() -> None:
    after = changes(OTHER_AMOUNTS, priced=priced("48.80", "8.80"), **INVOICED)

    assert (after.notes, after.lines, after.summary) == ((), False, ())
    assert after.digests.totals == digests_of(OTHER_AMOUNTS).totals


@pytest.mark.parametrize(
    ("order", "money", "credited", "held"),
    [
        (cancelled(ORDER), None, "0", True),
        (cancelled(ORDER), None, "24.40", True),
        (cancelled(ORDER), None, "48.80", False),
        (FEWER, ("24.40", "4.40"), "0", True),
        (FEWER, ("24.40", "4.40"), "24.40", False),
        (FEWER, ("24.40", "4.40"), "10.00", True),
        (OTHER_AMOUNTS, ("48.80", "7.79"), "48.80", False),
        (OTHER_AMOUNTS, ("60.00", "10.82"), "0", True),
    ],
)
def test_a_change_after_the_invoice_is_held_until_a_credit_slip_covers_it(
    order: Order, money: tuple[str, str] | None, credited: str, held: bool
) -> None:
    found = changes(order, priced=priced(*money) if money else None, credited=Decimal(credited), **INVOICED)

    assert [note.code for note in found.notes] == ([ProblemCode.CHANGED_AFTER_INVOICE] if held else [])


def test_an_invoice_that_staff_has_corrected_in_the_shop_is_right_without_a_credit_slip() -> None:
    """PrestaShop lets staff change the quantity of an invoiced order, and corrects its invoice."""
    one_less = replace(OTHER_AMOUNTS, items=(replace(OTHER_AMOUNTS.items[0], quantity=1), *OTHER_AMOUNTS.items[1:]))
    corrected = changes(
        one_less, priced=priced("24.40", "4.40"), invoice_number=17, total=Decimal("24.40"), tax=Decimal("4.40")
    )

    assert corrected.notes == ()
    assert corrected.digests == digests_of(one_less)


def test_other_goods_at_the_same_amounts_are_reported_after_the_invoice() -> None:
    assert changes(FEWER, priced=priced("48.80", "8.80"), **INVOICED).notes


def test_a_credit_slip_never_covers_a_total_that_has_grown() -> None:
    """Unless it takes back the whole invoice, for another one to be written."""
    grown = priced("60.00", "10.82")

    assert changes(OTHER_AMOUNTS, priced=grown, credited=Decimal("5.00"), **INVOICED).notes
    assert changes(OTHER_AMOUNTS, priced=grown, credited=Decimal("48.80"), **INVOICED).notes == ()


def test_a_cancellation_after_the_invoice_moves_the_state_and_is_reported_again_until_it_is_credited() -> None:
    first = changes(cancelled(ORDER), **INVOICED)
    marker = replace(marker_of(), digests=first.digests, last_told=first.last_told, last_state=CANCELLED.id)
    again = changes(cancelled(ORDER), CANCELLED, marker, **INVOICED)

    assert (first.summary, again.summary) == (("state 6", "message"), ())
    assert "total 48.80 → 0.00 EUR, VAT 8.80 → 0.00" in first.notes[0].message
    assert [note.code for note in again.notes] == [ProblemCode.CHANGED_AFTER_INVOICE]


@pytest.mark.parametrize(
    ("order", "current", "more", "invoice"),
    [
        (shipped(ORDER), PAID, {}, False),  # with the state that it enters
        (shipped(ORDER), PREPARING, {}, True),
        (shipped(ORDER), SHIPPED, {}, True),
        (shipped(ORDER), SHIPPED, {"invoice_number": 5}, False),
        (ORDER, SHIPPED, {}, False),
        (shipped(ORDER), SHIPPED, {"invoiced_when_shipped": False}, False),
    ],
)
def test_an_invoice_that_waits_for_the_shipment_is_drawn_also_where_a_person_moved_the_order(
    order: Order, current: OrderState, more: dict[str, Any], invoice: bool
) -> None:
    assert changes(order, current, **{"invoiced_when_shipped": True, **more}).invoice is invoice


def test_an_order_that_amazon_reopens_has_the_lines_that_it_had() -> None:
    """What Amazon leaves of lines and amounts of a cancelled order is not what the shop's rows say."""
    zero = replace(ORDER.items[0], quantity=0, proceeds=(), proceeds_total=None, cancelled_by="BUYER")
    gone = replace(cancelled(ORDER), items=(zero,), grand_total=None)
    after = changes(gone)
    assert after.summary == ("state 6",)
    marker = replace(marker_of(), digests=after.digests, last_state=6)
    back = replace(ORDER, updated=gone.updated + timedelta(hours=1))
    for items in (ORDER.items, (replace(ORDER.items[0], cancelled_by="BUYER"),)):
        reopened = changes(replace(back, items=items), CANCELLED, marker, invoice_number=7)
        assert (reopened.summary, reopened.notes) == (("state 2",), ())


def test_a_request_to_cancel_ends_with_the_item() -> None:
    asking = replace(ORDER.items[0], cancel_requested_by="BUYER", cancel_request_reason="Changed mind")
    own = OrdersSettings(state_cancel_requested="9")
    assert state_kind(replace(ORDER, items=(asking,)), own) == "cancel_requested"
    other = replace(ORDER.items[0], item_id="2")
    settled = replace(ORDER, items=(replace(asking, quantity=0, cancelled_by="MERCHANT"), other))
    assert state_kind(settled, own) == "paid"
    before = marker_of(replace(ORDER, items=(asking, other)))
    assert "state" in changed_groups(before.digests, digests_of(settled))


def test_what_was_given_back_is_recorded_as_that() -> None:
    goods = (Goods(6, 0, 2), Goods(7, 1, 1, reserves=False))
    text = record_given_back(goods)
    assert goods_given_back(text) == goods
    assert goods_taken(text) == ()  # nothing of it is taken
    assert goods_given_back(record_taken(goods)) == ()
    assert record_given_back(()) == ""
    assert goods_given_back("-[[1") == ()


def test_adopted_orders_are_followed_in_state_and_tracking_alone() -> None:
    moved = replace(shipped(ORDER), delivery_address=replace(HOME, city="Roma"), items=())

    assert changes(moved, marker=marker_of(adopted=True)).summary == ("state 4", "tracking")


def test_digests_of_another_version_are_no_news_but_shipping_is() -> None:
    old = replace(marker_of(), digests=Digests("x", "x", "x", "x", "x", version=0))

    assert changes(ORDER, marker=old).summary == ()
    assert changes(cancelled(ORDER), marker=old).summary == ("state 6",)
    assert changes(shipped(ORDER), marker=old).summary == ("state 4",)
    assert changes(shipped(ORDER), marker=replace(old, adopted=True)).summary == ("state 4",)


def test_what_amazon_says_for_the_first_time_is_news_whatever_the_digests_version() -> None:
    old = replace(marker_of(), digests=Digests("x", "x", "", "", "x", version=0))

    assert changes(shipped(ORDER), marker=old).summary == ("state 4", "tracking", "address")
    assert changes(ORDER, marker=old).summary == ("address",)
    assert changes(shipped(ORDER), marker=replace(old, adopted=True)).summary == ("state 4", "tracking")


@given(st.sampled_from(["state", "lines", "address", "tracking", "totals"]))
def test_an_empty_digest_is_never_a_change(group: str) -> None:
    old = Digests("a", "b", "c", "d", "e")
    new = replace(old, **{group: ""})

    assert changed_groups(old, new) == frozenset()
    assert merge_digests(old, new) == old
    assert changed_groups(old, replace(old, **{group: "z"})) == {group}


def test_each_further_part_of_an_order_on_its_way_is_news() -> None:
    item = replace(ORDER.items[0], quantity=3, quantity_fulfilled=1)
    first = replace(ORDER, status=OrderStatus.PARTIALLY_SHIPPED, items=(item,))
    second = replace(first, items=(replace(item, quantity_fulfilled=2),))

    found = changes(second, marker=marker_of(first))
    assert found.summary == ("message",)
    assert found.message == (f"Amazon has it as partially shipped: 2 of 3 {item.sku}",)


def test_notation_of_amounts_and_order_of_items_are_no_news() -> None:
    item = ORDER.items[0]
    other = replace(item, item_id="2")
    two = replace(ORDER, items=(item, other))
    assert item.proceeds_total is not None
    rewritten = replace(
        item,
        proceeds=tuple(replace(row, amount=replace(row.amount, amount=row.amount.amount * 1)) for row in item.proceeds),
    )

    assert digests_of(two) == digests_of(replace(two, items=(other, rewritten)))


@pytest.mark.parametrize(
    ("order", "settings", "kind"),
    [
        (ORDER, OrdersSettings(), "paid"),
        (replace(ORDER, programs=("PRIME",)), OrdersSettings(), "paid"),
        (replace(ORDER, programs=("PRIME", "AMAZON_BUSINESS")), OrdersSettings(state_prime="9"), "prime"),
        (replace(ORDER, programs=("AMAZON_BUSINESS",)), OrdersSettings(state_business="9"), "business"),
        (shipped(replace(ORDER, programs=("PRIME",))), OrdersSettings(state_prime="9"), "shipped"),
        (shipped(replace(ORDER, channel=Channel.FBA)), OrdersSettings(), "fba"),
        (replace(ORDER, status=OrderStatus.INVOICE_UNCONFIRMED), OrdersSettings(), "shipped"),
        (cancelled(ORDER), OrdersSettings(), "cancelled"),
    ],
)
def test_kinds_of_states(order: Order, settings: OrdersSettings, kind: str) -> None:
    assert state_kind(order, settings) == kind


def test_stock_changes_are_relative_sorted_and_move_the_total_row() -> None:
    goods = (Goods(9, 0, 1), Goods(3, 7, 2), Goods(3, 8, 1))

    assert stock_changes(goods, Movement.SELL) == [
        ((3, 0), (-3, -3, 0)),
        ((3, 7), (-2, 0, 2)),
        ((3, 8), (-1, 0, 1)),
        ((9, 0), (-1, 0, 1)),
    ]
    assert stock_changes(goods, Movement.SHIP) == [((3, 7), (0, -2, -2)), ((3, 8), (0, -1, -1)), ((9, 0), (0, -1, -1))]


@given(
    st.lists(st.builds(Goods, st.integers(1, 4), st.integers(0, 2), st.integers(1, 9), st.booleans()), max_size=5),
    st.sampled_from(
        [
            (Movement.SELL, Movement.GIVE_BACK),
            (Movement.SELL_SHIPPED, Movement.RETURN_SHIPPED),
        ]
    ),
)
def test_what_is_undone_leaves_no_trace(goods: list[Goods], way: tuple[Movement, Movement]) -> None:
    sums: dict[tuple[int, int], tuple[int, ...]] = {}
    for movement in way:
        for key, change in stock_changes(goods, movement):
            sums[key] = tuple(a + b for a, b in zip(sums.get(key, (0, 0, 0)), change, strict=True))
            quantity, physical, reserved = sums[key]
            assert physical == quantity + reserved
    assert not any(any(change) for change in sums.values())
    assert goods_taken(record_taken(goods)) == tuple(goods)


def test_packs_by_type() -> None:
    pack = replace(MUG, pack_items=((1, 0, 2), (2, 5, 1)), pack_stock_type=3)
    contents = (Goods(1, 0, 6, False), Goods(2, 5, 3, False))

    assert goods_of(pack, 3, 0) == (Goods(6, 0, 3),)
    assert goods_of(pack, 3, 1) == contents
    assert goods_of(pack, 3, 2) == (Goods(6, 0, 3), *contents)
    assert goods_of(replace(pack, pack_stock_type=1), 3, 0) == contents


def test_a_record_that_a_person_spoilt_moves_nothing() -> None:
    assert goods_taken("not JSON") == goods_taken('{"a": 1}') == goods_taken("") == ()


def test_what_is_still_there_shrinks_with_the_orders_lines() -> None:
    taken = (Goods(1, 0, 3), Goods(1, 0, 2), Goods(2, 0, 4, False))

    assert still_there(taken, {(1, 0): 4}) == (Goods(1, 0, 3), Goods(1, 0, 1), Goods(2, 0, 4, False))
    assert still_there(taken, {}) == (Goods(2, 0, 4, False),)


def test_tracking_takes_the_first_parcel_that_left() -> None:
    packages = (
        Package("1", tracking_number="LATE", ship_time=PURCHASED + timedelta(days=2)),
        Package("2", carrier="BRT", tracking_number="FIRST", ship_time=PURCHASED),
        Package("3", tracking_number="VOID", status="CANCELLED", ship_time=PURCHASED - timedelta(days=1)),
        Package("4"),
    )

    assert tracking_of(packages) == Tracking("FIRST", "BRT", ("LATE",))
    assert tracking_of(()) == Tracking()


def test_an_address_that_amazon_withholds_has_no_digest_and_is_no_change() -> None:
    there = digests_of(ORDER)
    nowhere = Address(name="Anna Verdi", city="Roma", postal_code="00100", country="IT")  # no street
    assert there.address
    for withheld in (None, nowhere, Address(lines=("Via Roma 1",))):
        digests = digests_of(replace(ORDER, delivery_address=withheld))
        assert digests.address == ""
        assert changed_groups(there, digests) == frozenset()
        assert merge_digests(there, digests).address == there.address
