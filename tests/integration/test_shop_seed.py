"""The seeded shop is one that PrestaShop could have made: every id leads somewhere, every sum is right."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

import pytest
import sqlalchemy as sa

from orderferry.domain.marketplaces import EU_COUNTRIES, MARKETPLACES
from orderferry.prestashop.sample_shop import (
    DEFAULT_PRODUCTS,
    DEFAULT_SKUS,
    MULTISHOP,
    VERSIONS,
    ShopSeed,
    create_shop,
    load_tables,
    plain_products,
)
from support.shop_database import ShopDatabase

pytestmark = pytest.mark.sample(2)

ShopMaker = Callable[..., ShopDatabase]
every_version = pytest.mark.parametrize("version", VERSIONS)

# Columns whose name is not `id_<table>`, and where they lead.
LEADS_TO = {
    "id_category_default": "category",
    "id_product_pack": "product",
    "id_product_item": "product",
    "id_shop_default": "shop",
    "cache_default_attribute": "product_attribute",
}
# Columns that lead out of the tables of our data, or to nothing by their nature.
LEADS_NOWHERE = {"id_parent", "id_reference", "id_theme", "id_type_redirected", "id_image", "id_warehouse", "id_tab"}
FILLED = (
    *(
        "configuration",
        "shop",
        "lang",
        "country_lang",
        "state",
        "currency",
        "tax_rule",
        "carrier_lang",
        "order_state_lang",
    ),
    *("product_lang", "product_attribute_combination", "stock_available", "pack", "product_supplier", "hook_module"),
)


@every_version
@pytest.mark.parametrize("seed", [None, MULTISHOP], ids=["one shop", "multishop"])
def test_every_id_leads_to_a_row(version: str, seed: ShopSeed | None) -> None:
    engine = sa.create_engine("sqlite://")
    create_shop(engine, version, "", seed)
    tables = load_tables(version)
    with engine.connect() as connection:

        def values(table: str, column: str) -> set[int]:
            query = sa.select(sa.column(column)).select_from(sa.table(table)).distinct()
            return set(connection.execute(query).scalars()) - {0, None}

        assert {
            table for table in FILLED if table in tables and not values(table, next(iter(tables[table].columns)))
        } == set()
        leads = {
            (table.name, column): values(table.name, column) - values(target, tables[target].primary[0])
            for table in tables.values()
            for column in table.columns
            if (target := LEADS_TO.get(column, column.removeprefix("id_"))) in tables
            and target != column
            and column not in LEADS_NOWHERE
        }
    assert {lead: lost for lead, lost in leads.items() if lost} == {}
    assert leads.keys() >= {("tax_rule", "id_tax"), ("stock_available", "id_product"), ("product_shop", "id_shop")}


@every_version
def test_settings_name_rows_that_exist(shop_database_of: ShopMaker, version: str) -> None:
    shop = shop_database_of(version)
    settings = {row["name"]: row["value"] for row in shop.rows("SELECT name, value FROM {p}configuration")}
    assert settings["PS_VERSION_DB"] == version
    states = {str(row["id_order_state"]) for row in shop.rows("SELECT id_order_state FROM {p}order_state")}
    assert {value for name, value in settings.items() if name.startswith("PS_OS_")} <= states
    for name, table in (
        ("PS_CARRIER_DEFAULT", "carrier"),
        ("PS_GUEST_GROUP", "group"),
        ("PS_COUNTRY_DEFAULT", "country"),
        ("PS_STOCK_CUSTOMER_ORDER_REASON", "stock_mvt_reason"),
    ):
        assert shop.one(f"SELECT * FROM {{p}}{table} WHERE id_{table} = :id", id=settings[name])
    assert (
        shop.value("SELECT iso_code FROM {p}country WHERE id_country = :id", id=settings["PS_COUNTRY_DEFAULT"]) == "IT"
    )
    assert ("PS_PRICE_DISPLAY_PRECISION" in settings) == (version in {"1.6.1.24", "1.7.6.9"})


def test_states_have_the_flags_that_the_field_knows(shop_database: ShopDatabase) -> None:
    def flagged(flag: str) -> set[int]:
        return {
            row["id"]
            for row in shop_database.rows(f"SELECT id_order_state AS id FROM {{p}}order_state WHERE {flag} = 1")
        }

    assert flagged("invoice") >= {2, 3, 4, 5, 7}
    assert flagged("invoice").isdisjoint({1, 6, 8, 10, 12})
    assert flagged("logable") == {2, 3, 4, 5, 11}
    assert flagged("delivery") == {3, 4, 5}
    assert flagged("shipped") == {4, 5}
    assert flagged("send_email") == set(range(1, 13)) - {5}


@every_version
def test_stock_adds_up_and_packs_hold_what_they_say(shop_database_of: ShopMaker, version: str) -> None:
    shop = shop_database_of(version)
    wrong = shop.rows(
        "SELECT t.id_product FROM {p}stock_available t JOIN {p}stock_available c ON c.id_product = t.id_product "
        "AND c.id_product_attribute > 0 WHERE t.id_product_attribute = 0 "
        "GROUP BY t.id_product, t.quantity HAVING t.quantity <> SUM(c.quantity)"
    )
    assert wrong == []
    found = shop.rows("SELECT reference FROM {p}product UNION SELECT reference FROM {p}product_attribute")
    assert {row["reference"] for row in found} >= set(DEFAULT_SKUS)
    assert "TSHIRT" not in DEFAULT_SKUS
    assert shop.count("product") == len(DEFAULT_PRODUCTS)
    items = shop.rows(
        "SELECT i.reference, k.quantity FROM {p}pack k JOIN {p}product p ON p.id_product = k.id_product_pack "
        "JOIN {p}product i ON i.id_product = k.id_product_item WHERE p.reference = 'SET-BREAKFAST'"
    )
    assert {(row["reference"], row["quantity"]) for row in items} == {("MUG-BLUE", 2), ("COFFEE-1KG", 1)}
    if "product_type" in load_tables(version)["product"].columns:
        kinds = shop.rows("SELECT DISTINCT product_type FROM {p}product ORDER BY 1")
        assert [row["product_type"] for row in kinds] == ["standard", "pack", "combinations"]


STANDARD_RATE = (
    "SELECT t.rate FROM {p}tax_rule r JOIN {p}tax t USING (id_tax) JOIN {p}country c USING (id_country) "
    "WHERE r.id_tax_rules_group = 1 AND c.iso_code = :iso"
)


@pytest.mark.parametrize(("italian", "german"), [(False, "19.000"), (True, "22.000")])
def test_the_italian_localisation_taxes_everybody_at_22(
    shop_database_of: ShopMaker, italian: bool, german: str
) -> None:
    shop = shop_database_of(seed=ShopSeed(italian_localisation=italian))
    assert shop.value(STANDARD_RATE, iso="IT") == Decimal("22.000")
    assert shop.value(STANDARD_RATE, iso="DE") == Decimal(german)
    rules = shop.value("SELECT COUNT(*) AS n FROM {p}tax_rule WHERE id_tax_rules_group = 1")
    assert rules == len(EU_COUNTRIES)


def test_every_marketplace_has_its_country_and_its_currency(shop_database: ShopDatabase) -> None:
    countries = {row["iso_code"] for row in shop_database.rows("SELECT iso_code FROM {p}country")}
    currencies = {row["iso_code"] for row in shop_database.rows("SELECT iso_code FROM {p}currency")}
    assert countries >= {marketplace.code for marketplace in MARKETPLACES} | EU_COUNTRIES
    assert currencies >= {marketplace.currency for marketplace in MARKETPLACES}
    without = shop_database.rows(
        "SELECT c.iso_code FROM {p}country c LEFT JOIN {p}state s ON s.id_country = c.id_country "
        "GROUP BY c.id_country, c.iso_code, c.contains_states HAVING (COUNT(s.id_state) > 0) <> c.contains_states"
    )
    assert without == []
    provinces = shop_database.rows(
        "SELECT s.iso_code, s.name FROM {p}state s JOIN {p}country c USING (id_country) WHERE c.iso_code = 'IT'"
    )
    assert len(provinces) == 107
    assert {"iso_code": "MI", "name": "Milano"} in provinces


def test_shops_that_share_stock_have_one_row_for_their_group(shop_database_of: ShopMaker) -> None:
    shop = shop_database_of(seed=MULTISHOP)
    owners = shop.rows("SELECT id_shop, id_shop_group FROM {p}stock_available WHERE id_product = 1 ORDER BY 1")
    assert owners == [{"id_shop": 0, "id_shop_group": 2}, {"id_shop": 1, "id_shop_group": 0}]
    assert shop.value("SELECT COUNT(*) AS n FROM {p}product_shop WHERE id_product = 1") == 3
    assert shop.value("SELECT value FROM {p}configuration WHERE name = 'PS_MULTISHOP_FEATURE_ACTIVE'") == "1"


def test_a_seed_changes_settings_languages_and_products(shop_database_of: ShopMaker) -> None:
    seed = ShopSeed(
        products=plain_products(["A-1", "A-2"], quantity=7),
        languages=("de", "it", "pl"),
        configuration={"PS_INVOICE": None, "PS_OS_PAYMENT": "11"},
    )
    shop = shop_database_of(seed=seed, prefix="xy7_")
    assert shop.tables()[0].startswith("xy7_")
    rows = shop.rows("SELECT name, value FROM {p}configuration WHERE name IN ('PS_INVOICE', 'PS_OS_PAYMENT')")
    assert rows == [{"name": "PS_OS_PAYMENT", "value": "11"}]
    assert [row["iso_code"] for row in shop.rows("SELECT iso_code FROM {p}lang ORDER BY id_lang")] == ["de", "it", "pl"]
    names = shop.rows("SELECT name FROM {p}country_lang WHERE id_country = 1 ORDER BY id_lang")
    assert [row["name"] for row in names] == ["Germany", "Germania", "Germany"]
    stock = shop.rows("SELECT p.reference, s.quantity FROM {p}product p JOIN {p}stock_available s USING (id_product)")
    assert stock == [{"reference": "A-1", "quantity": 7}, {"reference": "A-2", "quantity": 7}]


def test_sqlite_has_the_rows_of_mariadb(shop_database: ShopDatabase, sqlite_shop: ShopDatabase) -> None:
    assert sqlite_shop.counts(*load_tables("8.2.1")) == shop_database.counts()
    query = (
        "SELECT p.reference, l.name, p.price FROM {p}product p JOIN {p}product_lang l USING (id_product) ORDER BY 1, 2"
    )
    ours, theirs = (
        [(row["reference"], row["name"], float(row["price"])) for row in shop.rows(query)]
        for shop in (sqlite_shop, shop_database)
    )
    assert ours == theirs
    assert sqlite_shop.one("SELECT id_product FROM {p}product WHERE reference = 'mug-blue'") == {"id_product": 1}


def test_a_reference_twice_in_a_shop_is_two_products(shop_database_of: ShopMaker) -> None:
    shop = shop_database_of(seed=ShopSeed(products=plain_products(["TWICE", "TWICE"])))
    assert len(shop.rows("SELECT id_product FROM {p}product WHERE reference = 'TWICE'")) == 2


def test_the_session_keeps_the_servers_own_mode(shop_database: ShopDatabase) -> None:
    engine = sa.create_engine(shop_database.url, pool_size=1)
    before = ask_mode(engine)
    create_shop(engine, prefix="again_", seed=ShopSeed(products=()))
    assert ask_mode(engine) == before
    assert "NO_ZERO_DATE" in before
    engine.dispose()


def ask_mode(engine: sa.Engine) -> str:
    """The sql_mode of the engine's one connection."""
    with engine.connect() as connection:
        return str(connection.exec_driver_sql("SELECT @@SESSION.sql_mode").scalar_one())
