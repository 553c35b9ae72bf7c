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
from support.proofs import Proofs
from support.scenes import IMPORT, Scene

CODES = {
    signal.SIGTERM: ExitCode.TERMINATED,
    signal.SIGINT: ExitCode.INTERRUPTED,
    signal.SIGHUP: ExitCode.HUNG_UP,
}
HANGS = 60  # seconds that Amazon takes for an answer which nobody waits for
MAX_TIME = 4
FIRST_WRITE = "SELECT `id_order`, `amazon_updated`"  # an update begins with locking its marker


def sent_at(scene: Scene, family: str, point: int, number: signal.Signals) -> Ended:
    """A run that gets a signal at a statement, right before it is made."""
    scene.reset()
    child = scene.start(accident=("stop", family, point))
    assert child.stopped()
    child.send(number)
    child.go_on()
    return child.end()


def first_write(scene: Scene) -> int:
    """The number of the first statement of the first transaction that writes an order."""
    texts = scene.healthy.events_of("shop")
    return next(number for number, text in enumerate(texts, 1) if text.startswith(FIRST_WRITE))


def after_last_order(scene: Scene) -> int:
    """The number of the first ledger statement after the last order's COMMIT was answered."""
    last = scene.named("shop", "COMMIT answered")[-2]
    shop = ledger = 0
    for family, _ in scene.healthy.events:
        shop, ledger = shop + (family == "shop"), ledger + (family == "ledger")
        if shop == last:
            return ledger + 1
    raise AssertionError("the last order was never committed")


@pytest.mark.parametrize("number", CODES, ids=lambda number: number.name)
def test_a_signal_ends_the_run_between_two_orders(scene: Scene, proofs: Proofs, number: signal.Signals) -> None:
    points = [("shop", point) for point in scene.points("shop")] + [("ledger", n) for n in scene.points("ledger")]
    begin = first_write(scene)
    commit = next(point for point in scene.named("shop", "COMMIT sent") if point > begin)
    chosen = proofs.choose(points, 2, always=[("shop", begin + 1), ("shop", commit)])
    # From its last orders on, a run has nothing left to stop.
    late = {"shop": scene.named("shop", "COMMIT answered")[-3], "ledger": after_last_order(scene)}
    for family, point in chosen:
        ended = sent_at(scene, family, point, number)
        expected = {CODES[number]} if point < late[family] else {CODES[number], scene.healthy.code}
        assert ended.code in expected, f"{family} {point}: {ended.told()}"
        assert ended.json["exit_code"] == ended.code
        assert not ended.err, ended.err
        if (family, point) == ("shop", commit):
            assert ended.json["orders"]["updated"] == 1, "the order in hand was finished, no other begun"
        scene.assert_as_ever(scene.clean_run(), f"{number.name} at {family} {point}")
    proofs.ran("signals in the middle of a run", len(chosen), of=len(points))


@pytest.mark.parametrize("operation", ["token", "searchOrders", "getOrder"])
def test_a_signal_ends_the_wait_for_amazon_at_once(scene: Scene, proofs: Proofs, operation: str) -> None:
    scene.reset()
    met = scene.stage.server.faults.met
    scene.stage.server.faults.add(operation, 1, FaultKind.HANG, seconds=HANGS)
    child = scene.start()
    until_met(scene, met + 1)
    begun = time.monotonic()
    child.send(signal.SIGTERM)
    ended = child.end()
    assert time.monotonic() - begun < HANGS / 2
    assert ended.code == ExitCode.TERMINATED, ended.told()
    assert not ended.err, ended.err
    scene.assert_as_ever(scene.clean_run(), f"SIGTERM while waiting for {operation}")
    proofs.ran("signals while waiting for Amazon", 1)


def until_met(scene: Scene, times: int) -> None:
    """Wait until a request hangs: the server has met so many faults by then."""
    deadline = time.monotonic() + 30
    while scene.stage.server.faults.met < times and time.monotonic() < deadline:
        time.sleep(0.02)
    time.sleep(0.1)  # the client has sent it and waits


def holding_the_lock(scene: Scene) -> Child:
    """A run that stands still before it writes anything."""
    scene.reset()
    child = scene.start(accident=("stop", "shop", 5))
    assert child.stopped()
    return child


def test_a_second_run_of_the_command_ends_with_3_and_another_command_runs_beside(
    first_scene: Scene, proofs: Proofs
) -> None:
    first = holding_the_lock(first_scene)
    second = first_scene.test_run()
    assert second.code == ExitCode.ALREADY_RUNNING, second.told()
    assert [problem["code"] for problem in second.json["problems"]] == ["already-running"]
    beside = first_scene.test_run("doublecheck", "--dry-run", "--json")
    assert beside.json["orders"]["created"] == 4, beside.told()
    first.go_on()
    assert first.end().code == first_scene.healthy.code
    first_scene.assert_as_ever(first_scene.clean_run(), "after two at once")
    proofs.ran("runs that met a lock", 2)


def test_a_run_that_waits_for_the_lock_begins_when_the_first_one_has_ended(scene: Scene, proofs: Proofs) -> None:
    first = holding_the_lock(scene)
    waiting = scene.start(*IMPORT, "--wait", "30s", real_time=True)
    time.sleep(1.0)
    first.go_on()
    assert first.end().code == scene.healthy.code
    ended = waiting.end()
    assert ended.code == scene.code, ended.told()
    assert ended.json["orders"]["created"] == ended.json["orders"]["updated"] == 0
    scene.assert_as_ever(scene.clean_run(), "after one that waited")

    first = holding_the_lock(scene)
    waiting = scene.start(*IMPORT, "--wait", "30s", real_time=True)
    time.sleep(1.0)
    waiting.send(signal.SIGINT)
    stopped = waiting.end()
    assert stopped.code == ExitCode.INTERRUPTED, stopped.told()
    assert not stopped.err or "Traceback" not in stopped.err
    first.send(signal.SIGKILL)
    assert first.end().signal == signal.SIGKILL
    scene.assert_as_ever(scene.clean_run(), "after one that was killed with the lock in its hand")
    proofs.ran("runs that met a lock", 2)


def test_max_time_ends_a_run_in_good_order(scene: Scene, proofs: Proofs) -> None:
    scene.reset()
    # Long enough for a busy machine to come to its first order, whose transaction then outlasts the time.
    words = (*IMPORT, "--max-time", f"{MAX_TIME}s")
    child = scene.start(*words, accident=("stop", "shop", first_write(scene) + 1), real_time=True)
    assert child.stopped()
    time.sleep(MAX_TIME)
    child.go_on()
    ended = child.end()
    assert ended.code == ExitCode.AMAZON_UNAVAILABLE, ended.told()
    assert "out-of-time" in [problem["code"] for problem in ended.json["problems"]]
    assert ended.json["orders"]["updated"] == 1, "the order in hand was finished"
    scene.assert_as_ever(scene.clean_run(), "after --max-time")
    proofs.ran("runs out of time", 1)
