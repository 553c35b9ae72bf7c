"""Orders as PrestaShop's own checkout writes them: a program for tests that goes on until its stdin ends.

    python -m support.checkout mysql+pymysql://… ps_ SEED ID_PRODUCT…

Statement by statement in autocommit, under sql_mode '', the way PrestaShop's PHP does it: stock is read, reduced and
written back as it came out; an invoice number is the largest there is and one, read first and written later. At its
end it prints {"orders": n, "units": {"<id_product>": n}} as one line.
"""

from __future__ import annotations

import json
import random
import select
import string
import sys
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from support.bare_driver import bare_connection

LONGEST_PAUSE = 0.003  # what PHP does between two statements


@dataclass
class Checkout:
    """One visitor after the other buys one of `products`."""

    connection: Any
    prefix: str
    products: Sequence[int]
    chance: random.Random

    def run(self, sql: str, *values: Any) -> Any:
        """Run a statement; return its first value, or the id that it made."""
        time.sleep(self.chance.random() * LONGEST_PAUSE)
        with self.connection.cursor() as cursor:
            cursor.execute(sql.replace("{p}", self.prefix), values)
            row = cursor.fetchone()
            return row[0] if row else cursor.lastrowid

    def order(self) -> int:
        """Write one order; return the product that was bought."""
        product = self.chance.choice(self.products)
        reference = "".join(self.chance.choices(string.ascii_uppercase, k=9))
        cart = self.run("INSERT INTO {p}cart (id_customer, date_add, date_upd) VALUES (1, NOW(), NOW())")
        id_order = self.run(
            "INSERT INTO {p}orders (reference, id_customer, id_cart, id_currency, id_lang, current_state, module,"
            " payment, total_paid, conversion_rate, date_add, date_upd)"
            " VALUES (%s, 1, %s, 1, 1, 2, 'ps_wirepayment', 'Bank wire', 10, 1, NOW(), NOW())",
            reference,
            cart,
        )
        self.run(
            "INSERT INTO {p}order_detail (id_order, product_id, product_name, product_quantity)"
            " VALUES (%s, %s, 'x', 1)",
            id_order,
            product,
        )
        where = "WHERE id_product = %s AND id_product_attribute = 0"
        quantity = self.run(f"SELECT quantity FROM {{p}}stock_available {where}", product)
        self.run(f"UPDATE {{p}}stock_available SET quantity = %s {where}", quantity - 1, product)
        self.run(
            "INSERT INTO {p}order_history (id_order, id_order_state, date_add) VALUES (%s, 2, NOW())",
            id_order,
        )
        invoice = self.run("INSERT INTO {p}order_invoice (id_order, number, date_add) VALUES (%s, 0, NOW())", id_order)
        number = (self.run("SELECT MAX(number) FROM {p}order_invoice") or 0) + 1
        self.run("UPDATE {p}order_invoice SET number = %s WHERE id_order_invoice = %s", number, invoice)
        self.run("UPDATE {p}orders SET invoice_number = %s, invoice_date = NOW() WHERE id_order = %s", number, id_order)
        self.run(
            "INSERT INTO {p}order_payment (order_reference, id_currency, amount, payment_method, transaction_id,"
            " date_add) VALUES (%s, 1, 10, 'Bank wire', '', NOW())",
            reference,
        )
        return product


def main(url: str, prefix: str, seed: str, *products: str) -> None:
    """Sell until stdin ends."""
    connection = bare_connection(url, autocommit=True, init_command="SET SESSION sql_mode = ''")
    checkout = Checkout(connection, prefix, [int(product) for product in products], random.Random(seed))
    sold: Counter[int] = Counter()
    while not select.select([sys.stdin], [], [], 0)[0]:
        sold[checkout.order()] += 1
    connection.close()
    print(json.dumps({"orders": sold.total(), "units": sold}))


if __name__ == "__main__":
    main(*sys.argv[1:])
