"""What is printed goes through one function, and that lets nothing pass that a terminal would obey."""

from __future__ import annotations

import json
import re
from pathlib import Path

import click
import pytest

from orderferry import cli
from orderferry.cli.terminal import echo, echo_json, printable, style

# These print words of orderferry's own only, or whole documents that a person asked for.
OWN_WORDS = {"bridge.py", "demo.py", "init.py", "parameters.py", "plan.py", "simulator.py", "terminal.py"}
HOSTILE = "a\x1b[31mb\x07c\nd\re\x9bf\u202eg\u2028h\x7fi"
SHOWN = r"a\x1b[31mb\x07c\x0ad\x0de\x9bf\u202eg\u2028h\x7fi"


def test_what_a_terminal_would_obey_is_shown_as_an_escape(capsys: pytest.CaptureFixture[str]) -> None:
    assert printable(HOSTILE) == SHOWN
    assert printable("Köln 東京 👩‍👩‍👧 … × שלום") == "Köln 東京 👩‍👩‍👧 … × שלום"
    echo(f"{style(HOSTILE, fg='red')} and {style('more', bold=True)}")
    echo(HOSTILE, err=True)
    out, err = capsys.readouterr()
    assert (out, err) == (f"{SHOWN} and more\n", f"{SHOWN}\n")


def test_colours_are_ours_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    printed: list[str] = []
    monkeypatch.setattr(click, "echo", lambda text, err=False: printed.append(text))
    echo(f"{style(HOSTILE, fg='red')} \x1b[32m{style('x', bold=True)}")
    assert printed == [f"\x1b[31m{SHOWN}\x1b[0m \\x1b[32m\x1b[1mx\x1b[0m"]


def test_json_says_the_same_and_steers_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    echo_json({"sku": HOSTILE})
    out = capsys.readouterr().out
    assert json.loads(out) == {"sku": HOSTILE}
    assert out.isascii()


def test_every_other_module_prints_by_it() -> None:
    prints = re.compile(r"\bclick\.(echo|secho|style)\(|^\s*print\(", re.MULTILINE)
    modules = {path.name: path.read_text("utf-8") for path in Path(str(cli.__file__)).parent.glob("*.py")}
    assert {name for name, text in modules.items() if prints.search(text)} <= OWN_WORDS
