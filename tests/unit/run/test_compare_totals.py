"""The totals of a month on both sides: what is counted under which key, and the document."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from orderferry.domain.compared_orders import CreditSlip, RateShare
from orderferry.domain.orders import Channel, OrderStatus
from orderferry.domain.spans import Span
from orderferry.run.compare.totals import Pair, Totals, TotalsRow, amount_text, totals_of
from support.compared import DAY, DE, IT, NOW, in_shop, reported

OTHER = "302-0000000-0000002"
NOVEMBER = Span(NOW - 20 * DAY, NOW)


def figures(row: TotalsRow) -> tuple[object, ...]:
    sides = (row.amazon, row.shop)
    return (
        row.key,
        row.currency,
        *(part for one in sides for part in (one.orders, f"{one.gross:.2f}", f"{one.tax:.2f}")),
    )


BOTH = (1, "119.00", "19.00", 1, "119.00", "19.00")
AMAZON_ONLY = (1, "119.00", "19.00", 0, "0.00", "0.00")
SHOP_ONLY = (0, "0.00", "0.00", 1, "119.00", "19.00")
MARKED = in_shop(marketplace_id=DE, channel=Channel.FBA, tax_scheme="unknown")


@pytest.mark.parametrize(
    ("pair", "name", "key"),
    [
        ((reported(), in_shop()), "marketplace", "DE"),
        ((None, MARKED), "marketplace", "DE"),
        ((reported(marketplace_id=""), MARKED), "marketplace", "DE"),
        ((reported(marketplace_id=IT), MARKED), "marketplace", "IT"),
        ((None, in_shop()), "marketplace", "not told"),
        ((reported(), MARKED), "channel", "regular"),
        ((None, MARKED), "channel", "fba"),
        ((reported(channel=None), in_shop()), "channel", "not told"),
        ((reported(country="FR"), in_shop()), "country", "FR"),
        ((reported(country=""), in_shop()), "country", "DE"),
        ((None, in_shop(country="")), "country", "not told"),
        ((reported(), None), "tax_owed_by", "not told"),
        ((reported(), in_shop(tax_scheme="")), "tax_owed_by", "not told"),
        ((reported(), None), "scheme", "not told"),
        ((reported(), in_shop(tax_scheme="oss")), "scheme", "oss"),
        ((reported(), in_shop()), "rate", "19 %"),
        ((reported(), in_shop()), "country_rate", "DE 19 %"),
    ],
)
def test_what_an_order_is_counted_under(pair: Pair, name: str, key: str) -> None:
    figures_ = BOTH if pair[0] and pair[1] else AMAZON_ONLY if pair[0] else SHOP_ONLY
    assert [figures(row) for row in totals_of([pair]).by[name]] == [(key, "EUR", *figures_)]


def test_who_owes_the_tax_is_the_shops_word() -> None:
    owed = [
        row.key
        for scheme in ("collected-by-amazon", "oss")
        for row in totals_of([(reported(), in_shop(tax_scheme=scheme))]).by["tax_owed_by"]
    ]
    assert owed == ["amazon", "seller"]


def test_an_order_with_two_rates_counts_under_both() -> None:
    shares = (RateShare(Decimal(19), Decimal(100), Decimal(16)), RateShare(None, Decimal(19), Decimal(0)))
    totals = totals_of([(reported(shares=shares), in_shop(shares=shares))])
    assert [figures(row) for row in totals.by["rate"]] == [
        ("0 % or not told", "EUR", 1, "19.00", "0.00", 1, "19.00", "0.00"),
        ("19 %", "EUR", 1, "100.00", "16.00", 1, "100.00", "16.00"),
    ]
    assert [figures(row) for row in totals.whole] == [("all", "EUR", *BOTH)]
    assert totals.notes == [
        "Amazon tells no tax, or 0, for 19.00 EUR of its gross: its net has them whole. Orders and gross are what the "
        "sides must agree in; net and tax are the shop's to tell."
    ]


def test_nothing_is_noted_where_amazon_tells_all_tax() -> None:
    without = RateShare(None, Decimal(119), Decimal(0))
    assert totals_of([(reported(), in_shop(shares=(without,)))]).notes == []


def test_currencies_are_rows_of_their_own() -> None:
    totals = totals_of([(reported(), in_shop()), (None, in_shop(OTHER, currency="PLN")), (reported(currency=""), None)])
    assert [(row.currency, row.amazon.orders, row.shop.orders) for row in totals.whole] == [
        ("", 1, 0),
        ("EUR", 1, 1),
        ("PLN", 0, 1),
    ]


def test_of_two_readings_of_a_report_the_shops_counts() -> None:
    readings: dict[str, Any] = {"totals": frozenset({Decimal(119), Decimal(238)})}
    (row,) = totals_of([(reported(**readings), in_shop(total=Decimal(238), net=Decimal(200)))]).whole
    assert (row.amazon.gross, row.equal) == (Decimal(238), True)
    (other,) = totals_of([(reported(**readings), in_shop(total=Decimal(120)))]).whole
    assert (other.amazon.gross, other.equal) == (Decimal(119), False)
    (unpriced,) = totals_of([(reported(gross=None), None)]).whole
    assert unpriced.amazon.gross == 0


def test_sides_with_as_much_money_in_another_number_of_orders_are_not_equal() -> None:
    half: dict[str, Any] = {"total": Decimal("59.50"), "net": Decimal(50)}
    (row,) = totals_of([(reported(), in_shop(**half)), (None, in_shop(OTHER, **half))]).whole
    assert (row.amazon.gross, row.shop.gross, row.equal) == (Decimal(119), Decimal(119), False)


def papers(amazon: Any, shop: Any, span: Span | None = None) -> Totals:
    totals = totals_of([])
    totals.add_papers(amazon, shop, span)
    return totals


def count(totals: Totals) -> tuple[int, int, int]:
    return (
        sum(sums.orders for sums in totals.invoices.values()),
        sum(sums.orders for sums in totals.credit_slips.values()),
        len(totals.unsold),
    )


SLIP = CreditSlip(NOW - DAY, Decimal("119.00"), Decimal("100.00"))
INVOICED = in_shop(invoice_number=3, invoiced=NOW - 2 * DAY)
CANCELLED = reported(status=OrderStatus.CANCELLED)


@pytest.mark.parametrize(
    ("amazon", "shop", "span", "counts"),
    [
        (reported(), in_shop(), None, (0, 0, 0)),
        (reported(), INVOICED, None, (1, 0, 0)),
        (reported(), INVOICED, NOVEMBER, (1, 0, 0)),
        (reported(), in_shop(invoice_number=3, invoiced=NOW), NOVEMBER, (0, 0, 0)),
        (reported(), in_shop(invoice_number=3), NOVEMBER, (0, 0, 0)),
        (CANCELLED, INVOICED, None, (1, 0, 1)),
        (CANCELLED, in_shop(invoice_number=3, invoiced=NOW, slips=(SLIP,)), NOVEMBER, (0, 1, 0)),
        (CANCELLED, in_shop(invoice_number=3, slips=(SLIP,)), None, (1, 1, 0)),
        (None, INVOICED, None, (1, 0, 0)),
        (reported(), in_shop(slips=(SLIP, CreditSlip(None, Decimal(1), Decimal(1)))), None, (0, 2, 0)),
        (reported(), in_shop(slips=(SLIP, CreditSlip(None, Decimal(1), Decimal(1)))), NOVEMBER, (0, 1, 0)),
    ],
)
def test_papers(amazon: Any, shop: Any, span: Span | None, counts: tuple[int, int, int]) -> None:
    assert count(papers(amazon, shop, span)) == counts


def test_the_whole_document() -> None:
    polish = in_shop(
        OTHER,
        currency="PLN",
        home_currency="EUR",
        conversion_rate=Decimal(4),
        invoice_number=5,
        slips=(CreditSlip(None, Decimal("19.00"), Decimal("16.00")),),
    )
    totals = totals_of([(reported(), in_shop(home_currency="EUR")), (None, polish)])
    totals.add_papers(reported(OTHER, status=OrderStatus.CANCELLED), polish, None)
    document = totals.as_json()
    nothing = {"orders": 0, "gross": "0.00", "net": "0.00", "tax": "0.00"}
    whole = {"orders": 1, "gross": "119.00", "net": "100.00", "tax": "19.00"}
    assert document["all"] == [
        {"key": "all", "currency": "EUR", "amazon": whole, "shop": whole, "home": {"currency": "EUR", **whole}},
        {
            "key": "all",
            "currency": "PLN",
            "amazon": nothing,
            "shop": whole,
            "home": {"currency": "EUR", "orders": 1, "gross": "29.75", "net": "25.00", "tax": "4.75"},
        },
    ]
    assert list(document) == [
        "all",
        "marketplace",
        "channel",
        "country",
        "tax_owed_by",
        "scheme",
        "rate",
        "country_rate",
        "invoices",
        "credit_slips",
        "invoices_without_sale",
    ]
    assert document["invoices"] == [{"currency": "PLN", **whole}]
    assert document["credit_slips"] == [
        {"currency": "PLN", "orders": 1, "gross": "19.00", "net": "16.00", "tax": "3.00"}
    ]
    assert document["invoices_without_sale"] == [
        {"order_id": OTHER, "invoice_number": 5, "gross": "119.00", "credited": "19.00", "currency": "PLN"}
    ]


@pytest.mark.parametrize(
    ("amount", "text"),
    [("1", "1.00"), ("1.500000", "1.50"), ("1.005", "1.005"), ("0.123400", "0.1234"), ("-3E+2", "-300.00")],
)
def test_amounts(amount: str, text: str) -> None:
    assert amount_text(Decimal(amount)) == text


def test_nothing_is_lost_between_the_breakdowns() -> None:
    totals = totals_of([(reported(), in_shop()), (reported(OTHER), None)])
    for name, rows in totals.by.items():
        assert sum(row.amazon.orders for row in rows) == 2, name
