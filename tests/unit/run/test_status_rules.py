"""What `status` makes of runs and conditions: the rhythm of a command, and which conditions it shows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta

import pytest

from orderferry.domain.ledger_entry import Condition, Entry, EntryState
from orderferry.run.conditions import other_conditions
from orderferry.run.status import rhythm

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
DAY = timedelta(days=1)


def starts(*hours: float) -> list[datetime]:
    return [NOW + timedelta(hours=hour) for hour in hours]


def test_two_runs_are_no_rhythm() -> None:
    assert rhythm(starts(0, 1)) is None


@pytest.mark.parametrize("by_hand_too", [False, True])
def test_a_daily_command_has_its_day_even_if_people_start_it_now_and_then(by_hand_too: bool) -> None:
    assert rhythm(starts(0, 24, 48, 50, 72, 96), by_hand_too=by_hand_too) == DAY


def test_what_people_start_by_hand_has_no_rhythm_to_be_late_against() -> None:
    assert rhythm(starts(0, 0.1, 0.5, 9), by_hand_too=True) is None
    assert rhythm(starts(0, 0.1, 0.5, 9)) == timedelta(hours=0.4)


class Conditions:
    """A ledger with nothing but conditions."""

    def __init__(self, *conditions: Condition) -> None:
        self._conditions = {condition.key: condition for condition in conditions}

    def conditions(self) -> Mapping[str, Condition]:
        return self._conditions

    def entries(self, states: Iterable[EntryState], limit: int | None = None) -> Sequence[Entry]:
        raise AssertionError

    given_up = record_conditions = entries


def condition(key: str, *, exit_code: int | None, printed: bool = True) -> Condition:
    return Condition(key, f"{key}!", NOW, NOW, NOW if printed else None, exit_code=exit_code)


def test_what_was_said_is_told_but_neither_what_was_not_nor_what_the_orders_tell_themselves() -> None:
    ledger = Conditions(
        condition("import: amazon-refused", exit_code=7),
        condition("import: shop-unavailable", exit_code=5, printed=False),
        condition("clock-off", exit_code=0),
        condition("held unknown-sku A", exit_code=1),
    )
    assert [(found.text, int(found.exit_code)) for found in other_conditions(ledger)] == [
        ("import: amazon-refused!", 7),
        ("clock-off!", 0),
    ]
