"""Orders of unusual kinds are sound, and what `verify` says of others holds nothing of a buyer."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from orderferry.domain.orders import Money, Order, Proceeds, ProceedsType
from support.shop_database import ShopDatabase
from support.writing import ORDER_ID, Importer, Sold, amazon_order, importer

ORDER = amazon_order(Sold("MUG-BLUE", 2, "29.04", "5.24", shipping="8.54", shipping_tax="1.54"))


@pytest.fixture
def writing(sqlite_shop: ShopDatabase, tmp_path: Path) -> Importer:
    return importer(sqlite_shop, tmp_path)


def places(writing: Importer) -> set[str]:
    return {finding.place for finding in writing.verify(ORDER_ID)}


def test_findings_hold_nothing_of_a_buyer(sqlite_shop: ShopDatabase, writing: Importer) -> None:
    writing.take(ORDER)
    for table in ("order_detail_tax", "order_payment", "cart", "country_lang"):
        sqlite_shop.execute(f"DELETE FROM {{p}}{table}")
    sqlite_shop.execute("UPDATE {p}address SET company = NULL")

    told = " ".join(str(finding) for finding in writing.verify(ORDER_ID))
    assert "order_payment" in told
    assert not any(word in told for word in ("Rossi", "Mario", "Roma", "amazon.invalid", "20121"))


def discounted(shipping_discount: str, *, shipping_tax: str) -> Order:
    """Two mugs and a promotion on shipping of 8.54, whose tax after it is given."""
    (item,) = ORDER.items
    off = Money(Decimal(shipping_discount), "EUR")
    kept = [row for row in item.proceeds if row.type is not ProceedsType.TAX]
    details = (
        (ProceedsType.ITEM, Money(Decimal("5.24"), "EUR")),
        (ProceedsType.SHIPPING, Money(Decimal(shipping_tax), "EUR")),
    )
    tax = Proceeds(ProceedsType.TAX, Money(Decimal("5.24") + Decimal(shipping_tax), "EUR"), details)
    promotion = Proceeds(ProceedsType.DISCOUNT, off, ((ProceedsType.SHIPPING, off),))
    total = Money(Decimal("37.58") - off.amount, "EUR")
    changed = replace(item, proceeds=(*kept, promotion, tax), proceeds_total=total)
    return replace(ORDER, items=(changed,), grand_total=total)


@pytest.mark.parametrize(
    ("promotion", "tax", "shipping"), [("8.54", "0.00", ("0", "0")), ("4.27", "0.77", ("4.27", "3.50"))]
)
def test_a_promotion_on_shipping_makes_shipping_cheaper(
    sqlite_shop: ShopDatabase, writing: Importer, promotion: str, tax: str, shipping: tuple[str, str]
) -> None:
    """The goods and their tax stay whole."""
    writing.take(discounted(promotion, shipping_tax=tax))

    row = sqlite_shop.one("SELECT total_shipping_tax_incl, total_shipping_tax_excl FROM {p}orders")
    assert [Decimal(str(value)) for value in row.values()] == [Decimal(value) for value in shipping]
    assert Decimal(str(sqlite_shop.value("SELECT total_amount FROM {p}order_detail_tax"))) == Decimal("5.24")
    assert sqlite_shop.count("order_cart_rule") == 0


def test_a_promotion_on_one_of_several_lines_is_sound(writing: Importer) -> None:
    writing.take(amazon_order(Sold("MUG-BLUE", 1, "14.52", discount="7.00"), Sold("MUG-RED", 3, "43.20")))

    assert places(writing) == set()
