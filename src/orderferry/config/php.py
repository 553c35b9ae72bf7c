"""Reads the literals of PrestaShop's PHP configuration files; no PHP is run.

Only what is written out counts: a string in single or double quotes, a number, or null. What is computed
(`getenv(…)`, concatenation, a variable inside double quotes) is COMPUTED.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum


class PhpError(ValueError):
    """The text is no PHP that can be read."""


class Computed(StrEnum):
    """Stands for a value that PHP would compute."""

    COMPUTED = "computed"


Literal = str | Computed

_TOKEN = re.compile(
    r"""
      (?P<skip> \s+ | \#(?!\[)[^\n]* | //[^\n]* | /\*.*?\*/ | <\?php\b | <\?= | \?> )
    | (?P<single> '(?:[^'\\]|\\.)*' )
    | (?P<double> "(?:[^"\\]|\\.)*" )
    | (?P<number> -?\d+(?:\.\d+)? )
    | (?P<word> [A-Za-z_\x80-\U0010ffff][\w\\]* )
    | (?P<arrow> => )
    | (?P<mark> [^'"] )
    """,
    re.VERBOSE | re.DOTALL,
)
_SINGLE_ESCAPE = re.compile(r"\\([\\'])")
_DOUBLE_ESCAPE = re.compile(r"\\(u\{[0-9A-Fa-f]{1,6}\}|x[0-9A-Fa-f]{1,2}|[0-7]{1,3}|[nrtvef\\$\"])")
_LETTER = {"n": "\n", "r": "\r", "t": "\t", "v": "\v", "e": "\x1b", "f": "\f", "\\": "\\", "$": "$", '"': '"'}
_VARIABLE = re.compile(r"(?<!\\)(?:\\\\)*(?:\$[A-Za-z_{]|\{\$)")


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str
    text: str


def _tokens(source: str) -> Iterator[_Token]:
    position = 0
    while position < len(source):
        match = _TOKEN.match(source, position)
        if match is None:
            line = source.count("\n", 0, position) + 1
            raise PhpError(f"a string that begins in line {line} has no end")
        position = match.end()
        if match.lastgroup and match.lastgroup != "skip":
            yield _Token(match.lastgroup, match.group())


def _unescape(match: re.Match[str]) -> str:
    escape = match[1]
    if escape.startswith("u{"):
        code = int(escape[2:-1], 16)
        return chr(code) if code <= 0x10FFFF and not 0xD800 <= code <= 0xDFFF else match[0]
    if escape[0] == "x":
        return chr(int(escape[1:], 16))
    if escape[0].isdigit():
        return chr(int(escape, 8) & 0xFF)
    return _LETTER[escape]


def _literal(token: _Token) -> Literal:
    if token.kind == "single":
        return _SINGLE_ESCAPE.sub(r"\1", token.text[1:-1])
    if token.kind == "double":
        if _VARIABLE.search(token.text):
            return Computed.COMPUTED
        return _DOUBLE_ESCAPE.sub(_unescape, token.text[1:-1])
    if token.kind == "number":
        return token.text
    if token.kind == "word" and token.text.lower() == "null":
        return ""
    return Computed.COMPUTED


def read_array_entries(source: str) -> dict[str, Literal]:
    """Given PHP text, return every `'key' => literal` in it, of nested arrays too; the last of a key wins.

    Arrays are left out. Raise PhpError if a string has no end.
    """
    tokens = [*_tokens(source), _Token("mark", ";")]
    entries: dict[str, Literal] = {}
    for key, arrow, value, after in zip(tokens, tokens[1:], tokens[2:], tokens[3:], strict=False):
        if key.kind not in ("single", "double") or arrow.kind != "arrow":
            continue
        if value.text in ("array", "["):
            continue
        entries[_literal(key)] = _literal(value) if after.text in (",", ")", "]") else Computed.COMPUTED
    return entries


def read_defines(source: str) -> dict[str, Literal]:
    """Given PHP text, return every constant that `define('NAME', literal)` sets; as in PHP the first one wins.

    Raise PhpError if a string has no end.
    """
    tokens = list(_tokens(source))
    constants: dict[str, Literal] = {}
    for index, token in enumerate(tokens[:-4]):
        opening, name, comma, value = tokens[index + 1 : index + 5]
        if token.text.lower() != "define" or (opening.text, comma.text) != ("(", ","):
            continue
        after = tokens[index + 5].text if index + 5 < len(tokens) else ""
        constants.setdefault(_literal(name), _literal(value) if after in (",", ")") else Computed.COMPUTED)
    return constants
