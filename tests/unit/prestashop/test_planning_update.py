"""The work of an update, from Amazon's order and what the shop has, without a database."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from orderferry.config.model import InvoicesSettings, MarketplaceSettings
from orderferry.domain.marker import Marker
from orderferry.domain.orders import Order
from orderferry.prestashop.facts import Carrier, OrderInShop
from orderferry.prestashop.planning.digest import digests_of
from orderferry.prestashop.planning.order_changes import Changes, OrderUpdate, plan_update
from support.resolved_orders import FACTS, MUG, ORDER, PAID, SHIPPED, catalog, market
from support.writing import HOME, NOW, cancelled, shipped

MARKER = Marker(ORDER.order_id, 7, ORDER.marketplace_id, ORDER.channel, ORDER.updated, digests_of(ORDER), PAID.id)
LATER = ORDER.updated + timedelta(hours=1)
FEWER = replace(ORDER, items=(replace(ORDER.items[0], quantity=1),), updated=LATER)
PAPERS = MarketplaceSettings(invoices=InvoicesSettings(mode="shipped"))


def planned(
    order: Order, marker: Marker = MARKER, products: Any = None, invoice: int = 0, **more: Any
) -> tuple[OrderUpdate | None, Changes]:
    known = {"demo_11": (MUG,)} if products is None else products
    here = replace(catalog(known), shop_orders={7: OrderInShop(PAID.id, invoice)})
    return plan_update(order, marker, market(**more), here, NOW)


def update(order: Order, marker: Marker = MARKER, products: Any = None, **more: Any) -> OrderUpdate:
    found, _ = planned(order, marker, products, **more)
    assert found is not None
    return found


def test_nothing_is_written_for_what_is_known() -> None:
    found, changes = planned(ORDER)
    assert (found, changes.summary) == (None, ())


def test_a_later_moment_alone_moves_the_marker() -> None:
    found = update(replace(ORDER, updated=LATER))
    assert (found.changes.summary, found.paperwork, found.place, found.resolved) == ((), None, None, None)


@pytest.mark.parametrize(("adopted", "slip"), [(False, True), (True, None)])
def test_a_new_state_brings_its_papers_except_for_an_adopted_order(adopted: bool, slip: bool | None) -> None:
    found = update(shipped(ORDER), replace(MARKER, adopted=adopted))
    assert found.changes.state == SHIPPED
    assert (found.paperwork and found.paperwork.slip) is slip
    assert found.old_state == PAID


def test_an_invoice_that_waits_is_drawn_without_a_slip_where_a_person_moved_the_order() -> None:
    here = replace(catalog({}), shop_orders={7: OrderInShop(SHIPPED.id)})
    found, _ = plan_update(shipped(ORDER), MARKER, market(settings=PAPERS), here, NOW)
    assert found is not None
    assert found.paperwork is not None
    assert (found.changes.state, found.paperwork.invoice, found.paperwork.slip) == (None, True, False)


def test_new_quantities_bring_new_lines_unless_they_have_a_problem() -> None:
    found = update(FEWER)
    assert found.resolved is not None
    assert found.changes.summary == ("lines and totals",)

    held = update(FEWER, products={})
    assert (held.resolved, held.changes.lines, held.changes.summary, held.changes.message) == (None, False, (), ())
    assert [note.code for note in held.changes.notes] == ["unknown-sku"]
    kept = held.changes.digests
    assert (kept.lines, kept.totals) == (MARKER.digests.lines, MARKER.digests.totals)  # so that it is tried again


def test_an_invoiced_order_keeps_its_lines() -> None:
    found, changes = planned(FEWER, invoice=17)
    assert found is not None
    assert (found.resolved, changes.lines) == (None, False)
    assert [note.code for note in changes.notes] == ["changed-after-invoice"]


def test_a_new_address_is_taken_unless_the_shop_lacks_its_country() -> None:
    found = update(replace(ORDER, delivery_address=replace(HOME, city="Roma"), updated=LATER))
    assert found.place is not None
    assert (found.place.postal.city, found.changes.summary) == ("Roma", ("address",))

    abroad = replace(ORDER, delivery_address=replace(HOME, country="FR"), updated=LATER)
    held = update(abroad)
    assert (held.place, held.changes.address, held.changes.summary, held.changes.message) == (None, False, (), ())
    assert [note.code for note in held.changes.notes] == ["unknown-country"]
    assert held.changes.digests.address == MARKER.digests.address


def test_a_cancelled_order_has_no_new_lines() -> None:
    found = update(replace(cancelled(ORDER), items=FEWER.items))
    assert (found.changes.cancels, found.resolved, found.changes.lines) == (True, None, False)


@pytest.mark.parametrize(
    ("name", "active", "id_carrier"), [("brt", True, 5), ("brt", False, 0), ("UPS", True, 0), ("", True, 0)]
)
def test_the_carrier_of_the_parcel_is_found_by_its_name(name: str, active: bool, id_carrier: int) -> None:
    facts = replace(FACTS, carriers=(Carrier(5, 5, "BRT", active), Carrier(6, 6, "", True)))
    assert update(shipped(ORDER, carrier=name), facts=facts).id_carrier == id_carrier
