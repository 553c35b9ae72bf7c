"""A module adds a column between two runs."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from orderferry.prestashop.sample_shop import ShopSeed, plain_products
from orderferry.simulator.catalog import DEMO_CATALOG
from orderferry.simulator.http_server import SimulatorServer
from orderferry.simulator.shop_life import generate
from support.installation import install
from support.shop_database import ShopDatabase


def test_a_column_without_a_neutral_value_stops_the_next_run(
    shop_database_of: Callable[..., ShopDatabase], tmp_path: Path
) -> None:
    shop = shop_database_of(seed=ShopSeed(products=plain_products([item.sku for item in DEMO_CATALOG], 1000)))
    start = datetime.now(UTC) - timedelta(days=2)
    with SimulatorServer(generate(5, start, 2, 10, ("IT", "DE")), usage_plans=False) as amazon:
        installed = install(tmp_path, amazon, shop.url, marketplaces=("IT", "DE"))
        assert installed.run("import").code == 0

        shop.execute("ALTER TABLE {p}orders ADD COLUMN surprise UUID NOT NULL")  # a type without a neutral value
        for _ in range(2):  # what was refused is not remembered
            refused = installed.run("import", "--json")
            assert refused.code == 5
            assert "orders.surprise" in refused.out
        shop.execute("ALTER TABLE {p}orders MODIFY COLUMN surprise UUID DEFAULT NULL")

        assert installed.run("import").code == 0
