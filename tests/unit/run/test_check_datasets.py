"""From orders that lack something to the role that gives it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from orderferry.config.model import CustomersSettings
from orderferry.domain.check_result import Grade
from orderferry.domain.orders import Address, Buyer, Channel, Order, OrderStatus, TaxRegistration
from orderferry.run.check_amazon import check_datasets
from support.configuration import load
from support.writing import HOME, Sold, amazon_order

REGULAR = amazon_order(Sold("SKU-1", 1, "10.00"))
FBA = replace(
    REGULAR,
    channel=Channel.FBA,
    status=OrderStatus.SHIPPED,
    delivery_address=Address(city="Milano", country="IT"),
    buyer=Buyer(name="Mario Rossi"),
)
BUSINESS = replace(REGULAR, programs=("AMAZON_BUSINESS",))
VAT = TaxRegistration("BUYER", "VAT", "IT123")


def names(orders: list[Order], folder: Path, **customers: str) -> list[str]:
    settings = replace(load(folder), customers=CustomersSettings(**customers))
    return [r.name for r in check_datasets(orders, settings) if r.result is not Grade.OK]


@pytest.mark.parametrize(
    ("orders", "expected"),
    [
        ([], []),
        ([REGULAR, FBA], []),
        ([replace(REGULAR, delivery_address=None), FBA], ["dataset-address"]),
        ([replace(REGULAR, delivery_address=replace(HOME, lines=()))], ["dataset-address"]),
        ([replace(REGULAR, delivery_address=None), REGULAR], []),  # one that has it is proof enough
        ([replace(REGULAR, delivery_address=None, status=OrderStatus.PENDING)], []),  # nobody gets these
        ([replace(REGULAR, buyer=Buyer())], ["dataset-buyer"]),
        ([replace(FBA, buyer=Buyer())], ["dataset-fba-buyer"]),
        ([replace(FBA, delivery_address=None)], ["dataset-fba-address"]),
        ([replace(REGULAR, grand_total=None)], ["dataset-proceeds"]),
        ([replace(REGULAR, status=None, channel=None)], ["dataset-fulfillment"]),
        ([BUSINESS] * 4, []),
        ([BUSINESS] * 5, ["dataset-tax"]),
        ([BUSINESS] * 5 + [replace(BUSINESS, tax_registrations=(VAT,))], []),
        ([replace(REGULAR, buyer=Buyer(), delivery_address=None, sales_channel="NON_AMAZON")], []),
    ],
)
def test_what_no_order_has_is_named(orders: list[Order], expected: list[str], tmp_path: Path) -> None:
    assert names(orders, tmp_path) == expected


@pytest.mark.parametrize("customers", [{"mode": "alias"}, {"email": "amazon"}])
def test_aliases_are_missed_only_where_they_are_used(customers: dict[str, str], tmp_path: Path) -> None:
    without = [replace(REGULAR, buyer=Buyer(name="Mario Rossi"))]
    assert names(without, tmp_path, **customers) == ["dataset-email"]
    assert names(without, tmp_path) == []


def test_the_mend_names_the_role_and_where_it_is_granted(tmp_path: Path) -> None:
    (found,) = check_datasets([replace(REGULAR, delivery_address=None)], load(tmp_path))
    assert "Direct-to-Consumer Shipping" in found.hint
    assert "Seller Central" in found.hint
    assert found.result is Grade.FAILURE
