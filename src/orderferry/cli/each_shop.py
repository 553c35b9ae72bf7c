"""A command that runs for each of its configurations, one after the other; one that fails hides no other."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from orderferry.cli.context import CliContext
from orderferry.cli.failures import error_lines, failed_document
from orderferry.cli.terminal import echo, echo_json
from orderferry.errors import ExitCode, OrderferryError, worst

if TYPE_CHECKING:
    from orderferry.config.model import Settings


# What a command has to say of one shop: its exit code, its JSON object, and what prints it for people.
ShopAnswer = tuple[ExitCode, Mapping[str, Any], Callable[[], None]]


def for_each_shop(context: CliContext, command: str, ask: Callable[[Settings], ShopAnswer], *, as_json: bool) -> int:
    """Ask each configuration's shop, print the answers, and return the exit code for all.

    With a single configuration errors pass through; with several each becomes an answer. Raise ConfigError, click's
    usage errors.
    """
    files = context.config_files()

    def answer(path: Path) -> ShopAnswer:
        """Return the shop's, or its error as one."""
        try:
            return ask(context.settings_of(path))
        except OrderferryError as error:
            if len(files) == 1:
                raise
            return _failed(command, error)

    return for_each_file(files, answer, as_json=as_json)


def for_each_file(
    files: Sequence[Path], ask: Callable[[Path], ShopAnswer], *, as_json: bool, named: bool = True
) -> int:
    """Print the answer for each configuration file, errors included, and return the
    exit code for all. `named`: each of several is told under its file's name.
    """
    answers: list[ShopAnswer] = []
    for path in files:
        answers.append(ask(path))
        if not as_json:
            if named and len(files) > 1:
                echo(f"{path}:")
            answers[-1][2]()
    code = worst(exit_code for exit_code, _, _ in answers)
    if as_json:
        echo_json(whole_document(files, [document for _, document, _ in answers], code))
    return int(code)


def whole_document(files: Sequence[Path], documents: Sequence[Mapping[str, Any]], code: ExitCode) -> Mapping[str, Any]:
    """Return the one JSON object that is printed for all configurations: for
    several configurations the documented `{"shops": […], "exit_code": N}`."""
    if len(files) == 1:
        return documents[0]
    shops = [{"config": str(path), **document} for path, document in zip(files, documents, strict=True)]
    return {"shops": shops, "exit_code": int(code)}


def _failed(command: str, error: OrderferryError) -> ShopAnswer:
    def tell() -> None:
        """Print the error and its hint on stderr."""
        for line in error_lines(error):
            echo(line, err=True)

    return error.exit_code, failed_document(command, error), tell
