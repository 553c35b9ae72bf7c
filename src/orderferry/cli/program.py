"""How this program is started again (by cron, from anywhere, and by a person in this shell), and this user's
crontab.
"""

from __future__ import annotations

import shlex
import shutil
import subprocess
import sys
from pathlib import Path

NAME = "orderferry"

LONGEST = 10  # seconds


def running_program() -> list[str]:
    """Return the words that start this very program again from anywhere: its own absolute path, or Python with -m."""
    started = sys.argv[0]
    found = shutil.which(started) if started else None
    if found and Path(found).name == NAME:
        return [str(Path(found).absolute())]
    return [sys.executable, "-m", NAME]


def program_to_paste() -> str:
    """Return what a person writes in this shell: the name alone where the shell finds this very program by it."""
    words = running_program()
    found = shutil.which(NAME)
    if found and len(words) == 1 and Path(found).resolve() == Path(words[0]).resolve():
        return NAME
    return shlex.join(words)


def read_crontab() -> str | None:
    """Return the crontab's text, '' when the user has none, None when there is no crontab command that answers."""
    program = shutil.which("crontab")
    if program is None:
        return None
    try:
        done = subprocess.run(  # noqa: S603 — a fixed command
            [program, "-l"], stdin=subprocess.DEVNULL, capture_output=True, timeout=LONGEST, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.decode("utf-8", "replace") if done.returncode == 0 else ""
