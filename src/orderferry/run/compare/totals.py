"""The totals of a month on both sides, by marketplace, channel, country of delivery, rate, scheme and who owes the tax.
Pure.

Both sides are summed over the same orders: those that should be in the shop according to Amazon. An order that the shop
lacks is therefore a difference of the sums.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from orderferry.domain.compared_orders import RateShare, ReportedOrder, ShopOrder
from orderferry.domain.marketplaces import marketplace_code
from orderferry.domain.orders import CANCELLED_STATUSES
from orderferry.domain.pricing.proceeds import ZERO
from orderferry.domain.spans import Span

NOT_TOLD = "not told"
NO_RATE = "0 % or not told"
_CENT = Decimal("0.01")
Pair = tuple[ReportedOrder | None, ShopOrder | None]


@dataclass(slots=True)
class Sums:
    """Orders, gross and tax of one side."""

    orders: int = 0
    gross: Decimal = ZERO
    tax: Decimal = ZERO

    @property
    def net(self) -> Decimal:
        """Return the gross less the tax."""
        return self.gross - self.tax

    def add(self, gross: Decimal, tax: Decimal) -> None:
        """Count one order."""
        self.orders += 1
        self.gross += gross
        self.tax += tax

    def as_json(self) -> dict[str, Any]:
        """Return the number of orders, and the amounts as texts with two decimals."""
        amounts = {"gross": self.gross, "net": self.net, "tax": self.tax}
        return {"orders": self.orders, **{name: amount_text(amount) for name, amount in amounts.items()}}


@dataclass(slots=True)
class TotalsRow:
    """One key of one breakdown, in one currency. `home`: the shop's side in the shop's own currency, at the rate that
    each order was booked with."""

    key: str
    currency: str
    amazon: Sums = field(default_factory=Sums)
    shop: Sums = field(default_factory=Sums)
    home: Sums = field(default_factory=Sums)
    home_currency: str = ""

    def add_shop(self, order: ShopOrder, gross: Decimal, tax: Decimal) -> None:
        """Count an order of the shop, or a part of one."""
        self.shop.add(gross, tax)
        self.home.add(order.at_home(gross), order.at_home(tax))
        self.home_currency = self.home_currency or order.home_currency

    @property
    def equal(self) -> bool:
        """Return whether both sides have as many orders and as much money. Tax may differ where Amazon gives none."""
        return self.amazon.orders == self.shop.orders and self.amazon.gross == self.shop.gross


def _is_in(moment: datetime | None, span: Span | None) -> bool:
    return span is None or (moment is not None and span.holds(moment))


@dataclass(slots=True)
class Totals:
    """The rows of each breakdown, sorted; `whole` has one row a currency.

    The shop's invoices and credit slips are summed by currency. `unsold`: the shop's orders with an invoice that Amazon
    has cancelled, as far as no credit slip covers them.
    """

    whole: tuple[TotalsRow, ...]
    by: Mapping[str, tuple[TotalsRow, ...]]
    invoices: dict[str, Sums] = field(default_factory=dict)
    credit_slips: dict[str, Sums] = field(default_factory=dict)
    unsold: list[ShopOrder] = field(default_factory=list)

    def add_papers(self, amazon: ReportedOrder | None, shop: ShopOrder, span: Span | None) -> None:
        """Count the invoice and the credit slips of one of the shop's orders; with a span only those issued in it."""
        if shop.invoice_number and _is_in(shop.invoiced, span):
            self.invoices.setdefault(shop.currency, Sums()).add(shop.total, shop.tax)
            if amazon is not None and amazon.status in CANCELLED_STATUSES and not shop.is_credited:
                self.unsold.append(shop)
        for slip in shop.slips:
            if _is_in(slip.issued, span):
                self.credit_slips.setdefault(shop.currency, Sums()).add(slip.gross, slip.gross - slip.net)

    @property
    def notes(self) -> list[str]:
        """Return what people should know before they compare the two sides' net and tax."""
        return [
            f"Amazon tells no tax, or 0, for {row.amazon.gross:.2f} {row.currency} of its gross: its net has them "
            "whole. Orders and gross are what the sides must agree in; net and tax are the shop's to tell."
            for row in self.by.get("rate", ())
            if row.key == NO_RATE and row.amazon.gross
        ]

    def as_json(self) -> dict[str, Any]:
        """Return the totals with exact amounts as texts."""
        rows = {name: [_row_json(row) for row in rows] for name, rows in {"all": self.whole, **self.by}.items()}
        papers = {"invoices": self.invoices, "credit_slips": self.credit_slips}
        return {
            **rows,
            **{name: [{"currency": c, **s.as_json()} for c, s in sorted(by.items())] for name, by in papers.items()},
            "invoices_without_sale": [
                {
                    "order_id": shop.order_id,
                    "invoice_number": shop.invoice_number,
                    "gross": amount_text(shop.total),
                    "credited": amount_text(shop.credited),
                    "currency": shop.currency,
                }
                for shop in self.unsold
            ],
        }


def amount_text(amount: Decimal) -> str:
    """Return an amount exactly, with two decimals at least and no trailing zeros after them (a shop keeps six)."""
    short = amount.quantize(_CENT)
    return f"{short if short == amount else amount.normalize():f}"


def totals_of(pairs: Iterable[Pair]) -> Totals:
    """Return the totals of a month's orders on both sides, without papers."""
    known = list(pairs)
    by = {name: _rows(known, key, by_rate=name in _OF_RATES) for name, key in _KEYS.items()}
    return Totals(_rows(known, lambda *_: "all"), by)


def _country(amazon: ReportedOrder | None, shop: ShopOrder | None) -> str:
    return (amazon.country if amazon else "") or (shop.country if shop else "") or NOT_TOLD


def _marketplace(amazon: ReportedOrder | None, shop: ShopOrder | None) -> str:
    found = (amazon.marketplace_id if amazon else "") or (shop.marketplace_id if shop else "")
    return marketplace_code(found) if found else NOT_TOLD


Key = Callable[[RateShare, ReportedOrder | None, ShopOrder | None], str]
_KEYS: dict[str, Key] = {
    "marketplace": lambda _, amazon, shop: _marketplace(amazon, shop),
    "channel": lambda _, amazon, shop: str((amazon and amazon.channel) or (shop and shop.channel) or NOT_TOLD),
    "country": lambda _, amazon, shop: _country(amazon, shop),
    "tax_owed_by": lambda _, _amazon, shop: (shop.tax_owed_by if shop else "") or NOT_TOLD,
    "scheme": lambda _, _amazon, shop: (shop.tax_scheme if shop else "") or NOT_TOLD,
    "rate": lambda share, _amazon, _shop: _rate_word(share),
    "country_rate": lambda share, amazon, shop: f"{_country(amazon, shop)} {_rate_word(share)}",
}
_OF_RATES = frozenset({"rate", "country_rate"})


def _rows(pairs: Iterable[Pair], key: Key, *, by_rate: bool = False) -> tuple[TotalsRow, ...]:
    """Return a row for each key and currency, sorted. `by_rate`: an order with two rates counts under both."""
    rows: dict[tuple[str, str], TotalsRow] = {}
    for amazon, shop in pairs:
        currency = (amazon.currency if amazon else "") or (shop.currency if shop else "")
        if amazon is not None:
            whole = RateShare(None, _gross(amazon, shop), amazon.tax)
            for part in amazon.shares if by_rate else (whole,):
                _row(rows, key(part, amazon, shop), currency).amazon.add(part.gross, part.tax)
        if shop is not None:
            for part in shop.shares if by_rate else (RateShare(None, shop.total, shop.tax),):
                _row(rows, key(part, amazon, shop), currency).add_shop(shop, part.gross, part.tax)
    return tuple(rows[each] for each in sorted(rows))


def _row(rows: dict[tuple[str, str], TotalsRow], key: str, currency: str) -> TotalsRow:
    return rows.setdefault((key, currency), TotalsRow(key, currency))


def _gross(amazon: ReportedOrder, shop: ShopOrder | None) -> Decimal:
    """Return Amazon's total. Where a report leaves two readings open and one is the shop's, it is that one."""
    if shop is not None and shop.total in amazon.totals:
        return shop.total
    return amazon.gross or ZERO


def _rate_word(share: RateShare) -> str:
    return NO_RATE if share.rate is None else f"{share.rate:f} %"


def _row_json(row: TotalsRow) -> dict[str, Any]:
    at_home = {"currency": row.home_currency, **row.home.as_json()}
    sides = {"amazon": row.amazon.as_json(), "shop": row.shop.as_json(), "home": at_home}
    return {"key": row.key, "currency": row.currency, **sides}
