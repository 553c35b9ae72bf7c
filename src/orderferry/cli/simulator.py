"""`simulator`: the simulated Amazon on a local port until it is stopped."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from orderferry.cli.context import CliContext
from orderferry.cli.program import program_to_paste

if TYPE_CHECKING:
    from orderferry.simulator.http_server import SimulatorServer


@click.command("simulator")
@click.option(
    "--world",
    type=click.Path(path_type=Path, dir_okay=False),
    help="A world that `demo` left, or a TOML file with orders of your own; default: an invented shop.",
)
@click.option(
    "--skus",
    metavar="SKUS",
    help="SKUs separated by commas, such as references of a staging shop, for the invented shop.",
)
@click.option("--port", type=click.IntRange(0, 65535), default=8765, show_default=True, help="0: any free port.")
@click.pass_obj
def simulator_command(context: CliContext, /, world: Path | None, skus: str | None, port: int) -> int:
    """Run the simulated Amazon on a local port until Ctrl-C, and print what a configuration needs to use it."""
    from orderferry.simulator.http_server import serve_forever

    sold = [sku.strip() for sku in (skus or "").split(",") if sku.strip()]
    if world is not None and skus is not None:
        raise click.UsageError("--skus is for the invented shop, and --world brings orders of its own: give one.")
    context.set_up_logging()
    try:
        serve_forever(world, port=port, skus=sold, on_start=_announce)
    except KeyboardInterrupt:
        click.echo("The simulator has stopped.")
    return 0


def _announce(server: SimulatorServer) -> None:
    click.echo(f"A simulated Amazon answers on {server.endpoint}; Ctrl-C stops it. In the configuration:\n")
    click.echo("[amazon]")
    for key, value in server.amazon_keys.items():
        click.echo(f'{key} = "{value}"')
    click.echo(
        "\nOr let init write one, in another shell; it asks for the client secret and the refresh token above:\n\n"
        f"    {program_to_paste()} -c staging.toml init --client-id {server.credentials.client_id} "
        f"--set amazon.endpoint={server.endpoint} --set amazon.token_url={server.token_url}\n"
    )
