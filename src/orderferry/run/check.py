"""`check`: run every probe. One that fails does not keep the others from running.

A probe has a name and a question; adapters and pure functions answer it with results. An error that a probe raises
becomes a failure with the exit code that a run would have.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from orderferry.config.model import Settings
from orderferry.domain.check_result import CheckResult, Grade, exit_code_of, failed, failure, fine, warning
from orderferry.errors import ConfigError, ExitCode, OrderferryError, where_raised

log = logging.getLogger(__name__)

LEAST_FREE_BYTES = 4 * 1024 * 1024  # a new ledger and its journal


@dataclass(frozen=True, slots=True)
class Probe:
    """One question. `needs`: names of probes without whose success there is nothing to ask."""

    name: str
    ask: Callable[[], Iterable[CheckResult]]
    needs: tuple[str, ...] = ()


def ask_all(probes: Iterable[Probe]) -> list[CheckResult]:
    """Run probes in their order and return their results. Raise only what ends the program."""
    results: list[CheckResult] = []
    without_success: set[str] = set()
    for probe in probes:
        if without_success & set(probe.needs):
            without_success.add(probe.name)
            continue
        answers = _ask(probe)
        results += answers
        if any(result.result is Grade.FAILURE for result in answers):
            without_success.add(probe.name)
    return results


def _ask(probe: Probe) -> list[CheckResult]:
    results: list[CheckResult] = []
    try:
        for result in probe.ask():
            results.append(result)
    except OrderferryError as error:
        results.append(failed(probe.name, error))
    except Exception as error:  # a fault of ours in one check must not end the others
        log.debug("the probe %s failed: %s", probe.name, where_raised(error))
        results.append(
            failure(
                probe.name,
                f"This could not be checked: an unexpected error inside orderferry ({type(error).__name__}).",
                "Run it again with -vv and send what it prints to the issue tracker.",
            )
        )
    return results


def document(results: Sequence[CheckResult]) -> dict[str, Any]:
    """Return the documented JSON object of `check`."""
    return {"checks": [result.as_json() for result in results], "exit_code": int(exit_code_of(results))}


def configuration_failures(error: ConfigError) -> list[CheckResult]:
    """Return a failure for each problem of a configuration that can't be used."""
    problems = error.problems or (error.message,)
    return [failure("configuration", problem, error.hint, error.exit_code) for problem in problems]


def check_configuration(settings: Settings) -> Iterable[CheckResult]:
    """Yield the results for a configuration that could be read."""
    codes = ", ".join(marketplace.code for marketplace in settings.amazon.marketplaces)
    yield fine("configuration", f"{settings.path} is in order: region {settings.amazon.region}, marketplaces {codes}.")
    if settings.exposed:
        hint = (
            "chmod 600 for such a file, chmod go-w for such a folder; renew the secrets if others may have read them."
        )
        yield failure("file-mode", settings.exposed, hint)
    else:
        yield fine("file-mode", "Nobody else on this machine can read a secret in the configuration.")


def check_environment(stray: Sequence[str], unknown: Sequence[tuple[str, str]]) -> Iterable[CheckResult]:
    """Yield a warning for each variable that would steer the SP-API library (`stray`) or is nearly one of ours
    (`unknown`)."""
    if stray:
        yield warning(
            "environment",
            f"Variables of another Amazon program are set: {', '.join(stray)}. orderferry drops them.",
            "Unset them where orderferry is started, so that nobody takes them for its settings.",
        )
    for name, nearest in unknown:
        yield warning(
            "environment",
            f"{name} is set, and orderferry reads no such variable.",
            f"It is called {nearest}." if nearest else "docs/configuration.md lists the variables; unset this one.",
        )
    if not stray and not unknown:
        yield fine("environment", "No variable of the environment interferes.")


def check_ledger_place(where: str, *, exists: bool, is_usable: bool, free: int | None = None) -> CheckResult:
    """Return the result for the ledger's place. `where`: the place in words; `free`: bytes free there, None if
    unknown."""
    if free is not None and free < LEAST_FREE_BYTES:
        return failure(
            "ledger",
            f"The disk under the ledger {where} is full: {free // 1024} KiB are left.",
            "Free some space, or set ledger.path to another disk; a run without a ledger does not begin.",
            ExitCode.LEDGER_UNUSABLE,
        )
    if is_usable:
        return fine("ledger", f"The ledger {where} is in order, and of this shop and account.")
    if exists:
        return fine("ledger", f"The ledger {where} is of an older version; the next import brings it up to date.")
    return fine("ledger", f"There is no ledger {where} yet; the first import creates it.")


def check_ledger_folder(folder: Path, *, is_open: bool) -> Iterable[CheckResult]:
    """Yield a warning if other users may put a file of theirs in the ledger's place (`is_open`)."""
    if is_open:
        yield warning(
            "ledger-folder",
            f"Other users of this machine can put another ledger into {folder}.",
            f"chmod go-w {folder}, or set ledger.path to a folder of this user's own.",
        )
