"""How the program names itself to people and to cron."""

from __future__ import annotations

import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from orderferry.cli.program import program_to_paste, read_crontab, running_program


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


def crontab(folder: Path, script: str) -> None:
    """A command `crontab` that does as the script says."""
    (folder / "bin").mkdir(exist_ok=True)
    program = folder / "bin" / "crontab"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)


@pytest.mark.parametrize(
    ("script", "text"),
    [
        ('printf "%s \\351" "$@"', "-l \N{REPLACEMENT CHARACTER}"),
        ("echo no crontab for you >&2; exit 1", ""),
        ("cat", ""),
    ],
)
def test_the_crontab_of_this_user(script: str, text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    crontab(tmp_path, script)
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:/bin:/usr/bin")
    assert read_crontab() == text


def test_without_a_crontab_that_answers_none_is_known(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert read_crontab() is None
    crontab(tmp_path, "true")
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    for error in (OSError(8, "Exec format error"), subprocess.TimeoutExpired("crontab", 10)):

        def run(words: list[str], error: Exception = error, **how: Any) -> None:
            assert words == [str(tmp_path / "bin" / "crontab"), "-l"]
            assert how["timeout"] == 10
            raise error

        monkeypatch.setattr(subprocess, "run", run)
        assert read_crontab() is None


def test_a_program_that_is_found_nowhere(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    for started in ("", "orderferry"):
        monkeypatch.setattr(sys, "argv", [started])
        assert running_program() == [sys.executable, "-m", "orderferry"]
        assert program_to_paste() == f"{shlex.quote(sys.executable)} -m orderferry"
