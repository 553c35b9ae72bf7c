"""Keys and values as they are shown in errors: as TOML writes them, in one short line."""

from __future__ import annotations

import json
import re
from datetime import date, datetime, time

from orderferry.config.lines import KeyPath

_BARE = re.compile(r"[A-Za-z0-9_-]+")
_LONGEST_KEY = 80
_LONGEST_VALUE = 60
_LARGEST_NUMBER = 10**18


def key_text(path: KeyPath) -> str:
    """Given a key's path, return it as TOML writes it: `products.map."AB 12"`."""
    parts = (part if _BARE.fullmatch(part) else f'"{_printable(part)}"' for part in path)
    text = ".".join(parts)
    return text if len(text) <= _LONGEST_KEY else text[: _LONGEST_KEY - 1] + "…"


def _printable(part: str) -> str:
    return part.encode("unicode_escape").decode("ascii") if not part.isprintable() else part


def shown(value: object) -> str:
    """Given a value of a configuration, return it as TOML in one short line, for an error."""
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
