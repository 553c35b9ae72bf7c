"""A standard output whose reader may leave early (`| head -1`), and that takes every character whatever the locale,
without changing what a command does or returns."""

from __future__ import annotations

import codecs
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


# What people's sentences have beyond ASCII, as a terminal without it shows it. None of it means anything to JSON.
_PLAIN = {"…": "...", "–": "-", "—": "-", "×": "x", "“": "'", "”": "'", "’": "'", "→": "->", "✔": "+", "✘": "x"}
_LOCALE = "orderferry-locale"


def _for_the_locale(error: UnicodeError) -> tuple[str | bytes, int]:
    """A handler for what an encoding lacks: a likeness, else an escape that JSON reads as the character."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    character = error.object[error.start]
    number, end = ord(character), error.start + 1
    if 0xDC80 <= number <= 0xDCFF:  # a byte of an argument or a file's name that is no character (PEP 383)
        return bytes([number - 0xDC00]), end
    if character in _PLAIN:
        return _PLAIN[character], end
    units = character.encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{units[at]:02x}{units[at + 1]:02x}" for at in range(0, len(units), 2)), end


codecs.register_error(_LOCALE, _for_the_locale)


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
        io.BufferedWriter(raw), before.encoding, _LOCALE, line_buffering=before.line_buffering
    )
