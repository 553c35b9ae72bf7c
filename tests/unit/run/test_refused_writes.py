"""When refused orders are their own fault, and when every order meets the same: over runs, and for each way apart."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import cast

import pytest

from orderferry.domain.problems import Problem, ProblemCode
from orderferry.ledger.ledger import Ledger
from orderferry.run.order_results import RefusedWrites


@dataclass
class Memory:
    """What a ledger remembers."""

    kept: dict[str, str] = field(default_factory=dict)

    def remember(self, key: str, value: str) -> None:
        self.kept[key] = value

    def recall(self, key: str) -> str | None:
        return self.kept.get(key)


def writes_of(memory: Memory) -> RefusedWrites:
    return RefusedWrites(cast("Ledger", memory))


def a_run(memory: Memory, *events: str) -> tuple[list[str], bool]:
    """`a!` order a is refused, `a?` in another way, `u` an update was written, `c` an order created; `+a!` its update
    is refused. Return the orders that failed by themselves, and whether the run ends with an error."""
    writes = writes_of(memory)
    for event in events:
        if event in {"u", "c"}:
            writes.written("z", update=event == "u")
            continue
        subject = "ps_orders (error 1644)" if event[-1] == "!" else "city"
        problem = Problem(ProblemCode.WRITE_FAILED, f"order {event[-2]}: no", event[-2], subject)
        writes.refused(problem, None, update=event[0] == "+", by_id=False)
    failed, error = writes.finish()
    return [problem.order_id for problem, _, _ in failed], error is not None


def test_one_or_two_fail_by_themselves() -> None:
    assert a_run(Memory(), "a!", "b!") == (["a", "b"], False)


def test_three_in_a_row_and_none_written_are_not_the_orders() -> None:
    assert a_run(Memory(), "a!", "b!", "c!") == ([], True)


def test_the_same_order_three_times_is_one() -> None:
    memory = Memory()
    for _ in range(4):
        assert a_run(memory, "a!") == (["a"], False)


def test_a_success_anywhere_in_the_run_makes_it_the_orders_own() -> None:
    assert a_run(Memory(), "a!", "b!", "c!", "d!", "c") == (["a", "b", "c", "d"], False)
    assert a_run(Memory(), "c", "a!", "b!", "d!", "e!") == (["a", "b", "d", "e"], False)


def test_orders_that_failed_after_a_success_do_not_count_in_the_next_run() -> None:
    memory = Memory()
    a_run(memory, "c", "a!", "b!", "d!")
    assert a_run(memory, "a!", "b!") == (["a", "b"], False)


def test_an_update_says_nothing_of_new_orders() -> None:
    assert a_run(Memory(), "a!", "b!", "c!", "u") == ([], True)
    assert a_run(Memory(), "+a!", "+b!", "+c!", "c") == ([], True)
    assert a_run(Memory(), "+a!", "b!", "+c!") == (["a", "b", "c"], False)


def test_different_errors_are_not_one() -> None:
    assert a_run(Memory(), "a!", "b?", "c!") == (["a", "b", "c"], False)


def test_it_is_counted_over_runs_until_an_order_is_written() -> None:
    memory = Memory()
    assert a_run(memory, "a!") == (["a"], False)
    assert a_run(memory, "a!", "b!") == (["a", "b"], False)
    assert a_run(memory, "a!", "b!", "c!") == ([], True)
    assert a_run(memory, "d!") == ([], True)
    assert a_run(memory, "c", "d!") == (["d"], False)


def test_a_run_that_meets_none_has_no_error() -> None:
    memory = Memory()
    a_run(memory, "a!", "b!", "c!")
    assert a_run(memory) == ([], False)
    assert not writes_of(memory).stops


def test_an_order_that_is_written_after_all_did_not_fail() -> None:
    writes = writes_of(Memory())
    problem = Problem(ProblemCode.WRITE_FAILED, "order a: no", "a", "city")
    writes.refused(problem, None, update=False, by_id=False)
    writes.refused(problem, None, update=False, by_id=True)
    assert len(writes.open) == 1
    writes.written("a", update=False)
    assert writes.open == []


@pytest.mark.parametrize("text", ["{", "[]", "null"])
def test_a_memory_that_was_damaged_is_forgotten_and_the_run_goes_on(text: str) -> None:
    memory = Memory()
    a_run(memory, "a!", "b!")
    memory.kept = dict.fromkeys(memory.kept, text)
    assert a_run(memory, "c!") == (["c"], False)
    assert a_run(memory, "d!", "e!") == ([], True), "what follows counts again"


def test_what_an_earlier_version_remembered_counts_on() -> None:
    memory = Memory({"refused-writes": '{"new city": ["x", "y"], "update city": ["x", "y"]}'})
    assert a_run(memory, "a?") == ([], True)
    assert memory.kept["refused-writes"] == '{"new city": ["x", "y", "a"], "update city": ["x", "y"]}'
    assert a_run(memory, "c", "u") == ([], False)
    assert memory.kept["refused-writes"] == ""


def test_an_error_that_names_nothing_is_each_orders_own() -> None:
    writes = writes_of(Memory())
    for order_id in "abcd":
        writes.refused(Problem(ProblemCode.WRITE_FAILED, "no", order_id), None, update=False, by_id=False)
    assert (writes.general, writes.stops, len(writes.finish()[0])) == (frozenset(), False, 4)


def test_the_error_of_all_orders_in_full() -> None:
    writes = writes_of(Memory())
    for order_id in "abc":
        problem = Problem(ProblemCode.WRITE_FAILED, f"order {order_id}: no", order_id, "city")
        writes.refused(problem, None, update=False, by_id=True)
    assert (writes.general, writes.stops) == (frozenset({"new city"}), True)
    failed, error = writes.finish()
    assert failed == []
    assert error
    assert error.message == ("The shop's database refuses one order after the other in the same way: order a: no.")
    assert error.hint == (
        "Nothing is lost: the orders are due. Show the sentence to whoever added the trigger, key or column (often a "
        "module's author); `orderferry check` names triggers and columns that are not PrestaShop's own."
    )
    assert (writes.open, writes.finish()) == ([], ([], None))
