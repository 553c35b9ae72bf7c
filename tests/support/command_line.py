"""Commands as a shell starts them, within the tests' own process."""

from __future__ import annotations

from orderferry.cli.failures import exit_for
from orderferry.cli.main import cli


def call(*words: str) -> int:
    """Run a command and return its exit code, as `orderferry.cli.main.main` does."""
    try:
        return int(cli.main(list(words), prog_name="orderferry", standalone_mode=False) or 0)
    except BaseException as error:
        return exit_for(error, ["orderferry", *words])
