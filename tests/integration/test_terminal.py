"""What a person sees: progress at a terminal, no colours where none are wanted, completion by the shell."""

from __future__ import annotations

import json
import os
import pty
import re
import select
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from orderferry.cli.commands import COMMANDS
from orderferry.prestashop.sample_shop import ShopSeed, plain_products
from orderferry.simulator.catalog import DEMO_CATALOG
from orderferry.simulator.http_server import SimulatorServer
from orderferry.simulator.reports_api import ReportRules
from orderferry.simulator.shop_life import generate
from support.installation import Installed, install
from support.simulated import READY_REPORTS
from support.sqlite_shop import sqlite_shop_in
from support.starting import start

ANSI = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
COLOR = re.compile(r"\x1b\[[0-9;]*3[0-9][0-9;]*m")


@pytest.fixture
def installed(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Installed]:
    """An installation on an embedded shop, with some days of orders at a simulated Amazon."""
    shop = sqlite_shop_in(tmp_path, ShopSeed(products=plain_products([item.sku for item in DEMO_CATALOG], 1000)))
    world = generate(5, datetime.now(UTC) - timedelta(days=1), 1, 12, ("IT",))
    rules = getattr(request, "param", READY_REPORTS)
    with SimulatorServer(world, report_rules=rules) as server:
        yield install(tmp_path, server, shop.url, marketplaces=("IT",))


def on_terminal(installed: Installed, *words: str, **environ: str) -> tuple[int, str]:
    """Start a command at a pseudo-terminal; return its exit code and everything it wrote there."""
    leader, follower = pty.openpty()
    environ = {**installed.environment(), "TERM": "xterm-256color", "COLUMNS": "100", **environ}
    wait = start(installed.command(*words), installed.folder, environ, out=follower, err=follower)
    os.close(follower)
    written, deadline = b"", time.monotonic() + 60
    while time.monotonic() < deadline:
        if select.select([leader], [], [], 0.2)[0]:
            try:
                piece = os.read(leader, 65536)
            except OSError:  # the other end is closed
                break
            if not piece:
                break
            written += piece
    os.close(leader)
    return wait(), written.decode(errors="replace")


def test_a_person_at_a_terminal_sees_a_bar_that_goes_away_and_a_summary(installed: Installed) -> None:
    code, text = on_terminal(installed, "import")
    assert code == 0, text
    plain = ANSI.sub("", text)
    assert re.search(r"import: \d pages? read", plain)
    assert re.search(r"import: \d+ orders seen", "\n".join(plain.splitlines()[-8:]))


# A report that is not ready at the first question: there is time to see what the comparison waits for.
@pytest.mark.parametrize("installed", [ReportRules(timedelta(0), timedelta(seconds=1))], indirect=True, ids=["waiting"])
def test_a_comparison_says_what_it_is_at(installed: Installed) -> None:
    installed.run("import")
    _, text = on_terminal(installed, "compare")
    plain = ANSI.sub("", text)
    assert re.search(r"compare: Amazon prepares its report of \d{4}-\d\d-\d\d to ", plain)
    assert plain.splitlines()[-1].strip() == "Nothing is missing, surplus or different."
    piped = installed.run("compare")
    assert (piped.out, piped.err) == ("", "")


def test_no_progress_and_scripts_see_none_and_can_ask_for_lines(installed: Installed) -> None:
    _, text = on_terminal(installed, "import", "--no-progress")
    assert "pages read" not in ANSI.sub("", text)
    piped = installed.run("recheck")
    assert (piped.out, piped.err) == ("", "")
    asked = installed.run("import", "--window", "2d", "--progress", "--json")
    assert asked.json["exit_code"] == 0, "stdout holds the object and nothing else"
    assert re.fullmatch(r"(import: \d+ pages? read, \d+ of \d+ orders done\n)+", asked.err)


def test_colours_are_for_terminals_that_want_them(installed: Installed) -> None:
    installed.run("import")
    assert COLOR.search(on_terminal(installed, "status")[1])
    assert not ANSI.search(on_terminal(installed, "status", NO_COLOR="1")[1])
    assert COLOR.search(on_terminal(installed, "status", NO_COLOR="")[1]), "empty counts as not set (no-color.org)"
    assert "\x1b" not in installed.run("status").out
    _, text = on_terminal(installed, "import", "--window", "2d", NO_COLOR="1")
    assert not COLOR.search(text)


@pytest.mark.sample(2)
@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_shells_complete_commands_and_options(shell: str, tmp_path: Path) -> None:
    environ = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "LANG": "C.UTF-8"}

    def complete(**variables: str) -> str:
        command = [sys.executable, "-c", "from orderferry.cli.main import main; main()"]
        done = subprocess.run(command, env=environ | variables, capture_output=True, text=True, check=True)
        assert done.stderr == ""
        return done.stdout

    assert "_orderferry_completion" in complete(_ORDERFERRY_COMPLETE=f"{shell}_source")
    words = {"COMP_WORDS": "orderferry ", "COMP_CWORD": "" if shell == "fish" else "1"}
    offered = complete(_ORDERFERRY_COMPLETE=f"{shell}_complete", **words)
    assert all(command in offered for command in COMMANDS)
    words = {"COMP_WORDS": "orderferry import --dry", "COMP_CWORD": "--dry" if shell == "fish" else "2"}
    assert "--dry-run" in complete(_ORDERFERRY_COMPLETE=f"{shell}_complete", **words)


ESCAPES = "\x1b]0;owned\x07\x1b[2J\x1b[8m\x9b31m\u202eDEMO\nAll is well."
COMMANDS_THAT_SHOW = (
    ("import", "--progress"),
    ("-v", "import", "--window", "1d"),
    ("import", "--window", "1d", "--dry-run"),
    ("show", "{order}", "--refresh"),
    ("show", "{order}"),
    ("status",),
    ("compare",),
    ("check",),
    ("adopt", "--dry-run"),
)


def hostile(tmp_path: Path) -> tuple[Path, str]:
    """A file with an order that has such a SKU and such a title; and its id."""
    order = "305-0000007-0000007"
    item = {"sku": ESCAPES, "title": ESCAPES, "price": "10.00"}
    own = {"id": order, "marketplace": "IT", "placed": "5h", "verified": "30m", "company": ESCAPES, **item}
    path = tmp_path / "own.json"
    path.write_text(json.dumps({"order": [own]}))
    return path, order


def test_nothing_of_a_sku_or_a_shop_s_name_steers_the_terminal(tmp_path: Path) -> None:

    from orderferry.simulator.world import World

    path, order = hostile(tmp_path)
    shop = sqlite_shop_in(tmp_path, ShopSeed(products=plain_products(["demo_1"], 1000)))
    for table in ("carrier", "order_state_lang", "module"):
        shop.execute(f"UPDATE {{p}}{table} SET name = name || :name", name=ESCAPES)
    with SimulatorServer(World.load(path, datetime.now(UTC)), report_rules=READY_REPORTS) as server:
        installed = install(tmp_path, server, f"sqlite:///{tmp_path}/shop.sqlite", marketplaces=("IT",))
        installed.more = '[logging]\nfile = "log"\nlevel = "debug"\n'
        installed.write()
        for words in COMMANDS_THAT_SHOW:
            _, text = on_terminal(
                installed, *(word.replace("{order}", order) for word in words), NO_COLOR="1", TERM="dumb"
            )
            bare = text.replace("\r\n", "\n")
            assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]", bare), (words, bare)
            assert words == ("status",) or "All is well." not in [line.strip() for line in bare.splitlines()], words
            if words[0] == "show":
                assert "owned" in bare
        for words in (("show", order, "--json", "--refresh"), ("status", "--json"), ("import", "--json", "--dry-run")):
            out = installed.run(*words).out
            assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]", out), words
            json.loads(out)
        told = installed.run("show", order, "--json", "--refresh").json
        assert told["amazon"]["items"][0]["sku"] == ESCAPES, "JSON says what Amazon says"
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]", (tmp_path / "log").read_text())
