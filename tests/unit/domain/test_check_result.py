"""What `check` says of one thing, and what all of its results together end with."""

from __future__ import annotations

import pytest

from orderferry.domain.check_result import (
    CheckResult,
    Finding,
    Grade,
    exit_code_of,
    failed,
    failure,
    fine,
    warning,
)
from orderferry.errors import AmazonUnavailable, ExitCode

DONE, PERSON = ExitCode.DONE, ExitCode.NEEDS_A_PERSON


@pytest.mark.parametrize(
    ("result", "grade", "hint", "exit_code"),
    [
        (fine("clock", "It is right."), "ok", "", DONE),
        (warning("clock", "It is right.", "Look."), "warning", "Look.", PERSON),
        (failure("clock", "It is right.", "Look."), "failure", "Look.", PERSON),
        (
            failure("clock", "It is right.", "Look.", ExitCode.AMAZON_UNAVAILABLE),
            "failure",
            "Look.",
            ExitCode.AMAZON_UNAVAILABLE,
        ),
        (
            failed("clock", AmazonUnavailable("It is right.", hint="Look.")),
            "failure",
            "Look.",
            ExitCode.AMAZON_UNAVAILABLE,
        ),
        (CheckResult("clock", Grade.OK, "It is right."), "ok", "", DONE),
    ],
)
def test_a_result_as_json_and_the_exit_code_that_it_stands_for(
    result: CheckResult, grade: str, hint: str, exit_code: ExitCode
) -> None:
    assert result.as_json() == {"name": "clock", "result": grade, "message": "It is right.", "hint": hint}
    assert result.exit_code is exit_code


def test_all_results_together_end_with_the_worst() -> None:
    assert exit_code_of([]) is DONE
    assert exit_code_of([fine("a", "b"), warning("a", "b", "c")]) is PERSON


def test_a_finding_is_told_with_its_place() -> None:
    assert str(Finding("orders.total_paid", "It is 1.00 too low.")) == "orders.total_paid: It is 1.00 too low."
