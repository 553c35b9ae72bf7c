"""The ledger against a model: whatever is noted, judged, claimed, covered, closed and opened, both say the same."""

from __future__ import annotations

import tempfile
from datetime import timedelta
from pathlib import Path

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from orderferry.domain.ledger_entry import (
    LONGEST_PAUSE,
    Entry,
    EntryState,
    OrderResult,
    OrderSnapshot,
    first_entry,
    seen_again,
    set_aside,
    taken_back,
    with_result,
)
from orderferry.domain.orders import Channel
from orderferry.domain.search import Basis
from orderferry.domain.spans import Span
from support.ledgers import DE, IT, NOW, opened

MINUTE = timedelta(minutes=1)
ORDERS = st.sampled_from([f"028-{number}" for number in range(6)])
CELLS = st.sampled_from([(marketplace, channel) for marketplace in (DE, IT) for channel in Channel])
minutes = st.integers(0, 600)
moments = st.one_of(st.none(), minutes.map(lambda minute: NOW + minute * MINUTE))

snapshots = st.builds(
    OrderSnapshot,
    order_id=ORDERS,
    marketplace_id=st.sampled_from(["", DE, IT]),
    channel=st.sampled_from([None, *Channel]),
    amazon_status=st.sampled_from(["", "PENDING", "UNSHIPPED", "SHIPPED"]),
    purchased=moments,
    amazon_updated=moments,
    total=st.sampled_from(["", "12.34 EUR"]),
)
results = st.builds(
    OrderResult,
    order_id=ORDERS,
    state=st.sampled_from([state for state in EntryState if state is not EntryState.SEEN]),
    code=st.sampled_from(["", "unknown-sku", "not-ready"]),
    message=st.sampled_from(["", "a sentence"]),
    next_look=moments,
    id_order=st.one_of(st.none(), st.integers(1, 9)),
    given_up=st.booleans(),
    by_id=st.booleans(),
    detail=st.sampled_from(["", "tracking"]),
)


class LedgerMachine(RuleBasedStateMachine):
    """`entries` and `covered` (minutes) are what the ledger should say; time only goes on."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.path = Path(self.folder.name) / "shop.ledger.sqlite"
        self.ledger = opened(self.path)
        self.now = NOW
        self.entries: dict[str, Entry] = {}
        self.covered: dict[tuple[object, object], set[int]] = {}
        self.claims: dict[str, tuple[int, object]] = {}

    def teardown(self) -> None:
        self.ledger.close()
        self.folder.cleanup()

    @rule(seen=st.lists(snapshots, max_size=8))
    def note_seen(self, seen: list[OrderSnapshot]) -> None:
        for each in seen:
            known = self.entries.get(each.order_id)
            self.entries[each.order_id] = seen_again(known, each, self.now) if known else first_entry(each, self.now)
        assert self.ledger.note_seen(seen, 1, self.now) == {each.order_id: self.entries[each.order_id] for each in seen}

    @rule(judgements=st.lists(results, max_size=6))
    def settle(self, judgements: list[OrderResult]) -> None:
        for each in judgements:
            known = self.entries.get(each.order_id) or first_entry(OrderSnapshot(each.order_id), self.now)
            self.entries[each.order_id] = with_result(known, each, self.now)
            self.claims.pop(each.order_id, None)
        self.ledger.record_results(judgements, 1, self.now)

    @rule(order_id=ORDERS)
    def ignore(self, order_id: str) -> None:
        known = self.entries.get(order_id) or first_entry(OrderSnapshot(order_id), self.now)
        self.entries[order_id] = set_aside(known, "a reason", self.now)
        self.ledger.ignore(order_id, "a reason", self.now)

    @precondition(lambda self: self.entries)
    @rule(order_id=ORDERS)
    def unignore(self, order_id: str) -> None:
        known = self.entries.get(order_id)
        if known is not None:
            self.entries[order_id] = taken_back(known, self.now)
        assert self.ledger.unignore(order_id, self.now) == self.entries.get(order_id)

    @rule(order_ids=st.lists(ORDERS, max_size=4), run=st.integers(1, 2), length=st.integers(1, 90))
    def claim(self, order_ids: list[str], run: int, length: int) -> None:
        # a lease of more than an hour ahead is one of a clock that was wrong: it counts for nothing, and goes
        self.claims = {each: lease for each, lease in self.claims.items() if self.holder(each) is not None}
        free = tuple(dict.fromkeys(each for each in order_ids if self.holder(each) in (None, run)))
        assert self.ledger.lease_orders(order_ids, run, self.now, length * MINUTE) == free
        self.claims |= dict.fromkeys(free, (run, self.now + length * MINUTE))

    @rule(cells=st.lists(CELLS, max_size=3), basis=st.sampled_from(list(Basis)), ends=st.tuples(minutes, minutes))
    def cover(self, cells: list[tuple[str, Channel]], basis: Basis, ends: tuple[int, int]) -> None:
        first, last = sorted(ends)
        for cell in cells:
            self.covered.setdefault((cell, basis), set()).update(range(first, last))
        self.ledger.cover(cells, basis, Span(NOW + first * MINUTE, NOW + last * MINUTE), self.now)

    @rule(passed=minutes)
    def time_passes(self, passed: int) -> None:
        self.now += passed * MINUTE / 10

    @rule()
    def open_again(self) -> None:
        self.ledger.close()
        self.ledger = opened(self.path)
        assert not self.ledger.is_new

    @rule(seen=snapshots, result=results)
    def rehearse(self, seen: OrderSnapshot, result: OrderResult) -> None:
        with self.ledger.dry():
            self.ledger.note_seen([seen], 0, self.now)
            self.ledger.record_results([result], 0, self.now)

    def holder(self, order_id: str) -> int | None:
        run, until = self.claims.get(order_id, (None, self.now))
        return run if self.now < until <= self.now + 60 * MINUTE else None

    @invariant()
    def entries_are_the_models(self) -> None:
        assert {entry.order_id: entry for entry in self.ledger.entries(list(EntryState))} == self.entries

    @invariant()
    def each_entry_is_as_its_last_line_of_history_says(self) -> None:
        for order_id, entry in self.entries.items():
            last = self.ledger.history(order_id)[-1]
            assert (last.state, last.code, last.amazon_status, last.amazon_updated) == (
                entry.state,
                entry.code,
                entry.amazon_status,
                entry.amazon_updated,
            )

    @invariant()
    def due_is_what_is_due(self) -> None:
        due = [entry.order_id for entry in self.ledger.due(self.now, list(EntryState), 99)]
        expected = [
            entry
            for entry in self.entries.values()
            if entry.next_look is not None
            # a check that is put off for longer than any pause was stored while the clock was wrong: it is due
            and not self.now < entry.next_look <= self.now + LONGEST_PAUSE
            and self.holder(entry.order_id) is None
        ]
        expected.sort(key=lambda entry: (entry.last_look or entry.first_seen, entry.order_id))
        assert due == [entry.order_id for entry in expected]

    @invariant()
    def open_orders_are_counted_once(self) -> None:
        open_states = (EntryState.WAITING, EntryState.HELD, EntryState.FAILED)
        still_open = [entry for entry in self.entries.values() if entry.state in open_states]
        counts = self.ledger.open_counts()
        assert sum(counts.values()) == len(still_open)
        assert counts["held"] == sum(entry.state is EntryState.HELD for entry in still_open)

    @invariant()
    def coverage_is_the_models(self) -> None:
        found = {
            (cell, basis): {
                minute for span in spans for minute in range((span.start - NOW) // MINUTE, (span.end - NOW) // MINUTE)
            }
            for basis in Basis
            for cell, spans in self.ledger.coverage(basis).items()
        }
        assert found == {key: covered for key, covered in self.covered.items() if covered}


TestLedgerMachine = LedgerMachine.TestCase
TestLedgerMachine.settings = settings(max_examples=settings().max_examples // 4, stateful_step_count=20, deadline=None)
