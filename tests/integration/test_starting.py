"""A program that the tests fork off is what cron would start: exit code, streams, folder, environment, rights."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from support.installation import environment
from support.starting import COMMAND, STARTERS, Starter, started

SAYS = "import os, sys; print(sys.argv, os.getcwd(), sys.path[0], __name__); sys.exit('because')"


@pytest.mark.parametrize(
    "words",
    [
        *([*COMMAND, *words] for words in (["--version"], ["--help"], ["nonsense"], ["status"], ["check", "--json"])),
        [sys.executable, "-c", SAYS, "a", "b"],
        [
            sys.executable,
            "-c",
            "import atexit; atexit.register(print, 'at the end'); print('first'); raise SystemExit(3)",
        ],
    ],
)
def test_a_fork_says_and_does_what_a_new_process_does(
    words: list[str], tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    environ = environment(tmp_path, ORDERFERRY_CONFIG=str(tmp_path / "there-is-none.toml"))
    assert STARTERS.can_fork(words, environ) is not STARTERS.anew
    forked = started(words, tmp_path, environ)
    request.getfixturevalue("started_anew")
    assert not STARTERS.can_fork(words, environ)
    assert started(words, tmp_path, environ) == forked


def test_what_python_reads_at_its_start_is_started_anew(tmp_path: Path) -> None:
    assert not STARTERS.can_fork([*COMMAND, "status"], environment(tmp_path, SSL_CERT_FILE="/nowhere"))
    assert not STARTERS.can_fork([*COMMAND, "status"], {"PATH": "/bin", "HOME": str(tmp_path)})
    assert not STARTERS.can_fork([sys.executable, "-m", "json.tool"], environment(tmp_path))


def test_a_program_that_does_not_end_is_killed(tmp_path: Path) -> None:
    starter = Starter()
    try:
        with pytest.raises(subprocess.TimeoutExpired):
            starter.run([*COMMAND, "simulator", "--port", "0"], tmp_path, environment(tmp_path), timeout=2)
        assert starter.run([*COMMAND, "--version"], tmp_path, environment(tmp_path), timeout=60).code == 0
    finally:
        starter.close()
