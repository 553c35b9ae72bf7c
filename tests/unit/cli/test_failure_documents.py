"""With --json a command that fails before it begins prints one object all the same, with the keys of a good end."""

from __future__ import annotations

import json

import click
import pytest

from orderferry.cli.failures import exit_for
from orderferry.errors import ConfigError, ExitCode, LedgerUnusable

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
