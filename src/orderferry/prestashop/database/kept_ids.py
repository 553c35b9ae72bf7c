"""Ids that the database session keeps until they are asked for: statements that travel together name them so."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Kept:
    """Stands for the id of a row that was inserted; `session_variables` says how SQL names it. `name` '': the newest
    row that got an id."""

    name: str = ""


NEWEST = Kept()


@dataclass(frozen=True, slots=True)
class KeptText:
    """A text that the database puts together from parts of which some are such ids."""

    parts: tuple[str | Kept, ...]
