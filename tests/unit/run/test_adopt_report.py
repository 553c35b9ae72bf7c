"""What `adopt` records and tells of the orders of other importers."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

import pytest

from orderferry.domain.adoption import Adoption, Doubt, Doubtful, ForeignOrder
from orderferry.ledger.ledger import Ledger, open_ledger
from orderferry.prestashop.adopting import OrderAdopter
from orderferry.run.adopt import AdoptOptions, AdoptReport, adopt

NOW = datetime(2026, 11, 23, 6, tzinfo=UTC)
A, B, C, D, E = (f"402-000000{number}-0000000" for number in range(1, 6))
DELETED = Doubtful(E, (), Doubt.NO_ORDER)


class Adopter:
    """A shop with one order of another importer's for each page of two."""

    def __init__(self, adoption: Adoption) -> None:
        self.adoption, self.asked, self.marked, self.closed = adoption, dict[str, Any](), list[str](), False

    def find(self, *, payments: bool, messages: bool, columns: tuple[str, ...], by_hand: Mapping[str, int]) -> Adoption:
        self.asked = {"payments": payments, "messages": messages, "columns": columns, "by_hand": dict(by_hand)}
        return self.adoption

    def mark(self, orders: Sequence[ForeignOrder], now: datetime) -> Iterator[Sequence[ForeignOrder]]:
        for start in range(0, len(orders), 2):
            page = orders[start : start + 2]
            self.marked += [one.order_id for one in page]
            yield page

    def close(self) -> None:
        self.closed = True


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    with open_ledger(tmp_path / "ledger.sqlite", account="a", shop="s", now=NOW) as opened:
        yield opened


FOUND = Adoption(
    tuple(ForeignOrder(order_id, number, f"R{number}", "payment") for number, order_id in enumerate((A, B, C), 11)),
    (D,),
    (DELETED,),
)


def take_over(shop: Adopter, ledger: Ledger, **options: Any) -> AdoptReport:
    return adopt(cast("OrderAdopter", shop), ledger, AdoptOptions(**options), NOW)


def test_what_is_marked_is_recorded_in_the_ledger_and_reported(
    ledger: Ledger, caplog: pytest.LogCaptureFixture
) -> None:
    shop = Adopter(FOUND)
    with caplog.at_level(logging.INFO):
        report = take_over(shop, ledger)
    assert shop.asked == {"payments": True, "messages": False, "columns": (), "by_hand": {}}
    assert (shop.marked, shop.closed) == ([A, B, C], True)
    assert "adopted 3 orders of other importers" in caplog.messages
    entries = [ledger.entry(order_id) for order_id in (A, B, C)]
    assert [(str(entry.state), entry.id_order) for entry in entries if entry] == [
        ("imported", 11),
        ("imported", 12),
        ("imported", 13),
    ]
    assert ledger.history(B)[-1].detail == "adopted order 12 (found: payment)"
    assert report.as_json() == {
        "command": "adopt",
        "dry_run": False,
        "found": 5,
        "adopted": [
            {"order_id": A, "id_order": 11, "source": "payment"},
            {"order_id": B, "id_order": 12, "source": "payment"},
            {"order_id": C, "id_order": 13, "source": "payment"},
        ],
        "already_marked": 1,
        "doubtful": [
            {
                "order_id": E,
                "code": "no-order",
                "orders": [],
                "message": f"{E} stands in the shop without an order",
                "hint": f"The order was deleted in the shop; `orderferry ignore {E} --reason …` sets it aside for "
                "good.",
            }
        ],
        "exit_code": 0,
    }
    (run,) = ledger.last_runs("adopt", 2)
    assert (run.exit_code, run.finished) == (0, NOW)
    assert run.report == {**report.as_json(), "adopted": 3}


def test_a_dry_run_writes_to_neither_side(ledger: Ledger) -> None:
    shop = Adopter(FOUND)
    report = take_over(shop, ledger, dry_run=True, messages=True, columns=("c",), payments=False, by_hand={A: 11})
    assert shop.asked == {"payments": False, "messages": True, "columns": ("c",), "by_hand": {A: 11}}
    assert (shop.marked, shop.closed) == ([], True)
    assert (report.dry_run, report.as_json()["dry_run"], report.adopted) == (True, True, FOUND.adopt)
    assert ledger.entry(A) is None
    assert ledger.last_runs("adopt", 1) == []


@pytest.mark.parametrize(
    ("doubt", "orders", "message", "hint"),
    [
        (
            Doubt.SEVERAL_ORDERS,
            (3, 4),
            f"{A} stands on several orders of the shop (3, 4)",
            "It was imported more than once: cancel the copies, then name the right one: "
            f"`orderferry adopt {A}=ID_ORDER`.",
        ),
        (
            Doubt.SEVERAL_IDS,
            (3,),
            f"{A} shares its order of the shop with another Amazon order id (3)",
            f"Look at the order in the shop, and name the right id: `orderferry adopt {A}=ID_ORDER`.",
        ),
    ],
)
def test_what_was_imported_twice_or_shares_an_order_needs_a_person(
    doubt: Doubt, orders: tuple[int, ...], message: str, hint: str
) -> None:
    report = AdoptReport(Adoption((), (), (DELETED, Doubtful(A, orders, doubt))), (), dry_run=True)
    assert report.exit_code == 1
    document = report.as_json()
    assert (document["found"], document["exit_code"]) == (2, 1)
    assert document["doubtful"][1] == {
        "order_id": A,
        "code": str(doubt),
        "orders": list(orders),
        "message": message,
        "hint": hint,
    }
