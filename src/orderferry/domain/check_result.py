"""A result of `check`: something is fine, should be looked at, or has to be mended; and a finding in an order's
rows."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from orderferry.errors import ExitCode, OrderferryError, worst


class Grade(StrEnum):
    """How a thing stands."""

    OK = "ok"
    WARNING = "warning"
    FAILURE = "failure"


@dataclass(frozen=True, slots=True)
class CheckResult:
    """One line of `check`. `message` and `hint` hold no secret and no buyer's data; `hint` is the mend, or ''.

    `exit_code` is what a run that meets this would end with, or 1 for what only concerns a person.
    """

    name: str
    result: Grade
    message: str
    hint: str = ""
    exit_code: ExitCode = ExitCode.DONE

    def as_json(self) -> dict[str, str]:
        """Return the documented JSON of one check."""
        return {"name": self.name, "result": str(self.result), "message": self.message, "hint": self.hint}


def fine(name: str, message: str) -> CheckResult:
    """Return a thing that is well."""
    return CheckResult(name, Grade.OK, message)


def warning(name: str, message: str, hint: str, exit_code: ExitCode = ExitCode.NEEDS_A_PERSON) -> CheckResult:
    """Return a warning: a person should look at it; runs go on all the same."""
    return CheckResult(name, Grade.WARNING, message, hint, exit_code)


def failure(name: str, message: str, hint: str, exit_code: ExitCode = ExitCode.NEEDS_A_PERSON) -> CheckResult:
    """Return a thing that stops runs, or orders, until it is mended."""
    return CheckResult(name, Grade.FAILURE, message, hint, exit_code)


def failed(name: str, error: OrderferryError) -> CheckResult:
    """Return one of our errors as the failure of a check: a run that meets it would end with the same exit code."""
    return CheckResult(name, Grade.FAILURE, error.message, error.hint, error.exit_code)


def exit_code_of(results: Iterable[CheckResult]) -> ExitCode:
    """Return the one exit code for all results: 0 only if there is neither warning nor failure."""
    return worst(result.exit_code for result in results)


@dataclass(frozen=True, slots=True)
class Finding:
    """`place` is the table, or the column, that shows it (`orders.total_paid`); `message` one sentence with what the
    back office, the invoice or the statistics make of it. Never a person's data."""

    place: str
    message: str

    def __str__(self) -> str:
        return f"{self.place}: {self.message}"
