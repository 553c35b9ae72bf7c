"""Which sets of data are asked for, and what is remembered of those that Amazon refused."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest

from orderferry.amazon.parameters import ASK_AGAIN, REFUSED, Datasets
from orderferry.errors import AmazonRefused, DatasetRefused
from support.amazon_side import LOCAL_NOW, MovableClock

ALL = ("BUYER", "RECIPIENT", "PROCEEDS", "PROMOTION", "CANCELLATION", "FULFILLMENT", "TAX", "PAYMENT", "PACKAGES")


class Memory:
    """What the ledger remembers, and this machine's clock."""

    def __init__(self, kept: object = None) -> None:
        self.kept = {} if kept is None else {REFUSED: kept if isinstance(kept, str) else json.dumps(kept)}
        self.clock = MovableClock()

    def datasets(self) -> Datasets:
        return Datasets(self.kept.get, self.kept.__setitem__, self.clock)


def refused(*names: str) -> DatasetRefused:
    return DatasetRefused("Amazon rejects it.", names=names, amazon_message="no role")


def test_at_first_everything_is_asked_for() -> None:
    datasets = Memory().datasets()
    assert (datasets.asked, datasets.withheld) == (ALL, {})


def test_what_was_refused_is_left_out_remembered_and_asked_for_again_after_a_day() -> None:
    memory = Memory()
    datasets = memory.datasets()
    datasets.leave_out(refused("TAX", "PAYMENT"))
    assert datasets.asked == tuple(name for name in ALL if name not in {"TAX", "PAYMENT"})
    assert datasets.withheld == {"TAX": "no role", "PAYMENT": "no role"}
    assert memory.kept == {
        "datasets refused": '{"PAYMENT": ["2026-11-23T06:00:00Z", "no role"], '
        '"TAX": ["2026-11-23T06:00:00Z", "no role"]}'
    }
    memory.clock.moment = LOCAL_NOW + ASK_AGAIN - timedelta(seconds=1)
    assert "TAX" not in memory.datasets().asked
    memory.clock.moment = LOCAL_NOW + timedelta(days=1)
    again = memory.datasets()
    assert (again.asked, set(again.withheld)) == (ALL, {"TAX", "PAYMENT"})
    memory.clock.moment = LOCAL_NOW - timedelta(seconds=1)
    assert memory.datasets().asked == ALL, "the clock was set back"
    memory.clock.moment = LOCAL_NOW
    assert "TAX" not in memory.datasets().asked


def test_what_amazon_gives_again_is_no_longer_withheld() -> None:
    memory = Memory({"TAX": ["2026-11-01T06:00:00Z", "no role"], "PAYMENT": ["2026-11-23T06:00:00Z", "nö"]})
    datasets = memory.datasets()
    datasets.answered()
    assert datasets.withheld == {"PAYMENT": "nö"}
    assert memory.kept == {"datasets refused": '{"PAYMENT": ["2026-11-23T06:00:00Z", "nö"]}'}


def test_an_answer_that_changes_nothing_is_not_written_down() -> None:
    memory = Memory({"TAX": ["2026-11-23T06:00:00Z", "no role"]})
    before = dict(memory.kept)
    datasets = memory.datasets()
    memory.kept.clear()
    datasets.answered()
    assert memory.kept == {}
    assert before != {}


def test_without_status_and_amounts_no_order_can_be_read() -> None:
    with pytest.raises(AmazonRefused) as caught:
        Memory().datasets().leave_out(refused("TAX", "PROCEEDS", "FULFILLMENT"))
    assert caught.value.message == ("Amazon rejects it. Without FULFILLMENT and PROCEEDS no order can be imported.")
    assert caught.value.hint == "Check the application's roles in Seller Central, and authorise it again."


def test_a_refusal_of_what_was_not_asked_for_is_passed_on() -> None:
    datasets = Memory().datasets()
    datasets.leave_out(refused("TAX"))
    with pytest.raises(DatasetRefused):
        datasets.leave_out(refused("TAX"))
    datasets.leave_out(refused("TAX", "BUYER"))
    assert "BUYER" not in datasets.asked


@pytest.mark.parametrize("kept", ["", "no json", "[]", '{"TAX": 5}', '{"TAX": ["soon", "x"]}', "5"])
def test_a_memory_that_can_not_be_read_is_none(kept: Any) -> None:
    datasets = Memory(kept).datasets()
    assert (datasets.asked, datasets.withheld) == (ALL, {})
