"""The words for an order that are written down or sent: a changed word would not be understood any more."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from enum import Enum

import pytest

from orderferry.domain.adoption import Doubt
from orderferry.domain.check_result import Grade
from orderferry.domain.compared_orders import ReportEnd
from orderferry.domain.decide import REASON_TEXTS, Reason
from orderferry.domain.ledger_entry import ADOPTED, SET_ASIDE, EntryState, FindingKind, HistoryEvent
from orderferry.domain.marker import DIGEST_GROUPS, WRITING, Action, Digests, Outcome
from orderferry.domain.marketplaces import Region
from orderferry.domain.orders import (
    CREATION_TIME,
    UPDATE_TIME,
    Address,
    Buyer,
    Channel,
    DeliveryHours,
    Flaw,
    Item,
    Order,
    OrderStatus,
    ProceedsType,
    TaxRegistration,
    without_buyer,
    without_postcode,
)
from orderferry.domain.pricing.priced_order import Reading
from orderferry.domain.pricing.tax_law import TaxScheme
from orderferry.domain.problems import HINTS, Problem, ProblemCode
from orderferry.domain.search import Basis
from orderferry.domain.server_texts import FileTrouble
from orderferry.domain.text import Field


@pytest.mark.parametrize(
    ("words", "written"),
    [
        (Action, "create update recreate unchanged wait hold ignore"),
        (Basis, "updated created"),
        (Channel, "regular fba"),
        (Doubt, "several-orders several-ids no-order"),
        (EntryState, "seen waiting held failed ignored imported"),
        (FileTrouble, "no-space read-only"),
        (FindingKind, "missing surplus different"),
        (Grade, "ok warning failure"),
        (HistoryEvent, "seen changed-at-amazon judged set-aside taken-back missed"),
        (Outcome, "created updated unchanged waiting held failed ignored"),
        (ProceedsType, "ITEM SHIPPING GIFT_WRAP COD_FEE TAX DISCOUNT DELIVERY_TIP OTHER"),
        (Reading, "tax-on-top tax-inside no-tax"),
        (
            Reason,
            "payment-pending pre-order fba-not-shipped not-amazon cancelled before-since other-importer set-aside "
            "older-news",
        ),
        (Region, "eu na fe"),
        (ReportEnd, "DONE CANCELLED FATAL"),
        (
            TaxScheme,
            "domestic oss intra-community export collected-by-amazon departure-unknown unknown",
        ),
        (
            ProblemCode,
            "unknown-sku ambiguous-sku advanced-stock unmapped-currency unreconciled-total no-vat-rate unknown-status "
            "bad-field no-address unknown-country deleted-in-shop shop-restored cancelled-after-shipping "
            "changed-after-invoice given-up duplicate-invoice-number other-importer not-ready not-importable not-found "
            "request-rejected write-failed keeps-changing future-time unreadable-order clock-off missing-data "
            "ledger-rebuilt implausible-answer exposed-configuration",
        ),
    ],
    ids=lambda given: given.__name__ if isinstance(given, type) else "",
)
def test_words_that_ledger_shop_and_reports_keep(words: type[Enum], written: str) -> None:
    assert [word.value for word in words] == written.split()


def test_kinds_of_fields_are_told_in_words() -> None:
    assert [field.value for field in Field] == [
        "name",
        "address line",
        "city",
        "postcode",
        "phone",
        "company",
        "dni",
        "generic",
        "message",
        "reference",
        "tracking number",
    ]


def test_single_words_that_are_kept() -> None:
    assert (ADOPTED, SET_ASIDE) == ("adopted", "set-aside")
    assert (UPDATE_TIME, CREATION_TIME) == ("lastUpdatedTime", "createdTime")
    assert {Action.CREATE, Action.UPDATE, Action.RECREATE} == WRITING
    assert set(REASON_TEXTS) == set(Reason)


def test_digests_of_the_first_version_have_their_groups() -> None:
    assert DIGEST_GROUPS == ("state", "lines", "address", "tracking", "totals")
    assert Digests() == Digests("", "", "", "", "", 1)


def test_each_problem_has_a_hint_that_names_its_order() -> None:
    assert set(HINTS) == set(ProblemCode)
    assert Problem(ProblemCode.DELETED_IN_SHOP, "gone", "302-1").hint == (
        "`orderferry import --order 302-1` brings it back; `orderferry ignore 302-1 --reason …` ends this report."
    )


WHEN = datetime(2026, 11, 23, tzinfo=UTC)
PLACE = Address(
    city="Torino",
    district="Centro",
    municipality="Torino città",
    region="TO",
    postal_code="10121",
    country="IT",
    kind="RESIDENTIAL",
)
SOLD = Item("1", 2, "SKU", title="Mug", gift_wrap_level="PREMIUM")
BARE = Order(
    "302-1",
    WHEN,
    WHEN,
    "APJ6JRA9NG5V4",
    OrderStatus.SHIPPED,
    Channel.REGULAR,
    (SOLD,),
    delivery_address=PLACE,
    datasets=frozenset({"BUYER"}),
    delivery_capabilities=("PALLET_ENABLED",),
)


def test_without_its_buyer_an_order_keeps_what_is_sold_and_the_place_for_the_tax() -> None:
    full = replace(
        BARE,
        buyer=Buyer("Eva Rossi", "eva@example.org", "Rossi Srl", "PO-1"),
        delivery_address=replace(
            PLACE, name="Eva Rossi", company="Rossi Srl", lines=("Via Roma 1",), phone="+39 011 123"
        ),
        delivery_instructions=("at the door",),
        delivery_hours=(DeliveryHours("MON"),),
        tax_registrations=(TaxRegistration("BUYER", "VAT", "IT1"),),
        items=(
            replace(
                SOLD, gift_message="For you", customized_url="https://a.example", cancel_request_reason="I changed it"
            ),
        ),
    )
    assert without_buyer(full) == BARE
    assert without_buyer(replace(full, delivery_address=None)) == replace(BARE, delivery_address=None)


def test_the_postcode_goes_alone() -> None:
    assert without_postcode(BARE) == replace(BARE, delivery_address=replace(PLACE, postal_code=""))
    nowhere = replace(BARE, delivery_address=None)
    assert without_postcode(nowhere) == nowhere


def test_what_an_order_is_where_amazon_says_nothing_of_it() -> None:
    order = Order("302-1", WHEN, WHEN, "", None, None, ())
    assert order.sales_channel == "AMAZON"
    assert (order.sold_items, order.grave_flaws, order.has_update_time) == ((), (), True)
    gone, sold = Item("1", 0), Item("2", 1)
    small, grave = Flaw("programs", "is no list"), Flaw("orderItems", "is missing", grave=True)
    order = replace(order, items=(gone, sold), flaws=(small, grave))
    assert (order.sold_items, order.grave_flaws) == ((sold,), (grave,))
    assert not (sold.cash_on_delivery)
    assert not (sold.serial_numbers_required)
    assert not (DeliveryHours("MON").closed)
