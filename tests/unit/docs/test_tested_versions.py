"""The matrix of versions says what the tests do: it is made of what they compare with."""

from __future__ import annotations

from pathlib import Path

from orderferry.prestashop.sample_shop import VERSIONS as WITH_SCHEMA
from support.compare_rows import accepted
from support.measured import VERSIONS, placed, scenarios

PAGE = (Path(__file__).parents[3] / "docs/promise.md").read_text("utf-8")
FOLLOWED = ("c2", "d2", "e3")


def matrix() -> list[str]:
    """A row for each version: what was compared with PrestaShop's own rows there."""
    return [
        f"| {version} | {' '.join(placed(version))} | {' '.join(sorted(set(FOLLOWED) & scenarios(version).keys()))} |"
        " yes | yes |"
        for version in VERSIONS
    ]


def test_the_matrix_is_what_is_tested() -> None:
    rows = [line for line in PAGE.splitlines() if line.startswith("| ") and line[2].isdigit() and " yes |" in line]
    assert rows == matrix()
    assert sorted(VERSIONS) == sorted(WITH_SCHEMA)


def test_the_number_of_accepted_differences_is_told() -> None:
    assert f"{len(accepted()['different'])} columns" in PAGE
