"""What is printed goes through one function, and that lets nothing pass that a terminal would obey."""

from __future__ import annotations

import json
import os
import re
import sys
from pathlib import Path
from zoneinfo import ZoneInfo

import click
import pytest

from orderferry import cli
from orderferry.cli.terminal import (
    drop_unwritten,
    echo,
    echo_filled,
    echo_json,
    echo_lines,
    forgive_closed_pipes,
    in_zone,
    printable,
    style,
)

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


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("… – — × “a” ’ → ✔ ✘", b"... - - x 'a' ' -> + x"),
        ("é", b"\\u00e9"),
        ("東", b"\\u6771"),
        ("👩", b"\\ud83d\\udc69"),
        ("\udc80\udcff", b"\x80\xff"),
        ("\udc7f\udd00", b"\\udc7f\\udd00"),
    ],
)
def test_what_a_locale_lacks_is_written_in_another_way(text: str, written: bytes) -> None:
    assert text.encode("ascii", "orderferry-locale") == written
    with pytest.raises(UnicodeDecodeError):
        b"\xff".decode("ascii", "orderferry-locale")


def test_lines_are_filled_up_to_eighty_columns(capsys: pytest.CaptureFixture[str]) -> None:
    echo_filled(f"{'a' * 39} {'b' * 40} c-d\x1b", "", "  ")
    echo_filled("one two", "- ", "  ")
    echo_filled("x-" * 45, "", "  ")
    lines = capsys.readouterr().out.splitlines()
    assert lines[:3] == [f"{'a' * 39} {'b' * 40}", "  c-d\\x1b", "- one two"]
    assert lines[3] == "x-" * 40, "broken only where it must be"


def test_texts_of_several_lines_and_tabulators(capsys: pytest.CaptureFixture[str]) -> None:
    echo_lines("a\tb\n\x1b\n")
    echo_lines("c", err=True)
    assert capsys.readouterr() == ("a   b\n\\x1b\n\n", "c\n")


def test_times_in_sentences_are_those_of_the_shop() -> None:
    rome = ZoneInfo("Europe/Rome")
    text = "at 2026-11-23T06:00:59Z and 2026-07-01T22:30:00.500Z, not 2026-11-23T06:00Z"
    assert in_zone(text, rome) == "at 2026-11-23 07:00 and 2026-07-02 00:30, not 2026-11-23T06:00Z"


def test_a_closed_pipe_takes_what_is_written_to_nowhere(monkeypatch: pytest.MonkeyPatch) -> None:
    reader, writer = os.pipe()
    with os.fdopen(writer, "w", encoding="ascii") as stream:
        monkeypatch.setattr("sys.stdout", stream)
        monkeypatch.setattr("sys.stderr", stream)
        forgive_closed_pipes()
        assert (sys.stdout.encoding, sys.stdout.errors, sys.stderr.errors) == (
            "ascii",
            "orderferry-locale",
            "backslashreplace",
        )
        print("…", file=sys.stdout, flush=True)
        assert os.read(reader, 100) == b"...\n"
        os.close(reader)
        print("lost", file=sys.stdout, flush=True)
        print("lost too", file=sys.stdout, flush=True)
        drop_unwritten()


def test_a_full_disk_is_an_error_for_the_output_and_none_for_the_error_output(monkeypatch: pytest.MonkeyPatch) -> None:
    with Path("/dev/full").open("w") as out, Path("/dev/full").open("w") as err:
        monkeypatch.setattr("sys.stdout", out)
        monkeypatch.setattr("sys.stderr", err)
        forgive_closed_pipes()
        print("lost", file=sys.stderr, flush=True)
        print("told", file=sys.stdout)
        with pytest.raises(OSError, match="No space left"):
            sys.stdout.flush()
        drop_unwritten()
        sys.stdout.flush()
