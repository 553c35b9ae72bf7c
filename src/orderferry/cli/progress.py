"""The progress of a run on stderr: a bar for a person at a terminal, plain lines where one was asked for elsewhere."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime

from orderferry.cli.terminal import echo
from orderferry.domain.durations import counted
from orderferry.run.progress import SILENT, Progress

# Shows a text, how many orders are done, and of how many (None: not known yet).
Show = Callable[[str, int, int | None], None]


class Counting(Progress):
    """Keeps count of what a run tells, and has it shown."""

    def __init__(self, command: str, show: Show) -> None:
        self._command = command
        self._show_counts = show
        self._pages = self._orders = self._done = 0

    def step(self, what: str) -> None:
        """Something else is being done."""
        self._show(what)

    def page_read(self, orders: int) -> None:
        """Count a page that came from Amazon."""
        self._pages += 1
        self._orders += orders
        self._show(f"{counted(self._pages, 'page')} read")

    def order_done(self) -> None:
        """Count an order that has its result."""
        self._done += 1
        self._show(f"{counted(self._pages, 'page')} read")

    def waiting(self, operation: str, until: datetime) -> None:
        """Show that the run waits for quota."""
        self._show(f"waiting for Amazon's quota of {operation} until {until:%H:%M:%S} UTC")

    def _show(self, text: str) -> None:
        self._show_counts(f"{self._command}: {text}", self._done, self._orders if self._pages else None)


def plain_lines() -> Show:
    """Return what prints a line for each page and each wait; single orders would be too many."""
    last = ""

    def show(text: str, done: int, total: int | None) -> None:
        nonlocal last
        if text != last:
            last = text
            echo(f"{text}, {done} of {total} orders done" if total is not None else text, err=True)

    return show


@contextmanager
def shown_progress(command: str, wanted: bool | None, *, quiet: bool, verbose: bool) -> Iterator[Progress]:
    """Within, somebody to tell progress to. `wanted` None: only at a terminal, and not between the lines of -v."""
    terminal = sys.stderr.isatty()
    if quiet or wanted is False or (wanted is None and (not terminal or verbose)):
        yield SILENT
    elif not terminal:
        yield Counting(command, plain_lines())
    else:
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, SpinnerColumn, TextColumn, TimeElapsedColumn
        from rich.progress import Progress as RichProgress

        columns = (SpinnerColumn(), TextColumn("{task.description}", markup=False), BarColumn(), MofNCompleteColumn())
        console = Console(stderr=True)  # honours NO_COLOR and TERM=dumb
        with RichProgress(*columns, TimeElapsedColumn(), console=console, transient=True) as bar:
            task = bar.add_task("", total=None)
            yield Counting(
                command,
                lambda text, done, total: bar.update(task, description=text, completed=done, total=total or None),
            )
