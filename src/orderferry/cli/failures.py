"""The one place where exceptions become sentences, JSON and exit codes.

`empty_document` has the keys of each command's JSON, for a command that ended before it had anything to tell.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from errno import ENOSPC
from typing import Any

import click

from orderferry.cli.commands import COMMANDS
from orderferry.cli.terminal import echo, echo_json, to_nowhere
from orderferry.errors import ConfigError, ExitCode, InternalError, OrderferryError, where_raised

log = logging.getLogger(__name__)

Problems = Sequence[Mapping[str, str]]


def exit_for(error: BaseException, argv: Sequence[str]) -> int:
    """Print what ended the program on stderr (and as JSON if asked for), and return the exit code."""
    if isinstance(error, SystemExit):
        return int(error.code or 0)
    if isinstance(error, click.exceptions.Exit):
        return error.exit_code
    if isinstance(error, BrokenPipeError):
        to_nowhere(sys.stdout.fileno())  # what is left in the buffer must not complain at exit
        return int(ExitCode.DONE)
    code, lines, problems = _described(error)
    for line in lines:
        echo(line, err=True)
    if "--json" in argv:
        command = next((word for word in argv[1:] if word in COMMANDS), "")
        with suppress(OSError):  # a full disk under stdout: it may be what is being told
            echo_json(empty_document(command, problems, code, dry_run="--dry-run" in argv))
    return int(code)


def error_lines(error: OrderferryError) -> list[str]:
    """Return what is printed, given one of our errors: the sentence, each problem of a configuration, the hint."""
    problems = error.problems if isinstance(error, ConfigError) else ()
    parts = [f"orderferry: {error.message}", *(f"  {problem}" for problem in problems)]
    parts += [f"  {error.hint}"] if error.hint else []
    return [line for part in parts for line in part.expandtabs(4).split("\n")]  # a hint may be statements to paste


def _described(error: BaseException) -> tuple[ExitCode, list[str], list[dict[str, str]]]:
    if isinstance(error, OrderferryError):
        from orderferry.run.report import error_json

        return error.exit_code, error_lines(error), error_json(error)
    if isinstance(error, click.exceptions.NoArgsIsHelpError):  # its message is the help, usage and all
        return ExitCode.USAGE, error.format_message().splitlines(), []  # without arguments nobody asked for JSON
    if isinstance(error, click.ClickException):
        usage = error.ctx.get_usage() if isinstance(error, click.UsageError) and error.ctx else ""
        message = error.format_message()
        return ExitCode.USAGE, [*usage.splitlines(), f"orderferry: {message}"], _problem("usage", message)
    if isinstance(error, KeyboardInterrupt | click.Abort):
        return ExitCode.INTERRUPTED, ["orderferry: stopped."], _problem("stopped", "stopped")
    if isinstance(error, OSError):
        # Only writing to an open stream has no name: the streams of a command are the standard ones.
        where = f" ({error.filename})" if error.filename else " (standard output)" if error.errno == ENOSPC else ""
        message = f"the system refused: {error.strerror or type(error).__name__}{where}"
        return ExitCode.NEEDS_A_PERSON, [f"orderferry: {message}."], _problem("system", message)
    return _described(internal_error(error))


def internal_error(error: BaseException) -> InternalError:
    """Return the sentence for an unforeseen exception; where it came from goes to the log (-vv)."""
    log.debug("unexpected: %s", where_raised(error))
    return InternalError(
        f"An unexpected error inside orderferry: {type(error).__name__}.",
        hint="Run it again with -vv and send what it prints to the issue tracker.",
    )


def _problem(code: str, message: str) -> list[dict[str, str]]:
    return [{"order_id": "", "code": code, "message": message, "hint": ""}]


def failed_document(command: str, error: OrderferryError) -> dict[str, object]:
    """Return the JSON object of a command that ended before it had anything to tell: its own keys, empty,
    with the error in `problems`."""

    from orderferry.run.report import error_json

    return empty_document(command, error_json(error), error.exit_code)


def empty_document(command: str, problems: Problems, code: ExitCode, *, dry_run: bool = False) -> dict[str, object]:
    """Return the object for `--json` of a command ('' when it is not known) that ended with an error.

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
