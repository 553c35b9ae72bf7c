"""`show` for people: each line of it, for an order of which everything is known, and for one of which little is."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from orderferry.domain.check_result import Finding
from orderferry.domain.ledger_entry import EntryState, HistoryEvent, HistoryLine
from orderferry.domain.marker import Digests, Marker
from orderferry.domain.orders import Channel, Flaw, Item, Money, Order, OrderStatus, UnreadableOrder
from orderferry.errors import AmazonUnavailable
from orderferry.run.order_inspection import OrderInspection, ShopInspection
from orderferry.run.outlook import Outlook
from support.command_line import call
from support.compared import DE, ID, entry
from support.configuration import MINIMAL, write

NOW = datetime(2026, 11, 23, 6, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
MARKER = Marker(ID, 77, DE, Channel.REGULAR, NOW, Digests(), 4)
NOTHING = Outlook("unchanged", "Nothing has changed.")


def inspection(**changes: Any) -> OrderInspection:
    """An order that the ledger and the shop know; Amazon was not asked."""
    facts: dict[str, Any] = {
        "order_id": ID,
        "now": NOW,
        "entry": entry(total="119.00 EUR", first_seen=NOW - 48 * HOUR, last_seen=NOW, state_since=NOW - 24 * HOUR),
        "history": (),
        "shop": ShopInspection(MARKER, state="Shipped"),
        "asked": False,
        "amazon": None,
        "outlook": NOTHING,
        "zone": ZoneInfo("Europe/Rome"),
    }
    return OrderInspection(**(facts | changes))


class Shown:
    """What `show` prints of an inspection, and how it asked for it."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
        self._config = str(write(folder, MINIMAL))
        self._monkeypatch = monkeypatch
        self._capsys = capsys
        self.asked: tuple[str, dict[str, bool]] = ("", {})

    def __call__(self, found: OrderInspection, *words: str) -> tuple[int, str, str]:
        def inspect_order(_: object, order_id: str, **how: bool) -> OrderInspection:
            self.asked = order_id, how
            return found

        self._monkeypatch.setattr("orderferry.inspection.inspect_order", inspect_order)
        code = call("-c", self._config, "show", f" {ID} ", *words)
        return (code, *self._capsys.readouterr())


@pytest.fixture
def shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Shown:
    return Shown(tmp_path, monkeypatch, capsys)


AS_LAST_KNOWN = f"""\
Order {ID} (DE, shipped by the shop)
  placed       2026-11-18 07:00 (Europe/Rome)
  total        119.00 EUR
  at Amazon    shipped, changed 2026-11-19 07:00
  in the shop  order 77, Shipped
  orderferry   imported since 2026-11-22 07:00
What to do
  Nothing.
The next run: unchanged
  Nothing has changed.
  (as last known; --refresh asks Amazon)
"""


def test_an_order_as_last_known(shown: Shown) -> None:
    assert shown(inspection()) == (0, AS_LAST_KNOWN, "")
    assert shown.asked == (ID, {"refresh": False, "verify": False})


def test_everything_that_there_is_to_say(shown: Shown) -> None:
    order = Order(
        ID,
        created=NOW - 120 * HOUR,
        updated=NOW - HOUR,
        marketplace_id=DE,
        status=OrderStatus.PARTIALLY_SHIPPED,
        channel=Channel.FBA,
        items=(Item("1", 2, "A"), Item("2", 1, "B C")),
        grand_total=Money(Decimal("120.00"), "EUR"),
        flaws=(Flaw("orderItems[0].price", "is no number"),),
    )
    history = [
        (HistoryEvent.SEEN, EntryState.SEEN, 1, {"amazon_status": "PENDING"}),
        (HistoryEvent.JUDGED, EntryState.WAITING, 1, {"code": "pending", "message": "until 2026-11-23T06:00:00Z"}),
        (HistoryEvent.CHANGED_AT_AMAZON, EntryState.WAITING, 2, {"amazon_status": "PARTIALLY_SHIPPED"}),
        (HistoryEvent.JUDGED, EntryState.HELD, 2, {"code": "unknown-sku"}),
        (HistoryEvent.JUDGED, EntryState.FAILED, 2, {}),
        (HistoryEvent.JUDGED, EntryState.SEEN, 2, {}),
        (HistoryEvent.SET_ASIDE, EntryState.IGNORED, None, {"message": "a gift", "amazon_status": "SHIPPED"}),
        (HistoryEvent.JUDGED, EntryState.IGNORED, 3, {}),
        (HistoryEvent.TAKEN_BACK, EntryState.SEEN, None, {}),
        (HistoryEvent.MISSED, EntryState.SEEN, None, {}),
        (HistoryEvent.JUDGED, EntryState.IMPORTED, 4, {"detail": "created order 77", "message": "all well"}),
    ]
    lines = tuple(HistoryLine(ID, NOW, run, event, state, **more) for event, state, run, more in history)
    found = inspection(
        entry=entry(channel=Channel.FBA, total="119.00 EUR", purchased=NOW - 96 * HOUR),
        history=lines,
        shop=ShopInspection(MARKER, state="Paid", findings=(Finding("orders.total_paid", "is 1 too much"),), moves=()),
        asked=True,
        amazon=order,
        outlook=Outlook("update", "It has changed at 2026-11-23T05:00:00Z.", ("state 5", "tracking"), "Look at it."),
    )
    assert shown(found, "--refresh", "--verify") == (
        1,
        f"""\
Order {ID} (DE, shipped by Amazon (FBA))
  placed       2026-11-19 07:00 (Europe/Rome)
  total        120.00 EUR
  products     2 x A, 1 x B C
  at Amazon    partially shipped, changed 2026-11-23 06:00, as Amazon says now
  in the shop  order 77, Paid
  orderferry   imported since 2026-11-20 07:00
  flaw of Amazon's answer: orderItems[0].price: is no number
What happened
  2026-11-23 07:00  seen at Amazon: pending
  2026-11-23 07:00  waiting at Amazon (pending): until 2026-11-23 07:00
  2026-11-23 07:00  changed at Amazon: partially shipped
  2026-11-23 07:00  held (unknown-sku)
  2026-11-23 07:00  could not be written
  2026-11-23 07:00  seen, not judged yet
  2026-11-23 07:00  set aside by a person: a gift
  2026-11-23 07:00  ignored
  2026-11-23 07:00  a person took that back
  2026-11-23 07:00  found missing in the shop by a comparison
  2026-11-23 07:00  imported: created order 77; all well
Verified: 1 finding
  orders.total_paid: is 1 too much
An edit in the back office would change nothing else
What to do
  Look at it.
The next run: update
  It has changed at 2026-11-23 06:00.
  would write: state 5
  would write: tracking
""",
        "",
    )
    assert shown.asked == (ID, {"refresh": True, "verify": True})


def test_what_an_edit_would_change_is_told(shown: Shown) -> None:
    moves = (Finding("orders.total_paid", "119.00 would become 119.01"),)
    _, out, _ = shown(inspection(shop=ShopInspection(MARKER, findings=(), moves=moves)))
    assert (
        "Verified: no findings\n"
        "An edit in the back office would change more than what is edited:\n"
        "  orders.total_paid: 119.00 would become 119.01\n"
    ) in out


def fact(out: str, name: str) -> str:
    """The line of a fact, '' where there is none."""
    return next((line[15:] for line in out.splitlines() if line[2:14].rstrip() == name), "")


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"marketplace_id": ""}, "Order ID (shipped by the shop)"),
        ({"channel": None}, "Order ID (DE)"),
        ({"channel": None, "marketplace_id": ""}, "Order ID"),
    ],
)
def test_the_head_tells_what_is_known(changes: dict[str, Any], told: str, shown: Shown) -> None:
    _, out, _ = shown(inspection(entry=entry(**changes)))
    assert out.splitlines()[0] == told.replace("ID", ID)


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"state": EntryState.HELD, "code": "unknown-sku"}, "held (unknown-sku) since 2026-11-20 07:00"),
        (
            {"state": EntryState.IGNORED, "ignored_by_person": True},
            "ignored since 2026-11-20 07:00, set aside by a person",
        ),
        (
            {"state": EntryState.WAITING, "given_up": True},
            "waiting at Amazon since 2026-11-20 07:00; given up, and still looked at daily",
        ),
    ],
)
def test_what_the_ledger_says(changes: dict[str, Any], told: str, shown: Shown) -> None:
    _, out, _ = shown(inspection(entry=entry(**changes)))
    text = " ".join(out.split())
    assert f"orderferry {told} What to do" in text


@pytest.mark.parametrize(
    ("shop", "told"),
    [
        (None, "could not be asked"),
        (ShopInspection(), "not there"),
        (ShopInspection(foreign=12), "order 12, put there by another program or a person"),
        (ShopInspection(Marker(ID, 77, DE, None, NOW, Digests(), 4)), "order 77"),
        (
            ShopInspection(Marker(ID, 77, DE, None, NOW, Digests(), 4, order_stands=False), state="Paid"),
            "order 77, deleted since",
        ),
        (
            ShopInspection(Marker(ID, 77, DE, None, NOW, Digests(), 4, adopted=True), state="Paid"),
            "order 77, Paid, adopted from another importer",
        ),
    ],
)
def test_what_the_shop_has(shop: ShopInspection | None, told: str, shown: Shown) -> None:
    _, out, _ = shown(inspection(shop=shop))
    assert fact(out, "in the shop") == told


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"amazon_status": ""}, ""),
        ({"amazon_updated": None}, "shipped"),
        ({"ship_by": NOW}, "shipped, changed 2026-11-19 07:00, ship by 2026-11-23 07:00"),
    ],
)
def test_what_amazon_said_last(changes: dict[str, Any], told: str, shown: Shown) -> None:
    _, out, _ = shown(inspection(entry=entry(**changes)))
    assert fact(out, "at Amazon") == told


def test_an_order_that_amazon_alone_knows(shown: Shown) -> None:
    order = Order(ID, NOW - 120 * HOUR, NOW, DE, OrderStatus.SHIPPED, Channel.REGULAR, ())
    found = inspection(entry=None, shop=ShopInspection(), asked=True, amazon=order)
    _, out, _ = shown(found, "--refresh", "--rows")
    assert (
        out
        == f"""\
Order {ID} (DE, shipped by the shop)
  placed       2026-11-18 07:00 (Europe/Rome)
  at Amazon    shipped, changed 2026-11-23 07:00, as Amazon says now
  in the shop  not there
  orderferry   has never seen it
What to do
  Nothing.
The next run: unchanged
  Nothing has changed.
No rows in the shop
"""
    )


def test_an_answer_of_amazons_that_is_of_no_use(shown: Shown) -> None:
    unreadable = UnreadableOrder(ID, (Flaw("createdTime", "is missing"),))
    _, out, _ = shown(inspection(asked=True, amazon=unreadable))
    assert fact(out, "at Amazon") == "an answer that can't be read"
    assert "  flaw of Amazon's answer: createdTime: is missing\n" in out
    _, out, _ = shown(inspection(asked=True))
    assert fact(out, "at Amazon") == "does not know it for this account"


def test_products_are_the_shops_lines_where_amazon_was_not_asked(shown: Shown) -> None:
    detail = [
        {"product_quantity": 2, "product_reference": "A", "product_name": "Apple"},
        {"product_quantity": 1, "product_reference": "", "product_name": "Pear"},
    ]
    _, out, _ = shown(inspection(shop=ShopInspection(MARKER, rows={"order_detail": detail})))
    assert fact(out, "products") == "2 x A, 1 x Pear"


def test_rows_without_what_is_empty(shown: Shown) -> None:
    row = {
        "id_order": 77,
        "reference": "A  B",
        "total": Decimal("119.000000"),
        "gift_message": "",
        "id_carrier": 0,
        "discount": Decimal("0.000000"),
        "short": Decimal("0.00"),
        "invoice_date": "0000-00-00 00:00:00",
        "delivery_date": "0000-00-00",
        "note": None,
    }
    long = {"note": "word " * 20}
    found = inspection(
        entry=entry(first_seen=NOW - 48 * HOUR, last_seen=NOW, last_look=NOW, attempts=2),
        shop=ShopInspection(MARKER, rows={"orders": [row], "message": [long]}),
    )
    _, out, _ = shown(found, "--rows")
    _, _, rows = out.partition("Ledger\n")
    assert rows == (
        "  first seen 2026-11-21 07:00, last 2026-11-23 07:00; asked for by itself\n"
        "  2026-11-23 07:00; 2 attempts in this state\n"
        "Rows in the shop\n"
        "  orders: id_order=77 reference=A B total=119.000000\n"
        "  message: note=word word word word word word word word word word word word word\n"
        "      word word word word word word word\n"
    )
    _, out, _ = shown(inspection(shop=None), "--rows")
    assert out.endswith("asked for by itself never;\n  0 attempts in this state\nNo rows in the shop\n")


def test_errors_come_first_and_what_is_known_all_the_same(shown: Shown) -> None:
    code, out, err = shown(inspection(errors=(AmazonUnavailable("Amazon is away.", hint="Later."),)), "--refresh")
    assert code == 4
    assert err == "orderferry: Amazon is away.\n  Later.\n"
    assert out == AS_LAST_KNOWN.replace("  (as last known; --refresh asks Amazon)\n", "")


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        (
            {"asked": True},
            f"Nobody knows an order {ID}: neither the ledger nor the shop, nor Amazon.\n"
            "  Check the order id and the region of the configuration.\n",
        ),
        (
            {},
            f"Neither the ledger nor the shop knows an order {ID}. A dry run keeps nothing of what it sees.\n"
            f"  `orderferry show {ID} --refresh` asks Amazon.\n",
        ),
        (
            {"shop": None},
            f"The ledger does not know an order {ID}. A dry run keeps nothing of what it sees.\n"
            f"  `orderferry show {ID} --refresh` asks Amazon.\n",
        ),
    ],
)
def test_an_order_that_nobody_knows(changes: dict[str, Any], told: str, shown: Shown) -> None:
    assert shown(inspection(**({"entry": None, "shop": ShopInspection()} | changes))) == (1, "", told)


def test_the_head_and_the_next_run_are_bold(shown: Shown, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("click.utils.should_strip_ansi", lambda *_: False)
    _, out, _ = shown(inspection())
    bold = [line for line in out.splitlines() if line.startswith("\x1b[1m")]
    assert bold == [
        f"\x1b[1mOrder {ID} (DE, shipped by the shop)\x1b[0m",
        "\x1b[1mThe next run: unchanged\x1b[0m",
    ]
