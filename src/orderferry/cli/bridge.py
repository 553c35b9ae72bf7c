"""`bridge`: the PHP script through which PrestaShop's modules hear of imported orders, and what it has done."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from orderferry.cli.context import CliContext, ShopAnswer, for_each_shop
from orderferry.cli.terminal import echo, echo_lines
from orderferry.domain.durations import format_duration
from orderferry.domain.feed import Feed
from orderferry.errors import ExitCode, UsageError

if TYPE_CHECKING:
    from orderferry.config.model import Settings
    from orderferry.run.bridge import BridgeStatus

FOLDER = click.Path(path_type=Path, file_okay=False)


@click.group("bridge", no_args_is_help=False)
def bridge_command() -> None:
    """Let PrestaShop's modules hear of imported orders, which SQL does not tell them of.

    A PHP script on the shop's host reads the feed of changes (events.enabled) and fires PrestaShop's hooks, each
    module by itself, never a mail to a buyer. docs/bridge.md explains it.
    """


@bridge_command.command("install")
@click.argument("folder", type=FOLDER)
@click.option("--shop", "shop_folder", type=FOLDER, help="The PrestaShop folder, if it can't be found otherwise.")
@click.pass_obj
def install_command(context: CliContext, /, folder: Path, shop_folder: Path | None) -> int:
    """Put the PHP script and its settings into FOLDER, and print the line for the crontab.

    FOLDER is on the shop's host, best outside of what the web server serves. A script of an older version is replaced,
    settings that are there are kept, files of other programs are never touched. The shop is given a name (shop_id) by
    which the bridge knows it.
    """
    from orderferry.bootstrap import Installation
    from orderferry.bridge.installing import find_shop_folder, install
    from orderferry.inspection import bridge_shop

    files = context.config_files()
    if len(files) > 1:
        raise click.UsageError("A bridge belongs to one shop: give one -c FILE.")
    settings = context.settings_of(files[0])
    found = find_shop_folder(shop_folder, settings.prestashop.shop_folder, folder.absolute())
    if found is not None:
        _refuse_other_shop(found, settings)
    with bridge_shop(Installation(settings)) as shop:
        owner, kept = install(folder, found, shop.shop_id())
    if not context.quiet:
        _print_installed(folder.absolute(), found, owner, settings, kept=kept)
    return int(ExitCode.DONE)


@bridge_command.command("status")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.pass_obj
def status_command(context: CliContext, /, as_json: bool) -> int:
    """Say what the bridge and other readers of the feed have taken, and what became of the calls, by module.

    Exit code 1: events pile up, calls failed, or whether they were made is unknown.
    """
    from orderferry.bootstrap import Installation
    from orderferry.inspection import bridge_shop
    from orderferry.run.bridge import BridgeStatus

    def ask(settings: Settings) -> ShopAnswer:
        installation = Installation(settings)
        with bridge_shop(installation) as shop:
            now = installation.now()
            feed = shop.feed()
            calls = shop.calls(now) if feed else ()
        status = BridgeStatus(settings.events_enabled, feed, calls, now)
        return status.exit_code, status.as_json(), lambda: _print(status, quiet=context.quiet)

    return for_each_shop(context, "bridge", ask, as_json=as_json)


def _refuse_other_shop(folder: Path, settings: Settings) -> None:
    """Raise UsageError where the settings of the shop in `folder` can be read and name another database."""
    from orderferry.config.php_parameters import ShopFileError, read_shop_file

    try:
        its = read_shop_file(folder, unneeded=("host", "user", "password"))
    except ShopFileError:
        return  # the script looks again, with the rights of the shop's owner
    ours = settings.prestashop.location.rpartition("/")[2], settings.prestashop.table_prefix
    if (its.database, its.prefix) != ours:
        raise UsageError(
            f"{folder} is another shop: its database is {its.database!r} with the prefix {its.prefix!r}, the "
            f"configuration's is {ours[0]!r} with {ours[1]!r}.",
            hint="Give the folder of this shop with --shop, or the configuration of that one with -c.",
        )


def _print(status: BridgeStatus, *, quiet: bool) -> None:
    if not quiet:
        for line in _lines(status):
            echo(line)
    for _, message, hint in status.findings:
        echo(f"! {message}")
        echo_lines(f"    {hint}")


def _lines(status: BridgeStatus) -> Iterator[str]:
    feed = status.feed or Feed()
    yield f"Events: {feed.last} so far" if feed.last else "Events: none so far"
    for reader in feed.readers:
        waiting = f"{reader.behind} behind" if reader.behind else "nothing left"
        age = f", the oldest for {format_duration(status.now - reader.oldest)}" if reader.oldest else ""
        last = f"; last at work {format_duration(status.now - reader.taken)} ago" if reader.taken else ""
        yield f"  {reader.name:20} has taken all up to {reader.position}: {waiting}{age}{last}"
    for calls in status.calls:
        counts = {"done": calls.done, "skipped": calls.skipped, "failed": calls.failed, "unknown": calls.unknown}
        told = ", ".join(f"{number} {word}" for word, number in counts.items() if number)
        yield f"  {calls.module or '(whole events)':20} {calls.hook:36} {told or 'at work'}"


def _print_installed(folder: Path, shop_folder: Path | None, owner: str, settings: Settings, *, kept: bool) -> None:
    from orderferry.bridge import SCRIPT, SETTINGS
    from orderferry.bridge.installing import crontab_line

    script = folder / SCRIPT
    echo(f"Put there: {script}")
    echo(f"{'Kept as they are: the settings' if kept else 'Its settings:'} {folder / SETTINGS}")
    if shop_folder is None and not kept:
        echo("! Where the shop is can't be seen from here: write its folder into shop_folder there.")
    if shop_folder is not None and folder.is_relative_to(shop_folder):
        echo("! The folder lies within the shop's, which the web server serves: a folder beside it is better.")
    if not settings.events_enabled:
        echo("! No events are written yet: set events.enabled = true in orderferry's configuration.")
    user = owner or "OWNER"
    if not owner:
        echo("OWNER below stands for the user whom the shop's files belong to (www-data, or the host's account).")
    click.echo(f"\nTry it on the shop's host: sudo -u {user} php {script} --check")
    click.echo(f"Then, into that user's crontab (crontab -u {user} -e), below a line MAILTO=your@address:\n")
    echo(crontab_line(script))
