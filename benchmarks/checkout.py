"""What a customer at the checkout feels while thousands of orders are imported: both touch the same products."""

from __future__ import annotations

import multiprocessing
import statistics
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from benchmarks.amazon_orders import ready_orders
from benchmarks.figures import Figure
from benchmarks.shops import Shops, importer, take
from support.bare_driver import bare_connection
from support.shop_database import ShopDatabase

QUIET_SECONDS = 8.0
PAUSE = 0.05  # between two checkouts

# What PrestaShop writes when an order is placed, in short, with its own isolation level (the server's default).
_STATEMENTS = (
    "INSERT INTO {p}cart (id_carrier, delivery_option, id_lang, id_address_delivery, id_address_invoice, id_currency,"
    " id_customer, id_guest, secure_key, date_add, date_upd) VALUES (1, '', 1, 1, 1, 1, 1, 0, '', NOW(), NOW())",
    "INSERT INTO {p}cart_product (id_cart, id_product, id_address_delivery, quantity, date_add)"
    " VALUES (LAST_INSERT_ID(), 1, 1, 1, NOW())",
    "INSERT INTO {p}orders (reference, id_carrier, id_lang, id_customer, id_cart, id_currency, id_address_delivery,"
    " id_address_invoice, current_state, payment, total_paid, total_paid_real, invoice_date, delivery_date, date_add,"
    " date_upd) VALUES ('CHECKOUT', 1, 1, 1, 1, 1, 1, 1, 2, 'Card', 1, 1, NOW(), NOW(), NOW(), NOW())",
    "INSERT INTO {p}order_history (id_employee, id_order, id_order_state, date_add)"
    " VALUES (0, LAST_INSERT_ID(), 2, NOW())",
    "UPDATE {p}stock_available SET quantity = quantity - 1 WHERE id_product = 1 AND id_product_attribute = 0",
    "SELECT MAX(number) + 1 FROM {p}order_invoice",
)


@dataclass
class Felt:
    """Milliseconds of each checkout."""

    quiet: list[float] = field(default_factory=list)
    busy: list[float] = field(default_factory=list)


def figures(shops: Shops, rounds: int, orders: int = 5_000) -> list[Figure]:  # noqa: ARG001 — thousands are rounds
    """The figure of the checkout."""
    taken = ready_orders(orders)
    with shops.fresh() as shop, importer(shop) as processor:
        with _customers(shop) as quiet:
            time.sleep(QUIET_SECONDS)
        with _customers(shop) as busy:
            take(processor, taken)
    what = f"Milliseconds of a checkout (median, 99 in 100, longest) while {orders:,} orders are imported, and before"
    ratio = statistics.median(busy) / statistics.median(quiet)
    return [Figure(what, _words(busy), _words(quiet), f"{ratio:.2f}", "≤ 2", reached=ratio <= 2)]


def _words(felt: list[float]) -> str:
    ordered = sorted(felt)
    high = ordered[int(len(ordered) * 0.99)]
    return f"{statistics.median(ordered):.1f}, {high:.1f}, {ordered[-1]:.1f} ms"


@contextmanager
def _customers(shop: ShopDatabase) -> Iterator[list[float]]:
    """Checkouts in a process of their own; after the block, how long each took."""
    context = multiprocessing.get_context("spawn")
    stop, told = context.Event(), context.SimpleQueue()
    process = context.Process(target=check_out, args=(shop.url, shop.prefix, stop, told))
    process.start()
    felt: list[float] = []
    told.get()  # it has begun
    try:
        yield felt
    finally:
        stop.set()
        felt += told.get()
        process.join()


def check_out(url: str, prefix: str, stop: Any, told: Any) -> None:
    """Place orders until told to stop, and tell how many milliseconds each took."""
    felt = []
    connection = bare_connection(url)
    with connection, connection.cursor() as cursor:
        cursor.execute("SET SESSION sql_mode = ''")
        told.put("begun")
        while not stop.is_set():
            start = time.perf_counter()
            for statement in _STATEMENTS:
                cursor.execute(statement.replace("{p}", prefix))
            connection.commit()
            felt.append((time.perf_counter() - start) * 1000)
            time.sleep(PAUSE)
    told.put(felt)
