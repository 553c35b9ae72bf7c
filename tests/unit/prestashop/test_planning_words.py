"""What an update tells and writes, whole: the sentences of its message, its summary, its problems and its digests."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from orderferry.config.model import InvoicesSettings, MarketplaceSettings
from orderferry.domain.marker import Digests, Marker
from orderferry.domain.orders import Address, Money, Order, OrderStatus, Package, Proceeds, ProceedsType
from orderferry.domain.pricing.priced_order import PricedOrder
from orderferry.domain.problems import Problem, ProblemCode
from orderferry.prestashop.facts import Country, Currency, OrderInShop, OrderState, TaxRule
from orderferry.prestashop.planning.digest import (
    changed_groups,
    digests_of,
    is_deliverable,
    lines_digest,
    merge_digests,
    short_hash,
)
from orderferry.prestashop.planning.order_changes import Changes, OrderUpdate, changes_of, plan_update
from orderferry.prestashop.planning.resolved_order import (
    Paperwork,
    Tracking,
    invoice_mode,
    paperwork_of,
    tracking_of,
)
from orderferry.prestashop.planning.shop_texts import for_staff, shop_moment, shop_zone, utc_of
from support.resolved_orders import (
    CANCELLED,
    FACTS,
    MUG,
    ORDER,
    PAID,
    PLACE,
    SHIPPED,
    amount,
    catalog,
    market,
    priced_order,
)
from support.writing import HOME, NOW, PURCHASED, cancelled, shipped

PREPARING = OrderState(3, "Processing", True, True, True, False, True, True)
HERE = replace(FACTS, states={**FACTS.states, PREPARING.id: PREPARING})
FEWER = replace(ORDER, items=(replace(ORDER.items[0], quantity=1),))
MOVED = replace(ORDER, delivery_address=replace(HOME, city="Roma"))
MARKER = Marker(ORDER.order_id, 7, ORDER.marketplace_id, ORDER.channel, ORDER.updated, digests_of(ORDER), PAID.id)
INVOICED: dict[str, Any] = {"invoice_number": 17, "total": Decimal("37.58"), "tax": Decimal("6.78"), "id_currency": 1}
FOLLOW = "Amazon has changed quantities or amounts; lines and totals follow."
ADDRESS_MOVED = "Amazon has changed the delivery address; the earlier one is still in the address list."


def changes(
    order: Order, current: OrderState = PAID, marker: Marker = MARKER, priced: PricedOrder | None = None, **more: Any
) -> Changes:
    return changes_of(order, marker, OrderInShop(current.id, **more), market(HERE), priced)


@pytest.mark.parametrize(
    ("order", "current", "summary", "message"),
    [
        (ORDER, PAID, (), ()),
        (shipped(ORDER), PAID, ("state 4", "tracking"), ()),
        (MOVED, PAID, ("address",), (ADDRESS_MOVED,)),
        (FEWER, PAID, ("lines and totals",), (FOLLOW,)),
        (
            replace(FEWER, delivery_address=MOVED.delivery_address),
            PAID,
            ("address", "lines and totals"),
            (ADDRESS_MOVED, FOLLOW),
        ),
        (cancelled(ORDER), PAID, ("state 6",), ()),
        (
            cancelled(ORDER),
            PREPARING,
            ("state 6", "message"),
            ("Amazon has cancelled this order: do not send it.",),
        ),
        (
            cancelled(ORDER),
            SHIPPED,
            ("message",),
            ("Amazon has cancelled this order, which is shipped here: stop the parcel, or wait for its return.",),
        ),
        (
            replace(
                shipped(ORDER),
                packages=(
                    Package("1", tracking_number="A"),
                    Package("2", tracking_number="B"),
                    Package("3", tracking_number="C"),
                ),
            ),
            PAID,
            ("state 4", "tracking", "message"),
            ("Further tracking numbers: B, C",),
        ),
        (
            replace(ORDER, status=OrderStatus.PARTIALLY_SHIPPED),
            PAID,
            ("message",),
            ("Amazon has it as partially shipped: how many of what it does not say",),
        ),
        (
            replace(ORDER, items=(replace(ORDER.items[0], cancel_requested_by="BUYER", cancel_request_reason="Late"),)),
            PAID,
            ("message",),
            ("The buyer asks to cancel: demo_11 (Late)",),
        ),
    ],
)
def test_what_is_told_to_staff(
    order: Order, current: OrderState, summary: tuple[str, ...], message: tuple[str, ...]
) -> None:
    found = changes(order, current)

    assert (found.summary, found.message) == (summary, message)
    assert found.cancels is (order.status is OrderStatus.CANCELLED and found.state is not None)


def test_a_cancellation_after_shipping_is_a_problem_with_the_name_of_the_state() -> None:
    (note,) = changes(cancelled(ORDER), SHIPPED).notes

    assert note == Problem(
        ProblemCode.CANCELLED_AFTER_SHIPPING,
        "order 402-1234567-1234567 is cancelled at Amazon, but stands in the state 'Shipped' in the shop",
        ORDER.order_id,
        "Shipped",
    )


@pytest.mark.parametrize(
    ("order", "priced", "more", "difference", "told"),
    [
        (
            FEWER,
            priced_order(total=amount("15.40", "18.79")),
            {},
            "Amazon has changed the order after invoice 17 was issued: total 37.58 → 18.79 EUR, VAT 6.78 → 3.39 EUR "
            "(now 1 × demo_11)",
            ". Lines and totals stay. A credit slip is needed.",
        ),
        (
            FEWER,  # whose money can't be read
            None,
            {},
            "Amazon has changed the order after invoice 17 was issued: total 37.58 → 37.58 EUR, VAT 6.78 → 6.78 EUR "
            "(now 1 × demo_11)",
            ". Lines and totals stay. A credit slip is needed.",
        ),
        (
            cancelled(ORDER),
            None,
            {"credited": Decimal("2.5")},
            "Amazon has cancelled the order after invoice 17 was issued: total 37.58 → 0.00 EUR, VAT 6.78 → 0.00 EUR",
            ". A credit slip is needed.",
        ),
        (
            cancelled(ORDER),
            None,
            {"id_currency": 99},
            "Amazon has cancelled the order after invoice 17 was issued: total 37.58 → 0.00 EUR, VAT 6.78 → 0.00 EUR",
            ". A credit slip is needed.",
        ),
        (
            replace(cancelled(ORDER), grand_total=None),
            None,
            {"id_currency": 99},
            "Amazon has cancelled the order after invoice 17 was issued: total 37.58 → 0.00, VAT 6.78 → 0.00",
            ". A credit slip is needed.",
        ),
        (
            replace(ORDER, items=(replace(ORDER.items[0], quantity=0),)),
            priced_order(total=amount("0", "0")),
            {},
            "Amazon has changed the order after invoice 17 was issued: total 37.58 → 0.00 EUR, VAT 6.78 → 0.00 EUR "
            "(now nothing)",
            ". Lines and totals stay. A credit slip is needed.",
        ),
        (
            replace(FEWER, items=(replace(FEWER.items[0], sku=""),)),
            priced_order(total=amount("15.40", "18.79")),
            {},
            "Amazon has changed the order after invoice 17 was issued: total 37.58 → 18.79 EUR, VAT 6.78 → 3.39 EUR "
            "(now 1 × 00000000000001)",
            ". Lines and totals stay. A credit slip is needed.",
        ),
    ],
)
def test_a_change_after_the_invoice_is_told_with_its_figures(
    order: Order, priced: PricedOrder | None, more: dict[str, Any], difference: str, told: str
) -> None:
    found = changes(order, priced=priced, **{**INVOICED, **more})

    credited = f"{more.get('credited', Decimal(0)):.2f}"
    currency = " EUR" if "EUR" in difference else ""
    (note,) = found.notes
    assert note.message == f"order {ORDER.order_id}: {difference}; credit slips so far: {credited}{currency}"
    assert (note.code, note.subject) == (ProblemCode.CHANGED_AFTER_INVOICE, "17")
    assert found.message[-1] == difference + told
    assert found.lines is False


def test_staff_is_told_once_of_what_is_reported_in_each_run() -> None:
    first = changes(cancelled(ORDER), SHIPPED)
    later = changes(cancelled(ORDER), SHIPPED, replace(MARKER, last_told=first.last_told))
    adopted = changes(cancelled(ORDER), SHIPPED, replace(MARKER, adopted=True, last_told="old"))

    assert (len(first.last_told), len(first.message)) == (16, 1)
    assert (later.last_told, later.message, len(later.notes)) == (first.last_told, (), 1)
    assert (adopted.last_told, adopted.message) == ("old", ())
    assert changes(ORDER, marker=replace(MARKER, last_told="old")).last_told == "old"


@pytest.mark.parametrize(
    ("order", "current", "last_state", "state"),
    [
        (shipped(ORDER), PAID, 2, SHIPPED),
        (shipped(ORDER), PREPARING, 2, None),  # a person has moved it
        (shipped(ORDER), SHIPPED, 4, None),
        (replace(ORDER, status=OrderStatus.PARTIALLY_SHIPPED), SHIPPED, 4, None),  # the shop knew first
        (cancelled(ORDER), CANCELLED, 2, None),
        (cancelled(ORDER), replace(CANCELLED, id=8), 2, None),  # PS_OS_ERROR
        (cancelled(ORDER), replace(CANCELLED, id=7), 2, None),  # PS_OS_REFUND
        (cancelled(ORDER), replace(CANCELLED, id=0), 2, CANCELLED),
        (cancelled(ORDER), replace(PAID, id=99), 99, CANCELLED),
    ],
)
def test_where_the_order_moves(order: Order, current: OrderState, last_state: int, state: OrderState | None) -> None:
    found = changes(order, current, replace(MARKER, last_state=last_state))

    assert (found.state, found.notes) == (state, ())


def test_an_order_that_was_oversold_stays_in_its_backorder_state() -> None:
    back = OrderState(9, "On backorder (paid)", True, True, True, False, False, True)
    settings = {("PS_OS_OUTOFSTOCK_PAID", 0, 0): "9", ("PS_ENABLE_BACKORDER_STATUS", 0, 0): "1"}
    facts = replace(HERE, states={**HERE.states, 9: back}, configuration={**HERE.configuration, **settings})
    marker = replace(MARKER, last_state=9, digests=replace(MARKER.digests, state="another"))
    found = changes_of(ORDER, marker, OrderInShop(9), market(facts), None)

    assert (found.state, found.summary) == (None, ())


def test_an_address_is_moved_before_shipping_or_where_the_shop_has_none() -> None:
    parcel = replace(shipped(ORDER), delivery_address=MOVED.delivery_address)
    withheld = replace(MARKER, digests=replace(MARKER.digests, address=""))

    assert [changes(MOVED, state).address for state in (PAID, PREPARING, SHIPPED)] == [True, True, False]
    assert (changes(parcel).address, changes(parcel, marker=withheld).address) == (False, True)
    assert changes(MOVED, SHIPPED, withheld).address


def planned(order: Order, state: OrderState = PAID, **more: Any) -> OrderUpdate:
    here = replace(catalog({"demo_11": (MUG,)}), shop_orders={7: OrderInShop(state.id)})
    found, _ = plan_update(order, MARKER, market(HERE, **more), here, NOW)
    assert found is not None
    return found


def test_an_update_has_everything_that_its_transaction_needs() -> None:
    later = shipped(MOVED)
    found = planned(later, PAID)

    assert (found.order, found.marker, found.before, found.now) == (later, MARKER, OrderInShop(2), NOW)
    assert (found.written, found.old_state, found.id_carrier) == ("2026-11-23 08:12:35", PAID, 0)
    assert found.paperwork == Paperwork(row=True, invoice=True, slip=True)
    assert found.changes.tracking == Tracking("1Z999")
    assert (found.place, found.resolved) == (None, None)
    assert planned(shipped(ORDER), replace(PAID, id=99)).old_state is None


@pytest.mark.parametrize(
    ("order", "problem", "summary", "message"),
    [
        (replace(MOVED, delivery_address=replace(HOME, country="FR")), "unknown-country", (), ()),
        (
            replace(FEWER, delivery_address=replace(HOME, country="FR")),
            "unknown-country",
            (),
            (),
        ),
        (
            replace(
                shipped(replace(MOVED, delivery_address=replace(HOME, country="FR"))),
                status=OrderStatus.PARTIALLY_SHIPPED,
            ),
            "unknown-country",
            ("tracking", "message"),
            ("Amazon has it as partially shipped: how many of what it does not say",),
        ),
    ],
)
def test_an_update_without_a_part_that_the_shop_can_not_take(
    order: Order, problem: str, summary: tuple[str, ...], message: tuple[str, ...]
) -> None:
    found = planned(replace(order, updated=ORDER.updated + timedelta(hours=1))).changes

    assert (found.summary, found.message) == (summary, message)
    assert {note.code for note in found.notes} == {problem}


@pytest.mark.parametrize(
    ("mode", "business", "programs", "used"),
    [
        ("state", "", (), "state"),
        ("state", "never", (), "state"),
        ("state", "never", ("AMAZON_BUSINESS",), "never"),
        ("shipped", "", ("AMAZON_BUSINESS",), "shipped"),
    ],
)
def test_when_an_order_is_invoiced(mode: str, business: str, programs: tuple[str, ...], used: str) -> None:
    settings = InvoicesSettings(mode=mode, business=business)

    assert invoice_mode(replace(ORDER, programs=programs), settings) == used


def test_what_is_no_sale_is_never_invoiced() -> None:
    settings = InvoicesSettings(mode="state")

    assert invoice_mode(replace(ORDER, grand_total=Money(Decimal("0.00"), "EUR")), settings) == "never"
    assert invoice_mode(replace(ORDER, replaces=("402-0000000-0000001",)), settings) == "never"
    assert invoice_mode(replace(ORDER, grand_total=None), settings) == "state"


def test_the_tax_of_wrapping_is_that_of_the_place_of_delivery() -> None:
    facts = replace(
        FACTS,
        configuration={**FACTS.configuration, ("PS_GIFT_WRAPPING_TAX_RULES_GROUP", 0, 0): "5"},
        tax_rules={(5, 10): (TaxRule(2, id_state=183), TaxRule(1))},
    )
    here = market(facts)
    germany = Country(1, "DE", 1, False, False, True)

    assert paperwork_of(ORDER, PAID, here, country=PLACE.country, place=PLACE).wrapping_tax == 2
    assert paperwork_of(ORDER, PAID, here, country=PLACE.country).wrapping_tax == 1
    assert paperwork_of(ORDER, PAID, here, country=germany).wrapping_tax == 0
    assert paperwork_of(ORDER, PAID, here, country=None).wrapping_tax == 0
    assert paperwork_of(ORDER, PAID, market(), country=PLACE.country).wrapping_tax == 0


@pytest.mark.parametrize(
    ("state", "setting", "papers"),
    [
        (PAID, "1", Paperwork(row=True, invoice=True)),
        (PAID, "0", Paperwork(row=True, dated=True)),
        (replace(SHIPPED, invoice=False), "1", Paperwork(row=True, slip=True)),
        (replace(PAID, invoice=False, logable=True), "1", Paperwork(row=False)),
    ],
)
def test_papers_by_the_flags_of_the_state(state: OrderState, setting: str, papers: Paperwork) -> None:
    facts = replace(FACTS, configuration={("PS_INVOICE", 0, 0): setting})

    assert paperwork_of(ORDER, state, market(facts), country=PLACE.country) == papers


@pytest.mark.parametrize("mode", ["shipped", "never"])
def test_a_sale_that_is_not_invoiced_here_is_dated_once_it_counts(mode: str) -> None:
    here = market(settings=MarketplaceSettings(invoices=InvoicesSettings(mode=mode)))

    assert paperwork_of(ORDER, PAID, here, country=None).dated
    assert not paperwork_of(ORDER, replace(PAID, logable=False), here, country=None).dated


def test_parcels_without_a_time_come_last_and_one_number_counts_once() -> None:
    packages = (
        Package("9", tracking_number="C"),
        Package("8", carrier="DHL", tracking_number="B"),
        Package("1", carrier="BRT", tracking_number=" A ", ship_time=PURCHASED),
        Package("2", tracking_number="A", ship_time=PURCHASED),
        Package("3", tracking_number="", ship_time=PURCHASED - timedelta(days=1)),
        Package("4", tracking_number="V", status="CANCELLED"),
    )

    assert tracking_of(packages) == Tracking("A", "BRT", ("B", "C"))


# What digests are made of. They are kept in shops: another digest of the same data would be reported as a change.
@pytest.mark.parametrize(
    ("changed", "groups"),
    [
        ({"status": OrderStatus.SHIPPED}, {"state"}),
        ({"packages": (Package("1", tracking_number="A"),)}, {"tracking"}),
        ({"grand_total": Money(Decimal(1), "EUR")}, {"totals"}),
        ({"grand_total": Money(Decimal("37.58"), "PLN")}, {"totals"}),
        ({"grand_total": None}, {"totals"}),
        ({"proceeds": (Proceeds(ProceedsType.COD_FEE, Money(Decimal(1), "EUR")),)}, {"totals"}),
        ({"service_level": "EXPEDITED", "updated": NOW}, set()),
        ({"delivery_address": replace(HOME, phone="1")}, set()),
        *[
            ({"delivery_address": replace(HOME, **{name: ("X",) if name == "lines" else "X"})}, {"address"})
            for name in (
                "name",
                "company",
                "lines",
                "city",
                "district",
                "municipality",
                "region",
                "postal_code",
                "country",
            )
        ],
    ],
)
def test_each_group_of_digests_follows_its_own_data(changed: dict[str, Any], groups: set[str]) -> None:
    assert changed_groups(digests_of(ORDER), digests_of(replace(ORDER, **changed))) == groups


@pytest.mark.parametrize(
    ("changed", "groups"),
    [
        ({"quantity": 1}, {"lines"}),
        ({"sku": "X"}, {"lines"}),
        ({"cancelled_by": "BUYER"}, set()),  # pieces were sold again
        ({"quantity": 0}, {"lines"}),
        ({"cancel_requested_by": "BUYER"}, {"state"}),
        ({"title": "X"}, set()),
        ({"proceeds": ()}, {"totals"}),
    ],
)
def test_each_group_of_digests_follows_its_own_data_of_items(changed: dict[str, Any], groups: set[str]) -> None:
    after = replace(ORDER, items=(replace(ORDER.items[0], **changed),))

    assert changed_groups(digests_of(ORDER), digests_of(after)) == groups


def test_digests_stay_what_they_were_when_they_were_written() -> None:
    def digest(text: str) -> str:
        return hashlib.sha256(text.encode("ascii")).hexdigest()[:16]

    assert digests_of(shipped(ORDER, carrier="BRT")) == Digests(
        state=digest('["SHIPPED",[]]'),
        lines=digest('[[["00000000000001","demo_11",2,""]]]'),
        address=digest('["Mario Rossi","",["Via Roma 1","Scala B"],"Milano","","","MI","20121","IT"]'),
        tracking=digest('["1Z999","BRT",[]]'),
        totals=digest(
            '[["37.58","EUR"],[["00000000000001",["ITEM","",["29.04","EUR"]],["SHIPPING","",["8.54","EUR"]],'
            '["TAX","",["6.78","EUR"]]]],[]]'
        ),
        version=1,
    )
    partly = replace(
        ORDER,
        status=OrderStatus.PARTIALLY_SHIPPED,
        items=(replace(ORDER.items[0], quantity_fulfilled=1, cancel_requested_by="BUYER"),),
    )
    assert digests_of(partly).state == digest('["PARTIALLY_SHIPPED",["00000000000001"],[["00000000000001",1]]]')
    assert short_hash("è", None) == digest('["\\u00e8",null]')


def test_a_partially_shipped_order_is_followed_piece_by_piece() -> None:
    part = replace(ORDER, status=OrderStatus.PARTIALLY_SHIPPED)
    one = replace(part, items=(replace(ORDER.items[0], quantity_fulfilled=1),))

    assert changed_groups(digests_of(part), digests_of(one)) == {"state"}
    unshipped = replace(ORDER, items=(replace(ORDER.items[0], quantity_fulfilled=1),))
    assert changed_groups(digests_of(ORDER), digests_of(unshipped)) == set()


def test_digests_of_another_version_are_kept_in_the_new_one() -> None:
    old = Digests("a", "b", "", "d", "e", version=0)
    new = Digests("1", "2", "3", "", "5", version=1)

    assert changed_groups(old, new) == {"address"}
    assert merge_digests(old, new) == Digests("1", "2", "3", "d", "5", version=1)


@pytest.mark.parametrize(
    ("address", "deliverable"),
    [
        (None, False),
        (Address(name="A", lines=("B",)), True),
        (Address(company="A", lines=("B",)), True),
        (Address(lines=("B",)), False),
        (Address(name="A"), False),
    ],
)
def test_an_address_has_a_name_and_a_street(address: Address | None, *, deliverable: bool) -> None:
    assert is_deliverable(address) is deliverable


def test_the_digest_of_lines_follows_what_staff_can_change() -> None:
    line = {"product_id": 6, "product_attribute_id": 0, "product_quantity": 2, "total_price_tax_incl": "29.04"}
    known = lines_digest([line])

    assert known == lines_digest([{**line, "total_price_tax_incl": Decimal("29.040000"), "id_order_detail": 5}])
    for name in line:
        assert lines_digest([{**line, name: 9}]) != known
    other = {**line, "product_id": 7}
    assert lines_digest([line, other]) == lines_digest([other, line])


def test_times_as_the_shop_and_as_staff_read_them() -> None:
    rome = ZoneInfo("Europe/Rome")

    assert shop_moment(NOW, rome) == "2026-11-23 08:12:35"
    assert (for_staff(NOW, rome), for_staff(None, rome)) == ("2026-11-23 08:12", "")
    assert utc_of("2026-11-23 08:12:35", rome) == NOW
    assert utc_of(datetime(2026, 11, 23, 8, 12, 35), rome) == NOW
    assert [utc_of(value, rome) for value in (None, "0000-00-00 00:00:00", "")] == [None, None, None]
    assert [shop_zone(name).key for name in ("Europe/Rome", "", "No/Such", "../x")] == [
        "Europe/Rome",
        "UTC",
        "UTC",
        "UTC",
    ]
    assert utc_of("2026-11-23 08:12:35", shop_zone("")) == datetime(2026, 11, 23, 8, 12, 35, tzinfo=UTC)


def test_a_currency_is_known_by_its_number() -> None:
    facts = replace(
        HERE,
        currencies={"EUR": Currency(1, "EUR", Decimal(1), 2, True), "SEK": Currency(2, "SEK", Decimal(11), 2, True)},
    )
    found = changes_of(cancelled(ORDER), MARKER, OrderInShop(2, **{**INVOICED, "id_currency": 2}), market(facts), None)

    assert "total 37.58 → 0.00 SEK" in found.notes[0].message


def test_an_invoiced_order_that_amazon_has_not_changed_is_no_matter() -> None:
    """Staff may have edited it: its total is another one than Amazon's."""
    edited = {**INVOICED, "total": Decimal("30.00"), "tax": Decimal("5.41")}

    assert changes(replace(ORDER, updated=NOW), **edited).notes == ()
    assert changes(shipped(ORDER), SHIPPED, **edited).notes == ()
    late = changes(cancelled(ORDER), SHIPPED, **edited)
    assert [note.code for note in late.notes] == [ProblemCode.CANCELLED_AFTER_SHIPPING]


@pytest.mark.parametrize(
    ("order", "state", "found"),
    [
        (ORDER, PREPARING, None),  # what has changed is not known, and nobody has sent it
        (shipped(ORDER), PREPARING, SHIPPED),
        (shipped(ORDER), replace(SHIPPED, id=5, name="Delivered"), None),
    ],
)
def test_digests_of_another_version_move_an_order_only_when_it_was_sent(
    order: Order, state: OrderState, found: OrderState | None
) -> None:
    facts = replace(HERE, states={**HERE.states, state.id: state})
    old = replace(MARKER, last_state=state.id, digests=Digests("x", "x", "x", "x", "x", version=0))

    assert changes_of(order, old, OrderInShop(state.id), market(facts), None).state == found


def test_an_invoiced_order_whose_new_money_can_not_be_read_has_one_problem() -> None:
    here = replace(catalog({}), shop_orders={7: OrderInShop(PAID.id, **INVOICED)})
    found, _ = plan_update(replace(FEWER, updated=NOW), MARKER, market(HERE), here, NOW)

    assert found is not None
    assert [note.code for note in found.changes.notes] == [ProblemCode.CHANGED_AFTER_INVOICE]
