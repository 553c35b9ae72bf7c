"""What is printed for people.

Texts of Amazon's and of the shop's may hold anything. None of their characters reaches a terminal that would move its
cursor, change its colours, end a line or turn it around.
"""

from __future__ import annotations

import json
import re
import secrets
import textwrap
from collections.abc import Mapping
from datetime import UTC, datetime, tzinfo
from typing import Any

import click

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


def zone_name(zone: tzinfo) -> str:
    """Return the name of a time zone: `Europe/Rome`, `UTC`."""
    return str(zone)


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
    number = ord(found[0])
    return f"\\x{number:02x}" if number < 0x100 else f"\\u{number:04x}"
