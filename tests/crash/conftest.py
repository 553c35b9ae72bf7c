"""Installations that are brought to the run which a proof of tests/crash attacks; each is made once in a session."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import pytest

from orderferry.simulator.world import World
from support.crash_orders import with_fees
from support.crash_scenario import CrashScenario, FileCopy, changes_scenario, first_run_scenario
from support.shop_databases import ShopDatabases
from support.sqlite_shop import sqlite_shop_in


@pytest.fixture(scope="session")
def scenario(tmp_path_factory: pytest.TempPathFactory, shop_databases: ShopDatabases) -> Iterator[CrashScenario]:
    """The changing orders on MariaDB."""
    shop = shop_databases.create()
    with changes_scenario(tmp_path_factory.mktemp("changes"), shop, shop_databases.snapshot) as made:
        yield made
    shop_databases.give_back(shop)


@pytest.fixture(scope="session")
def first_scenario(tmp_path_factory: pytest.TempPathFactory, shop_databases: ShopDatabases) -> Iterator[CrashScenario]:
    """A first run on MariaDB."""
    shop = shop_databases.create()
    with first_run_scenario(tmp_path_factory.mktemp("first"), shop, shop_databases.snapshot) as made:
        yield made
    shop_databases.give_back(shop)


@pytest.fixture(scope="session")
def fees_scenario(tmp_path_factory: pytest.TempPathFactory, shop_databases: ShopDatabases) -> Iterator[CrashScenario]:
    """A first run on MariaDB that needs hidden products for fees."""
    shop = shop_databases.create()
    world = World(with_fees())
    with first_run_scenario(tmp_path_factory.mktemp("fees"), shop, shop_databases.snapshot, world) as made:
        yield made
    shop_databases.give_back(shop)


@pytest.fixture(scope="session")
def paged_scenario(tmp_path_factory: pytest.TempPathFactory) -> Iterator[CrashScenario]:
    """The changing orders on an embedded shop, with pages of four orders and a short patience with Amazon."""
    folder = tmp_path_factory.mktemp("paged")
    shop = sqlite_shop_in(folder)
    copy = partial(FileCopy, beside=folder / "before-shop.sqlite")
    with changes_scenario(folder, shop, copy, lines={"amazon": 'timeout = "1s"'}, page_size=4) as made:
        yield made
