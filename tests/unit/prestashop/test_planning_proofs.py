"""How well each tax suits a place, the standard tax rules group, and where Amazon calculates the seller's VAT."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from orderferry.config.model import MarketplaceSettings
from orderferry.domain.orders import Order
from orderferry.domain.pricing.priced_order import FOREIGN
from orderferry.prestashop.facts import ShopFacts, TaxRule
from orderferry.prestashop.planning.resolve_mappings import home_country
from orderferry.prestashop.planning.tax_rates import (
    new_proofs,
    notices_of,
    parse_proofs,
    proofs_text,
    rates_for,
    standard_group,
)
from support.resolved_orders import FACTS, ORDER, PLACE, market
from support.shop_database import ShopDatabase
from support.writing import Sold, amazon_order, settings_for

PLAIN = amazon_order(Sold("demo_11", 1, "12.20"))


def with_rules(rules: dict[tuple[int, int], tuple[TaxRule, ...]]) -> ShopFacts:
    return replace(FACTS, taxes={1: Decimal(22), 2: Decimal(10), 3: Decimal(25)}, tax_rules=rules)


@pytest.mark.parametrize(
    ("rules", "group"),
    [
        pytest.param({(2, 10): (TaxRule(2),), (4, 10): (TaxRule(1),), (5, 10): (TaxRule(1),)}, 4, id="the highest"),
        pytest.param({(2, 10): (TaxRule(2),), (4, 11): (TaxRule(3),)}, 2, id="in the shop's own country"),
        pytest.param({(2, 10): (TaxRule(2),), (4, 10): (TaxRule(1, id_state=5),)}, 4, id="of its regions, if need be"),
        pytest.param({(4, 10): (TaxRule(3, id_state=5), TaxRule(2)), (6, 10): (TaxRule(1),)}, 6, id="not of regions"),
        pytest.param({(4, 11): (TaxRule(3),)}, 0, id="no rule at home"),
    ],
)
def test_the_group_of_ordinary_goods(rules: dict[tuple[int, int], tuple[TaxRule, ...]], group: int) -> None:
    assert standard_group(with_rules(rules)) == group


def test_taxes_are_ranked_by_rule_law_and_the_country_in_their_name() -> None:
    names = {1: "ruled", 2: "IVA IT 22%", 3: "22%", 4: "MwSt DE 22%", 5: "ruled, not legal", 6: "MwSt DE 19%"}
    rates = dict(zip(names, map(Decimal, ("22", "22", "22", "22", "21", "19")), strict=True))
    facts = replace(FACTS, taxes=rates, tax_names=names, tax_rules={(1, 10): (TaxRule(1),), (2, 10): (TaxRule(5),)})
    found = rates_for(ORDER, market(facts), PLACE, {})
    assert found.ranks == {"1": 0, "2": 1, "3": 2, "4": 3, "5": FOREIGN - 1, "6": FOREIGN + 1}
    assert [known.key for known in found.known] == ["1", "2", "3", "4", "5", "6"]  # the best first


def test_the_shops_own_country() -> None:
    assert home_country(FACTS) == "IT"
    assert home_country(replace(FACTS, configuration={})) == ""


def test_what_is_kept_comes_back() -> None:
    proofs = {"IT": "402-1", "DE": "028-1"}
    assert proofs_text(proofs) == "DE=028-1 IT=402-1"
    assert parse_proofs(proofs_text(proofs)) == proofs
    assert parse_proofs("what somebody wrote") == {}
    assert [notice.partition(", as")[0][-2:] for notice in notices_of(proofs)] == ["DE", "IT"]


@pytest.mark.parametrize(
    ("orders", "known", "configured", "found"),
    [
        ([ORDER], {}, None, {"IT": ORDER.order_id}),
        ([PLAIN], {}, None, {}),
        ([PLAIN, ORDER, replace(ORDER, order_id="402-2")], {}, None, {"IT": ORDER.order_id}),
        ([ORDER], {"IT": "402-0"}, None, {}),
        ([ORDER], {}, False, {}),
        ([ORDER], {}, True, {}),
    ],
    ids=["tax of the seller's", "no tax", "the first order", "known", "switched off", "switched on"],
)
def test_an_order_with_the_sellers_tax_proves_it(
    orders: list[Order], known: dict[str, str], configured: bool | None, found: dict[str, str], tmp_path: Path
) -> None:
    own = {"IT": MarketplaceSettings(vat_by_amazon=configured)}
    settings = settings_for(ShopDatabase("sqlite:///none", "ps_", "8.2.1"), tmp_path, marketplaces=own)
    assert new_proofs(orders, known, settings, FACTS) == found
