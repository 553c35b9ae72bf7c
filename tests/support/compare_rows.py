"""Rows of ours beside PrestaShop's, column by column, with the accepted differences."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from fnmatch import fnmatch
from functools import cache
from typing import Any

from support.measured import DATA

NOTHING = re.compile(r"|0(\.0+)?|0000-00-00( 00:00:00)?")
Rule = Mapping[str, Any]
Met = tuple[str, str]  # table, column


@cache
def accepted() -> Mapping[str, list[dict[str, Any]]]:
    """The list of accepted differences."""
    found: Mapping[str, list[dict[str, Any]]] = json.loads((DATA / "accepted_differences.json").read_text("utf-8"))
    return found


@dataclass
class Comparison:
    """Gathers differences of one scenario on one version. `used`: the accepted ones that were met, since the list may
    hold no other."""

    version: str
    scenario: str
    found: list[str] = field(default_factory=list)
    used: set[Met] = field(default_factory=set)

    def rows(self, table: str, measured: Iterable[Mapping[str, Any]], ours: Iterable[Mapping[str, Any]]) -> None:
        """Compare rows column by column, in order; ours must have each column that PrestaShop's rows have."""
        theirs, own = list(measured), list(ours)
        if len(theirs) != len(own) and not self._is_accepted(table, "*"):
            self.found.append(f"{table}: {len(own)} rows instead of {len(theirs)}")
        for expected, row in zip(theirs, own, strict=False):
            for column, value in expected.items():
                self._value(table, column, value, row[column])

    def _value(self, table: str, column: str, expected: Any, value: Any) -> None:
        if plain(expected) == plain(value):
            return
        if any(fnmatch(column, rule["column"]) for rule in accepted()["presence"]):
            if is_set(expected) == is_set(value) or self._is_accepted(table, column):
                return
        elif self._is_accepted(table, column):
            return
        self.found.append(f"{table}.{column}: {value!r} instead of {expected!r}")

    def _is_accepted(self, table: str, column: str) -> bool:
        for rule in accepted()["different"]:
            if rule["table"] == table and fnmatch(column, rule["column"]) and self._concerns(rule):
                self.used.add((table, rule["column"]))
                return True
        return False

    def _concerns(self, rule: Rule) -> bool:
        return self.version in rule.get("versions", [self.version]) and self.scenario in rule.get(
            "scenarios", [self.scenario]
        )


def plain(value: Any) -> str:
    """A value as text that two drivers and two notations agree on."""
    if value is None:
        return "NULL"
    try:
        return f"{Decimal(str(value)).normalize():f}"
    except InvalidOperation:
        return str(value)


def is_set(value: Any) -> bool:
    """Whether a value is anything but 0, empty, NULL or a zero date."""
    return value is not None and not NOTHING.fullmatch(str(value))
