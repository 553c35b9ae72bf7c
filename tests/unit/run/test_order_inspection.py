"""What `show` puts together of one order, its exit code, and its whole document."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, cast
from zoneinfo import ZoneInfo

import pytest

from orderferry.domain.check_result import Finding
from orderferry.domain.decide import Rules
from orderferry.domain.ledger_entry import Entry, EntryState, HistoryEvent, HistoryLine, OrderResult, OrderSnapshot
from orderferry.domain.marker import Action, Digests, Marker, Plan
from orderferry.domain.marketplaces import MARKETPLACES
from orderferry.domain.orders import (
    Channel,
    Flaw,
    Item,
    Money,
    Order,
    OrderStatus,
    Package,
    TimeSpan,
    UnreadableOrder,
)
from orderferry.domain.problems import Problem
from orderferry.errors import AmazonUnavailable, OrderferryError, ShopUnavailable
from orderferry.ledger.ledger import open_ledger
from orderferry.prestashop.facts import Catalog
from orderferry.prestashop.shop import PrestashopShop
from orderferry.run import order_inspection
from orderferry.run.order_inspection import (
    OrderInspection,
    ShopInspection,
    amazon_json,
    inspect,
    inspection_json,
    plain,
)
from orderferry.run.outlook import Outlook

NOW = datetime(2026, 11, 23, 6, tzinfo=UTC)
IT = next(m.id for m in MARKETPLACES if m.code == "IT")
ID = "402-0000001-0000000"
ROME = ZoneInfo("Europe/Rome")
MARKER = Marker(ID, 7, IT, Channel.REGULAR, NOW - timedelta(hours=3), Digests(), 2)
UNSHIPPED = Order(
    ID,
    NOW - timedelta(days=1),
    NOW - timedelta(hours=1),
    IT,
    OrderStatus.UNSHIPPED,
    Channel.REGULAR,
    (Item("1", 2, "MUG"),),
    ship_by=TimeSpan(None, NOW + timedelta(days=1)),
    grand_total=Money(Decimal("12.30"), "EUR"),
    packages=(Package("1"),),
    flaws=(Flaw("buyer", "is odd"),),
)
UNREADABLE = UnreadableOrder(ID, (Flaw("createdTime", "is missing"),))
ROWS = {"orders": [{"current_state": 4, "total_paid": Decimal("12.300000")}]}


@dataclass
class Shop:
    """A shop that knows one order; `breaks` at what it is asked for."""

    marker: Marker | None = None
    foreign_order: int = 0
    breaks: str = ""
    gone: bool = False
    planned: Plan | Problem = field(default_factory=lambda: Plan(ID, Action.CREATE, ("1 line",), None))
    zone = ROME

    def prepare(self, *, write: bool) -> None:
        assert not write
        self._may_break("prepare")

    def _may_break(self, at: str) -> None:
        if self.breaks == at:
            raise ShopUnavailable("The database is away.", hint="Start it.")

    def markers(self, order_ids: Sequence[str]) -> Mapping[str, Marker]:
        return {one: self.marker for one in order_ids if self.marker}

    def foreign(self, order_ids: Sequence[str]) -> Mapping[str, int]:
        return {one: self.foreign_order for one in order_ids if self.foreign_order}

    @contextmanager
    def reading(self, doing: str) -> Iterator[tuple[str, str]]:
        assert doing == "reading an order's rows"
        yield "statements", "facts"

    def state_name(self, id_state: int) -> str:
        return {4: "Shipped"}[id_state]

    def prefetch(self, orders: Sequence[Order]) -> Catalog:
        self._may_break("prefetch")
        return Catalog(markers=self.markers([one.order_id for one in orders]), foreign={})

    def plan(self, order: Order, action: Action, catalog: Catalog, now: datetime) -> Plan | Problem:
        return self.planned

    def cause_gone(self, problems: Sequence[Problem]) -> Sequence[bool]:
        return [self.gone for _ in problems]


@pytest.fixture(autouse=True)
def _rows(monkeypatch: pytest.MonkeyPatch) -> None:
    finding, move = Finding("orders.total_paid", "is wrong"), Finding("orders", "moves")
    monkeypatch.setattr(order_inspection, "rows_of_order", lambda _, order_id: ROWS if order_id == ID else {})
    monkeypatch.setattr(order_inspection, "verify_order", lambda *_: (finding,))
    monkeypatch.setattr(order_inspection, "moved_by_edits", lambda *_: (move,))


def look(shop: Shop, get: Any = None, *, ledger: Any = None, verify: bool = False) -> OrderInspection:
    return inspect(ID, ledger, cast("PrestashopShop", shop), Rules(), get, now=NOW, verify=verify)


def failing(error: OrderferryError) -> Any:
    def get(_: str) -> Order:
        raise error

    return get


NEXT_LOOK = Outlook("look", "Nobody here has seen it; an import meets it when Amazon lists it.")


def test_an_order_that_the_shop_has() -> None:
    found = look(Shop(MARKER, foreign_order=9))
    assert found == OrderInspection(
        ID,
        NOW,
        None,
        (),
        ShopInspection(MARKER, 0, ROWS, "Shipped"),
        asked=False,
        amazon=None,
        outlook=Outlook("unchanged", "It is in the shop as order 7."),
        zone=ROME,
    )
    assert (found.known, found.exit_code) == (True, 0)


def test_an_order_of_another_importer() -> None:
    found = look(Shop(foreign_order=9))
    assert (found.shop and found.shop.foreign, found.known, found.exit_code) == (9, True, 0)
    assert found.outlook.action == "ignore"


def test_rows_are_verified_only_if_asked_for_and_only_where_there_are_some() -> None:
    found = look(Shop(MARKER), verify=True)
    assert found.shop
    assert found.shop.findings == (Finding("orders.total_paid", "is wrong"),)
    assert found.shop.moves == (Finding("orders", "moves"),)
    assert found.exit_code == 1
    nothing = look(Shop(), verify=True).shop
    assert nothing
    assert (nothing.findings, nothing.moves) == (None, ())


def test_an_order_that_nobody_knows() -> None:
    found = look(Shop(), lambda _: None)
    assert (found.asked, found.known, found.exit_code) == (True, False, 1)
    assert found.outlook == NEXT_LOOK


def test_an_order_that_amazon_shows_is_planned() -> None:
    found = look(Shop(), lambda _: UNSHIPPED)
    assert (found.asked, found.known, found.exit_code) == (True, True, 0)
    assert found.outlook == Outlook("create", "It is ready.", ("1 line",))
    assert look(Shop(), lambda _: UNREADABLE).outlook == NEXT_LOOK


def test_amazon_that_can_not_be_asked_is_an_error_beside_the_rest() -> None:
    found = look(Shop(MARKER), failing(AmazonUnavailable("Amazon is away.")))
    assert (found.asked, found.exit_code) == (False, 4)
    assert found.outlook.why == "It is in the shop as order 7."


def test_a_shop_that_can_not_be_asked_is_an_error_beside_the_rest() -> None:
    found = look(Shop(MARKER, breaks="prepare"), lambda _: UNSHIPPED)
    assert (found.shop, found.zone, found.amazon, found.exit_code) == (None, UTC, UNSHIPPED, 5)
    assert found.outlook == NEXT_LOOK
    late = look(Shop(MARKER, breaks="prefetch"), lambda _: UNSHIPPED)
    assert (late.shop is not None, late.outlook, late.exit_code) == (True, NEXT_LOOK, 5)


@pytest.mark.parametrize(
    ("breaks", "why"),
    [
        ("", "It is imported as order 7 and follows Amazon's news."),
        (
            "prepare",
            "It is imported as order 7 (by the ledger; the shop could not be asked) and follows Amazon's news.",
        ),
        (
            "prefetch",
            "It is imported as order 7 (by the ledger; the shop could not be asked) and follows Amazon's news.",
        ),
    ],
)
def test_what_the_ledger_knows_comes_with_its_history(tmp_path: Path, breaks: str, why: str) -> None:
    with open_ledger(tmp_path / "ledger.sqlite", account="a", shop="s", now=NOW) as ledger:
        run = ledger.begin_run("import", NOW)
        ledger.note_seen([OrderSnapshot(ID, IT, Channel.REGULAR)], run, NOW)
        ledger.record_results([OrderResult(ID, EntryState.IMPORTED, id_order=7)], run, NOW)
        found = look(
            Shop(breaks=breaks, marker=None), (lambda _: UNSHIPPED) if breaks == "prefetch" else None, ledger=ledger
        )
    assert found.entry
    assert (found.entry.state, [str(line.event) for line in found.history]) == (EntryState.IMPORTED, ["seen", "judged"])
    assert (found.outlook.why, found.known) == (why, True)


@pytest.mark.parametrize(("gone", "action"), [(False, "hold"), (True, "look")])
def test_the_shop_is_asked_whether_the_cause_of_a_held_order_is_gone(tmp_path: Path, gone: bool, action: str) -> None:
    with open_ledger(tmp_path / "ledger.sqlite", account="a", shop="s", now=NOW) as ledger:
        run = ledger.begin_run("import", NOW)
        ledger.note_seen([OrderSnapshot(ID, IT, Channel.REGULAR)], run, NOW)
        ledger.record_results([OrderResult(ID, EntryState.HELD, "unknown-sku", "MUG", "no MUG")], run, NOW)
        assert look(Shop(gone=gone), ledger=ledger).outlook.action == action


NOTHING = OrderInspection(ID, NOW, None, (), None, asked=False, amazon=None, outlook=NEXT_LOOK)


def test_the_document_of_an_order_that_nobody_knows() -> None:
    assert inspection_json(NOTHING) == {
        "order_id": ID,
        "known": False,
        "ledger": None,
        "history": [],
        "shop": None,
        "amazon": None,
        "amazon_asked": False,
        "next": {"action": "look", "why": NEXT_LOOK.why, "changes": [], "hint": ""},
        "problems": [],
        "exit_code": 1,
    }


ENTRY = Entry(
    ID, EntryState.HELD, IT, Channel.REGULAR, "UNSHIPPED", NOW, None, NOW, NOW, NOW, "unknown-sku", "MUG", "no MUG"
)


def test_the_whole_document() -> None:
    shop = ShopInspection(
        MARKER, 0, ROWS, "Shipped", (Finding("orders", "is wrong"),), (Finding("order_detail", "moves"),)
    )
    line = HistoryLine(ID, NOW, 3, HistoryEvent.JUDGED, EntryState.HELD, "unknown-sku", "UNSHIPPED", None, "no MUG")
    document = inspection_json(
        replace(
            NOTHING,
            entry=ENTRY,
            history=(line,),
            shop=shop,
            asked=True,
            amazon=UNSHIPPED,
            outlook=Outlook("create", "It is ready.", ("1 line",), "Do."),
            errors=(ShopUnavailable("The database is away.", hint="Start it."),),
        )
    )
    assert document == {
        "order_id": ID,
        "known": True,
        "ledger": {
            "state": "held",
            "marketplace_id": IT,
            "channel": "regular",
            "amazon_status": "UNSHIPPED",
            "purchased": "2026-11-23T06:00:00Z",
            "amazon_updated": None,
            "first_seen": "2026-11-23T06:00:00Z",
            "last_seen": "2026-11-23T06:00:00Z",
            "state_since": "2026-11-23T06:00:00Z",
            "code": "unknown-sku",
            "subject": "MUG",
            "message": "no MUG",
            "attempts": 0,
            "last_look": None,
            "next_look": None,
            "id_order": None,
            "ignored_by_person": False,
            "given_up": False,
            "total": "",
            "ship_by": None,
            "marketplace": "IT",
        },
        "history": [
            {
                "at": "2026-11-23T06:00:00Z",
                "run": 3,
                "event": "judged",
                "state": "held",
                "code": "unknown-sku",
                "amazon_status": "UNSHIPPED",
                "amazon_updated": None,
                "message": "no MUG",
                "detail": "",
            }
        ],
        "shop": {
            "marker": {
                "id_order": 7,
                "order_stands": True,
                "adopted": False,
                "amazon_updated": "2026-11-23T03:00:00Z",
                "last_state": 2,
            },
            "other_importer": None,
            "rows": {"orders": [{"current_state": 4, "total_paid": "12.300000"}]},
            "findings": [{"place": "orders", "message": "is wrong"}],
            "moved_by_edits": [{"place": "order_detail", "message": "moves"}],
        },
        "amazon": amazon_json(UNSHIPPED),
        "amazon_asked": True,
        "next": {"action": "create", "why": "It is ready.", "changes": ["1 line"], "hint": "Do."},
        "problems": [
            {"order_id": "", "code": "shop-unavailable", "message": "The database is away.", "hint": "Start it."}
        ],
        "exit_code": 5,
    }


def test_the_document_of_an_order_that_another_importer_has_and_nobody_verified() -> None:
    document = inspection_json(replace(NOTHING, shop=ShopInspection(foreign=9)))
    assert document["shop"] == {
        "marker": None,
        "other_importer": 9,
        "rows": {},
        "findings": None,
        "moved_by_edits": None,
    }


def test_an_order_as_amazon_shows_it() -> None:
    assert amazon_json(UNSHIPPED) == {
        "readable": True,
        "status": "UNSHIPPED",
        "channel": "regular",
        "marketplace": "IT",
        "created": "2026-11-22T06:00:00Z",
        "updated": "2026-11-23T05:00:00Z",
        "ship_by": "2026-11-24T06:00:00Z",
        "total": "12.30 EUR",
        "items": [{"sku": "MUG", "quantity": 2}],
        "packages": 1,
        "flaws": ["buyer: is odd"],
    }
    bare = replace(
        UNSHIPPED,
        status=None,
        raw_status="NEW",
        channel=None,
        raw_channel="DRONE",
        ship_by=TimeSpan(),
        grand_total=None,
    )
    shown = amazon_json(bare)
    assert [shown[name] for name in ("status", "channel", "ship_by", "total")] == ["NEW", "DRONE", None, None]
    assert amazon_json(UNREADABLE) == {"readable": False, "flaws": ["createdTime: is missing"]}


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (None, None),
        (True, True),
        (3, 3),
        ("text", "text"),
        (EntryState.HELD, "held"),
        (Decimal("1E+2"), "100"),
        (NOW, "2026-11-23T06:00:00Z"),
        (datetime(2026, 11, 23, 6), "2026-11-23 06:00:00"),
        (date(2026, 11, 23), "2026-11-23"),
        (timedelta(hours=1), "1:00:00"),
        (b"\x01\xff", "01ff"),
        (1.5, "1.5"),
    ],
)
def test_values_of_rows_as_json_has_them(value: object, shown: object) -> None:
    found = plain(value)
    assert (found, type(found)) == (shown, type(shown))
