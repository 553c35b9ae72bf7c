"""Everything that shop and configuration say of taxes for one order, whole, place by place."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from orderferry.config.model import MarketplaceSettings, TaxesSettings
from orderferry.domain.orders import Order, TaxRegistration
from orderferry.domain.pricing.priced_order import RateChoice, Rates
from orderferry.prestashop.facts import Country, Province, ShopFacts, TaxRule
from orderferry.prestashop.planning.resolved_order import Place
from orderferry.prestashop.planning.tax_rates import notices_of, parse_proofs, proofs_text, rates_for, standard_group
from support.resolved_orders import FACTS, MUG, ORDER, PLACE, POSTAL, market
from support.writing import HOME

ITEM = ORDER.items[0].item_id
ITALY = PLACE.country
GERMANY, FRANCE, SPAIN, US = (
    Country(number, code, 1, code in {"ES", "US"}, False, True)
    for number, code in ((1, "DE"), (8, "FR"), (6, "ES"), (21, "US"))
)
IVA22, IVA10, DE19, EXEMPT, DE7 = 1, 2, 3, 4, 5
SHOP = replace(
    FACTS,
    countries={country.iso: country for country in (ITALY, GERMANY, FRANCE, SPAIN, US)},
    provinces=(Province(183, 10, "MI", "Milano"), Province(201, 6, "ES-TF", "Santa Cruz de Tenerife")),
    taxes={IVA22: Decimal(22), IVA10: Decimal(10), DE19: Decimal(19), EXEMPT: Decimal(0), DE7: Decimal(7)},
    tax_names={IVA22: "IVA IT 22%", IVA10: "IVA IT 10%", DE19: "MwSt DE 19%", EXEMPT: "none", DE7: "MwSt DE 7%"},
    tax_rules={(1, 10): (TaxRule(IVA22),), (2, 10): (TaxRule(IVA10),), (1, 1): (TaxRule(DE19),)},
    carrier_tax_groups={(2, 1): 1},
)


def at(country: Country, postcode: str = "20121", id_state: int = 0) -> Place:
    return Place(replace(POSTAL, country=country.iso, postcode=postcode), country, id_state)


def to(country: Country, postcode: str = "20121", region: str = "") -> Order:
    return replace(ORDER, delivery_address=replace(HOME, country=country.iso, postal_code=postcode, region=region))


def rates(
    order: Order,
    place: Place,
    facts: ShopFacts = SHOP,
    taxes: TaxesSettings | None = None,
    code: str = "IT",
    **more: Any,
) -> Rates:
    settings = MarketplaceSettings(taxes=taxes or TaxesSettings())
    here = market(facts, settings=settings, code=code, **more)
    return rates_for(order, here, place, {ITEM: MUG, "reduced": replace(MUG, id_tax_rules_group=2), "free": None})


def choice(id_tax: int) -> RateChoice:
    return RateChoice(SHOP.taxes[id_tax], str(id_tax))


def test_an_order_at_home() -> None:
    assert rates(to(ITALY), at(ITALY)) == Rates(
        by_item={ITEM: choice(IVA22), "reduced": choice(IVA10), "free": choice(IVA22)},
        shipping=choice(IVA22),
        known=(choice(IVA22), choice(IVA10), choice(DE19), choice(EXEMPT), choice(DE7)),
        prices_hold_tax=True,
        ranks={"1": 0, "2": 0, "4": 6, "3": 6, "5": 6},
        legal=(Decimal(22), Decimal(10), Decimal(5), Decimal(4)),
        country="IT",
        seller_in_eu=True,
    )


def test_an_order_to_a_consumer_in_another_member_state() -> None:
    """A group without a rule there has no rate; no rule of home holds."""
    found = rates(to(GERMANY, "10115"), at(GERMANY, "10115"))

    assert found.by_item == {ITEM: choice(DE19), "reduced": None, "free": choice(DE19)}
    assert (found.shipping, found.country, found.prices_hold_tax) == (choice(DE19), "DE", True)
    assert found.ranks == {"1": 6, "2": 6, "3": 0, "4": 6, "5": 1}
    assert [one.key for one in found.known] == ["3", "5", "1", "2", "4"]
    assert (found.reverse_charge, found.by_configuration, found.missing_is_zero) == (False, False, False)


def test_an_order_to_a_business_in_another_member_state() -> None:
    business = replace(to(GERMANY, "10115"), tax_registrations=(TaxRegistration("BUYER", "VAT", "DE811907980"),))

    assert rates(business, at(GERMANY, "10115")).reverse_charge


def test_an_order_out_of_the_eu() -> None:
    found = rates(to(US, "10001"), at(US, "10001"))

    assert found.by_item == {ITEM: None, "reduced": None, "free": None}
    assert (found.known, found.prices_hold_tax, found.country) == ((), False, "US")
    assert (found.by_configuration, found.prices_without_tax) == (False, False)


def test_a_rule_outside_of_the_eu_is_known_and_no_other_tax() -> None:
    facts = replace(SHOP, tax_rules={**SHOP.tax_rules, (1, 21): (TaxRule(EXEMPT),)})

    assert rates(to(US, "10001"), at(US, "10001"), facts).known == (choice(EXEMPT),)


def test_a_marketplace_that_adds_tax_to_its_prices() -> None:
    found = rates(to(US, "10001"), at(US, "10001"), code="US", home="US")
    assert (found.prices_without_tax, found.prices_hold_tax) == (True, False)
    abroad = rates(to(ITALY), at(ITALY), code="US")
    assert (abroad.prices_without_tax, abroad.prices_hold_tax) == (True, True)


def test_a_shop_outside_the_eu_sells_at_home_with_tax_in_its_prices() -> None:
    swiss = Country(19, "CH", 1, False, False, True)
    facts = replace(
        SHOP,
        countries={**SHOP.countries, "CH": swiss},
        taxes={IVA22: Decimal(22), 31: Decimal("8.1"), 32: Decimal("2.6"), 33: Decimal(9), 34: Decimal(11)},
        tax_names={IVA22: "IVA IT 22%", 31: "MWST CH 8.1", 32: "", 33: "MWST CH 9", 34: "MwSt DE 11"},
        tax_rules={(1, 19): (TaxRule(31),), (1, 10): (TaxRule(IVA22),)},
    )
    found = rates(to(swiss, "8001"), at(swiss, "8001"), facts, home="CH")

    assert (found.prices_hold_tax, found.seller_in_eu) == (True, False)
    assert {one.key for one in found.known} == {"31", "32", "33"}
    from_italy = rates(to(swiss, "8001"), at(swiss, "8001"), facts, home="IT")
    assert (from_italy.prices_hold_tax, {one.key for one in from_italy.known}) == (False, {"31"})


@pytest.mark.parametrize(
    ("by_country", "place", "order", "rate"),
    [
        ({"IT": Decimal(21)}, at(ITALY), to(ITALY), "21"),
        ({"IT": "IVA IT 10%"}, at(ITALY), to(ITALY), "10"),
        ({"DE": Decimal(21)}, at(ITALY), to(ITALY), "22"),
        ({"IT": Decimal(21), "IT-MI": Decimal(20)}, at(ITALY, id_state=183), to(ITALY), "20"),
        ({"IT": Decimal(21), "IT-MI": Decimal(20)}, at(ITALY), to(ITALY, region="MI"), "20"),
        ({"IT": Decimal(21), "IT-MI": Decimal(20)}, at(ITALY), to(ITALY, region="it-mi"), "20"),
        ({"IT": Decimal(21), "IT-MI": Decimal(20)}, at(ITALY), to(ITALY, region="Mailand"), "20"),
        ({"IT": Decimal(21), "IT-Milano": Decimal(20)}, at(ITALY, id_state=183), to(ITALY), "20"),
        ({"IT": Decimal(21), "IT-RM": Decimal(20)}, at(ITALY, id_state=183), to(ITALY), "21"),
        ({"IT": Decimal(21), "IT-RM": Decimal(20)}, at(ITALY), replace(ORDER, delivery_address=None), "21"),
        ({"DE-MI": Decimal(20)}, at(ITALY, id_state=183), to(ITALY), "22"),
    ],
)
def test_the_rate_that_the_configuration_names_for_the_narrowest_place(
    by_country: dict[str, Decimal | str], place: Place, order: Order, rate: str
) -> None:
    found = rates(order, place, taxes=TaxesSettings(by_country))

    assert {one and one.rate for one in (found.by_item[ITEM], found.shipping)} == {Decimal(rate)}
    assert found.by_configuration is (rate != "22")


def test_a_configured_tax_is_the_places_own() -> None:
    found = rates(
        to(ITALY), at(ITALY), taxes=TaxesSettings({"IT": "MwSt DE 19%"}, missing="zero", collected_by_amazon=())
    )

    assert set(found.by_item.values()) == {choice(DE19)}
    assert (found.ranks["3"], found.missing_is_zero) == (0, True)
    assert rates(to(ITALY), at(ITALY)).ranks["3"] == 6


def test_a_shop_without_taxes_has_0_percent_everywhere() -> None:
    off = replace(SHOP, configuration={**SHOP.configuration, ("PS_TAX", 0, 0): "0"})
    found = rates(to(ITALY), at(ITALY), off, TaxesSettings({"IT": Decimal(21)}))

    assert set(found.by_item.values()) == {RateChoice(Decimal(0))}
    assert found.shipping == RateChoice(Decimal(0))
    assert "" not in found.ranks


@pytest.mark.parametrize(
    ("groups", "shipping"), [({(2, 1): 2}, IVA10), ({(2, 1): 0}, None), ({}, "none"), ({(2, 9): 1}, "none")]
)
def test_the_rate_of_the_carrier(groups: dict[tuple[int, int], int], shipping: int | str | None) -> None:
    found = rates(to(ITALY), at(ITALY), replace(SHOP, carrier_tax_groups=groups)).shipping

    assert found == (
        None if shipping == "none" else RateChoice(Decimal(0)) if shipping is None else choice(int(shipping))
    )


def test_the_rules_of_a_country_do_not_hold_in_its_territories_but_those_for_that_very_part_do() -> None:
    of_spain = (TaxRule(DE7, id_state=201), TaxRule(IVA22))
    facts = replace(SHOP, tax_rules={**SHOP.tax_rules, (1, 6): of_spain})
    mainland = rates(to(SPAIN, "28001"), at(SPAIN, "28001"), facts)
    islands = rates(to(SPAIN, "38001"), at(SPAIN, "38001", 201), facts)
    other = rates(to(SPAIN, "38001"), at(SPAIN, "38001"), facts)

    assert [found.by_item[ITEM] for found in (mainland, islands, other)] == [choice(IVA22), choice(DE7), None]
    assert (mainland.by_configuration, islands.by_configuration, islands.prices_hold_tax) == (False, True, False)
    assert (islands.known, other.known) == ((choice(DE7),), ())
    assert islands.ranks["5"] == 0  # ruled, and no rate is known by law there


def test_a_tax_that_is_ruled_for_another_country_is_the_last_to_be_taken() -> None:
    """The Italian localisation pack rules 22 % for every member state."""
    facts = replace(SHOP, tax_rules={**SHOP.tax_rules, (1, 1): (TaxRule(IVA22),)})
    ranks = rates(to(GERMANY, "10115"), at(GERMANY, "10115"), facts).ranks

    assert ranks == {"1": 5, "2": 6, "3": 1, "4": 6, "5": 1}
    named = replace(facts, tax_names={**SHOP.tax_names, IVA22: "TVA FR 22%"}, tax_rules={(1, 1): (TaxRule(IVA22),)})
    assert rates(to(GERMANY, "10115"), at(GERMANY, "10115"), named).ranks["1"] == 5
    nameless = replace(named, tax_names={IVA22: "22%"})
    assert rates(to(GERMANY, "10115"), at(GERMANY, "10115"), nameless).ranks["1"] == 4


def test_the_standard_group_is_the_one_with_the_highest_rate_at_home() -> None:
    rules = {(3, 10): (TaxRule(IVA10),), (2, 10): (TaxRule(IVA22),), (1, 10): (TaxRule(IVA22, id_state=183),)}

    assert standard_group(replace(SHOP, tax_rules=rules)) == 1  # of equal ones the first
    assert standard_group(replace(SHOP, tax_rules={**rules, (1, 10): (TaxRule(99),)})) == 2
    assert standard_group(replace(SHOP, configuration={})) == 0


def test_the_sentence_about_a_marketplace_where_amazon_calculates_the_tax() -> None:
    assert notices_of({"IT": "402-1"}) == (
        "Amazon calculates the VAT on the marketplace IT, as order 402-1 shows: from now on a tax of 0 there is 0 %. "
        "Nothing has to be done; if it is wrong, set marketplace.IT.vat_by_amazon = false.",
    )
    assert (parse_proofs("DE=a=b IT= x"), proofs_text({})) == ({"DE": "a=b", "IT": ""}, "")
