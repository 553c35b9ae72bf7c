"""`status` in all its forms, after runs of a real installation."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from orderferry import __version__
from orderferry.prestashop.sample_shop import ShopSeed, plain_products
from orderferry.simulator.catalog import DEMO_CATALOG
from orderferry.simulator.http_server import SimulatorServer
from orderferry.simulator.shop_life import generate
from support.installation import Installed, install
from support.simulated import READY_REPORTS
from support.sqlite_shop import sqlite_shop_in

SKUS = [item.sku for item in DEMO_CATALOG]
METRIC = re.compile(r'^[a-z_]+\{([a-z]+="[^"]*",)*shop="config"(,[a-z]+="[^"]*")*\} -?\d+\.\d+(e\+\d+)?$')


@pytest.fixture
def installed(tmp_path: Path) -> Iterator[Installed]:
    shop = sqlite_shop_in(tmp_path, ShopSeed(products=plain_products(SKUS[1:], 500)))
    world = generate(3, datetime.now(UTC) - timedelta(days=1), 1, 30, ("IT", "DE", "FR", "ES"))
    with SimulatorServer(world, report_rules=READY_REPORTS) as server:
        yield install(tmp_path, server, shop.url)


def test_before_the_first_run_there_is_nothing_to_tell(installed: Installed) -> None:
    finished = installed.run("status")
    assert finished.code == 6
    assert "orderferry import" in finished.err
    nagios = installed.run("status", "--nagios")
    assert nagios.code == 3
    assert nagios.out.startswith("ORDERFERRY UNKNOWN - ")


def test_after_a_run_with_held_orders_every_form_tells_the_same(installed: Installed) -> None:
    assert installed.run("import").code == 1
    told = installed.run("status", "--json")
    document = told.json
    assert told.code == document["exit_code"] == 1
    assert document["healthy"] is False
    held = document["open"]["held"]
    assert held > 0
    assert set(document) >= {"healthy", "commands", "coverage", "gaps", "open", "quota", "exit_code"}
    nagios = installed.run("status", "--nagios")
    assert nagios.code == 1
    assert f"held={held}" in nagios.out.split(" | ")[1]
    assert nagios.out.count("\n") == 1
    plain = installed.run("status")
    assert plain.code == 1
    assert SKUS[0] in plain.out
    assert plain.out.startswith("Bottega di prova, ")
    assert "(Europe/Rome)" in plain.out.splitlines()[0]
    assert max(map(len, plain.out.splitlines())) <= 80


def test_metrics_and_page_are_written_whole_and_hold_no_markup_of_strangers(installed: Installed) -> None:
    installed.run("import")
    metrics, page = installed.folder / "orderferry.prom", installed.folder / "status.html"
    assert installed.run("status", "--prometheus", str(metrics), "--html", str(page)).code == 1
    samples = [line for line in metrics.read_text().splitlines() if not line.startswith("#")]
    assert samples
    for line in samples:
        assert METRIC.match(line), line
    assert 'orderferry_healthy{shop="config"} 0.0' in samples
    document = page.read_text()
    assert document.count("<svg") == 8, "a strip for each marketplace and channel"
    assert "<script" not in document
    assert SKUS[0] in document
    assert "<title>orderferry: Bottega di prova</title>" in document
    assert "<h1>Bottega di prova: Amazon orders</h1>" in document
    assert "(Europe/Rome); orderferry: config" in document
    assert "UTC" not in document, "one clock, the shop's"


def test_a_full_folder_or_missing_one_is_a_sentence(installed: Installed) -> None:
    installed.run("import")
    finished = installed.run("status", "--html", str(installed.folder / "no/such/folder/x.html"))
    assert finished.code == 1
    assert "Traceback" not in finished.err
    assert "no/such/folder" in finished.err


def test_a_late_command_is_critical_to_nagios(installed: Installed) -> None:
    for _ in range(3):
        installed.run("import")
    with closing(sqlite3.connect(installed.ledger)) as connection, connection:
        connection.execute("UPDATE runs SET started = '2026-01-0' || id || 'T00:00:00.000Z'")
    nagios = installed.run("status", "--nagios")
    assert nagios.code == 2
    assert "late: import" in nagios.out


def ship_in_the_shop(installed: Installed, *, hours_left: int) -> str:
    """One regular order, unshipped at Amazon, is shipped in the shop; its last day to ship ends so soon."""
    installed.run("import")
    with closing(sqlite3.connect(installed.ledger)) as ledger, ledger:
        order_id, id_order = ledger.execute(
            "SELECT amazon_order_id, id_order FROM orders WHERE state = 'imported' AND amazon_status = 'UNSHIPPED'"
        ).fetchone()
        moment = datetime.now(UTC) + timedelta(hours=hours_left)
        ledger.execute("UPDATE orders SET ship_by = NULL")
        ledger.execute(
            "UPDATE orders SET ship_by = ? WHERE amazon_order_id = ?",
            (f"{moment:%Y-%m-%dT%H:%M:%S}.000Z", order_id),
        )
    with closing(sqlite3.connect(installed.folder / "shop.sqlite")) as shop, shop:
        shop.execute("UPDATE ps_orders SET current_state = 4 WHERE id_order = ?", (id_order,))
    return str(order_id)


def test_what_the_shop_has_shipped_and_amazon_does_not_know_of_is_told_in_every_form(installed: Installed) -> None:
    order_id = ship_in_the_shop(installed, hours_left=5)
    plain = installed.run("status")
    assert f"{order_id} (order" in plain.out
    assert "is shipped in the shop and unshipped at Amazon, where its last day to ship ends in 4h59m" in plain.words
    document = installed.run("status", "--json").json
    assert [entry["order_id"] for entry in document["unconfirmed"]] == [order_id]
    assert "unconfirmed=1" in installed.run("status", "--nagios").out
    metrics, page = installed.folder / "x.prom", installed.folder / "x.html"
    installed.run("status", "--prometheus", str(metrics), "--html", str(page))
    assert 'orderferry_shipments_unconfirmed{shop="config"} 1.0\n' in metrics.read_text()
    assert "Shipped in the shop, unshipped at Amazon" in page.read_text()


def test_what_has_days_left_is_no_matter_and_a_shop_that_is_away_is_a_note(installed: Installed) -> None:
    ship_in_the_shop(installed, hours_left=48)
    assert installed.run("status", "--json").json["unconfirmed"] == []
    ship_in_the_shop(installed, hours_left=-1)
    (installed.folder / "shop.sqlite").rename(installed.folder / "away.sqlite")
    told = installed.run("status")
    assert "Note: Which orders the shop has shipped is unknown: " in told.words
    assert told.code == 1


def test_the_lag_of_the_week_the_version_and_every_command_are_told(installed: Installed) -> None:
    installed.run("import")
    installed.run("compare")
    document = installed.run("status", "--json").json
    assert document["lag"]["orders"] > 0
    assert 0 < document["lag"]["median_seconds"] <= document["lag"]["p95_seconds"] <= document["lag"]["worst_seconds"]
    assert document["version"] == __version__
    assert list(document["commands"]) == ["import", "recheck", "doublecheck", "compare"]
    assert document["commands"]["compare"]["last_success"]
    plain = installed.run("status").out
    assert "From purchase to shop, this week: median " in plain
    assert f"orderferry {__version__}\n" in plain


def test_refused_credentials_are_not_well(installed: Installed) -> None:
    installed.run("import")
    configuration = installed.configuration.read_text()
    installed.configuration.write_text(
        re.sub(r'refresh_token = "[^"]*"', 'refresh_token = "Atzr|wrong"', configuration)
    )
    assert installed.run("import").code == 7
    told = installed.run("status")
    assert told.code == 1
    assert "! import: " in told.out


def test_several_shops_are_told_together_and_one_that_is_unknown_hides_no_other(installed: Installed) -> None:
    installed.run("import")
    fresh = replace(installed, name="fresh").write()
    page, metrics = installed.folder / "all.html", installed.folder / "all.prom"
    told = installed.run(
        "-c", str(fresh.configuration), "status", "--json", "--html", str(page), "--prometheus", str(metrics)
    )
    document = told.json
    assert told.code == document["exit_code"] == 6
    assert [Path(shop["config"]).stem for shop in document["shops"]] == ["config", "fresh"]
    assert document["shops"][0]["open"]["held"] > 0
    assert "orderferry: config" in page.read_text()
    assert metrics.read_text().count("# TYPE orderferry_healthy") == 1
    nagios = installed.run("-c", str(fresh.configuration), "status", "--nagios")
    assert nagios.code == 3
    assert "config WARNING, fresh UNKNOWN" in nagios.out
