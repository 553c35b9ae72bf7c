"""Words in many languages: other names of provinces, the provinces of postcodes, and the texts of lines."""

from __future__ import annotations

import pytest

from orderferry.domain.orders import ProceedsType
from orderferry.prestashop.facts import Country, Province, ShopFacts
from orderferry.prestashop.planning.addresses import resolve_province
from orderferry.prestashop.planning.shop_texts import NAMELESS, NO_TAX, PROMOTION, fee_name, in_language


def found(iso: str, code: str, *address: str) -> bool:
    """Return whether an address is in the province of a code, in a shop that has no name for it."""
    facts = ShopFacts(provinces=(Province(1, 7, code, "no name"), Province(2, 7, "??", "another")))
    province = resolve_province(facts, Country(7, iso, 1, True, False, True), *address)
    return province is not None and province.id == 1


@pytest.mark.parametrize(
    ("iso", "text", "code"),
    [
        ("IT", "Aosta Valley", "AO"),
        ("IT", "Valle d'Aosta", "AO"),
        ("IT", "Vallée d'Aoste", "AO"),
        ("IT", "Aoste", "AO"),
        ("IT", "Alto Adige", "BZ"),
        ("IT", "Südtirol", "BZ"),
        ("IT", "South Tyrol", "BZ"),
        ("IT", "Forlì", "FC"),
        ("IT", "Leghorn", "LI"),
        ("IT", "Massa", "MS"),
        ("IT", "Monza", "MB"),
        ("IT", "Monza-Brianza", "MB"),
        ("IT", "Monza e della Brianza", "MB"),
        ("IT", "Pesaro", "PU"),
        ("IT", "Reggio di Calabria", "RC"),
        ("IT", "Reggio nell'Emilia", "RE"),
        ("IT", "Roma Capitale", "RM"),
        ("IT", "South Sardinia", "SU"),
        ("IT", "Trent", "TN"),
        ("IT", "Venice", "VE"),
        ("IT", "Verbania", "VB"),
        ("ES", "Alacant", "A"),
        ("ES", "Araba", "VI"),
        ("ES", "Araba-Álava", "VI"),
        ("ES", "Balears", "PM"),
        ("ES", "Baleares", "PM"),
        ("ES", "Balearic Islands", "PM"),
        ("ES", "Biscay", "BI"),
        ("ES", "Castelló", "CS"),
        ("ES", "Castellón de la Plana", "CS"),
        ("ES", "Coruña", "C"),
        ("ES", "Corunna", "C"),
        ("ES", "Grand Canary", "GC"),
        ("ES", "Las Palmas de Gran Canaria", "GC"),
        ("ES", "Nafarroa", "NA"),
        ("ES", "Navarre", "NA"),
        ("ES", "Rioja", "LO"),
        ("ES", "Tenerife", "TF"),
        ("US", "Washington D.C.", "DC"),
        ("US", "Washington DC", "DC"),
        ("US", "D.C.", "DC"),
        ("CA", "Newfoundland", "NL"),
        ("CA", "Yukon Territory", "YT"),
        ("MX", "CDMX", "DIF"),
        ("MX", "CDMX", "CMX"),
        ("MX", "Ciudad de México", "DIF"),
        ("MX", "Mexico City", "DIF"),
        ("MX", "Distrito Federal", "CMX"),
        ("MX", "Edomex", "MEX"),
    ],
)
def test_other_names_of_provinces(iso: str, text: str, code: str) -> None:
    assert found(iso, code, text)


@pytest.mark.parametrize(
    ("iso", "postcode", "code"),
    [
        ("ES", "01001", "VI"),
        ("ES", "28013", "M"),
        ("ES", "52001", "ML"),
        ("FR", "01000", "01"),
        ("FR", "19100", "19"),
        ("FR", "20000", "2A"),
        ("FR", "20137", "2A"),
        ("FR", "20200", "2B"),
        ("FR", "20620", "2B"),
        ("FR", "21000", "21"),
        ("FR", "95000", "95"),
    ],
)
def test_the_province_of_a_postcode(iso: str, postcode: str, code: str) -> None:
    assert found(iso, code, "", postcode)


@pytest.mark.parametrize(
    ("iso", "postcode", "code"), [("FR", "96000", "96"), ("FR", "20900", "20"), ("IT", "20121", "MI")]
)
def test_a_postcode_that_tells_no_province(iso: str, postcode: str, code: str) -> None:
    assert not found(iso, code, "", postcode)


@pytest.mark.parametrize(("iso", "is_named"), [("IT", True), ("ES", True), ("US", False)])
def test_a_city_names_its_province_only_where_provinces_are_named_like_their_capitals(
    iso: str, *, is_named: bool
) -> None:
    facts = ShopFacts(provinces=(Province(1, 7, "X1", "Milano"), Province(2, 7, "X2", "Roma")))
    province = resolve_province(facts, Country(7, iso, 1, True, False, True), "", "", "Milano")

    assert (province is not None) is is_named


def test_only_the_first_400_letters_of_a_region_are_read() -> None:
    facts = ShopFacts(provinces=(Province(1, 7, "X1", "Milano"),))
    italy = Country(7, "IT", 1, True, False, True)

    for length, is_read in ((400, True), (401, False)):
        text = ";".join(("x" * (length - len(";Milano")), "Milano"))
        assert len(text) == length
        assert (resolve_province(facts, italy, text) is not None) is is_read
        assert (resolve_province(facts, italy, "", "", text) is not None) is is_read


@pytest.mark.parametrize(
    ("language", "words"),
    [
        (
            "en",
            "Cash on delivery fee | Delivery tip | Other charges | Gift wrapping | "
            "Promotion | No tax | (without a name at Amazon)",
        ),
        (
            "it",
            "Contributo per il contrassegno | Mancia per la consegna | Altri addebiti | Confezione regalo | "
            "Promozione | Senza IVA | (senza nome su Amazon)",
        ),
        (
            "fr",
            "Frais de contre-remboursement | Pourboire de livraison | Autres frais | Emballage cadeau | "
            "Promotion | Sans taxe | (sans nom chez Amazon)",
        ),
        (
            "de",
            "Nachnahmegebühr | Trinkgeld für die Lieferung | Sonstige Kosten | Geschenkverpackung | "
            "Aktionsrabatt | Ohne Steuer | (ohne Namen bei Amazon)",
        ),
        (
            "es",
            "Gastos de contra reembolso | Propina de entrega | Otros cargos | Envoltorio de regalo | "
            "Promoción | Sin impuesto | (sin nombre en Amazon)",
        ),
    ],
)
def test_the_words_on_orders_in_each_language(language: str, words: str) -> None:
    kinds = (ProceedsType.COD_FEE, ProceedsType.DELIVERY_TIP, ProceedsType.OTHER, ProceedsType.GIFT_WRAP)
    told = [
        *(fee_name(kind, language) for kind in kinds),
        *(in_language(text, language) for text in (PROMOTION, NO_TAX, NAMELESS)),
    ]
    assert " | ".join(told) == words


def test_a_language_without_words_has_the_english_ones() -> None:
    assert in_language(NO_TAX, "pl") == in_language(NO_TAX, "") == "No tax"
    assert in_language(NO_TAX, "IT") == in_language(NO_TAX, "it-IT") == "Senza IVA"
