"""`init`: a commented configuration by asking, each answer tried at once."""

from __future__ import annotations

import os
import shlex
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from orderferry.cli.context import CliContext
from orderferry.cli.failures import error_lines
from orderferry.cli.init_steps import (
    INVOICES,
    MAILS,
    NEW_CARRIER,
    ask_amazon,
    ask_choices,
    ask_database,
    ask_decisions,
    ask_modules,
    ask_new_carrier,
    ask_new_taxes,
    ask_since,
    ask_states,
    ask_taxes,
)
from orderferry.cli.interview import Interview, ask_yes_or_no
from orderferry.cli.parameters import TIME, with_options
from orderferry.cli.program import program_to_paste, running_program
from orderferry.cli.terminal import echo, style
from orderferry.domain.durations import iso
from orderferry.errors import ShopError, UsageError
from orderferry.safe_files import UnsafePlace, refuse_unsafe_folder

if TYPE_CHECKING:
    from orderferry.config.draft import ConfigurationDraft
    from orderferry.config.model import Settings
    from orderferry.prestashop.checking.setup_shop import SetupShop

Answer = TypeVar("Answer")

NOBODY_ANSWERS = (
    "init asks, and the input ended before the last answer: nothing was written. Start it at a terminal, or with "
    "--non-interactive and options."
)
FILE = click.Path(path_type=Path, exists=True, dir_okay=False)
# Options whose value goes straight to a key; those that end in _file name files with secrets.
PLAIN = {
    "shop": "prestashop.from",
    "region": "amazon.region",
    "client_id": "amazon.client_id",
    "client_secret_file": "amazon.client_secret_file",
    "refresh_token_file": "amazon.refresh_token_file",
    "database_password_file": "prestashop.password_file",
    "since": "orders.since",
}

OPTIONS = (
    click.option("--non-interactive", is_flag=True, help="Ask nothing: take options, environment and defaults."),
    click.option("--shop", type=click.Path(path_type=Path, exists=True), help="The shop's folder, or its PHP file."),
    click.option("--database-password-file", type=FILE, help="File with the password of the shop's database."),
    click.option("--region", type=click.Choice(["eu", "na", "fe"]), help="Amazon's region."),
    click.option("--marketplaces", metavar="CODES", help="Country codes separated by commas, such as IT,DE,FR."),
    click.option("--client-id", metavar="ID", help="Client identifier of the application."),
    click.option("--client-secret-file", type=FILE, help="File with the client secret."),
    click.option("--refresh-token-file", type=FILE, help="File with the refresh token."),
    click.option(
        "--create-states/--no-create-states", default=None, help="Create order states for Amazon; none mails."
    ),
    click.option(
        "--create-carrier", type=click.Choice(list(NEW_CARRIER)), help="Create the carrier “Amazon”, and for what."
    ),
    click.option(
        "--create-taxes/--no-create-taxes",
        default=None,
        help="Create the taxes that the shop lacks for deliveries abroad, after showing them; also for a configuration "
        "that is there.",
    ),
    click.option("--invoices-by", type=click.Choice(list(INVOICES)), help="Who writes the invoices."),
    click.option(
        "--vcs/--no-vcs",
        default=None,
        help="The seller is (not) in Amazon's VAT Calculation Service (default: as his orders tell).",
    ),
    click.option("--mails", type=click.Choice(list(MAILS)), help="Which mails may reach buyers."),
    click.option("--since", type=TIME, help="Import orders placed from then on (default: now)."),
    click.option("--set", "keys", multiple=True, metavar="KEY=VALUE", help="Any other key; may be repeated."),
    click.option("--no-try", is_flag=True, help="Do not try the database and the credentials."),
)


def _in_shop(draft: ConfigurationDraft, ask: Callable[[SetupShop], Answer], *, whole: bool = False) -> Answer:
    """Ask the shop that the answers so far describe. `whole`: none may be missing. Raise ShopError, ConfigError."""
    from orderferry.inspection import setup_shop

    with setup_shop(draft.settings(whole=whole)) as shop:
        return ask(shop)


def _missing_taxes(shop: SetupShop, settings: Settings) -> Mapping[str, Sequence[Decimal]]:
    from orderferry.bootstrap import Installation
    from orderferry.inspection import held_for_tax

    return shop.missing_taxes(held_for_tax(Installation(settings)))


def _log_in(settings: Settings) -> None:
    """Get a token. Raise AmazonRefused, AmazonUnavailable, ConfigError."""
    from orderferry.bootstrap import Installation
    from orderferry.inspection import amazon_to_ask

    with amazon_to_ask(Installation(settings)) as source:
        source.now()


@click.command("init")
@with_options(OPTIONS)
@click.pass_obj
def init_command(context: CliContext, /, **given: Any) -> int:
    """Write a commented configuration by asking: the shop, Amazon's credentials, and what nobody should decide
    silently. Enter takes what is in brackets, the word none leaves an answer empty. Answers are tried at once, and what
    is wrong is asked again; a file that is there is never overwritten. -c FILE says where it goes
    (./config.toml). Secrets come from a hidden prompt, the environment or a file, never from the command line.
    """
    from orderferry.bootstrap import utc_now
    from orderferry.config.draft import ConfigurationDraft, write_new

    context.set_up_logging()
    if given["create_taxes"] and (configuration := _existing(context)) is not None:
        return _create_taxes_of(configuration, interactive=not given["non_interactive"])
    target = _target(context)
    draft = ConfigurationDraft(os.environ, folder=target.parent)
    interview = Interview(draft, interactive=not given["non_interactive"])
    _take_options(interview.draft, given)
    try:
        create, carrier_keys, taxes = _converse(interview, utc_now(), given)
    except click.Abort as error:
        if isinstance(error.__context__, EOFError):
            raise click.UsageError(NOBODY_ANSWERS) from None
        raise
    if create and not given["no_try"]:
        _create_states(interview)
    if carrier_keys and not given["no_try"]:
        _create_carrier(interview, carrier_keys)
    if taxes:
        created = _in_shop(draft, lambda shop: shop.create_taxes(taxes), whole=True)
        click.echo(f"{_taxes(created)} created.")
    write_new(target, interview.draft.text())
    _print_next(target, interview.draft.settings(), utc_now())
    return 0


def _created(interview: Interview, create: Callable[[SetupShop], Answer], otherwise: str) -> Answer | None:
    """Return what was created. Where that fails, a person does not lose the answers, but a script gets the error."""
    try:
        return _in_shop(interview.draft, create, whole=True)
    except ShopError as error:
        if not interview.interactive:
            raise
        for line in (*error_lines(error), otherwise):
            echo(style(line, fg="yellow"))
        return None


def _create_states(interview: Interview) -> None:
    """Create order states for Amazon, which draw an invoice if the shop invoices by its states."""
    invoice = interview.draft.settings().invoices.mode == "state"
    created = _created(
        interview,
        lambda shop: (shop.create_states(invoice=invoice), shop.facts().states),
        "No state was created; the configuration uses the shop's own states.",
    )
    if created is None:
        return
    made, states = created
    for key, id_state in made.items():
        interview.draft.put(f"orders.{key}", id_state)
    interview.say(f"{len(made)} order states for Amazon are there: {', '.join(map(str, made.values()))}.")
    for name in (states[number].name for number in made.values() if states[number].invoice is not invoice):
        interview.say(
            f"Mind: the state “{name}” was there already, and whether it draws an invoice is not as you have answered. "
            "It is a switch of the state in the back office (Shop Parameters > Order Settings > Statuses)."
        )


def _create_carrier(interview: Interview, keys: Collection[str]) -> None:
    created = _created(
        interview,
        lambda shop: shop.create_carrier(),
        "No carrier was created; the configuration uses the shop's own.",
    )
    if created is None:
        return
    number, is_new = created
    made = "is created" if is_new else "is there already, and stays as it is; `check` says whether it keeps"
    interview.say(f"The carrier “Amazon” (id {number}) {made}.")
    for key in keys:
        if not interview.draft.has(key):
            interview.draft.put(key, number)


def _existing(context: CliContext) -> Path | None:
    named = context.configs[0] if len(context.configs) == 1 else Path("config.toml") if not context.configs else None
    if named is not None and named.is_dir():
        named = named / "config.toml"
    return named.absolute() if named is not None and named.is_file() else None


def _create_taxes_of(configuration: Path, *, interactive: bool) -> int:
    from orderferry.cli.init_steps import shown_taxes
    from orderferry.config.load import load_settings
    from orderferry.inspection import setup_shop

    settings = load_settings(configuration, os.environ)
    with setup_shop(settings) as shop:
        missing = _missing_taxes(shop, settings)
        if not missing:
            click.echo("The shop lacks no tax that its Amazon orders need: nothing was created.")
            return 0
        click.echo(shown_taxes(missing))
        question = "Create them (International > Taxes shows them; no rule is made)?"
        if interactive and not ask_yes_or_no(question, default=False):
            click.echo("Nothing was created.")
            return 0
        click.echo(f"{_taxes(shop.create_taxes(missing))} created. The next run imports what was held for them.")
    return 0


def _converse(
    interview: Interview, now: datetime, given: dict[str, Any]
) -> tuple[bool, tuple[str, ...], Mapping[str, Sequence[Decimal]]]:
    """Ask everything; return whether order states are to be created, which keys are to name a new carrier, and which
    taxes are to be created."""
    from orderferry.prestashop.checking.setup_shop import check_mappings
    from orderferry.prestashop.planning.resolve_mappings import home_country

    draft, tries = interview.draft, not given["no_try"]
    draft.settings(whole=False)  # what the options say wrongly can't be asked for
    interview.introduce()
    facts = ask_database(interview, partial(_in_shop, draft, lambda shop: shop.facts()) if tries else None)
    if facts is not None:
        interview.say(f"  PrestaShop {facts.version or '(version unknown)'} is there.")
    ask_amazon(interview, (lambda: _log_in(draft.settings())) if tries else None)
    create = bool(given["create_states"])
    carrier_keys = NEW_CARRIER[given["create_carrier"] or "none"]
    taxes: Mapping[str, Sequence[Decimal]] = {}
    if facts is not None:
        create = ask_states(interview, facts, create=_answered(given["create_states"], interview))
        carrier_keys = ask_new_carrier(interview, facts, create=given["create_carrier"])
        delays = _in_shop(draft, lambda shop: shop.carrier_delays()) if tries else {}
        ask_choices(interview, facts, delays, carrier_keys)
        if tries:
            ask_modules(interview, partial(_in_shop, draft, lambda shop: shop.listeners()))
    ask_decisions(interview, invoices_by=given["invoices_by"], vcs=given["vcs"], mails=given["mails"])
    if facts is not None:
        ask_taxes(interview, facts)
        check_mappings(draft.settings(), facts)
        if tries:
            taxes = ask_new_taxes(
                interview,
                lambda: _in_shop(draft, lambda shop: _missing_taxes(shop, draft.settings()), whole=True),
                home_country(facts),
                create=_answered(given["create_taxes"], interview),
            )
    ask_since(interview, now, _in_shop(draft, lambda shop: shop.foreign_orders()) if tries else 0)
    draft.settings()
    return create, carrier_keys, taxes


def _taxes(number: int) -> str:
    return "1 tax" if number == 1 else f"{number} taxes"


def _answered(create: bool | None, interview: Interview) -> bool | None:
    return create if interview.interactive or create is not None else False


def _take_options(draft: ConfigurationDraft, given: dict[str, Any]) -> None:
    for option, name in PLAIN.items():
        value = given[option]
        if value is not None:
            draft.put(name, str(value.absolute()) if isinstance(value, Path) else value)
    if given["marketplaces"]:
        draft.put("amazon.marketplaces", [code.strip().upper() for code in given["marketplaces"].split(",")])
    for word in given["keys"]:
        draft.set_by_word(word)


def _target(context: CliContext) -> Path:
    if len(context.configs) > 1:
        raise click.UsageError("init writes one configuration: give one -c FILE.")
    target = (context.configs[0] if context.configs else Path("config.toml")).absolute()
    if target.is_dir():
        target = target / "config.toml"
    if os.path.lexists(target):
        raise click.UsageError(f"There is a configuration {target} already; it is left as it is.")
    if not os.access(target.parent, os.W_OK):
        raise click.UsageError(f"The folder {target.parent} is not there, or can't be written to.")
    try:
        refuse_unsafe_folder(target.parent)
    except UnsafePlace as error:  # before the answers, which are tried there, and may be secrets
        raise UsageError(f"{target} is not written: {error.strerror}.", hint=error.hint) from None
    return target


def _print_next(target: Path, settings: Settings, now: datetime) -> None:
    from orderferry.cli.plan import PASTE
    from orderferry.domain.quota_plan import TYPICAL, Volume
    from orderferry.run.plan import make_plan

    program = f"{program_to_paste()} -c {shlex.quote(str(target))}"
    click.echo(f"\nWritten: {target} (only this user can read it). Now:\n")
    click.echo(f"    {program} check")
    click.echo(f"    {program} import --dry-run")
    since = settings.orders.since
    if since is not None and since < now - settings.observation.window:
        click.echo(f"\nThe first import goes back to {iso(since.replace(microsecond=0))} (orders.since):\n")
        click.echo(f"    {program} import")
        click.echo(
            "\nWhat Amazon's quota does not carry at once, the next runs read; `status` shows it as a gap until then."
        )
    click.echo(f"\nWhen these are well: {PASTE[0].lower()}{PASTE[1:]}\n")
    plan = make_plan(replace(settings, path=target), Volume(TYPICAL), "", rate=None, program=running_program())
    for line in plan.crontab:
        click.echo(line)
    click.echo(
        f"\nThat suits about {TYPICAL} orders a day; this does the arithmetic for your own number N:\n\n"
        f"    {program} plan --orders-per-day N"
    )
