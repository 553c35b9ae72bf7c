"""What a start imports, and what it leaves to the garbage collector."""

from __future__ import annotations

import gc
import json
import subprocess
import sys
from collections.abc import Iterator

import pytest

from orderferry import collector

# Starts the program as the script does and prints the modules that it has imported in the end, as JSON.
PROGRAM = """
import atexit, json, sys
atexit.register(lambda: print(json.dumps(sorted(sys.modules)), file=sys.stderr))
sys.argv = ["orderferry", *sys.argv[1:]]
from orderferry.cli.main import main
main()
"""
SLOW = ("sqlalchemy", "sp_api", "httpx", "requests", "pymysql", "rich", "pycountry")


def imported(*words: str) -> set[str]:
    done = subprocess.run([sys.executable, "-c", PROGRAM, *words], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return set(json.loads(done.stderr.splitlines()[-1]))


@pytest.mark.parametrize("words", [("--help",), ("--version",), ("import", "--help"), ("status", "--help")])
def test_help_and_version_import_nothing_slow(words: tuple[str, ...]) -> None:
    assert not imported(*words) & set(SLOW)


def test_what_every_run_imports_leaves_out_what_few_need() -> None:
    loaded = imported_by("from orderferry import bootstrap; bootstrap.preload()")

    assert {"sqlalchemy", "sp_api", "httpx", "httpcore", "pymysql"} <= loaded
    rarely = ("embedded", "auditing", "adopting", "forgetting", "checking", "workshop", "writing.transactions")
    unneeded = {f"orderferry.prestashop.{room}" for room in rarely}
    others = {"orderferry.simulator", "orderferry.demo", "orderferry.run.compare", "requests", "pycountry", "rich"}
    assert not loaded & {*unneeded, *others}


def test_httpx_comes_without_its_command_line_and_is_not_harmed() -> None:
    lean = "from orderferry.amazon.lean_httpx import httpx"

    assert "httpx._main" not in imported_by(lean)
    assert "httpx._main" in imported_by(f"{lean}; import httpx._main")
    assert "httpx._main" in imported_by(f"import httpx; {lean}")


def imported_by(statements: str) -> set[str]:
    program = f"import json, sys; {statements}; print(json.dumps(sorted(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    return set(json.loads(done.stdout))


@pytest.fixture
def _as_before() -> Iterator[None]:
    before = gc.get_threshold()
    yield
    gc.set_threshold(*before)
    gc.unfreeze()


@pytest.mark.usefixtures("_as_before")
def test_the_collector_rests_while_the_program_starts_and_works_as_usual_then() -> None:
    usual = gc.get_threshold()

    collector.starting()
    assert gc.get_threshold()[0] > 100_000
    collector.started()

    assert gc.get_threshold() == usual
    assert gc.get_freeze_count() > 0


@pytest.mark.usefixtures("_as_before")
def test_a_run_in_a_process_that_was_started_otherwise_freezes_nothing() -> None:
    before = gc.get_freeze_count()

    collector.started()

    assert gc.get_freeze_count() == before
