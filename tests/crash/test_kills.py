"""SIGKILL at the n-th statement, for every n of a run that creates, updates, cancels, holds and frees orders.

After each, one clean run: the shop is as if nothing had happened, and the ledger agrees. The default suite takes a
seeded sample of the statements, and of the COMMITs; `--whole` takes all.
"""

from __future__ import annotations

import re
import signal
from typing import Any

import pytest

from support.crash_scenario import CrashScenario, kill_at_each
from support.feed import flaws_of_feed
from support.proofs import Proofs
from support.shop_database import ShopDatabase
from support.shop_snapshot import flaws_of_orders

SAMPLES = {"shop": 2, "ledger": 2}
COMMITS = 2
FIRST_RUN_SAMPLE = 1
FEES_SAMPLE = 1
FEE_KINDS = ("cash on delivery", "gift wrapping", "tip")


@pytest.mark.parametrize("family", SAMPLES)
def test_a_run_that_is_killed_at_any_statement_is_made_whole_by_the_next(
    scenario: CrashScenario, proofs: Proofs, family: str
) -> None:
    points = scenario.points(family)
    commits = proofs.choose(scenario.named(family, "COMMIT sent", "COMMIT answered"), COMMITS)
    chosen = proofs.choose(points, SAMPLES[family], always=commits)
    assert chosen
    kill_at_each(scenario, family, chosen)
    proofs.ran(f"kill points at {family} statements", len(chosen), of=len(points))


@pytest.mark.whole
@pytest.mark.parametrize("family", SAMPLES)
def test_a_first_run_that_is_killed_at_any_statement_is_made_whole_by_the_next(
    first_scenario: CrashScenario, proofs: Proofs, family: str
) -> None:
    points = first_scenario.points(family)
    chosen = proofs.choose(points, FIRST_RUN_SAMPLE)
    assert chosen
    kill_at_each(first_scenario, family, chosen)
    proofs.ran(f"kill points at {family} statements of a first run", len(chosen), of=len(points))


@pytest.mark.whole
def test_a_run_that_is_killed_while_it_makes_hidden_products_leaves_one_of_each(
    fees_scenario: CrashScenario, proofs: Proofs
) -> None:
    shop = fees_scenario.installation.shop
    wanted = fee_rows(shop)
    assert len(wanted["products"]) == len(FEE_KINDS)
    made = [n for n, text in enumerate(fees_scenario.healthy.events_of("shop"), 1) if makes_a_product(text)]
    points = list(range(made[0], made[-1] + 2))
    chosen = proofs.choose(points, FEES_SAMPLE, always=[made[0] + 1])

    for point in chosen:
        fees_scenario.reset()
        killed = fees_scenario.test_run(accident=("kill", "shop", point))
        assert killed.signal == signal.SIGKILL, killed.told()
        ended = fees_scenario.clean_run()
        assert ended.code == fees_scenario.code, ended.told()
        assert flaws_of_orders(shop) + flaws_of_feed(shop) == [], point
        assert fee_rows(shop) == wanted, f"killed at shop statement {point}"
    proofs.ran("kill points while hidden products are made", len(chosen), of=len(points))


def makes_a_product(statement: str) -> bool:
    """Whether it writes one of the rows of a product."""
    return re.match(r"INSERT INTO `?ps_(product|product_shop|product_lang|stock_available)`? ", statement) is not None


def fee_rows(shop: ShopDatabase) -> dict[str, list[dict[str, Any]]]:
    """The hidden products, how many rows each has, and the lines on them: without ids, which a killed run uses up."""
    products = ", ".join(
        f"(SELECT COUNT(*) FROM {{p}}{table} x WHERE x.id_product = p.id_product) AS {table}"
        for table in ("product_shop", "product_lang", "stock_available")
    )
    found = {
        "products": f"SELECT p.reference, p.active, {products} FROM {{p}}product p"
        " WHERE p.reference LIKE 'orderferry-%' ORDER BY p.reference",
        "lines": "SELECT m.amazon_order_id, p.reference, d.total_price_tax_incl, d.total_price_tax_excl, x.rate,"
        " c.quantity FROM {p}orderferry_order m JOIN {p}order_detail d ON d.id_order = m.id_order"
        " JOIN {p}orders o ON o.id_order = m.id_order JOIN {p}product p ON p.id_product = d.product_id"
        " LEFT JOIN {p}order_detail_tax t ON t.id_order_detail = d.id_order_detail"
        " LEFT JOIN {p}tax x ON x.id_tax = t.id_tax"
        " LEFT JOIN {p}cart_product c ON c.id_cart = o.id_cart AND c.id_product = d.product_id"
        " WHERE p.reference LIKE 'orderferry-%' ORDER BY 1, 2",
    }
    return {name: [dict(row) for row in shop.rows(query)] for name, query in found.items()}
