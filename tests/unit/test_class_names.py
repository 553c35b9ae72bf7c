"""Names that a reader searches for: a public class has one name in the whole package."""

from __future__ import annotations

import ast
from collections import defaultdict
from pathlib import Path

SOURCE = Path(__file__).parents[2] / "src" / "orderferry"


def public_classes() -> dict[str, list[str]]:
    """Return the modules that define each public class, by the name of the class."""
    modules: dict[str, list[str]] = defaultdict(list)
    for path in sorted(SOURCE.rglob("*.py")):
        for node in ast.parse(path.read_text("utf-8")).body:
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                modules[node.name].append(str(path.relative_to(SOURCE)))
    return modules


def test_no_two_public_classes_have_one_name() -> None:
    modules = public_classes()
    assert "Order" in modules
    assert {name: places for name, places in modules.items() if len(places) > 1} == {}
