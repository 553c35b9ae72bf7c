"""Which product each line of an order is booked on."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from orderferry.config.model import ProductsSettings
from orderferry.domain.orders import ProceedsType
from orderferry.domain.problems import Problem
from orderferry.prestashop.facts import FeeKey, OwnThings, Product, TaxRule
from orderferry.prestashop.planning.order_lines import fee_group, fee_product, kinds_in_shipping, match_items
from support.resolved_orders import FACTS, MUG, ORDER, PLACE, catalog, market

OTHER = replace(MUG, id_product=7)
IN_WAREHOUSES = replace(MUG, depends_on_stock=True)
ADVANCED = replace(FACTS, configuration={("PS_ADVANCED_STOCK_MANAGEMENT", 0, 0): "1"})
STAND_IN = ProductsSettings(unknown="placeholder", placeholder="any")
ITEM = ORDER.items[0].item_id


@pytest.mark.parametrize(
    ("settings", "products", "found"),
    [
        pytest.param(ProductsSettings(), {"demo_11": (MUG,)}, MUG, id="known"),
        pytest.param(ProductsSettings(), {"demo_11": (MUG, OTHER)}, "ambiguous-sku", id="two products"),
        pytest.param(ProductsSettings(), {}, "unknown-sku", id="unknown"),
        pytest.param(ProductsSettings(unknown="line"), {}, None, id="a free line"),
        pytest.param(STAND_IN, {"any": (OTHER,)}, replace(OTHER, stands_in=True), id="a placeholder"),
        pytest.param(STAND_IN, {"any": (OTHER, MUG)}, "unknown-sku", id="two placeholders"),
        pytest.param(STAND_IN, {"any": (OTHER,), "demo_11": (MUG,)}, MUG, id="no placeholder is needed"),
        pytest.param(ProductsSettings(), {"demo_11": (IN_WAREHOUSES,)}, IN_WAREHOUSES, id="no advanced stock"),
    ],
)
def test_an_item_is_matched(settings: ProductsSettings, products: Any, found: Product | str | None) -> None:
    matched = match_items(ORDER, market(products=settings), catalog(products))
    if isinstance(found, str):
        assert isinstance(matched, Problem)
        assert (matched.code, matched.subject) == (found, "demo_11")
    else:
        assert matched == {ITEM: found}


def test_a_product_in_warehouses_holds_the_order() -> None:
    matched = match_items(ORDER, market(ADVANCED), catalog({"demo_11": (IN_WAREHOUSES,)}))
    assert isinstance(matched, Problem)
    assert matched.code == "advanced-stock"


def test_an_item_that_is_not_ordered_any_more_needs_no_product() -> None:
    gone = replace(ORDER, items=(replace(ORDER.items[0], quantity=0),))
    assert match_items(gone, market(), catalog({})) == {}


TAXED = replace(
    FACTS,
    taxes={1: Decimal(22), 2: Decimal(10), 3: Decimal(0), 9: Decimal(5)},
    tax_rules={(1, 10): (TaxRule(1),), (2, 10): (TaxRule(2),), (3, 10): (TaxRule(3),), (4, 10): (TaxRule(1),)},
)


@pytest.mark.parametrize(
    ("tax", "preferred", "group"),
    [
        pytest.param("1", (), 1, id="the first that gives the tax"),
        pytest.param("1", (4,), 4, id="the preferred one if it does"),
        pytest.param("1", (2,), 1, id="not the preferred one if it does not"),
        pytest.param("2", (0, 1), 2, id="no group is no preference"),
        pytest.param("9", (0, 4), 4, id="the preferred one where no rule gives the tax"),
        pytest.param("9", (), 0, id="nothing to prefer"),
        pytest.param("", (1,), 3, id="a group of 0 % without tax"),
    ],
)
def test_a_fee_has_the_group_of_its_tax(tax: str, preferred: tuple[int, ...], group: int) -> None:
    assert fee_group(TAXED, PLACE, tax, preferred) == group


def test_a_rule_without_tax_gives_no_fee_its_tax() -> None:
    exempt = replace(FACTS, tax_rules={(1, 10): (TaxRule(0),)})
    assert [fee_group(exempt, PLACE, tax, ()) for tax in ("1", "")] == [0, 0]


def test_a_fee_without_tax_has_no_group_where_none_has_0_percent() -> None:
    assert fee_group(FACTS, PLACE, "", (1,)) == 0


COD, TIP, WRAP = ProceedsType.COD_FEE, ProceedsType.DELIVERY_TIP, ProceedsType.GIFT_WRAP
ALL = frozenset({COD, TIP, WRAP, ProceedsType.OTHER})


@pytest.mark.parametrize(
    ("fees", "own", "kinds"),
    [
        pytest.param({}, OwnThings(may_make_products=True), frozenset(), id="lines"),
        pytest.param({"default": "shipping"}, OwnThings(may_make_products=True), ALL, id="in the shipping"),
        pytest.param({"default": "shipping", "cod_fee": "product"}, OwnThings(may_make_products=True), ALL - {COD}),
        pytest.param({}, OwnThings(), ALL, id="no product can be made"),
        pytest.param({}, OwnThings({FeeKey(TIP, 1): 80}), ALL - {TIP}, id="but one is there"),
        pytest.param({"cod_fee": "FEE-1"}, OwnThings(), ALL - {COD}, id="a product of the shop"),
    ],
)
def test_kinds_of_fees_without_a_line(fees: dict[str, str], own: OwnThings, kinds: frozenset[ProceedsType]) -> None:
    assert kinds_in_shipping(ProductsSettings(fees=fees), own) == kinds


@pytest.mark.parametrize(
    ("own", "id_product", "group"),
    [
        (OwnThings({FeeKey(COD, 2): 81, FeeKey(COD, 1): 80}), 80, 1),
        (OwnThings({FeeKey(COD, 2): 81}, may_make_products=True), 0, 1),
        (OwnThings({FeeKey(TIP, 1): 79, FeeKey(COD, 2): 81}), 81, 2),
    ],
    ids=["there", "yet to be made", "another group's, where none can be made"],
)
def test_the_hidden_product_of_a_fee(own: OwnThings, id_product: int, group: int) -> None:
    product = fee_product(own, FeeKey(COD, 1))
    assert (product.id_product, product.id_tax_rules_group, product.active) == (id_product, group, False)
