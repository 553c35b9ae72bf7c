"""`bridge`: the PHP script through which PrestaShop's modules hear of imported orders, and what it has done."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from orderferry.cli.context import CliContext
from orderferry.cli.failures import error_lines
from orderferry.domain.durations import format_duration
from orderferry.errors import ExitCode, OrderferryError, UsageError, worst

if TYPE_CHECKING:
    from orderferry.bridge.installing import Installed
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

    settings = context.one_settings()
    found = find_shop_folder(shop_folder, settings.prestashop.shop_folder, folder.absolute())
    if found is not None:
        _refuse_other_shop(found, settings)
    with bridge_shop(Installation(settings)) as shop:
        installed = install(folder, found, shop.shop_id())
    if not context.quiet:
        _print_installed(installed, settings)
    return int(ExitCode.DONE)


@bridge_command.command("status")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.pass_obj
def status_command(context: CliContext, /, as_json: bool) -> int:
    """Say what the bridge and other readers of the feed have taken, and what became of the calls, by module.

    Exit code 1: events pile up, calls failed, or whether they were made is unknown.
    """
    found = list(_read_all(context))
    if as_json:
        click.echo(json.dumps(_document(found), ensure_ascii=False))
    else:
        for path, status in found:
            _print(status, heading=str(path) if len(found) > 1 else "", quiet=context.quiet)
    return int(worst(status.exit_code for _, status in found))


def _refuse_other_shop(folder: Path, settings: Settings) -> None:
    """Raise UsageError where the settings of the shop in `folder` can be read and name another database."""
    from orderferry.config.shop_file import ShopFileError, read_shop_file

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


Found = tuple[Path, "BridgeStatus | OrderferryError"]


def _read_all(context: CliContext) -> Iterator[Found]:
    """How each configuration's bridge stands; one that can't be told does not hide the others."""
    files = context.config_files()
    for path in files:
        try:
            yield path, _read(context, path)
        except OrderferryError as error:
            if len(files) == 1:
                raise
            yield path, error


def _read(context: CliContext, path: Path) -> BridgeStatus:
    from orderferry.bootstrap import Installation
    from orderferry.config.load import load_settings
    from orderferry.inspection import bridge_shop
    from orderferry.run.bridge import BridgeStatus

    installation = Installation(load_settings(path, os.environ))
    context.set_up_logging(installation.settings.logging)
    with bridge_shop(installation) as shop:
        now = installation.now()
        return BridgeStatus(shop.state(now), now)


def _document(found: list[Found]) -> dict[str, Any]:
    documents = [(path, _json(status)) for path, status in found]
    if len(documents) == 1:
        return documents[0][1]
    code = worst(status.exit_code for _, status in found)
    return {"shops": [{"config": str(path), **one} for path, one in documents], "exit_code": int(code)}


def _json(status: BridgeStatus | OrderferryError) -> dict[str, Any]:
    if not isinstance(status, OrderferryError):
        return status.as_json()
    from orderferry.run.report import error_json

    return {"healthy": False, "problems": error_json(status), "exit_code": int(status.exit_code)}


def _print(status: BridgeStatus | OrderferryError, *, heading: str, quiet: bool) -> None:
    if heading:
        click.echo(f"{heading}:")
    if isinstance(status, OrderferryError):
        for line in error_lines(status):
            click.echo(line, err=True)
        return
    if not quiet:
        for line in _lines(status):
            click.echo(line)
    for found in status.findings:
        click.echo(f"! {found.message}")
        click.echo(f"    {found.hint}")


def _lines(status: BridgeStatus) -> Iterator[str]:
    feed = status.state.feed
    yield f"Events: {feed.last} so far" if feed.last else "Events: none so far"
    for reader in feed.readers:
        waiting = f"{reader.behind} behind" if reader.behind else "nothing left"
        age = f", the oldest for {format_duration(status.now - reader.oldest)}" if reader.oldest else ""
        last = f"; last at work {format_duration(status.now - reader.taken)} ago" if reader.taken else ""
        yield f"  {reader.name:20} has taken all up to {reader.position}: {waiting}{age}{last}"
    for calls in status.state.calls:
        counts = {"done": calls.done, "skipped": calls.skipped, "failed": calls.failed, "unknown": calls.unknown}
        told = ", ".join(f"{number} {word}" for word, number in counts.items() if number)
        yield f"  {calls.module or '(whole events)':20} {calls.hook:36} {told or 'at work'}"


def _print_installed(installed: Installed, settings: Settings) -> None:
    click.echo(f"Put there: {installed.script}")
    if installed.kept:
        click.echo(f"Kept as they are: the settings {installed.settings}")
    else:
        click.echo(f"Its settings: {installed.settings}")
    if installed.shop_folder is None and not installed.kept:
        click.echo("! Where the shop is can't be seen from here: write its folder into shop_folder there.")
    if installed.served:
        click.echo("! The folder lies within the shop's, which the web server serves: a folder beside it is better.")
    if not settings.events_enabled:
        click.echo("! No events are written yet: set events.enabled = true in orderferry's configuration.")
    user = installed.owner or "OWNER"
    if not installed.owner:
        click.echo("OWNER below stands for the user whom the shop's files belong to (www-data, or the host's account).")
    click.echo(f"\nTry it on the shop's host: sudo -u {user} php {installed.script} --check")
    click.echo(f"Then, into that user's crontab (crontab -u {user} -e), below a line MAILTO=your@address:\n")
    click.echo(installed.crontab_line)
