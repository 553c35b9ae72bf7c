"""`check`: try everything, print one line for each thing and how to mend it; change nothing."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import click

from orderferry.cli.context import CliContext, ShopAnswer, for_each_file
from orderferry.cli.terminal import echo, style
from orderferry.domain.check_result import CheckResult, Grade, exit_code_of
from orderferry.domain.durations import counted
from orderferry.errors import ConfigError
from orderferry.run.check import configuration_failures, document

if TYPE_CHECKING:
    from orderferry.bootstrap import Installation
    from orderferry.run.check import Probe

SIGNS: Mapping[Grade, tuple[str, str]] = {
    Grade.OK: ("✔", "green"),
    Grade.WARNING: ("!", "yellow"),
    Grade.FAILURE: ("✘", "red"),
}


@click.command("check")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.pass_obj
def check_command(context: CliContext, /, as_json: bool) -> int:
    """Try everything before the first run: configuration, Amazon, the shop, the ledger, the crontab.

    One line each with the mend; nothing is changed. Exit code 0: all is well; 2, 4, 5, 6, 7: what a run would end
    with; 1: there is something else for a person to look at.
    """
    environ = dict(os.environ)  # before the SP-API library's variables are dropped

    def ask(path: Path) -> ShopAnswer:
        results = _check(context, path, environ)
        return exit_code_of(results), document(results), lambda: _print(results, quiet=context.quiet)

    return for_each_file(context.config_files(), ask, as_json=as_json)


def _check(context: CliContext, path: Path, environ: Mapping[str, str]) -> list[CheckResult]:
    from orderferry.bootstrap import Installation
    from orderferry.config.load import load_settings
    from orderferry.run.check import ask_all

    try:
        settings = load_settings(path, environ)
        context.set_up_logging(settings.logging)
    except ConfigError as error:
        return configuration_failures(error)
    with ExitStack() as stack:
        return ask_all(_probes(Installation(settings), environ, stack))


def _probes(installation: Installation, environ: Mapping[str, str], stack: ExitStack) -> Iterator[Probe]:
    """Yield everything that is asked, in the order in which it is told."""
    from orderferry.amazon.source import stray_variables
    from orderferry.cli.commands import COMMANDS
    from orderferry.cli.program import read_crontab
    from orderferry.config.secrets import unknown_variables
    from orderferry.inspection import amazon_to_ask, check_ledger, held_for_tax, shop_probe
    from orderferry.run.check import Probe, check_configuration, check_environment
    from orderferry.run.check_amazon import AmazonCheck, check_secret_age
    from orderferry.run.crontab import check_crontab

    settings = installation.settings
    yield Probe("configuration", lambda: check_configuration(settings))
    yield Probe("environment", lambda: check_environment(stray_variables(environ), unknown_variables(environ)))
    yield Probe("ledger", lambda: check_ledger(installation))
    amazon = AmazonCheck(settings, lambda: stack.enter_context(amazon_to_ask(installation)))
    today = installation.now().date()
    yield Probe("client-secret-age", lambda: check_secret_age(settings.amazon.client_secret_created, today))
    yield Probe("token", amazon.login)
    yield Probe("clock", amazon.clock, needs=("token",))
    yield Probe("marketplaces", amazon.marketplaces, needs=("token",))
    yield Probe("datasets", amazon.datasets, needs=("token",))
    shop = shop_probe(installation)
    stack.callback(shop.close)
    yield Probe("database", shop.database)
    yield Probe("tables", shop.tables, needs=("database",))
    yield Probe("collations", shop.collations, needs=("tables",))
    yield Probe("rights", shop.rights, needs=("database",))
    yield Probe("settings", shop.settings, needs=("tables",))
    yield Probe("mappings", shop.mappings, needs=("tables",))
    yield Probe("customers.account", shop.accounts, needs=("tables",))
    yield Probe("products", shop.named_products, needs=("tables",))
    yield Probe("stock", shop.stock, needs=("tables",))
    yield Probe("vat", lambda: shop.vat(held_for_tax(installation)), needs=("tables",))
    yield Probe("states", shop.states, needs=("tables",))
    yield Probe("carriers", shop.carriers, needs=("tables",))
    yield Probe("edits", shop.edits, needs=("tables",))
    yield Probe("modules", shop.modules, needs=("tables",))
    crontab = read_crontab()
    share = settings.amazon.quota_share
    yield Probe("crontab", lambda: check_crontab(crontab, COMMANDS, settings.path, share))


def _print(results: list[CheckResult], *, quiet: bool) -> None:
    for result in results:
        if quiet and result.result is Grade.OK:
            continue
        sign, color = SIGNS[result.result]
        echo(f"{style(sign, fg=color)} {result.name}: {result.message}")
        for line in result.hint.splitlines():
            echo(f"    {line}")
    if not quiet:
        echo(_summary(results))


def _summary(results: list[CheckResult]) -> str:
    failures = sum(1 for result in results if result.result is Grade.FAILURE)
    warnings = sum(1 for result in results if result.result is Grade.WARNING)
    if not failures and not warnings:
        return f"All {len(results)} checks are well. Next: `orderferry import --dry-run`."
    return f"{counted(len(results), 'check')}: {failures} to mend, {warnings} to look at."
