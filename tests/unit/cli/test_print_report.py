"""The summary of a run: problems by cause, each with its remedy once."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from orderferry.cli.import_commands import MOST_CAUSES, print_summary
from orderferry.domain.problems import HINTS, Problem, ProblemCode
from orderferry.run.report import Report

NOW = datetime(2026, 11, 23, 6, tzinfo=UTC)


def report(*skus: str, dry_run: bool = False) -> Report:
    """A run with an order held for each of these SKUs."""
    made = Report("import", NOW, dry_run=dry_run)
    for number, sku in enumerate(skus):
        order_id = f"302-0000000-{number:07}"
        message = f"order {order_id}: no product of the shop answers to the SKU {sku!r}"
        made.add_problem(Problem(ProblemCode.UNKNOWN_SKU, message, order_id, sku))
    return made


def printed(made: Report, capsys: pytest.CaptureFixture[str]) -> list[str]:
    print_summary(made)
    return capsys.readouterr().out.splitlines()[1:]


def test_one_order_is_named_in_its_own_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    assert printed(report("A"), capsys) == [
        "  ! order 302-0000000-0000000: no product of the shop answers to the SKU 'A'",
        f"    {HINTS[ProblemCode.UNKNOWN_SKU]}",
    ]


def test_orders_with_one_cause_are_one_thing_to_mend_and_the_most_frequent_comes_first(
    capsys: pytest.CaptureFixture[str],
) -> None:
    lines = printed(report("A", *["B"] * 7), capsys)
    assert lines[0].startswith("  ! 7 orders, 302-0000000-0000001, ")
    assert lines[0].endswith(" and 2 more (unknown-sku): no product of the shop answers to the SKU 'B'")
    assert lines[1] == f"    {HINTS[ProblemCode.UNKNOWN_SKU]}"
    assert len(lines) == 4


@pytest.mark.parametrize(("dry_run", "where"), [(True, "--json"), (False, "orderferry status")])
def test_what_is_left_out_is_said_with_where_to_find_it(
    dry_run: bool, where: str, capsys: pytest.CaptureFixture[str]
) -> None:
    last = printed(report(*map(str, range(MOST_CAUSES + 3)), dry_run=dry_run), capsys)[-1]
    assert "… and 3 more causes" in last
    assert where in last
