"""What a run imports: little where it finds nothing new, and all that writing needs before it writes."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from orderferry.prestashop.embedded import ShopSeed, plain_products
from orderferry.simulator.catalog import DEMO_CATALOG
from orderferry.simulator.http_server import SimulatorServer
from orderferry.simulator.shop_life import generate
from support.installation import Installed, install
from support.shop_database import ShopDatabase

# The program, which prints at its end what it has imported.
PROGRAM = """
import atexit, json, sys
atexit.register(lambda: print(json.dumps(sorted(sys.modules)), file=sys.stderr))
from orderferry.cli.main import main
main()
"""
# The same, after what many shops in one call share, and the rooms that are imported with the first order.
AT_ONCE = """
import json, sys
from orderferry import bootstrap
from orderferry.cli import import_commands
bootstrap.preload()
import orderferry.prestashop.workshop
print(json.dumps(sorted(sys.modules)), file=sys.stderr)
"""
SEED = ShopSeed(products=plain_products([item.sku for item in DEMO_CATALOG], 1000))
OF_ORDERS = "orderferry.prestashop.workshop"


@pytest.fixture
def amazon() -> Iterator[SimulatorServer]:
    start = datetime.now(UTC) - timedelta(days=2)
    with SimulatorServer(generate(5, start, 2, 10, ("IT", "DE")), usage_plans=False) as server:
        yield server


@pytest.fixture
def shop(shop_database_of: Callable[..., ShopDatabase]) -> ShopDatabase:
    return shop_database_of(seed=SEED)


@pytest.fixture
def installed(amazon: SimulatorServer, shop: ShopDatabase, tmp_path: Path) -> Installed:
    return install(tmp_path, amazon, shop.url, marketplaces=("IT", "DE"))


def imported(installed: Installed, *words: str) -> set[str]:
    done = installed.run_words([sys.executable, "-c", PROGRAM, "-c", str(installed.configuration), *words])
    assert done.code in {0, 1}, done.err[:1000]  # 1: an order is held
    return set(json.loads(done.err.splitlines()[-1]))


def test_a_run_with_nothing_new_leaves_alone_what_orders_need(installed: Installed) -> None:
    assert OF_ORDERS in imported(installed, "import")

    idle = imported(installed, "import")

    rooms = {name.split(".")[2] for name in idle if name.startswith("orderferry.prestashop.")}
    assert not idle & {OF_ORDERS, "orderferry.prestashop.planning.framing", "orderferry.prestashop.writing.write_order"}
    assert not rooms & {"embedded", "checking", "auditing", "forgetting", "adopting"}
    assert not idle & {"rich", "dateutil", "multiprocessing", "logging.handlers", "orderferry.ledger.lease"}


def test_an_embedded_shop_needs_no_driver_of_a_server(
    amazon: SimulatorServer, sqlite_shop: ShopDatabase, tmp_path: Path
) -> None:
    assert not imported(install(tmp_path, amazon, sqlite_shop.url), "recheck") & {"pymysql", "cryptography"}


def test_nothing_of_the_program_is_imported_between_an_order_s_statements(installed: Installed) -> None:
    """A program that is half replaced must be noticed before a transaction begins: all of it comes with the first
    order."""
    at_once = installed.run_words([sys.executable, "-c", AT_ONCE])
    known = set(json.loads(at_once.err))

    late = {name for name in imported(installed, "import") - known if name.startswith("orderferry.prestashop")}

    # The specimen of an order is tried when the shop is opened, before the first one.
    assert late <= {"orderferry.prestashop.planning.required_columns"}


def test_a_module_s_column_that_comes_later_stops_the_next_run_all_the_same(
    installed: Installed, shop: ShopDatabase
) -> None:
    """Columns that have passed are not tried again, as long as they are the same."""
    assert installed.run("import").code == 0
    assert "orderferry.prestashop.planning.required_columns" not in imported(installed, "import")

    shop.execute("ALTER TABLE {p}orders ADD COLUMN surprise UUID NOT NULL")  # a type without a neutral value
    for _ in range(2):  # what was refused is not remembered
        refused = installed.run("import", "--json")
        assert refused.code == 5
        assert "orders.surprise" in refused.out
    shop.execute("ALTER TABLE {p}orders MODIFY COLUMN surprise UUID DEFAULT NULL")

    assert installed.run("import").code == 0
