"""Which faults scripts/planted_faults.py can plant, and in what."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest

SCRIPT = Path(__file__).parents[2] / "scripts" / "planted_faults.py"


@pytest.fixture(scope="module")
def script() -> ModuleType:
    """The script as a module."""
    spec = importlib.util.spec_from_file_location("planted_faults", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = sys.modules["planted_faults"] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("x = a < b", ["x = a <= b"]),
        ("x = a not in b", ["x = a in b"]),
        ("x = a and b", ["x = a or b"]),
        ("x = (a) + (b)", ["x = (a) - (b)"]),
        ("x = not a", ["x = a"]),
        ("x = 1", ["x = 2"]),
        ("x = True", ["x = False"]),
        ("x = 'é' == y", ["x = 'é' != y", "x = 'éX' == y"]),
        ("f(a)", ["pass"]),
        ("def f():\n    return a", ["def f():\n    return None"]),
        ("if a:\n    b", ["if (not (a)):\n    b"]),
        ("for a in b:\n    continue", ["for a in b:\n    break"]),
        ("raise E('word')", []),
        ("x = zip(a, b, strict=True)", []),
        ("def f(a: 'Word') -> 'Word':\n    'Doc'\n    pass", []),
        ("if TYPE_CHECKING:\n    import x", []),
        ("x = 'a sentence for people'", []),
    ],
)
def test_which_faults_can_be_planted(script: ModuleType, source: str, expected: list[str]) -> None:
    text = source.encode()
    assert [fault.planted(text).decode() for fault in script.faults_of(text)] == expected


def test_a_fault_is_given_to_the_tests_of_its_statement(script: ModuleType) -> None:
    (fault,) = script.faults_of(b"y = z\nx = (\n    a < b\n)\n")
    assert (fault.first, fault.line) == (2, 3)
    assert script.run_contexts(fault, {1: ["other"], 2: ["t1|run"], 3: ["t2|run"]}) == {"t1|run", "t2|run"}
    assert script.description("p.py", b"y = z\nx = (\n    a < b\n)\n", fault) == "p.py | a < b | a <= b"
