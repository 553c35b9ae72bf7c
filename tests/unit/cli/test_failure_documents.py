"""With --json a command that fails before it begins prints one object all the same, with the keys of a good end."""

from __future__ import annotations

import json
import logging
from pathlib import Path

import click
import pytest

from orderferry.cli.failures import exit_for, failed_document
from orderferry.errors import ConfigError, ExitCode, LedgerUnusable
from support.command_line import call
from support.configuration import write

RUN = {"command", "run", "started", "finished", "dry_run", "observed", "calls", "orders", "open", "problems"}
KEYS = {
    "import": RUN,
    "recheck": RUN,
    "doublecheck": RUN,
    "compare": {"since", "until", "amazon", "shop", "missing", "surplus", "different", "problems"},
    "check": {"checks", "problems"},
    "status": {"healthy", "commands", "coverage", "gaps", "open", "quota", "problems"},
    "plan": {"command", "problems"},
    "show": {"command", "problems"},
    "adopt": {"command", "problems"},
    "forget": {"command", "problems"},
}


@pytest.mark.parametrize("command", KEYS)
@pytest.mark.parametrize(
    ("error", "code"),
    [
        (ConfigError("Two mistakes.", problems=("line 1: one", "line 2: two")), ExitCode.USAGE),
        (LedgerUnusable("It is damaged."), ExitCode.LEDGER_UNUSABLE),
        (click.UsageError("No such option."), ExitCode.USAGE),
        (KeyError("unforeseen"), ExitCode.NEEDS_A_PERSON),
        (KeyboardInterrupt(), ExitCode.INTERRUPTED),
    ],
)
def test_every_failure_has_the_commands_own_keys(
    command: str, error: BaseException, code: ExitCode, capsys: pytest.CaptureFixture[str]
) -> None:
    assert exit_for(error, ["orderferry", "-c", "x.toml", command, "--json"]) == code
    document = json.loads(capsys.readouterr().out)
    assert set(document) == KEYS[command] | {"exit_code"}
    assert document["exit_code"] == code
    assert document["problems"]
    assert len(document.get("checks", document["problems"])) == len(document["problems"])


def test_without_json_nothing_is_printed_to_stdout(capsys: pytest.CaptureFixture[str]) -> None:
    exit_for(LedgerUnusable("It is damaged.", hint="Move it away."), ["orderferry", "status"])
    out, err = capsys.readouterr()
    assert out == ""
    assert err.splitlines() == ["orderferry: It is damaged.", "  Move it away."]


PROBLEM = {"order_id": "", "code": "ledger-unusable", "message": "It is damaged.", "hint": "Move it away."}
NOTHING_OPEN = {"waiting": 0, "held": 0, "failed": 0, "given_up": 0}
NO_ORDERS = dict.fromkeys(("seen", "created", "updated", "unchanged", "waiting", "held", "failed", "ignored"), 0)
EMPTY_RUN = {
    "run": None,
    "dry_run": False,
    "observed": [],
    "calls": {"searchOrders": 0, "getOrder": 0},
    "orders": NO_ORDERS,
    "open": NOTHING_OPEN,
}
DOCUMENTS = {
    "import": {"command": "import", **EMPTY_RUN},
    "recheck": {"command": "recheck", **EMPTY_RUN},
    "doublecheck": {"command": "doublecheck", **EMPTY_RUN},
    "compare": {
        "since": None,
        "until": None,
        "amazon": {"orders": 0},
        "shop": {"orders": 0},
        "missing": [],
        "surplus": [],
        "different": [],
    },
    "check": {
        "checks": [
            {"name": "configuration", "result": "failure", "message": "It is damaged.", "hint": "Move it away."},
        ]
    },
    "status": {"healthy": False, "commands": {}, "coverage": [], "gaps": [], "open": NOTHING_OPEN, "quota": {}},
    "bridge": {
        "healthy": False,
        "enabled": False,
        "events": {"last": 0, "oldest": None},
        "consumers": [],
        "calls": [],
    },
    "plan": {"command": "plan"},
    "show": {"command": "show"},
    "adopt": {"command": "adopt"},
    "forget": {"command": "forget"},
}


@pytest.mark.parametrize("command", DOCUMENTS)
def test_the_whole_document_of_a_failure(command: str) -> None:
    document = failed_document(command, LedgerUnusable("It is damaged.", hint="Move it away."))
    moments = document.pop("started", None), document.pop("finished", None)
    assert document == {**DOCUMENTS[command], "problems": [PROBLEM], "exit_code": 6}
    assert moments[0] == moments[1]
    assert (moments[0] is not None) is (command in ("import", "recheck", "doublecheck"))


CONTEXT = click.Context(click.Command("show", params=[click.Argument(["order_id"])]), info_name="orderferry show")


@pytest.mark.parametrize(
    ("error", "code", "printed", "problem"),
    [
        (SystemExit(3), 3, "", None),
        (SystemExit(), 0, "", None),
        (click.exceptions.Exit(4), 4, "", None),
        (
            ConfigError("Two mistakes.", hint="Read the example.", problems=("line 1: one", "line 2: two")),
            2,
            "orderferry: Two mistakes.\n  line 1: one\n  line 2: two\n  Read the example.\n",
            ("configuration", "line 1: one"),
        ),
        (
            LedgerUnusable("It is\tdamaged.", hint="Run:\n\tmv a b"),
            6,
            "orderferry: It is   damaged.\n  Run:\n    mv a b\n",
            ("ledger-unusable", "It is\tdamaged."),
        ),
        (click.UsageError("No such option."), 2, "orderferry: No such option.\n", ("usage", "No such option.")),
        (
            click.UsageError("No such option.", CONTEXT),
            2,
            "Usage: orderferry show [OPTIONS] ORDER_ID\norderferry: No such option.\n",
            ("usage", "No such option."),
        ),
        (
            click.FileError("a.toml", "gone"),
            2,
            "orderferry: Could not open file 'a.toml': gone\n",
            ("usage", "Could not"),
        ),
        (KeyboardInterrupt(), 130, "orderferry: stopped.\n", ("stopped", "stopped")),
        (click.Abort(), 130, "orderferry: stopped.\n", ("stopped", "stopped")),
        (
            OSError(13, "Permission denied", "/etc/page.html"),
            1,
            "orderferry: the system refused: Permission denied (/etc/page.html).\n",
            ("system", "the system refused: Permission denied (/etc/page.html)"),
        ),
        (
            OSError(28, "No space left on device"),
            1,
            "orderferry: the system refused: No space left on device (standard output).\n",
            ("system", "the system refused: No space left"),
        ),
        (
            OSError(5, "Input/output error"),
            1,
            "orderferry: the system refused: Input/output error.\n",
            ("system", "the system refused: Input/output error"),
        ),
        (TimeoutError(), 1, "orderferry: the system refused: TimeoutError.\n", ("system", "the system refused: Time")),
        (
            KeyError("unforeseen"),
            1,
            "orderferry: An unexpected error inside orderferry: KeyError.\n"
            "  Run it again with -vv and send what it prints to the issue tracker.\n",
            ("internal", "An unexpected error inside orderferry: KeyError."),
        ),
    ],
)
def test_what_is_said_when_the_program_ends_early(
    error: BaseException,
    code: int,
    printed: str,
    problem: tuple[str, str] | None,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert exit_for(error, ["orderferry", "plan"]) == code
    assert capsys.readouterr() == ("", printed)
    assert exit_for(error, ["orderferry", "plan", "--json"]) == code
    out = capsys.readouterr().out
    if problem is None:
        assert out == ""
        return
    document = json.loads(out)
    assert document["command"] == "plan"
    first = document["problems"][0]
    assert (first["order_id"], first["code"]) == ("", problem[0])
    assert first["message"].startswith(problem[1])


def test_a_call_without_a_command_prints_the_help(capsys: pytest.CaptureFixture[str]) -> None:
    assert call("--json") == 2, "no such option"
    capsys.readouterr()
    assert call() == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith(
        "Usage: orderferry [OPTIONS] COMMAND [ARGS]...\n\n  Bring Amazon orders into a PrestaShop shop"
    )
    assert err.count("Usage:") == 1


def test_the_document_of_an_unknown_command_is_a_runs_and_of_a_dry_run_says_so(
    capsys: pytest.CaptureFixture[str],
) -> None:
    error = click.UsageError("There is no such command.")
    for words, command, dry_run in ((["imprt"], "", False), (["recheck", "--dry-run"], "recheck", True)):
        exit_for(error, ["orderferry", *words, "--json"])
        document = json.loads(capsys.readouterr().out)
        assert (document["command"], document["dry_run"]) == (command, dry_run)


def test_a_reader_that_went_away_is_no_failure(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    with (tmp_path / "out").open("w") as file:
        monkeypatch.setattr("sys.stdout", file)
        assert exit_for(BrokenPipeError(), ["orderferry", "status"]) == 0
        print("what was left", file=file, flush=True)
    assert (tmp_path / "out").read_text() == ""


def test_a_full_disk_under_the_document_is_no_second_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("orderferry.cli.failures.echo_json", full)
    assert exit_for(LedgerUnusable("It is damaged."), ["orderferry", "status", "--json"]) == 6


def test_where_an_unforeseen_error_was_raised_goes_to_the_log(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG, "orderferry.cli.failures"):
        exit_for(KeyError("a name"), ["orderferry"])
    (line,) = caplog.messages
    assert line.startswith("unexpected: KeyError")
    assert "a name" not in line


@pytest.mark.parametrize(
    ("command", "words"),
    [
        ("show", ["show", "302-1"]),
        ("adopt", ["adopt"]),
        ("forget", ["forget", "--older-than", "30d"]),
        ("plan", ["plan"]),
        ("bridge", ["bridge", "status"]),
    ],
)
def test_of_several_broken_configurations_each_has_the_commands_own_keys(
    command: str, words: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    files = [str(write(tmp_path, "", name)) for name in ("a.toml", "b.toml")]
    assert call("-c", files[0], "-c", files[1], *words, "--json") == 2
    for shop, file in zip(json.loads(capsys.readouterr().out)["shops"], files, strict=True):
        told = {name: value for name, value in shop.items() if name in DOCUMENTS[command]}
        assert (shop["config"], told) == (file, DOCUMENTS[command])
