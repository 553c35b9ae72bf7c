"""What validation has found so far: values with the places they came from, and everything that is wrong."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from orderferry.config.display import key_text
from orderferry.config.keys import Key
from orderferry.config.lines import KeyPath
from orderferry.config.read import Document, SourceFile

ENVIRONMENT = 1_000_000  # the rank of environment variables: stronger than any file


def key_path(name: str) -> KeyPath:
    """Given a key's name (`orders.date`), return its path."""
    return tuple(name.split("."))


@dataclass(frozen=True, slots=True)
class FoundValue:
    """One value. `rank`: of two files the including one is stronger, and the environment is the strongest.

    `path` is the key as the user wrote it, in `file`; both are empty for the environment.
    """

    key: Key
    value: object
    rank: int
    path: KeyPath = ()
    file: SourceFile | None = None

    @property
    def name(self) -> str:
        """What to call the value in an error."""
        return key_text(self.path) if self.path else f"${self.key.variable}"


class Problems:
    """All that is wrong, sorted by place."""

    def __init__(self, document: Document) -> None:
        self._document = document
        self._found: list[tuple[int, int, int, str]] = []

    def add(self, sentence: str, file: SourceFile | None = None, path: KeyPath = ()) -> None:
        """Note a sentence; it will begin with the place, without a line if no `path` is given."""
        place = file or self._document.file
        line = place.line(path)
        text = f"{place.path}, line {line}: {sentence}" if line else f"{place.path}: {sentence}"
        depth = len(self._document.files) - self._document.files.index(place)
        self._found.append((depth if line else len(self._document.files) + 1, line, len(self._found), text))

    def add_for(self, found: FoundValue, sentence: str) -> None:
        """Note what is wrong with a value; the sentence follows its name."""
        self.add(f"{found.name} {sentence}", found.file, found.path)

    @property
    def sentences(self) -> tuple[str, ...]:
        """Every problem: those of the main file first, by line, then of included files, then what has no line."""
        return tuple(sentence for *_, sentence in sorted(self._found))


class Findings:
    """The values by the paths of their keys (words as we keep them).

    `found` holds what was given, `values` what could be read of it, `broken` the keys whose file could not be read.
    """

    def __init__(self, document: Document, problems: Problems) -> None:
        self.document = document
        self.problems = problems
        self.found: dict[KeyPath, FoundValue] = {}
        self.values: dict[KeyPath, object] = {}
        self.broken: set[KeyPath] = set()

    def origin(self, name: str) -> FoundValue | None:
        """Where a key came from, or None when it was not given."""
        return self.found.get(key_path(name))

    def given(self, name: str) -> bool:
        """Whether a key was given, well or badly."""
        return key_path(name) in self.found or key_path(name) in self.broken

    def value(self, name: str) -> object:
        """A key's value as read, or None when it was not given or is wrong."""
        return self.values.get(key_path(name))

    def folder(self, found: FoundValue) -> Path:
        """The folder that relative paths of this value start from: the one of the file it stands in."""
        return (found.file or self.document.file).path.absolute().parent
