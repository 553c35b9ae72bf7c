"""Several configurations in one call, as an agency's cron starts them: what befalls one shop touches no other."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path

import pytest

from orderferry.cli.import_commands import start_delay
from orderferry.errors import ExitCode
from orderferry.simulator.faults import FaultKind
from orderferry.simulator.http_server import SimulatorServer
from orderferry.simulator.world import World
from support.installation import Installed, install
from support.shop_database import ShopDatabase
from support.simulated import READY_REPORTS

HANGS = 25.0  # seconds, in which the tests below have long done their work

Make = Callable[..., Installed]


@pytest.fixture
def shop_of(tmp_path: Path, sqlite_shop: ShopDatabase) -> Iterator[Make]:
    """Makes a shop of that name in one folder, with an Amazon of its own that has no orders, or hangs."""
    with ExitStack() as stack:

        def make(name: str, *, hangs: bool = False, **more: str) -> Installed:
            server = stack.enter_context(SimulatorServer(World([]), report_rules=READY_REPORTS))
            if hangs:
                server.faults.add("searchOrders", 1, FaultKind.HANG, times=None, seconds=HANGS)
            shop = shutil.copy(tmp_path / "shop.sqlite", tmp_path / f"{name}.shop.sqlite")
            return install(tmp_path, server, f"sqlite:///{shop}", name=name, **more)

        yield make


def words(installed: Installed, *more: str) -> list[str]:
    """The command line for the whole folder."""
    line = installed.command("import", *more)
    return [str(installed.folder) if word == str(installed.configuration) else word for word in line]


def started(installed: Installed, *more: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        words(installed, *more),
        cwd=installed.folder,
        env=installed.environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def the_one_that_hangs(parent: subprocess.Popen[str], others: list[Path]) -> int:
    """The process of the shop that hangs, once the ledgers of the others say that they are done."""
    children = Path(f"/proc/{parent.pid}/task/{parent.pid}/children")
    last = time.monotonic() + 30
    while time.monotonic() < last:
        found = children.read_text().split()
        if len(found) == 1 and all(ledger.exists() for ledger in others):
            return int(found[0])
        time.sleep(0.05)
    raise AssertionError("the shops did not get there")


def test_a_misconfigured_shop_and_one_without_a_database_touch_no_other(shop_of: Make) -> None:
    first, last = shop_of("a-shop"), shop_of("d-shop")
    wrong = shop_of("b-shop")
    wrong.more = "[observation]\nwindw = 3"
    wrong.write()
    gone = shop_of("c-shop")
    gone.shop_url = "mysql://shop:secret@127.0.0.1:1/nowhere"
    gone.write()
    finished = first.run_words(words(first, "--json"))
    assert finished.code == ExitCode.USAGE
    assert finished.json["exit_code"] == ExitCode.USAGE
    found = [(Path(shop["config"]).stem, shop["exit_code"]) for shop in finished.json["shops"]]
    assert found == [("a-shop", 0), ("b-shop", 2), ("c-shop", 5), ("d-shop", 0)]
    assert all(shop["command"] == "import" for shop in finished.json["shops"])
    assert len(finished.json["shops"][0]["observed"]) == 2
    assert last.ledger.exists()
    under_cron = first.run_words(words(first))
    assert under_cron.out == ""
    assert "windw" in under_cron.err
    assert {line.split(":")[0] for line in under_cron.err.splitlines()} == {"b-shop"}  # c-shop may heal by itself
    assert "secret" not in finished.out + under_cron.err


def test_healthy_shops_print_nothing_under_cron_and_each_its_own_line_in_a_dry_run(shop_of: Make) -> None:
    shops = [shop_of(name) for name in ("a", "b", "c")]
    under_cron = shops[0].run_words(words(shops[0]))
    assert (under_cron.code, under_cron.out, under_cron.err) == (0, "", "")
    dry = shops[0].run_words(words(shops[0], "--dry-run"))
    assert dry.out.splitlines() == [
        f"{name}: import: 0 orders seen (dry run: nothing was written)." for name in ("a", "b", "c")
    ]


def test_a_shop_whose_process_is_killed_is_reported_and_touches_no_other(shop_of: Make) -> None:
    shop_of("b", hangs=True)
    others = [shop_of("a"), shop_of("c")]
    parent = started(others[0], "--json")
    os.kill(the_one_that_hangs(parent, [each.ledger for each in others]), signal.SIGKILL)
    out, _err = parent.communicate(timeout=30)
    document = json.loads(out)
    assert parent.returncode == document["exit_code"] == ExitCode.NEEDS_A_PERSON
    assert [shop["exit_code"] for shop in document["shops"]] == [0, 1, 0]
    (problem,) = document["shops"][1]["problems"]
    assert problem["code"] == "internal"
    assert "SIGKILL" in problem["message"]
    assert problem["hint"]


def test_a_shop_that_hangs_ends_at_its_max_time(shop_of: Make) -> None:
    shop_of("b", hangs=True)
    other = shop_of("a")
    began = time.monotonic()
    finished = other.run_words(words(other, "--json", "--max-time", "3s"))
    assert time.monotonic() - began < HANGS
    assert [shop["exit_code"] for shop in finished.json["shops"]] == [0, 4]
    assert [problem["code"] for problem in finished.json["shops"][1]["problems"]] == ["out-of-time"]


def test_a_signal_reaches_the_shops_at_work(shop_of: Make) -> None:
    hanging = shop_of("b", hangs=True)
    other = shop_of("a")
    parent = started(other, "--json")
    the_one_that_hangs(parent, [other.ledger, hanging.ledger])
    time.sleep(0.3)  # it has begun to ask Amazon
    parent.terminate()
    out, _err = parent.communicate(timeout=20)
    document = json.loads(out)
    assert parent.returncode == document["exit_code"] == ExitCode.TERMINATED
    assert [shop["exit_code"] for shop in document["shops"]] == [0, ExitCode.TERMINATED]
    again = hanging.run("status", "--json")
    assert again.code in (ExitCode.DONE, ExitCode.NEEDS_A_PERSON)


def test_starts_are_spread_and_stay_where_they_are() -> None:
    paths = [Path(f"/etc/orderferry/shop-{number}.toml") for number in range(200)]
    delays = [start_delay(path, timedelta(minutes=10)) for path in paths]
    assert delays == [start_delay(path, timedelta(minutes=10)) for path in paths]
    assert all(timedelta(0) <= delay < timedelta(minutes=10) for delay in delays)
    by_minute = [sum(1 for delay in delays if delay // timedelta(minutes=1) == minute) for minute in range(10)]
    assert min(by_minute) > 5
    assert start_delay(paths[0], timedelta(0)) == timedelta(0)


def test_a_single_shop_waits_for_its_start_too(shop_of: Make) -> None:
    shop = shop_of("alone")
    assert start_delay(shop.configuration, timedelta(hours=900)) > timedelta(hours=1)
    parent = subprocess.Popen(
        shop.command("import", "--splay", "900h", "--json"),
        cwd=shop.folder,
        env=shop.environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    last = time.monotonic() + 30
    while time.monotonic() < last and not _handles_sigterm(parent.pid):
        time.sleep(0.05)
    parent.terminate()
    out, _err = parent.communicate(timeout=20)
    assert parent.returncode == json.loads(out)["exit_code"] == ExitCode.TERMINATED
    assert not shop.ledger.exists()


def _handles_sigterm(pid: int) -> bool:
    """Whether a process has a handler of its own for SIGTERM (proc(5), SigCgt)."""
    status = Path(f"/proc/{pid}/status").read_text()
    caught = next(line.split()[1] for line in status.splitlines() if line.startswith("SigCgt"))
    return bool(int(caught, 16) >> (signal.SIGTERM - 1) & 1)


@pytest.mark.parametrize(
    "asked",
    [
        ("show", "402-1234567-1234567"),
        ("adopt", "--dry-run"),
        ("forget", "--older-than", "30d", "--dry-run"),
        ("plan", "--orders-per-day", "100"),
        ("check",),
        ("compare", "--source", "search"),
        ("status",),
    ],
    ids=lambda words: words[0],
)
def test_every_command_runs_for_each_shop_and_a_misconfigured_one_hides_no_other(
    shop_of: Make, asked: tuple[str, ...]
) -> None:
    shop_of("a-shop", more="[observation]\nwindw = 3")
    good = shop_of("b-shop")
    line = [str(good.folder) if word == str(good.configuration) else word for word in good.command(*asked, "--json")]
    finished = good.run_words(line)
    wrong, right = finished.json["shops"]
    assert (finished.code, finished.json["exit_code"], wrong["exit_code"]) == (2, 2, 2)
    assert "windw" in json.dumps(wrong)
    assert right["config"].endswith("b-shop.toml")
    assert right["exit_code"] != ExitCode.USAGE


def test_a_marketplace_that_is_not_configured_is_a_usage_error(shop_of: Make) -> None:
    finished = shop_of("a-shop").run("import", "--marketplace", "IT", "--marketplace", "SE", "--json")
    assert finished.code == ExitCode.USAGE
    (problem,) = finished.json["problems"]
    assert "--marketplace SE" in problem["message"]
    assert "IT, DE, FR, ES" in problem["message"]


def test_setting_aside_and_taking_back_is_done_for_each_shop(shop_of: Make) -> None:
    shop_of("a-shop"), shop_of("b-shop")
    good = shop_of("c-shop")
    folder = [str(good.folder) if word == str(good.configuration) else word for word in good.command("ignore")]
    done = good.run_words([*folder, "402-1234567-1234567", "--reason", "a test order"])
    assert (done.code, done.out.count("is set aside")) == (0, 3)
    taken_back = good.run_words([*folder, "402-7654321-7654321", "--undo"])
    assert (taken_back.code, taken_back.err.count("knows no order")) == (2, 3)
