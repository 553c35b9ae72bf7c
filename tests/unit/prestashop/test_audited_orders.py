"""The shop's Amazon orders as `compare` reads them, whole."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from orderferry.config.model import MarketplaceSettings, OrdersSettings, ProductsSettings
from orderferry.domain.compared_orders import CreditSlip, RateShare, ShopOrder, ShopOrders
from orderferry.domain.orders import Channel
from orderferry.errors import ShopUnfit
from orderferry.prestashop.auditing import ShopAudit
from support.shop_database import ShopDatabase
from support.sqlite_shop import sqlite_shop_in
from support.writing import NOW, ORDER_ID, Sold, amazon_order, importer, settings_for, shipped

OTHER, FOREIGN = "402-0000000-0000002", "402-0000000-0000003"
MUGS = Sold("MUG-BLUE", 2, "29.04", "5.24", shipping="8.54", shipping_tax="1.54")
WRAPPED = replace(MUGS, wrap="3.00", wrap_tax="0.54")
LATER = NOW + timedelta(days=3)

FIRST = ShopOrder(
    order_id=ORDER_ID,
    ids=(1,),
    placed=NOW,
    state="Pagamento accettato",
    cancelled=False,
    shipped=False,
    total=Decimal("37.58"),
    net=Decimal("30.80"),
    currency="EUR",
    quantity=2,
    fees=0,
    country="IT",
    invoice_number=1,
    invoiced=NOW,
    marketplace_id="APJ6JRA9NG5V4",
    channel=Channel.REGULAR,
    tax_scheme="domestic",
    seller="58d65826d14ecc67125d722b",
    shares=(RateShare(Decimal(22), Decimal("37.58"), Decimal("6.78")),),
    left=None,
    slips=(),
    home_currency="EUR",
    conversion_rate=Decimal(1),
)
SECOND = replace(
    FIRST,
    order_id=OTHER,
    ids=(2,),
    placed=LATER,
    state="Spedito",
    shipped=True,
    total=Decimal("51.58"),
    net=Decimal("43.26"),
    quantity=3,
    fees=1,
    invoice_number=2,
    invoiced=LATER,
    shares=(
        RateShare(Decimal(22), Decimal("40.58"), Decimal("7.32")),
        RateShare(Decimal(10), Decimal("11.00"), Decimal("1.00")),
    ),
    left=LATER,
)


@pytest.fixture(scope="module")
def imported(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A shop with two imported orders, three days apart."""
    folder = tmp_path_factory.mktemp("audited")
    shop = sqlite_shop_in(folder)
    writing = importer(shop, folder)
    writing.take(amazon_order(MUGS))
    coffee = Sold("COFFEE-1KG", 1, "11.00", "1.00")
    writing.take(shipped(amazon_order(WRAPPED, coffee, order_id=OTHER)), now=LATER)
    writing.shop.close()
    shop.close()
    return (folder / "shop.sqlite").read_bytes()


@pytest.fixture
def shop(imported: bytes, tmp_path: Path) -> Iterator[ShopDatabase]:
    (tmp_path / "shop.sqlite").write_bytes(imported)
    shop = ShopDatabase(f"sqlite:///{tmp_path}/shop.sqlite", "ps_", "8.2.1")
    yield shop
    shop.close()


def sold(shop: ShopDatabase, since: datetime = NOW, *order_ids: str, **settings: Any) -> ShopOrders:
    folder = Path(shop.url.removeprefix("sqlite:///")).parent
    audit = ShopAudit(settings_for(shop, folder, **settings), sleep=lambda _seconds: None)
    try:
        return audit.sold(since, order_ids)
    finally:
        audit.close()


def only(shop: ShopDatabase, order_id: str = ORDER_ID, **settings: Any) -> ShopOrder:
    """The one order of an Amazon order id."""
    (found,) = sold(shop, **settings).orders[order_id]
    return found


def foreign(shop: ShopDatabase, number: int, order_id: str = FOREIGN, **columns: Any) -> None:
    """An order of another importer: 19 % tax in 11.90, one piece."""
    row = {
        **{"id_order": number, "reference": "OTHER", "id_carrier": 1, "id_lang": 1, "id_customer": 1, "id_cart": 1},
        **{"id_currency": 1, "id_address_delivery": 1, "id_address_invoice": 1, "current_state": 4, "secure_key": ""},
        **{"payment": "Other", "module": "other", "total_paid": "11.90", "total_paid_tax_excl": "10.00"},
        **{"total_paid_real": "11.90", "invoice_date": "0000-00-00 00:00:00", "delivery_date": "0000-00-00 00:00:00"},
        **{"date_add": "2026-11-25 10:00:00", "date_upd": "2026-11-25 10:00:00", "conversion_rate": 0},
        **columns,
    }
    shop.insert("orders", row)
    line = {
        **{"id_order": number, "id_shop": 1, "product_id": 1, "product_name": "Thing", "product_quantity": 1},
        **{"product_reference": "SKU-1", "total_price_tax_incl": "11.90", "total_price_tax_excl": "10.00"},
        **{"product_weight": 0, "tax_name": "", "download_hash": ""},
    }
    shop.insert("order_detail", line)
    payment = {
        **{"order_reference": row["reference"], "id_currency": 1, "amount": "11.90", "payment_method": "Other"},
        **{"conversion_rate": 1, "transaction_id": f"amzn {order_id}", "date_add": "2026-11-25 10:00:00"},
    }
    shop.insert("order_payment", payment)


def slip(shop: ShopDatabase, id_order: int, **columns: Any) -> None:
    row = {
        **{"id_order": id_order, "conversion_rate": 1, "id_customer": 1, "shipping_cost": 1, "partial": 0},
        **{"total_products_tax_excl": 10, "total_products_tax_incl": "12.20", "total_shipping_tax_excl": 5},
        **{"total_shipping_tax_incl": "6.10", "amount": 99, "shipping_cost_amount": 98},
        **{"date_add": "2026-11-25 10:00:00", "date_upd": "2026-11-25 10:00:00", **columns},
    }
    shop.insert("order_slip", row)


def test_two_imported_orders(shop: ShopDatabase) -> None:
    assert sold(shop) == ShopOrders({ORDER_ID: (FIRST,), OTHER: (SECOND,)}, {})


@pytest.mark.parametrize(
    ("days", "found"), [(1, [ORDER_ID, OTHER]), (2, [ORDER_ID, OTHER]), (2.001, [OTHER]), (5, [OTHER]), (5.001, [])]
)
def test_the_search_begins_two_days_earlier(shop: ShopDatabase, days: float, found: list[str]) -> None:
    since = NOW + timedelta(days=days)

    assert sorted(sold(shop, since).orders, reverse=True) == found
    assert sold(shop, since, ORDER_ID, "402-0000000-0000009").orders[ORDER_ID] == (FIRST,)


def test_an_order_credited_lately_is_read_too(shop: ShopDatabase) -> None:
    slip(shop, 1)
    slip(shop, 1, date_add="2026-11-26 10:00:00", total_products_tax_incl="1.22", total_products_tax_excl=1)
    since = NOW + timedelta(days=4, hours=20)

    (found,) = sold(shop, since).orders[ORDER_ID]
    assert found == replace(
        FIRST,
        slips=(
            CreditSlip(datetime(2026, 11, 25, 9, 0, tzinfo=UTC), Decimal("18.30"), Decimal(15)),
            CreditSlip(datetime(2026, 11, 26, 9, 0, tzinfo=UTC), Decimal("7.32"), Decimal(6)),
        ),
    )
    assert ORDER_ID not in sold(shop, since + timedelta(hours=8)).orders


def test_a_credit_slip_of_an_old_version_has_one_amount_of_each(shop: ShopDatabase) -> None:
    """Those of 1.6 hold no net amounts: both count as they stand."""
    shop.execute("ALTER TABLE {p}order_slip RENAME TO old_slip")
    shop.execute(
        "CREATE TABLE {p}order_slip AS SELECT id_order_slip, id_order, date_add, 8 AS amount, 4 AS"
        " shipping_cost_amount, NULL AS total_products_tax_incl, NULL AS total_products_tax_excl,"
        " NULL AS total_shipping_tax_incl, NULL AS total_shipping_tax_excl FROM old_slip"
    )
    shop.execute(
        "INSERT INTO {p}order_slip (id_order_slip, id_order, date_add, amount, shipping_cost_amount)"
        " VALUES (1, 1, '2026-11-25 10:00:00', 8, 4)"
    )
    (found,) = only(shop).slips
    assert (found.gross, found.net) == (Decimal(12), Decimal(12))


def test_a_user_who_may_not_read_credit_slips_sees_none(shop: ShopDatabase) -> None:
    shop.execute("DROP TABLE {p}order_slip")
    assert sold(shop) == ShopOrders({ORDER_ID: (FIRST,), OTHER: (SECOND,)}, {})


def test_an_order_of_another_importer(shop: ShopDatabase) -> None:
    foreign(shop, 7)

    assert only(shop, FOREIGN) == ShopOrder(
        order_id=FOREIGN,
        ids=(7,),
        placed=datetime(2026, 11, 25, 9, 0, tzinfo=UTC),
        state="Spedito",
        cancelled=False,
        shipped=True,
        total=Decimal("11.90"),
        net=Decimal("10.00"),
        currency="EUR",
        quantity=1,
        country="IT",
        shares=(RateShare(None, Decimal("11.90"), Decimal("1.90")),),
        home_currency="EUR",
    )


def test_parts_of_one_reference_are_one_order_and_a_cancelled_part_does_not_count(shop: ShopDatabase) -> None:
    foreign(shop, 8, current_state=6, total_paid="11.90")
    foreign(shop, 7, current_state=4, invoice_number=70)
    foreign(shop, 9, current_state=3)
    slip(shop, 8)

    found = only(shop, FOREIGN)
    assert (found.ids, found.state, found.shipped, found.cancelled) == ((7, 8, 9), "Spedito", False, False)
    assert (found.total, found.net, found.quantity) == (Decimal("23.80"), Decimal("20.00"), 2)
    assert found.shares == (RateShare(None, Decimal("11.90"), Decimal("1.90")),) * 2
    assert [one.gross for one in found.slips] == [Decimal("18.30")]
    assert found.invoice_number == 70


def test_parts_that_are_all_cancelled_count(shop: ShopDatabase) -> None:
    foreign(shop, 7, current_state=6)
    foreign(shop, 8, current_state=8)

    found = only(shop, FOREIGN)
    assert (found.ids, found.cancelled, found.total) == ((7, 8), True, Decimal("23.80"))


def test_two_references_of_one_amazon_order_are_two_orders(shop: ShopDatabase) -> None:
    foreign(shop, 7)
    foreign(shop, 8, reference="AGAIN")

    assert [one.ids for one in sold(shop).orders[FOREIGN]] == [(7,), (8,)]


def test_a_marker_without_its_order_tells_of_a_deleted_one(shop: ShopDatabase) -> None:
    shop.execute("DELETE FROM {p}orders WHERE id_order = 1")
    assert sold(shop, NOW, ORDER_ID).deleted == {ORDER_ID: 1}
    assert sold(shop, NOW, ORDER_ID).orders.keys() == {OTHER}
    foreign(shop, 1, "402-0000000-0000004", reference="REUSED")  # an old server gives the id again
    found = sold(shop, NOW, ORDER_ID)
    assert found.deleted == {ORDER_ID: 1}
    assert found.orders.keys() == {OTHER, "402-0000000-0000004"}


@pytest.mark.parametrize("kept", ["", "same"])
def test_a_marker_that_keeps_no_reference_holds_for_any(shop: ShopDatabase, kept: str) -> None:
    """The payment is gone, so that only the marker tells of the order."""
    shop.execute("DELETE FROM {p}order_payment")
    if not kept:
        shop.execute("UPDATE {p}orderferry_order SET order_reference = ''")
    found = sold(shop, NOW, ORDER_ID)

    assert found.orders == {ORDER_ID: (FIRST,)}
    shop.execute("UPDATE {p}orderferry_order SET order_reference = 'ANOTHER'")
    assert sold(shop, NOW, ORDER_ID).orders == {}


def test_a_shop_without_markers(shop: ShopDatabase) -> None:
    shop.execute("DROP TABLE {p}orderferry_order")

    bare = {"marketplace_id": "", "channel": None, "tax_scheme": "", "seller": ""}
    assert sold(shop).orders[ORDER_ID] == (replace(FIRST, **bare),)


@pytest.mark.parametrize(
    ("state", "is_cancelled", "is_shipped"),
    [
        *[(2, False, False), (3, False, False), (4, False, True), (5, False, True)],
        *[(6, True, False), (7, False, True), (8, True, False)],
    ],
)
def test_what_the_shop_s_own_states_mean(shop: ShopDatabase, state: int, is_cancelled: bool, is_shipped: bool) -> None:
    shop.execute("UPDATE {p}orders SET current_state = :state WHERE id_order = 1", state=state)

    found = only(shop)
    assert (found.cancelled, found.shipped) == (is_cancelled, is_shipped)


@pytest.mark.parametrize("state", [4, 5, 7])
def test_a_state_that_the_shop_s_settings_name_needs_no_flag(shop: ShopDatabase, state: int) -> None:
    shop.execute("UPDATE {p}order_state SET shipped = 0")
    shop.execute("UPDATE {p}orders SET current_state = :state WHERE id_order = 1", state=state)
    assert only(shop).shipped


@pytest.mark.parametrize(
    ("orders", "is_cancelled", "is_shipped"),
    [
        (OrdersSettings(state_cancelled="9"), True, False),
        (OrdersSettings(state_cancelled=" in attesa DI rifornimento (PAGATO)"), True, False),
        (OrdersSettings(state_shipped="On backorder (paid)"), False, True),
        (OrdersSettings(state_fba="9"), False, True),
        (OrdersSettings(state_paid="9"), False, False),
    ],
)
def test_states_that_the_configuration_names_by_id_or_name_in_any_language(
    shop: ShopDatabase, orders: OrdersSettings, is_cancelled: bool, is_shipped: bool
) -> None:
    shop.execute("UPDATE {p}orders SET current_state = 9 WHERE id_order = 1")

    for settings in ({"orders": orders}, {"marketplaces": {"DE": MarketplaceSettings(orders=orders)}}):
        found = only(shop, **settings)
        assert (found.state, found.cancelled, found.shipped) == (
            "In attesa di rifornimento (pagato)",
            is_cancelled,
            is_shipped,
        )


def test_an_unknown_state_is_told_by_its_number(shop: ShopDatabase) -> None:
    shop.execute("UPDATE {p}orders SET current_state = 77 WHERE id_order = 1")
    assert only(shop).state == "state 77"


def test_states_are_named_in_the_shop_s_default_language(shop: ShopDatabase) -> None:
    shop.execute("UPDATE {p}configuration SET value = '2' WHERE name = 'PS_LANG_DEFAULT'")
    assert only(shop).state == "Payment accepted"


def test_fees_are_no_articles(shop: ShopDatabase) -> None:
    detail = "UPDATE {p}order_detail SET product_reference = :ref, product_id = :product WHERE id_order = 1"
    shop.execute(detail, ref="COD", product=9)
    assert (only(shop).quantity, only(shop).fees) == (2, 0)
    with_fees = only(shop, products=ProductsSettings(fees={"COD_FEE": "COD"}))
    assert (with_fees.quantity, with_fees.fees) == (0, 2)
    shop.execute(detail, ref="", product=0)  # of an older version
    assert (only(shop).quantity, only(shop).fees) == (0, 2)
    shop.execute(detail, ref="", product=9)
    assert (only(shop).quantity, only(shop).fees) == (2, 0)
    shop.execute(detail, ref="x", product=0)
    assert (only(shop).quantity, only(shop).fees) == (2, 0)
    shop.execute(detail, ref="orderferry-tip", product=9)
    assert (only(shop).quantity, only(shop).fees) == (0, 2)


def test_currencies_of_several_shops(shop: ShopDatabase) -> None:
    shop.execute("UPDATE {p}orders SET id_currency = 2, conversion_rate = 0.85 WHERE id_order = 1")
    code = shop.value("SELECT iso_code FROM {p}currency WHERE id_currency = 2")
    assert code != "EUR"
    found = only(shop)
    assert (found.currency, found.home_currency, found.conversion_rate) == (code, "EUR", Decimal("0.85"))
    shop.execute(
        "INSERT INTO {p}configuration (name, value, id_shop, date_add, date_upd) VALUES ('PS_CURRENCY_DEFAULT', '2', 1,"
        " '', '')"
    )
    assert only(shop).home_currency == code
    shop.execute("UPDATE {p}configuration SET id_shop = 2 WHERE name = 'PS_CURRENCY_DEFAULT' AND value = '2'")
    assert only(shop).home_currency == "EUR"
    shop.execute("UPDATE {p}configuration SET value = '' WHERE name = 'PS_CURRENCY_DEFAULT'")
    assert only(shop).home_currency == ""


def test_a_line_with_two_taxes_counts_once(shop: ShopDatabase) -> None:
    shop.execute(
        "INSERT INTO {p}order_detail_tax (id_order_detail, id_tax, unit_amount, total_amount) VALUES (1,2,0,0)"
    )
    assert only(shop).quantity == 2
    assert only(shop).total == FIRST.total


def test_what_wrapping_and_discounts_leave_goes_to_the_largest_share(shop: ShopDatabase) -> None:
    shop.execute(
        "UPDATE {p}orders SET total_paid = 41.58, total_paid_tax_excl = 33.80, total_shipping_tax_incl = 0,"
        " total_shipping_tax_excl = 0 WHERE id_order = 1"
    )
    assert only(shop).shares == (RateShare(Decimal(22), Decimal("41.58"), Decimal("7.78")),)
    shop.execute("DELETE FROM {p}order_detail WHERE id_order = 1")
    assert only(shop).shares == (RateShare(None, Decimal("41.58"), Decimal("7.78")),)


def test_the_shop_s_name_and_time_zone(shop: ShopDatabase, tmp_path: Path) -> None:
    audit = ShopAudit(settings_for(shop, tmp_path), sleep=lambda _seconds: None)

    assert (str(audit.zone), audit.name) == ("Europe/Rome", "Bottega di prova")
    audit.release()
    assert audit.sold(NOW, ()).orders.keys() == {ORDER_ID, OTHER}
    audit.close()


def test_a_shop_without_the_tables_is_refused(shop: ShopDatabase) -> None:
    shop.execute("DROP TABLE {p}order_detail_tax")
    with pytest.raises(ShopUnfit, match="ps_order_detail_tax"):
        sold(shop)
