"""Who buys, where to, with which carrier and state, from which stock: by configuration and shop."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from orderferry.config.model import (
    CarriersSettings,
    CustomersSettings,
    MarketplaceSettings,
    OrdersSettings,
    TaxesSettings,
)
from orderferry.domain.orders import Buyer, Channel, OrderStatus, TaxRegistration
from orderferry.prestashop.checking.setup_shop import SetupShop
from orderferry.prestashop.checking.verify_order import rows_of_order
from orderferry.prestashop.sample_shop import MULTISHOP
from support.shop_database import ShopDatabase
from support.writing import HOME, PURCHASED, Importer, Sold, amazon_order, importer, settings_for

ORDER = amazon_order(Sold("MUG-BLUE", 1, "14.52", "2.62"))
ANOTHER = replace(ORDER, order_id="402-7654321-7654321")


@pytest.fixture
def writing(sqlite_shop: ShopDatabase, tmp_path: Path) -> Importer:
    return importer(sqlite_shop, tmp_path)


def test_each_order_has_a_guest_that_no_mail_reaches(sqlite_shop: ShopDatabase, writing: Importer) -> None:
    writing.take_all([ORDER, ANOTHER])

    people = sqlite_shop.rows("SELECT * FROM {p}customer ORDER BY id_customer")
    assert [row["email"] for row in people] == [
        "402-1234567-1234567@amazon.invalid",
        "402-7654321-7654321@amazon.invalid",
    ]
    assert len({row["secure_key"] for row in people}) == len({row["passwd"] for row in people}) == 2
    joined = sqlite_shop.rows(
        "SELECT c.secure_key AS a, o.secure_key AS b, k.secure_key AS c FROM {p}orders o"
        " JOIN {p}customer c ON c.id_customer = o.id_customer JOIN {p}cart k ON k.id_cart = o.id_cart"
    )
    assert all(row["a"] == row["b"] == row["c"] for row in joined)


def test_an_alias_shares_one_account_and_none_gets_its_own(sqlite_shop: ShopDatabase, tmp_path: Path) -> None:
    writing = importer(sqlite_shop, tmp_path, customers=CustomersSettings(mode="alias"))
    writing.take_all([ORDER, ANOTHER, replace(ORDER, order_id="402-0000000-0000001", buyer=Buyer())])

    assert sqlite_shop.count("customer") == sqlite_shop.count("customer_group") == 2
    orders = sqlite_shop.rows(
        "SELECT o.id_customer, o.secure_key, c.secure_key AS theirs, c.email FROM {p}orders o"
        " JOIN {p}customer c ON c.id_customer = o.id_customer ORDER BY id_order"
    )
    assert [row["id_customer"] for row in orders] == [1, 1, 2]
    assert all(row["secure_key"] == row["theirs"] for row in orders)
    assert all(row["email"].endswith("@amazon.invalid") for row in orders)
    assert "x1y2z3" not in orders[0]["email"]


def test_a_fixed_account_takes_all_orders(sqlite_shop: ShopDatabase, tmp_path: Path) -> None:
    importer(sqlite_shop, tmp_path).take(ANOTHER)
    account = sqlite_shop.one("SELECT * FROM {p}customer")
    settings = CustomersSettings(mode="fixed", account=account["email"])
    importer(sqlite_shop, tmp_path, customers=settings).take(ORDER)

    orders = sqlite_shop.rows("SELECT id_customer, secure_key FROM {p}orders")
    assert [(row["id_customer"], row["secure_key"]) for row in orders] == [(1, account["secure_key"])] * 2
    assert sqlite_shop.count("customer") == 1
    assert [row["id_customer"] for row in sqlite_shop.rows("SELECT id_customer FROM {p}address")] == [1, 1]


def test_amazons_alias_is_the_address_where_it_is_configured(sqlite_shop: ShopDatabase, tmp_path: Path) -> None:
    importer(sqlite_shop, tmp_path, customers=CustomersSettings(email="amazon")).take(ORDER)

    assert sqlite_shop.value("SELECT email FROM {p}customer") == "x1y2z3@marketplace.amazon.it"
    assert sqlite_shop.value("SELECT email FROM {p}customer_thread") == "x1y2z3@marketplace.amazon.it"


def test_business_orders_have_their_group_company_and_invoice_address(
    sqlite_shop: ShopDatabase, tmp_path: Path
) -> None:
    seat = replace(HOME, name="", company="", lines=("Via Larga 3",), city="Torino", region="TO", phone="")
    order = replace(
        ORDER,
        programs=("AMAZON_BUSINESS",),
        buyer=Buyer("Anna Bianchi", "", "Bianchi S.r.l.", "PO-77"),
        tax_registrations=(TaxRegistration("BUYER", "VAT", "IT01234567890", "Bianchi S.r.l.", seat),),
    )
    settings = CustomersSettings(business_group="3")
    states = OrdersSettings(state_business="11")
    importer(sqlite_shop, tmp_path, customers=settings, orders=states).take(order)

    person = sqlite_shop.one("SELECT * FROM {p}customer")
    assert (person["firstname"], person["company"], person["id_default_group"]) == ("Anna", "Bianchi S.r.l.", 3)
    row = sqlite_shop.one("SELECT * FROM {p}orders")
    assert row["current_state"] == 11
    invoice = sqlite_shop.one("SELECT * FROM {p}address WHERE id_address = :id", id=row["id_address_invoice"])
    assert (invoice["company"], invoice["city"]) == ("Bianchi S.r.l.", "Torino")
    assert invoice["vat_number"] == "IT01234567890"
    assert row["id_address_delivery"] != row["id_address_invoice"]
    assert "PO-77" in sqlite_shop.value("SELECT message FROM {p}customer_message")


def test_a_registered_name_that_is_the_companys_is_nobodys(sqlite_shop: ShopDatabase, writing: Importer) -> None:
    seat = replace(HOME, name="Bianchi S.r.l.", company="", lines=("Via Larga 3",))
    registration = TaxRegistration("BUYER", "VAT", "IT01234567890", "Bianchi S.r.l.", seat)
    writing.take(replace(ORDER, buyer=Buyer("Anna Bianchi"), tax_registrations=(registration,)))

    row = sqlite_shop.one("SELECT a.* FROM {p}address a JOIN {p}orders o ON o.id_address_invoice = a.id_address")
    assert (row["firstname"], row["lastname"], row["company"]) == ("Anna", "Bianchi", "Bianchi S.r.l.")


def test_amazons_tax_is_that_of_the_country_before_others_of_its_rate(
    sqlite_shop: ShopDatabase, writing: Importer
) -> None:
    """Austria's and Italy's taxes of 10 % both explain it: the goods stay in Italy."""
    writing.take(amazon_order(Sold("MUG-BLUE", 1, "11.00", "1.00")))

    id_country = "SELECT id_country FROM {p}country WHERE iso_code = 'IT'"
    ruled = sqlite_shop.rows(f"SELECT id_tax FROM {{p}}tax_rule WHERE id_country = ({id_country})")
    assert sqlite_shop.value("SELECT id_tax FROM {p}order_detail_tax") in {row["id_tax"] for row in ruled}


def test_prime_orders_have_their_state_until_they_are_shipped(sqlite_shop: ShopDatabase, tmp_path: Path) -> None:
    writing = importer(sqlite_shop, tmp_path, orders=OrdersSettings(state_prime="11"))
    writing.take_all([replace(ORDER, programs=("PRIME",)), replace(ANOTHER, status=OrderStatus.SHIPPED)])

    states = [row["current_state"] for row in sqlite_shop.rows("SELECT current_state FROM {p}orders ORDER BY 1")]
    assert states == [4, 11]


def test_carriers_follow_the_service_level(sqlite_shop: ShopDatabase, tmp_path: Path) -> None:
    default = int(sqlite_shop.value("SELECT value FROM {p}configuration WHERE name = 'PS_CARRIER_DEFAULT'"))
    other = sqlite_shop.rows("SELECT id_carrier FROM {p}carrier WHERE deleted = 0 AND id_carrier <> :d", d=default)[0]
    carriers = CarriersSettings(map={"EXPEDITED": str(other["id_carrier"])})
    writing = importer(sqlite_shop, tmp_path, carriers=carriers)
    writing.take_all([ORDER, replace(ANOTHER, service_level="EXPEDITED")])

    chosen = [row["id_carrier"] for row in sqlite_shop.rows("SELECT id_carrier FROM {p}orders ORDER BY id_order")]
    assert chosen == [default, other["id_carrier"]]


def test_the_purchase_date_can_be_the_orders(sqlite_shop: ShopDatabase, tmp_path: Path) -> None:
    importer(
        sqlite_shop, tmp_path, orders=OrdersSettings(date="purchase", payment_label="{marketplace} {country}")
    ).take(ORDER)

    row = sqlite_shop.one("SELECT * FROM {p}orders")
    assert PURCHASED.hour == 18
    assert row["date_add"] == "2026-11-22 19:30:00"
    assert row["invoice_date"] == "2026-11-23 08:12:35"
    assert "Imported: 2026-11-23 08:12" in row["note"]
    assert row["payment"] == "Amazon.it IT"
    assert sqlite_shop.value("SELECT payment_method FROM {p}order_payment") == "Amazon.it IT"


def test_packs_take_what_the_shop_says(sqlite_shop: ShopDatabase, tmp_path: Path) -> None:
    order = amazon_order(Sold("SET-BREAKFAST", 2, "89.79", "16.19"))

    def stock() -> dict[str, int]:
        rows = sqlite_shop.rows(
            "SELECT p.reference, s.quantity FROM {p}stock_available s"
            " JOIN {p}product p ON p.id_product = s.id_product WHERE s.id_product_attribute = 0"
        )
        return {row["reference"]: row["quantity"] for row in rows}

    expected = {"0": (-2, 0, 0), "1": (0, -4, -2), "2": (-2, -4, -2)}
    for number, (setting, change) in enumerate(expected.items()):
        sqlite_shop.execute("UPDATE {p}configuration SET value = :v WHERE name = 'PS_PACK_STOCK_TYPE'", v=setting)
        before = stock()
        importer(sqlite_shop, tmp_path).take(replace(order, order_id=f"402-0000000-{number:07d}"))
        after = stock()
        parts = ("SET-BREAKFAST", "MUG-BLUE", "COFFEE-1KG")
        assert tuple(after[part] - before[part] for part in parts) == change, setting


def test_shared_stock_moves_in_the_groups_row(shop_database_of: Callable[..., ShopDatabase], tmp_path: Path) -> None:
    database = shop_database_of(seed=MULTISHOP)
    writing = importer(database, tmp_path, marketplaces={"IT": MarketplaceSettings(shop="3", lang="en")})
    writing.take(ORDER)

    rows = database.rows(
        "SELECT id_shop, id_shop_group, quantity FROM {p}stock_available"
        " WHERE id_product = 1 AND id_product_attribute = 0 ORDER BY id_shop_group"
    )
    moved = [(row["id_shop"], row["id_shop_group"]) for row in rows if row["quantity"] == 399]
    assert moved == [(0, 2)]
    order = database.one("SELECT * FROM {p}orders")
    assert (order["id_shop"], order["id_shop_group"], order["id_lang"]) == (3, 2, 2)
    assert database.value("SELECT product_name FROM {p}order_detail") == "Blue mug"


def test_a_configured_rate_wins_over_the_shops_rules(sqlite_shop: ShopDatabase, tmp_path: Path) -> None:
    """The Italian localisation books a German delivery at 22 %: [taxes] is the way out."""
    taxes = TaxesSettings(by_country={"DE": Decimal(19)})
    order = replace(
        amazon_order(Sold("MUG-BLUE", 1, "11.90"), marketplace_id="A1PA6795UKMFR9"),
        delivery_address=replace(HOME, country="DE", region="", city="Berlin"),
    )
    importer(sqlite_shop, tmp_path, taxes=taxes).take(order)

    line = sqlite_shop.one("SELECT * FROM {p}order_detail")
    assert (Decimal(str(line["total_price_tax_excl"])), Decimal(str(line["tax_rate"]))) == (Decimal(10), Decimal(19))


def test_long_and_foreign_texts_are_kept_whole_in_the_message(sqlite_shop: ShopDatabase, writing: Importer) -> None:
    city = "Llanfairpwllgwyngyllgogerychwyrndrobwllllantysiliogogogoch on the far side of the hill"
    writing.take(replace(ORDER, delivery_address=replace(HOME, city=city, lines=("Via <b>Roma</b> 1",))))

    row = sqlite_shop.one("SELECT city, address1 FROM {p}address")
    assert len(row["city"]) <= 64
    assert "<" not in row["address1"]
    message = sqlite_shop.value("SELECT message FROM {p}customer_message")
    assert city in message
    assert "<" not in message


def test_rows_for_show_are_masked(sqlite_shop: ShopDatabase, writing: Importer) -> None:
    writing.take(replace(ORDER, delivery_address=replace(HOME, postal_code="40121")))
    with writing.shop.reading("reading an order's rows") as (statements, _):
        rows = rows_of_order(statements, ORDER.order_id)
        assert rows_of_order(statements, "402-0000000-0000000") == {}

    assert rows["orders"][0]["id_order"] == 1
    shown = repr(rows)
    for personal in ("Rossi", "Via Roma", "40121", "+3902", "amazon.invalid", "$2y$"):
        assert personal not in shown
    assert {"customer_message", "order_detail_tax", "orderferry_order"} <= rows.keys()


def carrier_for_fba(shop: ShopDatabase, folder: Path) -> tuple[int, int]:
    """The carrier as `init` makes it, and its customer group."""
    setup = SetupShop(settings_for(shop, folder), sleep=lambda _seconds: None)
    number, _ = setup.create_carrier()
    setup.close()
    return number, int(shop.value("SELECT id_group FROM {p}carrier_group WHERE id_carrier = :id", id=number))


FBA_ORDER = replace(ORDER, channel=Channel.FBA, status=OrderStatus.SHIPPED)


def test_an_order_with_the_carrier_for_fba_keeps_it_through_edits(sqlite_shop: ShopDatabase, tmp_path: Path) -> None:
    number, own = carrier_for_fba(sqlite_shop, tmp_path)
    writing = importer(sqlite_shop, tmp_path, carriers=CarriersSettings(fba="Amazon"))
    writing.take_all([FBA_ORDER, ANOTHER])

    fba, regular = sqlite_shop.rows("SELECT * FROM {p}orders ORDER BY id_order")
    usual = sqlite_shop.value("SELECT id_default_group FROM {p}customer WHERE id_customer = :id", id=fba["id_customer"])
    groups = "SELECT id_group FROM {p}customer_group WHERE id_customer = :id ORDER BY id_group"
    assert [row["id_group"] for row in sqlite_shop.rows(groups, id=fba["id_customer"])] == [usual, own]
    assert [row["id_group"] for row in sqlite_shop.rows(groups, id=regular["id_customer"])] == [usual]
    assert fba["id_carrier"] == number != regular["id_carrier"]
    assert (
        sqlite_shop.value("SELECT id_carrier FROM {p}order_carrier WHERE id_order = :id", id=fba["id_order"]) == number
    )
    cart = sqlite_shop.one("SELECT * FROM {p}cart WHERE id_cart = :id", id=fba["id_cart"])
    assert cart["id_carrier"] == number
    assert cart["delivery_option"] == f'{{"{fba["id_address_delivery"]}":"{number},"}}'


def test_regular_orders_may_have_the_same_carrier(sqlite_shop: ShopDatabase, tmp_path: Path) -> None:
    number, own = carrier_for_fba(sqlite_shop, tmp_path)
    importer(sqlite_shop, tmp_path, carriers=CarriersSettings(default="Amazon", fba="Amazon")).take(ORDER)

    assert sqlite_shop.value("SELECT id_carrier FROM {p}orders") == number
    assert own in [row["id_group"] for row in sqlite_shop.rows("SELECT id_group FROM {p}customer_group")]


@pytest.mark.parametrize("mode", ["alias", "fixed"])
def test_an_account_that_was_there_joins_the_carriers_group_once(
    mode: str, sqlite_shop: ShopDatabase, tmp_path: Path
) -> None:
    importer(sqlite_shop, tmp_path, customers=CustomersSettings(mode="alias")).take(ORDER)
    _, own = carrier_for_fba(sqlite_shop, tmp_path)
    account = sqlite_shop.value("SELECT email FROM {p}customer")
    customers = CustomersSettings(mode=mode, account=account if mode == "fixed" else "")
    writing = importer(sqlite_shop, tmp_path, customers=customers, carriers=CarriersSettings(fba="Amazon"))
    for order_id in ("402-0000000-0000007", "402-0000000-0000008"):
        writing.take(replace(FBA_ORDER, order_id=order_id))

    assert sqlite_shop.count("customer") == 1
    groups = [row["id_group"] for row in sqlite_shop.rows("SELECT id_group FROM {p}customer_group ORDER BY id_group")]
    assert len(groups) == 2
    assert own in groups


def test_a_carrier_that_several_groups_may_use_puts_nobody_into_one(sqlite_shop: ShopDatabase, tmp_path: Path) -> None:
    number, own = carrier_for_fba(sqlite_shop, tmp_path)
    sqlite_shop.insert("carrier_group", {"id_carrier": number, "id_group": 1})
    importer(sqlite_shop, tmp_path, carriers=CarriersSettings(fba="Amazon")).take(FBA_ORDER)

    assert own not in [row["id_group"] for row in sqlite_shop.rows("SELECT id_group FROM {p}customer_group")]
