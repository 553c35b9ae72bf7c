"""What is not as it should be in an order's rows, in words for the person who has to look."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Finding:
    """`place` is the table, or the column, that shows it (`orders.total_paid`); `message` one sentence with what the
    back office, the invoice or the statistics make of it. Never a person's data."""

    place: str
    message: str

    def __str__(self) -> str:
        return f"{self.place}: {self.message}"
