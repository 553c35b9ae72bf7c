"""What orders with one problem have in common."""

from __future__ import annotations

from datetime import date

import pytest

from orderferry.domain.problems import cause_of, first_deadline, taxed_amounts, with_deadline


@pytest.mark.parametrize(
    ("message", "cause"),
    [
        ("order 1: no product answers to the SKU 'A'", "no product answers to the SKU 'A'"),
        ("order 1 has no delivery address", "has no delivery address"),
        ("order 12: other", "order 12: other"),
        ("the clock is wrong", "the clock is wrong"),
    ],
)
def test_the_cause_names_no_order_and_no_deadline(message: str, cause: str) -> None:
    assert cause_of(with_deadline(message, date(2026, 12, 4)), "1") == cause_of(message, "1") == cause


def test_the_first_deadline_of_many_is_told() -> None:
    messages = ["held", with_deadline("held", date(2026, 12, 4)), with_deadline("held", date(2026, 11, 30))]
    assert first_deadline(messages) == "; Amazon withdraws the first buyer's phone after 2026-11-30"
    assert first_deadline(["held"]) == ""


def test_the_amounts_of_a_cause_about_tax() -> None:
    cause = "no tax of the shop explains the tax of 19.00 on 100.00 EUR and 0.70 on 10.00 EUR, delivery to DE: create"
    assert taxed_amounts(cause) == "19.00 on 100.00 EUR and 0.70 on 10.00 EUR"
    assert taxed_amounts("no tax of the shop explains the tax of 19.00 on 100.00 EUR: create") == "19.00 on 100.00 EUR"
    assert taxed_amounts("no product answers to the SKU 'A'") == ""


def test_a_deadline_is_told_behind_the_sentence() -> None:
    assert with_deadline("held", date(2026, 12, 4)) == "held; Amazon withdraws the buyer's phone after 2026-12-04"
    assert cause_of("order 1: held") == "order 1: held"
