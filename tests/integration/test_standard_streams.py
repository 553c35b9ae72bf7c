"""Readers that leave, disks that are full, mistyped words: the exit code stays the true one, and the message helps."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from orderferry.ledger.filesystem import inspect_place
from orderferry.prestashop.sample_shop import ShopSeed
from orderferry.run.check import LEAST_FREE_BYTES, check_ledger_place
from orderferry.simulator.http_server import SimulatorServer
from orderferry.simulator.shop_life import generate
from support.installation import Installed, install
from support.sqlite_shop import sqlite_shop_in
from support.starting import start


@pytest.fixture
def installed(tmp_path: Path) -> Iterator[Installed]:
    """A shop that has none of the products that Amazon sold: `import` ends with 1."""
    shop = sqlite_shop_in(tmp_path, ShopSeed())
    with SimulatorServer(generate(5, datetime.now(UTC) - timedelta(days=1), 1, 12, ("IT",))) as server:
        yield install(tmp_path, server, shop.url, marketplaces=("IT",))


def run(installed: Installed, stdout: int, *words: str) -> tuple[int, str]:
    """Start a command that writes to this descriptor; return its exit code and what it wrote to stderr."""
    with (installed.folder / "errors").open("w+") as errors:
        wait = start(
            installed.command(*words), installed.folder, installed.environment(), out=stdout, err=errors.fileno()
        )
        code = wait()
        errors.seek(0)
        return code, errors.read()


def gone() -> int:
    """The writing end of a pipe that nobody reads any more."""
    reading, writing = os.pipe()
    os.close(reading)
    return writing


@pytest.mark.parametrize(
    ("words", "code"), [(("import", "--json"), 1), (("plan", "--orders-per-day", "100"), 0), (("--help",), 0)]
)
def test_a_reader_that_leaves_changes_no_exit_code(installed: Installed, words: tuple[str, ...], code: int) -> None:
    writing = gone()
    try:
        ended, err = run(installed, writing, *words)
    finally:
        os.close(writing)
    assert (ended, err.count("orderferry:")) == (code, 0), err


SAYS = "import orderferry.cli.terminal as o; o.forgive_closed_pipes(); print('… → Köln 漢字 😀 \\udcff')"


@pytest.mark.parametrize(
    ("encoding", "shown"),
    [
        ("utf-8", "… → Köln 漢字 😀 ".encode() + b"\xff"),
        ("latin-1", "... -> Köln \\u6f22\\u5b57 \\ud83d\\ude00 ".encode("latin-1") + b"\xff"),
        ("ascii", b"... -> K\\u00f6ln \\u6f22\\u5b57 \\ud83d\\ude00 \xff"),
    ],
)
def test_a_locale_that_lacks_a_character_ends_no_command_and_json_stays_json(encoding: str, shown: bytes) -> None:
    environ = {"PATH": os.environ["PATH"], "PYTHONIOENCODING": encoding}
    done = subprocess.run([sys.executable, "-c", SAYS], env=environ, capture_output=True, check=False)
    assert (done.returncode, done.stdout.rstrip(b"\n")) == (0, shown), done.stderr
    if encoding == "ascii":
        assert json.loads(b'"' + shown[:-2] + b'"') == "... -> Köln 漢字 😀"


def test_an_argument_that_is_no_text_is_a_usage_error(installed: Installed) -> None:
    installed.environ = {"LC_ALL": "C", "LANG": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    done = installed.run("show", "ÄÖ")
    assert done.code == 2
    assert "is no order id of Amazon's" in done.err


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="the system has no /dev/full")
@pytest.mark.parametrize("words", [("plan", "--orders-per-day", "100"), ("plan", "--orders-per-day", "100", "--json")])
def test_a_full_disk_under_the_output_is_one_sentence(installed: Installed, words: tuple[str, ...]) -> None:
    with Path("/dev/full").open("w") as full:
        code, err = run(installed, full.fileno(), *words)
    assert code == 1
    assert err == "orderferry: the system refused: No space left on device (standard output).\n"


def test_a_file_that_cant_be_written_is_named_as_it_was_asked_for(installed: Installed) -> None:
    assert installed.run("import").code == 1
    wanted = installed.folder / "none" / "status.html"
    done = installed.run("status", "--html", str(wanted))
    assert done.code == 1
    assert done.err == f"orderferry: the system refused: No such file or directory ({wanted}).\n"


def test_a_mistyped_command_and_a_mistyped_order_are_explained(installed: Installed) -> None:
    done = installed.run("imprt")
    assert done.code == 2
    assert "Did you mean 'import'?" in done.err
    done = installed.run("import", "--order", "123")
    assert done.code == 2
    assert "'123' is no order id of Amazon's" in done.err
    assert not installed.ledger.exists()


def test_check_tells_of_a_full_disk_before_the_first_run(tmp_path: Path) -> None:
    _, _, free = inspect_place(tmp_path / "x.ledger.sqlite")
    assert abs(free - os.statvfs(tmp_path).f_bavail * os.statvfs(tmp_path).f_frsize) < free / 2
    full = check_ledger_place("here", exists=False, is_usable=False, free=LEAST_FREE_BYTES - 1)
    assert json.loads(json.dumps(full.as_json()))["result"] == "failure"
    assert int(full.exit_code) == 6
    assert check_ledger_place("here", exists=False, is_usable=False, free=LEAST_FREE_BYTES).result == "ok"


# --- streams that whoever started the program has closed


CLOSED = ("<&-", ">&-", "2>&-", "<&- >&-", "<&- 2>&-", ">&- 2>&-", "<&- >&- 2>&-")


def run_closed(installed: Installed, closed: str, *words: str) -> tuple[int, str, str]:
    """Start a command with some of its streams closed; return its exit code and what the others got."""
    done = subprocess.run(
        ["sh", "-c", f'exec "$@" {closed}', "sh", *installed.command(*words)],
        cwd=installed.folder,
        env=installed.environment(),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    return done.returncode, done.stdout, done.stderr


@pytest.mark.sample(1, always=("<&- >&- 2>&-",))
@pytest.mark.parametrize("closed", CLOSED)
def test_a_closed_stream_changes_nothing_but_what_is_said_there(installed: Installed, closed: str) -> None:
    code, out, err = run_closed(installed, closed, "import", "--json")
    assert code == 1
    assert out == "" if ">&-" in closed.split() else json.loads(out)["orders"]["held"] > 0
    assert "orderferry:" not in err
    plain = [installed.run(*words) for words in (("status",), ("check",), ("show", "123-1234567-1234567"))]
    assert "held" in plain[0].out, "the run with a closed stream has done its work"
    for words, whole in zip((("status",), ("check",), ("show", "123-1234567-1234567")), plain, strict=True):
        code, out, err = run_closed(installed, closed, *words)
        assert code == whole.code, (words, out, err)
        assert bool(out) is (bool(whole.out) and ">&-" not in closed.split())
        assert bool(err) is (bool(whole.err) and "2>&-" not in closed.split())
    assert installed.ledger.read_bytes().startswith(b"SQLite format 3"), "nothing was printed into it"
    assert installed.run("status", "--json").json["exit_code"] == 1


@pytest.mark.sample(1, always=("<&- 2>&-",))
@pytest.mark.parametrize("closed", CLOSED)
def test_init_with_closed_streams_asks_nobody_and_writes_when_it_need_not_ask(tmp_path: Path, closed: str) -> None:
    words = [sys.executable, "-m", "orderferry", "-c", str(tmp_path / "new.toml"), "init", "--no-try"]
    given = ["--non-interactive", "--marketplaces", "IT", "--client-id", "x"]
    given += ["--set", "prestashop.database=shop", "--set", "prestashop.user=me"]
    secrets = {"AMAZON_CLIENT_SECRET": "s3cret-x", "AMAZON_REFRESH_TOKEN": "Atzr|x", "PRESTASHOP_PASSWORD": "p"}
    environ = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "LANG": "C.UTF-8"}
    environ |= {f"ORDERFERRY_{name}": value for name, value in secrets.items()}

    def init(*more: str) -> int:
        command = ["sh", "-c", f'exec "$@" {closed}', "sh", *words, *more]
        return subprocess.run(
            command, env=environ, cwd=tmp_path, stdin=subprocess.DEVNULL, capture_output=True, timeout=60, check=False
        ).returncode

    assert init() == 2
    assert list(tmp_path.iterdir()) == []
    assert init(*given) == 0
    assert "[amazon]" in (tmp_path / "new.toml").read_text()


def test_an_error_output_that_nobody_reads_or_that_is_full_changes_no_exit_code(installed: Installed) -> None:
    writing = gone()
    with Path("/dev/full").open("w") as full, Path(os.devnull).open("w") as nothing:
        for stream in (writing, full.fileno()):
            for words, code in ((("import", "--nonsense"), 2), (("import", "--progress"), 1), (("imprt",), 2)):
                wait = start(
                    installed.command(*words),
                    installed.folder,
                    installed.environment(),
                    out=nothing.fileno(),
                    err=stream,
                )
                assert wait() == code, words
    os.close(writing)
    assert installed.run("status").code == 1
