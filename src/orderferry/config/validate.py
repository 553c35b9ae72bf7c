"""Checks a configuration against the keys: everything that is wrong, at once, each with its line."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from orderferry.config.database_url import DatabaseUrl
from orderferry.config.display import key_text, shown
from orderferry.config.findings import ENVIRONMENT, Findings, FoundValue, Problems
from orderferry.config.keys import KEYS
from orderferry.config.kinds import PATH, Unfit
from orderferry.config.lines import KeyPath
from orderferry.config.lookup import KeyMatch, is_table, key_above, match, nearest, unfit_word
from orderferry.config.read import Document
from orderferry.config.rules import check_rules, settle_alternatives
from orderferry.config.secrets import SecretFileError, from_environment, read_secret_file


def validate(document: Document, environ: Mapping[str, str]) -> Findings:
    """Given a configuration, return its values as the kinds read them, and all problems (`Findings.problems`).

    Reads the files that `<key>_file` names. Never raises for what stands in the configuration.
    """
    findings = Findings(document, Problems(document))
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
    settle_alternatives(findings)
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
        findings.problems.add(_unknown(path, value, above), file, path[: len(above.path)] if above else path)
        return
    found = FoundValue(known.key, value, rank, path, file)
    mine, other = (secret_files, findings.found) if known.is_file else (findings.found, secret_files)
    where = known.key.path if known.is_file else known.path
    before = mine.get(where)
    if before is not None and before.rank == rank:
        findings.problems.add_for(found, f"is given twice: {key_text(before.path)} is the same key")
        return
    mine[where] = found
    if where in other and other[where].rank < rank:
        del other[where]  # the including file wins, whichever way it gives a secret


def _unknown(path: KeyPath, value: object, above: KeyMatch | None) -> str:
    """What is wrong with an entry that is no key; `above` is the key in whose place it makes a table."""
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
        findings.problems.add_for(named, f"must be {PATH.expected}, not {shown(named.value)}")
    except SecretFileError as error:
        findings.problems.add_for(named, f"is of no use: {error}")
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
        findings.problems.add_for(found, expected if kind.secret else f"{expected}, not {shown(found.value)}")
        return
    if isinstance(value, Path):
        value = findings.folder(found) / value
    elif isinstance(value, DatabaseUrl):
        value = value.beside(findings.folder(found))
    findings.values[path] = value
