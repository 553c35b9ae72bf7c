"""Starting programs and saying what they cost: CPU time and peak memory of one process, whoever else is busy."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Cost:
    """CPU in milliseconds (user and system), peak of the resident memory in MB, the exit code."""

    cpu: float
    memory: float
    code: int


def run(command: Sequence[str], *, environ: Mapping[str, str] | None = None, folder: Path | None = None) -> Cost:
    """Run a program to its end, its output thrown away."""
    process = subprocess.Popen(
        command,
        cwd=folder,
        env=dict(os.environ if environ is None else environ),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    return Cost((usage.ru_utime + usage.ru_stime) * 1000, usage.ru_maxrss / 1024, process.returncode)


def python(*words: str) -> list[str]:
    """A command line for this Python."""
    return [sys.executable, *words]


def environment(home: Path) -> dict[str, str]:
    """As little as cron gives."""
    return {"PATH": os.environ["PATH"], "HOME": str(home), "LANG": "C.UTF-8"}
