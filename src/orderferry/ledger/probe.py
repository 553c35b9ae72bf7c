"""The ledger's place for `check`: whether a ledger can work there. Creates nothing."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from orderferry.ledger.failures import translated
from orderferry.ledger.filesystem import MOUNTS, file_system_of, refuse_unfit_place


@dataclass(frozen=True, slots=True)
class LedgerPlace:
    """`file_system`: its type, '' where the system does not tell. `exists`: whether there is a file already."""

    path: Path
    file_system: str
    exists: bool


def look_at_place(path: Path) -> LedgerPlace:
    """Given ledger.path, return where it lies. Raise LedgerUnusable when no ledger can be written there."""
    with translated(str(path)):
        refuse_unfit_place(path, read_only=False)
        return LedgerPlace(path, file_system_of(path.parent.resolve(), MOUNTS), path.exists())
