"""What is read of a shop at the start of a run, each kind of fact from rows that are all stated here."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from orderferry.config.model import MarketplaceSettings, TaxesSettings
from orderferry.prestashop.facts import (
    Carrier,
    Country,
    Currency,
    OrderState,
    Province,
    ShopFacts,
    ShopUnit,
    TaxRule,
)
from orderferry.prestashop.reading.shop_facts import (
    read_carrier_tax_groups,
    read_carriers,
    read_configuration,
    read_countries,
    read_currencies,
    read_employee,
    read_groups,
    read_languages,
    read_provinces,
    read_shop_facts,
    read_shops,
    read_states,
    read_tax_rules,
    read_taxes,
    shop_version,
    tax_fingerprint,
)
from support.resolved_orders import FACTS
from support.shop_database import ShopDatabase
from support.small_shop import records, small_shop
from support.writing import settings_for

CONFIGURATION = records(
    "id_configuration name id_shop_group id_shop value",
    (3, "PS_ROUND_TYPE", 2, 3, "3"),
    (1, "PS_ROUND_TYPE", None, None, "2"),
    (2, "PS_MAIL_PASSWD", None, None, "secret"),
    (4, "PSX_OTHER", None, None, "x"),
    (5, "BLOCKTAGS", None, None, "y"),
    (6, "PS_MAILBOX", None, None, "kept"),
    (7, "PS_EMPTY", None, None, None),
)


def test_settings_by_name_group_and_shop_without_those_of_the_mailer() -> None:
    with small_shop(configuration=CONFIGURATION) as shop:
        assert read_configuration(*shop) == {
            ("PS_ROUND_TYPE", 2, 3): "3",
            ("PS_ROUND_TYPE", 0, 0): "2",
            ("PS_MAILBOX", 0, 0): "kept",
            ("PS_EMPTY", 0, 0): "",
        }


@pytest.mark.parametrize(
    ("settings", "version"),
    [
        ({"PS_VERSION_DB": "8.2.1", "PS_INSTALL_VERSION": "1.7.8.0"}, "8.2.1"),
        ({"PS_INSTALL_VERSION": "1.7.8.0"}, "1.7.8.0"),
        ({"PS_VERSION_DB": "", "PS_INSTALL_VERSION": "1.7.8.0"}, "1.7.8.0"),
        ({}, ""),
    ],
)
def test_the_version_of_the_tables(settings: dict[str, str], version: str) -> None:
    assert shop_version({(name, 0, 0): value for name, value in settings.items()}) == version


def test_shops_with_what_their_groups_share() -> None:
    with small_shop(
        shop=records(
            "id_shop id_shop_group name deleted", (3, 2, "C", 0), (1, 1, "A", 0), (2, 1, "B", 1), (4, 9, "D", 0)
        ),
        shop_group=records(
            "id_shop_group share_stock share_customer share_order", (1, 1, 0, 0), (2, 0, 1, 0), (3, 1, 1, 1)
        ),
    ) as shop:
        assert list(read_shops(*shop).items()) == [
            (1, ShopUnit(1, 1, "A", share_stock=True, share_customer=False, share_order=False)),
            (3, ShopUnit(3, 2, "C", share_stock=False, share_customer=True, share_order=False)),
            (4, ShopUnit(4, 9, "D", share_stock=False, share_customer=False, share_order=False)),
        ]


def test_the_active_languages_and_of_two_with_one_code_the_older() -> None:
    rows = records("id_lang iso_code active", (1, "IT", 1), (2, "en", 1), (3, "de", 0), (4, "it", 1))
    with small_shop(lang=rows) as shop:
        assert read_languages(*shop) == {"it": 1, "en": 2}


def test_currencies_with_the_rates_of_shops() -> None:
    with small_shop(
        currency=records(
            "id_currency iso_code conversion_rate active deleted precision",
            (1, "EUR", 1.0, 1, 0, 2),
            (2, "sek", "11.500000", 0, 0, 0),
            (3, "JPY", 0, 1, 0, 2),
            (4, "PLN", 4.2, 1, 1, 2),  # deleted
            (5, "SEK", 12, 1, 0, 6),
            (6, "EUR", 2, 1, 0, 2),
            (7, "EUR", 3, 0, 0, 2),
        ),
        currency_shop=records("id_currency id_shop conversion_rate", (5, 1, 11.75), (5, 3, 11.8), (9, 1, 2)),
    ) as shop:
        assert read_currencies(*shop, {}) == {
            "EUR": Currency(1, "EUR", Decimal(1), 2, active=True),
            "SEK": Currency(5, "SEK", Decimal(12), 2, True, {1: Decimal("11.75"), 3: Decimal("11.8")}),
            "JPY": Currency(3, "JPY", Decimal(1), 0, active=True),
        }


@pytest.mark.parametrize(
    ("shown", "display", "decimals"),
    [(1, "2", 2), (1, "0", 0), (1, "6", 2), (0, "2", 0), (1, "", 2), (1, "x", 2)],
)
def test_how_many_decimals_an_old_shop_shows(shown: int, display: str, decimals: int) -> None:
    rows = records("id_currency iso_code conversion_rate active deleted decimals", (1, "EUR", 1, 1, 0, shown))
    with small_shop(currency=rows) as shop:
        found = read_currencies(*shop, {("PS_PRICE_DISPLAY_PRECISION", 0, 0): display})
        assert found["EUR"].decimals == decimals


@pytest.mark.parametrize(("display", "decimals"), [("1", 1), ("3", 2)])
def test_a_currency_without_a_setting_of_its_own_has_the_shops(display: str, decimals: int) -> None:
    """1.7.0 to 1.7.5 have neither `precision` nor `decimals`."""
    rows = records("id_currency iso_code conversion_rate active deleted", (1, "EUR", 1, 1, 0))
    with small_shop(currency=rows) as shop:
        found = read_currencies(*shop, {("PS_PRICE_DISPLAY_PRECISION", 0, 0): display})
        assert found["EUR"].decimals == decimals


STATES = "id_order_state logable invoice paid shipped delivery send_email deleted"


def test_states_with_each_flag_and_their_names() -> None:
    with small_shop(
        order_state=records(
            STATES,
            (1, 1, 0, 0, 0, 0, 0, 0),
            (2, 0, 1, 0, 0, 0, 0, 0),
            (3, 0, 0, 1, 0, 0, 0, 0),
            (4, 0, 0, 0, 1, 0, 0, 0),
            (5, 0, 0, 0, 0, 1, 0, 0),
            (6, 0, 0, 0, 0, 0, 1, 0),
            (7, 1, 1, 1, 1, 1, 1, 1),  # deleted
        ),
        order_state_lang=records(
            "id_order_state id_lang name",
            (1, 1, "Pagato"),
            (1, 2, "Paid"),
            (2, 2, "Same"),
            (2, 3, "Same"),
            (4, 1, ""),
            (4, 2, "Shipped"),
            (5, 3, "Zugestellt"),
            (5, 2, "Delivered"),
        ),
    ) as shop:
        flags = [tuple(index == number for index in range(6)) for number in range(6)]
        assert list(read_states(*shop, 1).values()) == [
            OrderState(1, "Pagato", *flags[0], names=("Pagato", "Paid")),
            OrderState(2, "Same", *flags[1], names=("Same",)),
            OrderState(3, "", *flags[2]),
            OrderState(4, "", *flags[3], names=("Shipped",)),
            OrderState(5, "Delivered", *flags[4], names=("Delivered", "Zugestellt")),
            OrderState(6, "", *flags[5]),
        ]


def test_states_of_a_shop_that_deletes_none() -> None:
    with small_shop(
        order_state=records(STATES.removesuffix(" deleted"), (1, 1, 0, 0, 0, 0, 0)),
        order_state_lang=records("id_order_state id_lang name", (1, 1, "Pagato")),
    ) as shop:
        assert list(read_states(*shop, 1)) == [1]


CARRIERS = records(
    "id_carrier id_reference name active deleted position",
    (1, 1, "Old", 1, 1, 0),
    (2, 2, "Slow", 1, 0, 5),
    (3, 1, "New", 1, 0, 1),
    (4, 4, "Off", 0, 0, 0),
    (5, 5, "Late", 1, 0, 5),
)


def test_carriers_active_ones_first_with_their_groups() -> None:
    groups = records("id_carrier id_group", (3, 1), (3, 2), (4, 0), (1, 9))
    with small_shop(carrier=CARRIERS, carrier_group=groups) as shop:
        assert read_carriers(*shop) == (
            (
                Carrier(3, 1, "New", True, frozenset({1, 2})),
                Carrier(2, 2, "Slow", True),
                Carrier(5, 5, "Late", True),
                Carrier(4, 4, "Off", False),
            ),
            {1: 1, 2: 2, 3: 1, 4: 4, 5: 5},
        )


def test_carriers_of_a_shop_without_groups_for_them() -> None:
    with small_shop(carrier=CARRIERS) as shop:
        assert [carrier.groups for carrier in read_carriers(*shop)[0]] == [frozenset()] * 4


def test_groups_in_the_shops_language_else_in_any() -> None:
    rows = records(
        "id_group id_lang name", (1, 1, "Ospite"), (1, 2, "Guest"), (2, 2, "Trade"), (3, 2, "A"), (3, 1, "B")
    )
    with small_shop(group_lang=rows) as shop:
        assert read_groups(*shop, 1) == {1: "Ospite", 2: "Trade", 3: "B"}


@pytest.mark.parametrize(
    ("rows", "id_employee"), [([(1, 0), (4, 1), (3, 1)], 3), ([(7, 0)], 1)], ids=["the lowest active", "none"]
)
def test_the_employee_of_private_messages(rows: list[tuple[int, int]], id_employee: int) -> None:
    with small_shop(employee=records("id_employee active", *rows)) as shop:
        assert read_employee(*shop) == id_employee


COUNTRIES = "id_country iso_code id_zone contains_states need_identification_number active"


def test_countries_active_or_not_and_of_two_with_one_code_the_active_and_then_the_older() -> None:
    with small_shop(
        country=records(
            f"{COUNTRIES} zip_code_format",
            (10, "IT", 1, 1, 1, 1, "NNNNN"),
            (6, "es", 2, 1, 0, 0, ""),
            (7, "IT", 3, 0, 0, 0, ""),
            (12, "DE", 1, 0, 0, 1, "NNNNN"),
            (13, "DE", 1, 0, 0, 1, ""),
        )
    ) as shop:
        assert read_countries(*shop) == {
            "IT": Country(10, "IT", 1, True, True, True, "NNNNN"),
            "ES": Country(6, "ES", 2, True, False, False),
            "DE": Country(12, "DE", 1, False, False, True, "NNNNN"),
        }
    with small_shop(country=records(COUNTRIES, (10, "IT", 1, 1, 1, 1))) as shop:
        assert read_countries(*shop)["IT"].zip_code_format == ""


def test_provinces_active_ones_first() -> None:
    rows = records(
        "id_state id_country iso_code name active",
        (1, 10, "AA", "Off", 0),
        (3, 10, "MI", "Milano", 1),
        (2, 6, "B", "B", 1),
    )
    with small_shop(state=rows) as shop:
        assert read_provinces(*shop) == (
            Province(2, 6, "B", "B"),
            Province(3, 10, "MI", "Milano"),
            Province(1, 10, "AA", "Off"),
        )


def test_taxes_that_are_in_force_with_their_names() -> None:
    with small_shop(
        tax=records(
            "id_tax rate active deleted", (1, "22.000", 1, 0), (2, 10, 0, 0), (3, 4, 1, 1), (4, 5.5, 1, 0), (5, 7, 1, 0)
        ),
        tax_lang=records("id_tax id_lang name", (1, 2, "VAT"), (1, 1, "IVA"), (4, 2, "Reduced"), (4, 3, "Ermäßigt")),
    ) as shop:
        assert read_taxes(*shop, 1) == (
            {1: Decimal(22), 4: Decimal("5.5"), 5: Decimal(7)},
            {1: "IVA", 4: "Reduced", 5: ""},
        )


RULES = records(
    "id_tax_rule id_tax_rules_group id_country id_tax id_state zipcode_from zipcode_to behavior",
    (1, 1, 10, 1, 0, "0", "0", 0),
    (2, 1, 10, 2, 183, "0", "0", 1),
    (3, 1, 10, 3, 0, "23041", "23049", 2),
    (4, 1, 10, 9, 0, "0", "0", 0),  # not in force
    (5, 1, 10, 0, 0, "23041", "23042", 0),  # no tax
    (6, 2, 10, 1, 0, "0", "0", 0),  # of a group that is switched off
    (7, 1, 6, 2, 0, "0", "0", 0),
    (8, 1, 10, 2, 0, "0", "0", 0),
)
IN_FORCE = {1: Decimal(22), 2: Decimal(10), 3: Decimal(4)}


def test_rules_of_active_groups_the_most_specific_first() -> None:
    groups = records("id_tax_rules_group active", (1, 1), (2, 0))
    of_italy = (
        TaxRule(3, 0, "23041", "23049", 2),
        TaxRule(0, 0, "23041", "23042"),
        TaxRule(2, 183, behavior=1),
        TaxRule(1),
        TaxRule(2),
    )
    with small_shop(tax_rule=RULES, tax_rules_group=groups) as shop:
        assert read_tax_rules(*shop, IN_FORCE) == {(1, 10): of_italy, (1, 6): (TaxRule(2),)}
    with small_shop(tax_rule=RULES) as shop:
        assert read_tax_rules(*shop, IN_FORCE)[2, 10] == (TaxRule(1),)


LIVE = tuple(Carrier(number, number, "", True) for number in (2, 3, 4))


def test_the_tax_of_a_carrier_by_shop() -> None:
    of_shops = records("id_carrier id_shop id_tax_rules_group", (2, 1, 5), (2, 3, 0), (9, 1, 5))
    of_carriers = records("id_carrier id_tax_rules_group", (2, 1), (3, 1), (4, 0), (8, 1))
    with small_shop(carrier_tax_rules_group_shop=of_shops, carrier=of_carriers) as shop:
        assert read_carrier_tax_groups(*shop, LIVE, (1, 3)) == {(2, 1): 5, (2, 3): 0, (3, 1): 1, (3, 3): 1}
    with small_shop(carrier_tax_rules_group_shop=of_shops, carrier="id_carrier name") as shop:
        assert read_carrier_tax_groups(*shop, LIVE, (1, 3)) == {(2, 1): 5, (2, 3): 0}
    with small_shop(carrier=of_carriers) as shop:
        assert read_carrier_tax_groups(*shop, LIVE, (1,)) == {(2, 1): 1, (3, 1): 1}


def test_all_facts_of_a_shop() -> None:
    with small_shop(
        configuration=records(
            "id_configuration name id_shop_group id_shop value",
            (1, "PS_LANG_DEFAULT", None, None, "2"),
            (2, "PS_TIMEZONE", None, None, "Europe/Rome"),
            (3, "PS_VERSION_DB", None, None, "8.2.1"),
            (4, "PS_PRICE_DISPLAY_PRECISION", None, None, "1"),
        ),
        order_state=records(STATES, (2, 1, 1, 1, 0, 0, 1, 0)),
        order_state_lang=records("id_order_state id_lang name", (2, 1, "Pagato"), (2, 2, "Paid")),
        carrier=records(
            "id_carrier id_reference name active deleted position id_tax_rules_group", (2, 2, "BRT", 1, 0, 0, 1)
        ),
        currency=records("id_currency iso_code conversion_rate active deleted", (1, "EUR", 1, 1, 0)),
        country=records(COUNTRIES, (10, "IT", 1, 1, 1, 1)),
        state=records("id_state id_country iso_code name active", (3, 10, "MI", "Milano", 1)),
        shop=records("id_shop id_shop_group name deleted", (1, 1, "A", 0)),
        shop_group=records("id_shop_group share_stock share_customer share_order", (1, 0, 0, 0)),
        lang=records("id_lang iso_code active", (2, "en", 1)),
        tax=records("id_tax rate active deleted", (1, 22, 1, 0)),
        tax_lang=records("id_tax id_lang name", (1, 1, "IVA"), (1, 2, "VAT")),
        tax_rule=RULES,
        group_lang=records("id_group id_lang name", (1, 1, "Ospite"), (1, 2, "Guest")),
        employee=records("id_employee active", (1, 0), (4, 1)),
    ) as (connection, tables):
        facts = read_shop_facts(connection, tables)
        expected: dict[str, Any] = {
            "version": "8.2.1",
            "tables": tables.live,
            "configuration": {
                ("PS_LANG_DEFAULT", 0, 0): "2",
                ("PS_TIMEZONE", 0, 0): "Europe/Rome",
                ("PS_VERSION_DB", 0, 0): "8.2.1",
                ("PS_PRICE_DISPLAY_PRECISION", 0, 0): "1",
            },
            "states": {2: OrderState(2, "Paid", True, True, True, False, False, True, ("Pagato", "Paid"))},
            "carriers": (Carrier(2, 2, "BRT", True),),
            "carrier_references": {2: 2},
            "currencies": {"EUR": Currency(1, "EUR", Decimal(1), 1, active=True)},
            "countries": {"IT": Country(10, "IT", 1, True, True, True)},
            "provinces": (Province(3, 10, "MI", "Milano"),),
            "shops": {1: ShopUnit(1, 1, "A", share_stock=False, share_customer=False, share_order=False)},
            "languages": {"en": 2},
            "taxes": {1: Decimal(22)},
            "tax_names": {1: "VAT"},
            "groups": {1: "Guest"},
            "time_zone": "Europe/Rome",
            "tax_rules": {
                (1, 10): (TaxRule(0, 0, "23041", "23042"), TaxRule(1)),
                (2, 10): (TaxRule(1),),
            },
            "carrier_tax_groups": {(2, 1): 1},
            "employee": 4,
        }
        assert facts == ShopFacts(**expected)


OWN = MarketplaceSettings(taxes=TaxesSettings({"DE": Decimal(19)}), vat_by_amazon=False)


@pytest.mark.parametrize(
    ("facts", "taxes", "own"),
    [
        (replace(FACTS, taxes={1: Decimal(23)}), TaxesSettings({"IT": Decimal(22)}), OWN),
        (replace(FACTS, tax_rules={}), TaxesSettings({"IT": Decimal(22)}), OWN),
        (replace(FACTS, carrier_tax_groups={}), TaxesSettings({"IT": Decimal(22)}), OWN),
        (FACTS, TaxesSettings({"IT": Decimal(21)}), OWN),
        (FACTS, TaxesSettings({"ES": Decimal(22)}), OWN),
        (FACTS, TaxesSettings({"IT": Decimal(22)}, missing="zero"), OWN),
        (FACTS, TaxesSettings({"IT": Decimal(22)}, collected_by_amazon=("1",)), OWN),
        (FACTS, TaxesSettings({"IT": Decimal(22)}), replace(OWN, vat_by_amazon=True)),
        (FACTS, TaxesSettings({"IT": Decimal(22)}), replace(OWN, taxes=TaxesSettings({"DE": Decimal(20)}))),
    ],
)
def test_each_change_of_taxes_is_noticed(
    facts: ShopFacts, taxes: TaxesSettings, own: MarketplaceSettings, tmp_path: Path
) -> None:
    shop = ShopDatabase("sqlite:///none", "ps_", "8.2.1")

    def fingerprint(facts: ShopFacts, taxes: TaxesSettings, own: MarketplaceSettings) -> str:
        return tax_fingerprint(settings_for(shop, tmp_path, taxes=taxes, marketplaces={"DE": own}), facts)

    known = fingerprint(FACTS, TaxesSettings({"IT": Decimal(22)}), OWN)
    assert known == fingerprint(replace(FACTS, groups={1: "Guest"}), TaxesSettings({"IT": Decimal(22)}), OWN)
    assert len(known) == 16
    assert fingerprint(facts, taxes, own) != known
