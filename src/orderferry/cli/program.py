"""How this very program is started again: by cron, from anywhere, and by a person in this shell."""

from __future__ import annotations

import shlex
import shutil
import sys
from pathlib import Path

NAME = "orderferry"


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
