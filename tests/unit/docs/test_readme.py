"""What the README says about commands, exit codes and files is so."""

from __future__ import annotations

import os
import re
from pathlib import Path

from orderferry.cli.main import COMMANDS, SHORT_HELP
from orderferry.errors import PRECEDENCE, ExitCode

ROOT = Path(__file__).parents[3]
README = (ROOT / "README.md").read_text(encoding="utf-8")
CI = (ROOT / ".ci/run").read_text(encoding="utf-8")


def test_every_command_is_in_the_table_and_no_other() -> None:
    rows = re.findall(r"^\| ((?:`[a-z]+[^`]*`(?:, )?)+) \|", README, re.M)
    told = {word.split()[0] for row in rows for word in re.findall(r"`([^`]+)`", row)}
    assert told == set(COMMANDS)
    assert set(SHORT_HELP) == set(COMMANDS)


def test_every_exit_code_is_told_and_their_precedence_is_the_codes() -> None:
    table = README[README.index("| exit code |") :]
    told = {int(n) for row in re.findall(r"^\| ([\d, ]+) \|", table, re.M) for n in row.split(",")}
    assert told == {int(code) for code in ExitCode}
    sentence = re.search(r"the first of ([\d, ]+) is returned", README)
    assert sentence
    ranked = [int(code) for code in PRECEDENCE if code < ExitCode.HUNG_UP]
    assert [int(n) for n in sentence[1].split(",")] == ranked


def test_linked_files_exist() -> None:
    for link in re.findall(r"\]\(([^)#:]+)\)", README):
        assert (ROOT / link).exists(), link


def test_the_two_commands_can_be_started_and_ci_calls_the_test_command() -> None:
    commands = re.findall(r"^    (\./scripts/\w+)$", README, re.M)
    assert commands == ["./scripts/demo", "./scripts/test"]
    for command in commands:
        assert os.access(ROOT / command, os.X_OK)
    assert "./scripts/test" in CI
