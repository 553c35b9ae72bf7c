"""`show`: one order in each of its states, with and without Amazon, the shop and the ledger."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from orderferry.domain.orders import Channel
from orderferry.prestashop.sample_shop import ShopSeed, plain_products
from orderferry.simulator.http_server import SimulatorServer
from orderferry.simulator.orders import EventKind, Line, RawOrder
from orderferry.simulator.people import person_of
from orderferry.simulator.world import World
from support.checked_installation import CheckedInstallation
from support.shop_databases import ShopDatabases
from support.simulated import simulated_order, verified

PLACED = datetime.now(UTC).replace(microsecond=0) - timedelta(hours=6)
WAITING, READY, UNKNOWN_SKU, FBA, UNEVEN = (f"302-0000000-{number:07d}" for number in range(1, 6))
NOBODYS = "302-9999999-9999999"


def uneven(order_id: str) -> RawOrder:
    """An order whose grand total is not what its parts add up to."""
    model = simulated_order(5, verified(minutes=30), placed=PLACED)
    found = World([model]).find(model.order_id, PLACED + timedelta(hours=2))
    assert found is not None
    document = copy.deepcopy(found[1])
    document["orderId"] = order_id
    document["proceeds"]["grandTotal"]["amount"] = "99.99"
    return RawOrder(document)


@pytest.fixture
def installation(tmp_path: Path, shop_databases: ShopDatabases) -> Iterator[CheckedInstallation]:
    """A shop that has imported what it could, for a test that changes something."""
    with imported(tmp_path, shop_databases) as made:
        yield made


@pytest.fixture(scope="module")
def looked_at(tmp_path_factory: pytest.TempPathFactory, shop_databases: ShopDatabases) -> Iterator[CheckedInstallation]:
    """The same, for all tests that only look."""
    with imported(tmp_path_factory.mktemp("looked-at"), shop_databases) as made:
        yield made


@contextmanager
def imported(folder: Path, shop_databases: ShopDatabases) -> Iterator[CheckedInstallation]:
    shop = shop_databases.create("8.2.1", seed=ShopSeed(products=plain_products(["SKU-1"])))
    world = World(
        [
            simulated_order(1, placed=PLACED),
            simulated_order(2, verified(minutes=30), placed=PLACED),
            simulated_order(3, verified(minutes=30), placed=PLACED, lines=[Line("NO-SUCH", 1, Decimal(5))]),
            simulated_order(4, verified(minutes=30), placed=PLACED, channel=Channel.FBA),
            uneven(UNEVEN),
        ]
    )
    with SimulatorServer(world) as server, pytest.MonkeyPatch.context() as monkeypatch:
        checked = CheckedInstallation(folder, server, shop, monkeypatch)
        code, out = checked.run("import", "--json")
        assert code == 1
        assert json.loads(out)["orders"] == {
            "seen": 5,
            "created": 1,
            "updated": 0,
            "unchanged": 0,
            "waiting": 2,
            "held": 2,
            "failed": 0,
            "ignored": 0,
        }
        yield checked
    shop_databases.give_back(shop)


def shown(checked: CheckedInstallation, order_id: str, *words: str, code: int = 0) -> dict[str, Any]:
    found, out = checked.run("show", order_id, "--json", *words)
    document: dict[str, Any] = json.loads(out)
    assert found == document["exit_code"] == code
    assert document["order_id"] == order_id
    assert document.keys() == {
        *("order_id", "known", "ledger", "history", "shop", "amazon", "amazon_asked", "next", "problems", "exit_code")
    }
    person = person_of(order_id, "DE")
    assert person.name not in out
    return document


@pytest.mark.parametrize(
    ("order_id", "state", "action", "why"),
    [
        (WAITING, "waiting", "wait", "payment or verification pending"),
        (FBA, "waiting", "wait", "not shipped"),
        (UNKNOWN_SKU, "held", "hold", "NO-SUCH"),
        (UNEVEN, "held", "hold", "grandTotal 99.99"),
        (READY, "imported", "unchanged", "imported as order"),
    ],
)
def test_as_last_known(looked_at: CheckedInstallation, order_id: str, state: str, action: str, why: str) -> None:
    calls = looked_at.server.requests.count("getOrder")
    document = shown(looked_at, order_id)
    assert document["ledger"]["state"] == state
    assert document["next"]["action"] == action
    assert why in document["next"]["why"]
    assert [line["event"] for line in document["history"]] == ["seen", "judged"]
    assert document["history"][-1]["state"] == state
    assert document["amazon"] is None
    assert not document["amazon_asked"]
    assert looked_at.server.requests.count("getOrder") == calls


@pytest.mark.parametrize(
    ("order_id", "action", "why"),
    [
        (WAITING, "wait", "released"),
        (FBA, "wait", "not shipped"),
        (UNKNOWN_SKU, "hold", "NO-SUCH"),
        (UNEVEN, "hold", "ITEM"),  # the figures
        (READY, "unchanged", "all that Amazon says"),
    ],
)
def test_with_amazons_answer_of_now(looked_at: CheckedInstallation, order_id: str, action: str, why: str) -> None:
    calls = looked_at.server.requests.count("getOrder")
    before = looked_at.shop.counts()
    document = shown(looked_at, order_id, "--refresh")
    assert document["next"]["action"] == action
    assert why in document["next"]["why"]
    assert document["amazon"]["readable"]
    assert looked_at.server.requests.count("getOrder") == calls + 1
    assert looked_at.shop.counts() == before


def test_what_would_be_written_is_told_and_then_is(installation: CheckedInstallation) -> None:
    installation.server.world.change(WAITING, EventKind.VERIFIED, datetime.now(UTC) - timedelta(minutes=1))
    document = shown(installation, WAITING, "--refresh")
    assert document["next"]["action"] == "create"
    assert any("order of 1 line" in change for change in document["next"]["changes"])
    assert document["shop"]["marker"] is None
    assert shown(installation, WAITING)["ledger"]["state"] == "waiting"  # only the quota was written
    assert json.loads(installation.run("import", "--order", WAITING, "--json")[1])["orders"]["created"] == 1
    after = shown(installation, WAITING)
    assert after["shop"]["marker"]["order_stands"]


def test_the_rows_of_an_imported_order_are_there_and_masked(looked_at: CheckedInstallation) -> None:
    rows = shown(looked_at, READY)["shop"]["rows"]
    assert rows["order_payment"][0]["transaction_id"] == READY
    assert rows["customer"][0]["lastname"] == "***"
    assert rows["address"][0]["address1"] == "***"
    assert {"orders", "order_detail", "order_history", "orderferry_order", "cart"} <= rows.keys()


def test_rows_are_verified_when_asked_for(installation: CheckedInstallation) -> None:
    assert shown(installation, READY)["shop"]["findings"] is None
    assert shown(installation, READY, "--verify")["shop"]["findings"] == []
    assert shown(installation, READY, "--verify")["shop"]["moved_by_edits"] == []
    assert shown(installation, READY)["shop"]["moved_by_edits"] is None
    installation.shop.execute("UPDATE {p}orders SET total_paid = total_paid + 1")
    findings = shown(installation, READY, "--verify", code=1)["shop"]["findings"]
    assert [finding["place"] for finding in findings] == ["orders.total_paid"]
    code, out = installation.run("show", READY, "--verify")
    assert (code, "Verified: 1 finding\n  orders.total_paid: " in out) == (1, True)
    assert shown(installation, WAITING, "--verify")["shop"]["findings"] is None


def test_a_held_order_whose_cause_is_gone(installation: CheckedInstallation) -> None:
    installation.shop.execute("UPDATE {p}product SET reference = 'NO-SUCH' WHERE reference = 'SKU-1'")
    document = shown(installation, UNKNOWN_SKU)
    assert document["next"]["action"] == "look"
    assert "gone from the shop" in document["next"]["why"]
    assert shown(installation, UNKNOWN_SKU, "--refresh")["next"]["action"] == "create"


def test_an_order_that_was_deleted_in_the_shop(installation: CheckedInstallation) -> None:
    installation.shop.execute("DELETE FROM {p}orders")
    for words in ((), ("--refresh",)):
        document = shown(installation, READY, *words)
        assert document["next"]["action"] == "hold"
        assert "deleted in the shop" in document["next"]["why"]
        assert f"import --order {READY}" in document["next"]["hint"]
        assert not document["shop"]["marker"]["order_stands"]


def test_an_order_that_a_person_set_aside(installation: CheckedInstallation) -> None:
    installation.run("ignore", UNKNOWN_SKU, "--reason", "a test order")
    document = shown(installation, UNKNOWN_SKU)
    assert document["next"]["action"] == "ignore"
    assert "a test order" in document["next"]["why"]
    assert "--undo" in document["next"]["hint"]
    assert document["history"][-1]["run"] is None


def test_an_order_of_another_importers(installation: CheckedInstallation) -> None:
    installation.shop.execute(
        "UPDATE {p}order_payment SET transaction_id = :id WHERE transaction_id = :old", id=NOBODYS, old=READY
    )
    document = shown(installation, NOBODYS)
    assert document["shop"]["other_importer"]
    assert document["next"]["action"] == "ignore"


@pytest.mark.parametrize("words", [(), ("--refresh",)])
def test_an_order_that_nobody_knows(looked_at: CheckedInstallation, words: tuple[str, ...]) -> None:
    document = shown(looked_at, NOBODYS, *words, code=1)
    assert not document["known"]
    assert document["amazon_asked"] is bool(words)


def test_without_the_shop_the_rest_is_told_with_its_exit_code(installation: CheckedInstallation) -> None:
    installation.shop.execute("DROP TABLE {p}order_payment")
    for words in ((), ("--refresh",)):
        document = shown(installation, READY, *words, code=5)
        assert document["ledger"]["state"] == "imported"
        assert document["shop"] is None
        assert "could not be asked" in document["next"]["why"]
        assert (document["amazon"] is not None) is bool(words)
    assert shown(installation, NOBODYS, code=5)["known"] is False


def test_without_amazon_the_rest_is_told_with_its_exit_code(installation: CheckedInstallation) -> None:
    installation.server.stop()
    document = shown(installation, WAITING, "--refresh", code=4)
    assert document["ledger"]["state"] == "waiting"
    assert document["next"]["action"] == "wait"
    assert document["problems"][0]["code"] == "amazon-unavailable"


def test_without_a_ledger_the_shop_and_amazon_are_told_and_none_is_made(installation: CheckedInstallation) -> None:
    installation.installed.ledger.unlink()
    for beside in installation.folder.glob("*-wal"):
        beside.unlink()
    document = shown(installation, READY, "--refresh")
    assert document["ledger"] is None
    assert document["shop"]["marker"]["order_stands"]
    assert document["next"]["action"] == "unchanged"
    assert not installation.installed.ledger.exists()


def test_people_read_it_from_top_to_bottom(looked_at: CheckedInstallation) -> None:
    code, out = looked_at.run("show", UNKNOWN_SKU, "--refresh")
    assert code == 0
    lines = out.splitlines()
    assert lines[0] == f"Order {UNKNOWN_SKU} (DE, shipped by the shop)"
    placed = PLACED.astimezone(ZoneInfo("Europe/Rome"))
    assert lines[1] == f"  placed       {placed:%Y-%m-%d %H:%M} (Europe/Rome)"
    assert lines[2].startswith("  total        ")
    assert lines[2].endswith(" EUR")
    assert lines[3] == "  products     1 x NO-SUCH"
    assert lines[4].startswith("  at Amazon    unshipped, changed ")
    assert lines[5] == "  in the shop  not there"
    assert lines[6].startswith("  orderferry   held (unknown-sku) since ")
    heads = [line.split(":")[0] for line in lines if not line.startswith(" ")]
    assert heads == [lines[0], "What happened", "What to do", "The next run"]
    assert max(map(len, lines)) <= 80
    assert not re.search(r"\d\dT\d\d:", out), "every time is the shop's"


def test_rows_and_digests_are_for_those_who_ask(looked_at: CheckedInstallation) -> None:
    _, out = looked_at.run("show", READY)
    assert re.search(r"^  in the shop  order \d+, \w", out, re.M), "with the name of its state"
    assert re.search(r"^  products     \d+ x SKU-1$", out, re.M)
    assert "order_detail: " not in out
    assert "digest" not in out
    _, whole = looked_at.run("show", READY, "--rows")
    assert whole.startswith(out)
    assert "  order_detail: " in whole
    assert "digest" in whole
    assert max(map(len, whole.splitlines())) <= 80
