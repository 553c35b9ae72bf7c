"""A command that runs for each of its configurations, one after the other; one that fails hides no other."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from orderferry.cli.context import CliContext
from orderferry.cli.failures import error_lines, failed_document
from orderferry.errors import ExitCode, OrderferryError, worst

if TYPE_CHECKING:
    from orderferry.config.model import Settings


@dataclass(frozen=True, slots=True)
class ShopAnswer:
    """What a command has to say of one shop. `document` is its JSON object, `tell` prints it for people."""

    exit_code: ExitCode
    document: Mapping[str, Any]
    tell: Callable[[], None]


def for_each_shop(context: CliContext, command: str, ask: Callable[[Settings], ShopAnswer], *, as_json: bool) -> int:
    """Given what asks one shop, ask each configuration's, print the answers, and return the exit code for all.

    With a single configuration errors pass through; with several each becomes an answer. Raise ConfigError, click's
    usage errors.
    """
    files = context.config_files()
    alone = len(files) == 1
    documents: list[dict[str, Any]] = []
    codes: list[ExitCode] = []
    for path in files:
        try:
            answer = ask(context.settings_of(path))
        except OrderferryError as error:
            if alone:
                raise
            answer = _failed(command, error)
        documents.append({**({} if alone else {"config": str(path)}), **answer.document})
        codes.append(answer.exit_code)
        if not as_json:
            _tell(path, answer, alone=alone)
    code = worst(codes)
    if as_json:
        whole = documents[0] if alone else {"shops": documents, "exit_code": int(code)}
        click.echo(json.dumps(whole, ensure_ascii=False))
    return int(code)


def _failed(command: str, error: OrderferryError) -> ShopAnswer:
    def tell() -> None:
        """The error and its hint, on stderr."""
        for line in error_lines(error):
            click.echo(line, err=True)

    return ShopAnswer(error.exit_code, failed_document(command, error), tell)


def _tell(path: Path, answer: ShopAnswer, *, alone: bool) -> None:
    if not alone:
        click.echo(f"{path}:")
    answer.tell()
