"""Unusual shops and unusual orders, right in every table: many shops, currencies, languages, rates, orders of 0."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from orderferry.config.model import InvoicesSettings, MarketplaceSettings, ProductsSettings, TaxesSettings
from orderferry.domain.orders import Item, Order, TaxRegistration
from orderferry.errors import ShopUnfit
from orderferry.prestashop.sample_shop import MULTISHOP, ShopSeed
from support.shop_database import ShopDatabase
from support.writing import HOME, Sold, amazon_order, importer

GERMANY, SWEDEN, BRITAIN, JAPAN = "A1PA6795UKMFR9", "A2NODRKZP88ZB9", "A1F83G8C2ARO7P", "A1VC38T7YXB528"
STOCKHOLM = replace(HOME, country="SE", region="", city="Stockholm", postal_code="111 20")
MUG = Sold("MUG-BLUE", 1, "14.52", "2.62")


def money(database: ShopDatabase, table: str = "orders") -> dict[str, Decimal]:
    """The amounts of the only row of a table."""
    row = database.one(f"SELECT * FROM {{p}}{table}")
    return {
        key: Decimal(str(value))
        for key, value in row.items()
        if key.startswith(("total_", "unit_", "amount", "reduction_"))
    }


def test_many_shops_currencies_languages_combinations_packs_and_suffixes(
    shop_database_of: Callable[..., ShopDatabase], tmp_path: Path
) -> None:
    """One order into the third shop, in kronor and English: right in every table."""
    database = shop_database_of(seed=MULTISHOP)
    database.execute("UPDATE {p}currency_shop SET conversion_rate = 11.25 WHERE id_shop = 3 AND id_currency <> 1")
    sek = database.value("SELECT id_currency FROM {p}currency WHERE iso_code = 'SEK'")
    writing = importer(
        database,
        tmp_path,
        marketplaces={"SE": MarketplaceSettings(shop="Third shop", lang="en")},
        products=ProductsSettings(suffixes=("-FBM",)),
    )
    writing.take(
        amazon_order(
            Sold("TSHIRT-M-BLACK-FBM", 2, "400.00", "80.00", shipping="98.21", shipping_tax="19.64"),
            Sold("SET-BREAKFAST", 1, "500.00", "100.00"),
            currency="SEK",
            marketplace_id=SWEDEN,
            delivery_address=STOCKHOLM,
        )
    )

    order = database.one("SELECT * FROM {p}orders")
    assert (order["id_shop"], order["id_shop_group"], order["id_lang"], order["id_currency"]) == (3, 2, 2, sek)
    assert (order["conversion_rate"], order["total_paid"]) == (Decimal("11.25"), Decimal("998.21"))
    for table in ("cart", "order_detail", "customer", "customer_thread", "cart_product"):
        assert {row["id_shop"] for row in database.rows(f"SELECT id_shop FROM {{p}}{table}")} == {3}, table
    for table, key in (("cart", "id_lang"), ("customer", "id_lang"), ("customer_thread", "id_lang")):
        assert database.value(f"SELECT {key} FROM {{p}}{table}") == 2, table
    for table in ("cart", "order_payment"):
        assert database.value(f"SELECT id_currency FROM {{p}}{table}") == sek, table
    lines = database.rows("SELECT * FROM {p}order_detail ORDER BY id_order_detail")
    assert [line["product_name"] for line in lines] == [
        "Organic cotton T-shirt (Size: M - Color: Black)",
        "Breakfast set: two mugs and coffee",
    ]
    assert [line["product_reference"] for line in lines] == ["TSHIRT-M-BLACK", "SET-BREAKFAST"]
    assert [line["tax_rate"] for line in lines] == [Decimal(25)] * 2
    moved = database.rows(
        "SELECT p.reference, s.id_product_attribute > 0 AS combination, s.id_shop, s.id_shop_group,"
        " s.quantity + s.reserved_quantity - s.physical_quantity AS drift, s.reserved_quantity AS reserved"
        " FROM {p}stock_available s JOIN {p}product p ON p.id_product = s.id_product"
        " WHERE s.reserved_quantity > 0 ORDER BY p.reference"
    )
    assert [(row["reference"], row["id_shop"], row["id_shop_group"], row["reserved"]) for row in moved] == [
        ("SET-BREAKFAST", 0, 2, 1),
        ("TSHIRT", 0, 2, 2),
    ]
    assert {row["drift"] for row in moved} == {0}
    sold = database.rows("SELECT quantity FROM {p}product_sale ORDER BY id_product")
    assert [row["quantity"] for row in sold] == [2, 1]


@pytest.mark.parametrize(("taxes", "excl"), [({"DE": Decimal(19)}, "10.00"), ({}, "9.75")])
def test_the_italian_localisation_books_germany_as_configured(
    shop_database_of: Callable[..., ShopDatabase], tmp_path: Path, taxes: Any, excl: str
) -> None:
    """Its standard group maps every country of the EU to 22 %; [taxes] is the way out."""
    database = shop_database_of(seed=ShopSeed(italian_localisation=True))
    berlin = replace(HOME, country="DE", region="", city="Berlin", postal_code="10115")
    order = amazon_order(Sold("MUG-BLUE", 1, "11.90"), marketplace_id=GERMANY, delivery_address=berlin)
    importer(database, tmp_path, taxes=TaxesSettings(by_country=taxes)).take(order)

    assert money(database)["total_products"] == Decimal(excl)
    tax = database.one("SELECT t.rate FROM {p}order_detail_tax d JOIN {p}tax t ON t.id_tax = d.id_tax")
    assert tax["rate"] == (Decimal(19) if taxes else Decimal(22))
    assert database.value("SELECT tax_scheme FROM {p}orderferry_order") == "oss"


@pytest.mark.parametrize(("taxes", "excl"), [({"GB": Decimal(20)}, "10.00"), ({}, "12.00")])
def test_a_seller_registered_outside_the_eu_names_the_rate(
    sqlite_shop: ShopDatabase, tmp_path: Path, taxes: Any, excl: str
) -> None:
    london = replace(HOME, country="GB", region="", city="London", postal_code="N1 1AA")
    order = amazon_order(Sold("MUG-BLUE", 1, "12.00"), currency="GBP", marketplace_id=BRITAIN, delivery_address=london)
    sqlite_shop.execute("UPDATE {p}tax SET rate = 20 WHERE id_tax = 2")
    importer(sqlite_shop, tmp_path, taxes=TaxesSettings(by_country=taxes)).take(order)

    assert money(sqlite_shop)["total_paid_tax_excl"] == Decimal(excl)
    assert sqlite_shop.value("SELECT tax_scheme FROM {p}orderferry_order") == "export"


def test_free_lines_bear_the_standard_rate(sqlite_shop: ShopDatabase, tmp_path: Path) -> None:
    products = ProductsSettings(unknown="line")
    importer(sqlite_shop, tmp_path, products=products).take(amazon_order(Sold("NO-SUCH-SKU", 2, "24.40")))

    line = sqlite_shop.one("SELECT * FROM {p}order_detail")
    assert (line["product_id"], line["product_name"]) == (0, "Title of NO-SUCH-SKU")
    assert money(sqlite_shop)["total_products"] == Decimal(20)


def test_yen_have_no_decimals(sqlite_shop: ShopDatabase, tmp_path: Path) -> None:
    tokyo = replace(HOME, country="JP", region="Tokyo", city="Chiyoda", postal_code="100-0001")
    order = amazon_order(
        Sold("MUG-BLUE", 3, "19940", "1813"), currency="JPY", marketplace_id=JAPAN, delivery_address=tokyo
    )
    importer(sqlite_shop, tmp_path, taxes=TaxesSettings(by_country={"JP": Decimal(10)})).take(order)

    amounts = money(sqlite_shop)
    assert (amounts["total_paid"], amounts["total_paid_tax_excl"]) == (Decimal(19940), Decimal(18127))
    assert all(amount == int(amount) for amount in amounts.values())
    assert money(sqlite_shop, "order_detail")["unit_price_tax_incl"] == Decimal("6646.666667")


def test_a_foreign_tax_that_the_shop_lacks_is_in_the_totals_and_told(sqlite_shop: ShopDatabase, tmp_path: Path) -> None:
    ny = replace(HOME, country="US", region="NY", city="New York", postal_code="10001")
    sold = Sold("MUG-BLUE", 1, "108.88", "8.88")
    order = amazon_order(sold, currency="SEK", marketplace_id=SWEDEN, delivery_address=ny)
    writing = importer(sqlite_shop, tmp_path)
    writing.verifies = False  # it says that the invoice's tax table lacks the tax
    writing.take(order)

    amounts = money(sqlite_shop)
    assert (amounts["total_paid"], amounts["total_paid_tax_excl"]) == (Decimal("108.88"), Decimal(100))
    assert sqlite_shop.count("order_detail_tax") == 0
    assert "in the totals alone: 8.88 SEK" in sqlite_shop.value("SELECT message FROM {p}customer_message")
    (finding,) = writing.verify(order.order_id)
    assert "taxes.collected_by_amazon" in str(finding)


def free(item: Item) -> Item:
    """The same item as Amazon gives a replacement: without any amount."""
    return replace(item, proceeds=(), proceeds_total=None, unit_price=None)


def replacement(*, priced: bool) -> Order:
    order = amazon_order(MUG, replaces=("402-0000000-0000001",))
    return order if priced else replace(order, items=tuple(map(free, order.items)), grand_total=None)


@pytest.mark.parametrize(("priced", "total"), [(True, "14.52"), (False, "0")])
def test_replacements_with_and_without_a_price(
    sqlite_shop: ShopDatabase, tmp_path: Path, priced: bool, total: str
) -> None:
    importer(sqlite_shop, tmp_path).take(replacement(priced=priced))

    assert money(sqlite_shop)["total_paid"] == Decimal(total)
    assert money(sqlite_shop, "order_payment")["amount"] == Decimal(total)
    assert "402-0000000-0000001" in sqlite_shop.value("SELECT message FROM {p}customer_message")
    assert sqlite_shop.value("SELECT quantity FROM {p}stock_available WHERE id_product = 1") == 399


def test_vine_is_a_line_whose_promotion_pays_all_of_it(sqlite_shop: ShopDatabase, tmp_path: Path) -> None:
    importer(sqlite_shop, tmp_path).take(amazon_order(Sold("MUG-BLUE", 1, "14.52", discount="14.52")))

    amounts = money(sqlite_shop)
    assert (amounts["total_products_wt"], amounts["total_discounts"]) == (0, 0)
    assert money(sqlite_shop, "order_detail")["reduction_amount"] == Decimal("14.52")
    assert sqlite_shop.count("order_detail_tax") == 1
    assert amounts["total_paid"] == amounts["total_paid_tax_excl"] == 0
    assert sqlite_shop.value("SELECT transaction_id FROM {p}order_payment") == "402-1234567-1234567"


@pytest.mark.parametrize(
    ("kind", "number", "vat_number", "dni"),
    [
        ("VAT", "IT<01234567890>", "IT(01234567890)", "00000"),
        ("CPF", "123.456.789-09", "", "123.456.789-09"),
        ("CNPJ", "12.345.678/0001-95", "", "12345678000195"),
    ],
)
def test_numbers_of_buyers_fit_their_columns(
    sqlite_shop: ShopDatabase, tmp_path: Path, kind: str, number: str, vat_number: str, dni: str
) -> None:
    order = amazon_order(MUG, tax_registrations=(TaxRegistration("BUYER", kind, number),))
    buyer = replace(order.buyer, company="Rossi {& figli} = <S.r.l.>")
    importer(sqlite_shop, tmp_path).take(replace(order, buyer=buyer))

    address = sqlite_shop.one("SELECT * FROM {p}address")
    assert (address["vat_number"], address["dni"]) == (vat_number, dni)
    assert not set("<>={}") & set(sqlite_shop.value("SELECT company FROM {p}customer"))


@pytest.mark.parametrize(("setting", "mode"), [("0", "state"), ("1", "never")])
def test_without_invoices_the_dashboards_count_all_the_same(
    shop_database_of: Callable[..., ShopDatabase], tmp_path: Path, setting: str, mode: str
) -> None:
    database = shop_database_of(seed=ShopSeed(configuration={"PS_INVOICE": setting}))
    importer(database, tmp_path, invoices=InvoicesSettings(mode)).take(amazon_order(MUG))

    order = database.one("SELECT * FROM {p}orders")
    assert (order["invoice_number"], order["valid"]) == (0, 1)
    assert str(order["invoice_date"]) == "2026-11-23 08:12:35"
    # the dashboards' own condition
    counted = database.value(
        "SELECT SUM((total_paid_tax_excl - total_shipping_tax_excl) / conversion_rate) FROM {p}orders"
        " WHERE valid = 1 AND invoice_date BETWEEN '2026-11-23 00:00:00' AND '2026-11-23 23:59:59'"
    )
    assert round(counted, 2) == Decimal("11.90")


@pytest.mark.sample(2)
@pytest.mark.parametrize("table", ["orders", "order_detail", "customer", "address", "product_sale"])
def test_a_required_column_of_a_module_stops_the_run_before_anything(
    shop_database_of: Callable[..., ShopDatabase], tmp_path: Path, table: str
) -> None:
    database = shop_database_of()
    database.execute(f"ALTER TABLE {{p}}{table} ADD COLUMN surprise UUID NOT NULL")  # a type without a neutral value
    with pytest.raises(ShopUnfit, match=rf"{table}\.surprise"):
        importer(database, tmp_path)
    database.execute(f"ALTER TABLE {{p}}{table} MODIFY COLUMN surprise UUID DEFAULT NULL")
    importer(database, tmp_path).take(amazon_order(replace(MUG, discount="1.00", tax="")))


@pytest.mark.parametrize("version", ["1.6.1.24", "1.7.6.9"])
def test_long_names_with_emoji_go_into_the_columns_of_old_shops(
    shop_database_of: Callable[..., ShopDatabase], tmp_path: Path, version: str
) -> None:
    """1.6 has 32 characters for a name, both have three bytes for a letter: the message has the whole of it."""
    database = shop_database_of(version)
    name = "Zoë 🎁 Maximiliane Friederike Charlotte von Hohenzollern-Sigmaringen 𠮷"
    importer(database, tmp_path).take(amazon_order(MUG, delivery_address=replace(HOME, name=name)))

    address = database.one("SELECT * FROM {p}address")
    limit = 32 if version == "1.6.1.24" else 255
    for part in (address["firstname"], address["lastname"]):
        assert 0 < len(part) <= limit
        assert part.isprintable()
        assert "🎁" not in part
    assert address["firstname"].startswith("Zoë Maximiliane")
    message = database.value("SELECT message FROM {p}customer_message")
    assert "Maximiliane Friederike Charlotte" in message
    assert "Hohenzollern-Sigmaringen" in message


def test_orders_carry_the_shops_rounding_in_every_mode_and_type(sqlite_shop: ShopDatabase, tmp_path: Path) -> None:
    """Six modes, three types: what is written stands every test, and the invoice is rendered by the same rule."""
    settings = [(mode, kind) for mode in range(6) for kind in (1, 2, 3)]
    for number, (mode, kind) in enumerate(settings):
        for name, value in (("PS_PRICE_ROUND_MODE", mode), ("PS_ROUND_TYPE", kind)):
            sqlite_shop.execute("UPDATE {p}configuration SET value = :v WHERE name = :name", v=value, name=name)
        sold = Sold("MUG-BLUE", 3, "10.00", shipping="4.99", discount="1.01")
        importer(sqlite_shop, tmp_path).take(amazon_order(sold, MUG, order_id=f"402-0000000-{number:07d}"))

    found = sqlite_shop.rows("SELECT round_mode, round_type, total_paid FROM {p}orders ORDER BY id_order")
    assert [(row["round_mode"], row["round_type"]) for row in found] == settings
    assert {Decimal(str(row["total_paid"])) for row in found} == {Decimal("28.50")}


@pytest.mark.parametrize(
    ("of_product", "of_combination", "written"),
    [("0", "0", ("0", "0")), ("0.25", "0", ("0.25", "22")), ("0.25", "0.4", ("0.4", "22"))],
)
def test_ecotax_is_the_products_own(
    sqlite_shop: ShopDatabase, tmp_path: Path, of_product: str, of_combination: str, written: tuple[str, str]
) -> None:
    dates = dict.fromkeys(("date_add", "date_upd"), "2026-11-23 07:00:00")
    sqlite_shop.insert("configuration", {"name": "PS_ECOTAX_TAX_RULES_GROUP_ID", "value": "1", **dates})
    sqlite_shop.execute("UPDATE {p}product_shop SET ecotax = :e", e=of_product)
    sqlite_shop.execute("UPDATE {p}product_attribute_shop SET ecotax = :e", e=of_combination)
    importer(sqlite_shop, tmp_path).take(amazon_order(Sold("TSHIRT-S-WHITE", 1, "20.00", "3.61")))

    line = sqlite_shop.one("SELECT ecotax, ecotax_tax_rate, total_price_tax_incl FROM {p}order_detail")
    assert [Decimal(str(value)) for value in line.values()] == [*map(Decimal, written), Decimal(20)]
