"""What an import writes into a shop, as text: every cell of every table that differs, step by step.

Of a new row, cells that are empty or 0 are left out, and columns without a value stand by their name alone.

PYTHONPATH=tests .venv/bin/python -m support.written_rows    # writes the texts anew: read the diff
"""

from __future__ import annotations

import re
import sqlite3
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from orderferry.config.model import (
    CarriersSettings,
    CustomersSettings,
    InvoicesSettings,
    OrdersSettings,
    ProductsSettings,
    StockSettings,
    TaxesSettings,
)
from orderferry.domain.marker import Applied
from orderferry.domain.orders import Address, Buyer, Channel, Money, Order, OrderStatus, Proceeds, ProceedsType
from orderferry.domain.problems import Problem
from support.shop_database import ShopDatabase
from support.sqlite_shop import sqlite_shop_in
from support.writing import HOME, NOW, Importer, Sold, amazon_order, cancelled, importer, shipped

FOLDER = Path(__file__).parents[1] / "data" / "written_rows"
HOUR = timedelta(hours=1)
RANDOM = frozenset({"secure_key", "passwd", "token"})
NOTHING = ("", "0", "NULL", "0000-00-00 00:00:00", "0000-00-00")
# The tables that an import may write into, with their keys.
TABLES = {
    **{
        name: (f"id_{name}",)
        for name in [
            "address",
            "cart",
            "configuration",
            "customer",
            "customer_message",
            "customer_thread",
            "order_carrier",
            "order_cart_rule",
            "order_detail",
            "order_history",
            "order_invoice",
            "order_payment",
            "order_slip",
            "product",
            "stock_available",
            "stock_mvt",
            "tax",
        ]
    },
    "orders": ("id_order",),
    "cart_product": ("id_cart", "id_product", "id_product_attribute"),
    "customer_group": ("id_customer", "id_group"),
    "order_detail_tax": ("id_order_detail", "id_tax"),
    "order_invoice_payment": ("id_order_invoice", "id_order_payment"),
    "order_invoice_tax": ("id_order_invoice", "type", "id_tax"),
    "orderferry_order": ("amazon_order_id",),
    "orderferry_state": ("name",),
    "orderferry_event": ("id_event",),
    "product_lang": ("id_product", "id_shop", "id_lang"),
    "product_shop": ("id_product", "id_shop"),
    "product_sale": ("id_product",),
    "tax_lang": ("id_tax", "id_lang"),
}
Cells = dict[tuple[str, str], dict[str, str]]

MUGS = Sold("MUG-BLUE", 2, "29.04", "5.24", shipping="8.54", shipping_tax="1.54")
SHIRT = Sold("TSHIRT-S-WHITE", 1, "20.00", "3.61")
COFFEE = Sold("COFFEE-1KG", 1, "11.00", "1.00")
ORDER = amazon_order(MUGS, SHIRT)
UNINVOICED = OrdersSettings(state_paid="1")  # awaiting cheque: no invoice
Step = tuple[str, str | Order]


@dataclass(frozen=True)
class Life:
    """An order's life. A step is a name with news of Amazon's, or with statements that staff's deeds stand for."""

    steps: Sequence[Step]
    settings: Mapping[str, Any] = field(default_factory=dict)
    version: str = "8.2.1"


def setting(name: str, value: str) -> str:
    return (
        f"DELETE FROM ps_configuration WHERE name = '{name}'; INSERT INTO ps_configuration (name, value, date_add,"
        f" date_upd) VALUES ('{name}', '{value}', '2026-01-01', '2026-01-01')"
    )


def news(order: Order, hours: int = 1, **changes: Any) -> Order:
    """The same order, changed at Amazon some hours later."""
    return replace(order, updated=order.updated + hours * HOUR, **changes)


def without_shirt(order: Order) -> Order:
    """The second item cancelled."""
    zero = Money(Decimal(0), "EUR")
    item = replace(order.items[1], quantity=0, proceeds_total=zero, proceeds=(Proceeds(ProceedsType.ITEM, zero),))
    return news(order, items=(order.items[0], item), grand_total=Money(Decimal("37.58"), "EUR"))


def with_fee(order: Order, kind: str, amount: str) -> Order:
    """The order with a fee on its first item."""
    item = order.items[0]
    assert item.proceeds_total is not None
    assert order.grand_total is not None
    fee = Proceeds(ProceedsType[kind], Money(Decimal(amount), "EUR"))
    total = Money(item.proceeds_total.amount + Decimal(amount), "EUR")
    dearer = replace(item, proceeds=(*item.proceeds, fee), proceeds_total=total)
    grand = Money(order.grand_total.amount + Decimal(amount), "EUR")
    return replace(order, items=(dearer, *order.items[1:]), grand_total=grand)


ASKED = replace(ORDER, items=(replace(ORDER.items[0], cancel_requested_by="BUYER"), ORDER.items[1]))
ELSEWHERE = replace(HOME, lines=("Via Torino 2",))
BUSY = amazon_order(
    replace(MUGS, tax="4.88", wrap="3.00", wrap_tax="0.54", gift_message="For you", discount="2.00"),
    SHIRT,
    COFFEE,
    replace(SHIRT, sku="SET-BREAKFAST", gross="44.90", tax="8.10"),
    delivery_instructions=("Ring twice",),
    buyer=Buyer("Mario Rossi", "x1y2z3@marketplace.amazon.it", "Rossi Ltd", "PO-1"),
)
EDITED = """
    UPDATE ps_order_detail SET product_quantity = 3, total_price_tax_incl = 43.56 WHERE id_order_detail = 1;
    UPDATE ps_address SET address1 = 'Via Larga 9', date_upd = '2026-11-23 09:00:00';
    UPDATE ps_orders SET id_carrier = 1; UPDATE ps_order_carrier SET id_carrier = 1
    """
STAFF_SHIPS = """
    UPDATE ps_orders SET current_state = 3; INSERT INTO ps_order_history (id_employee, id_order, id_order_state,
    date_add) VALUES (1, 1, 3, '2026-11-23 09:00:00')
    """

LIVES: dict[str, Life] = {
    "regular": Life(
        [
            ("a new order of several goods, wrapped, with a promotion", BUSY),
            ("shipped", shipped(BUSY, number="1Z1", carrier="My carrier")),
            ("another number", news(shipped(BUSY, number="1Z2", carrier="Bottega di prova"))),
            ("nothing new", news(shipped(BUSY, number="1Z2", carrier="Bottega di prova"), 2)),
            ("cancelled after all", news(replace(shipped(BUSY, number="1Z2"), status=OrderStatus.CANCELLED), 3)),
        ],
        {"events_enabled": True},
    ),
    "cancelled and reopened": Life(
        [
            ("a new order", ORDER),
            ("cancelled", cancelled(ORDER)),
            ("open again", news(ORDER, 5)),
            ("shipped", shipped(ORDER)),
        ],
        {"events_enabled": True},
    ),
    "cancelled and sent": Life(
        [("a new order", ORDER), ("cancelled", cancelled(ORDER)), ("shipped all the same", shipped(ORDER))],
        {"events_enabled": True},
    ),
    "before its invoice": Life(
        [
            ("a new order", ORDER),
            ("another address", news(ORDER, delivery_address=ELSEWHERE)),
            ("one of two lines cancelled", without_shirt(news(ORDER, delivery_address=ELSEWHERE))),
            ("both again", news(ORDER, 4, delivery_address=ELSEWHERE)),
            ("the buyer asks to cancel", news(ASKED, 5, delivery_address=ELSEWHERE)),
            ("shipped", shipped(news(ORDER, 6, delivery_address=ELSEWHERE))),
        ],
        {"orders": UNINVOICED, "events_enabled": True},
    ),
    "edited by staff": Life(
        [
            ("a new order", ORDER),
            ("staff edits lines, address and carrier", EDITED),
            ("other lines and address", without_shirt(news(ORDER, delivery_address=ELSEWHERE))),
            ("staff closes the shop's thread", "DELETE FROM ps_customer_thread; DELETE FROM ps_customer_message"),
            ("shipped", shipped(news(ORDER, 6, delivery_address=ELSEWHERE), carrier="My carrier")),
            ("staff writes another number", "UPDATE ps_order_carrier SET tracking_number = 'STAFF'"),
            ("another number", news(shipped(ORDER, number="1Z2"), 7, delivery_address=ELSEWHERE)),
        ],
        {"orders": UNINVOICED},
    ),
    "staff prepares": Life(
        [
            ("a new order", ORDER),
            ("staff prepares it", STAFF_SHIPS),
            ("one line cancelled", without_shirt(ORDER)),
            ("cancelled", cancelled(ORDER, 4 * HOUR)),
        ],
        {"events_enabled": True},
    ),
    "a delivery slip first": Life(
        [
            ("a new order in preparation", ORDER),
            ("one line cancelled", without_shirt(ORDER)),
            ("shipped", shipped(without_shirt(ORDER))),
        ],
        {"orders": OrdersSettings(state_paid="3", state_shipped="5"), "invoices": InvoicesSettings("shipped")},
    ),
    "never invoiced": Life(
        [("a new order", ORDER), ("shipped", shipped(ORDER))], {"invoices": InvoicesSettings("never")}
    ),
    "numbers": Life(
        [
            ("the shop's own start", setting("PS_INVOICE_START_NUMBER", "100")),
            ("a new order", ORDER),
            ("the shop numbers two itself", "UPDATE ps_order_invoice SET number = 140, delivery_number = 7"),
            ("a second order, shipped", shipped(amazon_order(COFFEE, order_id="402-0000000-0000002"))),
            ("numbers by year", setting("PS_INVOICE_RESET", "1")),
            ("a third one", amazon_order(COFFEE, order_id="402-0000000-0000003")),
        ]
    ),
    "by Amazon": Life(
        [
            ("a new order", replace(shipped(ORDER), channel=Channel.FBA)),
            ("another", replace(amazon_order(COFFEE, order_id="402-0000000-0000002"), status=OrderStatus.SHIPPED)),
        ],
        {"stock": StockSettings(fba="move"), "carriers": CarriersSettings(fba="1"), "events_enabled": True},
    ),
    "fees": Life(
        [
            ("a fee and wrapping", with_fee(BUSY, "COD_FEE", "4.00")),
            ("one more with the same", with_fee(replace(ORDER, order_id="402-0000000-0000002"), "COD_FEE", "4.00")),
        ],
        {"orders": UNINVOICED},
    ),
    "at 0 % beside taxed goods": Life(
        [("a new order", amazon_order(MUGS, replace(SHIRT, tax="0.00"))), ("shipped", shipped(ORDER))],
        {"taxes": TaxesSettings(missing="zero")},
    ),
    "oversold": Life(
        [
            (
                "one mug is left",
                setting("PS_ENABLE_BACKORDER_STATUS", "1")
                + "; UPDATE ps_stock_available SET quantity = 1, physical_quantity = 1 WHERE id_product = 1",
            ),
            ("a new order of two", ORDER),
            ("shipped", shipped(ORDER)),
        ],
        {"events_enabled": True},
    ),
    "one account by alias": Life(
        [
            ("a new order", ORDER),
            ("a second one of the same buyer", replace(ORDER, order_id="402-0000000-0000002")),
        ],
        {"customers": CustomersSettings(mode="alias"), "carriers": CarriersSettings(default="1")},
    ),
    "brought back": Life(
        [
            ("a new order", ORDER),
            ("staff deletes it", "DELETE FROM ps_orders"),
            ("the order again", ORDER),
        ],
        {"events_enabled": True},
    ),
    "an unknown product": Life(
        [("a new order", amazon_order(replace(MUGS, sku="NO-SUCH")))], {"products": ProductsSettings(unknown="line")}
    ),
    "adopted": Life(
        [
            ("a new order", ORDER),
            (
                "it becomes another importer's, whose order was adopted",
                "UPDATE ps_orderferry_order SET adopted = 1, module = '', order_reference = '', marketplace_id = '',"
                " channel = '', digest_version = 0, stock_moved = ''",
            ),
            ("shipped, to another address", shipped(replace(ORDER, delivery_address=ELSEWHERE))),
        ]
    ),
    "in a shop of 1.6": Life(
        [
            ("a new order", ORDER),
            ("shipped", shipped(ORDER, carrier="My carrier")),
            ("cancelled", news(cancelled(ORDER), 99)),
        ],
        version="1.6.1.24",
    ),
    "in a shop of 9.1": Life([("a new order", ORDER), ("cancelled", cancelled(ORDER))], version="9.1.4"),
    "by a parcel of another carrier": Life(
        [
            ("a new order", ORDER),
            ("shipped", shipped(ORDER, carrier="Express")),
            ("by another one", news(shipped(ORDER, number="1Z2", carrier="My carrier"))),
        ],
        {"carriers": CarriersSettings(default="1"), "events_enabled": True},
    ),
    "of an older version": Life(
        [
            ("a new order", ORDER),
            (
                "with a discount and wrapping in its totals",
                "UPDATE ps_orders SET total_discounts = 1.22, total_discounts_tax_incl = 1.22, total_discounts_tax_excl"
                " = 1, total_wrapping = 2.44, total_wrapping_tax_incl = 2.44, total_wrapping_tax_excl = 2,"
                " total_paid = 58.80, total_paid_tax_incl = 58.80, total_paid_tax_excl = 48.19; INSERT INTO"
                " ps_order_cart_rule (id_order, id_cart_rule, name, value, value_tax_excl) VALUES (1, 1, 'x', 1.22, 1)",
            ),
            ("shipped", shipped(ORDER)),
        ],
        {"orders": UNINVOICED},
    ),
    "a company": Life(
        [
            (
                "a new order",
                replace(
                    ORDER,
                    programs=("AMAZON_BUSINESS",),
                    buyer=Buyer("Anna Bianchi", "", "Bianchi S.p.A.", "PO-7"),
                    delivery_address=Address(
                        name="Anna Bianchi",
                        company="Bianchi S.p.A.",
                        lines=("Rue de la Paix 1",),
                        city="Paris",
                        region="",
                        postal_code="75002",
                        country="FR",
                        phone="",
                    ),
                ),
            )
        ]
    ),
}


def written(name: str) -> str:
    """Live through an order's life, and return all that it changed in the shop."""
    with tempfile.TemporaryDirectory() as folder:
        return "".join(_steps(LIVES[name], Path(folder)))


def _steps(life: Life, folder: Path) -> Iterator[str]:
    shop = sqlite_shop_in(folder, version=life.version)
    writing = importer(shop, folder, **life.settings)
    before, references, now = _cells(shop), dict[str, str](), NOW
    for step, what in life.steps:
        if isinstance(what, str):
            for statement in what.split(";"):
                shop.execute(statement)
            before = _cells(shop)
            writing.shop.close()
            writing = importer(shop, folder, **life.settings)  # the next run
            yield f"## {step}\n\n"
            continue
        done = _take(writing, what, now)
        after = _cells(shop)
        yield f"## {step}\n\n{done}\n{_known(chr(10).join(_changes(before, after)), after, references)}\n\n"
        before, now = after, now + 3 * HOUR
    writing.shop.close()
    shop.close()


def _take(writing: Importer, order: Order, now: datetime) -> str:
    plan = writing.plan(order, now)
    if isinstance(plan, Problem):
        return f"held: {plan.code}, {plan.message}"
    applied = writing.shop.apply(plan, now)
    assert isinstance(applied, Applied), applied
    told = "".join(f"\nnote: {note.code}, {note.message}" for note in applied.notes)
    return f"{applied.outcome} {applied.id_order}: {'; '.join(applied.changes)}{told}"


def _cells(shop: ShopDatabase) -> Cells:
    """Every cell of the tables that an import may write into, by table and key of its row."""
    cells: Cells = {}
    with closing(sqlite3.connect(shop.url.removeprefix("sqlite:///"))) as connection:
        for table, keys in TABLES.items():
            there = connection.execute("SELECT 1 FROM sqlite_master WHERE name = ?", (f"ps_{table}",)).fetchone()
            found = connection.execute(f"SELECT * FROM ps_{table}") if there else None
            names = [column[0] for column in found.description] if found else []
            places = [names.index(key) for key in keys if key in names]
            for row in found or ():
                cells[table, ",".join(str(row[place]) for place in places)] = dict(
                    zip(names, map(_text, row), strict=True)
                )
    return cells


def _text(value: object) -> str:
    return "NULL" if value is None else str(value)


def _changes(before: Cells, after: Cells) -> Iterator[str]:
    for place in sorted(before.keys() | after.keys()):
        old, new = before.get(place), after.get(place)
        if old == new:
            continue
        if new is None:
            yield f"- {place[0]} {place[1]}"
            continue
        shown = {key: "…" if key in RANDOM and len(value) >= 12 else value for key, value in new.items()}
        if old is None:
            cells = [f"{key}={value!r}" for key, value in shown.items() if value not in NOTHING]
            cells += [key for key, value in shown.items() if value == "NULL"]
            yield f"+ {place[0]} {place[1]}: {', '.join(cells)}"
        else:
            cells = [f"{key}={old[key]!r}→{shown[key]!r}" for key in new if old[key] != new[key]]
            yield f"  {place[0]} {place[1]}: {', '.join(cells)}"


def _known(text: str, after: Cells, references: dict[str, str]) -> str:
    """Replace the random references by their numbers."""
    for (table, key), row in after.items():
        if table == "orders":
            references.setdefault(row["reference"], f"REFERENCE{key}")
    pattern = "|".join(map(re.escape, references)) or "$^"
    return re.sub(pattern, lambda match: references[match[0]], text)


def file_of(name: str) -> Path:
    """The file that holds what is to be written."""
    return FOLDER / f"{name.replace(' ', '_').replace('%', 'percent')}.txt"


def main() -> None:
    """Write the text of every life anew."""
    for name in LIVES:
        file_of(name).write_text(written(name), "utf-8")


if __name__ == "__main__":
    main()
