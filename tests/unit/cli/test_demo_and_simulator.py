"""`demo` and `simulator`: what they print, and what they hand on."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from orderferry.demo import DemoResult, Loss
from orderferry.simulator.http_server import SimulatorServer
from orderferry.simulator.world import World
from support.command_line import call

NOW = datetime(2026, 11, 23, 6, 0, tzinfo=UTC)


def result(**changes: Any) -> DemoResult:
    """Two weeks of three orders, two of which came into the shop."""
    facts: dict[str, Any] = {
        "folder": Path("demo"),
        "port": 8801,
        "start": NOW,
        "end": NOW,
        "runs": 40,
        "calls": 50,
        "ready": tuple(SimpleNamespace(order_id=f"302-{number}") for number in (1, 2, 3)),
        "imported": {"302-1": (1, Decimal(10)), "302-3": (1, Decimal(10)), "302-9": (1, Decimal(10))},
        "waiting": 4,
        "missed_by_fixed_window": {"302-1": Loss.FBA_LATE, "302-2": Loss.OUTAGE, "302-3": Loss.OUTAGE},
        "reported": ("302-3",),
        "wrong": (),
    }
    return DemoResult(**(facts | changes))


@pytest.fixture
def played(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Play nothing: tell one step of progress, and return what the list's first entry is."""
    given: list[Any] = [result()]

    def play(folder: Path, _: datetime, progress: Callable[[str], None]) -> DemoResult:
        given.append(folder)
        progress("day 1")
        played: DemoResult = given[0]
        return played

    monkeypatch.setattr("orderferry.demo.play", play)
    monkeypatch.setattr("orderferry.cli.demo.program_to_paste", lambda: "orderferry")
    times = iter([100.0, 112.4] * 9)
    monkeypatch.setattr("orderferry.cli.demo.time.monotonic", lambda: next(times))
    return given


END = """\
Two weeks of a shop on Amazon in 12 s: 40 runs started as cron would, 50 calls to Amazon, cron down for a day and a \
half in between.

      3 orders became ready to import
      2 of them are in the shop, each once, each with the buyer's total to the cent
      1 of these lost an item after their invoice was issued: reported, for a credit slip
      4 more are waiting at Amazon (payment checks, FBA orders that are not shipped)

An importer that asks for the orders created in the last day would have lost 3 of them for ever:
      2 cron was down while it was in the window
      1 FBA shipped it after the window
{wrong}
Everything is in demo/. To go on, in one terminal:
  orderferry simulator --world demo/world.json --port 8801
and in another:
  orderferry -c demo/config.toml status
  orderferry -c demo/config.toml show {some}
  orderferry -c demo/config.toml import
"""


def test_all_that_the_demo_says(played: list[Any], capsys: pytest.CaptureFixture[str]) -> None:
    assert call("demo", "--folder", "somewhere") == 0
    assert played[1] == Path("somewhere")
    assert capsys.readouterr() == (END.format(wrong="", some="302-1"), "")
    played[0] = result(wrong=("302-1 is there twice.",))
    assert call("demo") == 1
    assert played[2] == Path("orderferry-demo")
    assert capsys.readouterr().out == END.format(wrong="  ! 302-1 is there twice.\n", some="302-1")
    played[0] = result(ready=(), imported={})
    call("demo")
    assert "  orderferry -c demo/config.toml show ORDER_ID\n" in capsys.readouterr().out


def test_what_is_wrong_is_red(
    played: list[Any], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("click.utils.should_strip_ansi", lambda *_: False)
    played[0] = result(wrong=("302-1 is there twice.",))
    call("demo")
    assert "\x1b[31m  ! 302-1 is there twice.\x1b[0m\n" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "terminal", "shown"),
    [
        (["demo"], True, "\r\x1b[Kday 1\r\x1b[K"),
        (["demo", "--progress"], True, "\r\x1b[Kday 1\r\x1b[K"),
        (["demo", "--no-progress"], True, ""),
        (["-q", "demo"], True, ""),
        (["demo"], False, ""),
        (["demo", "--progress"], False, "day 1\n"),
        (["demo", "--no-progress"], False, ""),
    ],
)
def test_who_sees_the_demos_progress(
    words: Sequence[str],
    terminal: bool,
    shown: str,
    played: list[Any],
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sys.stdout, "isatty", lambda: terminal, raising=False)
    call(*words)
    before, words_, _ = capsys.readouterr().out.partition("Two weeks")
    assert (before, words_) == (shown, "Two weeks")


class Serves:
    """Serves nothing: notes what it was to serve, and tells of a server's start."""

    asked: tuple[Path | None, int, list[str]]
    told: str
    interrupted = True

    def __call__(
        self, world: Path | None, *, port: int, skus: list[str], on_start: Callable[[SimulatorServer], None]
    ) -> None:
        self.asked = world, port, skus
        with SimulatorServer(World()) as server:
            on_start(server)
            self.told = server.endpoint
            self.credentials = server.credentials
        if self.interrupted:
            raise KeyboardInterrupt


@pytest.fixture
def serves(monkeypatch: pytest.MonkeyPatch) -> Serves:
    made = Serves()
    monkeypatch.setattr("orderferry.simulator.http_server.serve_forever", made)
    monkeypatch.setattr("orderferry.cli.simulator.program_to_paste", lambda: "orderferry")
    return made


@pytest.mark.parametrize(
    ("words", "asked"),
    [
        ([], (None, 8765, [])),
        (["--port", "0", "--skus", " A-1,B 2 ,,"], (None, 0, ["A-1", "B 2"])),
        (["--world", "w.json", "--port", "65535"], (Path("w.json"), 65535, [])),
    ],
)
def test_what_is_served(words: list[str], asked: tuple[Any, ...], serves: Serves) -> None:
    assert call("simulator", *words) == 0
    assert serves.asked == asked


def test_all_that_the_simulator_says(serves: Serves, capsys: pytest.CaptureFixture[str]) -> None:
    call("simulator")
    at, known = serves.told, serves.credentials
    announced = (
        f"A simulated Amazon answers on {at}; Ctrl-C stops it. In the configuration:\n"
        "\n"
        "[amazon]\n"
        f'endpoint = "{at}"\n'
        f'token_url = "{at}/auth/o2/token"\n'
        f'client_id = "{known.client_id}"\n'
        f'client_secret = "{known.client_secret}"\n'
        f'refresh_token = "{known.refresh_token}"\n'
        "\n"
        "Or let init write one, in another shell; it asks for the client secret and the refresh token above:\n"
        "\n"
        f"    orderferry -c staging.toml init --client-id {known.client_id} --set amazon.endpoint={at} "
        f"--set amazon.token_url={at}/auth/o2/token\n"
        "\n"
    )
    assert capsys.readouterr() == (f"{announced}The simulator has stopped.\n", "")
    serves.interrupted = False
    call("simulator")
    assert "has stopped" not in capsys.readouterr().out


@pytest.mark.parametrize("words", [["--port", "-1"], ["--port", "65536"], ["--world", "a", "--skus", "b"]])
def test_the_simulator_refuses_what_makes_no_sense(words: list[str], serves: Serves) -> None:
    assert call("simulator", *words) == 2
    assert not hasattr(serves, "asked")
