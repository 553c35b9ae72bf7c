"""A configuration in the making: the answers of `init`, tried as settings, then written with comments."""

from __future__ import annotations

import os
import tempfile
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import groupby
from pathlib import Path

import tomlkit

from orderferry.config.example import explanation, sample_lines, sample_word
from orderferry.config.keys import KEYS, Key
from orderferry.config.lines import KeyPath, entries_of, key_text
from orderferry.config.load import load_settings
from orderferry.config.lookup import KeyMatch, match, nearest
from orderferry.config.model import Settings
from orderferry.errors import ConfigError, UsageError
from orderferry.safe_files import UnsafePlace, create_file

# Stand-ins for what is not answered yet, so that the rest can be tried; none of them is ever written or sent.
_UNANSWERED: Mapping[KeyPath, Value] = {
    ("amazon", "marketplaces"): ["IT"],
    ("amazon", "client_id"): "unanswered",
    ("amazon", "client_secret"): "unanswered",
    ("amazon", "refresh_token"): "unanswered",
    ("prestashop", "url"): "sqlite:///unanswered",
}
_DATABASE = ("url", "from", "host", "socket", "user", "database")

HEAD = """\
# Written by `orderferry init`. Lines that begin with "#" and no space are keys: they show the default, or an example.
# Durations: 30s, 90m, 36h, 2d, 1w, or a sum such as 1d12h. Relative paths start from this file's folder.
# A secret may also come from the environment (first) or from a file that KEY_file names (second).
"""
Value = object  # what tomlkit can write: text, numbers, booleans, times, lists of them


@dataclass(slots=True)
class ConfigurationDraft:
    """Answers by the paths of their keys; `environ` may hold the secrets.

    `folder`: where the configuration is going to lie, from which its relative paths start (None: they can't be tried).
    """

    environ: Mapping[str, str]
    values: dict[KeyPath, Value] = field(default_factory=dict)
    folder: Path | None = None

    def put(self, name: str, value: Value) -> None:
        """Set a key by its dotted name; None takes it back."""
        path = tuple(name.split("."))
        if value is None:
            self.values.pop(path, None)
        else:
            self.values[path] = value

    def has(self, name: str) -> bool:
        """Return whether a key has an answer: here, by a file, or in the environment."""
        path = tuple(name.split("."))
        variable = next((key.variable for key in KEYS if key.name == name), "")
        by_file = (*path[:-1], f"{path[-1]}_file")
        return path in self.values or by_file in self.values or bool(variable and self.environ.get(variable))

    @property
    def has_database(self) -> bool:
        """Return whether the database is named, in any of the ways."""
        return any(self.has(f"prestashop.{part}") for part in _DATABASE)

    def set_by_word(self, word: str) -> None:
        """Set a key from `KEY=VALUE` as on a command line. VALUE is TOML, or text without quotes.

        Raise UsageError for what is no key, and for secrets, which never stand on a command line.
        """
        name, equals, text = word.partition("=")
        path = _path_of(name)
        known = match(path)
        if not equals or known is None:
            meant = nearest(path) if equals and path else ""
            hint = f"Did you mean {meant}?" if meant else "For example: --set orders.give_up=14d"
            raise UsageError(f"--set {name.strip()}: there is no such key.", hint=hint)
        if _is_secret(known):
            raise UsageError(
                f"--set {known.key.name}: a secret does not belong on a command line.",
                hint=f"Put it into the environment (${known.key.variable}) or into a file: {known.key.file_key}.",
            )
        self.values[path] = _value_of(text)

    def settings(self, *, whole: bool = True) -> Settings:
        """Return the settings of these answers; not `whole`: with stand-ins for what is still to be asked.

        Raise ConfigError with every mistake.
        """
        values = dict(self.values)
        if not whole:
            stand_ins = {
                path: value for path, value in _UNANSWERED.items() if path[0] != "prestashop" or not self.has_database
            }
            values = stand_ins | values
        # Its mode is 0600; a name without .toml is no configuration to a run that goes through the folder meanwhile.
        with tempfile.NamedTemporaryFile(
            "w", encoding="utf-8", prefix=".orderferry-", suffix=".draft", dir=self.folder
        ) as file:
            file.write(render_filled(values))
            file.flush()
            path = Path(file.name)
            try:
                return load_settings(path, self.environ)
            except ConfigError as error:
                problems = tuple(_without_place(problem, path) for problem in error.problems)
                raise ConfigError("These answers make no configuration.", problems=problems) from None

    def text(self) -> str:
        """Return the configuration as it is to be written."""
        return render_filled(self.values)


def _is_secret(known: KeyMatch) -> bool:
    """Return whether a key is a secret. An address of an SQLite file, which holds none, counts too: it is for tests."""
    return known.key.kind.secret and not known.is_file


def _path_of(name: str) -> KeyPath:
    """Return the path of a key as TOML writes it (a part with a dot in quotes); () for what is none."""
    try:
        return next(iter(entries_of(tomllib.loads(f"{name} = 0"))))
    except tomllib.TOMLDecodeError:
        return ()


def _value_of(text: str) -> Value:
    """Return the value of the text behind `KEY=` as TOML reads it; what is no TOML is text."""
    try:
        value: Value = tomllib.loads(f"value = {text}", parse_float=Decimal)["value"]
    except tomllib.TOMLDecodeError:
        return text
    return float(value) if isinstance(value, Decimal) else value


def _without_place(problem: str, path: Path) -> str:
    """Return a problem without the draft's file and line, which mean nothing to who answers questions."""
    rest = problem.removeprefix(f"{path}, line ").lstrip("0123456789").removeprefix(": ")
    return rest.removeprefix(f"{path}: ")


def render_filled(values: Mapping[KeyPath, Value]) -> str:
    """Return a whole configuration, given values by the paths of their keys: these in force, every other key there
    as a comment.

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
    """Return what the values say of a key, or of all keys that one with a word of the user's stands for."""
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
    """Return a value as TOML writes it, in one line."""
    return tomlkit.item(value).as_string()
