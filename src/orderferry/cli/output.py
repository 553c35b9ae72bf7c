"""A standard output whose reader may leave early (`| head -1`) without changing what a command does or returns."""

from __future__ import annotations

import io
import os
import sys
from typing import Any


class _Forgiving(io.FileIO):
    """A descriptor to write to; once its reader is gone, what is written goes nowhere."""

    def write(self, data: Any, /) -> int:
        """Write as a file does; all of it counts as written when nobody reads any more."""
        try:
            written = super().write(data)
        except BrokenPipeError:
            _to_nowhere(self.fileno())
            return len(memoryview(data).cast("B"))
        return 0 if written is None else written


def drop_unwritten() -> None:
    """Forget what sys.stdout could not take (it was told of already), lest Python complain of it at its end."""
    if sys.stdout is None:
        return
    try:
        sys.stdout.flush()
    except OSError:
        _to_nowhere(sys.stdout.fileno())


def _to_nowhere(descriptor: int) -> None:
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, descriptor)
    os.close(nowhere)


def forgive_closed_pipes() -> None:
    """Make sys.stdout one that a reader may leave: a run goes on, and its exit code stays the true one."""
    before = sys.stdout
    if not isinstance(before, io.TextIOWrapper):  # closed by whoever started us, or a test's
        return
    before.flush()
    raw = _Forgiving(before.fileno(), "w", closefd=False)
    sys.stdout = io.TextIOWrapper(
        io.BufferedWriter(raw), before.encoding, before.errors, line_buffering=before.line_buffering
    )
