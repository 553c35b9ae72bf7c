"""When an order can have been delivered: the latest of what was promised and what was done."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from orderferry.domain.forgetting import FINISHED_AT_AMAZON, OrderLife, delivered

PLACED = datetime(2026, 11, 1, 6, tzinfo=UTC)


def day(number: int) -> datetime:
    return PLACED + timedelta(days=number)


@pytest.mark.parametrize(
    ("deliver_by", "finished", "amazon_finished", "last"),
    [
        (None, None, None, None),
        (5, None, None, None),
        (None, 2, None, 2),
        (None, None, 3, 3),
        (5, 2, 3, 5),
        (1, 4, 3, 4),
        (1, 2, 3, 3),
        (None, None, -1, 0),
        (None, -1, None, -1),
    ],
)
def test_the_last_day_on_which_it_can_have_come(
    deliver_by: int | None, finished: int | None, amazon_finished: int | None, last: int | None
) -> None:
    moments = [None if number is None else day(number) for number in (deliver_by, finished, amazon_finished)]
    assert delivered(OrderLife("1", 7, PLACED, *moments)) == (None if last is None else day(last))


def test_amazon_sends_nothing_more_of_what_is_shipped_or_cancelled() -> None:
    assert {"SHIPPED", "INVOICE_UNCONFIRMED", "CANCELLED"} == FINISHED_AT_AMAZON
