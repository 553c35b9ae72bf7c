"""Asking a person for keys of the configuration: what is answered already, or not interactive, is not asked."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import click

from orderferry.cli.failures import error_lines
from orderferry.cli.terminal import echo, echo_filled, echo_lines, style
from orderferry.config.draft import ConfigurationDraft
from orderferry.config.kinds import Unfit
from orderferry.config.lookup import match
from orderferry.errors import ConfigError, OrderferryError, ShopUnfit

MOST_SHOWN = 40
NONE = "none"  # the word that leaves a key without a value
YES_OR_NO = {"yes": True, "y": True, "no": False, "n": False, NONE: False}
Convert = Callable[[str], Any]


@dataclass(slots=True)
class Interview:
    """One conversation. Without `interactive` every question is its default, and every error ends it."""

    draft: ConfigurationDraft
    interactive: bool
    asked: set[str] = field(default_factory=set)
    earlier: dict[str, str] = field(default_factory=dict)  # answers, offered again after an error; no secret

    def introduce(self) -> None:
        """Say how to answer, once."""
        if self.interactive:
            echo(
                "Enter takes what is in [brackets]; the word none leaves an answer empty. Ctrl-C ends, and nothing is "
                "written."
            )

    def head(self, text: str) -> None:
        """Begin a part."""
        if self.interactive:
            echo("")
            echo(style(text, bold=True))

    def explain(self, text: str) -> None:
        """Tell a person what the next question is about."""
        if self.interactive:
            echo_filled(text, "  ", "  ")

    def say(self, text: str) -> None:
        """Tell something, to a script too; it may have several lines."""
        echo_lines(text)

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
        """Ask for a key until the answer fits its kind; `none` leaves it without a value, unless it is `needed`.

        `convert` makes the value of the answer; it may raise ValueError with a sentence.
        """
        if self.draft.has(name) or name in self.asked:
            return
        if not self.interactive:
            if default:
                self.draft.put(name, convert(default))
            return
        self.asked.add(name)
        while True:
            answer = _prompt(question, self.earlier.get(name, default), secret=secret, needed=needed)
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
            if not secret:
                self.earlier[name] = answer
            return

    def one_of(self, question: str, choices: Mapping[str, str], default: str, *, none: str) -> str:
        """Ask for one of a few words, each with its meaning. `none`: the one that the word none stands for."""
        if not self.interactive:
            return default
        for word, meaning in choices.items():
            echo_filled(meaning, f"  {word:14} ", " " * 17)
        while True:
            answer = _prompt(question, default).lower() or none
            if answer in choices:
                return answer
            echo(style(f"  One of these words: {', '.join(choices)}.", fg="yellow"))

    def yes(self, question: str, *, default: bool = False) -> bool:
        """Ask for yes or no."""
        return ask_yes_or_no(question, default=default) if self.interactive else default

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
        """After an error: take back those of the keys that it is about (all of them where it names none), as far as a
        person has answered them here, so that they are asked again.

        Raise the error when none of them was: what came by options or from the environment can't be asked for.
        """
        mine = self.asked & set(names)
        if not self.interactive or not mine:
            raise error
        wrong = {name for name in mine if _is_about(error, name)} or mine
        for line in error_lines(error):
            echo(style(line, fg="yellow"))
        echo("  Once more:")
        for name in wrong:
            self.draft.put(name, None)
        self.asked -= wrong


def ask_yes_or_no(question: str, *, default: bool) -> bool:
    """Ask at the terminal until the answer is one of the two."""
    while True:
        answer = _prompt(question, "yes" if default else "no").lower() or NONE
        if answer in YES_OR_NO:
            return YES_OR_NO[answer]
        echo(style("  yes or no.", fg="yellow"))


def _prompt(question: str, default: str, *, secret: bool = False, needed: bool = False) -> str:
    """Return one answer; '' for none, and where nothing was said to a question that needs an answer."""
    brackets = f" [{default or NONE}]" if default or not needed else ""
    answer: str = click.prompt(f"{question}{brackets}", default=default, hide_input=secret, show_default=False)
    answer = answer.strip()
    return "" if answer.lower() == NONE else answer


def _is_about(error: OrderferryError, name: str) -> bool:
    if isinstance(error, ConfigError):
        return any(re.search(rf"\b{re.escape(name)}\b", problem) for problem in error.problems)
    return name in error.keys


def _check(name: str, value: object) -> None:
    known = match(tuple(name.split(".")))
    if known is None or value is None:
        return
    try:
        known.key.kind.read(Decimal(str(value)) if isinstance(value, float) else value)
    except Unfit:
        raise ValueError(f"It must be {known.key.kind.expected}.") from None
