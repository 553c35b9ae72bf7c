"""SIGTERM, Ctrl-C and a closed terminal in the middle of a run, the lock, and --max-time.

The order in hand is finished or rolled back, what is done is kept, the lock is free, and the next run completes.
"""

from __future__ import annotations

import signal
import time

import pytest

from orderferry.errors import ExitCode
from orderferry.simulator.faults import FaultKind
from support.children import Child, Ended
from support.crash_scenario import IMPORT, CrashScenario
from support.proofs import Proofs

CODES = {
    signal.SIGTERM: ExitCode.TERMINATED,
    signal.SIGINT: ExitCode.INTERRUPTED,
    signal.SIGHUP: ExitCode.HUNG_UP,
}
HANGS = 60  # seconds that Amazon takes for an answer which nobody waits for
MAX_TIME = 4
FIRST_WRITE = "SELECT `id_order`, `amazon_updated`"  # an update begins with locking its marker


def sent_at(scenario: CrashScenario, family: str, point: int, number: signal.Signals) -> Ended:
    """A run that gets a signal at a statement, right before it is made."""
    scenario.reset()
    child = scenario.start(accident=("stop", family, point))
    assert child.stopped()
    child.send(number)
    child.go_on()
    return child.end()


def first_write(scenario: CrashScenario) -> int:
    """The number of the first statement of the first transaction that writes an order."""
    texts = scenario.healthy.events_of("shop")
    return next(number for number, text in enumerate(texts, 1) if text.startswith(FIRST_WRITE))


def after_last_order(scenario: CrashScenario) -> int:
    """The number of the first ledger statement after the last order's COMMIT was answered."""
    last = scenario.named("shop", "COMMIT answered")[-2]
    shop = ledger = 0
    for family, _ in scenario.healthy.events:
        shop, ledger = shop + (family == "shop"), ledger + (family == "ledger")
        if shop == last:
            return ledger + 1
    raise AssertionError("the last order was never committed")


@pytest.mark.sample(1, always=("SIGTERM",))
@pytest.mark.parametrize("number", CODES, ids=lambda number: number.name)
def test_a_signal_ends_the_run_between_two_orders(
    scenario: CrashScenario, proofs: Proofs, number: signal.Signals
) -> None:
    points = [("shop", point) for point in scenario.points("shop")] + [("ledger", n) for n in scenario.points("ledger")]
    begin = first_write(scenario)
    commit = next(point for point in scenario.named("shop", "COMMIT sent") if point > begin)
    chosen = proofs.choose(points, 1, always=[("shop", commit)])
    # From its last orders on, a run has nothing left to stop.
    late = {"shop": scenario.named("shop", "COMMIT answered")[-3], "ledger": after_last_order(scenario)}
    for family, point in chosen:
        ended = sent_at(scenario, family, point, number)
        expected = {CODES[number]} if point < late[family] else {CODES[number], scenario.healthy.code}
        assert ended.code in expected, f"{family} {point}: {ended.told()}"
        assert ended.json["exit_code"] == ended.code
        assert not ended.err, ended.err
        if (family, point) == ("shop", commit):
            assert ended.json["orders"]["updated"] == 1, "the order in hand was finished, no other begun"
        scenario.assert_recovered(scenario.clean_run(), f"{number.name} at {family} {point}")
    proofs.ran("signals in the middle of a run", len(chosen), of=len(points))


@pytest.mark.parametrize("operation", ["token", "searchOrders", "getOrder"])
def test_a_signal_ends_the_wait_for_amazon_at_once(scenario: CrashScenario, proofs: Proofs, operation: str) -> None:
    scenario.reset()
    met = scenario.installation.server.faults.met
    scenario.installation.server.faults.add(operation, 1, FaultKind.HANG, seconds=HANGS)
    child = scenario.start()
    until_met(scenario, met + 1)
    begun = time.monotonic()
    child.send(signal.SIGTERM)
    ended = child.end()
    assert time.monotonic() - begun < HANGS / 2
    assert ended.code == ExitCode.TERMINATED, ended.told()
    assert not ended.err, ended.err
    scenario.assert_recovered(scenario.clean_run(), f"SIGTERM while waiting for {operation}")
    proofs.ran("signals while waiting for Amazon", 1)


def until_met(scenario: CrashScenario, times: int) -> None:
    """Wait until a request hangs: the server has met so many faults by then."""
    deadline = time.monotonic() + 30
    while scenario.installation.server.faults.met < times and time.monotonic() < deadline:
        time.sleep(0.02)
    time.sleep(0.1)  # the client has sent it and waits


def holding_the_lock(scenario: CrashScenario) -> Child:
    """A run that stands still before it writes anything."""
    scenario.reset()
    child = scenario.start(accident=("stop", "shop", 5))
    assert child.stopped()
    return child


def test_a_second_run_of_the_command_ends_with_3_and_another_command_runs_beside(
    first_scenario: CrashScenario, proofs: Proofs
) -> None:
    first = holding_the_lock(first_scenario)
    second = first_scenario.test_run()
    assert second.code == ExitCode.ALREADY_RUNNING, second.told()
    assert [problem["code"] for problem in second.json["problems"]] == ["already-running"]
    beside = first_scenario.test_run("doublecheck", "--dry-run", "--json")
    assert beside.json["orders"]["created"] == 4, beside.told()
    first.go_on()
    assert first.end().code == first_scenario.healthy.code
    first_scenario.assert_recovered(first_scenario.clean_run(), "after two at once")
    proofs.ran("runs that met a lock", 2)


def test_a_run_that_waits_for_the_lock_begins_when_the_first_one_has_ended(
    scenario: CrashScenario, proofs: Proofs
) -> None:
    first = holding_the_lock(scenario)
    waiting = scenario.start(*IMPORT, "--wait", "30s", real_time=True)
    time.sleep(1.0)
    first.go_on()
    assert first.end().code == scenario.healthy.code
    ended = waiting.end()
    assert ended.code == scenario.code, ended.told()
    assert ended.json["orders"]["created"] == ended.json["orders"]["updated"] == 0
    scenario.assert_recovered(scenario.clean_run(), "after one that waited")

    first = holding_the_lock(scenario)
    waiting = scenario.start(*IMPORT, "--wait", "30s", real_time=True)
    time.sleep(1.0)
    waiting.send(signal.SIGINT)
    stopped = waiting.end()
    assert stopped.code == ExitCode.INTERRUPTED, stopped.told()
    assert not stopped.err or "Traceback" not in stopped.err
    first.send(signal.SIGKILL)
    assert first.end().signal == signal.SIGKILL
    scenario.assert_recovered(scenario.clean_run(), "after one that was killed with the lock in its hand")
    proofs.ran("runs that met a lock", 2)


def test_max_time_ends_a_run_in_good_order(scenario: CrashScenario, proofs: Proofs) -> None:
    scenario.reset()
    # Long enough for a busy machine to come to its first order, whose transaction then outlasts the time.
    words = (*IMPORT, "--max-time", f"{MAX_TIME}s")
    child = scenario.start(*words, accident=("stop", "shop", first_write(scenario) + 1), real_time=True)
    assert child.stopped()
    time.sleep(MAX_TIME)
    child.go_on()
    ended = child.end()
    assert ended.code == ExitCode.AMAZON_UNAVAILABLE, ended.told()
    assert "out-of-time" in [problem["code"] for problem in ended.json["problems"]]
    assert ended.json["orders"]["updated"] == 1, "the order in hand was finished"
    scenario.assert_recovered(scenario.clean_run(), "after --max-time")
    proofs.ran("runs out of time", 1)
