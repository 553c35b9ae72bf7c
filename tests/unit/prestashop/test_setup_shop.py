"""What `init` creates in a shop, row by row: a carrier that keeps, states that mail nobody, taxes without rules."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from orderferry.errors import ShopUnfit
from orderferry.prestashop.checking.carriers import (
    NEW_CARRIER_TABLES,
    create_amazon_carrier,
    doubts,
    find_amazon_carrier,
    has_fba_orders,
    is_pick_up,
    read_delays,
    read_zones,
    shown_name,
)
from orderferry.prestashop.checking.mappings import check_accounts
from orderferry.prestashop.checking.setup_shop import SetupShop
from orderferry.prestashop.checking.taxes import places_delivered_to, rates_place, read_tax_groups, tax_name
from orderferry.prestashop.database.live_schema import read_tables
from orderferry.prestashop.database.tables import ShopTables, wanted_tables
from orderferry.prestashop.facts import Carrier, ShopFacts
from orderferry.prestashop.reading.shop_facts import read_shop_facts
from support.configuration import MINIMAL, load
from support.reading import opened
from support.shop_database import ShopDatabase
from support.writing import settings_for

NOW = datetime(2026, 7, 1, 10, 30, tzinfo=UTC)
WRITTEN = "2026-07-01 12:30:00"  # Italy's summer time
CARRIER_ROWS = (
    *("carrier", "carrier_lang", "carrier_group", "carrier_zone", "carrier_shop", "carrier_tax_rules_group_shop"),
    *("group", "group_lang", "group_shop"),
)
STATE_ROWS = ("order_state", "order_state_lang")
TAX_ROWS = ("tax", "tax_lang", "tax_rule")


class NewRows:
    """The rows of some tables that a shop has got since."""

    def __init__(self, shop: ShopDatabase, *tables: str) -> None:
        self._shop = shop
        self._before = {table: self._rows(table) for table in tables}

    def found(self) -> dict[str, list[dict[str, Any]]]:
        return {
            table: [row for row in self._rows(table) if row not in before] for table, before in self._before.items()
        }

    def _rows(self, table: str) -> list[dict[str, Any]]:
        return [dict(row) for row in self._shop.rows(f"SELECT * FROM `{{p}}{table}`")]


@pytest.fixture
def shop(sqlite_shop: ShopDatabase) -> Iterator[ShopDatabase]:
    """A shop of two shops, in Italian, English and a third language that is switched off."""
    sqlite_shop.execute("INSERT INTO {p}lang SELECT 3, 'x', 0, 'DE', 'de', 'de', 'Y', 'Y', 0 FROM {p}lang LIMIT 1")
    sqlite_shop.execute(
        "INSERT INTO {p}shop (id_shop, id_shop_group, name, color, id_category, theme_name, active, deleted)"
        " VALUES (2, 1, 'Second', '', 2, 'classic', 1, 0)"
    )
    yield sqlite_shop
    sqlite_shop.close()


@pytest.fixture
def setup(shop: ShopDatabase, tmp_path: Path) -> Iterator[SetupShop]:
    setup = SetupShop(settings_for(shop, tmp_path), sleep=lambda _seconds: None)
    yield setup
    setup.close()


def create(shop: ShopDatabase) -> int:
    """Create the carrier at a known moment."""
    with opened(shop) as found, found.database.writing("creating") as connection:
        tables = read_tables(connection, "ps_", wanted_tables(events=False) | NEW_CARRIER_TABLES)
        return create_amazon_carrier(connection, tables, read_shop_facts(connection, tables), NOW)


def test_the_carrier_is_listed_for_every_order_and_offered_to_no_customer(shop: ShopDatabase) -> None:
    rows = NewRows(shop, *CARRIER_ROWS)

    assert create(shop) == 3
    own = {"id_carrier": 3}
    zero = ("shipping_handling", "range_behavior", "is_module", "shipping_external", "need_range", "shipping_method")
    size = ("max_width", "max_height", "max_depth", "max_weight", "grade")
    assert rows.found() == {
        "carrier": [
            {
                **own,
                "id_reference": 3,
                "name": "Amazon",
                "url": "",
                "active": 1,
                "deleted": 0,
                "is_free": 1,
                "external_module_name": "",
                "position": 2,
                **dict.fromkeys((*zero, *size), 0),
            }
        ],
        "carrier_lang": [
            {**own, "id_shop": id_shop, "id_lang": id_lang, "delay": "Amazon"}
            for id_shop in (1, 2)
            for id_lang in (1, 2, 3)
        ],
        "carrier_group": [{**own, "id_group": 4}],
        "carrier_zone": [{**own, "id_zone": zone} for zone in range(1, 9)],
        "carrier_shop": [{**own, "id_shop": 1}, {**own, "id_shop": 2}],
        "carrier_tax_rules_group_shop": [{**own, "id_tax_rules_group": 1, "id_shop": id_shop} for id_shop in (1, 2)],
        "group": [
            {
                "id_group": 4,
                "reduction": 0,
                "price_display_method": 0,
                "show_prices": 1,
                "date_add": WRITTEN,
                "date_upd": WRITTEN,
            }
        ],
        "group_lang": [{"id_group": 4, "id_lang": id_lang, "name": "Amazon"} for id_lang in (1, 2, 3)],
        "group_shop": [{"id_group": 4, "id_shop": 1}, {"id_group": 4, "id_shop": 2}],
    }


@pytest.mark.parametrize(
    ("taken", "name"),
    [
        (("amazon",), "Amazon (carrier)"),
        (("Amazon", "AMAZON (carrier)"), "Amazon (carrier 2)"),
        (("Amazon", "Amazon (carrier)", "Amazon (carrier 2)"), "Amazon (carrier 3)"),
    ],
)
def test_the_name_of_its_group_is_unique(shop: ShopDatabase, taken: tuple[str, ...], name: str) -> None:
    for one, id_group in zip(taken, (3, 2, 1), strict=False):
        shop.execute("UPDATE {p}group_lang SET name = :name WHERE id_group = :id", name=one, id=id_group)
    rows = NewRows(shop, "group_lang")

    create(shop)
    assert {row["name"] for row in rows.found()["group_lang"]} == {name}


def test_an_old_shop_without_some_of_the_tables_gets_the_carrier_all_the_same(shop: ShopDatabase) -> None:
    for table in ("carrier_shop", "carrier_tax_rules_group_shop"):
        shop.execute(f"DROP TABLE {{p}}{table}")
    assert create(shop) == 3
    assert shop.value("SELECT COUNT(*) FROM {p}carrier_zone WHERE id_carrier = 3") == 8


def test_a_carrier_of_that_name_is_taken_as_it_is(shop: ShopDatabase, setup: SetupShop) -> None:
    shop.execute("UPDATE {p}carrier SET name = ' AMAZON ' WHERE id_carrier = 2")
    rows = NewRows(shop, *CARRIER_ROWS)

    assert setup.create_carrier() == (2, False)
    assert not any(rows.found().values())


def test_a_user_who_may_not_see_the_tables_hears_which(shop: ShopDatabase, setup: SetupShop) -> None:
    shop.execute("DROP TABLE {p}zone")
    shop.execute("DROP TABLE {p}group_shop")

    with pytest.raises(ShopUnfit) as refused:
        setup.create_carrier()
    assert refused.value.message == (
        "The shop lacks tables of carriers, or the user may not see them: ps_group_shop, ps_zone."
    )
    assert refused.value.hint == "docs/database-rights.md has the GRANT statements for `init --create-carrier`."


STATES = [  # id, color, logable, delivery, shipped, paid, and the names in Italian, English and German
    (13, "#3498D8", 1, 0, 0, 1, ("Amazon: da spedire", "Amazon: to be shipped", "Amazon: zu versenden")),
    (14, "#01B887", 1, 1, 1, 1, ("Amazon: spedito", "Amazon: shipped", "Amazon: versandt")),
    (
        15,
        "#FF9900",
        1,
        0,
        1,
        1,
        (
            "Amazon: spedito da Amazon (FBA)",
            "Amazon: shipped by Amazon (FBA)",
            "Amazon: von Amazon versandt (FBA)",
        ),
    ),
]
QUIET = ("send_email", "unremovable", "hidden", "pdf_invoice", "pdf_delivery", "deleted")


@pytest.mark.parametrize("invoice", [False, True])
def test_states_that_mail_nobody(shop: ShopDatabase, setup: SetupShop, invoice: bool) -> None:
    rows = NewRows(shop, *STATE_ROWS)

    assert setup.create_states(invoice=invoice) == {"state_paid": 13, "state_shipped": 14, "state_fba": 15}
    assert rows.found() == {
        "order_state": [
            {
                "id_order_state": number,
                "invoice": int(invoice),
                "module_name": "",
                "color": color,
                "logable": logable,
                "delivery": delivery,
                "shipped": shipped,
                "paid": paid,
                **dict.fromkeys(QUIET, 0),
            }
            for number, color, logable, delivery, shipped, paid, _ in STATES
        ],
        "order_state_lang": [
            {"id_order_state": number, "id_lang": id_lang, "name": name, "template": ""}
            for number, *_, names in STATES
            for id_lang, name in enumerate(names, 1)
        ],
    }


def test_states_are_created_without_an_invoice_unless_asked_for(shop: ShopDatabase, setup: SetupShop) -> None:
    setup.create_states()
    assert shop.value("SELECT SUM(invoice) FROM {p}order_state WHERE id_order_state > 12") == 0


@pytest.mark.parametrize(
    ("language", "names"),
    [
        ("fr", ["Amazon : à expédier", "Amazon : expédié", "Amazon : expédié par Amazon (FBA)"]),
        ("es", ["Amazon: por enviar", "Amazon: enviado", "Amazon: enviado por Amazon (FBA)"]),
        ("NL", ["Amazon: to be shipped", "Amazon: shipped", "Amazon: shipped by Amazon (FBA)"]),
    ],
)
def test_states_are_named_in_the_shop_s_languages(
    shop: ShopDatabase, setup: SetupShop, language: str, names: list[str]
) -> None:
    shop.execute("UPDATE {p}lang SET iso_code = :iso WHERE id_lang = 3", iso=language)
    setup.create_states()

    found = shop.rows("SELECT name FROM {p}order_state_lang WHERE id_order_state > 12 AND id_lang = 3")
    assert [row["name"] for row in found] == names


def test_states_that_are_there_are_taken_unless_they_are_deleted(shop: ShopDatabase, setup: SetupShop) -> None:
    made = setup.create_states()
    rows = NewRows(shop, *STATE_ROWS)
    shop.execute("UPDATE {p}order_state_lang SET name = 'mine' WHERE id_order_state = 13 AND id_lang <> 3")

    assert setup.create_states() == made
    shop.execute("UPDATE {p}order_state SET deleted = 1 WHERE id_order_state = 14")
    assert setup.create_states() == {**made, "state_shipped": 16}
    assert [row["id_order_state"] for row in rows.found()["order_state"]] == [14, 16]


def test_taxes_without_rules(shop: ShopDatabase, setup: SetupShop) -> None:
    rows = NewRows(shop, *TAX_ROWS)

    assert setup.create_taxes({"AT": (Decimal("20.000"), Decimal(13)), "PT-20": (Decimal(16),)}) == 3
    assert rows.found() == {
        "tax": [
            {"id_tax": number, "rate": rate, "active": 1, "deleted": 0} for number, rate in enumerate((20, 13, 16), 37)
        ],
        "tax_lang": [
            {"id_tax": number, "id_lang": id_lang, "name": f"{word} {name}"}
            for number, name in enumerate(("AT 20%", "AT 13%", "PT-20 16%"), 37)
            for id_lang, word in ((1, "IVA"), (2, "VAT"), (3, "USt."))
        ],
        "tax_rule": [],
    }


@pytest.mark.parametrize(
    ("language", "name"),
    [
        *[("it", "IVA AT 4.9%"), ("es", "IVA AT 4.9%"), ("pt", "IVA AT 4.9%"), ("fr", "TVA AT 4.9%")],
        *[("de", "USt. AT 4.9%"), ("nl", "btw AT 4.9%"), ("pl", "VAT AT 4.9%"), ("sv", "Moms AT 4.9%")],
        *[("en", "VAT AT 4.9%"), ("cs", "VAT AT 4.9%")],
    ],
)
def test_the_name_of_a_tax(language: str, name: str) -> None:
    assert tax_name("AT", Decimal("4.900"), language) == name
    assert tax_name("AT", Decimal("4.900")) == "VAT AT 4.9%"


def test_the_name_of_a_tax_is_not_longer_than_its_column() -> None:
    assert len(tax_name("AT", Decimal("1.1234567890123456789012345678"))) == 32


@pytest.mark.parametrize(
    ("place", "where"),
    [("MC", "FR"), ("IM", "GB"), ("FR", "FR"), ("PT-20", "PT-20"), ("IC", "IC"), ("CH", "CH"), ("XI", "XI")],
)
def test_the_place_whose_rates_hold(place: str, where: str) -> None:
    assert rates_place(place) == where


def test_what_check_and_init_read_of_carriers(shop: ShopDatabase) -> None:
    shop.execute("DELETE FROM {p}carrier_zone WHERE id_carrier = 1 AND id_zone > 2")
    shop.execute("DELETE FROM {p}carrier_zone WHERE id_carrier = 2 AND id_zone <> 3")
    with opened(shop) as found, found.database.reading("reading") as connection:
        tables = found.tables.with_more(read_tables(connection, "ps_", NEW_CARRIER_TABLES))
        assert read_delays(connection, tables) == {
            1: " Ritiro in negozio Pick up in-store",
            2: " Consegna il giorno dopo! Delivery next day!",
        }
        assert read_zones(connection, tables) == {1: {1, 2}, 2: {3}}
        assert has_fba_orders(connection, tables) is None
        none = ShopTables("ps_", {})
        assert (read_delays(connection, none), read_zones(connection, none)) == ({}, None)
        assert has_fba_orders(connection, none) is None
    marker = {"id_order": 1, "marketplace_id": "x", "amazon_updated": "2026-01-01"}
    shop.insert("orderferry_order", {**marker, "amazon_order_id": "1", "channel": "regular"})
    assert has_fba(shop) is False
    shop.insert("orderferry_order", {**marker, "amazon_order_id": "2", "channel": "fba"})
    assert has_fba(shop) is True


def has_fba(shop: ShopDatabase) -> bool | None:
    with opened(shop) as found, found.database.reading("reading") as connection:
        return has_fba_orders(connection, found.tables)


@pytest.mark.parametrize(
    "text",
    [
        *("Click & Collect", "click and collect", "Clicca e collect? Click-et-Collect", "Pick up", "PickUp", "pick-up"),
        *("Drive in", "drive-in", "in store", "In_Store", "in-store", "InPost Locker", "DHL Parcelshop"),
        *("GLS Paket Shop", "Packstation", "Abholung", "Selbstabholer", "zu bezahlen im Laden", "Ritiro in sede"),
        *("ritira da noi", "In negozio", "Fermopoint", "Fermo Point", "Retrait", "En magasin", "Point Relais"),
        *("Mondial Relay", "Relais Colis", "Recogida", "En tienda", "en la tienda", "Punto de venta", "Afhalen"),
        *("Odbiór osobisty", "odbior"),
    ],
)
def test_a_carrier_that_the_customer_collects_from(text: str) -> None:
    assert is_pick_up(Carrier(1, 1, text, True), {})
    assert is_pick_up(Carrier(1, 1, "x", True), {1: text})
    assert not is_pick_up(Carrier(1, 1, "x", True), {2: text})


@pytest.mark.parametrize("text", ["My carrier", "DHL Paket", "UPS Standard", "Delivery next day!", "Corriere espresso"])
def test_a_carrier_that_comes_to_the_door(text: str) -> None:
    assert not is_pick_up(Carrier(1, 1, text, True), {1: text})


def test_a_carrier_named_0_is_shown_as_the_shop() -> None:
    facts = ShopFacts(configuration={("PS_SHOP_NAME", 0, 0): "Bottega"})
    own, post = Carrier(1, 1, "0", True), Carrier(2, 2, "Post", True)

    assert (shown_name(own, facts), shown_name(post, facts)) == ("'Bottega' (id 1)", "'Post' (id 2)")
    assert doubts(own, facts, None, "", {}) == [
        "'Bottega' (id 1) looks like a pick-up point, and Amazon's buyers are delivered to"
    ]
    assert doubts(post, facts, None, "of this", {}) == ["orders get 'Post' (id 2) by a guess, since of this"]
    assert doubts(post, facts, None, "", {}) == []
    assert find_amazon_carrier(ShopFacts(carriers=(own, post))) == 0
    assert find_amazon_carrier(ShopFacts(carriers=(own, Carrier(7, 7, "amazon", True)))) == 7


def test_an_account_that_is_not_there(shop: ShopDatabase, tmp_path: Path) -> None:
    settings = load(tmp_path, MINIMAL + '[customers]\nmode = "fixed"\naccount = "98765"\n')
    with opened(shop) as found, found.database.reading("reading") as connection:
        assert list(check_accounts(connection, found.tables, load(tmp_path))) == []
        with pytest.raises(ShopUnfit, match="98765"):
            list(check_accounts(connection, found.tables, settings))


def test_the_tax_rules_that_active_products_have(shop: ShopDatabase) -> None:
    shop.execute("UPDATE {p}product_shop SET active = 0 WHERE id_tax_rules_group = 3")
    shop.execute("UPDATE {p}product_shop SET id_tax_rules_group = 0 WHERE id_product = 1")
    with opened(shop) as found, found.database.reading("reading") as connection:
        assert read_tax_groups(connection, found.tables) == {1: "IT Standard Rate (22%)", 2: "IT Reduced Rate (10%)"}
        live = {name: table for name, table in found.tables.live.items() if name != "tax_rules_group"}
        assert read_tax_groups(connection, ShopTables("ps_", live)) == {1: "", 2: ""}
        assert places_delivered_to(connection, ShopTables("ps_", live)) == frozenset()
        assert places_delivered_to(connection, ShopTables("ps_", {})) == frozenset()
