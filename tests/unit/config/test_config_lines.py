"""The lines of keys, in every form that TOML has for them."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orderferry.config.lines import KeyPath, line_numbers
from orderferry.config.read import SourceFile

TEXT = '''\
# [not.a.table]
a.b = """x
# no = 1
[no]
" y""""
["q.x".'z']   # head = 1
k = [ 1, # ]
 "]", {zz=1}, [2,
 3]]
i = { "u\\u0041" = 1, v = {w = 'a}', x.y = 2} }

[[arr]]
n = \'\'\'it''s
it\'\'\'
m = 12:00:00
[ sp . aced ]
"k=1" = 1979-05-27 07:32:00Z
\t"" = ""
'''


def test_every_form_of_a_key_has_its_line() -> None:
    tomllib.loads(TEXT)
    assert line_numbers(TEXT) == {
        ("a",): 2,
        ("a", "b"): 2,
        ("q.x",): 6,
        ("q.x", "z"): 6,
        ("q.x", "z", "k"): 7,
        ("q.x", "z", "i"): 10,
        ("q.x", "z", "i", "uA"): 10,
        ("q.x", "z", "i", "v"): 10,
        ("q.x", "z", "i", "v", "w"): 10,
        ("q.x", "z", "i", "v", "x"): 10,
        ("q.x", "z", "i", "v", "x", "y"): 10,
        ("arr",): 12,
        ("arr", "n"): 13,
        ("arr", "m"): 15,
        ("sp",): 16,
        ("sp", "aced"): 16,
        ("sp", "aced", "k=1"): 17,
        ("sp", "aced", ""): 18,
    }


def test_windows_line_ends_count_once() -> None:
    assert line_numbers('a = 1\r\n\r\nb = """\r\n"""\r\nc = 2\r\n') == {("a",): 1, ("b",): 3, ("c",): 5}


WORDS = st.sampled_from(["a", "b-1", '"x.y"', "'z z'", r'"q\"="'])
VALUES = st.sampled_from(
    ["1", "true", '"#"', "'}'", '"""\n]\n"""', "'''\n\n'''", "[]", "[1,\n2, # c\n]", "[\"]\", ['[']]", "{ k = [1] }"]
)


@given(st.lists(st.tuples(st.lists(WORDS, min_size=1, max_size=3, unique=True), VALUES), max_size=8))
def test_lines_are_right_whatever_stands_before(pairs: list[tuple[list[str], str]]) -> None:
    """Every key under a name of its own, so that nothing collides; the expected line is counted as text is made."""
    text, expected = "", {}
    for index, (words, value) in enumerate(pairs):
        expected[index] = text.count("\n") + 1
        text += f"n{index}.{' . '.join(words)} = {value}  # k{index} = 0\n"
    lines = line_numbers(text)
    assert {path[0] for path in lines} == {f"n{index}" for index in expected}
    for path in _paths(tomllib.loads(text)):
        assert lines[path] == expected[int(path[0][1:])]


def _paths(table: dict[str, Any], above: KeyPath = ()) -> list[KeyPath]:
    found: list[KeyPath] = []
    for name, value in table.items():
        found.append((*above, name))
        if isinstance(value, dict):
            found += _paths(value, (*above, name))
    return found


@pytest.mark.parametrize(
    ("path", "line"),
    [
        (("a", "b", "c"), 2),
        (("a", "b", "x"), 1),
        (("a", "b", "x", "y"), 1),
        (("a", "b", "c", "y", "z"), 2),
        (("a", "x"), 1),
        (("b",), 0),
        ((), 0),
    ],
)
def test_a_key_that_is_not_there_has_the_line_of_the_nearest_table_around_it(path: KeyPath, line: int) -> None:
    assert SourceFile(Path("x.toml"), "[a.b]\nc = 1\n", {}).line(path) == line
