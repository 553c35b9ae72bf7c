"""A seeded part of `tests/fuzz/run.py`: no payload ends a run, leaves a part of an order, or stops another order."""

from __future__ import annotations

import random
from collections.abc import Iterator
from itertools import chain, islice
from pathlib import Path
from typing import Any

import pytest

from orderferry.domain.marker import Outcome
from orderferry.domain.orders import Order
from orderferry.domain.problems import ProblemCode
from orderferry.prestashop import shop
from support.payload_model import full_order, item, money, paths
from support.payload_mutations import at, mixed_payloads, mutated, mutations_of, pairs, payloads, single_payloads
from support.payload_pipeline import PAGE, Pipeline

SAMPLE = 200
WHOLE = 100_000
SEED = 20261123


@pytest.fixture
def pipeline(tmp_path: Path) -> Iterator[Pipeline]:
    made = Pipeline(tmp_path)
    yield made
    made.close()


def test_no_payload_breaks_the_importer(pipeline: Pipeline, whole: bool) -> None:
    half = SAMPLE // 2
    sample = chain(islice(single_payloads(SEED), half), islice(mixed_payloads(SEED), half))
    stream = payloads(WHOLE, SEED) if whole else sample
    while page := list(islice(stream, PAGE)):
        pipeline.feed(page)
    findings = pipeline.findings
    assert findings.wrong == []
    assert findings.payloads >= SAMPLE
    # The mixture is neither all refused nor all taken.
    assert findings.outcomes["created"] > SAMPLE // 10
    assert findings.codes[ProblemCode.BAD_FIELD] > SAMPLE // 10


GRAVE = [
    (("orderItems", 0, "quantityOrdered"), "negative", "orderItems[0].quantityOrdered"),
    (("orderItems", 0, "orderItemId"), "missing", "orderItems[0].orderItemId"),
    (("orderItems",), "twice", "orderItems[2].orderItemId"),
    (("orderItems",), "thousands", "orderItems[2].orderItemId"),
    (("orderItems", 0, "proceeds", "breakdowns", 0, "subtotal", "amount"), "NaN as text", "amount"),
    (("orderItems", 0, "proceeds", "breakdowns", 0, "subtotal", "currencyCode"), "another", "proceeds"),
    (("orderItems", 0, "proceeds", "breakdowns", 0, "type"), "unknown", "breakdowns[0].type"),
    (("fulfillment", "fulfilledBy"), "unknown", "fulfillment.fulfilledBy"),
    (("salesChannel",), "null", "salesChannel.channelName"),
    (("createdTime",), "year 9999", "createdTime"),
    (("lastUpdatedTime",), "only a day", "lastUpdatedTime"),
    (("proceeds", "grandTotal"), "empty list", "proceeds.grandTotal"),
]


@pytest.mark.sample(5)
@pytest.mark.parametrize(("path", "name", "subject"), GRAVE, ids=str)
def test_a_grave_fault_is_named_by_amazons_path(
    pipeline: Pipeline, path: tuple[str | int, ...], name: str, subject: str
) -> None:
    order = full_order("402-1234567-1234567")
    assert mutated(order, path, name, random.Random(1))
    report, _ = pipeline._import([order])
    (problem,) = report.problems.values()
    assert problem.code is ProblemCode.BAD_FIELD
    assert subject in problem.subject
    assert subject in problem.message


def test_an_order_of_thousands_of_items_is_imported_whole(pipeline: Pipeline) -> None:
    order: dict[str, Any] = full_order("402-1234567-1234567")
    order["orderItems"] = [item(number, "MUG-BLUE", 1) for number in range(1, 1001)]
    order["proceeds"] = {"grandTotal": money("28060.00")}
    report, _ = pipeline._import([order])
    assert not report.problems
    goods = pipeline.database.one("SELECT product_quantity FROM {p}order_detail WHERE product_reference = 'MUG-BLUE'")
    assert goods == {"product_quantity": 1000}  # items of one product are one line
    assert pipeline.database.value("SELECT line_items FROM {p}orderferry_order").count("],[") == 999
    assert float(pipeline.database.value("SELECT total_paid FROM {p}orders")) == 28060.0


def test_an_order_that_cannot_even_be_rendered_stops_no_other(
    pipeline: Pipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = [f"402-1234567-123456{number}" for number in range(3)]
    render = shop._plan_new

    def broken(order: Order, *more: Any) -> Any:
        if order.order_id == ids[1]:
            raise ValueError(order.buyer.name)
        return render(order, *more)

    monkeypatch.setattr(shop, "_plan_new", broken)
    report, orders = pipeline._import([full_order(order_id) for order_id in ids])
    assert [report.outcomes[order_id] for order_id in ids] == [Outcome.CREATED, Outcome.HELD, Outcome.CREATED]
    (problem,) = report.problems.values()
    assert (problem.order_id, problem.code) == (ids[1], ProblemCode.WRITE_FAILED)
    assert isinstance(orders[1], Order)
    assert orders[1].buyer.name not in problem.message
    assert pipeline.database.count("orders") == 2


def test_the_model_and_its_mutations_are_what_they_claim() -> None:
    order = full_order("402-1234567-1234567")
    fields = list(paths(order))
    assert len(fields) > 250
    assert len(set(fields)) == len(fields)
    chosen = random.Random(SEED).sample(pairs(), 500)
    changed = [
        mutations_of(path, at(order, path))[name](at(order, path), random.Random(1)) != at(order, path)
        for path, name in chosen
    ]
    assert sum(changed) > 0.97 * len(changed)
