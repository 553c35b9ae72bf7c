"""The JSON objects of commands that ended before they had anything to tell: their own keys, with nothing in them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from orderferry.errors import ExitCode

Problems = Sequence[Mapping[str, str]]


def empty_document(command: str, problems: Problems, code: ExitCode, *, dry_run: bool = False) -> dict[str, object]:
    """Given a command ('' when it is not known), what ended it and its exit code, return the object for `--json`.

    It has the keys that a script finds after a good end, and `problems` besides.
    """
    keys = _KEYS[command](problems) if command in _KEYS else _run(command, dry_run=dry_run)
    return {**keys, "problems": list(problems), "exit_code": int(code)}


def _run(command: str, *, dry_run: bool) -> dict[str, Any]:
    from orderferry.run.report import Report

    now = datetime.now(UTC)
    return Report(command, now, dry_run, finished=now).as_json()


def _check(problems: Problems) -> dict[str, Any]:
    from orderferry.domain.check_result import failure

    failures = [failure("configuration", problem["message"], problem["hint"]) for problem in problems]
    return {"checks": [result.as_json() for result in failures]}


def _compare(_: Problems) -> dict[str, Any]:
    from orderferry.run.compare.result import Comparison

    return Comparison(datetime.now(UTC)).as_json()


def _status(_: Problems) -> dict[str, Any]:
    nothing_open = dict.fromkeys(("waiting", "held", "failed", "given_up"), 0)
    return {"healthy": False, "commands": {}, "coverage": [], "gaps": [], "open": nothing_open, "quota": {}}


def _bridge(_: Problems) -> dict[str, Any]:
    return {"healthy": False, "enabled": False, "events": {"last": 0, "oldest": None}, "consumers": [], "calls": []}


def _named(command: str) -> Callable[[Problems], dict[str, Any]]:
    return lambda _: {"command": command}


# The others report a run, as `import` does.
_KEYS: Mapping[str, Callable[[Problems], dict[str, Any]]] = {
    "bridge": _bridge,
    "check": _check,
    "compare": _compare,
    "status": _status,
    **{command: _named(command) for command in ("adopt", "forget", "plan", "show")},
}
