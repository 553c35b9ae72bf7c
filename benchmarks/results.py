"""RESULTS.md: a section for each benchmark, so that one that is run again replaces its own and no other."""

from __future__ import annotations

import fcntl
from collections.abc import Mapping, Sequence
from pathlib import Path

from benchmarks.figures import Figure, markdown

_HEAD = (
    "# What orderferry costs\n\n"
    "Written by `python -m benchmarks`; `python -m benchmarks NAME` replaces one section. Both sides of a row were "
    "measured in the same run, in turns; where there are several values they are the median (least … most) of the "
    "rounds, and ratios are taken round by round. `NOTES.md` says what the limits are made of."
)
_SECTION = "\n\n## "


def section(facts: Sequence[str], figures: Sequence[Figure]) -> str:
    """The text of a section: when, on what and with what it was measured, and the table."""
    return "\n".join(facts) + "\n\n" + markdown(figures)


def keep(path: Path, names: Sequence[str], measured: Mapping[str, str]) -> None:
    """Write the page with these sections; of `names` that were not measured, those that it had before."""
    with path.open("a+", encoding="utf-8") as file:
        fcntl.flock(file, fcntl.LOCK_EX)  # some benchmarks take hours, and others run meanwhile
        file.seek(0)
        texts = {**_sections(file.read()), **measured}
        page = _HEAD + "".join(f"{_SECTION}{name}\n\n{texts[name]}" for name in names if name in texts)
        file.truncate(0)
        file.write(page + "\n")


def _sections(page: str) -> dict[str, str]:
    parts = (part.split("\n", 1) for part in page.split(_SECTION)[1:])
    return {name.strip(): text.strip() for name, text in parts}
