"""The scenes of the proofs, each played once in a session."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from orderferry.simulator.world import World
from support.crash_story import with_fees
from support.scenes import FileCopy, Scene, first_run_scene, story_scene
from support.shop_database import ShopDatabase
from support.shop_databases import ShopDatabases


@pytest.fixture(scope="session")
def scene(tmp_path_factory: pytest.TempPathFactory, shop_databases: ShopDatabases) -> Iterator[Scene]:
    """The story on MariaDB."""
    shop = shop_databases.create()
    with story_scene(tmp_path_factory.mktemp("story"), shop, shop_databases.snapshot) as played:
        yield played
    shop_databases.give_back(shop)


@pytest.fixture(scope="session")
def first_scene(tmp_path_factory: pytest.TempPathFactory, shop_databases: ShopDatabases) -> Iterator[Scene]:
    """A first run on MariaDB."""
    shop = shop_databases.create()
    with first_run_scene(tmp_path_factory.mktemp("first"), shop, shop_databases.snapshot) as played:
        yield played
    shop_databases.give_back(shop)


@pytest.fixture(scope="session")
def fees_scene(tmp_path_factory: pytest.TempPathFactory, shop_databases: ShopDatabases) -> Iterator[Scene]:
    """A first run on MariaDB that needs hidden products for fees."""
    shop = shop_databases.create()
    world = World(with_fees())
    with first_run_scene(tmp_path_factory.mktemp("fees"), shop, shop_databases.snapshot, world) as played:
        yield played
    shop_databases.give_back(shop)


@pytest.fixture(scope="session")
def paged_scene(tmp_path_factory: pytest.TempPathFactory, _sqlite_template: Path) -> Iterator[Scene]:
    """The story on an embedded shop, with pages of four orders and a short patience with Amazon."""
    folder = tmp_path_factory.mktemp("paged")
    path = shutil.copy(_sqlite_template, folder / "shop.sqlite")
    shop = ShopDatabase(f"sqlite:///{path}", "ps_", "8.2.1")
    copy = partial(FileCopy, beside=folder / "before-shop.sqlite")
    with story_scene(folder, shop, copy, lines={"amazon": 'timeout = "1s"'}, page_size=4) as played:
        yield played
