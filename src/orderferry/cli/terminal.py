"""The standard streams, and what is printed on them for people.

The streams are open even if whoever started the program has closed them. Their reader may leave early (`| head -1`),
and they take every character whatever the locale, without changing what a command does or returns.

Texts of Amazon's and of the shop's may hold anything. None of their characters reaches a terminal that would move its
cursor, change its colours, end a line or turn it around.
"""

from __future__ import annotations

import codecs
import io
import json
import os
import re
import secrets
import sys
import textwrap
from collections.abc import Mapping
from datetime import UTC, datetime, tzinfo
from typing import Any, TextIO

import click

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
                to_nowhere(self.fileno())
            return len(memoryview(data).cast("B"))
        return 0 if written is None else written


class _ForgivingErrors(_Forgiving):
    """The error output: whatever keeps it from being written, a full disk too, could be told nowhere else."""

    _forgiven = (OSError,)


def _for_the_locale(error: UnicodeError) -> tuple[str | bytes, int]:
    """Return what is written for what an encoding lacks: a similar text, else an escape that JSON reads as it."""
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
    """Drop what sys.stdout could not take: it was reported already, and Python would report it again at its end."""
    sys.stderr.flush()
    try:
        sys.stdout.flush()
    except OSError:
        to_nowhere(sys.stdout.fileno())


def to_nowhere(descriptor: int) -> None:
    """Let what is written to a descriptor go nowhere: its reader went away."""
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


WIDTH = 80
_STAMP = re.compile(r"\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z")
# Control characters, C1 among them, and those that steer the direction of text or end a line.
_UNSAFE = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufff9-\ufffb]")
# How echo tells what `style` has made from what a text brings along: no text can know the mark.
_MARK = secrets.token_hex(8)
_STYLED = re.compile(f"{_MARK}(.*?);(.*?){_MARK}", re.DOTALL)


def printable(text: str) -> str:
    """Return any text in one line, with a visible escape in the place of what a terminal would obey."""
    return _UNSAFE.sub(_escaped, text)


def style(text: str, *, fg: str = "", bold: bool = False) -> str:
    """Return a text for `echo` to print in a colour, or bold."""
    return f"{_MARK}{fg or 'bold' * bold};{text}{_MARK}"


def echo(text: str, *, err: bool = False) -> None:
    """Print a text, made printable, as one line."""
    click.echo(_STYLED.sub(_in_colour, printable(text)), err=err)


def echo_filled(text: str, first: str = "", later: str = "") -> None:
    """Print a text in lines of at most 80 columns; `first` and `later` begin the first line and the others."""
    text = printable(" ".join(text.split()))  # before it is broken into lines: an escape is longer than its character
    for line in textwrap.wrap(text, WIDTH, initial_indent=first, subsequent_indent=later, break_on_hyphens=False):
        echo(line)


def minute(moment: datetime, zone: tzinfo) -> str:
    """Return an aware time for people: in this zone, to the minute."""
    return f"{moment.astimezone(zone):%Y-%m-%d %H:%M}"


def in_zone(text: str, zone: tzinfo) -> str:
    """Return a sentence that has times as JSON does (2026-11-23T06:00:00Z), with times for people."""
    return _STAMP.sub(lambda found: minute(datetime.fromisoformat(found[0]).astimezone(UTC), zone), text)


def echo_lines(text: str, *, err: bool = False) -> None:
    """Print a text of ours that may have several lines, such as statements to paste."""
    for line in text.expandtabs(4).split("\n"):
        echo(line, err=err)


def echo_json(document: Mapping[str, Any]) -> None:
    """Print an object as JSON, in one line; what a terminal would obey is escaped as JSON does it."""
    text = json.dumps(document, ensure_ascii=False)
    click.echo(_UNSAFE.sub(lambda found: f"\\u{ord(found[0]):04x}", text))


def _in_colour(found: re.Match[str]) -> str:
    wanted: dict[str, Any] = {"bold": True} if found[1] == "bold" else {"fg": found[1]}
    return click.style(found[2], **wanted)


def _escaped(found: re.Match[str]) -> str:
    character = found[0]
    escape = f"\\x{ord(character):02x}"
    return escape if character.isascii() else character.encode("ascii", "backslashreplace").decode()
