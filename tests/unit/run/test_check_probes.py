"""The doctor goes on to the next thing, whatever one of them raises."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import pytest

from orderferry.domain.check_result import CheckResult, Grade, exit_code_of, failure, fine, warning
from orderferry.errors import AmazonRefused, ConfigError, ExitCode, LedgerUnusable, OrderferryError, ShopUnfit
from orderferry.run.check import Probe, ask_all, check_environment, configuration_failures, document
from orderferry.run.check_amazon import check_secret_age


def _well(name: str) -> Probe:
    return Probe(name, lambda: [fine(name, "well")])


def _raising(name: str, error: Exception, *, after: int = 0) -> Probe:
    def ask() -> Iterator[CheckResult]:
        for number in range(after):
            yield fine(name, f"part {number}")
        raise error

    return Probe(name, ask)


def test_an_error_is_a_failure_with_its_exit_code_and_the_next_probe_is_asked() -> None:
    results = ask_all([_raising("shop", ShopUnfit("No tables.", hint="Look.")), _well("after")])
    assert [result.as_json() for result in results] == [
        {"name": "shop", "result": "failure", "message": "No tables.", "hint": "Look."},
        {"name": "after", "result": "ok", "message": "well", "hint": ""},
    ]
    assert document(results)["exit_code"] == 5


def test_what_was_said_before_an_error_stays() -> None:
    results = ask_all([_raising("shop", ShopUnfit("No."), after=2)])
    assert [result.result for result in results] == [Grade.OK, Grade.OK, Grade.FAILURE]


def test_an_unexpected_error_names_its_class_and_nothing_of_its_text() -> None:
    (result,) = ask_all([_raising("odd", ValueError("Mario Rossi"))])
    assert result.result is Grade.FAILURE
    assert "ValueError" in result.message
    assert "Rossi" not in result.message + result.hint


def test_what_needs_a_failed_probe_is_not_asked_nor_what_needs_that() -> None:
    asked: list[str] = []

    def ask(name: str) -> list[CheckResult]:
        asked.append(name)
        return [fine(name, "well")]

    ask_all(
        [
            _raising("database", ShopUnfit("No.")),
            Probe("tables", lambda: ask("tables"), needs=("database",)),
            Probe("states", lambda: ask("states"), needs=("tables",)),
            Probe("token", lambda: ask("token")),
        ]
    )
    assert asked == ["token"]


def test_a_warning_keeps_nothing_from_being_asked() -> None:
    results = ask_all(
        [Probe("a", lambda: [warning("a", "hm", "look")]), Probe("b", lambda: [fine("b", "well")], needs=("a",))]
    )
    assert [result.name for result in results] == ["a", "b"]


@pytest.mark.parametrize(
    ("errors", "code"),
    [
        ([], ExitCode.DONE),
        ([AmazonRefused("a")], ExitCode.AMAZON_REFUSED),
        ([AmazonRefused("a"), ShopUnfit("b")], ExitCode.SHOP_UNAVAILABLE),
        ([ShopUnfit("b"), LedgerUnusable("c")], ExitCode.LEDGER_UNUSABLE),
        ([LedgerUnusable("c"), ConfigError("d")], ExitCode.USAGE),
    ],
)
def test_the_exit_code_follows_the_contracts_precedence(errors: list[OrderferryError], code: ExitCode) -> None:
    assert exit_code_of(ask_all([_raising(str(n), error) for n, error in enumerate(errors)])) is code


def test_warnings_and_failures_without_a_code_of_their_own_are_1() -> None:
    assert exit_code_of([fine("a", "b"), warning("a", "b", "c")]) is ExitCode.NEEDS_A_PERSON
    assert exit_code_of([failure("a", "b", "c")]) is ExitCode.NEEDS_A_PERSON


def test_each_problem_of_a_configuration_is_a_failure() -> None:
    results = configuration_failures(ConfigError("two mistakes", problems=("line 1", "line 2"), hint="read"))
    assert [(result.message, result.exit_code) for result in results] == [("line 1", 2), ("line 2", 2)]


@pytest.mark.parametrize(
    ("days", "grade", "words"),
    [
        (0, Grade.OK, "180 more days"),
        (149, Grade.OK, "31 more days"),
        (150, Grade.WARNING, "in 30 days"),
        (179, Grade.WARNING, "in 1 days"),
        (180, Grade.FAILURE, "180 days old"),
        (400, Grade.FAILURE, "400 days old"),
    ],
)
def test_the_secret_is_warned_of_from_thirty_days_before_its_end(days: int, grade: Grade, words: str) -> None:
    today = date(2026, 11, 23)
    (result,) = check_secret_age(date.fromordinal(today.toordinal() - days), today)
    assert result.result is grade
    assert words in result.message


def test_a_secret_of_unknown_age_is_no_fault() -> None:
    (result,) = check_secret_age(None, date(2026, 11, 23))
    assert result.result is Grade.OK
    assert "client_secret_created" in result.message


def test_strange_variables_are_named_with_the_nearest_of_ours() -> None:
    results = list(check_environment(["LWA_APP_ID"], [("ORDERFERRY_X", ""), ("ORDERFERRY_LEDGER_UR", "…_URL")]))
    assert ["LWA_APP_ID" in results[0].message, "ORDERFERRY_X" in results[1].message] == [True, True]
    assert results[2].hint == "It is called …_URL."
    (well,) = check_environment([], [])
    assert well.result is Grade.OK
