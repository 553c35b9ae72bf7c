"""What the program shows of invented data, kept as files in `tests/data/output/`: long texts, and pages to be looked at
in a browser.
"""

from __future__ import annotations

import os
from pathlib import Path

DATA = Path(__file__).parent.parent / "data" / "output"


def saved(name: str, text: str) -> str:
    """Return what is kept under this name. With KEEP_OUTPUT=1 in the environment `text` is kept first: look at the
    change before you commit it."""
    file = DATA / name
    if os.environ.get("KEEP_OUTPUT"):
        file.write_bytes(text.encode())
    return file.read_bytes().decode()


def body_of(page: str) -> str:
    """Return what a page shows, without its style."""
    return page[page.index("<body>") :]
