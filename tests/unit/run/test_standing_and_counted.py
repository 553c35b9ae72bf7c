"""Which findings of earlier comparisons are over, in what order Amazon is asked, and which orders are counted."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, cast

import pytest

from orderferry.amazon.source import AmazonSource
from orderferry.domain.compared_orders import CreditSlip
from orderferry.domain.ledger_entry import FindingKind, OrderSnapshot, StandingFinding
from orderferry.domain.orders import Address, Channel, Item, Money, Order, OrderStatus, UnreadableOrder
from orderferry.domain.spans import Span
from orderferry.errors import QuotaExhausted, RequestRejected
from orderferry.run.compare.findings import FindingCollector
from orderferry.run.compare.result import Comparison
from orderferry.run.compare.rules import CompareInput, MonthBasis
from orderferry.run.progress import Progress
from orderferry.run.stop import QuotaWait, StopSwitch
from support.compared import DAY, DE, NOW, compare_input, entry, in_shop, reported

A, B, C, D = (f"302-0000000-000000{number}" for number in range(1, 5))
MISSING, SURPLUS, DIFFERENT = FindingKind.MISSING, FindingKind.SURPLUS, FindingKind.DIFFERENT


def at_amazon(order_id: str = A, **changes: Any) -> Order:
    """The order as getOrder shows it."""
    facts: dict[str, Any] = {
        "created": NOW - 5 * DAY,
        "updated": NOW - 4 * DAY,
        "marketplace_id": DE,
        "status": OrderStatus.SHIPPED,
        "channel": Channel.REGULAR,
        "items": (Item("1", 2),),
        "grand_total": Money(Decimal("119.00"), "EUR"),
        "delivery_address": Address(country="DE"),
    }
    return Order(order_id, **(facts | changes))


@dataclass
class Amazon(Progress):
    """getOrder; it is a shop without a connection and a terminal too."""

    orders: dict[str, Order | UnreadableOrder | Exception] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    shown: list[str] = field(default_factory=list)

    def get(self, order_id: str) -> Order | UnreadableOrder | None:
        self.asked.append(order_id)
        found = self.orders.get(order_id)
        if isinstance(found, Exception):
            raise found
        return found

    def step(self, what: str) -> None:
        self.shown.append(what)

    def release(self) -> None:
        """Hold nothing."""


def collector(given: CompareInput, amazon: Amazon, *orders: Any) -> FindingCollector:
    wait = QuotaWait(amazon, StopSwitch(lambda: NOW), lambda: NOW, lambda _seconds: None)
    by_id = {order.order_id: order for order in orders}
    return FindingCollector(given, by_id, cast("AmazonSource", amazon), wait, progress=amazon)


def standing(kind: FindingKind, order_id: str = A, field: str = "") -> StandingFinding:
    return StandingFinding(order_id, kind, NOW - 50 * DAY, NOW - 40 * DAY, "a reason", "Look.", field)


CANCELLED = at_amazon(status=OrderStatus.CANCELLED)
OLD_NEWS = QuotaExhausted("none left", operation="getOrder")


@pytest.mark.parametrize(
    ("finding", "shop", "answer", "asked", "over"),
    [
        pytest.param(standing(MISSING), [in_shop(A)], None, False, True, id="the shop has it now"),
        pytest.param(standing(MISSING), [], None, True, True, id="Amazon knows it no more"),
        pytest.param(standing(MISSING), [], at_amazon(), True, False, id="still missing"),
        pytest.param(standing(MISSING), [], CANCELLED, True, True, id="cancelled meanwhile"),
        pytest.param(standing(MISSING), [], OLD_NEWS, True, False, id="nobody can be asked"),
        pytest.param(standing(MISSING), [], UnreadableOrder(A, ()), True, False, id="unreadable"),
        pytest.param(standing(SURPLUS), [], None, False, True, id="the shop has it no more"),
        pytest.param(standing(SURPLUS), [in_shop(A)], None, True, False, id="Amazon still does not know it"),
        pytest.param(standing(SURPLUS), [in_shop(A)], at_amazon(), True, True, id="Amazon knows it after all"),
        pytest.param(standing(SURPLUS), [in_shop(A), in_shop(A, ids=(9,))], at_amazon(), True, False, id="twice"),
        pytest.param(
            standing(DIFFERENT, field="quantity"), [in_shop(A, quantity=3)], at_amazon(), True, False, id="still"
        ),
        pytest.param(standing(DIFFERENT, field="quantity"), [in_shop(A)], at_amazon(), True, True, id="corrected"),
        pytest.param(
            standing(DIFFERENT, field="amount"), [in_shop(A, quantity=3)], at_amazon(), True, True, id="other"
        ),
        pytest.param(standing(DIFFERENT, field="amount"), [in_shop(A)], None, True, False, id="unknown to Amazon"),
    ],
)
def test_when_an_earlier_finding_is_over(finding: Any, shop: list[Any], answer: Any, asked: bool, over: bool) -> None:
    amazon = Amazon({} if answer is None else {A: answer})
    made = collector(compare_input(*shop), amazon)
    assert made.over([finding]) == ([finding] if over else [])
    assert amazon.asked == ([A] if asked else [])


def test_each_order_is_asked_for_once_and_shown(caplog: pytest.LogCaptureFixture) -> None:
    amazon = Amazon({A: at_amazon(), B: RequestRejected("no"), C: at_amazon(C)})
    made = collector(compare_input(), amazon)
    with caplog.at_level(logging.INFO):
        made._ask([A, B, A, C])
        assert amazon.asked == [A, B, C], "neither a known nor a rejected one ends the asking"
        made._ask([C])
    assert amazon.asked == [A, B, C]
    assert amazon.shown == [f"asking Amazon for {one}" for one in (A, B, C)]
    assert caplog.messages == [f"order {B} stays suspected: no"]
    assert (list(made.answers), made.left) == ([A, C], 57)


def test_spent_quota_ends_the_asking(caplog: pytest.LogCaptureFixture) -> None:
    amazon = Amazon({A: OLD_NEWS})
    made = collector(compare_input(), amazon)
    with caplog.at_level(logging.INFO):
        made._ask([A, B])
        made._ask([C])
    assert (amazon.asked, made.left) == ([A], 0)
    assert caplog.messages == ["no token of getOrder is left: the rest stays suspected"]


def test_sixty_orders_are_asked_for() -> None:
    amazon = Amazon()
    collector(compare_input(), amazon)._ask(map(str, range(61)))
    assert len(amazon.asked) == 60


def collected(given: CompareInput, amazon: Amazon, *orders: Any, totals: bool = False) -> Comparison:
    result = Comparison(NOW)
    collector(given, amazon, *orders).collect(result, with_totals=totals)
    return result


def test_missing_ones_come_first_those_that_nobody_has_seen_before_all_and_the_oldest_first() -> None:
    amazon = Amazon()
    given = compare_input(in_shop(D), in_shop("302-0000000-0000009", quantity=3), entries=(entry(A),))
    collected(
        given,
        amazon,
        reported(A, purchased=NOW - 9 * DAY),
        reported(B, purchased=NOW - 6 * DAY),
        reported(C, purchased=NOW - 7 * DAY),
        reported("302-0000000-0000009"),
    )
    assert amazon.asked == [C, B, A, D, "302-0000000-0000009"]


def test_what_the_ledger_gets_of_a_missing_order() -> None:
    made = collector(compare_input(), Amazon({A: at_amazon()}), reported(A))
    made.collect(Comparison(NOW), with_totals=False)
    assert made.confirmed_missing == [
        OrderSnapshot(A, DE, Channel.REGULAR, "SHIPPED", NOW - 5 * DAY, None, "119.00 EUR")
    ]
    unpriced = at_amazon(status=None, raw_status="NEW_WORD", grand_total=None)
    made = collector(compare_input(), Amazon({A: unpriced}), reported(A))
    made.collect(Comparison(NOW), with_totals=False)
    assert [(one.amazon_status, one.total) for one in made.confirmed_missing] == [("NEW_WORD", "")]


def test_surplus_and_doubled_orders_in_full() -> None:
    result = collected(compare_input(in_shop(A, ids=(7, 8))), Amazon())
    (found,) = result.surplus
    assert (found.reason, found.placed, found.amount) == (
        "order 7, 8 in the shop, Amazon does not know it",
        NOW - 5 * DAY,
        "119.00 EUR",
    )
    assert found.hint == (
        f"See in the shop where the order came from; `orderferry ignore {A} --reason …` ends this report."
    )
    result = collected(
        compare_input(in_shop(A, ids=(7,)), in_shop(A, ids=(9,), total=Decimal(1))), Amazon(), reported(A)
    )
    (found,) = result.surplus
    assert (found.reason, found.placed, found.amount) == (
        "doubled: orders 7 and 9 in the shop",
        NOW - 5 * DAY,
        "119.00 EUR",
    )
    assert found.hint == (
        f"Cancel the copies in the shop, all but one; `orderferry ignore {A} --reason …` ends this report."
    )


def test_a_doubled_order_is_found_by_its_day_in_the_shop_too() -> None:
    twice = [in_shop(A, placed=NOW - 5 * DAY), in_shop(A, ids=(9,), placed=NOW - 5 * DAY)]
    assert len(collected(compare_input(*twice, entries=(entry(A),)), Amazon()).surplus) == 1
    long_ago = [in_shop(A, placed=NOW - 50 * DAY), in_shop(A, ids=(9,), placed=NOW - 50 * DAY)]
    assert collected(compare_input(*long_ago, entries=(entry(A),)), Amazon()).surplus == ()


def test_an_order_that_amazon_does_not_know_is_counted_on_one_side() -> None:
    result = collected(compare_input(in_shop(A, quantity=3)), Amazon(), reported(A))
    assert (result.amazon_orders, result.shop_orders, result.different) == (0, 0, ())
    assert result.orders == {}


def test_an_answer_of_another_time_is_not_counted() -> None:
    long_ago = at_amazon(created=NOW - 50 * DAY)
    assert collected(compare_input(in_shop(A)), Amazon({A: long_ago})).amazon_orders == 0
    assert collected(compare_input(in_shop(A)), Amazon({A: at_amazon()})).amazon_orders == 1


WEEK = Span(NOW - 7 * DAY, NOW - DAY)


def test_by_another_moment_only_those_of_that_time_are_found_and_counted() -> None:
    given = compare_input(
        in_shop(A, quantity=3, invoice_number=1, invoiced=NOW - 2 * DAY),
        in_shop(B, quantity=3, invoice_number=2, invoiced=NOW - 9 * DAY),
        in_shop(C, invoice_number=3, invoiced=NOW - 2 * DAY),
        by=MonthBasis.INVOICE,
        asked=WEEK,
    )
    amazon = Amazon({one: at_amazon(one) for one in (A, B)})
    result = collected(given, amazon, reported(A), reported(B), reported(C), totals=True)
    assert [one.order_id for one in result.different] == [A]
    assert (result.amazon_orders, result.shop_orders, sorted(result.orders)) == (2, 2, [A, C])
    assert result.totals
    assert result.totals.invoices["EUR"].orders == 2


def test_papers_of_cancelled_orders_count_by_purchase_and_credit_slips_by_their_own_month() -> None:
    slip = CreditSlip(NOW - 2 * DAY, Decimal(10), Decimal(10))
    cancelled = reported(A, status=OrderStatus.CANCELLED)
    shop = in_shop(A, cancelled=True, invoice_number=1, invoiced=NOW - 9 * DAY, slips=(slip,))
    result = collected(compare_input(shop), Amazon(), cancelled, totals=True)
    assert result.totals
    assert (result.totals.invoices["EUR"].orders, result.totals.credit_slips["EUR"].orders) == (1, 1)
    assert [one.order_id for one in result.totals.unsold] == [A]
    by_invoice = collected(compare_input(shop, by=MonthBasis.INVOICE, asked=WEEK), Amazon(), cancelled, totals=True)
    assert by_invoice.totals
    assert ("EUR" in by_invoice.totals.invoices, by_invoice.totals.credit_slips["EUR"].orders) == (False, 1)
