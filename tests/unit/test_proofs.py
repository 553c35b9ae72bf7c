"""Which cases of a long matrix run: the oldest, the newest, the named, and some of the rest; with --whole all."""

from __future__ import annotations

from typing import Any

import pytest

from support.proofs import PROPERTY, choose_cases

VERSIONS = [f"1.{number}" for number in range(10, 20)]


class Item:
    """As much of a test as choosing looks at."""

    def __init__(self, nodeid: str, marker: pytest.Mark | None) -> None:
        self.nodeid = nodeid
        self.user_properties: list[tuple[str, object]] = []
        self._marker = marker

    def get_closest_marker(self, name: str) -> pytest.Mark | None:
        return self._marker


def items(marker: pytest.MarkDecorator | None, *cases: str, file: str = "test_a.py") -> list[Any]:
    return [Item(f"{file}::test[{case}]", marker.mark if marker else None) for case in cases]


def kept(some: list[Any], *, whole: bool = False) -> list[str]:
    left_out = choose_cases(some, whole)
    return [item.nodeid.partition("[")[2].rstrip("]") for item in some if item not in left_out]


def test_the_first_the_last_and_one_of_the_rest_stay() -> None:
    found = kept(items(pytest.mark.sample(3), *VERSIONS))
    assert len(found) == 3
    assert {VERSIONS[0], VERSIONS[-1]} < set(found)


def test_every_run_chooses_the_same_and_each_file_others() -> None:
    of_files = [tuple(kept(items(pytest.mark.sample(3), *VERSIONS, file=f"test_{n}.py"))) for n in range(20)]
    assert of_files == [tuple(kept(items(pytest.mark.sample(3), *VERSIONS, file=f"test_{n}.py"))) for n in range(20)]
    assert len(set(of_files)) > 4


def test_what_is_named_stays_however_many_and_a_test_without_it_stays_whole() -> None:
    mark = pytest.mark.sample(0, always=("mariadb",))
    assert kept(items(mark, "mariadb-a", "sqlite-a", "mariadb-b", "sqlite-b")) == ["mariadb-a", "mariadb-b"]
    assert kept(items(mark, "a", "b", "c")) == ["a", "b", "c"]
    assert kept(items(pytest.mark.sample(3, always=("10",)), *VERSIONS))[0] == "1.10"


def test_all_run_when_the_whole_is_asked_for_and_unmarked_tests_always() -> None:
    assert kept(items(pytest.mark.sample(2), *VERSIONS), whole=True) == VERSIONS
    assert kept(items(None, *VERSIONS)) == VERSIONS


def test_one_that_is_asked_for_by_its_name_runs() -> None:
    assert kept(items(pytest.mark.sample(2), "1.15")) == ["1.15"]


@pytest.mark.parametrize(("whole", "ran"), [(False, 3), (True, 10)])
def test_how_many_ran_is_told_once(whole: bool, ran: int) -> None:
    some = items(pytest.mark.sample(3), *VERSIONS)
    choose_cases(some, whole)
    told = [entry for item in some for entry in item.user_properties]
    assert told == [(PROPERTY, ["cases of long matrices", ran, 10])]
