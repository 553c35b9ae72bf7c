"""A module that throws, dies or meddles harms nobody else: it is named, told again later and alone, and never mails."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from support.bridge import BridgeShop

HOOK = "actionValidateOrder"
LATER = "actionOrderStatusPostUpdate"
PERSONAL = ("buyer@example.com", "Via Roma")


def imported_orders(shop: BridgeShop, orders: int = 1) -> None:
    """A module that misbehaves on the first hook, between two that do not."""
    for module in ("before", "bad", "zafter"):
        shop.listen(module, HOOK, LATER)
    for _ in range(orders):
        shop.created(shop.order())


def bad(what: str, **more: Any) -> dict[str, Any]:
    return {"module": "bad", "hook": "ActionValidateOrder", "do": what, **more}


# What a module does, and what is said of it.
MISDEEDS = {
    "throw": "RuntimeException at classes/modules.php:",
    "error": "ArgumentCountError: strlen() expects exactly 1 argument, 0 given at classes/modules.php:",
    "quote": 'Error: no way to [e-mail], tel. [number], of "..." on line 3 at classes/modules.php:',
    "exit": "ended the process: it called exit()",
    "fatal": "ended the process: Allowed memory size",
    "trigger": "ended the process: a fatal error of its own (classes/modules.php:",
}


@pytest.mark.parametrize("what", MISDEEDS)
def test_a_misdeed_is_named_and_harms_nobody_else(bridge_shop: BridgeShop, what: str) -> None:
    imported_orders(bridge_shop)
    bridge_shop.behave(bad(what))
    ended = bridge_shop.run()
    assert ended.returncode == 1
    assert MISDEEDS[what] in ended.stderr
    assert "module bad on actionValidateOrder of event 1 (order 1, 402-0000000-0000001)" in ended.stderr
    assert bridge_shop.heard.count(("bad", HOOK)) == 1
    assert (("bad", LATER) in bridge_shop.heard) == (what in ("throw", "error", "quote")), "set aside after a death"
    assert {("before", HOOK), ("zafter", HOOK), ("before", LATER), ("zafter", LATER)} <= set(bridge_shop.heard)
    (failed,) = bridge_shop.calls(hook=HOOK, module="bad")
    assert failed["state"] == "failed"
    assert failed["message"].startswith(MISDEEDS[what])
    assert failed["next_try"] - failed["ended"] == timedelta(minutes=5)
    assert bridge_shop.position == 1
    for secret in PERSONAL:
        assert secret not in ended.stderr + ended.stdout + str(bridge_shop.calls())


@pytest.mark.parametrize(("what", "kept"), [("babble", "Error:  [2Jx" + "è" * 121), ("latin", "Error: perch? at ")])
def test_words_that_no_table_and_no_terminal_should_get(bridge_shop: BridgeShop, what: str, kept: str) -> None:
    imported_orders(bridge_shop)
    bridge_shop.behave(bad(what))
    ended = bridge_shop.run()
    assert ended.returncode == 1
    (failed,) = bridge_shop.calls(state="failed")
    assert failed["message"].startswith(kept)
    assert not {"\x1b", "\0"} & set(ended.stderr)
    assert ("zafter", LATER) in bridge_shop.heard


def test_what_failed_is_tried_again_alone_and_ever_later(bridge_shop: BridgeShop) -> None:
    imported_orders(bridge_shop)
    bridge_shop.behave(bad("throw"))
    bridge_shop.run()
    waits = []
    for _ in range(9):
        at_once = bridge_shop.run()
        assert (at_once.returncode, at_once.stderr) == (1, ""), "not before its time"
        bridge_shop.forget()
        bridge_shop.time_passes()
        bridge_shop.run()
        assert bridge_shop.heard == [("bad", HOOK)]
        (row,) = bridge_shop.calls(state="failed")
        waits.append(row["next_try"] and (row["next_try"] - row["ended"]).total_seconds() / 60)
    assert waits == [10, 20, 40, 80, 160, 320, 360, 360, None]
    bridge_shop.forget()
    bridge_shop.time_passes()
    assert bridge_shop.run().returncode == 1
    assert bridge_shop.heard == [], "given up after the tenth"
    bridge_shop.behave()
    assert bridge_shop.run("--replay", "failed", "--module", "bad").returncode == 0
    assert bridge_shop.heard == [("bad", HOOK)]


def test_a_time_that_a_wrong_clock_has_stored_does_not_put_a_call_off_for_a_year(bridge_shop: BridgeShop) -> None:
    imported_orders(bridge_shop)
    bridge_shop.behave(bad("throw"))
    bridge_shop.run()
    bridge_shop.forget()
    bridge_shop.sql("UPDATE {p}orderferry_event_call SET next_try = UTC_TIMESTAMP() + INTERVAL 300 DAY")
    bridge_shop.run()
    assert bridge_shop.heard == [("bad", HOOK)]


def test_a_module_that_heals_is_told_and_the_matter_is_closed(bridge_shop: BridgeShop) -> None:
    imported_orders(bridge_shop)
    bridge_shop.behave(bad("throw", at=2))
    assert bridge_shop.run().returncode == 1
    bridge_shop.time_passes()
    healed = bridge_shop.run()
    assert (healed.returncode, healed.stderr) == (0, "")
    assert {row["state"] for row in bridge_shop.calls()} == {"done"}
    assert bridge_shop.calls(hook=HOOK, module="bad")[0]["attempts"] == 2


def test_a_module_that_ends_php_is_set_aside_after_the_first_time(bridge_shop: BridgeShop) -> None:
    imported_orders(bridge_shop, orders=3)
    bridge_shop.behave({"module": "bad", "do": "exit"})
    assert bridge_shop.run().returncode == 1
    assert bridge_shop.heard.count(("bad", HOOK)) == 1, "the process died once, not for each order"
    assert bridge_shop.heard.count(("zafter", LATER)) == 3
    aside = [row for row in bridge_shop.calls(module="bad") if row["message"].startswith("set aside")]
    assert len(aside) == 5
    bridge_shop.time_passes()
    bridge_shop.run()
    assert len([one for one in bridge_shop.heard if one[0] == "bad"]) == 2, "tried again with the same call only"
    bridge_shop.behave()
    bridge_shop.time_passes()
    assert bridge_shop.run().returncode == 0
    assert {row["state"] for row in bridge_shop.calls()} == {"done"}


def test_a_module_that_ends_a_single_process_is_passed_by_the_next(bridge_shop: BridgeShop) -> None:
    imported_orders(bridge_shop)
    bridge_shop.behave(bad("exit"))
    assert bridge_shop.run("--once").returncode == 1
    assert bridge_shop.position == 0
    assert ("zafter", HOOK) not in bridge_shop.heard
    bridge_shop.run("--once")
    assert bridge_shop.position == 1
    assert ("zafter", HOOK) in bridge_shop.heard


@pytest.mark.parametrize("what", ["print", "unbuffer", "context", "mail"])
def test_what_a_module_leaves_behind_is_undone(bridge_shop: BridgeShop, what: str) -> None:
    imported_orders(bridge_shop)
    bridge_shop.behave({"module": "bad", "do": what})
    ended = bridge_shop.run()
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "", "")
    assert {line["mail_method"] for line in bridge_shop.log} == {3}
    contexts = [line["context"] for line in bridge_shop.log]
    assert all(context == contexts[0] for context in contexts)
    assert {line["folder"] for line in bridge_shop.log} == {str(bridge_shop.folder)}


def test_no_mail_leaves_by_prestashop_or_by_php(bridge_shop: BridgeShop) -> None:
    bridge_shop.sql("INSERT INTO {p}configuration (name, value) VALUES ('PS_MAIL_METHOD', '1')")
    bridge_shop.sql(
        "INSERT INTO {p}configuration (name, value, id_shop, id_shop_group) VALUES ('PS_MAIL_METHOD', '2', 1, 1)"
    )
    imported_orders(bridge_shop)
    bridge_shop.behave({"do": "mail"})
    bridge_shop.run()
    assert {line["mail_method"] for line in bridge_shop.log} == {3}
    assert {line["sendmail"] for line in bridge_shop.log} <= {"/bin/true", "/usr/bin/true"}
    stored = bridge_shop.sql("SELECT value FROM {p}configuration WHERE name = 'PS_MAIL_METHOD' ORDER BY 1").scalars()
    assert list(stored) == ["1", "2"], "the web side goes on mailing"


def test_nothing_that_writes_is_ever_called(bridge_shop: BridgeShop) -> None:
    before = bridge_shop.database.counts()
    imported_orders(bridge_shop)
    bridge_shop.run()
    assert not [line for line in bridge_shop.log if "wrote" in line]
    after = bridge_shop.database.counts()
    ours = {"orderferry_event", "orderferry_event_call", "orderferry_event_consumer"}
    scenery = {"module", "module_shop", "hook", "hook_module"}
    orders = {name for name in after if name.startswith("order") and not name.startswith("orderferry")}
    changed = {name for name in after if after[name] != before.get(name)}
    assert changed <= ours | scenery | orders | {"customer", "address", "cart"}


def test_an_order_that_lost_a_row_is_tried_again_as_a_whole(bridge_shop: BridgeShop) -> None:
    imported_orders(bridge_shop)
    bridge_shop.listen("erp", "actionObjectOrderInvoiceAddAfter")
    bridge_shop.configure(hooks_add="actionObjectOrderInvoiceAddAfter")
    row = bridge_shop.sql("SELECT * FROM {p}order_invoice").mappings().one()
    bridge_shop.sql("DELETE FROM {p}order_invoice")
    missing = bridge_shop.run()
    assert missing.returncode == 1
    assert "there is no OrderInvoice" in missing.stderr
    heard = len(bridge_shop.heard)
    assert bridge_shop.position == 1
    bridge_shop.sql(
        "INSERT INTO {p}order_invoice (id_order_invoice, id_order) VALUES (:number, :order)",
        number=row["id_order_invoice"],
        order=row["id_order"],
    )
    bridge_shop.time_passes()
    assert bridge_shop.run().returncode == 0
    assert ("erp", "actionObjectOrderInvoiceAddAfter") in bridge_shop.heard
    assert len(set(bridge_shop.heard)) == len(bridge_shop.heard) > heard
