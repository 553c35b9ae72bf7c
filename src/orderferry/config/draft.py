"""A configuration in the making: the answers given so far, readable as settings before anything is written."""

from __future__ import annotations

import tempfile
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path

from orderferry.config.filled import Value, render_filled
from orderferry.config.keys import KEYS
from orderferry.config.lines import KeyPath
from orderferry.config.load import load_settings
from orderferry.config.lookup import KeyMatch, match, nearest
from orderferry.config.model import Settings
from orderferry.errors import ConfigError, UsageError

# Stand-ins for what is not answered yet, so that the rest can be tried; none of them is ever written or sent.
_UNANSWERED: Mapping[KeyPath, Value] = {
    ("amazon", "marketplaces"): ["IT"],
    ("amazon", "client_id"): "unanswered",
    ("amazon", "client_secret"): "unanswered",
    ("amazon", "refresh_token"): "unanswered",
    ("prestashop", "url"): "sqlite:///unanswered",
}
_DATABASE = ("url", "from", "host", "socket", "user", "database")


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
        """Whether a key has an answer: here, by a file, or in the environment."""
        path = tuple(name.split("."))
        variable = next((key.variable for key in KEYS if key.name == name), "")
        by_file = (*path[:-1], f"{path[-1]}_file")
        return path in self.values or by_file in self.values or bool(variable and self.environ.get(variable))

    @property
    def has_database(self) -> bool:
        """Whether the database is named, in any of the ways."""
        return any(self.has(f"prestashop.{part}") for part in _DATABASE)

    def set_by_word(self, word: str) -> None:
        """Given `KEY=VALUE` as on a command line, set the key. VALUE is TOML, or text without quotes.

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
        """The settings of these answers; not `whole`: with stand-ins for what is still to be asked.

        Raise ConfigError with every mistake.
        """
        values = dict(self.values)
        if not whole:
            stand_ins = {
                path: value
                for path, value in _UNANSWERED.items()
                if not (self.has_database if path[0] == "prestashop" else self.has(".".join(path)))
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
        """The configuration as it is to be written."""
        return render_filled(self.values)


def _is_secret(known: KeyMatch) -> bool:
    """A URL of an SQLite file, the one secret without a secret in it, is for tests and demos: refused as well."""
    return known.key.kind.secret and not known.is_file


def _path_of(name: str) -> KeyPath:
    """Given a key as TOML writes it (a part with a dot in quotes), return its path; () for what is none."""
    try:
        table: object = tomllib.loads(f"{name} = 0")
    except tomllib.TOMLDecodeError:
        return ()
    path: KeyPath = ()
    while isinstance(table, dict):
        ((part, table),) = table.items()
        path = (*path, part)
    return path


def _value_of(text: str) -> Value:
    """Given the text behind `KEY=`, return it as TOML reads it; what is no TOML is text."""
    try:
        value: Value = tomllib.loads(f"value = {text}", parse_float=Decimal)["value"]
    except tomllib.TOMLDecodeError:
        return text
    return float(value) if isinstance(value, Decimal) else value


def _without_place(problem: str, path: Path) -> str:
    """Lines of the draft mean nothing to a person who answers questions."""
    rest = problem.removeprefix(f"{path}, line ").lstrip("0123456789").removeprefix(": ")
    return rest.removeprefix(f"{path}: ")
