"""Standard streams: open even if whoever started the program has closed them, and safe to write to.

Their reader may leave early (`| head -1`), and they take every character whatever the locale, without changing what a
command does or returns.
"""

from __future__ import annotations

import codecs
import io
import os
import sys
from typing import Any, TextIO

# What people's sentences have beyond ASCII, as a terminal without it shows it. None of it means anything to JSON.
_PLAIN = {"…": "...", "–": "-", "—": "-", "×": "x", "“": "'", "”": "'", "’": "'", "→": "->", "✔": "+", "✘": "x"}
_LOCALE = "orderferry-locale"
_MODES = (("stdin", "r"), ("stdout", "w"), ("stderr", "w"))


class _Forgiving(io.FileIO):
    """A descriptor to write to; once its reader is gone, what is written goes nowhere."""

    _forgiven: tuple[type[OSError], ...] = (BrokenPipeError,)

    def write(self, data: Any, /) -> int:
        """Write as a file does; all of it counts as written when nobody reads any more."""
        try:
            written = super().write(data)
        except self._forgiven as error:
            if isinstance(error, BrokenPipeError):
                _to_nowhere(self.fileno())
            return len(memoryview(data).cast("B"))
        return 0 if written is None else written


class _ForgivingErrors(_Forgiving):
    """The error output: whatever keeps it from being written, a full disk too, could be told nowhere else."""

    _forgiven = (OSError,)


def _for_the_locale(error: UnicodeError) -> tuple[str | bytes, int]:
    """Return a handler for what an encoding lacks: a likeness, else an escape that JSON reads as the character."""
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
    sys.stderr.flush()
    try:
        sys.stdout.flush()
    except OSError:
        _to_nowhere(sys.stdout.fileno())


def _to_nowhere(descriptor: int) -> None:
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, descriptor)
    os.close(nowhere)


def forgive_closed_pipes() -> None:
    """Make sys.stdout and sys.stderr ones that a reader may leave: a run goes on, and its exit code stays the true
    one."""
    sys.stdout = _forgiving(sys.stdout, _Forgiving, _LOCALE)
    sys.stderr = _forgiving(sys.stderr, _ForgivingErrors, "backslashreplace")


def _forgiving(before: TextIO, kind: type[_Forgiving], errors: str) -> TextIO:
    if not isinstance(before, io.TextIOWrapper):  # a test's
        return before
    before.flush()
    raw = kind(before.fileno(), "w", closefd=False)
    buffered = io.BufferedWriter(raw)
    return io.TextIOWrapper(buffered, before.encoding, errors, line_buffering=before.line_buffering)


def open_closed_streams() -> None:
    """Make each closed standard stream one of /dev/null.

    To be called before anything is opened: a file would get the number of the closed stream, and what is printed
    would be written into it.
    """
    for descriptor, (name, mode) in enumerate(_MODES):
        try:
            os.fstat(descriptor)
        except OSError:
            # The lowest free number is given, which is this one: those below are open by now.
            os.set_inheritable(os.open(os.devnull, os.O_RDWR), True)
        if getattr(sys, name) is None:
            stream = open(descriptor, mode, encoding="utf-8", errors="backslashreplace", closefd=False)  # noqa: SIM115
            setattr(sys, name, stream)
            setattr(sys, f"__{name}__", stream)
