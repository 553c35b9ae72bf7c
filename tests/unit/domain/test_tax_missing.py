"""What the subject of a hold tells of the taxes that an order needs."""

from __future__ import annotations

from decimal import Decimal

import pytest

from orderferry.domain.pricing.tax_split import read_subject


@pytest.mark.parametrize(
    ("subject", "place", "rates"),
    [
        ("DE 7 %, 19 %", "DE", "7 19"),
        ("PT-20 16 %", "PT-20", "16"),
        ("FR-20R 0.9 %", "FR-20R", "0.9"),
        ("XI 20 %", "XI", "20"),
        ("PT-20", "PT-20", ""),
        ("19 %", "", "19"),
        ("Italia 22 %", "", "22"),
        ("", "", ""),
    ],
)
def test_place_and_rates_are_read_from_a_subject(subject: str, place: str, rates: str) -> None:
    assert read_subject(subject) == (place, frozenset(map(Decimal, rates.split())))
