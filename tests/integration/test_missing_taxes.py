"""The hold for a missing tax helps: what it says to do works the first time, for all orders."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from orderferry.prestashop.sample_shop import ShopSeed, plain_products
from orderferry.simulator.catalog import DEMO_CATALOG
from orderferry.simulator.http_server import SimulatorServer
from orderferry.simulator.orders import Event, EventKind, Line, SimulatedOrder, TaxMode
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
    """Forty-five orders of the day before yesterday from four marketplaces."""
    world = generate(11, datetime.now(UTC) - timedelta(days=2), 1, 45, ("IT", "DE", "FR", "ES"))
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
    assert orders["seen"] == 45
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


# Where it goes, at which rate; what `init` then says, and under which tax the order stands.
PLACES = {
    "AT": ("DE", "AT", "1010", "13", "AT: 20 %, 13 %, 10 %, 4.9 %", "IVA AT 13%"),
    "Azores": ("ES", "PT", "9500-321", "16", "PT-20: 16 %, 9 %, 4 %", "IVA PT-20 16%"),
    "Corsica": ("FR", "FR", "20090", "0.9", "FR-20R: 13 %, 0.9 %", "IVA FR-20R 0.9%"),
    "Northern Ireland": ("DE", "GB", "BT1 5GS", "20", "XI: 20 %, 5 %", "IVA XI 20%"),
    "Monaco": ("FR", "FR", "98000", "5.5", "FR: 20 %, 10 %, 5.5 %, 2.1 %", "IVA FR 5.5%"),
    "Greece": ("DE", "GR", "10431", "13", "GR: 24 %, 17 %, 13 %, 6 %, 4 %", "IVA GR 13%"),
    "at home": ("IT", "IT", "20121", "5", "IT: 5 %", "IVA IT 5%"),
    "Spain, within a cent of Italy's rate": ("ES", "ES", "28001", "21", "ES: 21 %, 10 %, 4 %", "IVA ES 21%"),
}


@pytest.fixture
def far_and_wide() -> Iterator[SimulatorServer]:
    """An order to each of PLACES."""
    placed = datetime.now(UTC) - timedelta(hours=30)
    orders = [
        SimulatedOrder(
            f"404-0000000-000000{number}",
            marketplace,
            placed,
            (Line(SKUS[0], 10, Decimal("0.91") if country == "ES" else Decimal(50)),),
            country=country,
            tax_rate=Decimal(rate),
            address=(("postalCode", postcode), ("stateOrRegion", "")),
        ).with_event(Event(EventKind.VERIFIED, 60))
        for number, (marketplace, country, postcode, rate, _, _) in enumerate(PLACES.values(), 1)
    ]
    with SimulatorServer(World(orders)) as server:
        yield server


def test_one_remedy_brings_orders_to_regions_territories_and_at_reduced_rates(
    tmp_path: Path, far_and_wide: SimulatorServer, italian_shop: ShopDatabase
) -> None:
    italian_shop.execute(  # as the localisation pack has it
        "INSERT INTO {p}tax_rule (id_tax_rules_group, id_country, id_state, zipcode_from, zipcode_to, id_tax, behavior,"
        " description) SELECT r.id_tax_rules_group, c.id_country, 0, '0', '0', r.id_tax, 0, ''"
        " FROM {p}tax_rule r JOIN {p}country c ON c.iso_code = 'ES'"
    )
    shop = install(tmp_path, far_and_wide, italian_shop.url, more=DAY)
    first = shop.run("import", "--json")
    assert (first.json["orders"]["seen"], first.json["orders"]["held"]) == (len(PLACES), len(PLACES)), taxes_of_orders(
        italian_shop
    )
    assert {problem["code"] for problem in first.json["problems"] if problem["order_id"]} == {"no-vat-rate"}
    (told,) = [check for check in vat_checks(shop) if "no tax of its own" in check["message"]]
    assert told["result"] == "warning"

    made = shop.run("init", "--create-taxes", "--non-interactive")
    assert made.code == 0, made.err
    for *_, shown, _ in PLACES.values():
        assert f"  {shown}" in made.out.splitlines()
        assert shown.replace(":", "") in told["message"]

    second = shop.run("import", "--json")
    assert second.code == 0, second.out
    assert second.json["open"]["held"] == 0
    booked = {row["amazon_order_id"]: row["name"] for row in taxes_of_orders(italian_shop)}
    assert list(booked.values()) == [tax for *_, tax in PLACES.values()]
    assert "nothing was created" in shop.run("init", "--create-taxes", "--non-interactive").out
    assert told_of(shop) == set()
    italian_shop.execute(
        "UPDATE {p}tax SET active = 0 WHERE id_tax IN"
        " (SELECT id_tax FROM {p}tax_lang WHERE name IN ('IVA AT 4.9%', 'IVA PT-20 9%', 'IVA XI 5%'))"
    )
    assert told_of(shop) == {"AT 4.9 %", "PT-20 9 %", "XI 5 %"}  # where orders went, though none is held now


def taxes_of_orders(shop: ShopDatabase) -> list[Any]:
    """The Italian name of the tax of each order's only line, by Amazon's order id."""
    return shop.rows(
        "SELECT m.amazon_order_id, n.name FROM {p}orderferry_order m"
        " JOIN {p}order_detail d ON d.id_order = m.id_order"
        " JOIN {p}order_detail_tax t ON t.id_order_detail = d.id_order_detail"
        " JOIN {p}tax_lang n ON n.id_tax = t.id_tax"
        " JOIN {p}lang l ON l.id_lang = n.id_lang AND l.iso_code = 'it' ORDER BY m.amazon_order_id"
    )


def vat_checks(shop: Installed) -> list[Any]:
    return [check for check in shop.run("check", "--json").json["checks"] if check["name"] == "vat"]


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
    (invoices,) = [check for check in checks if check["name"] == "states-invoice"]
    assert invoices["result"] == "warning"
    assert "Amazon calculates the VAT on IT and may write the invoices there" in invoices["message"]
