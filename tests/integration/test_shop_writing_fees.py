"""Fees and gift wrapping as lines on hidden products, zero-rated lines beside taxed ones, shipping at two rates."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from orderferry.config.model import InvoicesSettings, OrdersSettings, ProductsSettings, TaxesSettings
from orderferry.domain.orders import Money, Order, Proceeds, ProceedsType
from orderferry.domain.problems import Problem, ProblemCode
from support.shop_database import ShopDatabase
from support.writing import NOW, Sold, amazon_order, importer, shipped

pytestmark = pytest.mark.sample(0, always=("mariadb",))

MUG = Sold("MUG-BLUE", 1, "14.52")
UNINVOICED = OrdersSettings(state_paid="1")  # awaiting cheque: no invoice
HIDDEN = "SELECT p.* FROM {p}product p WHERE p.reference LIKE 'orderferry-%' ORDER BY p.id_product"


def euros(amount: str) -> Money:
    return Money(Decimal(amount), "EUR")


def with_fee(order: Order, kind: str, amount: str, position: int = 0) -> Order:
    """The order with a fee on one of its items."""
    item = order.items[position]
    total = item.proceeds_total
    assert total is not None
    assert order.grand_total is not None
    fee = Proceeds(ProceedsType[kind], euros(amount))
    dearer = replace(item, proceeds=(*item.proceeds, fee), proceeds_total=Money(total.amount + Decimal(amount), "EUR"))
    items = (*order.items[:position], dearer, *order.items[position + 1 :])
    return replace(order, items=items, grand_total=Money(order.grand_total.amount + Decimal(amount), "EUR"))


def with_tip(order: Order, amount: str) -> Order:
    assert order.grand_total is not None
    tip = Proceeds(ProceedsType.DELIVERY_TIP, euros(amount), status="FINALIZED")
    return replace(order, proceeds=(tip,), grand_total=euros(str(order.grand_total.amount + Decimal(amount))))


def decimals(row: Any, *columns: str) -> list[Decimal]:
    return [Decimal(str(row[column])) for column in columns]


@pytest.fixture(params=["mariadb", "sqlite"])
def shop(request: pytest.FixtureRequest) -> ShopDatabase:
    found: ShopDatabase = request.getfixturevalue("shop_database" if request.param == "mariadb" else "sqlite_shop")
    return found


def test_a_fee_is_a_line_on_a_hidden_product_of_ours(shop: ShopDatabase, tmp_path: Path) -> None:
    importer(shop, tmp_path).take(with_fee(amazon_order(MUG), "COD_FEE", "4.00"))

    product = shop.one(HIDDEN)
    assert (product["reference"], product["active"], product["visibility"]) == ("orderferry-cod-fee", 0, "none")
    assert (product["state"], product["available_for_order"], product["id_tax_rules_group"]) == (1, 1, 1)
    own = {"id": product["id_product"]}
    in_shop = shop.one("SELECT * FROM {p}product_shop WHERE id_product = :id", **own)
    assert (in_shop["active"], in_shop["visibility"], in_shop["id_tax_rules_group"]) == (0, "none", 1)
    stock = shop.one("SELECT * FROM {p}stock_available WHERE id_product = :id", **own)
    assert (stock["quantity"], stock["out_of_stock"], stock["id_product_attribute"]) == (0, 1, 0)
    names = shop.rows(
        "SELECT l.iso_code, p.name FROM {p}product_lang p JOIN {p}lang l ON l.id_lang = p.id_lang"
        " WHERE p.id_product = :id",
        **own,
    )
    named = {row["iso_code"]: row["name"] for row in names}
    assert named["it"] == "Contributo per il contrassegno"
    assert named["en"] == "Cash on delivery fee"
    line = shop.one("SELECT * FROM {p}order_detail WHERE product_id = :id", **own)
    assert line["product_name"] in named.values()
    assert decimals(line, "total_price_tax_incl", "total_price_tax_excl", "product_quantity") == [
        4,
        Decimal("3.28"),
        1,
    ]
    assert shop.value(
        "SELECT COUNT(*) FROM {p}order_detail_tax WHERE id_order_detail = :id", id=line["id_order_detail"]
    )
    assert shop.one("SELECT quantity FROM {p}cart_product WHERE id_product = :id", **own)["quantity"] == 1
    assert shop.rows("SELECT * FROM {p}product_sale WHERE id_product = :id", **own) == []
    assert shop.value("SELECT stock_moved FROM {p}orderferry_order").count("[") == 2  # the mug alone


def test_the_hidden_product_is_made_once(shop: ShopDatabase, tmp_path: Path) -> None:
    writing = importer(shop, tmp_path)
    for number in range(3):
        writing.take(with_fee(amazon_order(MUG, order_id=f"402-0000000-{number:07d}"), "COD_FEE", "4.00"))
    importer(shop, tmp_path).take(with_fee(amazon_order(MUG, order_id="402-0000000-0000009"), "COD_FEE", "4.00"))

    assert len(shop.rows(HIDDEN)) == 1
    shop.execute("DELETE FROM {p}product WHERE reference LIKE 'orderferry-%'")
    importer(shop, tmp_path).take(with_fee(amazon_order(MUG, order_id="402-0000000-0000010"), "COD_FEE", "4.00"))
    assert len(shop.rows(HIDDEN)) == 1


def test_a_dry_run_makes_nothing(sqlite_shop: ShopDatabase, tmp_path: Path) -> None:
    plan = importer(sqlite_shop, tmp_path).plan(with_fee(amazon_order(MUG), "COD_FEE", "4.00"))

    assert not isinstance(plan, Problem)
    assert sqlite_shop.rows(HIDDEN) == []


def test_each_kind_of_fee_has_a_product_of_its_own(sqlite_shop: ShopDatabase, tmp_path: Path) -> None:
    """Two fees on one product would both get the first one's price (prestashop-order-edits, 4)."""
    order = with_fee(with_fee(amazon_order(replace(MUG, wrap="3.50")), "COD_FEE", "4.00"), "OTHER", "1.00")
    importer(sqlite_shop, tmp_path).take(with_tip(order, "5.00"))

    references = [row["reference"] for row in sqlite_shop.rows(HIDDEN)]
    assert sorted(references) == [
        "orderferry-cod-fee",
        "orderferry-delivery-tip",
        "orderferry-gift-wrap",
        "orderferry-other",
    ]
    row = sqlite_shop.one("SELECT * FROM {p}orders")
    assert decimals(row, "total_wrapping", "total_shipping", "total_paid") == [0, 0, Decimal("28.02")]
    assert row["gift"] == 1
    held = sqlite_shop.rows("SELECT id_product FROM {p}cart_product ORDER BY 1")
    lines = sqlite_shop.rows("SELECT product_id FROM {p}order_detail ORDER BY 1")
    assert [one["id_product"] for one in held] == [one["product_id"] for one in lines]


def test_fees_at_two_rates_are_two_lines(sqlite_shop: ShopDatabase, tmp_path: Path) -> None:
    order = amazon_order(Sold("MUG-BLUE", 1, "12.20", "2.20"), Sold("COFFEE-1KG", 1, "22.00", "2.00"))
    first, second = order.items
    taxed = [
        replace(item, proceeds=(*item.proceeds[:-1], replace(item.proceeds[-1], amount=euros(tax), details=details)))
        for item, tax, details in (
            (first, "2.42", ((ProceedsType.ITEM, euros("2.20")), (ProceedsType.COD_FEE, euros("0.22")))),
            (second, "2.10", ((ProceedsType.ITEM, euros("2.00")), (ProceedsType.COD_FEE, euros("0.10")))),
        )
    ]
    order = replace(order, items=tuple(taxed))
    importer(sqlite_shop, tmp_path).take(with_fee(with_fee(order, "COD_FEE", "1.22"), "COD_FEE", "1.10", 1))

    products = sqlite_shop.rows(HIDDEN)
    assert [row["reference"] for row in products] == ["orderferry-cod-fee"] * 2
    assert [row["id_tax_rules_group"] for row in products] == [1, 2]


def test_shipping_takes_the_fees_where_the_configuration_says_so(sqlite_shop: ShopDatabase, tmp_path: Path) -> None:
    products = ProductsSettings(fees={"default": "shipping"})
    order = with_fee(amazon_order(replace(MUG, shipping="3.00", wrap="2.44")), "COD_FEE", "4.00")
    importer(sqlite_shop, tmp_path, products=products).take(order)

    row = sqlite_shop.one("SELECT * FROM {p}orders")
    assert decimals(row, "total_shipping_tax_incl", "total_shipping_tax_excl") == [7, Decimal("5.74")]
    assert decimals(row, "total_wrapping", "total_paid") == [Decimal("2.44"), Decimal("23.96")]
    assert sqlite_shop.count("order_detail") == 1
    assert sqlite_shop.rows(HIDDEN) == []
    assert "Fees are in the shipping" not in sqlite_shop.value("SELECT message FROM {p}customer_message")


def test_a_fee_may_be_a_product_of_the_shop(sqlite_shop: ShopDatabase, tmp_path: Path) -> None:
    products = ProductsSettings(fees={"cod_fee": "COFFEE-1KG"})
    importer(sqlite_shop, tmp_path, products=products).take(with_fee(amazon_order(MUG), "COD_FEE", "4.00"))

    line = sqlite_shop.one("SELECT * FROM {p}order_detail WHERE product_reference = 'COFFEE-1KG'")
    assert decimals(line, "total_price_tax_incl") == [4]
    assert sqlite_shop.rows(HIDDEN) == []
    assert sqlite_shop.value("SELECT COUNT(*) FROM {p}product_sale") == 1
    assert sqlite_shop.count("cart_product") == 2


def test_an_unknown_product_for_fees_holds_the_order(sqlite_shop: ShopDatabase, tmp_path: Path) -> None:
    products = ProductsSettings(fees={"cod_fee": "NOT-THERE"})
    problem = importer(sqlite_shop, tmp_path, products=products).plan(with_fee(amazon_order(MUG), "COD_FEE", "4.00"))

    assert isinstance(problem, Problem)
    assert problem.code is ProblemCode.UNKNOWN_SKU
    assert "products.fees names for cod_fee" in problem.message


def test_a_fee_of_the_old_form_changes_into_the_new_one(sqlite_shop: ShopDatabase, tmp_path: Path) -> None:
    """Version 0.1 before this wrote fees as lines without product."""
    writing = importer(sqlite_shop, tmp_path, orders=UNINVOICED)
    order = with_fee(amazon_order(MUG), "COD_FEE", "4.00")
    writing.take(order)
    sqlite_shop.execute("UPDATE {p}order_detail SET product_id = 0, product_reference = '' WHERE product_id > 9")
    sqlite_shop.execute("DELETE FROM {p}product WHERE reference LIKE 'orderferry-%'")
    sqlite_shop.execute("DELETE FROM {p}cart_product WHERE id_product > 9")
    sqlite_shop.execute("UPDATE {p}orderferry_order SET last_lines = ''")
    dearer = with_fee(amazon_order(MUG), "COD_FEE", "5.00")
    news = replace(dearer, updated=order.updated + timedelta(hours=1))
    assert importer(sqlite_shop, tmp_path, orders=UNINVOICED).take(news, NOW + timedelta(hours=2)).changes

    line = sqlite_shop.one(
        "SELECT d.* FROM {p}order_detail d JOIN {p}product p ON p.id_product = d.product_id"
        " WHERE p.reference = 'orderferry-cod-fee'"
    )
    assert decimals(line, "total_price_tax_incl") == [5]
    assert sqlite_shop.count("order_detail") == sqlite_shop.count("cart_product") == 2


def test_a_zero_rated_line_has_a_tax_row_of_its_own(shop: ShopDatabase, tmp_path: Path) -> None:
    """Without it its net would stand under 22 % in the invoice's table of taxes (prestashop-order-edits, 6)."""
    importer(shop, tmp_path).take(with_tip(amazon_order(MUG), "5.00"))

    tax = shop.one("SELECT * FROM {p}tax WHERE rate = 0")
    assert (tax["active"], tax["deleted"]) == (0, 1)
    assert "Senza IVA" in {row["name"] for row in shop.rows("SELECT name FROM {p}tax_lang")}
    rows = shop.rows("SELECT * FROM {p}order_detail_tax ORDER BY id_order_detail")
    assert [row["id_tax"] for row in rows] == [1, tax["id_tax"]]
    assert decimals(rows[1], "unit_amount", "total_amount") == [0, 0]
    again = with_tip(amazon_order(MUG, order_id="402-0000000-0000001"), "5.00")
    importer(shop, tmp_path).take(again)
    assert shop.value("SELECT COUNT(*) FROM {p}tax WHERE rate = 0") == 1


def test_a_tax_of_the_shops_own_of_0_percent_comes_first(sqlite_shop: ShopDatabase, tmp_path: Path) -> None:
    sqlite_shop.insert("tax", {"id_tax": 90, "rate": 0, "active": 1, "deleted": 0})
    importer(sqlite_shop, tmp_path).take(with_tip(amazon_order(MUG), "5.00"))

    assert [row["id_tax"] for row in sqlite_shop.rows("SELECT id_tax FROM {p}order_detail_tax ORDER BY 1")] == [1, 90]


def add_zero_rate(shop: ShopDatabase, group: int = 90) -> None:
    """A tax of 0 % with a tax rules group for Italy, as PrestaShop's Italian localisation brings it."""
    shop.insert("tax", {"id_tax": 90, "rate": 0, "active": 1, "deleted": 0})
    shop.insert("tax_rules_group", {**shop.rows("SELECT * FROM {p}tax_rules_group")[0], "id_tax_rules_group": group})
    shop.insert("tax_rule", {**shop.one(ITALIAN_RULE), "id_tax_rule": 900, "id_tax_rules_group": group, "id_tax": 90})


ITALIAN_RULE = (
    "SELECT r.* FROM {p}tax_rule r JOIN {p}country c ON c.id_country = r.id_country"
    " WHERE c.iso_code = 'IT' AND r.id_tax_rules_group = 1"
)


def test_a_fee_without_tax_has_a_product_that_the_shop_taxes_with_0_percent(
    sqlite_shop: ShopDatabase, tmp_path: Path
) -> None:
    """A change of the delivery address keeps a row of 0 % only then (measured: 2.00 + 47.13 at 22 % became 49.13)."""
    add_zero_rate(sqlite_shop)
    importer(sqlite_shop, tmp_path).take(with_tip(amazon_order(MUG), "5.00"))

    assert sqlite_shop.one(HIDDEN)["id_tax_rules_group"] == 90


def test_a_fee_at_a_tax_of_0_percent_that_no_rule_names_has_no_group_of_another_rate(
    sqlite_shop: ShopDatabase, tmp_path: Path
) -> None:
    """Its product would be taxed with 22 % as soon as the order is edited."""
    add_zero_rate(sqlite_shop)
    sqlite_shop.execute("DELETE FROM {p}tax_rule WHERE id_tax_rules_group = 90")
    order = with_fee(amazon_order(Sold("MUG-BLUE", 1, "14.52")), "COD_FEE", "4.00")
    untaxed = replace(order, items=tuple(replace(item, proceeds=_without_tax(item.proceeds)) for item in order.items))
    importer(sqlite_shop, tmp_path, taxes=TaxesSettings(by_country={"IT": Decimal(0)})).take(untaxed)

    assert sqlite_shop.value("SELECT total_paid_tax_excl FROM {p}orders") == sqlite_shop.value(
        "SELECT total_paid_tax_incl FROM {p}orders"
    )
    assert sqlite_shop.one(HIDDEN)["id_tax_rules_group"] == 0


def _without_tax(rows: tuple[Proceeds, ...]) -> tuple[Proceeds, ...]:
    return tuple(row for row in rows if row.type is not ProceedsType.TAX)


def test_an_order_without_any_tax_has_no_row_of_it(sqlite_shop: ShopDatabase, tmp_path: Path) -> None:
    for table in ("product", "product_shop"):
        sqlite_shop.execute(f"UPDATE {{p}}{table} SET id_tax_rules_group = 0")
    importer(sqlite_shop, tmp_path).take(with_tip(amazon_order(MUG), "5.00"))

    assert sqlite_shop.value("SELECT COUNT(*) FROM {p}tax WHERE rate = 0") == 0
    assert sqlite_shop.count("order_detail_tax") == 0


def at_two_rates() -> Order:
    """Shipping of 5.04, net 4.50: 0.44 of tax at 22 %, 0.10 at 4 % (prestashop-order-edits, 8)."""
    return amazon_order(
        Sold("MUG-BLUE", 1, "14.52", "2.62", shipping="2.44", shipping_tax="0.44"),
        Sold("COFFEE-1KG", 1, "10.40", "0.40", shipping="2.60", shipping_tax="0.10"),
    )


@pytest.mark.parametrize("orders", [OrdersSettings(), UNINVOICED], ids=["invoiced at once", "invoiced later"])
def test_shipping_at_two_rates_adds_up_on_the_invoice(
    sqlite_shop: ShopDatabase, tmp_path: Path, orders: OrdersSettings
) -> None:
    writing = importer(sqlite_shop, tmp_path, orders=orders)
    order = at_two_rates()
    writing.take(order)
    if orders is UNINVOICED:
        writing.take(shipped(order), NOW + timedelta(hours=3))

    row = sqlite_shop.one("SELECT * FROM {p}orders")
    assert decimals(row, "total_shipping_tax_incl", "total_shipping_tax_excl", "carrier_tax_rate") == [
        Decimal("5.04"),
        Decimal("4.5"),
        12,
    ]
    taxes = sqlite_shop.rows("SELECT id_tax, amount FROM {p}order_invoice_tax WHERE type = 'shipping' ORDER BY id_tax")
    four = sqlite_shop.value("SELECT MIN(id_tax) FROM {p}tax WHERE rate = 4")
    found = [(one["id_tax"], Decimal(str(one["amount"]))) for one in taxes]
    assert found == [(1, Decimal("0.44")), (four, Decimal("0.1"))]


def test_an_order_whose_fee_needs_a_new_product_has_its_seller_in_the_marker(
    sqlite_shop: ShopDatabase, tmp_path: Path
) -> None:
    imports = importer(sqlite_shop, tmp_path)
    imports.take(with_fee(amazon_order(MUG), "COD_FEE", "4.00"))

    assert sqlite_shop.value("SELECT seller FROM {p}orderferry_order") == imports.shop._settings.amazon.seller


def test_a_fee_never_counts_as_a_best_seller(sqlite_shop: ShopDatabase, tmp_path: Path) -> None:
    """Neither at import nor when the order becomes a sale later."""
    writing = importer(sqlite_shop, tmp_path, orders=UNINVOICED)
    order = with_fee(amazon_order(MUG), "COD_FEE", "4.00")
    writing.take(order)
    assert sqlite_shop.count("product_sale") == 0
    writing.take(shipped(order), NOW + timedelta(hours=3))

    sold = sqlite_shop.rows("SELECT id_product, quantity FROM {p}product_sale")
    assert [tuple(row.values()) for row in sold] == [(1, 1)]


def test_a_placeholder_never_counts_as_a_best_seller(sqlite_shop: ShopDatabase, tmp_path: Path) -> None:
    products = ProductsSettings(unknown="placeholder", placeholder="COFFEE-1KG")
    writing = importer(sqlite_shop, tmp_path, orders=UNINVOICED, products=products)
    order = amazon_order(MUG, Sold("NOBODY-KNOWS", 2, "20.00"))
    writing.take(order)
    writing.take(shipped(order), NOW + timedelta(hours=3))

    assert [row["id_product"] for row in sqlite_shop.rows("SELECT id_product FROM {p}product_sale")] == [1]


@pytest.mark.parametrize("orders", [OrdersSettings(), UNINVOICED], ids=["invoiced at once", "invoiced later"])
def test_shipping_without_tax_beside_taxed_goods_has_its_row(
    sqlite_shop: ShopDatabase, tmp_path: Path, orders: OrdersSettings
) -> None:
    writing = importer(sqlite_shop, tmp_path, orders=orders)
    order = amazon_order(Sold("MUG-BLUE", 1, "14.52", "2.62", shipping="3.00"))  # Amazon taxes the goods alone
    writing.take(order)
    if orders is UNINVOICED:
        writing.take(shipped(order), NOW + timedelta(hours=3))

    zero = sqlite_shop.value("SELECT id_tax FROM {p}tax WHERE rate = 0")
    rows = sqlite_shop.rows("SELECT id_tax, amount FROM {p}order_invoice_tax WHERE type = 'shipping'")
    assert [(row["id_tax"], Decimal(str(row["amount"]))) for row in rows] == [(zero, 0)]


def test_the_tax_on_shipping_follows_what_amazon_changes_before_the_invoice_has_a_number(
    shop: ShopDatabase, tmp_path: Path
) -> None:
    """The delivery slip has made the invoice's row, and the taxes on it, already."""
    waits = {"orders": OrdersSettings(state_paid="3"), "invoices": InvoicesSettings("shipped")}
    writing = importer(shop, tmp_path, **waits)
    order = at_two_rates()
    writing.take(order)
    slip = shop.one("SELECT number, delivery_number FROM {p}order_invoice")
    assert (slip["number"], slip["delivery_number"]) == (0, 1)
    left = amazon_order(Sold("MUG-BLUE", 1, "14.52", "2.62", shipping="2.44", shipping_tax="0.44"))
    writing.take(shipped(left), NOW + timedelta(hours=3))

    assert shop.value("SELECT number FROM {p}order_invoice") == 1
    row = shop.one("SELECT * FROM {p}orders")
    assert decimals(row, "total_shipping_tax_incl", "carrier_tax_rate") == [Decimal("2.44"), 22]
    taxes = shop.rows("SELECT id_tax, amount FROM {p}order_invoice_tax WHERE type = 'shipping'")
    assert [(one["id_tax"], Decimal(str(one["amount"]))) for one in taxes] == [(1, Decimal("0.44"))]


def test_new_lines_stay_on_the_delivery_slip_of_a_state_that_staff_has_set(
    sqlite_shop: ShopDatabase, tmp_path: Path
) -> None:
    writing = importer(sqlite_shop, tmp_path, invoices=InvoicesSettings("shipped"))
    order = at_two_rates()
    writing.take(order)
    writing.verifies = False  # by hand, without history
    slip = {"id_order_invoice": 7, "id_order": 1, "number": 0, "delivery_number": 3}
    made = {"date_add": "2026-11-22 10:00:00", "shipping_tax_computation_method": 0}
    sqlite_shop.insert("order_invoice", {**slip, **made})
    for table in ("order_detail", "order_carrier"):
        sqlite_shop.execute(f"UPDATE {{p}}{table} SET id_order_invoice = 7")
    left = amazon_order(Sold("MUG-BLUE", 1, "14.52", "2.62"))
    writing.take(replace(left, updated=order.updated + timedelta(hours=1)), NOW + timedelta(hours=3))

    assert sqlite_shop.one("SELECT id_order_invoice, product_quantity FROM {p}order_detail") == {
        "id_order_invoice": 7,
        "product_quantity": 1,
    }
    assert sqlite_shop.rows("SELECT * FROM {p}order_invoice_tax WHERE type = 'shipping'") == []
