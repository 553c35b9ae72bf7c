"""Configuration files: where they are looked for, TOML, `include`, and where each key came from."""

from __future__ import annotations

import os
import pwd
import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from functools import cached_property
from pathlib import Path

from orderferry.config.kinds import PATHS, Unfit
from orderferry.config.lines import KeyPath, entries_of, line_numbers
from orderferry.errors import ConfigError
from orderferry.safe_files import read_ordinary

_TOML_POSITION = re.compile(r" ?\(at (?:line (?P<line>\d+), column (?P<column>\d+)|end of document)\)$")

VARIABLE = "ORDERFERRY_CONFIG"
SYSTEM_WIDE = Path("/etc/orderferry/config.toml")
_HINT = (
    "Write one with `orderferry init`, or copy config.example.toml to config.toml and fill it in; "
    "`-c FILE` names one anywhere else."
)


@dataclass(frozen=True)
class SourceFile:
    """One file of a configuration; `path` is as the user wrote it, for errors.

    `entries` maps each key to its value. Tables are taken apart: a value is never a table, unless an empty one.
    """

    path: Path
    text: str = field(repr=False)
    entries: Mapping[KeyPath, object] = field(repr=False)

    @cached_property
    def _lines(self) -> Mapping[KeyPath, int]:
        try:
            return line_numbers(self.text)
        except RecursionError:
            return {}

    def line(self, path: KeyPath) -> int:
        """Return the line of a key, or of the nearest table around it; 0 when it is not in this file."""
        return next((self._lines[path[:n]] for n in range(len(path), 0, -1) if path[:n] in self._lines), 0)


@dataclass(frozen=True, slots=True)
class Document:
    """A configuration with its includes. `files`: the weakest first, the file itself last."""

    files: tuple[SourceFile, ...]

    @property
    def file(self) -> SourceFile:
        """Return the file that was asked for."""
        return self.files[-1]


class _Unreadable(ConfigError):
    """A file that can't be read at all."""


def read_document(path: Path) -> Document:
    """Read a configuration file and all that it includes.

    An included file is looked for beside the file that names it. Raise ConfigError if a file can't be read, is no
    TOML, or includes itself.
    """
    files: list[SourceFile] = []
    _collect(path, (), files)
    return Document(tuple(files))


def read_file(path: Path) -> SourceFile:
    """Read one file without its includes. Raise ConfigError if it can't be read or is no TOML."""
    text = _text(path)
    return SourceFile(path, text, _parse(text, str(path)))


def included_paths(file: SourceFile) -> tuple[Path, ...]:
    """Return the files that `file` includes; what is no path is left out here, and named by the validation."""
    try:
        value = PATHS.read(file.entries.get(("include",), []))
    except Unfit:
        return ()
    return tuple(file.path.parent / path for path in value) if isinstance(value, tuple) else ()


def _collect(path: Path, above: tuple[str, ...], files: list[SourceFile]) -> None:
    file = read_file(path)
    here = (*above, os.path.realpath(path))
    for included in included_paths(file):
        place = f"{path}, line {file.line(('include',))}"
        if os.path.realpath(included) in here:
            raise ConfigError(f"{place}: {included} includes itself.", hint="Take one of the includes out.")
        try:
            _collect(included, here, files)
        except _Unreadable as error:
            raise ConfigError(f"{place}: {error.message}", hint=error.hint) from None
    files.append(file)


def _text(path: Path) -> str:
    try:
        data = read_ordinary(path)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else "no path"
        raise _Unreadable(f"{path} can't be read: {reason}.", hint="Check the path and its permissions.") from None
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise ConfigError(f"{path}, line {line}: this is not UTF-8.", hint="Save the file as UTF-8.") from None


def _decimal(text: str) -> Decimal:
    try:
        return Decimal(text)
    except InvalidOperation:  # an exponent beyond all bounds
        return Decimal("NaN")


def _parse(text: str, name: str) -> Mapping[KeyPath, object]:
    try:
        return entries_of(tomllib.loads(text, parse_float=_decimal))
    except RecursionError:
        raise ConfigError(f"{name} is nested too deeply.", hint="Write it flatter.") from None
    except ValueError as error:  # TOMLDecodeError, and integers of thousands of digits
        sentence = str(error) if isinstance(error, tomllib.TOMLDecodeError) else "A number is too long"
        position = _TOML_POSITION.search(sentence)
        place = name
        if position is not None:
            sentence = sentence[: position.start()]
            line, column = position["line"] or str(text.count("\n") + 1), position["column"]
            place = f"{name}, line {line}" + (f", column {column}" if column else "")
        raise ConfigError(
            f"{place}: this is no TOML: {sentence[:1].lower()}{sentence[1:]}.",
            hint="Compare with config.example.toml; text needs quotes.",
        ) from None


def find_configurations(given: Sequence[Path], environ: Mapping[str, str]) -> tuple[Path, ...]:
    """Return the configuration files that `-c` names (files, or folders of *.toml), or else the environment.

    Without `-c`: $ORDERFERRY_CONFIG, else the first of ./config.toml, the user's and the machine's that is there. In a
    folder, files that another one includes are no configurations of their own. Each file comes once, in order. Raise
    ConfigError if there is none.
    """
    named = [(path, "-c") for path in given]
    if not named and environ.get(VARIABLE):
        named = [(Path(environ[VARIABLE]), f"${VARIABLE}")]
    if not named:
        return (_first_of(tuple(_usual_places(environ))),)
    found: dict[str, Path] = {}
    for path, source in named:
        for file in _files(path, source):
            found.setdefault(os.path.realpath(file), file)
    return tuple(found.values())


def _files(path: Path, source: str) -> list[Path]:
    """Return the configurations that one name stands for. A file that can't be read is left for reading to say why."""
    if not os.path.lexists(path):
        where = "" if path.is_absolute() else f" in {_here()}"
        under_cron = "" if path.is_absolute() else " A crontab needs absolute paths: cron starts in the home folder."
        raise ConfigError(f"There is no configuration {path} ({source}){where}.", hint=_HINT + under_cron)
    if not path.is_dir():
        return [path]
    try:
        files = sorted(file for file in path.iterdir() if file.suffix == ".toml" and not file.name.startswith("."))
    except OSError as error:
        raise ConfigError(f"The folder {path} ({source}) can't be read: {error.strerror}.", hint=_HINT) from None
    shared = {os.path.realpath(included) for file in files for included in _includes(file)}
    configurations = [file for file in files if os.path.realpath(file) not in shared]
    if not configurations:
        raise ConfigError(f"The folder {path} ({source}) holds no configuration (*.toml).", hint=_HINT)
    return configurations


def _here() -> str:
    try:
        return f"the folder {Path.cwd()}"
    except OSError:
        return "a folder that is gone"


def _includes(file: Path) -> tuple[Path, ...]:
    try:
        return included_paths(read_file(file))
    except ConfigError:
        return ()  # said when the file itself is loaded


def _usual_places(environ: Mapping[str, str]) -> Iterator[Path]:
    yield Path("config.toml")
    configured = environ.get("XDG_CONFIG_HOME", "")
    home = environ.get("HOME") or _home_of_user()
    if configured.startswith("/"):  # the XDG specification: other paths are to be ignored
        yield Path(configured) / "orderferry" / "config.toml"
    elif home:
        yield Path(home) / ".config" / "orderferry" / "config.toml"
    yield SYSTEM_WIDE


def _home_of_user() -> str:
    """Return the home folder when HOME is not set, as under some schedulers; '' for a user without an entry."""
    try:
        return pwd.getpwuid(os.getuid()).pw_dir
    except KeyError:
        return ""


def _first_of(places: tuple[Path, ...]) -> Path:
    for place in places:
        if os.path.lexists(place):
            return place
    looked = ", ".join(str(place) for place in places)
    raise ConfigError(f"No configuration was found; looked for ${VARIABLE} and {looked}.", hint=_HINT)
