#!/usr/bin/env python3
"""Plant faults in the code, one at a time, and print those that no test notices.

    .venv/bin/python scripts/planted_faults.py src/orderferry/domain --count 40 --seed 1

The faults are chosen at random among the lines that the tests run, and are planted in a copy of src/. Each is given
only to the tests that run its line. Faults that change nothing that anybody could see are listed with their reason in
tests/data/harmless_faults.txt and are not counted. The exit code is 1 if less than --at-least per cent are noticed.
"""

from __future__ import annotations

import argparse
import ast
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
HARMLESS = ROOT / "tests" / "data" / "harmless_faults.txt"
COMPARISONS = {
    ast.Lt: ("<", "<="),
    ast.LtE: ("<=", "<"),
    ast.Gt: (">", ">="),
    ast.GtE: (">=", ">"),
    ast.Eq: ("==", "!="),
    ast.NotEq: ("!=", "=="),
    ast.In: ("in", "not in"),
    ast.NotIn: ("not in", "in"),
    ast.Is: ("is", "is not"),
    ast.IsNot: ("is not", "is"),
}
ARITHMETIC = {
    ast.Add: ("+", "-"),
    ast.Sub: ("-", "+"),
    ast.Mult: ("*", "+"),
    ast.Div: ("/", "*"),
    ast.FloorDiv: ("//", "*"),
}
LONGEST_WORD = 40
NODES_TO_SKIP = (ast.Raise, ast.JoinedStr, ast.Import, ast.ImportFrom)  # messages to people, and names


@dataclass(frozen=True, slots=True)
class Fault:
    """One change of a file's text, from byte `start` to `end`. `first`: the line where its statement begins."""

    first: int
    line: int
    start: int
    end: int
    new: str

    def planted(self, source: bytes) -> bytes:
        """Return the file's text with the fault in it."""
        return source[: self.start] + self.new.encode() + source[self.end :]


class Finder:
    """Finds all faults that can be planted in one file."""

    def __init__(self, source: bytes) -> None:
        self._source = source
        self._lines = [0]
        for line in source.splitlines(keepends=True):
            self._lines.append(self._lines[-1] + len(line))
        self.faults: list[Fault] = []
        self._walk(ast.parse(source), 0)

    def _begin(self, node: ast.expr | ast.stmt) -> int:
        return self._lines[node.lineno - 1] + node.col_offset

    def _end(self, node: ast.expr | ast.stmt) -> int:
        assert node.end_lineno is not None
        assert node.end_col_offset is not None
        return self._lines[node.end_lineno - 1] + node.end_col_offset

    def _walk(self, node: ast.AST, first: int) -> None:
        if isinstance(node, NODES_TO_SKIP) or _is_for_types(node):
            return
        if isinstance(node, ast.stmt):
            first = node.lineno
        if isinstance(node, (ast.expr, ast.stmt)):
            for start, end, new in self._changes(node):
                line = self._source.count(b"\n", 0, start) + 1
                self.faults.append(Fault(first, line, start, end, new))
        for child in _children(node):
            self._walk(child, first)

    def _between(self, left: ast.expr, right: ast.expr, old: str, new: str) -> Iterator[tuple[int, int, str]]:
        start, end = self._end(left), self._begin(right)
        text = self._source[start:end].decode()
        if old in text:
            yield start, end, text.replace(old, new, 1)

    def _changes(self, node: ast.expr | ast.stmt) -> Iterator[tuple[int, int, str]]:
        if isinstance(node, ast.Compare) and len(node.ops) == 1:
            yield from self._between(node.left, node.comparators[0], *COMPARISONS[type(node.ops[0])])
        elif isinstance(node, ast.BoolOp):
            words = ("and", "or") if isinstance(node.op, ast.And) else ("or", "and")
            if len(node.values) == 2:
                yield from self._between(node.values[0], node.values[1], *words)
        elif isinstance(node, ast.BinOp) and type(node.op) in ARITHMETIC:
            yield from self._between(node.left, node.right, *ARITHMETIC[type(node.op)])
        elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
            yield self._begin(node), self._begin(node.operand), ""
        elif isinstance(node, ast.Constant):
            new = _other_constant(node.value)
            if new:
                yield self._begin(node), self._end(node), new
        elif isinstance(node, (ast.If, ast.While, ast.IfExp)):
            text = self._source[self._begin(node.test) : self._end(node.test)].decode()
            yield self._begin(node.test), self._end(node.test), f"(not ({text}))"
        elif isinstance(node, ast.Return) and node.value is not None and not _is_none(node.value):
            yield self._begin(node), self._end(node), "return None"
        elif isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
            yield self._begin(node), self._end(node), "pass"
        elif isinstance(node, ast.Continue):
            yield self._begin(node), self._end(node), "break"


def _is_none(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value is None


def _is_for_types(node: ast.AST) -> bool:
    return isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"


def _children(node: ast.AST) -> Iterator[ast.AST]:
    """Everything below a node but docstrings, annotations and decorators."""
    for name, value in ast.iter_fields(node):
        if name in ("annotation", "returns", "decorator_list"):
            continue
        for child in value if isinstance(value, list) else [value]:
            is_text = isinstance(child, ast.Expr) and isinstance(child.value, ast.Constant)
            is_safeguard = isinstance(child, ast.keyword) and child.arg == "strict"  # of zip(): nobody sees it gone
            if isinstance(child, ast.AST) and not (is_text or is_safeguard):
                yield child


def _other_constant(value: object) -> str:
    if isinstance(value, bool):
        return str(not value)
    if isinstance(value, int):
        return str(value + 1)
    if isinstance(value, str) and value and len(value) <= LONGEST_WORD and " " not in value:
        return repr(value + "X")
    return ""


def faults_of(source: bytes) -> list[Fault]:
    """Given a file's text, return every fault that can be planted in it."""
    return Finder(source).faults


def description(path: str, source: bytes, fault: Fault) -> str:
    """Return the line as it is and as it would be: what the list of harmless faults is searched for."""
    old, new = (text.splitlines()[fault.line - 1].decode().strip() for text in (source, fault.planted(source)))
    return f"{path} | {old} | {new}"


class Copy:
    """A copy of src/ in which faults are planted, and the tests that are run with it."""

    def __init__(self, folder: Path, tests: list[str]) -> None:
        self._folder = folder
        self._tests = tests
        shutil.copytree(ROOT / "src", folder / "src", ignore=shutil.ignore_patterns("__pycache__"))
        self._environ = os.environ | {
            "PYTHONPATH": str(folder / "src"),
            "PYTHONDONTWRITEBYTECODE": "1",
            "HYPOTHESIS_PROFILE": "deterministic",
            "COVERAGE_FILE": str(folder / "coverage"),
        }

    def run(self, *arguments: str, timeout: float | None = None) -> int:
        """Run pytest and return its exit code; 1 when it takes too long."""
        words = [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", *arguments]
        try:
            return subprocess.run(
                words, cwd=ROOT, env=self._environ, timeout=timeout, check=False, stdout=subprocess.DEVNULL
            ).returncode
        except subprocess.TimeoutExpired:
            return 1

    def tests_by_line(self) -> dict[str, dict[int, list[str]]]:
        """Run all tests, and return for each file of the copy which tests run which line ('': as it is imported)."""
        from coverage import CoverageData  # noqa: PLC0415 — the pure part is tested without it

        code = self.run("--cov", "--cov-context=test", "--cov-report=", *self._tests)
        if code:
            raise SystemExit(f"The tests must pass before faults are planted; pytest ended with {code}.")
        data = CoverageData(str(self._folder / "coverage"))
        data.read()
        return {file: data.contexts_by_lineno(file) for file in data.measured_files()}

    def notices(self, path: str, faulty: bytes, contexts: set[str], timeout: float) -> bool:
        """Run the tests of a line with a fault in it, and put the file right again."""
        names = sorted(context.partition("|")[0] for context in contexts if context)
        chosen = self._folder / "tests.txt"
        chosen.write_text("\n".join(names if "" not in contexts else self._tests), "utf-8")
        file = self._folder / path
        whole = file.read_bytes()
        file.write_bytes(faulty)
        try:
            return self.run(f"@{chosen}", timeout=timeout) != 0
        finally:
            file.write_bytes(whole)


def run_contexts(fault: Fault, by_line: dict[int, list[str]]) -> set[str]:
    """Return the tests that run a fault's line, or the lines of its statement before it."""
    return {context for line in range(fault.first, fault.line + 1) for context in by_line.get(line, ())}


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("paths", nargs="*", default=["src/orderferry/domain"], help="files or folders of src/")
    parser.add_argument("--count", type=int, default=40)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--tests", nargs="+", help="default: the unit tests of the packages named, and the properties")
    parser.add_argument("--at-least", type=float, default=95, metavar="PER_CENT")
    given = parser.parse_args()
    roots = [(ROOT / path).resolve() for path in given.paths]
    files = sorted(file for root in roots for file in ([root] if root.is_file() else root.rglob("*.py")))
    packages = {file.relative_to(ROOT / "src" / "orderferry").parts[0] for file in files}
    own = [f"tests/unit/{name}" for name in sorted(packages) if (ROOT / "tests" / "unit" / name).is_dir()]
    harmless = HARMLESS.read_text("utf-8") if HARMLESS.exists() else ""
    with tempfile.TemporaryDirectory() as folder:
        copy = Copy(Path(folder), given.tests or [*own, "tests/properties"])
        began = time.monotonic()
        by_file = copy.tests_by_line()
        timeout = 30 + 3 * (time.monotonic() - began)
        pool = []
        for file in files:
            path, source = str(file.relative_to(ROOT)), file.read_bytes()
            by_line = by_file.get(str(Path(folder).resolve() / path), {})
            pool += [(path, source, fault, run_contexts(fault, by_line)) for fault in faults_of(source)]
        reached = [each for each in pool if each[3]]
        chosen = random.Random(given.seed).sample(reached, min(given.count, len(reached)))
        print(f"{len(pool)} faults can be planted, {len(reached)} of them in lines that the tests run.", flush=True)
        noticed = left_out = 0
        for path, source, fault, contexts in chosen:
            text = description(path, source, fault)
            if text in harmless:
                left_out += 1
            elif copy.notices(path, fault.planted(source), contexts, timeout):
                noticed += 1
            else:
                print(f"not noticed: {path}:{fault.line}: {text.partition(' | ')[2]}", flush=True)
    counted = len(chosen) - left_out
    share = 100 * noticed / counted if counted else 100.0
    print(f"{noticed} of {counted} faults are noticed ({share:.1f} %); {left_out} more are known as harmless.")
    return 0 if share >= given.at_least else 1


if __name__ == "__main__":
    sys.exit(main())
