"""Two importers with two ledgers on one shop, and beside them a checkout that writes the way PrestaShop does.

No order, reference or payment twice, no invoice number given to two orders of ours, stock moved once each. Where the
checkout takes a number that an importer has drawn in the same moment, the next run says so.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

from support.children import PACKAGE
from support.crash_orders import T2
from support.feed import flaws_of_feed
from support.proofs import Proofs
from support.race import MUG, PEN, QUANTITIES, race
from support.shop_database import ShopDatabase
from support.shop_snapshot import flaws_of_orders

TESTS = Path(__file__).parents[1]
ROUNDS, ALL_ROUNDS = 2, 25
SHARED_BY_OURS = (
    "SELECT i.number FROM {p}order_invoice i JOIN {p}orderferry_order m ON m.id_order = i.id_order"
    " GROUP BY i.number HAVING COUNT(*) > 1"
)
SHARED_WITH_OTHERS = (
    "SELECT m.amazon_order_id FROM {p}order_invoice i JOIN {p}orderferry_order m ON m.id_order = i.id_order"
    " WHERE EXISTS (SELECT 1 FROM {p}order_invoice x WHERE x.number = i.number AND x.id_order <> i.id_order)"
)


@contextmanager
def checkout(shop: ShopDatabase, seed: int, *products: int) -> Iterator[dict[str, Any]]:
    """PrestaShop's double sells meanwhile; what it sold is in the dictionary afterwards."""
    sold: dict[str, Any] = {}
    command = [sys.executable, "-m", "support.checkout", shop.url, shop.prefix, str(seed), *map(str, products)]
    paths = {"PYTHONPATH": os.pathsep.join(map(str, (PACKAGE, TESTS)))}
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=paths)
    try:
        yield sold
    finally:
        out, _ = process.communicate(timeout=60)
    assert process.returncode == 0
    sold.update(json.loads(out))


def rounds_of(proofs: Proofs) -> int:
    return ALL_ROUNDS if proofs.whole else ROUNDS


def test_two_importers_write_each_order_once(shop_database: ShopDatabase, tmp_path: Path, proofs: Proofs) -> None:
    with race(tmp_path, shop_database) as racing:
        mugs, pens = racing.quantity(MUG), racing.quantity(PEN)
        for _ in range(rounds_of(proofs)):
            racing.round()
            assert flaws_of_orders(shop_database) + flaws_of_feed(shop_database) == []
        assert shop_database.count("orders") == racing.orders == racing.created["orders"]
        assert racing.quantity(MUG) == mugs - 2 * racing.orders
        assert racing.quantity(PEN) == pens - racing.orders
    proofs.ran("rounds of two importers", rounds_of(proofs), of=ALL_ROUNDS)


def test_beside_a_checkout_no_number_is_lost_sight_of(
    shop_database: ShopDatabase, tmp_path: Path, proofs: Proofs
) -> None:
    with race(tmp_path, shop_database) as racing:
        mugs, pens = racing.quantity(MUG), racing.quantity(PEN)
        pen = next(int(row["id_product"]) for row in shop_database.rows(QUANTITIES) if row["reference"] == PEN)
        with checkout(shop_database, 1, pen) as sold:
            for _ in range(rounds_of(proofs)):
                racing.round()
                assert shop_database.rows(SHARED_BY_OURS) == []
        now = T2 + timedelta(days=1)
        racing.server.clock.move_to(now)
        last = racing.run_both(now)
        assert shop_database.count("orders") == racing.orders + sold["orders"]
        assert racing.created["orders"] == racing.orders
        flaws = [flaw for flaw in flaws_of_orders(shop_database) if "invoice numbers" not in flaw]
        assert flaws + flaws_of_feed(shop_database) == []
        shared = {row["amazon_order_id"] for row in shop_database.rows(SHARED_WITH_OTHERS)}
        for ended in last:
            told = {p["order_id"] for p in ended.json["problems"] if p["code"] == "duplicate-invoice-number"}
            assert told == shared
        # What Amazon alone sells is moved once each; what both sell may be overwritten by the checkout, not by us.
        assert racing.quantity(MUG) == mugs - 2 * racing.orders
        overwritten = racing.quantity(PEN) - (pens - racing.orders - sold["units"][str(pen)])
        print(f"a checkout's {sold['orders']} orders: {len(shared)} numbers shared, {overwritten} units overwritten")
    proofs.ran("rounds of two importers beside a checkout", rounds_of(proofs), of=ALL_ROUNDS)


def test_a_number_that_the_checkout_wrote_after_us_is_said_until_it_is_corrected(
    shop_database: ShopDatabase, tmp_path: Path, proofs: Proofs
) -> None:
    with race(tmp_path, shop_database) as racing:
        number = int(shop_database.value("SELECT COALESCE(MAX(number), 0) + 1 FROM {p}order_invoice"))
        racing.round()
        for importer in racing.importers:  # of two new ledgers, the one that began later is taken for a lost one
            for catch_up in ("recheck", "doublecheck"):
                assert racing.children.run(importer, T2, catch_up, "--json").code == 0
        shop_database.execute(
            "INSERT INTO {p}order_invoice (id_order, number, date_add) VALUES (4711, :number, NOW())", number=number
        )
        shared = [row["amazon_order_id"] for row in shop_database.rows(SHARED_WITH_OTHERS)]
        assert len(shared) == 1
        for hours in (1, 2):
            now = T2 + timedelta(hours=hours)
            racing.server.clock.move_to(now)
            for ended in racing.run_both(now):
                told = [(p["order_id"], p["code"]) for p in ended.json["problems"]]
                assert told == [(shared[0], "duplicate-invoice-number")], ended.told()
                assert ended.code == 1
        shop_database.execute("UPDATE {p}order_invoice SET number = 999 WHERE id_order = 4711")
        now = T2 + timedelta(hours=3)
        racing.server.clock.move_to(now)
        assert [(ended.code, ended.json["problems"]) for ended in racing.run_both(now)] == [(0, []), (0, [])]
    proofs.ran("shared invoice numbers that were found", 1)
