"""docs/staging.md: what it says of the simulator is what the simulator does."""

from __future__ import annotations

import tomllib
from datetime import UTC, datetime
from pathlib import Path
from textwrap import dedent

from orderferry.simulator.catalog import DEMO_CATALOG
from orderferry.simulator.order_files import LINE_FIELDS, ORDER_KEYS, own_orders

PAGE = (Path(__file__).parents[3] / "docs" / "staging.md").read_text(encoding="utf-8")


def test_every_sku_of_the_invented_shop_is_named() -> None:
    assert [item.sku for item in DEMO_CATALOG if f"`{item.sku}`" not in PAGE] == []


def test_the_example_is_two_orders() -> None:
    example = PAGE[PAGE.index("    [[order]]") : PAGE.index("`placed` is")]
    orders = list(own_orders(tomllib.loads(dedent(example)), datetime(2026, 11, 23, tzinfo=UTC)))
    assert len(orders) == 2


def test_every_key_of_an_order_is_named() -> None:
    written = ["price", "quantity", "sku", "marketplace", "channel", "placed", "lines"]  # in the example
    assert [key for key in sorted({*ORDER_KEYS, *LINE_FIELDS} - {*written}) if f"`{key}`" not in PAGE] == []
