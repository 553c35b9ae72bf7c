"""The ledger's place for `check`: whether a ledger can work there. Creates nothing."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

from orderferry.ledger.failures import translated
from orderferry.ledger.filesystem import MOUNTS, file_system_of, refuse_unfit_place


@dataclass(frozen=True, slots=True)
class LedgerPlace:
    """`file_system`: its type, '' where the system does not tell. `exists`: whether there is a file already. `free`:
    bytes that are left on its disk."""

    path: Path
    file_system: str
    exists: bool
    free: int


def look_at_place(path: Path) -> LedgerPlace:
    """Given ledger.path, return where it lies. Raise LedgerUnusable when no ledger can be written there."""
    with translated(str(path)):
        refuse_unfit_place(path, read_only=False)
        folder = next(above for above in path.absolute().parents if above.exists())
        free = shutil.disk_usage(folder).free
        return LedgerPlace(path, file_system_of(path.parent.resolve(), MOUNTS), path.exists(), free)
