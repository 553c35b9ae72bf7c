"""The result of a comparison: its document, its lines for alerts, and why an order is missing, in words."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from orderferry.domain.ledger_entry import Entry, EntryState, FindingKind, StandingFinding
from orderferry.domain.problems import HINTS, ProblemCode
from orderferry.errors import AmazonUnavailable, ExitCode
from orderferry.run.compare.result import (
    Comparison,
    Difference,
    OneSided,
    by_cause,
    entry_sentence,
    fill,
    placed,
    why_different,
    why_missing,
)
from orderferry.run.compare.totals import totals_of
from support.compared import DAY, ID, NOW, SPAN, entry, in_shop, reported

OTHER, THIRD = "302-0000000-0000002", "302-0000000-0000003"
MISSING = OneSided(ID, "no import has seen it", "It is due.", NOW - DAY, "1.00 EUR")
SURPLUS = OneSided(OTHER, "order 7 in the shop, Amazon does not know it", "See.")
DIFFERENT = Difference(THIRD, "amount", "1.00 EUR", "2.00 EUR", "the totals differ")
STATE_HINT = (
    f"`orderferry show {THIRD} --refresh` tells which side is behind; set the state in the shop, or settle the order "
    f"in Seller Central; `orderferry ignore {THIRD} --reason …` ends this report."
)
AMOUNT_HINT = (
    f"Compare `orderferry show {THIRD} --refresh` with the order in the shop; correct it there, by a credit slip if it "
    f"is invoiced; `orderferry ignore {THIRD} --reason …` ends this report."
)


def comparison(**changes: Any) -> Comparison:
    facts: dict[str, Any] = {"missing": (MISSING,), "surplus": (SURPLUS,), "different": (DIFFERENT,)}
    return Comparison(NOW, SPAN, amazon_orders=1, shop_orders=2, **(facts | changes))


def test_a_difference_of_state_has_a_hint_of_its_own() -> None:
    assert replace(DIFFERENT, field="state").hint == STATE_HINT
    assert DIFFERENT.hint == AMOUNT_HINT


def test_the_whole_document() -> None:
    assert comparison().as_json() == {
        "since": "2026-10-24T06:00:00Z",
        "until": "2026-11-23T04:00:00Z",
        "amazon": {"orders": 1},
        "shop": {"orders": 2},
        "missing": [{"order_id": ID, "reason": MISSING.reason, "hint": "It is due."}],
        "surplus": [{"order_id": OTHER, "reason": SURPLUS.reason, "hint": "See."}],
        "different": [
            {
                "order_id": THIRD,
                "field": "amount",
                "amazon": "1.00 EUR",
                "shop": "2.00 EUR",
                "reason": "the totals differ",
                "hint": AMOUNT_HINT,
            }
        ],
        "exit_code": 1,
    }


def test_a_comparison_that_an_error_ended() -> None:
    ended = Comparison(NOW, errors=[AmazonUnavailable("Amazon is away.", hint="Wait.")])
    ended.announced = ((ExitCode.AMAZON_UNAVAILABLE, "compare: Amazon is away."),)
    assert ended.as_json() == {
        "since": None,
        "until": None,
        "amazon": {"orders": 0},
        "shop": {"orders": 0},
        "missing": [],
        "surplus": [],
        "different": [],
        "problems": [{"order_id": "", "code": "amazon-unavailable", "message": "Amazon is away.", "hint": "Wait."}],
        "exit_code": 4,
    }
    assert ended.news == ("compare: Amazon is away.",)
    assert ended.summary() == [
        "orderferry compare: exit code 4; 0 orders at Amazon, 0 in the shop",
        "Amazon is away. Wait.",
    ]
    assert replace(ended, missing=(MISSING,)).exit_code == 4, "it stopped before it had compared everything"


@pytest.mark.parametrize(
    ("changes", "found"),
    [
        ({"surplus": (), "different": ()}, True),
        ({"missing": (), "different": ()}, True),
        ({"missing": (), "surplus": ()}, True),
        ({"missing": (), "surplus": (), "different": ()}, False),
    ],
)
def test_anything_found_is_exit_code_1(changes: dict[str, Any], found: bool) -> None:
    result = comparison(**changes)
    assert (result.found_something, result.exit_code) == (found, int(found))


def test_what_the_ledger_keeps_is_short() -> None:
    kept = comparison(totals=totals_of([]), calls={"searchOrders": 3}).in_short()
    assert kept == {
        "command": "compare",
        "since": "2026-10-24T06:00:00Z",
        "until": "2026-11-23T04:00:00Z",
        "amazon": {"orders": 1},
        "shop": {"orders": 2},
        "missing": 1,
        "surplus": 1,
        "different": 1,
        "calls": {"searchOrders": 3},
        "totals": None,
        "exit_code": 1,
    }


LINES = (
    f"order {ID} is missing in the shop: no import has seen it",
    f"order {OTHER} is surplus or doubled in the shop: {SURPLUS.reason}",
    f"order {THIRD} differs in amount: Amazon 1.00 EUR, shop 2.00 EUR: the totals differ",
)


def test_an_alert_has_a_line_for_each_finding() -> None:
    assert comparison().news == LINES
    assert comparison().summary() == [
        "orderferry compare: exit code 1; 1 order at Amazon, 2 in the shop",
        *LINES,
    ]


def test_an_alert_has_twenty_lines_at_most() -> None:
    assert len(comparison(missing=(MISSING,) * 18).news) == 20
    lines = comparison(missing=(MISSING,) * 19).news
    assert lines == (*(LINES[0],) * 19, LINES[1], "… and 1 more: `orderferry compare` lists them")


def test_orders_in_one_word() -> None:
    both = comparison(
        different=(DIFFERENT, replace(DIFFERENT, order_id=ID)), surplus=(SURPLUS, replace(SURPLUS, order_id=ID))
    )
    assert both.words() == {ID: "surplus", THIRD: "different", OTHER: "surplus"}


def test_findings_are_remembered_by_the_date_that_finds_them_again() -> None:
    pairs = {ID: (reported(), None), OTHER: (None, in_shop(OTHER, placed=NOW - 3 * DAY))}
    assert comparison(orders=pairs).to_remember() == [
        StandingFinding(ID, FindingKind.MISSING, NOW - 5 * DAY, NOW, MISSING.reason, "It is due."),
        StandingFinding(OTHER, FindingKind.SURPLUS, NOW - 3 * DAY, NOW, SURPLUS.reason, "See."),
        StandingFinding(
            THIRD, FindingKind.DIFFERENT, NOW, NOW, "the totals differ", AMOUNT_HINT, "amount", "1.00 EUR", "2.00 EUR"
        ),
    ]
    assert placed((None, None)) is None
    assert comparison(surplus=(), different=(), orders={ID: (None, None)}).to_remember()[0].placed == NOW


def test_orders_with_one_cause_are_one_thing_to_mend() -> None:
    def held(order_id: str, deadline: str = "") -> OneSided:
        return OneSided(
            order_id, f"held: SKU X is unknown{deadline}", fill("Map it, or `ignore {order_id}`.", order_id)
        )

    late = held(OTHER, "; Amazon withdraws the buyer's phone after 2026-12-01")
    assert by_cause([held(ID), SURPLUS, late]) == [
        ("held: SKU X is unknown", "Map it, or `ignore ORDER_ID`.", [held(ID), late]),
        (SURPLUS.reason, "See.", [SURPLUS]),
    ]
    assert by_cause([held(ID)]) == [("held: SKU X is unknown", f"Map it, or `ignore {ID}`.", [held(ID)])]


DUE = "It is due for the next import; `orderferry import --order {order_id}` imports it now."


def known(state: EntryState, **changes: Any) -> Entry:
    return entry(state=state, message=f"order {ID}: the cause", **changes)


@pytest.mark.parametrize(
    ("found", "reason", "hint"),
    [
        (None, "no import has seen it", DUE),
        (
            known(EntryState.HELD, code="unknown-sku"),
            "held since 2026-11-20: the cause",
            HINTS[ProblemCode.UNKNOWN_SKU],
        ),
        (
            known(EntryState.FAILED, code="write-failed"),
            "could not be written since 2026-11-20: the cause",
            HINTS[ProblemCode.WRITE_FAILED],
        ),
        (known(EntryState.HELD, code="of-another-version"), "held since 2026-11-20: the cause", DUE),
        (known(EntryState.WAITING, code="given-up"), "waiting for 5d: the cause", DUE),
        (known(EntryState.SEEN), "known for 5d, and no import has judged it", DUE),
        (
            known(EntryState.IMPORTED, id_order=7),
            "imported as order 7, which the shop no longer has",
            HINTS[ProblemCode.SHOP_RESTORED],
        ),
        (known(EntryState.IGNORED, code="not-ready"), "ignored since 2026-11-20: the cause", DUE),
    ],
    ids=lambda value: str(value.state) if isinstance(value, Entry) else "",
)
def test_why_the_shop_lacks_an_order(found: Entry | None, reason: str, hint: str) -> None:
    assert why_missing(found, None, NOW, has_ledger=True) == (reason, hint)


def test_why_the_shop_lacks_an_order_without_a_ledger() -> None:
    assert why_missing(None, None, NOW, has_ledger=False) == (
        "not in the shop",
        "Ask whatever imports orders into this shop for it; `orderferry import --order {order_id}` would import it.",
    )


@pytest.mark.parametrize(
    ("found", "since"),
    [(None, ""), (entry(state=EntryState.IMPORTED), ""), (entry(state=EntryState.HELD), " since 2026-11-20")],
)
def test_an_order_that_was_deleted_in_the_shop(found: Entry | None, since: str) -> None:
    assert why_missing(found, 7, NOW, has_ledger=True) == (
        f"deleted in the shop{since} (it was order 7)",
        HINTS[ProblemCode.DELETED_IN_SHOP],
    )


@pytest.mark.parametrize(
    ("found", "reason"),
    [
        (None, "otherwise"),
        (entry(code="changed-after-invoice", message=f"order {ID} was changed"), "was changed"),
        (entry(code="changed-after-invoice"), "otherwise"),
        (entry(code="set-aside", message="a reason"), "otherwise"),
    ],
)
def test_the_ledgers_reason_for_a_difference(found: Entry | None, reason: str) -> None:
    assert why_different(found, "otherwise") == reason


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"message": f"order {ID}: the cause"}, "the cause"),
        ({"message": f"order {ID} has a cause"}, "has a cause"),
        ({"message": "the cause", "code": "cancelled"}, "the cause"),
        ({"code": "cancelled"}, "cancelled at Amazon before it was imported"),
        ({"code": "unknown-sku", "amazon_status": "PARTIALLY_SHIPPED"}, "partially shipped"),
        ({"amazon_status": ""}, "no reason was noted"),
    ],
)
def test_the_ledgers_sentence_on_an_order(changes: dict[str, Any], sentence: str) -> None:
    assert entry_sentence(entry(**changes)) == sentence


def test_totals_are_part_of_the_document_where_there_are_some() -> None:
    assert comparison(totals=totals_of([])).as_json()["totals"]["all"] == []
