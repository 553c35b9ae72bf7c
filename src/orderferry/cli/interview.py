"""Asking a person for keys of the configuration: what is answered already, or not interactive, is not asked."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import click

from orderferry.cli.failures import error_lines
from orderferry.cli.terminal import echo, echo_lines, style
from orderferry.config.draft import ConfigurationDraft
from orderferry.config.kinds import Unfit
from orderferry.config.lookup import match
from orderferry.errors import OrderferryError, ShopUnfit

MOST_SHOWN = 40
Convert = Callable[[str], Any]


@dataclass(slots=True)
class Interview:
    """One conversation. Without `interactive` every question is its default, and every error ends it."""

    draft: ConfigurationDraft
    interactive: bool
    asked: set[str] = field(default_factory=set)
    earlier: dict[str, str] = field(
        default_factory=dict
    )  # what had to be answered, offered again after an error; no secret

    def head(self, text: str) -> None:
        """Begin a part."""
        if self.interactive:
            echo("")
            echo(style(text, bold=True))

    def say(self, text: str) -> None:
        """Tell something, to a script too."""
        echo(text)

    def key(
        self,
        name: str,
        question: str,
        *,
        default: str = "",
        convert: Convert = str,
        secret: bool = False,
        needed: bool = False,
    ) -> None:
        """Ask for a key until the answer fits its kind; '' leaves it without a value, unless it is `needed`.

        `convert` makes the value of the answer; it may raise ValueError with a sentence.
        """
        if self.draft.has(name):
            return
        if not self.interactive:
            if default:
                self.draft.put(name, convert(default))
            return
        self.asked.add(name)
        while True:
            answer = self._prompt(question, self.earlier.get(name, default), secret=secret)
            if needed and not answer:
                echo(style("  It is needed (Ctrl-C ends; nothing is written).", fg="yellow"))
                continue
            try:
                value = convert(answer) if answer else None
                _check(name, value)
            except (ValueError, ShopUnfit) as error:
                hint = error.hint if isinstance(error, ShopUnfit) else ""
                echo(style(f"  {error}", fg="yellow"))
                if hint:
                    echo_lines(f"  {hint}")
                continue
            self.draft.put(name, value)
            if answer and (needed or default) and not secret:  # an optional one must stay easy to leave out
                self.earlier[name] = answer
            return

    def one_of(self, question: str, choices: Mapping[str, str], default: str) -> str:
        """Ask for one of a few words, each with its meaning."""
        if not self.interactive:
            return default
        for word, meaning in choices.items():
            echo(f"  {word:14} {meaning}")
        answer: str = click.prompt(question, type=click.Choice(list(choices)), default=default, show_choices=False)
        return answer

    def yes(self, question: str, *, default: bool = False) -> bool:
        """Ask for yes or no."""
        return click.confirm(question, default=default) if self.interactive else default

    def offer(self, title: str, rows: Sequence[str]) -> None:
        """Show what there is to choose from."""
        if not self.interactive or not rows:
            return
        echo(f"  {title}:")
        for row in rows[:MOST_SHOWN]:
            echo(f"    {row}")
        if len(rows) > MOST_SHOWN:
            echo(f"    … and {len(rows) - MOST_SHOWN} more")

    def again(self, error: OrderferryError, *names: str) -> None:
        """After an error: take back those of the keys that a person has answered here, so that they are asked again.

        Raise the error when none of them was: what came by options or from the environment can't be asked for.
        """
        mine = self.asked & set(names)
        if not self.interactive or not mine:
            raise error
        for line in error_lines(error):
            echo(style(line, fg="yellow"))
        echo("  Once more:")
        for name in mine:
            self.draft.put(name, None)
        self.asked -= mine

    def _prompt(self, question: str, default: str, *, secret: bool) -> str:
        answer: str = click.prompt(
            question, default=default, hide_input=secret, show_default=bool(default) and not secret
        )
        return answer.strip()


def _check(name: str, value: object) -> None:
    known = match(tuple(name.split(".")))
    if known is None or value is None:
        return
    try:
        known.key.kind.read(value)
    except Unfit:
        raise ValueError(f"It must be {known.key.kind.expected}.") from None
