"""The hold for a missing tax helps: what it says to do works the first time, for all orders."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from orderferry.prestashop.embedded import ShopSeed, plain_products
from orderferry.simulator.catalog import DEMO_CATALOG
from orderferry.simulator.http_server import SimulatorServer
from orderferry.simulator.orders import SimulatedOrder, TaxMode
from orderferry.simulator.shop_life import generate
from orderferry.simulator.world import World
from support.installation import Installed, install
from support.shop_database import ShopDatabase

SKUS = [item.sku for item in DEMO_CATALOG]
DAY = '[observation]\nwindow = "2d"'


def taxed_by_amazon(order: Any) -> SimulatedOrder:
    """The order as Amazon states it for a seller in its VAT Calculation Service."""
    assert isinstance(order, SimulatedOrder)
    return replace(order, tax_mode=TaxMode.INSIDE)


@pytest.fixture
def amazon() -> Iterator[SimulatorServer]:
    """Sixty orders of the day before yesterday from four marketplaces."""
    world = generate(11, datetime.now(UTC) - timedelta(days=2), 1, 60, ("IT", "DE", "FR", "ES"))
    with SimulatorServer(World(map(taxed_by_amazon, world))) as server:
        yield server


@pytest.fixture
def italian_shop(shop_database_of: Any) -> ShopDatabase:
    """A shop with Italian taxes alone, and rules for Italy alone."""
    shop: ShopDatabase = shop_database_of("8.2.1", seed=ShopSeed(products=plain_products(SKUS, 1000)))
    foreign = "SELECT id_tax FROM {p}tax_lang WHERE name NOT LIKE '%IT%'"
    shop.execute(f"DELETE FROM {{p}}tax_rule WHERE id_tax IN ({foreign})")
    shop.execute(f"DELETE FROM {{p}}tax WHERE id_tax IN ({foreign})")
    shop.execute("DELETE FROM {p}tax_lang WHERE name NOT LIKE '%IT%'")
    assert set(shop.rows("SELECT DISTINCT rate FROM {p}tax")[0]) == {"rate"}
    return shop


def test_day_one_of_an_italian_shop_is_held_once_and_never_again(
    tmp_path: Path, amazon: SimulatorServer, italian_shop: ShopDatabase
) -> None:
    shop = install(tmp_path, amazon, italian_shop.url, more=DAY)
    first = shop.run("import", "--json")
    assert first.code == 1, first.out + first.err
    orders = first.json["orders"]
    assert orders["seen"] == 60
    assert 20 < orders["held"] < 45
    held = [problem for problem in first.json["problems"] if problem["order_id"]]
    assert {problem["code"] for problem in held} == {"no-vat-rate"}
    assert [problem["message"] for problem in held if "create a tax of" not in problem["message"]] == []
    assert "19.00 %" not in first.out
    assert told_of(shop) >= {"DE 19 %", "FR 20 %", "ES 21 %"}

    made = shop.run("init", "--create-taxes", "--non-interactive")
    assert made.code == 0, made.err
    assert "DE: 19 %, 7 %" in made.out
    assert "taxes created. The next run imports what was held for them." in made.out

    second = shop.run("import", "--json")
    assert second.code == 0, second.out
    assert second.json["open"]["held"] == 0
    assert second.json["orders"]["created"] == orders["held"]
    assert foreign_rows(italian_shop) == []
    again = shop.run("init", "--create-taxes", "--non-interactive")
    assert again.code == 0
    assert "nothing was created" in again.out
    assert told_of(shop) == set()


def told_of(shop: Installed) -> set[str]:
    """The standard rates that `check` says are missing."""
    checks = shop.run("check", "--json").json["checks"]
    told = [check["message"] for check in checks if check["name"] == "vat" and "no tax of its own" in check["message"]]
    rates = "; ".join(told).partition("rates: ")[2].partition(". ")[0].split("; ")
    return {rate.partition(",")[0] for rate in rates if rate}


def foreign_rows(shop: ShopDatabase) -> list[Any]:
    """Lines whose tax is named for another country than the one that the order goes to."""
    return shop.rows(
        "SELECT c.iso_code, n.name FROM {p}orders o JOIN {p}address a ON a.id_address = o.id_address_delivery"
        " JOIN {p}country c ON c.id_country = a.id_country JOIN {p}order_detail d ON d.id_order = o.id_order"
        " JOIN {p}order_detail_tax t ON t.id_order_detail = d.id_order_detail"
        " JOIN {p}tax x ON x.id_tax = t.id_tax AND x.rate > 0"
        " JOIN {p}tax_lang n ON n.id_tax = t.id_tax AND n.id_lang = 1"
        " WHERE n.name NOT LIKE CONCAT('% ', c.iso_code, ' %')"
    )


def test_where_amazon_calculates_the_vat_is_told_once_kept_and_shown(
    tmp_path: Path, amazon: SimulatorServer, italian_shop: ShopDatabase
) -> None:
    shop = install(tmp_path, amazon, italian_shop.url, more=DAY, marketplaces=("IT",))
    said = "Amazon calculates the VAT on the marketplace IT"
    assert shop.run("import", "--dry-run").out.count(said) == 1
    told = shop.run("-v", "import")
    assert told.err.count(said) == 1
    assert italian_shop.value("SELECT value FROM {p}orderferry_state WHERE name = 'vat-by-amazon'").startswith("IT=")
    assert said not in shop.run("-v", "import").err
    checks = shop.run("check", "--json").json["checks"]
    assert any("Amazon calculates the VAT on IT (order " in check["message"] for check in checks)
