"""Shops with the bridge: a folder that the bridge's user can enter, wherever the tests themselves run."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from support.bridge import BridgeShop
from support.shop_database import ShopDatabase


@pytest.fixture
def bridge_shop_of(shop_database_of: Callable[..., ShopDatabase]) -> Iterator[Callable[..., BridgeShop]]:
    """Makes shops with the double and the bridge: `bridge_shop_of("9.1.4", seed=MULTISHOP)`."""
    places: list[Path] = []
    shops: list[BridgeShop] = []

    def create(*version: str, ready: bool = True, **options: Any) -> BridgeShop:
        # Not below pytest's own folder, which only this user may enter.
        places.append(Path(tempfile.mkdtemp(prefix="orderferry-bridge-")))
        places[-1].chmod(0o755)
        shops.append(BridgeShop.create(places[-1], shop_database_of(*version, **options), ready=ready))
        return shops[-1]

    yield create
    for shop in shops:
        shop.close()
    for place in places:
        shutil.rmtree(place)


@pytest.fixture
def bridge_shop(bridge_shop_of: Callable[..., BridgeShop]) -> BridgeShop:
    """A shop of 8.2.1."""
    return bridge_shop_of()
