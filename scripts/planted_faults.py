#!/usr/bin/env python3
"""Plant faults in the code, one at a time, and print those that no test notices.

    .venv/bin/python scripts/planted_faults.py --count 40 --seed 1
    .venv/bin/python scripts/planted_faults.py src/orderferry/domain

The faults are chosen at random and are planted in copies of src/, one for each of --jobs. Each is given to the unit
tests that run its line, then to the integration tests of its topic: the program that those start is not measured, so a
table says which they are. Faults that change nothing that anybody could see are listed with their reason in
tests/data/harmless_faults.txt and are not counted. The exit code is 1 if less than --at-least per cent are noticed.
"""

from __future__ import annotations

import argparse
import ast
import compileall
import os
import py_compile
import random
import re
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from queue import SimpleQueue

import pytest

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
# The integration tests of a folder or file of src/orderferry, each without its `test_`: after those that bear its name.
INTEGRATION = {
    "": "import_end_to_end status init",
    "amazon": "amazon_* two_sellers simulator_http",
    "amazon/report": "amazon_reports compare_command",
    "cli": "import_end_to_end terminal standard_streams cron_output first_hour bad_input many_shops dry_run",
    "cli/inter": "init",
    "config": "init check bad_input amazon_environment many_shops first_hour",
    "domain": "shop_writing_lines shop_writing_fees shop_writing_wide shop_writing_updates shop_writing_people "
    "amazon_changes_end_to_end status hostile_text",
    "ledger": "status two_hosts two_sellers clock_end_to_end unreadable_span first_import_end_to_end refused_rows",
    "notify": "alerts_end_to_end cron_output",
    "prestashop": "shop_reading_facts shop_writing_updates shop_writing_people shop_writing_fees events refused_rows",
    "prestashop/checking": "check missing_taxes shop_verify shop_writing_updates init",
    "prestashop/database": "shop_reading_* database_rights altered_databases refused_rows tls shop_writing_races",
    "prestashop/feed": "feed_keeping events bridge_command",
    "prestashop/planning": "shop_writing_* missing_taxes concurrent_changes adopt",
    "prestashop/reading": "shop_reading_* adopt shop_writing_wide shop_writing_people altered_databases",
    "prestashop/rows": "shop_writing_* hostile_text",
    "prestashop/sample_shop": "shop_* fixtures first_hour",
    "prestashop/writing": "shop_writing_* concurrent_changes refused_rows events",
    "run": "import_end_to_end status first_import_end_to_end refused_rows bad_input two_sellers alerts_end_to_end "
    "standing_findings amazon_changes_end_to_end cron_output unreadable_span clock_end_to_end two_hosts",
    "run/check": "check clock_end_to_end",
    "run/compare": "compare_command standing_findings unreadable_span",
    "simulator": "simulator_http amazon_reports amazon_source staging",
}
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
            yield self._begin(node), self._begin(node) + len("not "), ""
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

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        shutil.copytree(ROOT / "src", folder / "src", ignore=shutil.ignore_patterns("__pycache__"))
        checked = py_compile.PycInvalidationMode.CHECKED_HASH  # a fault is seen even if neither time nor size changes
        compileall.compile_dir(folder / "src", quiet=1, invalidation_mode=checked)
        (folder / "coverage.cfg").write_text("[run]\nsource_pkgs = orderferry\n", "utf-8")
        self._environ = os.environ | {
            "PYTHONPATH": str(folder / "src"),
            "PYTHONDONTWRITEBYTECODE": "1",
            "HYPOTHESIS_PROFILE": "deterministic",
            "COVERAGE_FILE": str(folder / "coverage"),
        }

    def run(self, *arguments: str, timeout: float | None = None) -> int:
        """Run pytest and return its exit code; 1 when it takes too long."""
        # one process: pytest-cov does not tell tests apart where they may be spread over several
        words = [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", "--dist", "no", *arguments]
        try:
            return subprocess.run(
                words, cwd=ROOT, env=self._environ, timeout=timeout, check=False, stdout=subprocess.DEVNULL
            ).returncode
        except subprocess.TimeoutExpired:
            print(f"The tests took longer than {timeout:.0f} seconds, which counts as noticed.", flush=True)
            return 1

    def tests_by_line(self, tests: list[str]) -> dict[str, dict[int, list[str]]]:
        """Run these tests, and return for each file which of them run which line ('': as the file is imported)."""
        from coverage import CoverageData  # noqa: PLC0415 — the pure part is tested without it

        code = self.run(
            "--cov", f"--cov-config={self._folder / 'coverage.cfg'}", "--cov-context=test", "--cov-report=", *tests
        )
        if code:
            raise SystemExit(f"The tests must pass before faults are planted; pytest ended with {code}.")
        data = CoverageData(str(self._folder / "coverage"))
        data.read()
        if not data.measured_contexts() - {""}:
            raise SystemExit("The coverage does not tell which tests run which line.")
        root = self._folder.resolve()
        return {str(Path(file).relative_to(root)): data.contexts_by_lineno(file) for file in data.measured_files()}

    def who_notices(self, path: str, faulty: bytes, unit: list[str], integration: list[str]) -> str:
        """Return the kind of tests that fail with the fault ('': none), and put the file right again."""
        file = self._folder / path
        whole = file.read_bytes()
        file.write_bytes(faulty)
        try:
            if unit and self._fail(unit, 300):
                return "unit"
            return "integration" if integration and self._fail(integration, 1800) else ""
        finally:
            file.write_bytes(whole)

    def _fail(self, tests: list[str], timeout: float) -> bool:
        chosen = self._folder / "tests.txt"
        chosen.write_text("\n".join(tests), "utf-8")
        code = self.run(f"@{chosen}", timeout=timeout)
        if code == pytest.ExitCode.USAGE_ERROR:  # the fault has changed the name of a case: run the whole files
            code = self.run(*sorted({test.partition("::")[0] for test in tests}), timeout=timeout)
        return code != 0


def unit_tests(fault: Fault, by_line: dict[int, list[str]], path: str) -> list[str]:
    """Return the tests that run a fault's line, or the lines of its statement before it: those of its own package
    first. `path`: the file's, in src/orderferry.

    What runs as the file is imported is given to all files of tests that import it, too, since a test that compares
    data runs no line of it, and to all tests that run anything of the file; where there are none, to its whole package.
    """
    package = path.partition("/")[0]
    lines: Iterable[int] = range(fault.first, fault.line + 1)
    is_imported = any("" in by_line.get(line, ()) for line in lines)
    if is_imported:
        lines = by_line
    names = {context.rpartition("|")[0] for line in lines for context in by_line.get(line, ()) if context}
    if is_imported:
        files = importing_tests(path)
        names = {name for name in names if name.partition("::")[0] not in files} | files
        if not names and (ROOT / "tests" / "unit" / package).is_dir():
            names = {f"tests/unit/{package}"}
    return sorted(names, key=lambda name: (not name.startswith(f"tests/unit/{package}/"), name))


def importing_tests(path: str) -> set[str]:
    """Return the files of unit tests that import a file of src/orderferry."""
    folder, _, name = f"orderferry/{path.removesuffix('.py')}".replace("/", ".").rpartition(".")
    module, member = re.escape(f"{folder}.{name}"), rf"{re.escape(folder)} import .*\b{re.escape(name)}\b"
    imports = re.compile(rf"^(?:from|import) (?:{module}\b|{member})", re.MULTILINE)
    files = sorted((ROOT / "tests" / "unit").rglob("test_*.py"))
    return {str(file.relative_to(ROOT)) for file in files if imports.search(file.read_text("utf-8"))}


def integration_tests(path: str) -> list[str]:
    """Return the integration tests for a file of src/orderferry: those that bear its name, the most alike first, then
    those of the table."""
    folder = ROOT / "tests" / "integration"
    whole = Path(path).with_suffix("").as_posix()
    words = {word[:5] for word in re.split(r"[/_]", whole)} - {"order", "shop", "end", "run"}
    alike = {file: words & {word[:5] for word in file.stem.split("_")} for file in sorted(folder.glob("test_*.py"))}
    named = sorted(filter(alike.get, alike), key=lambda file: -len(alike[file]))
    row = max((key for key in INTEGRATION if whole.startswith(key)), key=len)
    listed = [file for name in INTEGRATION[row].split() for file in sorted(folder.glob(f"test_{name}.py"))]
    return [str(file.relative_to(ROOT)) for file in dict.fromkeys([*named, *listed])]


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("paths", nargs="*", default=["src/orderferry"], help="files or folders of src/")
    parser.add_argument("--count", type=int, default=40)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--at-least", type=float, default=95, metavar="PER_CENT")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="how many faults are tried at a time")
    given = parser.parse_args()
    roots = [(ROOT / path).resolve() for path in given.paths]
    files = sorted(file for root in roots for file in ([root] if root.is_file() else root.rglob("*.py")))
    pool = [(file, fault) for file in files for fault in faults_of(file.read_bytes())]
    chosen = random.Random(given.seed).sample(pool, min(given.count, len(pool)))
    harmless = HARMLESS.read_text("utf-8")
    print(f"{len(pool)} faults can be planted. First the unit tests run once, to see which run which line.", flush=True)
    with ExitStack() as stack:
        made = [Copy(Path(stack.enter_context(tempfile.TemporaryDirectory()))) for _ in range(given.jobs)]
        by_file = made[0].tests_by_line(["tests/unit", "tests/properties"])
        copies = SimpleQueue[Copy]()
        for copy in made:
            copies.put(copy)

        def try_fault(file: Path, fault: Fault) -> str:
            path, inner = str(file.relative_to(ROOT)), str(file.relative_to(ROOT / "src" / "orderferry"))
            source = file.read_bytes()
            text = description(path, source, fault)
            if text in harmless:
                return "harmless"
            unit = unit_tests(fault, by_file.get(path, {}), inner)
            copy = copies.get()
            try:
                who = copy.who_notices(path, fault.planted(source), unit, integration_tests(inner))
            finally:
                copies.put(copy)
            if not who:
                print(f"not noticed: {path}:{fault.line}: {text.partition(' | ')[2]}", flush=True)
            return who

        with ThreadPoolExecutor(given.jobs) as threads:
            counts = Counter(threads.map(lambda one: try_fault(*one), chosen))
    noticed = counts["unit"] + counts["integration"]
    counted = noticed + counts[""]
    share = 100 * noticed / counted if counted else 100.0
    print(f"{noticed} of {counted} faults are noticed ({share:.1f} %): {counts['unit']} by unit tests,", end=" ")
    print(f"{counts['integration']} by integration tests. {counts['harmless']} more are known as harmless.")
    return 0 if share >= given.at_least else 1


if __name__ == "__main__":
    sys.exit(main())
