"""Option types, the global options, and files that a command leaves for people."""

from __future__ import annotations

import json
import logging
import os
import resource
import stat
import sys
from datetime import timedelta
from pathlib import Path

import pytest

from orderferry import __version__
from orderferry.cli.commands import COMMANDS
from orderferry.cli.context import CliContext
from orderferry.cli.main import cli, main
from orderferry.cli.parameters import DURATION, EXIT_CODES, MARKETPLACE, MONTH, ORDER_ID, TARGET, write_for_people
from orderferry.config.model import LoggingSettings
from orderferry.errors import ExitCode
from support.command_line import call
from support.compared import DE
from support.configuration import MINIMAL, write


@pytest.mark.parametrize(
    ("kind", "text", "value"),
    [
        (ORDER_ID, " 171-1234567-1234567 ", "171-1234567-1234567"),
        (ORDER_ID, "S01-1", "S01-1"),
        (ORDER_ID, "a-" + "1" * 30, "a-" + "1" * 30),
        (MARKETPLACE, "de", DE),
        (MARKETPLACE, DE, DE),
        (EXIT_CODES, "1, 3,", frozenset({ExitCode.NEEDS_A_PERSON, ExitCode.ALREADY_RUNNING})),
        (EXIT_CODES, "", frozenset()),
        (MONTH, " 2026-10 ", (2026, 10)),
        (MONTH, "2026-01", (2026, 1)),
        (DURATION, "1d12h", timedelta(hours=36)),
        (DURATION, timedelta(hours=2), timedelta(hours=2)),
    ],
)
def test_what_an_option_makes_of_a_text(kind: object, text: object, value: object) -> None:
    assert kind.convert(text, None, None) == value  # type: ignore[attr-defined]


SPAN_NAMED = "--month names the whole span: give it without --since and --until."


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (
            ["show", "171"],
            "Invalid value for 'ORDER_ID': '171' is no order id of Amazon's: write for example 171-1234567-1234567",
        ),
        (
            ["show", "1-" + "1" * 31],
            f"Invalid value for 'ORDER_ID': '1-{'1' * 31}' is no order id of Amazon's: write for example "
            "171-1234567-1234567",
        ),
        (
            ["import", "--marketplace", "XX"],
            "Invalid value for '--marketplace': 'XX' is no marketplace of Amazon's: write a country code such as IT, "
            "DE or UK",
        ),
        (
            ["import", "--ok-exit", "3,9"],
            "Invalid value for '--ok-exit': '3,9' is no list of exit codes (0, 1, 2, 3, 4, 5, 6, 7, 129, 130, 143)",
        ),
        (
            ["compare", "--month", "2026-13"],
            "Invalid value for '--month': '2026-13' is no month: write for example 2026-10",
        ),
        (
            ["import", "--window", "soon"],
            "Invalid value for '--window': 'soon' is no duration: write for example 30s, 90m, 36h, 2d, 1w or 1d12h",
        ),
        (["-v", "-q", "status"], "-v and -q contradict each other: give one of them."),
        (["imprt"], "There is no command 'imprt'. Did you mean 'import'?"),
        (["zzz"], "There is no command 'zzz'. `orderferry --help` lists them."),
        (
            ["compare", "--month", "2026-10", "--since", "2d"],
            SPAN_NAMED,
        ),
        (
            ["compare", "--month", "2026-10", "--until", "2d"],
            SPAN_NAMED,
        ),
        (["compare", "--since", "2026-10-02", "--until", "2026-10-02"], "--until must be later than --since."),
        (["status", "--json", "--nagios"], "--json and --nagios both print to stdout: give one of them."),
    ],
)
def test_a_mistake_on_the_command_line_is_a_sentence(
    words: list[str], told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert call(*words) == 2
    assert capsys.readouterr().err.splitlines()[-1] == f"orderferry: {told}"


def test_what_a_file_can_be_written_to(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    page, link = tmp_path / "page.html", tmp_path / "link"
    link.symlink_to(page)
    assert TARGET.convert(str(page), None, None) == page
    assert TARGET.convert(str(tmp_path / "none" / "page.html"), None, None) == tmp_path / "none" / "page.html"
    for name in ("/dev/stdout", "/dev/fd/1", "/proc/self/fd/1"):
        assert TARGET.convert(name, None, None) == Path(name)
        write_for_people(Path(name), "printed\n")
        assert capsys.readouterr().out == "printed\n"
    assert call("status", "--html", str(link)) == 2
    assert capsys.readouterr().err == (
        f"orderferry: {link} is not written: it is a link, not an ordinary file.\n"
        "  Name the file itself; /dev/stdout stands for the standard output.\n"
    )
    assert call("status", "--html", str(tmp_path)) == 2
    assert "is a directory" in capsys.readouterr().err
    write_for_people(page, "ours")
    assert (page.read_text(), stat.S_IMODE(page.stat().st_mode)) == ("ours", 0o600)
    write_for_people(tmp_path / "metrics", "ours", 0o644)
    assert stat.S_IMODE((tmp_path / "metrics").stat().st_mode) == 0o644


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can be led astray")
def test_a_place_that_another_user_can_change_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "theirs"
    folder.mkdir()
    os.chown(folder, 65534, 65534)
    assert call("status", "--html", str(folder / "page.html")) == 2
    err = capsys.readouterr().err
    assert err.startswith(f"orderferry: {folder / 'page.html'} is not written: ")
    assert len(err.splitlines()) == 2


def test_the_list_of_commands_is_that_of_the_documentation(capsys: pytest.CaptureFixture[str]) -> None:
    assert call("--help") == 0
    out = capsys.readouterr().out
    listed = out.partition("Commands:\n")[2].splitlines()
    assert [line.split()[0] for line in listed] == list(COMMANDS) == cli.list_commands(None)  # type: ignore[arg-type]
    assert call("-h") == 0
    assert capsys.readouterr().out == out
    assert call("--version") == 0
    assert capsys.readouterr().out == f"orderferry, version {__version__}\n"


@pytest.mark.parametrize(
    ("options", "level"), [([], logging.CRITICAL), (["-v"], logging.INFO), (["-vv"], logging.DEBUG), (["-vvv"], 10)]
)
def test_how_much_is_logged(options: list[str], level: int, tmp_path: Path) -> None:
    config = write(tmp_path, f"{MINIMAL}[logging]\nfile = 'log'\nlevel = 'warning'\n")
    call(*options, "-c", str(config), "plan", "--orders-per-day", "5")
    stderr, file = logging.getLogger("orderferry").handlers
    assert (stderr.level, file.level) == (level, logging.WARNING)


def test_no_color_is_for_every_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    contexts = []
    monkeypatch.setattr("orderferry.cli.context.CliContext.config_files", lambda _: [])
    for value, color in (("1", False), ("", None)):
        monkeypatch.setenv("NO_COLOR", value)
        with cli.make_context("orderferry", ["status"]) as context:
            cli.invoke(context)
            contexts.append((context.color, color))
    assert all(found is wanted for found, wanted in contexts)


def test_who_watches(monkeypatch: pytest.MonkeyPatch) -> None:
    context = CliContext(())
    monkeypatch.setattr(sys.stdout, "isatty", lambda: False, raising=False)
    assert context.on_terminal is False
    monkeypatch.setenv("ORDERFERRY_BY_HAND", "1")
    assert context.on_terminal is True
    monkeypatch.delenv("ORDERFERRY_BY_HAND")
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True, raising=False)
    assert context.on_terminal is True


def test_answers_of_several_shops_stand_under_their_files(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    good = str(write(tmp_path, MINIMAL))
    bad = str(write(tmp_path, "", "bad.toml"))
    assert call("-c", good, "-c", bad, "plan", "--orders-per-day", "5") == 2
    out, err = capsys.readouterr()
    assert out.startswith(f"{good}:\n5 orders a day")
    assert out.endswith(f"\n{bad}:\n")
    assert err.startswith(f"orderferry: {bad} has 5 mistakes.\n")
    assert call("-c", bad, "plan", "--orders-per-day", "5") == 2
    out, err = capsys.readouterr()
    assert (out, err.count("mistakes")) == ("", 1)
    call("-c", good, "plan", "--orders-per-day", "5")
    assert capsys.readouterr().out.startswith("5 orders a day")


def test_no_file_for_the_log_is_a_configuration_error(tmp_path: Path) -> None:
    settings = LoggingSettings(str(tmp_path / "none" / "log"))
    with pytest.raises(Exception, match=r"logging\.file") as caught:
        CliContext(()).set_up_logging(settings)
    assert caught.value.hint == "Give a path in a folder that the program may write to."  # type: ignore[attr-defined]


def test_the_program_leaves_with_its_exit_code_and_streams_that_forgive(
    capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("stdout", "stderr"):
        monkeypatch.setattr(sys, name, getattr(sys, name))

    def leave(*words: str) -> tuple[object, str, str]:
        monkeypatch.setattr(sys, "argv", ["orderferry", *words])
        with pytest.raises(SystemExit) as ended:
            main()
        assert sys.stdout.errors == "orderferry-locale"
        return (ended.value.code, *capfd.readouterr())

    assert leave("--version") == (0, f"orderferry, version {__version__}\n", "")
    code, out, err = leave("plan", "--json", "--nothing")
    assert (code, json.loads(out)["command"]) == (2, "plan")
    assert err.startswith("Usage: orderferry plan [OPTIONS]\n")
    assert resource.getrlimit(resource.RLIMIT_CORE) == (0, 0)
