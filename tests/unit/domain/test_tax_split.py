"""Whose tax it is that Amazon tells of an item."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from orderferry.domain.pricing.tax_split import is_collected_by_amazon
from support.amazon_money import item


@pytest.mark.parametrize(
    ("fields", "seller_in_eu", "amazons"),
    [
        pytest.param({}, True, False, id="nothing told, seller in the EU"),
        pytest.param({}, False, False, id="nothing told, seller outside"),
        pytest.param({"tax_collection_models": ("MARKETPLACE_FACILITATOR",)}, True, True, id="facilitator"),
        pytest.param({"reporting_schemes": ("IOSS",)}, True, True, id="IOSS"),
        pytest.param({"ioss_number": "IM2760000742"}, True, True, id="IOSS number alone"),
        pytest.param({"reporting_schemes": ("UOSS",)}, True, False, id="UOSS is the seller's own inside the EU"),
        pytest.param({"reporting_schemes": ("UOSS",)}, False, True, id="UOSS is Amazon's for a seller outside"),
        pytest.param({"reporting_schemes": ("OTHER",)}, False, False, id="another scheme"),
    ],
)
def test_whose_tax_it_is(fields: dict[str, Any], seller_in_eu: bool, amazons: bool) -> None:
    sold = replace(item("10.00"), **fields)
    assert is_collected_by_amazon(sold, seller_in_eu=seller_in_eu) is amazons
