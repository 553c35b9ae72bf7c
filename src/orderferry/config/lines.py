"""Keys in TOML files as errors name them: the line of each key, and keys and values in one short line.

tomllib keeps no positions. The text must already have been accepted by it: what is no TOML gives no error here, only
wrong lines.
"""

from __future__ import annotations

import json
import re
import tomllib
from datetime import date, datetime, time
from typing import Final

KeyPath = tuple[str, ...]

_BLANK = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*")
_SPACE = re.compile(r"[ \t]*")
_STRING: Final = re.compile(
    r'"""(?:[^\\]|\\.)*?"""(?:"{0,2})' r"|'''.*?'''(?:'{0,2})" r'|"(?:[^"\\\n]|\\.)*"' r"|'[^'\n]*'",
    re.DOTALL,
)
_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")
_SCALAR = re.compile(r"[^,\]}#\n]*")

_BARE = re.compile(r"[A-Za-z0-9_-]+")
_LONGEST_KEY = 80
_LONGEST_VALUE = 60
_LARGEST_NUMBER = 10**18


class _Scanner:
    """Walks over one text and notes where keys stand."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.position = 0
        self.lines: dict[KeyPath, int] = {}
        self._line = 1
        self._counted = 0

    def _skip(self, pattern: re.Pattern[str]) -> str:
        match = pattern.match(self.text, self.position)
        if match is None:
            return ""
        self.position = match.end()
        return match.group()

    def _at(self, mark: str) -> bool:
        return self.text.startswith(mark, self.position)

    def _note(self, path: KeyPath) -> None:
        self._line += self.text.count("\n", self._counted, self.position)
        self._counted = self.position
        for length in range(1, len(path) + 1):
            self.lines.setdefault(path[:length], self._line)
        # A key's own line wins over the one where it was first part of a longer name.
        self.lines[path] = self._line

    def _key(self) -> KeyPath:
        parts: list[str] = []
        while True:
            self._skip(_SPACE)
            quoted = self._skip(_STRING) if self.text[self.position : self.position + 1] in ('"', "'") else ""
            parts.append(str(tomllib.loads(f"key = {quoted}")["key"]) if quoted else self._skip(_BARE_KEY))
            self._skip(_SPACE)
            if not self._at("."):
                return tuple(parts)
            self.position += 1

    def _pair(self, table: KeyPath) -> None:
        """`key = value`; inline tables inside are noted too."""
        start = self.position
        path = table + self._key()
        end, self.position = self.position, start
        self._note(path)
        self.position = end
        if self._at("="):
            self.position += 1
        self._value(path)

    def _value(self, path: KeyPath) -> None:
        self._skip(_BLANK)
        if self._at("{"):
            self._sequence("}", path)
        elif self._at("["):
            self._sequence("]", None)
        elif not self._skip(_STRING):
            self._skip(_SCALAR)

    def _sequence(self, closing: str, table: KeyPath | None) -> None:
        """Skip what stands between brackets: the pairs of an inline table, or the values of an array (table None)."""
        self.position += 1
        while self.position < len(self.text):
            before = self.position
            self._skip(_BLANK)
            if self._at(closing):
                self.position += 1
                return
            if self._at(","):
                self.position += 1
            elif table is None:
                self._array_value()
            else:
                self._pair(table)
            self.position = max(self.position, before + 1)

    def _array_value(self) -> None:
        lines, self.lines = self.lines, {}  # tables inside an array are no keys of ours
        self._value(())
        self.lines = lines

    def scan(self) -> dict[KeyPath, int]:
        """Return the line of each key and table."""
        table: KeyPath = ()
        while True:
            self._skip(_BLANK)
            if self.position >= len(self.text):
                return self.lines
            before = self.position
            if self._at("["):
                self.position += 2 if self._at("[[") else 1
                table = self._key()
                self._note(table)
                self._skip(re.compile(r"[^\n]*"))
            else:
                self._pair(table)
            self.position = max(self.position, before + 1)


def line_numbers(text: str) -> dict[KeyPath, int]:
    """Return the line (from 1) of each key and table of a TOML text that tomllib accepts, by its path.

    A table that is opened several times has the line of the last header; a table that only stands in longer names has
    the line of the first of them.
    """
    return _Scanner(text).scan()


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
