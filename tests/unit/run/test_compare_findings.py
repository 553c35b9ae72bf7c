"""From suspicions to findings: Amazon's own word decides, as far as the quota goes."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from typing import Any, cast

from orderferry.amazon.source import AmazonSource
from orderferry.domain.ledger_entry import EntryState
from orderferry.domain.orders import Address, Channel, Item, Money, Order, OrderStatus, UnreadableOrder
from orderferry.domain.search import Page, Search
from orderferry.errors import ExitCode, QuotaExhausted
from orderferry.run.compare.findings import FindingCollector
from orderferry.run.compare.result import Comparison
from orderferry.run.compare.rules import CompareInput
from orderferry.run.stop import QuotaWait, StopSwitch
from support.compared import DAY, DE, ID, NOW, compare_input, entry, in_shop, reported

OTHER = "302-0000000-0000002"


def amazons(order_id: str = ID, **changes: Any) -> Order:
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
class Amazon:
    """getOrder, with so many tokens."""

    orders: dict[str, Order | UnreadableOrder | None] = field(default_factory=dict)
    tokens: int = 100
    asked: list[str] = field(default_factory=list)
    waits: int = 0

    def search(self, search: Search, token: str | None = None) -> Page:
        raise AssertionError("nothing is listed here")

    def get(self, order_id: str) -> Order | UnreadableOrder | None:
        if self.waits:
            self.waits -= 1
            raise QuotaExhausted("wait", operation="getOrder", retry_at=NOW + timedelta(seconds=2))
        if self.tokens <= len(self.asked):
            raise QuotaExhausted("none left", operation="getOrder", retry_at=NOW + timedelta(hours=1))
        self.asked.append(order_id)
        return self.orders.get(order_id)

    def release(self) -> None:
        """As a shop that is given back while waiting."""


def compared(
    stage: CompareInput, *orders: Any, amazon: Amazon, looks: int = 60, totals: bool = False
) -> tuple[Comparison, FindingCollector]:
    sleeps: list[float] = []
    quota_wait = QuotaWait(amazon, StopSwitch(lambda: NOW), lambda: NOW, sleeps.append)
    collector = FindingCollector(
        stage,
        {order.order_id: order for order in orders},
        cast("AmazonSource", amazon),
        quota_wait,
        looks,
    )
    result = Comparison(NOW)
    collector.collect(result, with_totals=totals)
    return result, collector


def test_nothing_is_asked_where_both_sides_agree() -> None:
    amazon = Amazon()
    result, _ = compared(compare_input(in_shop()), reported(), amazon=amazon)
    assert not result.found_something
    assert (result.amazon_orders, result.shop_orders, result.exit_code) == (1, 1, ExitCode.DONE)
    assert amazon.asked == []


def test_a_missing_order_is_confirmed_and_due() -> None:
    result, collector = compared(compare_input(), reported(), amazon=Amazon({ID: amazons()}))
    (found,) = result.missing
    assert (found.order_id, found.reason) == (ID, "no import has seen it")
    assert (found.placed, found.amount) == (amazons().created, "119.00 EUR")
    assert "due for the next import" in found.hint
    assert ID in found.hint
    assert result.exit_code is ExitCode.NEEDS_A_PERSON
    (due,) = collector.confirmed_missing
    assert (due.order_id, due.marketplace_id, due.total) == (ID, DE, "119.00 EUR")


def test_what_amazon_has_cancelled_or_keeps_back_meanwhile_is_not_missing() -> None:
    for word in (
        amazons(status=OrderStatus.CANCELLED),
        amazons(status=OrderStatus.PENDING),
        amazons(sales_channel="NON_AMAZON"),
        amazons(updated=NOW - timedelta(minutes=5)),
        None,
    ):
        result, collector = compared(compare_input(), reported(), amazon=Amazon({ID: word}))
        assert result.missing == ()
        assert collector.confirmed_missing == []


def test_without_quota_it_stays_suspected_and_is_told_all_the_same() -> None:
    for amazon, looks in ((Amazon(tokens=0), 60), (Amazon({ID: amazons()}), 0)):
        result, collector = compared(compare_input(), reported(), amazon=amazon, looks=looks)
        (found,) = result.missing
        assert found.reason == "suspected, Amazon was not asked again: no import has seen it"
        assert collector.confirmed_missing == []


def test_a_token_that_is_back_in_seconds_is_waited_for() -> None:
    result, collector = compared(compare_input(), reported(), amazon=Amazon({ID: amazons()}, waits=2))
    assert collector.confirmed_missing
    assert result.missing[0].reason == "no import has seen it"


def test_an_order_that_cannot_be_read_stays_suspected() -> None:
    result, _ = compared(compare_input(), reported(), amazon=Amazon({ID: UnreadableOrder(ID, ())}))
    assert result.missing[0].reason.startswith("suspected")


def test_orders_that_no_import_has_seen_are_asked_about_first() -> None:
    amazon = Amazon({ID: amazons(), OTHER: amazons(OTHER)})
    held = entry(ID, EntryState.HELD, code="unknown-sku", message=f"order {ID}: the SKU 'X' is unknown")
    result, _ = compared(compare_input(entries=(held,)), reported(), reported(OTHER), amazon=amazon, looks=1)
    assert amazon.asked == [OTHER]
    assert {found.order_id: found.reason.partition(":")[0] for found in result.missing} == {
        OTHER: "no import has seen it",
        ID: "suspected, Amazon was not asked again",
    }


def test_a_difference_stands_only_if_amazons_own_total_differs_too() -> None:
    """The report has no fee for cash on delivery, and no tip."""
    stage = compare_input(in_shop(total=Decimal("121.90"), fees=1))
    same, _ = compared(stage, reported(), amazon=Amazon({ID: amazons(grand_total=Money(Decimal("121.90"), "EUR"))}))
    assert same.different == ()
    amazon, _ = same.orders[ID]
    assert amazon is not None
    assert amazon.gross == Decimal("121.90")
    other, _ = compared(stage, reported(), amazon=Amazon({ID: amazons()}))
    assert [(found.field, found.amazon, found.shop) for found in other.different] == [
        ("amount", "119.00 EUR", "121.90 EUR")
    ]
    unasked, _ = compared(stage, reported(), amazon=Amazon(tokens=0))
    assert unasked.different[0].reason.startswith("suspected")


def test_an_order_that_only_the_shop_has() -> None:
    unknown, _ = compared(compare_input(in_shop()), amazon=Amazon())
    assert [found.reason for found in unknown.surplus] == ["order 7 in the shop, Amazon does not know it"]
    known, _ = compared(compare_input(in_shop()), amazon=Amazon({ID: amazons()}))
    assert known.surplus == ()
    assert (known.amazon_orders, known.shop_orders) == (1, 1)
    unasked, _ = compared(compare_input(in_shop()), amazon=Amazon(tokens=0))
    assert unasked.surplus[0].reason.startswith("suspected")
    older, _ = compared(compare_input(in_shop()), amazon=Amazon({ID: amazons(created=NOW - 40 * DAY)}))
    assert not older.found_something
    cancelled, _ = compared(compare_input(in_shop()), amazon=Amazon({ID: amazons(status=OrderStatus.CANCELLED)}))
    assert [found.field for found in cancelled.different] == ["state"]


def test_an_order_that_the_shop_has_twice() -> None:
    result, _ = compared(compare_input(in_shop(), in_shop(ids=(9,))), reported(), amazon=Amazon())
    assert [found.reason for found in result.surplus] == ["doubled: orders 7 and 9 in the shop"]
    assert result.shop_orders == 2


def test_an_order_that_was_deleted_in_the_shop_is_told_and_not_made_due() -> None:
    amazon = Amazon({ID: amazons()})
    result, collector = compared(compare_input(deleted={ID: 7}), reported(), amazon=amazon)
    assert result.missing[0].reason == "deleted in the shop (it was order 7)"
    assert f"--order {ID}" in result.missing[0].hint
    assert collector.confirmed_missing == []


def test_the_totals_of_a_month_are_sums_over_the_same_orders() -> None:
    copy = in_shop(ids=(9,))
    stage = compare_input(in_shop(), copy)
    amazon = Amazon({OTHER: amazons(OTHER, items=())})
    result, _ = compared(stage, reported(), reported(OTHER), amazon=amazon, totals=True)
    assert result.totals is not None
    (whole,) = result.totals.whole
    assert (whole.amazon.orders, whole.amazon.gross) == (2, Decimal("238.00"))
    assert (whole.shop.orders, whole.shop.gross, whole.shop.net) == (2, Decimal("238.00"), Decimal("200.00"))
    by_rate = {row.key: (row.amazon.gross, row.shop.gross) for row in result.totals.by["rate"]}
    assert by_rate["19 %"] == (Decimal("119.00"), Decimal("238.00"))
    assert [row.key for row in result.totals.by["country"]] == ["DE"]
    assert result.as_json()["totals"]["all"][0]["shop"]["tax"] == "38.00"
