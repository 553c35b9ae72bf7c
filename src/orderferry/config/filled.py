"""Renders a commented configuration with answers filled in, and writes it where there is none."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from itertools import groupby
from pathlib import Path

import tomlkit

from orderferry.config.display import key_text
from orderferry.config.example import explanation, sample_lines, sample_word
from orderferry.config.keys import KEYS, Key
from orderferry.config.lines import KeyPath
from orderferry.errors import UsageError
from orderferry.safe_files import UnsafePlace, create_file

HEAD = """\
# Written by `orderferry init`. Lines that begin with "#" and no space are keys: they show the default, or an example.
# Durations: 30s, 90m, 36h, 2d, 1w, or a sum such as 1d12h. Relative paths start from this file's folder.
# A secret may also come from the environment (first) or from a file that KEY_file names (second).
"""

Value = object  # what tomlkit can write: text, numbers, booleans, times, lists of them


def render_filled(values: Mapping[KeyPath, Value]) -> str:
    """Given values by the paths of their keys, return a whole configuration: these in force, every other key there as
    a comment.

    `marketplace.<CODE>.…` and `<key>_file` are paths like any other. The values are not checked here.
    """
    blocks = [HEAD]
    for table, keys in groupby(KEYS, key=lambda key: key.path[:-1]):
        group = list(keys)
        if table[:1] == ("marketplace",):
            blocks += _marketplace_blocks(group, values)
            continue
        lines = [f"[{'.'.join(table)}]"] if table else []
        for key in group:
            lines += [*explanation(key), *_lines_of(key, values)]
        blocks.append("\n".join(lines) + "\n")
    return "\n".join(blocks)


def write_new(path: Path, text: str) -> None:
    """Write a file that only its user can read. Raise UsageError if there is one already, OSError."""
    try:
        descriptor = create_file(path)
    except FileExistsError:
        raise UsageError(
            f"There is a configuration {path} already; it is left as it is.",
            hint="Give another name with -c FILE, or edit that one.",
        ) from None
    except UnsafePlace as error:
        raise UsageError(f"{path} is not written: {error.strerror}.", hint=error.hint) from None
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
    except BaseException:
        path.unlink(missing_ok=True)  # half a configuration is worse than none
        raise


def _lines_of(key: Key, values: Mapping[KeyPath, Value]) -> list[str]:
    given = _given(key, values)
    if not given:
        return sample_lines(key)
    return [f"{key_text(path[-1:])} = {toml(value)}" for path, value in given]


def _given(key: Key, values: Mapping[KeyPath, Value]) -> list[tuple[KeyPath, Value]]:
    """What the values say of a key, or of all keys that one with a word of the user's stands for."""
    if not key.path[-1].startswith("<"):
        paths: Iterable[KeyPath] = (key.path, (*key.path[:-1], f"{key.path[-1]}_file"))
    else:
        known = {other.path for other in KEYS}
        paths = sorted(path for path in values if path[:-1] == key.path[:-1] and path not in known)
    return [(path, values[path]) for path in paths if path in values]


def _marketplace_blocks(keys: list[Key], values: Mapping[KeyPath, Value]) -> list[str]:
    codes = sorted({path[1] for path in values if path[0] == "marketplace"})
    if not codes:
        sample = [f"#[marketplace.{sample_word('<CODE>')}]"]
        for key in keys:
            sample += [*explanation(key), *sample_lines(key)]
        return ["\n".join(sample) + "\n"]
    blocks = []
    for number, code in enumerate(codes):
        lines = [f"[marketplace.{code}]"]
        for key in keys:
            path = ("marketplace", code, key.path[-1])
            lines += explanation(key) if number == 0 else ()
            lines += [f"{key.path[-1]} = {toml(values[path])}"] if path in values else sample_lines(key)
        own = sorted(path for path in values if path[:2] == ("marketplace", code) and len(path) > 3)
        lines += [f"{key_text(path[2:])} = {toml(values[path])}" for path in own]
        blocks.append("\n".join(lines) + "\n")
    return blocks


def toml(value: Value) -> str:
    """Given a value, return it as TOML writes it, in one line."""
    return tomlkit.item(value).as_string()
