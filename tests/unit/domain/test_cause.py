"""What orders with one problem have in common."""

from __future__ import annotations

from datetime import date

import pytest

from orderferry.domain.problems import cause_of, first_deadline, with_deadline


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
