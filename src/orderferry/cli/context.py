"""The global options of every command, and how a command runs for each configuration, one after the other."""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from orderferry.cli.failures import error_lines, failed_document
from orderferry.cli.terminal import echo, echo_json
from orderferry.errors import ExitCode, OrderferryError, worst

if TYPE_CHECKING:
    from orderferry.config.model import LoggingSettings, Settings


@dataclass(frozen=True, slots=True)
class CliContext:
    """The global options of one call."""

    configs: tuple[Path, ...]
    verbose: int = 0
    quiet: bool = False

    def config_files(self) -> list[Path]:
        """Return the configuration files that this call is about. Raise ConfigError if there is none."""
        from orderferry.config.read import find_configurations

        return list(find_configurations(self.configs, os.environ))

    def settings_of(self, path: Path) -> Settings:
        """Return one of the configurations, with its logging set up. Raise ConfigError."""
        from orderferry.config.load import load_settings

        settings = load_settings(path, os.environ)
        self.set_up_logging(settings.logging)
        return settings

    @property
    def on_terminal(self) -> bool:
        """Return whether a person watches: at a terminal, or behind a pipe that ORDERFERRY_BY_HAND tells of."""
        return sys.stdout.isatty() or bool(os.environ.get("ORDERFERRY_BY_HAND"))

    def set_up_logging(self, settings: LoggingSettings | None = None) -> None:
        """Log to stderr with -v, and to the configured file."""
        from orderferry.cli.logs import set_up_logging

        level = {0: logging.CRITICAL, 1: logging.INFO}.get(self.verbose, logging.DEBUG)
        set_up_logging(level, settings)


# What a command has to say of one shop: its exit code, its JSON object, and what prints it for people.
ShopAnswer = tuple[ExitCode, Mapping[str, Any], Callable[[], None]]


def for_each_shop(context: CliContext, command: str, ask: Callable[[Settings], ShopAnswer], *, as_json: bool) -> int:
    """Ask each configuration's shop, print the answers, and return the exit code for all.

    With a single configuration errors pass through; with several each becomes an answer. Raise ConfigError, click's
    usage errors.
    """
    files = context.config_files()

    def answer(path: Path) -> ShopAnswer:
        try:
            return ask(context.settings_of(path))
        except OrderferryError as error:
            if len(files) == 1:
                raise
            return failed_answer(command, error)

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


def failed_answer(command: str, error: OrderferryError) -> ShopAnswer:
    """Return what a command has to say of a shop where an error kept it from its work."""

    def tell() -> None:
        for line in error_lines(error):
            echo(line, err=True)

    return error.exit_code, failed_document(command, error), tell
