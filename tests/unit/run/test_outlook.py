"""What `show` says of the next run: from Amazon's present answer, or from what ledger and shop know."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from orderferry.domain.decide import Rules
from orderferry.domain.ledger_entry import Entry, EntryState
from orderferry.domain.marker import Action, Digests, Marker, Plan
from orderferry.domain.marketplaces import MARKETPLACES
from orderferry.domain.orders import Channel, Item, Order, OrderStatus
from orderferry.domain.problems import HINTS, Problem, ProblemCode
from orderferry.prestashop.facts import Catalog
from orderferry.run.outlook import Outlook, held_problem, known_outlook, planned_outlook

NOW = datetime(2026, 11, 23, 6, tzinfo=UTC)
IT = next(m.id for m in MARKETPLACES if m.code == "IT")
ID = "402-0000001-0000000"
S = EntryState
MARKER = Marker(ID, 7, IT, Channel.REGULAR, NOW - timedelta(hours=3), Digests(), 2)
GONE = replace(MARKER, order_stands=False)


def entry(state: EntryState, **more: Any) -> Entry:
    base = Entry(ID, state, IT, Channel.REGULAR, "", NOW, NOW, NOW, NOW, NOW, message="the cause")
    return replace(base, **more)


LATER, DUE = NOW + timedelta(hours=1), NOW - timedelta(hours=1)
BY_ITSELF = "A change at Amazon is taken by the run that meets it."
AGAIN = (
    "A change at Amazon is taken by the run that meets it; without one, Amazon is asked again after "
    "2026-11-23T07:00:00Z."
)


def known(
    found: Entry | None, marker: Marker | None = None, foreign: int = 0, *, answers: bool = True, gone: bool = False
) -> Outlook:
    return known_outlook(found, marker, foreign, NOW, shop_answers=answers, cause_gone=gone)


DELETED = Outlook(
    "hold",
    "It was imported as order 7, which has been deleted in the shop.",
    hint=f"`orderferry import --order {ID}` brings it back; `orderferry ignore {ID} --reason …` ends this report.",
)


@pytest.mark.parametrize(
    ("found", "outlook"),
    [
        pytest.param(
            entry(S.SEEN, next_look=LATER),
            Outlook("look", f"A run saw it and was ended before it judged it. {AGAIN}"),
            id="seen",
        ),
        pytest.param(
            entry(S.SEEN, next_look=DUE),
            Outlook("look", "A run saw it and was ended before it judged it. The next import asks Amazon for it."),
            id="due",
        ),
        pytest.param(
            entry(S.WAITING, code="given-up"), Outlook("wait", f"It waits: the cause. {BY_ITSELF}"), id="waiting"
        ),
        pytest.param(
            entry(S.HELD, code="no-vat-rate", next_look=LATER),
            Outlook("hold", f"It is held: the cause. {AGAIN}", hint=HINTS[ProblemCode.NO_VAT_RATE]),
            id="held",
        ),
        pytest.param(
            entry(S.HELD, code="of-another-version"),
            Outlook("hold", f"It is held: the cause. {BY_ITSELF}"),
            id="held-by-an-unknown-code",
        ),
        pytest.param(
            entry(S.FAILED, code="write-failed"),
            Outlook(
                "look",
                f"Writing it failed: the cause. {BY_ITSELF}",
                hint=HINTS[ProblemCode.WRITE_FAILED].replace("{order_id}", ID),
            ),
            id="failed",
        ),
        pytest.param(
            entry(S.IGNORED, code="given-up"), Outlook("ignore", "It is not imported: the cause."), id="ignored"
        ),
        pytest.param(
            entry(S.IGNORED, ignored_by_person=True),
            Outlook(
                "ignore",
                "A person set it aside: the cause.",
                hint=f"`orderferry ignore {ID} --undo` takes that back.",
            ),
            id="set-aside",
        ),
        pytest.param(
            entry(S.IMPORTED, id_order=7),
            Outlook("unchanged", "It is imported as order 7 and follows Amazon's news."),
            id="imported",
        ),
        pytest.param(
            entry(S.IMPORTED, ignored_by_person=True),
            Outlook(
                "unchanged",
                "It is imported in the shop and follows Amazon's news. A person set its reported difference aside.",
            ),
            id="imported-with-a-difference-set-aside",
        ),
        pytest.param(
            None, Outlook("look", "Nobody here has seen it; an import meets it when Amazon lists it."), id="unknown"
        ),
    ],
)
def test_what_the_ledger_alone_knows(found: Entry | None, outlook: Outlook) -> None:
    assert known(found) == outlook


def test_a_shop_that_can_not_be_asked_is_mentioned_where_it_matters() -> None:
    assert known(entry(S.IMPORTED, id_order=7), answers=False).why == (
        "It is imported as order 7 (by the ledger; the shop could not be asked) and follows Amazon's news."
    )


def test_a_held_order_whose_cause_is_gone_is_imported_next() -> None:
    gone = Outlook("look", "What held it is gone from the shop: the next import asks Amazon and imports it.")
    assert known(entry(S.HELD), gone=True) == gone
    assert known(entry(S.FAILED), gone=True) != gone


@pytest.mark.parametrize("found", [None, entry(S.IMPORTED), entry(S.HELD)])
def test_an_order_that_was_deleted_in_the_shop_is_held(found: Entry | None) -> None:
    assert known(found, GONE) == DELETED


def test_a_deleted_order_that_a_person_set_aside_stays_so() -> None:
    aside = entry(S.IGNORED, ignored_by_person=True)
    assert known(aside, GONE).action == "ignore"


def test_what_is_in_the_shop_is_told_without_a_ledger_too() -> None:
    assert known(None, MARKER) == Outlook("unchanged", "It is in the shop as order 7.")
    assert known(None, None, 9) == Outlook(
        "ignore",
        "It is in the shop as order 9, put there by another program or a person.",
        hint="`orderferry adopt` takes the orders of the other importer over.",
    )


def order(status: OrderStatus = OrderStatus.UNSHIPPED, **more: Any) -> Order:
    base = Order(
        ID, NOW - timedelta(days=1), NOW - timedelta(hours=1), IT, status, Channel.REGULAR, (Item("1", 1, "SKU"),)
    )
    return replace(base, **more)


def planned(
    seen: Order,
    plan: Plan | Problem | None = None,
    *,
    marker: Marker | None = None,
    foreign: int | None = None,
) -> Outlook:
    asked: list[tuple[str, Action]] = []

    def make(wanted: Order, action: Action, _: Catalog) -> Plan | Problem:
        assert plan is not None, "nothing is to be written"
        asked.append((wanted.order_id, action))
        return plan

    catalog = Catalog(markers={ID: marker} if marker else {}, foreign={ID: foreign} if foreign else {})
    return planned_outlook(seen, None, catalog, Rules(), make, now=NOW)


NOTE = Problem(ProblemCode.CHANGED_AFTER_INVOICE, "It is invoiced", ID)


def test_a_new_order_is_created() -> None:
    assert planned(order(), Plan(ID, Action.CREATE, ("1 line",), None)) == Outlook(
        "create", "It is ready.", ("1 line",)
    )


def test_an_order_with_news_is_updated_and_what_stands_about_it_is_told() -> None:
    assert planned(order(), Plan(ID, Action.UPDATE, ("state",), None, (NOTE,)), marker=MARKER) == Outlook(
        "update", "Amazon has news of it. It is invoiced.", ("state",), NOTE.hint
    )


def test_an_update_without_changes_is_none() -> None:
    assert planned(order(), Plan(ID, Action.UPDATE, (), None), marker=MARKER) == Outlook(
        "unchanged", "The shop has all that Amazon says."
    )
    assert planned(order(), Plan(ID, Action.UPDATE, (), None, (NOTE,)), marker=MARKER) == Outlook(
        "unchanged", "The shop has all that Amazon says. It is invoiced.", hint=NOTE.hint
    )


@pytest.mark.parametrize(
    ("seen", "foreign", "outlook"),
    [
        (
            order(OrderStatus.PENDING),
            None,
            Outlook("wait", "Amazon has not released it yet (payment or verification pending)."),
        ),
        (order(), 9, Outlook("ignore", "Already in the shop, put there by another program or a person.")),
    ],
)
def test_an_order_that_is_not_written_says_why(seen: Order, foreign: int | None, outlook: Outlook) -> None:
    assert planned(seen, foreign=foreign) == outlook


def test_what_can_not_be_planned_is_held() -> None:
    problem = Problem(ProblemCode.UNKNOWN_SKU, f"order {ID}: SKU X is unknown.", ID, "X")
    assert planned(order(), problem) == Outlook(
        "hold", f"order {ID}: SKU X is unknown (unknown-sku).", hint=problem.hint
    )


def test_what_amazon_does_not_tell_whole_is_held() -> None:
    outlook = planned(order(status=None, raw_status="NEW_WORD"))  # type: ignore[arg-type]
    assert outlook.action == "hold"
    assert outlook.why.endswith("(unknown-status).")


def test_only_a_held_order_has_a_problem_to_test_against_the_shop() -> None:
    held = entry(S.HELD, code="unknown-sku", subject="X")
    assert held_problem(held) == Problem(ProblemCode.UNKNOWN_SKU, "the cause", ID, "X")
    assert held_problem(entry(S.FAILED, code="unknown-sku")) is None
    assert held_problem(entry(S.HELD, code="of-another-version")) is None
    assert held_problem(None) is None
