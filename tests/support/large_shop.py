"""A shop that has been in business for years: its one imported order and its first product, multiplied in the server.

INSERT … SELECT over MariaDB's sequence tables: half a million orders take about a minute.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import sqlalchemy as sa

from support.shop_database import ShopDatabase


@dataclass(frozen=True)
class Size:
    """How many rows the shop is to have; a fifth of its orders were imported from Amazon."""

    products: int
    customers: int
    orders: int


LARGE = Size(products=50_000, customers=200_000, orders=500_000)
SMALL = Size(products=2_000, customers=4_000, orders=10_000)

_FIRST = 1_000_000  # the ids of what is multiplied begin above it
_AMAZON_ID = "CONCAT('900-', LPAD(s.seq, 7, '0'), '-0000001')"
_REFERENCE = "CONCAT('L', LPAD(CONV(s.seq, 10, 36), 8, 'A'))"
_CUSTOMER = "{first} + s.seq % {customers}"


def grow(shop: ShopDatabase, size: Size) -> None:
    """Given a shop on MariaDB in which one order was imported, give it so many rows more."""
    (example,) = shop.rows(
        "SELECT o.id_order, o.id_cart, o.id_customer, o.id_address_delivery, o.reference, d.id_order_detail,"
        " d.product_id, i.id_order_invoice, p.id_order_payment FROM {p}orders o"
        " JOIN {p}order_detail d ON d.id_order = o.id_order JOIN {p}order_invoice i ON i.id_order = o.id_order"
        " JOIN {p}order_payment p ON p.order_reference = o.reference"
    )
    new = f"{_FIRST} + s.seq"
    customer = _CUSTOMER.format(first=_FIRST, customers=size.customers)
    order = {"id_order": new}
    product = {"id_product": new}
    with shop.engine().begin() as connection:
        connection.exec_driver_sql("SET SESSION sql_mode = '', unique_checks = 0, foreign_key_checks = 0")
        multiply = _Multiplier(connection, shop.prefix, {str(key): value for key, value in example.items()})
        for table in ("product", "product_lang", "product_shop"):
            own = {"reference": "CONCAT('LARGE-', s.seq)"} if table != "product_lang" else {}
            multiply(table, "id_product", "product_id", size.products, product | own)
        multiply("stock_available", "id_product", "product_id", size.products, product | {"id_stock_available": new})
        for table in ("customer", "customer_group"):
            multiply(table, "id_customer", "id_customer", size.customers, {"id_customer": f"{_FIRST} + s.seq - 1"})
        multiply("address", "id_customer", "id_customer", size.customers, {"id_address": new, "id_customer": customer})
        people = {"id_customer": customer, "id_address_delivery": new, "id_address_invoice": new}
        multiply("cart", "id_cart", "id_cart", size.orders, people | {"id_cart": new})
        multiply("cart_product", "id_cart", "id_cart", size.orders, {"id_cart": new})
        amazon = {"module": "IF(s.seq % 5, 'ps_wirepayment', e.module)", "invoice_number": "s.seq"}
        multiply(
            "orders",
            "id_order",
            "id_order",
            size.orders,
            people | order | amazon | {"id_cart": new, "reference": _REFERENCE},
        )
        multiply("order_detail", "id_order", "id_order", size.orders, order | {"id_order_detail": new})
        multiply("order_detail_tax", "id_order_detail", "id_order_detail", size.orders, {"id_order_detail": new})
        invoice = {"id_order_invoice": new}
        multiply("order_invoice", "id_order", "id_order", size.orders, order | invoice | {"number": "s.seq"})
        multiply("order_invoice_tax", "id_order_invoice", "id_order_invoice", size.orders, invoice)
        payment = {"id_order_payment": new}
        multiply("order_invoice_payment", "id_order", "id_order", size.orders, order | invoice | payment)
        transaction = {"transaction_id": f"IF(s.seq % 5, CONCAT('TX', s.seq), {_AMAZON_ID})"}
        multiply(
            "order_payment",
            "id_order_payment",
            "id_order_payment",
            size.orders,
            payment | transaction | {"order_reference": _REFERENCE},
        )
        multiply("order_history", "id_order", "id_order", size.orders, order | {"id_order_history": new})
        multiply("order_carrier", "id_order", "id_order", size.orders, order | {"id_order_carrier": new})
        thread = {"id_customer_thread": new}
        multiply("customer_thread", "id_order", "id_order", size.orders, order | thread | {"id_customer": customer})
        marker = {"amazon_order_id": _AMAZON_ID, "order_reference": _REFERENCE}
        multiply("orderferry_order", "id_order", "id_order", size.orders, order | marker, "s.seq % 5 = 0")
    with shop.engine().connect() as connection:
        tables = ", ".join(f"`{table}`" for table in shop.tables())
        connection.exec_driver_sql(f"ANALYZE TABLE {tables}").all()


@dataclass(frozen=True)
class _Multiplier:
    """Copies the example's rows of a table as often as asked for."""

    connection: sa.Connection
    prefix: str
    example: Mapping[str, object]

    def __call__(
        self, table: str, key: str, of_example: str, times: int, changed: Mapping[str, str], condition: str = "1"
    ) -> None:
        """`changed`: SQL for the columns that differ from copy to copy (s.seq counts them from 1)."""
        name = self.prefix + table
        columns = list(
            self.connection.exec_driver_sql(
                "SELECT column_name FROM information_schema.columns WHERE table_schema = DATABASE() AND table_name = %s"
                " ORDER BY ordinal_position",
                (name,),
            ).scalars()
        )
        values = ", ".join(changed.get(column, f"e.`{column}`") for column in columns)
        named = ", ".join(f"`{column}`" for column in columns)
        statement = (
            f"INSERT INTO `{name}` ({named}) SELECT {values} FROM `{name}` e JOIN seq_1_to_{times} s"
            f" WHERE e.`{key}` = :example AND {condition}"
        )
        self.connection.execute(sa.text(statement.replace(":00", "\\:00")), {"example": self.example[of_example]})
