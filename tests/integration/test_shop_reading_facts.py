"""What is read of a shop at the start of a run: the live schema and the facts, on every version and on SQLite."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
import sqlalchemy as sa

from orderferry.errors import ShopUnfit
from orderferry.prestashop.database import live_schema
from orderferry.prestashop.database.database import ShopDatabase as Database
from orderferry.prestashop.database.live_schema import read_tables, refuse_unfit
from orderferry.prestashop.facts import Table
from orderferry.prestashop.reading.shop_facts import read_shop_facts
from orderferry.prestashop.sample_shop import MULTISHOP
from orderferry.prestashop.sample_shop.schema import VERSIONS
from support.reading import opened, settings_for, statements
from support.shop_database import ShopDatabase

pytestmark = pytest.mark.sample(0, always=("mariadb", VERSIONS[0], VERSIONS[-1]))

ShopMaker = Callable[..., ShopDatabase]


@pytest.fixture(params=["mariadb", "sqlite"])
def shop(request: pytest.FixtureRequest) -> ShopDatabase:
    found: ShopDatabase = request.getfixturevalue("shop_database" if request.param == "mariadb" else "sqlite_shop")
    return found


@pytest.mark.parametrize("version", VERSIONS)
def test_every_version_is_read(version: str, shop_database_of: ShopMaker) -> None:
    with opened(shop_database_of(version)) as shop:
        facts = shop.facts
        assert facts.version == version
        assert facts.states[2].paid
        assert facts.states[2].invoice
        assert facts.setting("PS_OS_PAYMENT") == "2"
        assert facts.currencies["EUR"].decimals == 2
        assert facts.currencies["JPY"].decimals == 0
        assert facts.countries["IT"].contains_states
        assert facts.carrier_tax_groups[2, 1] == 1
        italian = facts.ruled_tax(1, facts.countries["IT"].id)
        assert italian
        assert facts.taxes[italian] == Decimal(22)
        assert facts.employee == 1


def test_facts_need_a_bounded_number_of_statements(shop: ShopDatabase) -> None:
    database = Database(settings_for(shop.url))
    with statements(database.engine) as sent, database.reading("reading") as connection:
        tables = read_tables(connection, "ps_")
        read = len([text for text in sent if "information_schema" in text or "sqlite_master" in text])
        sent.clear()
        read_shop_facts(connection, tables)
        assert read == 1
        assert len(sent) <= 16
    database.close()


def test_names_come_in_the_default_language_and_in_all(shop: ShopDatabase) -> None:
    with opened(shop) as open_:
        state = open_.facts.states[4]
        assert state.name == "Spedito"
        assert set(state.names) == {"Spedito", "Shipped"}
        assert open_.facts.groups[2] == "Ospite"


def test_a_shop_s_own_setting_wins_over_the_global_one(shop_database_of: ShopMaker) -> None:
    shop = shop_database_of(seed=MULTISHOP)
    common = {"name": "PS_ROUND_TYPE", "date_add": "2026-01-01", "date_upd": "2026-01-01"}
    shop.insert("configuration", {**common, "value": "1", "id_shop": None, "id_shop_group": 2})
    shop.insert("configuration", {**common, "value": "3", "id_shop": 3, "id_shop_group": 2})
    with opened(shop) as open_:
        shops = open_.facts.shops
        assert [open_.facts.setting("PS_ROUND_TYPE", shops[number]) for number in (1, 2, 3)] == ["2", "1", "3"]
        assert shops[3].share_stock
        assert not shops[1].share_stock


def test_the_mailer_s_password_is_not_read(shop: ShopDatabase) -> None:
    shop.insert(
        "configuration",
        {"name": "PS_MAIL_PASSWD", "value": "hunter2", "date_add": "2026-01-01", "date_upd": "2026-01-01"},
    )
    with opened(shop) as open_:
        assert "hunter2" not in open_.facts.configuration.values()


def test_taxes_and_rules_that_are_not_in_force_are_left_out(shop: ShopDatabase) -> None:
    with opened(shop) as before:
        german = before.facts.ruled_tax(1, before.facts.countries["DE"].id)
        country = before.facts.countries["FR"].id
        french = before.facts.ruled_tax(1, country)
        assert german
        assert french
    shop.execute("UPDATE {p}tax SET active = 0 WHERE id_tax = :id", id=german)
    shop.execute("UPDATE {p}tax_rule SET id_state = 7 WHERE id_tax = :id AND id_country = :at", id=french, at=country)
    with opened(shop) as after:
        assert german not in after.facts.taxes
        assert (1, after.facts.countries["DE"].id) not in after.facts.tax_rules
        assert after.facts.ruled_tax(1, country) is None
        assert after.facts.ruled_tax(1, country, 7) == french


def test_rules_of_an_inactive_group_do_not_count(shop: ShopDatabase) -> None:
    shop.execute("UPDATE {p}tax_rules_group SET active = 0 WHERE id_tax_rules_group = 1")
    with opened(shop) as after:
        assert {group for group, _ in after.facts.tax_rules} == {2, 3}


RULES = [  # id_tax, id_state, zipcode_from, zipcode_to, as the back office's form writes them
    (1, 0, "0", "0"),
    (2, 0, "9000", "9499"),
    (3, 0, "9500", "9999"),
    (4, 3, "0", "0"),
    (5, 4, "9100", "9199"),
    (6, 0, "9150", "0"),
    (7, 0, "4000", "9300"),
]


@pytest.mark.sample(6)
@pytest.mark.parametrize(
    "postcode", ["", "0999", "1000-139", "4000", "9000", "9000-017", "9150", "9150-002", "9999-999"]
)
@pytest.mark.parametrize("id_state", [0, 3, 4])
@pytest.mark.parametrize("whole", [True, False], ids=["with a rule for all", "regions only"])
def test_the_rule_that_prestashop_s_own_query_finds_first(
    shop_database: ShopDatabase, postcode: str, id_state: int, whole: bool
) -> None:
    """The tax manager's condition and order, put to the database itself: texts compared by its collation."""
    columns = ("id_tax", "id_state", "zipcode_from", "zipcode_to")
    common = {"id_tax_rules_group": 2, "id_country": 999, "behavior": 0, "description": ""}
    rules = RULES if whole else RULES[1:]
    shop_database.insert("tax_rule", *({**common, **dict(zip(columns, rule, strict=True))} for rule in rules))
    found = shop_database.rows(
        "SELECT r.id_tax FROM {p}tax_rule r, {p}tax_rules_group g"
        " WHERE g.id_tax_rules_group = r.id_tax_rules_group AND g.active AND r.id_tax_rules_group = 2"
        " AND r.id_country = 999 AND (r.id_state = 0 OR r.id_state = :state)"
        " AND ((r.zipcode_from <= :code AND :code <= r.zipcode_to)"
        " OR (r.zipcode_to = 0 AND (r.zipcode_from = 0 OR r.zipcode_from = :code)))"
        " ORDER BY r.zipcode_from DESC, r.zipcode_to DESC, r.id_state DESC LIMIT 1",
        state=id_state,
        code=postcode or "0",
    )
    with opened(shop_database) as shop:
        assert shop.facts.ruled_tax(2, 999, id_state, postcode) == (found[0]["id_tax"] if found else None)


def test_columns_tell_what_rows_must_fit(shop_database: ShopDatabase) -> None:
    with opened(shop_database) as open_:
        orders = open_.tables.live["orders"].columns
        assert orders["id_order"].auto_increment
        assert not orders["invoice_date"].has_default
        assert not orders["invoice_date"].nullable
        assert orders["total_paid"].scale == 6
        assert orders["reference"].length == 9
        assert open_.tables.live["product"].columns["reference"].indexed
        assert not open_.tables.live["product"].columns["ean13"].indexed


def test_an_old_shop_keeps_three_byte_text(shop_database_of: ShopMaker) -> None:
    with opened(shop_database_of("1.6.1.24")) as open_:
        assert open_.tables.live["customer"].columns["firstname"].charset in {"utf8", "utf8mb3"}
        assert open_.tables.live["customer"].columns["firstname"].length == 32
        assert not open_.tables.has("orders", "note")


def _refusal(shop: ShopDatabase, prefix: str = "ps_") -> ShopUnfit:
    database = Database(settings_for(shop.url, prefix))
    with pytest.raises(ShopUnfit) as refused, database.reading("reading") as connection:
        refuse_unfit(connection, read_tables(connection, prefix), database.access)
    database.close()
    return refused.value


def test_a_wrong_prefix_is_refused_with_those_that_are_there(shop: ShopDatabase) -> None:
    error = _refusal(shop, "shop_")
    assert "'shop_'" in error.message
    assert "'ps_'" in error.hint


def test_a_missing_table_is_named(shop: ShopDatabase) -> None:
    shop.execute("DROP TABLE {p}order_detail_tax")
    assert "ps_order_detail_tax" in _refusal(shop).message


def test_tables_without_transactions_are_refused(shop_database: ShopDatabase) -> None:
    shop_database.execute("ALTER TABLE {p}order_detail ENGINE=MyISAM")
    error = _refusal(shop_database)
    assert "ps_order_detail (MyISAM)" in error.message
    assert "ALTER TABLE `ps_order_detail` ENGINE=InnoDB" in error.hint


def test_a_table_that_is_being_created_is_looked_at_again(
    shop_database: ShopDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    """MySQL 5.6 has its columns before its engine; two importers that begin at once have met that."""
    real, looks = live_schema._read, 0

    def read(connection: sa.Connection, prefix: str, wanted: Iterable[str]) -> Mapping[str, Table]:
        nonlocal looks
        looks += 1
        found = real(connection, prefix, wanted)
        return {**found, "orders": replace(found["orders"], engine="")} if looks <= 2 else found

    monkeypatch.setattr(live_schema, "_read", read)
    monkeypatch.setattr(live_schema, "_PAUSES", (0.0, 0.0, 0.0))
    with opened(shop_database) as open_:
        assert open_.tables.live["orders"].engine == "InnoDB"
    looks = -10
    assert "ps_orders ()" in _refusal(shop_database).message  # a view, or a table that no look can read


def test_a_currency_shows_no_more_decimals_than_the_shop(shop_database_of: ShopMaker) -> None:
    new, old = shop_database_of("8.2.1"), shop_database_of("1.6.1.24")
    new.execute("UPDATE {p}currency SET `precision` = 1 WHERE iso_code = 'EUR'")
    old.execute("UPDATE {p}currency SET decimals = 0 WHERE iso_code = 'EUR'")
    decimals: list[Any] = []
    for shop in (new, old):
        with opened(shop) as open_:
            decimals.append(open_.facts.currencies["EUR"].decimals)
    assert decimals == [1, 0]
