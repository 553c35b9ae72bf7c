"""The one place where exceptions become sentences, JSON and exit codes."""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Sequence
from contextlib import suppress
from errno import ENOSPC

import click

from orderferry.cli.commands import COMMANDS
from orderferry.cli.terminal import echo, echo_json
from orderferry.errors import ConfigError, ExitCode, InternalError, OrderferryError, where_raised

log = logging.getLogger(__name__)
_NO_ARGUMENTS = getattr(click.exceptions, "NoArgsIsHelpError", ())  # older clicks print the help themselves


def exit_for(error: BaseException, argv: Sequence[str]) -> int:
    """Given what ended the program, say it on stderr (and as JSON if asked for), and return the exit code."""
    if isinstance(error, SystemExit):
        return int(error.code or 0)
    if isinstance(error, click.exceptions.Exit):
        return error.exit_code
    if isinstance(error, BrokenPipeError):
        _close_stdout()
        return int(ExitCode.DONE)
    code, lines, problems = _told(error)
    for line in lines:
        echo(line, err=True)
    if "--json" in argv:
        with suppress(OSError):  # a full disk under stdout: it may be what is being told
            echo_json(_failure_document(argv, problems, code))
    return int(code)


def error_lines(error: OrderferryError) -> list[str]:
    """Return what is printed, given one of our errors: the sentence, each problem of a configuration, the hint."""
    problems = error.problems if isinstance(error, ConfigError) else ()
    parts = [f"orderferry: {error.message}", *(f"  {problem}" for problem in problems)]
    parts += [f"  {error.hint}"] if error.hint else []
    return [line for part in parts for line in part.expandtabs(4).split("\n")]  # a hint may be statements to paste


def _told(error: BaseException) -> tuple[ExitCode, list[str], list[dict[str, str]]]:
    if isinstance(error, OrderferryError):
        from orderferry.run.report import error_json

        return error.exit_code, error_lines(error), error_json(error)
    if isinstance(error, _NO_ARGUMENTS):  # its message is the help, usage and all
        return ExitCode.USAGE, error.format_message().splitlines(), _problem("usage", "A command is missing.")
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
    return _told(internal_error(error))


def internal_error(error: BaseException) -> InternalError:
    """Given an exception that nobody foresaw, return the sentence for it; where it came from goes to the log (-vv)."""
    log.debug("unexpected: %s", where_raised(error))
    return InternalError(
        f"An unexpected error inside orderferry: {type(error).__name__}.",
        hint="Run it again with -vv and send what it prints to the issue tracker.",
    )


def _problem(code: str, message: str) -> list[dict[str, str]]:
    return [{"order_id": "", "code": code, "message": message, "hint": ""}]


def failed_document(command: str, error: OrderferryError) -> dict[str, object]:
    """Given what ended a command before it had anything to tell, return its JSON object: the command's own keys, empty,
    with the error in `problems`."""
    from orderferry.cli.empty_documents import empty_document
    from orderferry.run.report import error_json

    return empty_document(command, error_json(error), error.exit_code)


def _failure_document(argv: Sequence[str], problems: list[dict[str, str]], code: ExitCode) -> dict[str, object]:
    from orderferry.cli.empty_documents import empty_document

    command = next((word for word in argv[1:] if word in COMMANDS), "")
    return empty_document(command, problems, code, dry_run="--dry-run" in argv)


def _close_stdout() -> None:
    """The reader of our output went away: what is left in the buffer must not complain at exit."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
