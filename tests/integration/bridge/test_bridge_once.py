"""Each module hears of each event once, whatever ends the bridge, and however many bridges there are."""

from __future__ import annotations

import time
from collections import Counter
from contextlib import suppress
from pathlib import Path

import pytest

from orderferry.bridge import SCRIPT
from support.bridge import SECONDS, BridgeShop

HOOKS = ("actionValidateOrder", "actionOrderStatusUpdate", "actionOrderStatusPostUpdate")


def imported_orders(shop: BridgeShop, orders: int = 2) -> int:
    """Two modules on three hooks; return how many calls are due."""
    for module in ("erp", "labels"):
        shop.listen(module, *HOOKS)
    for _ in range(orders):
        shop.created(shop.order())
    return 2 * len(HOOKS) * orders


def heard_once(shop: BridgeShop, calls: int) -> None:
    """Every module heard every hook of every order exactly once."""
    heard = Counter((line["module"], line["hook"], str(line["parameters"]["cart"])) for line in shop.log)
    assert set(heard.values()) == {1}
    assert len(heard) == calls


def reset(shop: BridgeShop) -> None:
    shop.forget()
    for table in ("call", "consumer"):
        shop.sql(f"DELETE FROM {{p}}orderferry_event_{table}")


def test_a_kill_at_any_call_loses_none_and_doubles_none(bridge_shop: BridgeShop, whole: bool) -> None:
    calls = imported_orders(bridge_shop)
    for number in range(1, calls + 1) if whole else (1, 4, 7, calls):
        reset(bridge_shop)
        bridge_shop.behave({"at": number, "do": "kill"})
        killed = bridge_shop.run()
        assert killed.returncode == 1
        assert "was killed" in killed.stderr
        heard_once(bridge_shop, calls)
        (unknown,) = bridge_shop.calls(state="running")
        assert unknown["message"].startswith("unknown")
        assert f"{unknown['module']}: 1 unknown" in killed.stderr
        assert bridge_shop.position == 2


def test_a_kill_of_a_single_process_goes_on_in_the_next_run(bridge_shop: BridgeShop) -> None:
    calls = imported_orders(bridge_shop)
    bridge_shop.behave({"at": 3, "do": "kill"})
    assert bridge_shop.run("--once").returncode == -9
    assert len(bridge_shop.log) == 3
    assert bridge_shop.run("--once").returncode == 1
    heard_once(bridge_shop, calls)
    silent = bridge_shop.run()
    assert (silent.returncode, silent.stderr) == (1, ""), "said once a day, while the exit code stays true"


def test_what_is_unknown_is_fired_again_only_when_asked_for(bridge_shop: BridgeShop) -> None:
    calls = imported_orders(bridge_shop)
    bridge_shop.behave({"at": 3, "do": "kill"})
    bridge_shop.run()
    bridge_shop.behave()
    bridge_shop.time_passes()
    bridge_shop.run()
    heard_once(bridge_shop, calls)
    (unknown,) = bridge_shop.calls(state="running")
    asked = bridge_shop.run("--replay", "unknown")
    assert asked.returncode == 0
    assert "1 calls are made again" in asked.stderr
    assert bridge_shop.heard.count((unknown["module"], unknown["hook"])) == 3
    assert not bridge_shop.calls(state="running")


def test_a_replay_of_an_event_repeats_what_was_done_only_if_told_so(bridge_shop: BridgeShop) -> None:
    calls = imported_orders(bridge_shop)
    bridge_shop.run()
    nothing = bridge_shop.run("--replay", "1")
    assert "nothing to make again" in nothing.stderr
    assert len(bridge_shop.log) == calls
    assert bridge_shop.run("--replay", "1", "--module", "labels", "--done-too").returncode == 0
    assert [module for module, _ in bridge_shop.heard[calls:]] == ["labels"] * 3
    assert {row["state"] for row in bridge_shop.calls()} == {"done"}


def test_a_second_run_calls_nobody_and_says_nothing(bridge_shop: BridgeShop) -> None:
    calls = imported_orders(bridge_shop)
    bridge_shop.run()
    again = bridge_shop.run()
    assert (again.returncode, again.stdout, again.stderr) == (0, "", "")
    heard_once(bridge_shop, calls)


def test_without_an_event_nothing_is_booted(bridge_shop: BridgeShop) -> None:
    (bridge_shop.folder / "config/defines_custom.inc.php").write_text("<?php exit(9);")
    nothing = bridge_shop.run()
    assert (nothing.returncode, nothing.stderr) == (0, "")


@pytest.mark.parametrize("options", [(), ("--once",)], ids=["all", "once"])
def test_a_second_bridge_stands_back(bridge_shop: BridgeShop, options: tuple[str, ...]) -> None:
    calls = imported_orders(bridge_shop)
    bridge_shop.behave({"at": 2, "do": "wait"})
    first = bridge_shop.start()
    bridge_shop.until_a_module_waits()
    second = bridge_shop.run(*options)
    assert second.returncode == 3
    assert "Another bridge" in second.stderr
    assert "labels on actionValidateOrder of event 1" in second.stderr
    bridge_shop.go_on()
    first.communicate(timeout=SECONDS)
    assert first.returncode == 0
    heard_once(bridge_shop, calls)


def test_two_bridges_double_nothing_even_where_the_server_knows_no_locks(bridge_shop: BridgeShop) -> None:
    calls = imported_orders(bridge_shop)
    script = bridge_shop.tools / SCRIPT
    with_lock = script.read_text()
    assert with_lock.count("!$this->store->lock()") == 1
    script.write_text(with_lock.replace("!$this->store->lock()", "false"))
    bridge_shop.behave({"at": 2, "do": "wait"})
    first = bridge_shop.start()
    bridge_shop.until_a_module_waits()
    bridge_shop.run()
    bridge_shop.go_on()
    first.communicate(timeout=SECONDS)
    heard_once(bridge_shop, calls)


def test_a_signal_ends_it_between_two_calls(bridge_shop: BridgeShop) -> None:
    calls = imported_orders(bridge_shop)
    bridge_shop.behave({"at": 2, "do": "wait"})
    first = bridge_shop.start()
    bridge_shop.until_a_module_waits()
    first.terminate()
    bridge_shop.go_on()
    first.communicate(timeout=SECONDS)
    assert first.returncode == 143
    assert {row["state"] for row in bridge_shop.calls()} == {"done"}
    assert len(bridge_shop.log) < calls
    assert bridge_shop.run().returncode == 0
    heard_once(bridge_shop, calls)


def worker_of(launcher: int) -> int:
    """The process that a bridge has started."""
    for status in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            fields = status.read_text().rpartition(")")[2].split()
            if int(fields[1]) == launcher:
                return int(status.parent.name)
    raise AssertionError("it has no worker")


def until_gone(process: int) -> None:
    """Until a process has ended."""
    deadline = time.monotonic() + SECONDS
    while Path(f"/proc/{process}").exists():
        assert time.monotonic() < deadline, "it lives on"
        time.sleep(0.05)


def test_a_module_that_hangs_is_ended_by_a_signal_and_leaves_no_process(bridge_shop: BridgeShop) -> None:
    imported_orders(bridge_shop)
    bridge_shop.behave({"at": 2, "do": "wait"})
    first = bridge_shop.start()
    bridge_shop.until_a_module_waits()
    worker = worker_of(first.pid)
    first.terminate()
    _, said = first.communicate(timeout=SECONDS)
    assert first.returncode == 143
    assert "its process was killed" in said
    until_gone(worker)
    assert [row["state"] for row in bridge_shop.calls(state="running")] == ["running"]
    bridge_shop.go_on()
    bridge_shop.behave()
    assert "1 unknown" in bridge_shop.run().stderr


def test_a_worker_does_not_outlive_the_launcher_for_long(bridge_shop: BridgeShop) -> None:
    calls = imported_orders(bridge_shop)
    bridge_shop.behave({"at": 2, "do": "wait"})
    first = bridge_shop.start()
    bridge_shop.until_a_module_waits()
    worker = worker_of(first.pid)
    first.kill()
    first.wait(SECONDS)
    bridge_shop.go_on()
    first.communicate(timeout=SECONDS)
    until_gone(worker)
    assert len(bridge_shop.log) < calls
    assert bridge_shop.run().returncode == 0
    heard_once(bridge_shop, calls)


def test_what_failed_is_made_again_in_the_order_of_the_shop_s_own_flow(bridge_shop: BridgeShop) -> None:
    hooks = (
        "actionOrderStatusPostUpdate",
        "actionObjectOrderAddAfter",
        "actionValidateOrder",
        "actionOrderStatusUpdate",
    )
    for module in ("second", "first"):
        bridge_shop.listen(module, *hooks)
    bridge_shop.created(bridge_shop.order())
    bridge_shop.behave({"do": "throw"})
    bridge_shop.run()
    before = bridge_shop.heard
    assert len(before) == 2 * len(hooks)
    bridge_shop.forget()
    bridge_shop.behave()
    bridge_shop.time_passes()
    assert bridge_shop.run().returncode == 0
    assert bridge_shop.heard == before


def test_events_that_come_while_it_works_are_taken_too(bridge_shop: BridgeShop) -> None:
    imported_orders(bridge_shop, 1)
    bridge_shop.behave({"at": 2, "do": "wait"})
    first = bridge_shop.start()
    bridge_shop.until_a_module_waits()
    bridge_shop.created(bridge_shop.order())
    bridge_shop.go_on()
    first.communicate(timeout=SECONDS)
    heard_once(bridge_shop, 12)


def test_what_waits_can_be_passed_over(bridge_shop: BridgeShop) -> None:
    imported_orders(bridge_shop)
    passed = bridge_shop.run("--from-now")
    assert (passed.returncode, passed.stdout) == (0, "")
    assert "2 events are passed over" in passed.stderr
    assert "0 events are passed over" in bridge_shop.run("--from-now").stderr
    bridge_shop.created(bridge_shop.order())
    bridge_shop.run()
    heard_once(bridge_shop, 6)
    assert {row["id_event"] for row in bridge_shop.calls()} == {3}
