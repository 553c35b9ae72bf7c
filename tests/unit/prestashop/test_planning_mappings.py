"""From words of the configuration and of addresses to rows of the shop."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from orderferry.domain.pricing.priced_order import RateChoice
from orderferry.errors import ShopUnfit
from orderferry.prestashop.checking.carriers import is_pick_up
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
from orderferry.prestashop.planning.addresses import resolve_country, resolve_province
from orderferry.prestashop.planning.resolve_mappings import (
    default_carrier,
    own_group,
    resolve_carrier,
    resolve_group,
    resolve_language,
    resolve_shop,
    resolve_state,
    resolve_tax,
    rule_rate,
)
from orderferry.prestashop.reading.products import combination_name


def state(id_: int, *names: str) -> OrderState:
    return OrderState(id_, names[0], True, True, True, False, False, False, names)


def country(id_: int, iso: str, *, states: bool = False) -> Country:
    return Country(id_, iso, 1, states, False, True)


PROVINCES = {
    10: "MI Milano,RM Roma,FC Forlì-Cesena,AO Aosta,RE Reggio Emilia,RC Reggio Calabria,BZ Bolzano,CA Cagliari",
    6: "ES-BI Vizcaya,ES-GI Gerona,ES-PM Baleares,ES-VI Álava,ES-C La Coruña,ES-CS Castellón",
    8: "2A Corse-du-Sud,2B Haute-Corse,75 Paris",
    11: "13 Tokyo,26 Kyoto,01 Hokkaido",
    21: "CA California,NY New York,DC District of Columbia",
}
FACTS = ShopFacts(
    version="8.2.1",
    tables={},
    configuration={
        ("PS_OS_PAYMENT", 0, 0): "2",
        ("PS_CARRIER_DEFAULT", 0, 0): "2",
        ("PS_SHOP_NAME", 0, 0): "Bottega",
        ("PS_GUEST_GROUP", 0, 0): "2",
        ("PS_SHOP_DEFAULT", 0, 0): "1",
        ("PS_LANG_DEFAULT", 0, 0): "1",
        ("PS_LANG_DEFAULT", 2, 3): "2",
    },
    states={
        one.id: one
        for one in (
            state(2, "Pagamento accettato", "Payment accepted"),
            state(4, "Spedito", "Shipped"),
            state(20, "Amazon"),
            state(21, "Amazon"),
            state(22, "AMAZON"),
        )
    },
    carriers=(
        Carrier(9, 2, "My carrier", True),
        Carrier(5, 5, "BRT", True),
        Carrier(6, 6, "0", True),
        Carrier(7, 7, "BRT", False),
        Carrier(8, 8, "Poste", False),
    ),
    carrier_references={2: 2, 4: 2, 9: 2, 5: 5, 6: 6, 7: 7, 8: 8, 3: 3},
    currencies={"EUR": Currency(1, "EUR", Decimal(1), 2, True), "SEK": Currency(2, "SEK", Decimal(11), 2, False)},
    countries={
        "IT": country(10, "IT", states=True),
        "ES": country(6, "ES", states=True),
        "US": country(21, "US", states=True),
        "DE": country(1, "DE"),
        "FR": country(8, "FR", states=True),
        "JP": country(11, "JP", states=True),
        "GB": country(17, "GB"),
        "GR": country(9, "GR"),
    },
    provinces=tuple(
        Province(id_country * 100 + number, id_country, *line.split(" ", 1))
        for id_country, lines in PROVINCES.items()
        for number, line in enumerate(lines.split(","))
    ),
    shops={1: ShopUnit(1, 1, "Bottega", False, False, False), 3: ShopUnit(3, 2, "Second", True, False, False)},
    languages={"it": 1, "en": 2},
    taxes={1: Decimal("22.000"), 2: Decimal("22.000"), 3: Decimal("19.000")},
    tax_names={1: "Other 22", 2: "IVA IT 22%", 3: "MwSt 19%"},
    groups={1: "Visitatore", 2: "Ospite"},
    time_zone="Europe/Rome",
    tax_rules={(1, 10): (TaxRule(2),), (1, 1): (TaxRule(3),)},
    carrier_tax_groups={},
    employee=1,
)


@pytest.mark.parametrize(
    ("word", "id_"), [("", 2), ("4", 4), ("Shipped", 4), ("spedito", 4), (" Payment ACCEPTED ", 2), ("AMAZON", 22)]
)
def test_states_by_id_or_name_in_any_language(word: str, id_: int) -> None:
    assert resolve_state(FACTS, word, "PS_OS_PAYMENT", key="orders.state_paid").id == id_


def test_a_state_that_the_shop_itself_does_not_name_is_told_with_the_key_that_may() -> None:
    with pytest.raises(ShopUnfit, match="PS_OS_ERROR = ''") as caught:
        resolve_state(FACTS, "", "PS_OS_ERROR", key="orders.state_cancelled")
    assert caught.value.hint.startswith("Name one as orders.state_cancelled. There are: ")


def test_a_state_that_is_not_there_is_told_with_those_that_are() -> None:
    with pytest.raises(ShopUnfit, match=r"orders\.state_fba = 'Sent'") as caught:
        resolve_state(FACTS, "Sent", "PS_OS_SHIPPING", key="orders.state_fba")
    assert "4 Spedito" in caught.value.hint
    with pytest.raises(ShopUnfit, match="PS_OS_SHIPPING"):
        resolve_state(FACTS, "", "PS_OS_SHIPPING", key="orders.state_fba")


def test_a_name_of_two_states_asks_for_an_id() -> None:
    with pytest.raises(ShopUnfit, match="more than one order state") as caught:
        resolve_state(FACTS, "Amazon", "", key="orders.state_prime")
    assert "20, 21" in caught.value.hint


@pytest.mark.parametrize(
    ("word", "id_"),
    [("", 9), ("2", 9), ("4", 9), ("9", 9), ("my carrier", 9), ("BRT", 5), ("7", 7), ("Bottega", 6), ("Poste", 8)],
)
def test_carriers_are_followed_to_the_live_row(word: str, id_: int) -> None:
    found = resolve_carrier(FACTS, word, key="carriers.default")
    assert found is not None
    assert found.id == id_


def test_a_carrier_without_a_live_row_is_refused() -> None:
    for word in ("3", "999", "DHL"):
        with pytest.raises(ShopUnfit, match=r"carriers\.map\.X"):
            resolve_carrier(FACTS, word, key="carriers.map.X")
    assert resolve_carrier(replace(FACTS, carriers=(), carrier_references={}), "", key="carriers.default") is None


@pytest.mark.parametrize(
    ("setting", "id_", "reason"),
    [
        ("2", 9, ""),
        ("5", 5, ""),
        ("-1", 9, "PS_CARRIER_DEFAULT is -1: it says the best price, which only a customer's cart can tell"),
        ("-2", 9, "PS_CARRIER_DEFAULT is -2: it says the best grade, which only a customer's cart can tell"),
        ("0", 9, "PS_CARRIER_DEFAULT is 0: it names none"),
        (None, 9, "PS_CARRIER_DEFAULT is 0: it names none"),
        ("77", 9, "PS_CARRIER_DEFAULT is 77: it names carrier 77, which the shop does not have"),
    ],
)
def test_a_default_carrier_that_is_a_guess_says_why(setting: str | None, id_: int, reason: str) -> None:
    facts = replace(FACTS, configuration={} if setting is None else {("PS_CARRIER_DEFAULT", 0, 0): setting})
    carrier, why = default_carrier(facts, None)

    assert carrier is not None
    assert (carrier.id, why) == (id_, reason)


@pytest.mark.parametrize(
    ("groups", "own"), [({7}, 7), ({1}, 0), ({2}, 0), ({3}, 0), ({7, 8}, 0), ({2, 7}, 0), (set(), 0)]
)
def test_a_carrier_has_a_group_of_its_own_only_if_it_is_the_one_and_not_everybodys(groups: set[int], own: int) -> None:
    for_everybody = {"PS_UNIDENTIFIED_GROUP": "1", "PS_GUEST_GROUP": "2", "PS_CUSTOMER_GROUP": "3"}
    facts = replace(FACTS, configuration={(name, 0, 0): group for name, group in for_everybody.items()})

    assert own_group(facts, Carrier(1, 1, "Amazon", True, frozenset(groups))) == own


@pytest.mark.parametrize(
    ("name", "delay", "collected"),
    [
        ("0", "", True),
        ("Click and collect", "", True),
        ("Click & Collect", "", True),
        ("Negozio", "Ritiro in negozio", True),
        ("Selbstabholung", "", True),
        ("Mondial Relay", "", True),
        ("Shop", "Pick up in-store", True),
        ("DHL", "Delivery next day!", False),
        ("Poste Italiane", "Consegna in 3 giorni", False),
        ("UPS", "Collected from us and delivered to you", False),
    ],
)
def test_a_pick_up_point_is_known_by_its_name_or_its_delay(name: str, delay: str, collected: bool) -> None:
    assert is_pick_up(Carrier(4, 4, name, True), {4: delay}) is collected


def test_a_default_carrier_by_price_is_the_first_active_one() -> None:
    facts = replace(FACTS, configuration={("PS_CARRIER_DEFAULT", 0, 0): "-1"})
    found = resolve_carrier(facts, "", key="carriers.default")
    assert found is not None
    assert found.id == 9


def test_groups_shops_and_languages() -> None:
    assert resolve_group(FACTS, "", key="customers.group") == 2
    assert resolve_group(FACTS, "visitatore", key="customers.group") == 1
    assert resolve_shop(FACTS, "", key="marketplace.IT.shop").id == 1
    assert resolve_shop(FACTS, "second", key="marketplace.IT.shop").id == 3
    assert resolve_language(FACTS, FACTS.shops[1], "", key="marketplace.IT.lang") == 1
    assert resolve_language(FACTS, FACTS.shops[3], "", key="marketplace.IT.lang") == 2
    assert resolve_language(FACTS, FACTS.shops[1], "EN", key="marketplace.IT.lang") == 2
    with pytest.raises(ShopUnfit, match="active language"):
        resolve_language(FACTS, FACTS.shops[1], "de", key="marketplace.IT.lang")


def test_what_a_shop_without_settings_gets() -> None:
    bare = replace(FACTS, configuration={("PS_CUSTOMER_GROUP", 0, 0): "3"})
    empty = replace(bare, configuration={})

    assert resolve_group(bare, "", key="customers.group") == 3
    assert resolve_group(empty, "", key="customers.group") == 1  # the lowest
    assert resolve_group(replace(empty, groups={}), "", key="customers.group") == 0
    assert resolve_shop(empty, "", key="marketplace.IT.shop").id == 1
    assert resolve_shop(replace(empty, shops={3: FACTS.shops[3]}), "", key="marketplace.IT.shop").id == 3
    assert resolve_language(empty, FACTS.shops[1], "", key="marketplace.IT.lang") == 1
    assert resolve_language(replace(empty, languages={"en": 2}), FACTS.shops[1], "", key="marketplace.IT.lang") == 2
    assert resolve_language(replace(empty, languages={}), FACTS.shops[1], "", key="marketplace.IT.lang") == 1


def test_an_error_lists_at_most_15_things() -> None:
    for count, listed in ((15, "1 A1, 2 A2, 3 A3"), (16, "1 A1, 2 A2, 3 A3")):
        shops = {number: ShopUnit(number, 1, f"A{number}", False, False, False) for number in range(1, count + 1)}
        with pytest.raises(ShopUnfit) as caught:
            resolve_shop(replace(FACTS, shops=shops), "Z", key="marketplace.IT.shop")
        assert caught.value.message == "marketplace.IT.shop = 'Z': the shop has no such shop."
        assert caught.value.hint.startswith(f"There are: {listed}, ")
        assert caught.value.hint.endswith("14 A14, 15 A15." if count == 15 else "14 A14, 15 A15, ….")
    with pytest.raises(ShopUnfit) as caught:
        resolve_shop(replace(FACTS, shops={}), "", key="marketplace.IT.shop")
    assert str(caught.value).startswith("PS_SHOP_DEFAULT = '': the shop has no such shop.")
    assert caught.value.hint == "There are: none."


def test_a_rate_takes_the_tax_that_the_country_s_rules_name() -> None:
    italy, germany = FACTS.countries["IT"], FACTS.countries["DE"]
    assert resolve_tax(FACTS, Decimal(22), italy, key="taxes.IT") == RateChoice(Decimal(22), "2")
    assert resolve_tax(FACTS, Decimal(22), germany, key="taxes.DE").key == "1"
    assert resolve_tax(FACTS, Decimal(7), germany, key="taxes.DE") == RateChoice(Decimal(7), "")
    assert resolve_tax(FACTS, Decimal("19.05"), germany, key="taxes.DE") == RateChoice(Decimal("19.05"), "3")
    assert resolve_tax(FACTS, Decimal("19.06"), germany, key="taxes.DE").key == ""
    assert resolve_tax(FACTS, Decimal(0), germany, key="taxes.DE").key == ""
    assert resolve_tax(FACTS, "MwSt 19%", key="taxes.DE") == RateChoice(Decimal(19), "3")
    assert resolve_tax(FACTS, "3", key="taxes.DE") == RateChoice(Decimal(19), "3")
    with pytest.raises(ShopUnfit, match=r"taxes\.DE"):
        resolve_tax(FACTS, "no such tax", key="taxes.DE")


def test_the_shop_s_own_rules() -> None:
    assert rule_rate(FACTS, 1, FACTS.countries["DE"]) == RateChoice(Decimal(19), "3")
    assert rule_rate(FACTS, 1, FACTS.countries["ES"]) is None
    assert rule_rate(FACTS, 0, FACTS.countries["ES"]) == RateChoice(Decimal(0))


MAINLAND, AZORES, MADEIRA, EXPORT = "23", "16", "22", "0"
REGIONAL = replace(
    FACTS,
    taxes={1: Decimal(23), 2: Decimal(16), 3: Decimal(22), 4: Decimal(5), 5: Decimal("9.975"), 6: Decimal("14.975")},
    tax_names={},
    tax_rules={
        (1, 10): (
            TaxRule(3, zipcode_from="9000", zipcode_to="9499"),
            TaxRule(0, zipcode_from="7777"),
            TaxRule(2, id_state=1003),
            TaxRule(1),
        ),
        (1, 8): (TaxRule(1, zipcode_from="21000", zipcode_to="95999"), TaxRule(2, zipcode_from="20000")),
        (1, 21): (TaxRule(5, id_state=2101, behavior=1), TaxRule(4, behavior=1)),
        (2, 21): (TaxRule(5, id_state=2101, behavior=2), TaxRule(4, behavior=2)),
    },
)


@pytest.mark.parametrize(
    ("iso", "id_state", "postcode", "rate"),
    [
        pytest.param("IT", 0, "1000-139", MAINLAND, id="mainland"),
        pytest.param("IT", 1003, "9500-321", AZORES, id="Azores by state"),
        pytest.param("IT", 0, "9000-017", MADEIRA, id="Madeira by postcode"),
        pytest.param("IT", 1003, "9000-017", MADEIRA, id="a postcode before a state, as PrestaShop sorts"),
        pytest.param("IT", 0, "7777", EXPORT, id="a rule without tax"),
        pytest.param("IT", 1000, "1000", MAINLAND, id="another state"),
        pytest.param("IT", 0, "", MAINLAND, id="no postcode"),
        pytest.param("FR", 0, "75001", MAINLAND, id="only ranges"),
        pytest.param("FR", 0, "20000", AZORES, id="one postcode"),
        pytest.param("FR", 0, "20137", None, id="in no range"),
        pytest.param("FR", 0, "", None, id="only ranges, and no postcode"),
        pytest.param("US", 2101, "", "14.975", id="two taxes added up"),
        pytest.param("US", 2100, "", "5", id="one of the two"),
    ],
)
def test_the_rule_of_a_region_wins_as_in_prestashop(iso: str, id_state: int, postcode: str, rate: str | None) -> None:
    found = rule_rate(REGIONAL, 1, FACTS.countries[iso], id_state, postcode)
    assert (found and found.rate) == (None if rate is None else Decimal(rate))
    if found is not None:
        assert found.key == next((str(id_) for id_, one in REGIONAL.taxes.items() if one == found.rate), "")


def test_taxes_one_on_top_of_the_other() -> None:
    found = rule_rate(REGIONAL, 2, FACTS.countries["US"], 2101)
    assert found == RateChoice(Decimal("15.47375"))


@pytest.mark.parametrize(("first", "second", "rate"), [(1, 2, "14.975"), (2, 1, "15.47375"), (0, 1, "9.975")])
def test_the_most_specific_rule_says_how_taxes_are_combined(first: int, second: int, rate: str) -> None:
    rules = (TaxRule(5, id_state=2101, behavior=first), TaxRule(4, behavior=second))
    found = rule_rate(replace(REGIONAL, tax_rules={(1, 21): rules}), 1, FACTS.countries["US"], 2101)
    assert found is not None
    assert found.rate == Decimal(rate)


def test_a_rule_for_the_whole_country_is_none_for_a_region_of_its_own() -> None:
    italy = FACTS.countries["IT"]
    assert rule_rate(REGIONAL, 1, italy, 0, "1000", regional_only=True) is None
    found = rule_rate(REGIONAL, 1, italy, 1003, "9500-321", regional_only=True)
    assert found == RateChoice(Decimal(16), "2")


@pytest.mark.parametrize(("code", "iso"), [("IT", "IT"), ("it", "IT"), ("UK", "GB"), ("EL", "GR"), ("IC", "ES")])
def test_countries(code: str, iso: str) -> None:
    found = resolve_country(FACTS, code)
    assert found is not None
    assert found.iso == iso
    assert resolve_country(FACTS, "ZZ") is None


@pytest.mark.parametrize(
    ("iso", "text", "name"),
    [
        ("IT", "MI", "Milano"),
        ("IT", "it-mi", "Milano"),
        ("IT", "MILANO", "Milano"),
        ("IT", "Milan", "Milano"),
        ("IT", "Milano (MI)", "Milano"),
        ("IT", "MI - Milano", "Milano"),
        ("IT", "Provincia di Milano", "Milano"),
        ("IT", "Città metropolitana di Roma", "Roma"),
        ("IT", "Forli", "Forlì-Cesena"),
        ("IT", "Forli'-Cesena", "Forlì-Cesena"),
        ("IT", "Reggio nell'Emilia", "Reggio Emilia"),
        ("IT", "Bolzano/Bozen", "Bolzano"),
        ("IT", "Valle d'Aosta", "Aosta"),
        ("ES", "Bizkaia", "Vizcaya"),
        ("ES", "Girona", "Gerona"),
        ("ES", "Illes Balears", "Baleares"),
        ("ES", "Araba/Álava", "Álava"),
        ("ES", "A Coruña", "La Coruña"),
        ("US", "ca", "California"),
        ("US", "Washington, D.C.", "District of Columbia"),
        ("US", "State of New York", "New York"),
        ("US", "Kalifornien", "California"),
        ("IT", "Mailand", "Milano"),
        ("IT", "Mailand (Italien)", "Milano"),
        ("IT", "Provincia de Milán", "Milano"),
        ("IT", "ミラノ", "Milano"),
        ("ES", "Biscaglia", "Vizcaya"),
        ("ES", "Castellón", "Castellón"),
        ("JP", "東京都", "Tokyo"),
        ("JP", "京都府", "Kyoto"),
        ("JP", "北海道", "Hokkaido"),
        ("JP", "Tōkyō", "Tokyo"),
        ("FR", "2A", "Corse-du-Sud"),
    ],
)
def test_provinces_in_many_spellings(iso: str, text: str, name: str) -> None:
    found = resolve_province(FACTS, FACTS.countries[iso], text)
    assert found is not None
    assert found.name == name


@pytest.mark.parametrize(("iso", "text"), [("IT", "Reggio"), ("IT", ""), ("IT", "Bavaria"), ("DE", "MI"), ("IT", "??")])
def test_what_names_no_single_province(iso: str, text: str) -> None:
    assert resolve_province(FACTS, FACTS.countries[iso], text) is None


def test_a_combination_s_name_when_the_version_is_unknown() -> None:
    pairs = [("Size", "S"), ("Color", "White")]
    assert combination_name("Shirt", pairs, "") == "Shirt (Size: S - Color: White)"
    assert combination_name("Shirt {x}", pairs[:1], "1.7.8.0") == "Shirt {x} (Size: S)"
    assert combination_name("Shirt", [], "1.6.1.24") == "Shirt"


def test_territories_have_the_country_and_province_that_the_shop_has() -> None:
    monaco = {**FACTS.countries, "FR": country(8, "FR"), "MC": country(60, "MC")}
    small = replace(FACTS, countries={**FACTS.countries, "FR": country(8, "FR")})
    closed = replace(FACTS, countries={**monaco, "MC": replace(country(60, "MC"), active=False)})
    large = replace(FACTS, countries=monaco)

    def found(facts: ShopFacts, *address: str) -> str:
        resolved = resolve_country(facts, *address)
        return resolved.iso if resolved else ""

    assert found(large, "FR", "98000") == "MC"
    assert found(large, "FR", "75001") == "FR"
    assert found(small, "FR", "98000") == "FR"
    assert found(closed, "FR", "98000") == "FR"
    assert found(closed, "MC", "98000") == "MC"
    assert found(small, "MC", "98000") == "FR"
    assert found(small, "JE", "JE2 3AB") == "GB"
    assert found(small, "IC", "35001") == "ES"
    assert found(small, "AX", "22100") == ""


def test_a_province_is_known_by_its_postcode_or_its_capital_where_the_region_says_nothing() -> None:
    spain, italy, france, america = (FACTS.countries[iso] for iso in ("ES", "IT", "FR", "US"))

    def found(country: Country, *address: str) -> str:
        province = resolve_province(FACTS, country, *address)
        return province.iso if province else ""

    assert found(spain, "", "48001") == "ES-BI"
    assert found(spain, "?", "17001") == "ES-GI"
    assert found(spain, "Vizcaya", "17001") == "ES-BI"
    assert found(italy, "", "20121", "Milano") == "MI"
    assert found(italy, "", "20121", "Cesano Boscone") == ""
    assert found(america, "", "98101", "New York") == ""
    assert (found(france, "Corse", "20137"), found(france, "", "20200"), found(france, "", "75001")) == (
        "2A",
        "2B",
        "75",
    )
