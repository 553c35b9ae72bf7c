"""The man page orderferry(1), made of the commands' own help texts.

`python -m orderferry.cli.man_page` in a checkout writes docs/orderferry.1 anew, which a wheel installs as
share/man/man1/orderferry.1; a test holds the committed file to it. Language: roff with the man(7) macros.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

import click

from orderferry import __version__
from orderferry.cli.commands import COMMANDS
from orderferry.cli.main import cli
from orderferry.errors import PRECEDENCE, ExitCode

EXIT_STATUS: Mapping[ExitCode, str] = {
    ExitCode.DONE: "done; nothing needs a person",
    ExitCode.NEEDS_A_PERSON: "done, but orders are held, failed or given up, or `compare`, `check` or `status` found "
    "something",
    ExitCode.USAGE: "usage or configuration error; nothing was tried",
    ExitCode.ALREADY_RUNNING: "another run of the same command on this ledger holds the lock",
    ExitCode.AMAZON_UNAVAILABLE: "Amazon is unavailable or out of quota; heals by itself, the next run goes on from "
    "there",
    ExitCode.SHOP_UNAVAILABLE: "the shop's database is unavailable or unfit; nothing is lost",
    ExitCode.LEDGER_UNUSABLE: "the ledger can't be used (disk full, damaged, from a newer version, of another shop or "
    "account)",
    ExitCode.AMAZON_REFUSED: "Amazon refuses the credentials or a role is missing: a person must act",
    ExitCode.HUNG_UP: "ended by a closed terminal; what was done is kept",
    ExitCode.INTERRUPTED: "ended by Ctrl-C; what was done is kept",
    ExitCode.TERMINATED: "ended by SIGTERM; what was done is kept",
}
DESCRIPTION = (
    "orderferry reads orders from Amazon's Selling Partner API and writes them into a PrestaShop shop's MySQL or "
    "MariaDB database, as PrestaShop itself would: one order in the shop for one order at Amazon, every total right to "
    "the cent. cron starts it; a healthy run prints nothing, so that cron mails only when somebody must act.",
    "A DURATION is `30s`, `90m`, `36h`, `2d`, `1w`, or a sum such as `1d12h`. A TIME is ISO 8601, UTC unless it says "
    "otherwise, or a DURATION ago.",
)
ENVIRONMENT: Mapping[str, str] = {
    "ORDERFERRY_CONFIG": "The configuration file, where `-c` names none.",
    "ORDERFERRY_AMAZON_CLIENT_SECRET, ORDERFERRY_AMAZON_REFRESH_TOKEN, ORDERFERRY_PRESTASHOP_PASSWORD, "
    "ORDERFERRY_LEDGER_URL, …": "Secrets; they win over the configuration. docs/configuration.md lists them all.",
    "NO_COLOR": "Plain text on a terminal too.",
    "ORDERFERRY_BY_HAND": "Set to 1: a person reads the output, although it is a pipe: print what a terminal gets. "
    "Without it a run whose output is no terminal is taken for cron's.",
}
FILES: Mapping[str, str] = {
    "./config.toml, $XDG_CONFIG_HOME/orderferry/config.toml, /etc/orderferry/config.toml": "The configuration, the "
    "first of them that is there.",
    "NAME.ledger.sqlite": "The ledger, beside the configuration NAME.toml: every order seen, coverage, runs, quota.",
}
EXAMPLES: Mapping[str, str] = {
    "orderferry -c /etc/orderferry/config.toml check": "Try everything; each thing that is wrong with its mend.",
    "orderferry import --dry-run": "Say what would be imported.",
    "orderferry plan --orders-per-day 300": "Print the crontab lines for such a shop.",
    "orderferry show 305-1234567-1234567 --refresh": "Tell what happened to one order, and ask Amazon for it.",
    "orderferry compare --month 2026-10 --html october.html": "Close a month, with a page for the merchant.",
}
_CODE = re.compile(r"`([^`]+)`")


def render_man_page() -> str:
    """Return the whole page."""
    return "\n".join(_lines()) + "\n"


def _lines() -> Iterator[str]:
    yield '.\\" Made from the code: python -m orderferry.cli.man_page'
    yield f'.TH ORDERFERRY 1 "" "orderferry {__version__}" "User Commands"'
    yield from (".SH NAME", f"orderferry \\- {_text('bring Amazon orders into a PrestaShop shop')}")
    yield from (".SH SYNOPSIS", ".B orderferry", _text("[-c FILE]... [-v|-q] COMMAND [OPTION]..."))
    yield ".SH DESCRIPTION"
    yield from _paragraphs(DESCRIPTION)
    yield ".SH OPTIONS"
    yield from _options(cli)
    yield ".SH COMMANDS"
    context = click.Context(cli, info_name="orderferry")
    for name in COMMANDS:
        command = cli.get_command(context, name)
        assert command is not None  # noqa: S101 — an unknown one is a usage error
        yield from _command(name, command)
    yield from _items("EXIT STATUS", {str(int(code)): text for code, text in EXIT_STATUS.items()})
    ranked = ", ".join(str(int(code)) for code in PRECEDENCE if code < ExitCode.HUNG_UP)
    yield from (".PP", _text(f"When several apply, the first of {ranked} is returned."))
    for title, items in (("ENVIRONMENT", ENVIRONMENT), ("FILES", FILES), ("EXAMPLES", EXAMPLES)):
        yield from _items(title, items)
    yield from (".SH SEE ALSO", ".BR crontab (5),", ".BR systemd.timer (5)")


def _command(name: str, command: click.Command) -> Iterator[str]:
    _options_word, *arguments = command.collect_usage_pieces(click.Context(command))
    yield f".SS {_text(' '.join([name, *arguments]))}"
    yield from _paragraphs(tuple(" ".join(part.split()) for part in (command.help or "").split("\n\n")))
    yield from _options(command)
    if isinstance(command, click.Group):
        for part, below in command.commands.items():
            yield from _command(f"{name} {part}", below)


def _options(command: click.Command) -> Iterator[str]:
    for option in command.params:
        if isinstance(option, click.Option) and not option.hidden:
            yield from (".TP", f".B {_text(_signature(option))}", _text(_description(option)))


def _signature(option: click.Option) -> str:
    names = ", ".join(option.opts) + "".join(f", {name}" for name in option.secondary_opts)
    if option.is_flag or option.count:
        return names
    kind = option.type
    choices = "|".join(map(str, kind.choices)) if isinstance(kind, click.Choice) else ""
    return f"{names} {option.metavar or choices or _kind(kind)}"


def _kind(kind: click.ParamType) -> str:  # type: ignore[type-arg]  # generic only in the newest click
    return kind.name.removesuffix(" range").upper()


def _description(option: click.Option) -> str:
    shown = option.show_default if isinstance(option.show_default, str) else option.default
    return f"{option.help or ''} {f'(Default: {shown}.)' if option.show_default else ''}".strip()


def _items(title: str, items: Mapping[str, str]) -> Iterator[str]:
    yield f".SH {title}"
    for term, text in items.items():
        yield from (".TP", f".B {_text(term)}", _text(text))


def _paragraphs(parts: tuple[str, ...]) -> Iterator[str]:
    for number, part in enumerate(parts):
        if number:
            yield ".PP"
        yield _text(part)


def _text(text: str) -> str:
    """Return text as roff takes it literally: no escapes, no requests; what stands between backticks is bold."""
    escaped = text.replace("\\", "\\e").replace("-", "\\-").replace("…", "...")
    escaped = _CODE.sub(r"\\fB\1\\fR", escaped)
    return f"\\&{escaped}" if escaped.startswith((".", "'")) else escaped


def main() -> None:
    """Write the page anew."""
    (Path(__file__).parents[3] / "docs" / "orderferry.1").write_text(render_man_page(), encoding="utf-8")


if __name__ == "__main__":
    main()
