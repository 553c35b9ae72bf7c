"""Small things of the first hour: bare calls, pipes that a person reads, bars, configurations in the clone."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from orderferry.prestashop.sample_shop import ShopSeed, plain_products
from orderferry.simulator.http_server import SimulatorServer
from orderferry.simulator.world import World
from support.installation import Installed, environment, install
from support.simulated import READY_REPORTS, simulated_order, verified
from support.sqlite_shop import sqlite_shop_in
from support.starting import started

ROOT = Path(__file__).parents[2]


@pytest.fixture
def installed(tmp_path: Path) -> Iterator[Installed]:
    shop = sqlite_shop_in(tmp_path, ShopSeed(products=plain_products(["SKU-1"], 500)))
    placed = datetime.now(UTC).replace(microsecond=0) - timedelta(hours=3)
    with SimulatorServer(
        World([simulated_order(1, verified(minutes=30), placed=placed)]), report_rules=READY_REPORTS
    ) as server:
        yield install(tmp_path, server, shop.url, marketplaces=("DE",))


@pytest.mark.parametrize("words", [(), ("bridge",)])
def test_a_call_without_a_command_prints_its_usage_once(tmp_path: Path, words: tuple[str, ...]) -> None:
    done = started([sys.executable, "-m", "orderferry", *words], tmp_path, environment(tmp_path))
    told = done.out + done.err
    assert done.code == 2
    assert told.count("Usage: ") == 1
    assert "\\x0a" not in told
    assert "\nCommands:\n" in told or words


def test_a_pipe_that_a_person_reads_gets_the_summary_and_cron_nothing(installed: Installed) -> None:
    by_hand = replace(installed, environ={**installed.environ, "ORDERFERRY_BY_HAND": "1"})
    told = by_hand.run("import")
    assert told.out.startswith("import: 1 order seen: 1 created")
    silent = installed.run("import", "--since", "1d")
    assert (silent.code, silent.out, silent.err) == (0, "", "")


def test_a_comparison_takes_no_progress_and_progress(installed: Installed) -> None:
    installed.run("import")
    plain = installed.run("compare", "--source", "search", "--no-progress")
    assert (plain.code, plain.err) == (0, "")
    assert "looking at the shop" in installed.run("compare", "--source", "search", "--progress").err


@pytest.mark.parametrize(
    ("name", "ignored"),
    [("config.toml", True), ("staging.toml", True), ("pyproject.toml", False), ("config.example.toml", False)],
)
def test_configurations_in_the_clone_hold_secrets_and_are_no_matter_for_git(name: str, ignored: bool) -> None:
    git = shutil.which("git")
    if git is None or not (ROOT / ".git").exists():
        pytest.skip("this is no clone")
    done = subprocess.run([git, "check-ignore", "-q", "--no-index", name], cwd=ROOT, check=False)
    assert (done.returncode == 0) is ignored


def test_every_command_that_can_show_a_bar_can_leave_it_out(tmp_path: Path) -> None:
    for command in ("import", "recheck", "doublecheck", "compare", "demo"):
        told = started([sys.executable, "-m", "orderferry", command, "--help"], tmp_path, environment(tmp_path))
        assert "--progress / --no-progress" in told.out, command


def test_the_help_says_how_a_pipe_is_read_by_hand(tmp_path: Path) -> None:
    assert "ORDERFERRY_BY_HAND" in started([sys.executable, "-m", "orderferry", "--help"], tmp_path, {}).out
    assert "ORDERFERRY_BY_HAND" in (ROOT / "docs/cron.md").read_text()
