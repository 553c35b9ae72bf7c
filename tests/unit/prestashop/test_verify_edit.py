"""What an edit makes of an order: the numbers that were measured on PrestaShop, and what is said of them."""

from __future__ import annotations

import json
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from orderferry.domain.pricing.priced_order import Amount
from orderferry.prestashop.checking.verify_money import (
    EditedShop,
    after_added_product,
    after_address_edit,
    edit_findings,
)

# Measured with round type 2 where nothing else is said (prestashop-order-edits, sections 1 to 4, 7 and 9).
CASES = json.loads((Path(__file__).parents[2] / "data" / "edits" / "measured.json").read_text("utf-8"))


def pair(incl: str, excl: str) -> Amount:
    return Amount(Decimal(excl), Decimal(incl))


def made(case: dict[str, Any]) -> tuple[dict[str, list[dict[str, Any]]], EditedShop]:
    """The rows of a case, and the shop around them."""
    lines = case["lines"]
    charges = {what: case.get(what, ["0", "0"]) for what in ("shipping", "wrapping")}
    total = [
        sum((Decimal(line[f"total_{way}"]) for line in lines), Decimal(0))
        + sum((Decimal(charge[place]) for charge in charges.values()), Decimal(0))
        for place, way in enumerate(("incl", "excl"))
    ]
    order: dict[str, Any] = {
        "round_mode": 2,
        "round_type": case.get("round_type", 2),
        "carrier_tax_rate": 22,
        "total_discounts_tax_incl": case.get("discount", 0),
        "total_discounts_tax_excl": 0,
        "total_paid_tax_incl": total[0],
        "total_paid_tax_excl": total[1],
    }
    for what, (incl, excl) in charges.items():
        order |= {f"total_{what}_tax_incl": incl, f"total_{what}_tax_excl": excl}
    details = [
        {
            "id_order_detail": number,
            "product_id": line["product"],
            "product_attribute_id": 0,
            "product_quantity": line["quantity"],
            "unit_price_tax_incl": line["unit_incl"],
            "unit_price_tax_excl": line["unit_excl"],
            "total_price_tax_incl": line["total_incl"],
            "total_price_tax_excl": line["total_excl"],
        }
        for number, line in enumerate(lines, 1)
    ]
    cart = [{"id_product": line["product"], "id_product_attribute": 0} for line in lines if line["product"]]
    rows = {"orders": [order], "order_detail": details, "cart_product": cart, "cart": [{"gift": 0}]}
    rates = {line["product"]: Decimal(line["rate"]) for line in lines if line["product"]}
    return rows, EditedShop(rates, Decimal(22), recalculates_shipping=case.get("recalculates", False))


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_an_edit_makes_of_an_order_what_prestashop_makes_of_it(case: dict[str, Any]) -> None:
    rows, shop = made(case)

    assert after_address_edit(rows, shop) == pair(*case["address"])
    assert after_added_product(rows, shop) == pair(*case["added"])


@pytest.mark.parametrize(
    ("name", "places"),
    [
        ("12.34 at 22 %", set()),
        ("a promotion on one of two rates", set()),
        ("a fee on a hidden product", set()),
        ("12.34 at 22 %, net rounded to the cent", {"orders.total_paid"}),
        ("two lines of one product", {"order_detail.unit_price_tax_incl", "orders.total_paid"}),
        ("a fee without product", {"order_detail.product_id", "orders.total_paid"}),
        ("the same where PrestaShop recalculates shipping", {"orders.total_shipping", "orders.total_paid"}),
        ("gift wrapping as the order's own total", {"orders.total_wrapping", "orders.total_paid"}),
        ("another rate by the product's own group", {"order_detail_tax.id_tax", "orders.total_paid"}),
    ],
)
def test_what_would_move_is_said(name: str, places: set[str]) -> None:
    rows, shop = made(next(case for case in CASES if case["name"] == name))

    assert {finding.place for finding in edit_findings(rows, shop)} == places


def test_an_order_whose_cart_lacks_a_product_can_t_be_edited() -> None:
    rows, shop = made(CASES[0])
    rows["cart_product"] = []

    assert "cart_product: the order can't be edited: its cart lacks product 1" in map(str, edit_findings(rows, shop))


@pytest.mark.parametrize(
    ("shipping", "carrier", "refunded"),
    [
        (["4.90", "4.90"], "22", "5.98"),
        (["4.90", "4.12"], "22", "5.03"),
        (["4.90", "4.02"], None, "4.02"),
        (["4.90", "4.02"], "22", ""),
        (["4.90", "4.90"], None, ""),
    ],
)
def test_a_standard_refund_of_shipping_takes_the_rate_of_the_carrier(
    shipping: list[str], carrier: str | None, refunded: str
) -> None:
    """Measured on PrestaShop 8.2.1; without a carrier no tax is added."""
    rows, shop = made({**CASES[0], "shipping": shipping})
    rows["orders"][0]["carrier_tax_rate"] = Decimal(carrier or 0)
    shop = replace(shop, carrier_rate=Decimal(carrier) if carrier else None)

    told = [str(one) for one in edit_findings(rows, shop) if one.place == "order_slip.total_shipping_tax_incl"]
    assert bool(told) is bool(refunded)
    assert f"a standard refund pays {refunded} back for the shipping of 4.90" in "".join(told) or not told


def test_a_row_of_0_percent_goes_where_the_products_group_has_no_rule() -> None:
    rows, shop = made(next(case for case in CASES if case["name"] == "a fee on a hidden product"))
    rows["order_detail_tax"] = [{"id_order_detail": number, "id_tax": number} for number in (1, 2)]
    rows["order_detail"][1] |= {"unit_price_tax_excl": "4.00", "total_price_tax_excl": "4.00"}  # untaxed
    rows["orders"][0]["total_paid_tax_excl"] += Decimal("0.72")
    ruled = EditedShop({**shop.rates, 2: Decimal(0)}, shop.carrier_rate)
    free = replace(ruled, untaxed=frozenset({1, 2}))

    assert edit_findings(rows, ruled) == []
    (told,) = edit_findings(rows, free)
    assert "drops the row of 0 % on 4.00" in str(told)


def test_a_discount_of_an_older_version_is_dropped() -> None:
    rows, shop = made({**CASES[6], "discount": 2})
    rows["order_cart_rule"] = [{"id_cart_rule": 9, "value": 2, "deleted": 0}]

    assert any("the discount of 2.00 is dropped" in str(finding) for finding in edit_findings(rows, shop))
    kept = EditedShop(shop.rates, shop.carrier_rate, kept_rules=frozenset({9}))
    assert not any("dropped" in str(finding) for finding in edit_findings(rows, kept))
