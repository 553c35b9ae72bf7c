"""How the program names itself to people and to cron."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from orderferry.cli.program import program_to_paste, running_program


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A program of our name that was started by its path, and that no PATH finds."""
    program = tmp_path / "my venv" / "bin" / "orderferry"
    program.parent.mkdir(parents=True)
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    monkeypatch.setattr(sys, "argv", [str(program), "init"])
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    return program


def test_cron_gets_the_absolute_path(installed: Path) -> None:
    assert running_program() == [str(installed)]


def test_a_shell_that_does_not_find_it_gets_the_path_in_quotes(installed: Path) -> None:
    assert program_to_paste() == f"'{installed}'"


def test_a_shell_that_finds_it_by_a_link_gets_the_name_alone(installed: Path, tmp_path: Path) -> None:
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "orderferry").symlink_to(installed)
    assert program_to_paste() == "orderferry"


def test_another_program_of_that_name_is_not_this_one(installed: Path, tmp_path: Path) -> None:
    (tmp_path / "bin").mkdir()
    other = tmp_path / "bin" / "orderferry"
    other.write_text("#!/bin/sh\n")
    other.chmod(0o755)
    assert program_to_paste() == f"'{installed}'"


def test_a_module_is_started_by_python(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["/somewhere/orderferry/__main__.py"])
    assert running_program() == [sys.executable, "-m", "orderferry"]
