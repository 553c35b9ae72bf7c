"""What is asked of the shop's facts: settings, tax rules, whose stock it is, and whether an invoice still agrees."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from orderferry.domain.orders import ProceedsType
from orderferry.prestashop.facts import (
    Column,
    FeeKey,
    OrderInShop,
    OwnThings,
    ShopFacts,
    ShopUnit,
    Table,
    TaxRule,
)
from support.resolved_orders import MUG

SHOP = ShopUnit(3, 2, "Third", share_stock=False, share_customer=False, share_order=False)


@pytest.mark.parametrize(
    ("configuration", "value"),
    [
        ({}, "none"),
        ({(0, 0): "global"}, "global"),
        ({(0, 0): "global", (2, 0): "group"}, "group"),
        ({(0, 0): "global", (2, 0): "group", (2, 3): "shop, with its group"}, "shop, with its group"),
        ({(0, 0): "global", (2, 0): "group", (2, 3): "shop, with its group", (0, 3): "shop"}, "shop"),
        ({(0, 0): "global", (1, 0): "another group", (1, 3): "x", (0, 1): "another shop", (2, 1): "x"}, "global"),
    ],
)
def test_a_setting_of_the_shop_comes_before_its_group_s_and_the_global_one(
    configuration: dict[tuple[int, int], str], value: str
) -> None:
    facts = ShopFacts(configuration={("PS_X", group, shop): text for (group, shop), text in configuration.items()})

    assert facts.setting("PS_X", SHOP, "none") == value
    assert facts.setting("PS_X", None, "none") == configuration.get((0, 0), "none")
    assert facts.setting("PS_Y", SHOP) == ""


def test_stock_is_the_shop_s_or_its_group_s() -> None:
    assert SHOP.stock_key == {"id_shop": 3, "id_shop_group": 0}
    assert replace(SHOP, share_stock=True).stock_key == {"id_shop": 0, "id_shop_group": 2}


@pytest.mark.parametrize(
    ("rule", "postcode", "covered"),
    [
        (TaxRule(1), "", True),
        (TaxRule(1), "20121", True),
        (TaxRule(1, zipcode_from="", zipcode_to=""), "20121", True),
        (TaxRule(1, zipcode_from=" 0", zipcode_to="00"), "20121", True),
        (TaxRule(1, zipcode_from="20000", zipcode_to="20999"), "20000", True),
        (TaxRule(1, zipcode_from="20000", zipcode_to="20999"), " 20999 ", True),
        (TaxRule(1, zipcode_from="20000", zipcode_to="20999"), "19999", False),
        (TaxRule(1, zipcode_from="20000", zipcode_to="20999"), "21000", False),
        (TaxRule(1, zipcode_from="20000", zipcode_to="20999"), "", False),
        (TaxRule(1, zipcode_from="20000"), "20000", True),
        (TaxRule(1, zipcode_from="20000"), "20001", False),
        (TaxRule(1, zipcode_from="im1", zipcode_to="im9"), "IM5", True),
        (TaxRule(1, zipcode_from="0", zipcode_to="5"), "3", True),
        (TaxRule(1, zipcode_from="0", zipcode_to="5"), "", True),  # PrestaShop compares "0" then
    ],
)
def test_a_rule_covers_postcodes(rule: TaxRule, postcode: str, covered: bool) -> None:
    assert rule.covers(0, postcode) is covered
    assert rule.covers(7, postcode) is covered


def test_a_rule_covers_a_province_or_all() -> None:
    assert TaxRule(1, id_state=7).covers(7, "")
    assert not TaxRule(1, id_state=7).covers(8, "")
    assert not TaxRule(1, id_state=7).covers(0, "")


@pytest.mark.parametrize(
    ("rule", "regional"),
    [
        (TaxRule(1), False),
        (TaxRule(1, zipcode_from="", zipcode_to=" 00"), False),
        (TaxRule(1, id_state=7), True),
        (TaxRule(1, zipcode_from="20000"), True),
        (TaxRule(1, zipcode_to="20000"), True),
    ],
)
def test_a_rule_for_a_part_of_the_country(rule: TaxRule, regional: bool) -> None:
    assert rule.regional is regional


def test_the_first_rule_that_covers_an_address_rules() -> None:
    facts = ShopFacts(
        tax_rules={
            (1, 10): (TaxRule(3, id_state=7), TaxRule(4, zipcode_from="20121"), TaxRule(5)),
            (2, 10): (TaxRule(0), TaxRule(6, id_state=7)),
            (1, 11): (TaxRule(8),),
        },
        taxes={5: Decimal(22)},
        tax_names={5: "IVA IT 22%"},
    )
    assert facts.ruled_tax(1, 10) == 5
    assert facts.ruled_tax(1, 10, 7) == 3
    assert facts.ruled_tax(1, 10, 8, "20121") == 4
    assert facts.ruled_tax(2, 10) == 0
    assert facts.ruled_tax(3, 10) is None
    assert facts.taxes_named_for(10) == {3, 4, 5, 6}
    assert facts.taxes_named_for(12) == frozenset()
    assert (facts.tax_countries(5), facts.tax_countries(6)) == ({"IT"}, frozenset())


def left(total: str = "10.00", tax: str = "1.80", credited: str = "0", credited_net: str = "0") -> OrderInShop:
    amounts = [Decimal(text) for text in (total, tax, credited, credited_net)]
    return OrderInShop(4, 7, *amounts)


@pytest.mark.parametrize(
    ("invoice", "total", "tax", "agrees"),
    [
        pytest.param(left(), "10.00", "1.80", True, id="the same"),
        pytest.param(left(), "10.01", "1.81", True, id="a cent more"),
        pytest.param(left(), "9.99", "1.79", True, id="a cent less"),
        pytest.param(left(), "10.02", "1.80", False, id="two cents more"),
        pytest.param(left(), "9.98", "1.80", False, id="two cents less"),
        pytest.param(left(), "10.00", "1.82", False, id="another tax"),
        pytest.param(left(credited="0.01"), "10.00", "1.00", True, id="another tax, and any credit slip"),
        pytest.param(left(credited="4.00"), "6.00", "1.08", True, id="credited to Amazon's total"),
        pytest.param(left(credited="3.99"), "6.00", "1.08", True, id="a cent less credited"),
        pytest.param(left(credited="3.98"), "6.00", "1.08", False, id="two cents less credited"),
        pytest.param(left(credited="5.00"), "6.00", "1.08", True, id="more credited"),
        pytest.param(left(credited="10.00"), "0.00", "0.00", True, id="cancelled, all credited"),
        pytest.param(left(credited="9.98"), "0.00", "0.00", False, id="cancelled, two cents left"),
        pytest.param(left(credited="9.00", credited_net="8.19"), "0.00", "0.00", True, id="all but a cent of the net"),
        pytest.param(left(credited="9.00", credited_net="8.18"), "0.00", "0.00", False, id="two cents of the net left"),
        pytest.param(
            left(credited="9.00", credited_net="8.20"), "1.50", "0.00", True, id="a part due, all net credited"
        ),
        pytest.param(left(credited="5.00"), "10.01", "1.80", True, id="a cent more than the invoice, credited in part"),
        pytest.param(left(credited="5.00"), "10.02", "1.80", False, id="grown, credited in part"),
        pytest.param(left(credited="10.00"), "10.02", "1.80", True, id="grown, all credited"),
        pytest.param(left(credited="9.00", credited_net="8.20"), "10.02", "1.80", True, id="grown, all net credited"),
    ],
)
def test_an_invoice_less_its_credit_slips_agrees_with_amazon(
    invoice: OrderInShop, total: str, tax: str, agrees: bool
) -> None:
    assert invoice.agrees_with(Decimal(total), Decimal(tax)) is agrees


def test_the_names_of_hidden_products() -> None:
    key = FeeKey(ProceedsType.COD_FEE, 3)
    assert (key.reference, key.state_name) == ("orderferry-cod-fee", "fee_product:cod_fee:3")
    own = OwnThings({key: 70})
    assert own.has_product_for(ProceedsType.COD_FEE)
    assert not own.has_product_for(ProceedsType.GIFT_WRAP)
    assert OwnThings(may_make_products=True).has_product_for(ProceedsType.GIFT_WRAP)


def test_a_product_s_name_is_the_language_s_or_the_shop_s() -> None:
    assert [MUG.name_in(id_lang) for id_lang in (1, 2, 3)] == ["Tazza", "Mug", "Mug"]
    assert replace(MUG, names={1: ""}).name_in(1) == "Mug"


def test_columns_that_a_row_must_have_and_those_that_nothing_can_be_written_into() -> None:
    plain = Column("plain", "int", nullable=False, has_default=False)
    columns = {
        one.name: one
        for one in (
            plain,
            replace(plain, name="null", nullable=True),
            replace(plain, name="default", has_default=True),
            replace(plain, name="computed", generated=True),
        )
    }
    table = Table("x", "InnoDB", columns)
    assert table.demanded == {"plain"}
    assert table.writable.keys() == {"plain", "null", "default"}


@pytest.mark.parametrize(
    ("changes", "lost"),
    [
        ({}, True),
        ({"primary": False}, False),
        ({"neutral": ""}, False),
        ({"nullable": True}, False),
        ({"has_default": True}, False),
    ],
)
def test_an_id_that_has_lost_its_auto_increment(changes: dict[str, object], lost: bool) -> None:
    column = Column("id", "int", nullable=False, has_default=False, primary=True, neutral=0)
    assert replace(column, **changes).lost_auto_increment is lost  # type: ignore[arg-type]
