"""Answers of Amazon's, page by page, through the whole importer on an embedded shop, and what has to hold after each.

No exception but the program's own, no partial order, no order that stops another, a reason for what is not imported.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from orderferry.amazon.decode_page import decode_page, parse_body
from orderferry.config.model import AmazonSettings, LedgerSettings, PrestashopSettings, Secret, Settings
from orderferry.domain.decide import Rules
from orderferry.domain.marker import Outcome
from orderferry.domain.marketplaces import Region, find_marketplace
from orderferry.domain.money import quantise
from orderferry.domain.orders import Order, UnreadableOrder
from orderferry.domain.problems import ProblemCode
from orderferry.domain.search import Basis
from orderferry.ledger.ledger import open_ledger
from orderferry.prestashop.shop import PrestashopShop
from orderferry.run.process import Processor
from orderferry.run.report import Report
from orderferry.run.stop import StopSwitch
from support.payload_model import full_order
from support.sqlite_shop import sqlite_shop_in

NOW = datetime(2026, 11, 23, 7, 12, 35, tzinfo=UTC)
PAGE = 50  # orders of an answer
PAGES_A_SHOP = 40  # then a fresh one: the embedded shop has few indexes
GOOD = ("401-9999999-", "499-9999999-")  # one before and one behind the bad ones
# An order that is written has these rows, whatever Amazon left out.
PARTS = {
    "order_detail": "id_order",
    "order_history": "id_order",
    "order_carrier": "id_order",
    "orderferry_order": "id_order",
}


@dataclass
class Findings:
    """What a run of the fuzzer found. `wrong` holds a sentence and the payload for each fault."""

    payloads: int = 0
    outcomes: Counter[str] = field(default_factory=Counter)
    codes: Counter[str] = field(default_factory=Counter)
    nameless: int = 0
    wrong: list[tuple[str, dict[str, Any]]] = field(default_factory=list)


class Pipeline:
    """An embedded shop and a ledger in a folder, made anew when `renew` is called."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.findings = Findings()
        self.pages = 0
        self._close = lambda: None
        self.renew()

    def renew(self) -> None:
        """A pristine shop and an empty ledger."""
        self.close()
        for old in self.folder.glob("ledger*"):
            old.unlink()
        self.database = sqlite_shop_in(self.folder)
        self.settings = _settings(self.folder, self.database.url)
        self.ledger = open_ledger(
            self.settings.ledger.path, account="a", shop="s", now=NOW, accept_shop=False, read_only=False, dry_run=False
        )
        self.shop = PrestashopShop(
            self.settings,
            recall=self.ledger.recall,
            remember=self.ledger.remember,
            clock=lambda: NOW,
            sleep=lambda _seconds: None,
        )
        self.shop.prepare(write=True)

        def close() -> None:
            self.shop.close()
            self.ledger.close()

        self._close = close

    def close(self) -> None:
        self._close()
        self._close = lambda: None

    def feed(self, page: Sequence[tuple[dict[str, Any], str]]) -> None:
        """Import one answer with these orders between two good ones, and judge what came of it."""
        self.pages += 1
        if self.pages % PAGES_A_SHOP == 0:
            self.renew()
        good = [full_order(f"{prefix}{self.pages % 10**7:07}") for prefix in GOOD]
        self.findings.payloads += len(page)
        try:
            report, orders = self._import([good[0], *(order for order, _ in page), good[1]])
        except Exception as error:
            self._blame(page, error)
            return
        self._judge(page, orders, report)
        self._look_into_shop([str(order["orderId"]) for order in good], orders, report)

    def _import(self, orders: Sequence[Any]) -> tuple[Report, Sequence[Order | UnreadableOrder]]:
        body = json.dumps({"orders": orders, "lastUpdatedBefore": "2026-11-23T07:00:00Z"}).encode()
        answer = decode_page(parse_body(body), Basis.UPDATED, NOW)
        report = Report("import", NOW)
        report.run = self.ledger.begin_run("import", NOW)
        processor = Processor(
            self.shop,
            self.ledger,
            report,
            StopSwitch(lambda: NOW),
            lambda: NOW,
            lambda _: timedelta(days=30),
            report.run,
        )
        processor.process(answer.orders, Rules())
        json.dumps(report.as_json())
        return report, answer.orders

    def _blame(self, page: Sequence[tuple[dict[str, Any], str]], error: Exception) -> None:
        """Find the orders that end a run, one by one."""
        self.renew()
        blamed = 0
        for order, note in page:
            try:
                self._import([order])
            except Exception as own:
                blamed += 1
                self._wrong(f"{type(own).__name__}: {own} ({note})", order)
                self.renew()
        if not blamed:
            self._wrong(f"{type(error).__name__}: {error} (only together)", {"orders": [order for order, _ in page]})

    def _judge(
        self,
        page: Sequence[tuple[dict[str, Any], str]],
        decoded: Sequence[Order | UnreadableOrder],
        report: Report,
    ) -> None:
        problems = {problem.order_id: problem for problem in report.problems.values()}
        for (order, note), one in zip(page, decoded[1:-1], strict=True):
            if one.order_id is None:
                self.findings.nameless += 1
                continue
            outcome = report.outcomes.get(one.order_id)
            self.findings.outcomes[str(outcome)] += 1
            if outcome is None:
                self._wrong(f"no outcome ({note})", order)
            if outcome not in {Outcome.HELD, Outcome.FAILED}:
                continue
            problem = problems.get(one.order_id)
            if problem is None:
                self._wrong(f"{outcome} without a problem ({note})", order)
                continue
            self.findings.codes[str(problem.code)] += 1
            if problem.code is ProblemCode.WRITE_FAILED:
                self._wrong(f"{problem.message} ({note})", order)
            if problem.code is ProblemCode.BAD_FIELD and not problem.subject:
                self._wrong(f"bad-field without a field ({note})", order)

    def _look_into_shop(self, good: Sequence[str], decoded: Sequence[Order | UnreadableOrder], report: Report) -> None:
        """The good ones are there; whatever is there is whole, once, and has Amazon's total."""
        for order_id in good:
            if report.outcomes.get(order_id) is not Outcome.CREATED:
                self._wrong(f"the good order {order_id} is not imported", {})
        rows = self.database.rows(
            "SELECT m.amazon_order_id, o.id_order, o.total_paid, o.total_products_wt, o.total_shipping_tax_incl,"
            " o.total_wrapping_tax_incl, o.total_discounts_tax_incl, o.total_paid_real FROM {p}orders o"
            " LEFT JOIN {p}orderferry_order m ON m.id_order = o.id_order"
        )
        by_id = {row["amazon_order_id"]: row for row in rows}
        if len(by_id) != len(rows):
            self._wrong("an order is there twice, or without its marker", {})
        for table, column in PARTS.items():
            sql = f"SELECT COUNT(*) FROM {{p}}orders WHERE id_order NOT IN (SELECT {column} FROM {{p}}{table})"
            if self.database.value(sql):
                self._wrong(f"an order without {table}", {})
        for one in decoded:
            created = isinstance(one, Order) and report.outcomes.get(one.order_id) is Outcome.CREATED
            if one.order_id in by_id and isinstance(one, Order) and created:
                self._compare_totals(one, by_id[one.order_id])
            elif created:
                self._wrong(f"{one.order_id} is said to be created and is not there", {})

    def _compare_totals(self, order: Order, row: Any) -> None:
        def amount(name: str) -> Decimal:
            return Decimal(str(row[name]))

        parts = amount("total_products_wt") + amount("total_shipping_tax_incl") + amount("total_wrapping_tax_incl")
        if abs(parts - amount("total_discounts_tax_incl") - amount("total_paid")) > Decimal("0.000001"):
            self._wrong(f"{order.order_id}: the parts do not add up to the total", {})
        if order.grand_total is not None:
            decimals = 0 if order.grand_total.currency == "JPY" else 2
            if amount("total_paid") != quantise(order.grand_total.amount, decimals, 2):
                self._wrong(f"{order.order_id}: total_paid is not Amazon's", {})

    def _wrong(self, sentence: str, payload: dict[str, Any]) -> None:
        self.findings.wrong.append((sentence, payload))


def _settings(folder: Path, url: str) -> Settings:
    marketplaces = tuple(filter(None, (find_marketplace(code) for code in ("IT", "DE"))))
    return Settings(
        path=folder / "config.toml",
        name="config",
        amazon=AmazonSettings(Region.EU, marketplaces, "id", Secret("s"), Secret("r"), "https://a", "https://b"),
        prestashop=PrestashopSettings(Secret(url), "fuzz"),
        ledger=LedgerSettings(folder / "ledger.sqlite"),
    )
