"""Keys in TOML files as errors name them: the line of each key, and keys and values in one short line.

tomllib keeps no positions. The text must already have been accepted by it: what is no TOML gives no error here, only
wrong lines.
"""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Mapping
from datetime import date, datetime, time
from typing import Any

KeyPath = tuple[str, ...]

_BARE = re.compile(r"[A-Za-z0-9_-]+")
_LONGEST_KEY = 80
_LONGEST_VALUE = 60
_LARGEST_NUMBER = 10**18


def line_numbers(text: str) -> dict[KeyPath, int]:
    """Return the line (from 1) of each key and table of a TOML text that tomllib accepts, by its path.

    A table that is opened several times has the line of the last header; a table that only stands in longer names has
    the line of the first of them. A statement is as many lines as it takes until tomllib accepts them.
    """
    lines: dict[KeyPath, int] = {}
    table: KeyPath = ()
    statement, start = "", 1
    for number, line in enumerate(text.split("\n"), 1):
        statement += f"{line}\n"
        try:
            paths = list(entries_of(tomllib.loads(statement)))
        except tomllib.TOMLDecodeError:
            continue  # a value of several lines
        if statement.lstrip().startswith("["):
            table = paths[0]
            paths = [()]
        for path in paths:
            _note(lines, (*table, *path), start)
        statement, start = "", number + 1
    return lines


def _note(lines: dict[KeyPath, int], path: KeyPath, line: int) -> None:
    for length in range(1, len(path)):
        lines.setdefault(path[:length], line)
    lines[path] = line  # its own line wins over the one where it was first part of a longer name


def entries_of(table: Mapping[str, Any], above: KeyPath = ()) -> dict[KeyPath, object]:
    """Return the values of a table by the paths of their keys. Tables in it are taken apart, but for empty ones."""
    entries: dict[KeyPath, object] = {}
    for name, value in table.items():
        path = (*above, name)
        if isinstance(value, dict) and value:
            entries |= entries_of(value, path)
        else:
            entries[path] = value
    return entries


def key_text(path: KeyPath) -> str:
    """Return a key's path as TOML writes it: `products.map."AB 12"`."""
    parts = (part if _BARE.fullmatch(part) else f'"{_printable(part)}"' for part in path)
    text = ".".join(parts)
    return text if len(text) <= _LONGEST_KEY else text[: _LONGEST_KEY - 1] + "…"


def _printable(part: str) -> str:
    return part.encode("unicode_escape").decode("ascii") if not part.isprintable() else part


def shown(value: object) -> str:
    """Return a value of a configuration as TOML in one short line, for an error."""
    if isinstance(value, dict):
        return "a table"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int) and abs(value) >= _LARGEST_NUMBER:
        return "so large a number"
    if isinstance(value, list):
        entries = ("[…]" if isinstance(entry, list) else shown(entry) for entry in value[:5])
        text = f"[{', '.join(entries)}{', …' if len(value) > 5 else ''}]"
    elif isinstance(value, str):
        text = json.dumps(value[: _LONGEST_VALUE * 2], ensure_ascii=False)
    elif isinstance(value, datetime | date | time):
        text = value.isoformat()
    else:
        text = str(value)
    return text if len(text) <= _LONGEST_VALUE else text[: _LONGEST_VALUE - 1] + "…"
