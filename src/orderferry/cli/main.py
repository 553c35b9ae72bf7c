"""Entry point of the `orderferry` script: global options, commands loaded when they are used, exits."""

from __future__ import annotations

import os
import resource
import sys
from importlib import import_module
from pathlib import Path

import click

from orderferry import __version__
from orderferry.cli.commands import COMMANDS
from orderferry.cli.context import CliContext
from orderferry.cli.failures import exit_for
from orderferry.cli.terminal import drop_unwritten, forgive_closed_pipes, open_closed_streams


class LazyCommands(click.Group):
    """Imports a command's module when the command is used: --help and --version stay fast."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the commands in the order of the documentation."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return the command, imported now. Raise a usage error that names the nearest one."""
        if cmd_name not in COMMANDS:
            from difflib import get_close_matches

            nearest = get_close_matches(cmd_name, COMMANDS, 1)
            meant = f"Did you mean {nearest[0]!r}?" if nearest else "`orderferry --help` lists them."
            raise click.UsageError(f"There is no command {cmd_name!r}. {meant}", ctx)
        _, module = COMMANDS[cmd_name]
        command: click.Command = getattr(import_module(module), f"{cmd_name}_command")
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, told) for name, (told, _) in COMMANDS.items()])


@click.group(cls=LazyCommands, context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "-c",
    "--config",
    "configs",
    multiple=True,
    type=click.Path(path_type=Path),
    help="Configuration file, or a folder of *.toml; may be repeated.",
)
@click.option("-v", "--verbose", count=True, help="Log what is done to stderr; -vv logs more.")
@click.option("-q", "--quiet", is_flag=True, help="Print nothing but errors.")
@click.version_option(__version__, prog_name="orderferry")
@click.pass_context
def cli(context: click.Context, configs: tuple[Path, ...], verbose: int, quiet: bool) -> None:
    """Bring Amazon orders into a PrestaShop shop: none lost, none doubled, every total right to the cent.

    A run whose output is no terminal is taken for cron's: it prints only what a person must know. Where you read the
    output through a pipe yourself, set ORDERFERRY_BY_HAND=1.
    """
    if verbose and quiet:
        raise click.UsageError("-v and -q contradict each other: give one of them.")
    if os.environ.get("NO_COLOR"):  # https://no-color.org; without it click is plain wherever output is piped
        context.color = False
    context.obj = CliContext(configs, verbose, quiet)


def main() -> None:
    """Run the command line and leave with the documented exit code; never a traceback."""
    open_closed_streams()  # before all else: it would take their numbers
    # What this process holds in memory, secrets and buyers, is for no file.
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    forgive_closed_pipes()
    try:
        code = cli.main(standalone_mode=False, prog_name="orderferry")
    except BaseException as error:  # the last place: every error becomes a sentence
        code = exit_for(error, sys.argv)
    drop_unwritten()
    sys.exit(int(code or 0))
