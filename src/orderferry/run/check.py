"""`check`: ask everything that can be asked. What fails does not keep the rest from being asked.

A probe is a name and something to ask; adapters and pure functions answer with results. What a probe raises becomes
a failure that a run would meet in the same way, with the same exit code.
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
    """One thing to ask. `needs`: probes without whose success there is nothing to ask (they say what is wrong)."""

    name: str
    ask: Callable[[], Iterable[CheckResult]]
    needs: tuple[str, ...] = ()


def ask_all(probes: Iterable[Probe]) -> list[CheckResult]:
    """Given probes in their order, return what they say. Never raises but for what ends the program."""
    results: list[CheckResult] = []
    unwell: set[str] = set()
    for probe in probes:
        if unwell & set(probe.needs):
            unwell.add(probe.name)
            continue
        said = _ask(probe)
        results += said
        if any(result.result is Grade.FAILURE for result in said):
            unwell.add(probe.name)
    return results


def _ask(probe: Probe) -> list[CheckResult]:
    said: list[CheckResult] = []
    try:
        for result in probe.ask():
            said.append(result)
    except OrderferryError as error:
        said.append(failed(probe.name, error))
    except Exception as error:  # a fault of ours in one check must not end the others
        log.debug("the probe %s failed: %s", probe.name, where_raised(error))
        said.append(
            failure(
                probe.name,
                f"This could not be checked: an unexpected error inside orderferry ({type(error).__name__}).",
                "Run it again with -vv and send what it prints to the issue tracker.",
            )
        )
    return said


def document(results: Sequence[CheckResult]) -> dict[str, Any]:
    """Return the contract's JSON object of `check`."""
    return {"checks": [result.as_json() for result in results], "exit_code": int(exit_code_of(results))}


def configuration_failures(error: ConfigError) -> list[CheckResult]:
    """Given a configuration that can't be used, return a failure for each of its problems."""
    problems = error.problems or (error.message,)
    return [failure("configuration", problem, error.hint, error.exit_code) for problem in problems]


def check_configuration(settings: Settings) -> Iterable[CheckResult]:
    """Yield what can be said of a configuration that was read."""
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
    """Given variables that would steer the SP-API library, and those that are nearly ours, return what to say."""
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
    """Given the words for where the ledger lies, how it was found and the bytes free there (None: who knows), return
    what to say.
    """
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
    """Return what to say of that, given the ledger's folder and whether other users may put a file of theirs in the
    ledger's place.
    """
    if is_open:
        yield warning(
            "ledger-folder",
            f"Other users of this machine can put another ledger into {folder}.",
            f"chmod go-w {folder}, or set ledger.path to a folder of this user's own.",
        )
