"""Products behind SKUs: which answer, and with which values; in how many statements; by which keys."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from decimal import Decimal
from typing import Any

import pytest
import sqlalchemy as sa

from orderferry.config.model import ProductsSettings
from orderferry.prestashop.facts import Product
from orderferry.prestashop.reading.products import ProductFinder
from orderferry.prestashop.sample_shop import MULTISHOP, ShopSeed, plain_products
from support.reading import opened, statements
from support.shop_database import ShopDatabase

pytestmark = pytest.mark.sample(0, always=("mariadb",))
MANY = ShopSeed(products=plain_products(f"SKU-{number:05}" for number in range(3000)))

ShopMaker = Callable[..., ShopDatabase]


@pytest.fixture(params=["mariadb", "sqlite"])
def shop(request: pytest.FixtureRequest) -> ShopDatabase:
    found: ShopDatabase = request.getfixturevalue("shop_database" if request.param == "mariadb" else "sqlite_shop")
    return found


def find(shop: ShopDatabase, *skus: str, id_shop: int = 1, **settings: Any) -> dict[str, tuple[Product, ...]]:
    with opened(shop) as open_, open_.database.reading("looking products up") as connection:
        finder = ProductFinder(open_.tables, open_.facts, ProductsSettings(**settings))
        found = finder.find(connection, [(id_shop, sku) for sku in skus])
    return {sku: products for (_, sku), products in found.items()}


def ids(products: Iterable[Product]) -> list[tuple[int, int]]:
    return [(product.id_product, product.id_product_attribute) for product in products]


def test_a_product_comes_with_what_a_line_needs(shop: ShopDatabase) -> None:
    (mug,) = find(shop, "MUG-BLUE")["MUG-BLUE"]
    assert (mug.id_product, mug.id_product_attribute) == (1, 0)
    assert mug.names == {1: "Tazza blu", 2: "Blue mug"}
    assert mug.name == "Tazza blu"
    assert mug.name_in(2) == "Blue mug"
    assert mug.name_in(9) == "Tazza blu"
    assert (mug.reference, mug.supplier_reference, mug.ean13) == ("MUG-BLUE", "CER-0011", "4006381333931")
    assert mug.weight == Decimal("0.350")
    assert mug.stock_quantity == 400
    assert mug.id_tax_rules_group == 1
    assert mug.active
    assert mug.pack_items == ()


def test_a_combination_has_its_own_values_and_the_product_s_where_it_has_none(shop: ShopDatabase) -> None:
    shop.execute(
        "UPDATE {p}product_attribute_shop SET weight = 0.05, wholesale_price = 3.5 WHERE id_product_attribute = 1"
    )
    shop.execute("UPDATE {p}product SET ean13 = '4000000000006', supplier_reference = 'SUP' WHERE id_product = 3")
    (shirt,) = find(shop, "TSHIRT-S-WHITE")["TSHIRT-S-WHITE"]
    assert (shirt.id_product, shirt.id_product_attribute) == (3, 1)
    assert shirt.name_in(2) == "Organic cotton T-shirt (Size: S - Color: White)"
    assert shirt.weight == Decimal("0.230")
    assert shirt.wholesale_price == Decimal("3.5")
    assert (shirt.ean13, shirt.supplier_reference) == ("4000000000006", "SUP")
    assert shirt.stock_quantity == 120


@pytest.mark.parametrize(
    ("version", "name"),
    [
        ("1.6.1.24", "Organic cotton T-shirt - Size : S, Color : White"),
        ("1.7.6.9", "Organic cotton T-shirt - Size : S- Color : White"),
        ("9.1.4", "Organic cotton T-shirt (Size: S - Color: White)"),
    ],
)
def test_a_combination_is_named_as_its_version_does(version: str, name: str, shop_database_of: ShopMaker) -> None:
    (shirt,) = find(shop_database_of(version), "TSHIRT-S-WHITE")["TSHIRT-S-WHITE"]
    assert shirt.name_in(2) == name


def test_a_pack_brings_its_contents(shop: ShopDatabase) -> None:
    (pack,) = find(shop, "SET-BREAKFAST")["SET-BREAKFAST"]
    assert pack.pack_items == ((1, 0, 2), (15, 0, 1))


def test_the_exact_case_wins_and_any_other_is_taken(shop: ShopDatabase) -> None:
    assert ids(find(shop, "mug-red")["mug-red"]) == [(2, 0)]
    shop.execute("UPDATE {p}product SET reference = 'mug-blue' WHERE id_product = 5")
    found = find(shop, "mug-blue", "MUG-BLUE", "Mug-Blue")
    assert ids(found["mug-blue"]) == [(5, 0)]
    assert ids(found["MUG-BLUE"]) == [(1, 0)]
    assert ids(found["Mug-Blue"]) == [(1, 0), (5, 0)]


def test_accents_are_not_the_same(shop: ShopDatabase) -> None:
    shop.execute("UPDATE {p}product SET reference = 'CAFÉ' WHERE id_product = 5")
    assert "CAFE" not in find(shop, "CAFE")


def test_combinations_come_before_products(shop: ShopDatabase) -> None:
    shop.execute("UPDATE {p}product_attribute SET reference = 'LAMP-DESK' WHERE id_product_attribute = 2")
    assert ids(find(shop, "LAMP-DESK")["LAMP-DESK"]) == [(3, 2)]


def test_a_product_sold_in_combinations_stands_for_all_of_them(shop: ShopDatabase) -> None:
    assert len(find(shop, "TSHIRT")["TSHIRT"]) == 6
    shop.execute("DELETE FROM {p}product_attribute_shop WHERE id_product_attribute BETWEEN 2 AND 6")
    assert ids(find(shop, "TSHIRT")["TSHIRT"]) == [(3, 1)]


def test_the_fields_are_tried_in_their_order(shop: ShopDatabase) -> None:
    fields = ("reference", "supplier_reference", "ean13", "upc", "mpn")
    found = find(shop, "4006381333931", "036000291452", "CER-0011", "RB-05-BK", match=fields)
    assert {sku: ids(products) for sku, products in found.items()} == {
        "4006381333931": [(1, 0)],
        "036000291452": [(7, 0)],
        "CER-0011": [(1, 0)],
        "RB-05-BK": [(8, 0)],
    }
    shop.execute("UPDATE {p}product SET reference = 'CER-0011' WHERE id_product = 6")
    assert ids(find(shop, "CER-0011", match=fields)["CER-0011"]) == [(6, 0)]
    assert ids(find(shop, "CER-0011", match=tuple(reversed(fields)))["CER-0011"]) == [(1, 0)]


def test_a_supplier_s_reference_of_his_own_is_known(shop: ShopDatabase) -> None:
    shop.execute("UPDATE {p}product SET supplier_reference = ''")
    shop.execute("UPDATE {p}product_supplier SET product_supplier_price_te = 4.2")
    (mug,) = find(shop, "CER-0011", match=("supplier_reference",))["CER-0011"]
    assert mug.supplier_reference == "CER-0011"
    assert mug.purchase_supplier_price == Decimal("4.2")


def test_suffixes_are_taken_off_only_where_the_whole_sku_is_unknown(shop: ShopDatabase) -> None:
    found = find(shop, "MUG-RED-FBA", "MUG-RED-fba", "MUG-RED-XX", suffixes=("-FBA",))
    assert {sku: ids(products) for sku, products in found.items()} == {
        "MUG-RED-FBA": [(2, 0)],
        "MUG-RED-fba": [(2, 0)],
    }
    shop.execute("UPDATE {p}product SET reference = 'MUG-RED-FBA' WHERE id_product = 5")
    assert ids(find(shop, "MUG-RED-FBA", suffixes=("-FBA",))["MUG-RED-FBA"]) == [(5, 0)]


def test_a_mapped_sku_means_only_what_the_map_says(shop: ShopDatabase) -> None:
    assert ids(find(shop, "MUG-BLUE", map={"MUG-BLUE": "MUG-RED"})["MUG-BLUE"]) == [(2, 0)]
    assert find(shop, "MUG-BLUE", map={"MUG-BLUE": "no such"}) == {}


def test_what_no_column_can_hold_is_simply_unknown(shop_database_of: ShopMaker) -> None:
    old = shop_database_of("1.6.1.24")
    assert set(find(old, "😀", "x" * 300, "", " ", "MUG-BLUE")) == {"MUG-BLUE"}


def test_only_products_of_the_shop_count(shop_database_of: ShopMaker) -> None:
    shop = shop_database_of(seed=MULTISHOP)
    shop.execute("DELETE FROM {p}product_shop WHERE id_product = 1 AND id_shop = 2")
    assert find(shop, "MUG-BLUE", id_shop=2) == {}
    assert ids(find(shop, "MUG-BLUE", id_shop=3)["MUG-BLUE"]) == [(1, 0)]


def test_the_stock_of_a_sharing_group_is_read_from_the_group_s_row(shop_database_of: ShopMaker) -> None:
    shop = shop_database_of(seed=MULTISHOP)
    shop.execute("UPDATE {p}stock_available SET quantity = 7 WHERE id_product = 1 AND id_shop = 1")
    shop.execute(
        "UPDATE {p}stock_available SET quantity = 9, depends_on_stock = 1 WHERE id_product = 1 AND id_shop_group = 2"
    )
    (own,) = find(shop, "MUG-BLUE", id_shop=1)["MUG-BLUE"]
    (shared,) = find(shop, "MUG-BLUE", id_shop=3)["MUG-BLUE"]
    assert (own.stock_quantity, own.depends_on_stock) == (7, False)
    assert (shared.stock_quantity, shared.depends_on_stock) == (9, True)


def test_rows_of_suppliers_for_combinations_that_are_gone_mean_nothing(shop: ShopDatabase) -> None:
    row = {"id_product": 3, "id_product_attribute": 999, "id_supplier": 1, "id_currency": 1}
    shop.insert("product_supplier", {**row, "product_supplier_reference": "GHOST"})
    assert find(shop, "GHOST", match=("supplier_reference",)) == {}


def test_a_hundred_orders_need_as_many_statements_as_one(shop_database_of: ShopMaker) -> None:
    shop = shop_database_of(seed=MANY)
    with opened(shop) as open_, open_.database.reading("looking products up") as connection:
        finder = ProductFinder(open_.tables, open_.facts, ProductsSettings())
        with statements(open_.database.engine) as for_one:
            finder.find(connection, [(1, "SKU-00001")])
        with statements(open_.database.engine) as for_many:
            found = finder.find(connection, [(1, f"SKU-{number:05}") for number in range(300)])
    assert len(found) == 300
    assert len(for_many) == len(for_one) <= 10


def test_columns_without_a_key_are_read_once_a_run(shop: ShopDatabase) -> None:
    settings = ProductsSettings(match=("ean13",))
    with opened(shop) as open_, open_.database.reading("looking products up") as connection:
        finder = ProductFinder(open_.tables, open_.facts, settings)
        finder.find(connection, [(1, "nothing")])
        with statements(open_.database.engine) as sent:
            finder.find(connection, [(1, "nothing more")])
        assert sent == []
        assert ids(finder.find(connection, [(1, "4006381333931")])[1, "4006381333931"]) == [(1, 0)]


def test_looking_up_by_reference_scans_no_table(shop_database_of: ShopMaker) -> None:
    shop = shop_database_of(seed=MANY)
    with opened(shop) as open_:
        caught: list[tuple[str, Any]] = []

        def note(_c: Any, _cursor: Any, statement: str, parameters: Any, *_rest: Any) -> None:
            caught.append((statement, parameters))

        with open_.database.reading("looking products up") as connection:
            finder = ProductFinder(open_.tables, open_.facts, ProductsSettings())
            sa.event.listen(open_.database.engine, "before_cursor_execute", note)
            finder.find(connection, [(1, f"SKU-{number:05}") for number in range(20)])
            sa.event.remove(open_.database.engine, "before_cursor_execute", note)
            plans = [connection.exec_driver_sql("EXPLAIN " + text, values).mappings().all() for text, values in caught]
    scanned = [(row["table"], row["rows"]) for plan in plans for row in plan if row["type"] in {"ALL", "index"}]
    assert [table for table, rows in scanned if int(rows) > 500] == []
    assert len(plans) > 5


def test_a_product_listed_in_no_shop_is_found_by_its_own_columns(shop: ShopDatabase) -> None:
    """As hand-made imports leave it: PrestaShop lists such a product nowhere, but an order for it must not be lost."""
    shop.execute("DELETE FROM {p}product_shop")
    shop.execute("UPDATE {p}product SET id_tax_rules_group = 1, wholesale_price = 2.5 WHERE id_product = 1")
    found = find(shop, "MUG-BLUE", "TSHIRT-S-WHITE")
    (mug,), (shirt,) = found["MUG-BLUE"], found["TSHIRT-S-WHITE"]
    assert (mug.id_product, mug.id_tax_rules_group, mug.wholesale_price) == (1, 1, Decimal("2.5"))
    assert (shirt.id_product, shirt.id_product_attribute) == (3, 1)


def test_a_combination_that_is_sold_in_one_of_two_shops_matches_only_there(shop_database_of: ShopMaker) -> None:
    shop = shop_database_of(seed=MULTISHOP)
    (combination,) = find(shop, "TSHIRT-S-WHITE", id_shop=1)["TSHIRT-S-WHITE"]
    assert combination.id_product_attribute
    assert find(shop, "TSHIRT-S-WHITE", id_shop=2)
    shop.execute(
        "DELETE FROM {p}product_attribute_shop WHERE id_product_attribute = :id AND id_shop = 2",
        id=combination.id_product_attribute,
    )
    assert ids(find(shop, "TSHIRT-S-WHITE", id_shop=1)["TSHIRT-S-WHITE"]) == [
        (combination.id_product, combination.id_product_attribute)
    ]
    assert find(shop, "TSHIRT-S-WHITE", id_shop=2) == {}
    assert [len(find(shop, "TSHIRT", id_shop=id_shop)["TSHIRT"]) for id_shop in (1, 2)] == [6, 5]
    with opened(shop) as open_, open_.database.reading("looking products up for both shops at once") as connection:
        finder = ProductFinder(open_.tables, open_.facts, ProductsSettings())
        together = finder.find(connection, [(1, "TSHIRT-S-WHITE"), (2, "TSHIRT-S-WHITE")])
    assert list(together) == [(1, "TSHIRT-S-WHITE")]
    shop.execute(
        "UPDATE {p}product_attribute SET reference = 'MUG-BLUE' WHERE id_product_attribute = :id",
        id=combination.id_product_attribute,
    )
    with opened(shop) as open_, open_.database.reading("looking products up for both shops at once") as connection:
        finder = ProductFinder(open_.tables, open_.facts, ProductsSettings())
        together = finder.find(connection, [(1, "MUG-BLUE"), (2, "MUG-BLUE")])
    assert {id_shop: ids(products) for (id_shop, _), products in together.items()} == {
        1: [(combination.id_product, combination.id_product_attribute)],
        2: [(1, 0)],
    }, "a product of the same reference is meant where the combination is not sold"
