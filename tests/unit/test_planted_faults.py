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
        ("x = not (a)", ["x = (a)"]),
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


def test_a_fault_is_given_to_the_tests_of_its_statement_those_of_its_package_first(script: ModuleType) -> None:
    (fault,) = script.faults_of(b"y = z\nx = (\n    a < b\n)\n")
    assert (fault.first, fault.line) == (2, 3)
    by_line = {1: ["other|run"], 2: ["tests/unit/cli/a.py::t[x|y]|run"], 3: ["tests/unit/run/b.py::t|run"]}
    assert script.unit_tests(fault, by_line, "run/a.py") == ["tests/unit/run/b.py::t", "tests/unit/cli/a.py::t[x|y]"]
    assert script.unit_tests(fault, {}, "config/model.py") == []
    assert script.description("p.py", b"y = z\nx = (\n    a < b\n)\n", fault) == "p.py | a < b | a <= b"


def test_what_runs_as_a_file_is_imported_is_given_to_all_tests_that_run_or_import_the_file(script: ModuleType) -> None:
    (fault,) = script.faults_of(b"X = 1\n")
    data = "tests/unit/domain/test_marketplaces.py"
    given = script.unit_tests(fault, {1: [""], 7: ["t1|run", f"{data}::t2|setup"]}, "domain/marketplaces.py")
    assert given[0] == data
    assert "t1" in given
    assert f"{data}::t2" not in given
    assert script.importing_tests("inspection.py") >= {"tests/unit/test_inspection.py"}


def test_what_no_test_runs_or_imports_is_given_to_all_tests_of_its_package(script: ModuleType) -> None:
    (fault,) = script.faults_of(b"X = 1\n")
    assert script.unit_tests(fault, {1: [""]}, "config/unheard_of.py") == ["tests/unit/config"]
    assert script.unit_tests(fault, {1: [""]}, "unheard_of.py") == []


def test_the_integration_tests_of_a_topic_are_tried_those_of_its_name_first(script: ModuleType) -> None:
    found = script.integration_tests("run/compare/rules.py")
    assert found[0] == "tests/integration/test_compare_command.py"
    assert "tests/integration/test_standing_findings.py" in found
    assert script.integration_tests("errors.py")


def test_the_table_of_integration_tests_names_what_is_there(script: ModuleType) -> None:
    tests = SCRIPT.parents[1] / "tests" / "integration"
    source = SCRIPT.parents[1] / "src" / "orderferry"
    for beginning, names in script.INTEGRATION.items():
        assert [name for name in names.split() if not list(tests.glob(f"test_{name}.py"))] == []
        assert list(source.glob(f"{beginning}*"))


def test_each_harmless_fault_can_still_be_planted_and_has_its_reason(script: ModuleType) -> None:
    for entry in script.HARMLESS.read_text("utf-8").splitlines()[1:]:
        path = entry.partition(" | ")[0]
        source = (script.ROOT / path).read_bytes()
        told = [script.description(path, source, fault) for fault in script.faults_of(source)]
        assert any(entry.startswith(f"{one} | ") and len(entry) > len(one) + 20 for one in told), entry
