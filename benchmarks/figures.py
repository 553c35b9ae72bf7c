"""A figure of the table: what was measured beside what, over several rounds, and the goal it is held to."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Spread:
    """The values of several rounds."""

    values: tuple[float, ...]

    @property
    def median(self) -> float:
        return statistics.median(self.values)

    def text(self, form: str = "{:.2f}") -> str:
        """`median (least … most)`; the value alone where there is one."""
        if len(self.values) == 1:
            return form.format(self.values[0])
        least, most = form.format(min(self.values)), form.format(max(self.values))
        return f"{form.format(self.median)} ({least} … {most})"


@dataclass(frozen=True, slots=True)
class Figure:
    """One row of the table. `reached` None: a figure to look at, with no goal."""

    what: str
    ours: str
    beside: str = ""
    ratio: str = ""
    goal: str = ""
    reached: bool | None = None

    def cells(self) -> tuple[str, ...]:
        """The cells of the table, left to right."""
        verdict = {None: "", True: "reached", False: "**not reached**"}[self.reached]
        return (self.what, self.ours, self.beside, self.ratio, self.goal, verdict)


HEADINGS = ("what", "ours", "beside", "ratio", "goal", "")


@dataclass(frozen=True, slots=True)
class Goal:
    """A bound of the median ratio."""

    text: str
    holds: Callable[[float], bool]


def at_most(bound: float) -> Goal:
    """The ratio must not be more than this."""
    return Goal(f"≤ {bound:g}", lambda ratio: ratio <= bound)


def at_least(bound: float) -> Goal:
    """The ratio must not be less than this."""
    return Goal(f"≥ {bound:g}", lambda ratio: ratio >= bound)


def compared(
    what: str, ours: Sequence[float], beside: Sequence[float], goal: Goal | None = None, form: str = "{:.0f} ms"
) -> Figure:
    """Given values of the same rounds, return the figure with the ratios ours / beside, round by round."""
    ratios = Spread(tuple(a / b for a, b in zip(ours, beside, strict=True)))
    return Figure(
        what,
        Spread(tuple(ours)).text(form),
        Spread(tuple(beside)).text(form),
        ratios.text(),
        goal.text if goal else "",
        goal.holds(ratios.median) if goal else None,
    )


def markdown(figures: Sequence[Figure]) -> str:
    """The figures as a table."""
    rows = [HEADINGS, tuple("---" for _ in HEADINGS), *(figure.cells() for figure in figures)]
    return "\n".join("| " + " | ".join(row) + " |" for row in rows)
