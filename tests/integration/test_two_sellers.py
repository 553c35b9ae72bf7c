"""One application, several sellers, one shop: what is one seller's must not count for another. Subprocesses, HTTP."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from orderferry.simulator.access import SimulatorCredentials
from orderferry.simulator.clock import Clock
from orderferry.simulator.http_server import SimulatorServer
from orderferry.simulator.world import World
from support.installation import Installed, install
from support.simulated import READY_REPORTS, simulated_order, verified

NOW = datetime.now(UTC).replace(microsecond=0)
SECOND, RENEWED = "Atzr|the-second-seller", "Atzr|the-first-seller-again"


def sold(*numbers: int) -> list[Any]:
    """Regular orders that were released two hours ago, of products that the demo's shop has."""
    return [simulated_order(number, verified(minutes=30), placed=NOW - timedelta(hours=3)) for number in numbers]


@pytest.fixture
def amazon() -> Iterator[SimulatorServer]:
    first = World(sold(1, 2, 3))
    sellers = {SECOND: World(sold(11, 12)), RENEWED: first}
    with SimulatorServer(first, clock=Clock(), other_sellers=sellers, report_rules=READY_REPORTS) as server:
        yield server


def seller(folder: Path, name: str, amazon: SimulatorServer, shop: Any, token: str = "") -> Installed:
    installed = install(folder, amazon, shop.url, name=name, more='[products]\nunknown = "line"')
    if token:
        installed.credentials = replace(installed.credentials, refresh_token=token)
    return installed.write()


def a_day_ago(shop: Any) -> None:
    """Let the shop's orders be of yesterday: what came in the last hours is not compared yet."""
    shop.execute("UPDATE {p}orders SET date_add = :moment", moment=f"{NOW - timedelta(days=1):%Y-%m-%d %H:%M:%S}")


def coverage_begins(installed: Installed) -> str:
    with closing(sqlite3.connect(installed.ledger)) as ledger:
        return str(ledger.execute("SELECT min(covered_from) FROM coverage").fetchone()[0])


def test_the_second_seller_of_a_shop_loses_nothing(tmp_path: Path, amazon: SimulatorServer, sqlite_shop: Any) -> None:
    first = seller(tmp_path, "first", amazon, sqlite_shop)
    assert first.run("import", "--json").json["orders"]["created"] == 3
    second = seller(tmp_path, "second", amazon, sqlite_shop, SECOND)
    document = second.run("import", "--json").json
    assert (document["exit_code"], document["orders"]["created"], document["problems"]) == (0, 2, [])
    assert first.run("import", "--json").json["problems"] == []
    second.ledger.unlink()
    again = second.run("import", "--json").json
    assert [problem["code"] for problem in again["problems"]] == ["ledger-rebuilt"]
    assert again["orders"]["created"] == 0


def test_the_second_seller_loses_nothing_beside_a_shop_of_the_version_before(
    tmp_path: Path, amazon: SimulatorServer, sqlite_shop: Any
) -> None:
    first = seller(tmp_path, "first", amazon, sqlite_shop)
    first.run("import")
    name, text = next(
        (row["name"], row["value"])
        for row in sqlite_shop.rows("SELECT name, value FROM {p}orderferry_state")
        if row["name"].startswith("coverage")
    )
    assert first.credentials.refresh_token not in name + text
    sqlite_shop.execute(
        "UPDATE {p}orderferry_state SET name = 'coverage', value = :text WHERE name = :name",
        name=name,
        text=json.dumps(json.loads(text)["coverage"]),
    )
    with closing(sqlite3.connect(first.ledger)) as ledger, ledger:
        ledger.execute("UPDATE ledger SET seller = NULL")
    second = seller(tmp_path, "second", amazon, sqlite_shop, SECOND)
    document = second.run("import", "--json").json
    assert (document["exit_code"], document["orders"]["created"], document["problems"]) == (0, 2, [])
    document = first.run("import", "--json").json
    assert (document["exit_code"], document["problems"], document["calls"]["searchOrders"]) == (0, [], 1)


def test_another_sellers_token_is_refused_and_a_new_one_of_the_same_seller_goes_on(
    tmp_path: Path, amazon: SimulatorServer, sqlite_shop: Any
) -> None:
    installed = seller(tmp_path, "shop", amazon, sqlite_shop)
    installed.run("import")
    begins, seen = coverage_begins(installed), amazon.requests.count("searchOrders")
    other = seller(tmp_path, "shop", amazon, sqlite_shop, SECOND)
    for command in ("import", "recheck", "doublecheck", "compare"):
        refused = other.run(command)
        assert refused.code == 6, refused.err
        assert "another seller" in refused.err
        assert SECOND not in refused.out + refused.err
    assert amazon.requests.count("searchOrders") == seen
    assert sqlite_shop.value("SELECT COUNT(*) FROM {p}orderferry_order") == 3
    renewed = seller(tmp_path, "shop", amazon, sqlite_shop, RENEWED)
    assert renewed.run("import", "--json").code == 0
    assert coverage_begins(installed) == begins
    assert RENEWED.encode() not in installed.ledger.read_bytes()


def test_a_new_application_of_the_same_seller_goes_on_as_the_sentence_says(
    tmp_path: Path, amazon: SimulatorServer, sqlite_shop: Any
) -> None:
    installed = seller(tmp_path, "shop", amazon, sqlite_shop)
    installed.run("import")
    begins = coverage_begins(installed)
    amazon.logins.credentials = SimulatorCredentials("amzn1.application-oa2-client.another", "another-secret", RENEWED)
    renewed = install(tmp_path, amazon, sqlite_shop.url, name="shop", more=installed.more)
    renewed.credentials = amazon.logins.credentials
    renewed.write()
    for command in ("import", "compare", "status"):
        refused = renewed.run(command)
        assert refused.code == 6, refused.err
        assert f"`mv {renewed.ledger} {renewed.ledger}.old`" in refused.err
    renewed.ledger.rename(f"{renewed.ledger}.old")
    amazon.world.add(sold(4)[0])
    document = renewed.run("import", "--json").json
    assert [problem["code"] for problem in document["problems"]] == ["ledger-rebuilt"]
    assert document["orders"]["created"] == 0, "they are in the shop"
    assert coverage_begins(renewed) == begins
    found = {name: renewed.run(name, "--json").json["orders"]["created"] for name in ("recheck", "doublecheck")}
    assert found == {"recheck": 0, "doublecheck": 1}, "what came before the new ledger is not missed"
    a_day_ago(sqlite_shop)
    document = renewed.run("compare", "--json").json
    assert (document["surplus"], document["missing"], document["shop"]["orders"]) == ([], [], 4)


def test_a_comparison_leaves_out_the_orders_of_the_other_seller(
    tmp_path: Path, amazon: SimulatorServer, sqlite_shop: Any
) -> None:
    """The shop's markers say whose account an order came from, also after a new authorisation."""
    first = seller(tmp_path, "first", amazon, sqlite_shop)
    second = seller(tmp_path, "second", amazon, sqlite_shop, SECOND)
    first.run("import")
    second.run("import")
    a_day_ago(sqlite_shop)
    for installed, orders in ((first, 3), (second, 2)):
        document = installed.run("compare", "--json").json
        assert document["surplus"] == document["missing"] == []
        assert (document["amazon"]["orders"], document["shop"]["orders"]) == (orders, orders)
        assert (document["exit_code"], installed.run("status").code) == (0, 0)
    page = tmp_path / "page.html"
    quiet = first.run("compare", "--html", str(page))
    assert (quiet.code, quiet.out, quiet.err) == (0, "", "")
    assert "2 orders of another Amazon account in this shop: left out here." in page.read_text()


@pytest.mark.parametrize("whose", ["its own", "of a version that did not note it"])
def test_an_order_that_amazon_does_not_know_is_surplus_unless_it_is_another_sellers(
    tmp_path: Path, amazon: SimulatorServer, sqlite_shop: Any, whose: str
) -> None:
    first = seller(tmp_path, "first", amazon, sqlite_shop)
    second = seller(tmp_path, "second", amazon, sqlite_shop, SECOND)
    second.run("import")
    unknown = {str(row["amazon_order_id"]) for row in sqlite_shop.rows("SELECT * FROM {p}orderferry_order")}
    first.run("import")
    a_day_ago(sqlite_shop)
    key = "(SELECT MIN(seller) FROM {p}orderferry_order WHERE amazon_order_id NOT IN (:one, :other))"
    one, other = sorted(unknown)
    sqlite_shop.execute(
        f"UPDATE {{p}}orderferry_order SET seller = {key if whose == 'its own' else repr('')}"
        " WHERE amazon_order_id IN (:one, :other)",
        one=one,
        other=other,
    )
    assert {found["order_id"] for found in first.run("compare", "--json").json["surplus"]} == unknown


def test_a_new_authorisation_loses_no_order_to_another_seller(
    tmp_path: Path, amazon: SimulatorServer, sqlite_shop: Any
) -> None:
    """The markers have the key of the token before it."""
    seller(tmp_path, "shop", amazon, sqlite_shop).run("import")
    a_day_ago(sqlite_shop)
    document = seller(tmp_path, "shop", amazon, sqlite_shop, RENEWED).run("compare", "--json").json
    assert (document["exit_code"], document["amazon"]["orders"], document["shop"]["orders"]) == (0, 3, 3)
