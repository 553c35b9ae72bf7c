"""The building blocks of the benchmarks still fit together: no figure is judged here."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from support.mariadb import MariadbServer
from support.shop_databases import ShopDatabases

ROOT = Path(__file__).parents[2]


@pytest.fixture
def _findable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(ROOT))
    monkeypatch.setattr(sys, "path", sys.path)


@pytest.mark.usefixtures("_findable")
def test_both_sides_of_a_figure_write_the_same_orders(mariadb_server: MariadbServer) -> None:
    from benchmarks import orders_per_second, quota
    from benchmarks.figures import markdown
    from benchmarks.shops import Shops

    shops = Shops(mariadb_server, ShopDatabases(mariadb_server, "benchmarks_"))

    found = [*orders_per_second.figures(shops, rounds=1, count=4, far_count=2), *quota.daily_commands()]

    table = markdown(found)
    assert len(found) == 3
    assert "bare PyMySQL loop" in table
    assert "All daily commands" in table
