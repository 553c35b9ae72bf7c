"""The check of a configuration against the keys: everything that is wrong, at once, each with its line.

First each value by its key's kind, then the rules between keys: what excludes, needs or bounds what.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from orderferry.config.database_url import DatabaseUrl
from orderferry.config.keys import KEYS, Key, default_of
from orderferry.config.kinds import PATH, Unfit
from orderferry.config.lines import KeyPath, key_text, shown
from orderferry.config.lookup import KeyMatch, is_table, key_above, match, nearest, unfit_word
from orderferry.config.read import Document, SourceFile
from orderferry.config.secrets import SecretFileError, from_environment, read_secret_file
from orderferry.domain.marketplaces import MARKETPLACES, Marketplace

ENVIRONMENT = 1_000_000  # the rank of environment variables: stronger than any file
# The parts of a database address that replace `prestashop.url`; beside `prestashop.from` they win over the file's.
PARTS = tuple(f"prestashop.{part}" for part in ("host", "port", "socket", "user", "database"))
# Two ways to say the same: of the two sides, only one may be given.
ALTERNATIVES: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("prestashop.url", ("prestashop.from", *PARTS)),
    ("prestashop.socket", ("prestashop.host", "prestashop.port")),
    ("ledger.url", ("ledger.path",)),
)
# A key with this value needs the other key.
NEEDS = (
    ("products.unknown", "placeholder", "products.placeholder"),
    ("customers.mode", "fixed", "customers.account"),
)
_SSL_FILES = ("prestashop.ssl_ca", "prestashop.ssl_cert", "prestashop.ssl_key")


def validate(document: Document, environ: Mapping[str, str]) -> Findings:
    """Return the values of a configuration as the kinds read them, and all problems (`Findings.problems`).

    Reads the files that `<key>_file` names. Never raises for what stands in the configuration.
    """
    findings = Findings(document)
    secret_files: dict[KeyPath, FoundValue] = {}
    for rank, file in enumerate(document.files):
        for path in file.entries:
            _take_entry(findings, secret_files, rank, path)
    for key in KEYS:
        from_outside = from_environment(key, environ)
        if from_outside is not None:
            findings.found[key.path] = FoundValue(key, from_outside, ENVIRONMENT)
        elif key.path in secret_files:
            _take_secret_file(findings, secret_files[key.path])
    choose_alternatives(findings)
    for path, found in findings.found.items():
        _read_value(findings, path, found)
    check_rules(findings)
    return findings


def _take_entry(findings: Findings, secret_files: dict[KeyPath, FoundValue], rank: int, path: KeyPath) -> None:
    """Sort one entry of the file of that rank: a key, a `<key>_file`, an empty table, or a mistake."""
    file = findings.document.files[rank]
    value = file.entries[path]
    if value == {} and is_table(path):
        return
    known = match(path)
    if known is None:
        above = key_above(path)
        findings.add_problem(_unknown(path, value, above), file, path[: len(above.path)] if above else path)
        return
    found = FoundValue(known.key, value, rank, path, file)
    mine, other = (secret_files, findings.found) if known.is_file else (findings.found, secret_files)
    where = known.key.path if known.is_file else known.path
    before = mine.get(where)
    if before is not None and before.rank == rank:
        findings.add_problem_with(found, f"is given twice: {key_text(before.path)} is the same key")
        return
    mine[where] = found
    if where in other and other[where].rank < rank:
        del other[where]  # the including file wins, whichever way it gives a secret


def _unknown(path: KeyPath, value: object, above: KeyMatch | None) -> str:
    """Return what is wrong with an entry that is no key; `above` is the key in whose place it makes a table."""
    if is_table(path):
        return f"{key_text(path)} must be a table, not {shown(value)}"
    if above is not None:
        name = key_text(path[: len(above.path)])
        return f"{name} must be {above.key.kind.expected}, not a table (a name with dots needs quotes)"
    unfit, meant = unfit_word(path), nearest(path)
    if unfit and meant.split(".")[:-1] != list(path[:-1]):
        meant = ""  # the word is what is wrong, not the table
    remark = "; ".join(filter(None, (unfit, f"did you mean {meant}?" if meant else "")))
    return f"{key_text(path)} is no key of orderferry" + (f" ({remark})" if remark else "")


def _take_secret_file(findings: Findings, named: FoundValue) -> None:
    """Read the secret that `<key>_file` names, in place of the key itself."""
    key = named.key
    try:
        path = PATH.read(named.value)
        secret = read_secret_file(findings.folder(named) / path) if isinstance(path, Path) else ""
    except Unfit:
        findings.add_problem_with(named, f"must be {PATH.expected}, not {shown(named.value)}")
    except SecretFileError as error:
        findings.add_problem_with(named, f"is of no use: {error}")
    else:
        findings.found[key.path] = FoundValue(key, secret, named.rank, named.path, named.file)
        return
    findings.found.pop(key.path, None)
    findings.broken.add(key.path)


def _read_value(findings: Findings, path: KeyPath, found: FoundValue) -> None:
    """Read one value as its kind; relative paths become absolute."""
    kind = found.key.kind
    try:
        value = kind.read(found.value)
    except Unfit:
        expected = f"must be {kind.expected}"
        findings.add_problem_with(found, expected if kind.secret else f"{expected}, not {shown(found.value)}")
        return
    if isinstance(value, Path):
        value = findings.folder(found) / value
    elif isinstance(value, DatabaseUrl):
        value = value.beside(findings.folder(found))
    findings.values[path] = value


def key_path(name: str) -> KeyPath:
    """Return the path of a key's name (`orders.date`)."""
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
        """Return what to call the value in an error."""
        return key_text(self.path) if self.path else f"${self.key.variable}"


class Findings:
    """The values by the paths of their keys (words as we keep them).

    `found` holds what was given, `values` what could be read of it, `broken` the keys whose file could not be read.
    """

    def __init__(self, document: Document) -> None:
        self.document = document
        self.found: dict[KeyPath, FoundValue] = {}
        self.values: dict[KeyPath, object] = {}
        self.broken: set[KeyPath] = set()
        self._problems: list[tuple[bool, int, int, int, str]] = []

    def add_problem(self, sentence: str, file: SourceFile | None = None, path: KeyPath = ()) -> None:
        """Note what is wrong; the sentence will begin with the place, without a line if no `path` is given."""
        files, place = self.document.files, file or self.document.file
        line = place.line(path)
        text = f"{place.path}, line {line}: {sentence}" if line else f"{place.path}: {sentence}"
        self._problems.append((line == 0, -files.index(place), line, len(self._problems), text))

    def add_problem_with(self, found: FoundValue, sentence: str) -> None:
        """Note what is wrong with a value; the sentence follows its name."""
        self.add_problem(f"{found.name} {sentence}", found.file, found.path)

    @property
    def problems(self) -> tuple[str, ...]:
        """Return every problem: those of the main file first, by line, then of included files, then what has no
        line.
        """
        return tuple(sentence for *_, sentence in sorted(self._problems))

    def origin(self, name: str) -> FoundValue | None:
        """Return where a key came from, or None when it was not given."""
        return self.found.get(key_path(name))

    def given(self, name: str) -> bool:
        """Return whether a key was given, well or badly."""
        return key_path(name) in self.found or key_path(name) in self.broken

    def value(self, name: str) -> object:
        """Return a key's value as read, or None when it was not given or is wrong."""
        return self.values.get(key_path(name))

    def folder(self, found: FoundValue) -> Path:
        """Return the folder that relative paths of this value start from: the one of the file it stands in."""
        return (found.file or self.document.file).path.absolute().parent


def choose_alternatives(findings: Findings) -> None:
    """Keep the stronger of two ways to say the same; in one and the same file it is a problem."""
    for one, others in ALTERNATIVES:
        for name in others:
            first, second = findings.origin(one), findings.origin(name)
            if first is None or second is None:
                continue
            if first.rank == second.rank:
                findings.add_problem_with(second, f"can't stand beside {first.name}: keep one of them")
            _, weaker = min(((second.rank, name), (first.rank, one)), key=lambda found: found[0])
            findings.found.pop(key_path(weaker))


def check_rules(findings: Findings) -> None:
    """Note everything that is wrong between keys, and what is missing."""
    _check_required(findings)
    _check_marketplaces(findings)
    _check_overlap(findings)
    _check_needs(findings)
    _check_ssl_files(findings)


def _check_required(findings: Findings) -> None:
    for key in KEYS:
        in_parts = key.name == "prestashop.url" and any(map(findings.given, ("prestashop.from", *PARTS)))
        if not key.required or findings.given(key.name) or in_parts:
            continue
        other_ways = [key.file_key] if key.file_key else []
        other_ways += [f"${key.variable}"] if key.variable else []
        other_ways += ["prestashop.from"] if key.name == "prestashop.url" else []
        ways = f" (or {' or '.join(other_ways)})" if other_ways else ""
        findings.add_problem(f"{key.name} is missing: write for example {key.example}{ways}")
    if findings.given("prestashop.url") or findings.given("prestashop.from"):
        return
    for name in ("prestashop.user", "prestashop.database"):
        if any(findings.given(part) for part in PARTS) and not findings.given(name):
            findings.add_problem(f"{name} is missing: without prestashop.url, the user and the database are needed")


def _check_marketplaces(findings: Findings) -> None:
    marketplaces = findings.value("amazon.marketplaces")
    region = findings.value("amazon.region") or default_of("amazon.region")
    if not isinstance(marketplaces, tuple):
        return
    origin = findings.found[key_path("amazon.marketplaces")]
    for marketplace in marketplaces:
        if isinstance(marketplace, Marketplace) and marketplace.region != region:
            known = ", ".join(entry.code for entry in MARKETPLACES if entry.region == region)
            findings.add_problem_with(
                origin,
                f'must all be of amazon.region "{region}" ({known}), and {marketplace.code} is of '
                f'"{marketplace.region}": each region needs a configuration of its own',
            )


def _check_overlap(findings: Findings) -> None:
    window = findings.value("observation.window") or default_of("observation.window")
    overlap = findings.value("observation.overlap") or default_of("observation.overlap")
    if isinstance(window, timedelta) and isinstance(overlap, timedelta) and overlap >= window:
        origin = findings.origin("observation.overlap") or findings.origin("observation.window")
        if origin is not None:
            findings.add_problem_with(origin, "does not fit: observation.overlap must be less than observation.window")


def _check_needs(findings: Findings) -> None:
    """Note keys that a value needs; also for each marketplace, whose own keys win over the shop-wide ones."""
    for name, value, needed in NEEDS:
        for path in [path for path in findings.values if path[-2:] == key_path(name)]:
            origin = findings.found[path]
            table: KeyPath = path[:-2]
            given = (*table, *key_path(needed)) in findings.found or findings.given(needed)
            if findings.values[path] == value and not given:
                findings.add_problem_with(origin, f"= {shown(value)} needs {needed}")


def _check_ssl_files(findings: Findings) -> None:
    for name in _SSL_FILES:
        path = findings.value(name)
        if isinstance(path, Path) and not (os.access(path, os.R_OK) and path.is_file()):
            findings.add_problem_with(findings.found[key_path(name)], f"names no file that can be read: {path}")
