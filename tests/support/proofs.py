"""How many cases the proofs ran: counted by the tests, printed by pytest's summary.

    proofs.ran("SQL kill points", 24, of=181)

The numbers travel as properties of a test's report, so that they arrive from the workers of pytest-xdist too.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from hashlib import sha256
from random import Random
from typing import Any, TypeVar

import pytest

PROPERTY = "proof"
SEED = 20261123
Case = TypeVar("Case")


class Proofs:
    """What one test says of its cases. `whole`: every case was asked for."""

    def __init__(self, node: pytest.Item, whole: bool) -> None:
        self._node = node
        self.whole = whole

    def ran(self, what: str, cases: int, *, of: int | None = None) -> None:
        """Note that so many cases of a kind ran (`of`: as many as there are), and say so."""
        self._node.user_properties.append((PROPERTY, [what, cases, cases if of is None else of]))
        print(f"proof: {cases} of {cases if of is None else of} {what}")

    def choose(self, cases: Sequence[Case], sample: int, *, always: Sequence[Case] = ()) -> list[Case]:
        """All cases when the whole was asked for, else a seeded sample of them and those that must `always` be in."""
        if self.whole:
            return list(cases)
        rest = [case for case in cases if case not in always]
        chosen = Random(SEED).sample(rest, min(sample, len(rest)))
        return [case for case in cases if case in always or case in chosen]


@pytest.fixture
def proofs(request: pytest.FixtureRequest, whole: bool) -> Proofs:
    """Counts the cases that a proof runs."""
    return Proofs(request.node, whole)


def choose_cases(items: Sequence[pytest.Item], whole: bool) -> list[pytest.Item]:
    """Return the tests that are left out: cases of tests marked `sample(number, always=())`, but for so many of each.

    Those stay whose id contains one of the words of `always`, and all of a test where none does. Without `always` the
    first and the last case stay: the oldest and the newest version. The rest of the number is chosen by a hash of file
    and case: others in each file, the same ones in each run and on each worker.
    """
    tests: defaultdict[str, list[pytest.Item]] = defaultdict(list)
    for item in items:
        if item.get_closest_marker("sample"):
            tests[item.nodeid.partition("[")[0]].append(item)
    left_out: list[pytest.Item] = []
    for cases in tests.values():
        marker = cases[0].get_closest_marker("sample")
        assert marker is not None
        number, always = marker.args[0], marker.kwargs.get("always", ())
        first = [item for item in cases if any(word in item.nodeid.partition("[")[2] for word in always)]
        if not first:
            first = cases if always else [cases[0], cases[-1]]
        ranked = [*first, *sorted((item for item in cases if item not in first), key=_rank)]
        kept = cases if whole else ranked[: max(number, len(first))]
        left_out += [item for item in cases if item not in kept]
        if len(cases) > 1:
            kept[0].user_properties.append((PROPERTY, ["cases of long matrices", len(kept), len(cases)]))
    return left_out


def _rank(item: pytest.Item) -> str:
    file, _, case = item.nodeid.partition("::")
    return sha256(f"{file}[{case.partition('[')[2]}".encode()).hexdigest()


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Print the sums over all tests."""
    ran: Counter[str] = Counter()
    there: Counter[str] = Counter()
    reports = [report for group in terminalreporter.stats.values() for report in group]
    for report in reports:
        if getattr(report, "when", "") != "call":
            continue
        for name, value in report.user_properties:
            if name == PROPERTY:
                ran[value[0]] += value[1]
                there[value[0]] += value[2]
    if ran:
        told = [
            f"{ran[what]} {what}" if ran[what] == there[what] else f"{ran[what]} of {there[what]} {what}"
            for what in ran
        ]
        terminalreporter.write_line(f"proofs: {', '.join(told)}")
