"""When a condition is said: begin, change, daily, end; and patience with what heals by itself."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from orderferry.domain.ledger_entry import Condition, Entry, EntryState
from orderferry.domain.orders import Channel
from orderferry.errors import AmazonUnavailable, ExitCode, ShopUnfit
from orderferry.run.conditions import CurrentCondition, condition_changes, error_conditions, order_conditions

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
HELD = CurrentCondition("held unknown-sku X", "1 order held", ExitCode.NEEDS_A_PERSON)


class Mouth:
    """Runs one after the other, remembering as the ledger does."""

    def __init__(self) -> None:
        self.known: dict[str, Condition] = {}

    def run(self, found: list[CurrentCondition], now: datetime) -> list[str]:
        lines, remember, ended = condition_changes(self.known.values(), found, now)
        self.known.update({condition.key: condition for condition in remember})
        for key in ended:
            del self.known[key]
        return [text for _, text in lines]


def test_begin_silence_daily_change_and_end() -> None:
    mouth = Mouth()
    assert mouth.run([HELD], NOW) == ["1 order held"]
    assert mouth.run([HELD], NOW + timedelta(minutes=15)) == []
    assert mouth.run([HELD], NOW + timedelta(hours=23, minutes=45)) == []
    assert mouth.run([HELD], NOW + timedelta(days=1)) == ["1 order held"]
    changed = CurrentCondition(HELD.key, "2 orders held", ExitCode.NEEDS_A_PERSON)
    assert mouth.run([changed], NOW + timedelta(days=1, minutes=15)) == ["2 orders held"]
    assert mouth.run([], NOW + timedelta(days=1, minutes=30)) == ["Over: 2 orders held"]
    assert mouth.run([], NOW + timedelta(days=1, minutes=45)) == []


@pytest.mark.parametrize("code", [ExitCode.ALREADY_RUNNING, ExitCode.AMAZON_UNAVAILABLE, ExitCode.SHOP_UNAVAILABLE])
def test_what_heals_by_itself_is_said_from_the_third_run_on(code: ExitCode) -> None:
    mouth = Mouth()
    passing = CurrentCondition("import: x", "away", code, heals=True)
    assert mouth.run([passing], NOW) == []
    assert mouth.run([passing], NOW + timedelta(minutes=15)) == []
    assert mouth.run([passing], NOW + timedelta(minutes=30)) == ["away"]
    assert (
        mouth.run([CurrentCondition("import: x", "away, other words", code, heals=True)], NOW + timedelta(minutes=45))
        == []
    )
    assert mouth.run([], NOW + timedelta(hours=1)) == ["Over: away, other words"]


def test_what_heals_by_itself_is_said_after_an_hour_and_a_short_fault_never() -> None:
    mouth = Mouth()
    passing = CurrentCondition("import: x", "away", ExitCode.SHOP_UNAVAILABLE, heals=True)
    assert mouth.run([passing], NOW) == []
    assert mouth.run([passing], NOW + timedelta(hours=1)) == ["away"]
    other = Mouth()
    assert other.run([passing], NOW) == []
    assert other.run([], NOW + timedelta(minutes=15)) == []


def test_orders_are_grouped_by_cause_and_refusals_are_said_at_once() -> None:
    def entry(number: int, state: EntryState, code: str, subject: str, **more: bool) -> Entry:
        return Entry(
            f"406-0000000-000000{number}",
            state,
            "M",
            Channel.REGULAR,
            "",
            NOW,
            NOW,
            NOW,
            NOW,
            NOW,
            code,
            subject,
            f"message {number}",
            **more,  # type: ignore[arg-type]
        )

    found = order_conditions(
        [
            entry(1, EntryState.HELD, "unknown-sku", "MUG"),
            entry(2, EntryState.HELD, "unknown-sku", "MUG"),
            entry(3, EntryState.HELD, "unknown-sku", "CUP"),
            entry(4, EntryState.WAITING, "payment-pending", "", given_up=True),
            entry(5, EntryState.WAITING, "payment-pending", ""),
        ]
    )
    assert len(found) == 3
    together = next(f for f in found if "MUG" in f.key)
    assert together.text.startswith("2 orders held (unknown-sku): 406-0000000-0000001, 406-0000000-0000002")
    assert any("given-up" in f.text and "406-0000000-0000004" in f.text for f in found)
    away, unfit = error_conditions("import", [AmazonUnavailable("gone", hint="wait"), ShopUnfit("no rights")])
    assert away.key.startswith("import: ")
    assert away.heals
    assert Mouth().run([away], NOW) == []
    assert Mouth().run([unfit], NOW) == ["import: no rights"]


def test_several_orders_for_one_missing_tax_are_told_with_their_amounts() -> None:
    def entry(number: int, tax: str, net: str) -> Entry:
        message = (
            f"no tax of the shop explains the tax of {tax} on {net} EUR, delivery to DE: create a tax of 19 % "
            "(International > Taxes); Amazon withdraws the buyer's phone after 2026-12-01"
        )
        moments = (NOW,) * 5
        return Entry(
            f"406-0000000-000000{number}", EntryState.HELD, "M", Channel.REGULAR, "", *moments, "no-vat-rate",
            "DE 19 %", message,
        )  # fmt: skip

    (found,) = order_conditions([entry(1, "19.00", "100.00"), entry(2, "3.51", "18.47"), entry(3, "1.60", "8.40")])
    assert "3 orders held (no-vat-rate)" in found.text
    assert "create a tax of 19 % (International > Taxes)" in found.text
    for amount in ("19.00 on 100.00 EUR", "3.51 on 18.47 EUR", "1.60 on 8.40 EUR"):
        assert found.text.count(amount) == 1
