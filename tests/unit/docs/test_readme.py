"""What the README and the pages on commands and operations say about commands, exit codes and files is so."""

from __future__ import annotations

import os
import re
from pathlib import Path

from orderferry.cli.commands import COMMANDS
from orderferry.errors import PRECEDENCE, ExitCode

ROOT = Path(__file__).parents[3]
README = (ROOT / "README.md").read_text(encoding="utf-8")
COMMANDS_PAGE = (ROOT / "docs/commands.md").read_text(encoding="utf-8")
OPERATIONS = (ROOT / "docs/operations.md").read_text(encoding="utf-8")
MOST_WORDS = 1200
CI = (ROOT / ".ci/run").read_text(encoding="utf-8")


def test_every_command_is_in_the_table_and_no_other() -> None:
    rows = re.findall(r"^\| ((?:`[a-z]+[^`]*`(?:, )?)+) \|", COMMANDS_PAGE, re.M)
    told = {word.split()[0] for row in rows for word in re.findall(r"`([^`]+)`", row)}
    assert told == set(COMMANDS)


def test_every_exit_code_is_told_and_their_precedence_is_the_codes() -> None:
    table = OPERATIONS[OPERATIONS.index("| exit code |") :]
    told = {int(n) for row in re.findall(r"^\| ([\d, ]+) \|", table, re.M) for n in row.split(",")}
    assert told == {int(code) for code in ExitCode}
    sentence = re.search(r"the first of ([\d, ]+) is returned", OPERATIONS)
    assert sentence
    ranked = [int(code) for code in PRECEDENCE if code < ExitCode.HUNG_UP]
    assert [int(n) for n in sentence[1].split(",")] == ranked


def test_the_readme_is_one_page() -> None:
    assert len(README.split()) <= MOST_WORDS


def test_the_readme_has_what_a_newcomer_asks_for() -> None:
    for words in ("does **not**", "**Price:** none", "**Licence:** [MIT]", "## What it needs", "## Where to go on"):
        assert words in README
    steps = re.findall(r"^(\d)\. \*\*", README[README.index("## Set it up") :], re.M)
    assert steps == list("12345")


def test_the_two_commands_can_be_started_and_ci_calls_the_test_command() -> None:
    commands = re.findall(r"^    (\./scripts/\w+)$", README, re.M)
    assert commands == ["./scripts/demo", "./scripts/test"]
    for command in commands:
        assert os.access(ROOT / command, os.X_OK)
    assert "./scripts/test" in CI
