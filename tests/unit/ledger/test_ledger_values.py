"""How values stand in the ledger's columns: as texts that a person can read, and that are refused when edited."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite

from orderferry.domain.orders import Channel
from orderferry.ledger.schema import Exact, Json, Moment, Readable, UnreadableValue, Word

DIALECT = SQLiteDialect_pysqlite()
EAST = timezone(timedelta(hours=2))


@pytest.mark.parametrize(
    ("kind", "value", "text"),
    [
        (Moment(), datetime(2026, 11, 23, 6, 0, 0, 123999, tzinfo=UTC), "2026-11-23T06:00:00.123Z"),
        (Moment(), datetime(2026, 11, 23, 8, 0, tzinfo=EAST), "2026-11-23T06:00:00.000Z"),
        (Exact(), Decimal("1E+2"), "100"),
        (Exact(), Decimal("0.0056"), "0.0056"),
        (Word(Channel), Channel.FBA, "fba"),
        (Json(), {"b": "für", "a": [1, None]}, '{"b": "für", "a": [1, null]}'),
        (Json(), None, None),
    ],
)
def test_a_value_is_a_text_in_the_ledger(kind: Readable[Any], value: object, text: str | None) -> None:
    assert kind.process_bind_param(value, DIALECT) == text


@pytest.mark.parametrize(
    ("kind", "text", "value"),
    [
        (Moment(), "2026-11-23T06:00:00.123Z", datetime(2026, 11, 23, 6, 0, 0, 123000, tzinfo=UTC)),
        (Moment(), "2026-11-23T08:00:00+02:00", datetime(2026, 11, 23, 6, 0, tzinfo=UTC)),
        (Exact(), "0.0056", Decimal("0.0056")),
        (Word(Channel), "regular", Channel.REGULAR),
        (Json(), '{"b": "für"}', {"b": "für"}),
        (Moment(), None, None),
    ],
)
def test_a_text_of_the_ledger_is_read(kind: Readable[Any], text: str | None, value: object) -> None:
    read = kind.process_result_value(text, DIALECT)
    assert read == value
    assert not isinstance(read, datetime) or read.tzinfo is UTC


@pytest.mark.parametrize(
    ("kind", "text", "sentence"),
    [
        (Moment(), "yesterday", "it is no moment"),
        (Moment(), "2026-11-23T06:00:00", "it is no moment"),
        (Moment(), 5, "it is no moment"),
        (Exact(), "many", "it is no exact"),
        (Word(Channel), "by air", "it is no word"),
        (Json(), "{", "it is no json"),
        (Json(), "[]", "it is no json"),
    ],
)
def test_a_text_that_somebody_edited_is_refused(kind: Readable[Any], text: object, sentence: str) -> None:
    with pytest.raises(UnreadableValue) as caught:
        kind.process_result_value(text, DIALECT)
    assert str(caught.value) == sentence


def test_a_time_without_a_zone_is_a_mistake() -> None:
    with pytest.raises(ValueError, match="without zone"):
        Moment().process_bind_param(datetime(2026, 11, 23, 6, 0), DIALECT)
