"""Where an order goes and whose it is, whole; and what an order says of itself beside its money."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from orderferry.config.model import CustomersSettings, MarketplaceSettings
from orderferry.domain.orders import Address, Buyer, Channel, Order, OrderStatus, ProceedsType, TaxRegistration
from orderferry.domain.postal_address import PostalAddress
from orderferry.domain.pricing.priced_order import Amount, PricedCharge
from orderferry.domain.problems import Problem
from orderferry.prestashop.facts import Country, FeeKey, Province, ShopFacts
from orderferry.prestashop.planning.addresses import resolve_account, resolve_country, resolve_places, resolve_province
from orderferry.prestashop.planning.goods import Goods
from orderferry.prestashop.planning.order_lines import hidden_product
from orderferry.prestashop.planning.resolved_order import Account, Place, ResolvedLine
from orderferry.prestashop.planning.shop_texts import harmless
from support.resolved_orders import (
    FACTS,
    MUG,
    ORDER,
    PLACE,
    POSTAL,
    amount,
    catalog,
    market,
    priced_line,
    priced_order,
    resolved,
)
from support.writing import HOME, shipped

ITALY, GERMANY = PLACE.country, Country(1, "DE", 1, False, False, True)
HERE = replace(
    FACTS,
    countries={"IT": ITALY, "DE": GERMANY},
    provinces=(Province(183, 10, "MI", "Milano"), Province(9, 8, "MI", "Milano")),
)


def places(order: Order = ORDER, facts: ShopFacts = HERE, **customers: Any) -> tuple[Place, Place | None]:
    here = market(facts, settings=MarketplaceSettings(customers=CustomersSettings(**customers)))
    found = resolve_places(order, here)
    assert not isinstance(found, Problem), found
    return found


def test_a_place_with_all_that_the_shop_knows_of_it() -> None:
    assert places() == (
        Place(POSTAL, ITALY, id_state=183, vat_number="", dni="00000"),
        None,
    )
    german = replace(HOME, country="DE", region="MI", postal_code="10115", city="Berlin")
    (found, _) = places(replace(ORDER, delivery_address=german))
    assert (found.country, found.id_state, found.dni) == (GERMANY, 0, "")  # a country without provinces


def test_an_invoice_address_is_that_of_the_registration_under_its_legal_name() -> None:
    office = Address(name="Anna Verdi", lines=("Via Po 2",), city="Torino", postal_code="10123", country="IT")
    registration = TaxRegistration("BUYER", "VAT", "IT123", legal_name="Verdi S.r.l.", address=office)
    _, invoice = places(replace(ORDER, tax_registrations=(registration,)))

    assert invoice == Place(
        PostalAddress("Anna", "Verdi", "Verdi S.r.l.", "Via Po 2", "", "10123", "Torino", "IT", "", ""),
        ITALY,
        vat_number="IT123",
        dni="00000",
    )
    own_name = replace(registration, address=replace(office, name="Verdi S.r.l.", company=""))
    _, invoice = places(replace(ORDER, tax_registrations=(own_name,)))
    assert invoice is not None
    assert (invoice.postal.firstname, invoice.postal.company) == ("Mario", "Verdi S.r.l.")
    own_company = replace(registration, address=replace(office, company="Verdi & C."))
    _, invoice = places(replace(ORDER, tax_registrations=(own_company,)))
    assert invoice is not None
    assert invoice.postal.company == "Verdi & C."


@pytest.mark.parametrize(
    ("registrations", "vat_number", "dni"),
    [
        ([("SELLER", "VAT", "IT999")], "", "00000"),
        ([("BUYER", "VAT", ""), ("BUYER", "VAT", "IT123")], "IT123", "00000"),
        ([("BUYER", "VAT", "IT123"), ("BUYER", "VAT", "IT456")], "IT123", "00000"),
        ([("BUYER", "CPF", "12345678909")], "", "12345678909"),
        ([("BUYER", "CNPJ", "1234567890123456")], "", "1234567890123456"),
        ([("BUYER", "CNPJ", "12.34.56.78.90.12.34.567")], "", "1234567890123456"),
        ([("BUYER", "CNPJ", "")], "", "00000"),
    ],
)
def test_the_numbers_that_a_buyer_has_given(
    registrations: list[tuple[str, str, str]], vat_number: str, dni: str
) -> None:
    order = replace(ORDER, tax_registrations=tuple(TaxRegistration(*one) for one in registrations))

    found, _ = places(order)
    assert (found.vat_number, found.dni) == (vat_number, dni)


@pytest.mark.parametrize(
    ("order", "is_held"),
    [
        (ORDER, True),
        (replace(ORDER, status=OrderStatus.PARTIALLY_SHIPPED), True),
        (replace(ORDER, channel=Channel.FBA), False),
        (shipped(ORDER), False),
        (replace(ORDER, status=OrderStatus.CANCELLED), False),
    ],
)
def test_only_an_order_that_somebody_has_to_send_needs_a_street(order: Order, *, is_held: bool) -> None:
    for address in (None, replace(HOME, lines=())):
        found = resolve_places(replace(order, delivery_address=address), market(HERE))
        assert isinstance(found, Problem) is is_held


@pytest.mark.parametrize(
    ("form", "postcode"),
    [("NNNNN", "00000"), ("NNN-NNNN", "000-0000"), ("C-NNNN", "IT-0000"), ("LNN 0", "A00 0"), ("", "00000")],
)
def test_a_postcode_that_amazon_withholds_has_the_form_that_the_country_demands(form: str, postcode: str) -> None:
    facts = replace(HERE, countries={"IT": replace(ITALY, zip_code_format=form)})
    found, _ = places(replace(ORDER, delivery_address=replace(HOME, postal_code="")), facts)

    assert (found.postal.postcode, found.known_postcode) == (postcode, "")
    assert places(facts=facts)[0].known_postcode == "20121"


def test_a_territory_that_the_shop_does_not_have_is_kept_for_staff() -> None:
    jersey = replace(HOME, country="JE", postal_code="JE2 3AB")
    facts = replace(HERE, countries={"GB": Country(17, "GB", 1, False, False, True)})
    found, _ = places(replace(ORDER, delivery_address=jersey), facts)

    assert (found.country.iso, found.postal.kept) == ("GB", ("Country: JE",))


def account(order: Order = ORDER, **customers: Any) -> Account:
    here = market(
        settings=MarketplaceSettings(customers=CustomersSettings(**customers)), id_group=3, id_business_group=5
    )
    return resolve_account(order, here, replace(catalog({}), customers={"7": 77}), POSTAL)


NOBODY = "402-1234567-1234567@amazon.invalid"
HASHED = hashlib.sha256(b"x1y2z3@marketplace.amazon.it").hexdigest()[:20] + "@amazon.invalid"


@pytest.mark.parametrize(
    ("order", "customers", "found"),
    [
        (ORDER, {}, Account("order", NOBODY, "Mario", "Rossi", "", 3)),
        (ORDER, {"mode": "alias"}, Account("alias", HASHED, "Mario", "Rossi", "", 3)),
        (
            ORDER,
            {"mode": "alias", "email": "amazon"},
            Account("alias", "x1y2z3@marketplace.amazon.it", "Mario", "Rossi", "", 3),
        ),
        (ORDER, {"mode": "fixed", "account": "7"}, Account("fixed", NOBODY, "Mario", "Rossi", "", 3, 77)),
        (ORDER, {"mode": "fixed", "account": "8"}, Account("fixed", NOBODY, "Mario", "Rossi", "", 3)),
        (ORDER, {"mode": "order", "account": "7"}, Account("order", NOBODY, "Mario", "Rossi", "", 3)),
        (
            replace(ORDER, buyer=Buyer("Anna Verdi", company="Verdi <S.r.l.>"), programs=("AMAZON_BUSINESS",)),
            {"email": "amazon"},
            Account("order", NOBODY, "Anna", "Verdi", "Verdi (S.r.l.)", 5),
        ),
        (replace(ORDER, buyer=Buyer()), {"mode": "alias"}, Account("order", NOBODY, "Mario", "Rossi", "", 3)),
        (
            replace(ORDER, buyer=Buyer(email="no address")),
            {"mode": "alias", "email": "amazon"},
            Account("alias", NOBODY, "Mario", "Rossi", "", 3),
        ),
    ],
)
def test_an_account_with_all_its_fields(order: Order, customers: dict[str, str], found: Account) -> None:
    assert account(order, **customers) == found


@pytest.mark.parametrize(
    ("iso", "postcode", "region", "found"),
    [
        ("IT", "20121", "", "IT"),
        ("UK", "N1 1AA", "", "GB"),
        ("FR", "98000", "", "MC"),
        ("ZZ", "", "", ""),
    ],
)
def test_the_country_of_an_address(iso: str, postcode: str, region: str, found: str) -> None:
    codes = ("IT", "GB", "FR", "MC")
    facts = ShopFacts(
        countries={code: Country(number, code, 1, False, False, True) for number, code in enumerate(codes)}
    )
    country = resolve_country(facts, iso, postcode, region)

    assert (country.iso if country else "") == found


@pytest.mark.parametrize(
    ("text", "iso"),
    [
        ("Reggio Emilia", "RE"),
        ("Città Metropolitana di Milano", "MI"),
        ("Metropolitan City of Milano", "MI"),
        ("Libero Consorzio Comunale di Milano", "MI"),
        ("Provincia della Milano", "MI"),
        ("Prov. Milano", "MI"),
        ("Milano | Italia", "MI"),
        ("Italia; Milano", "MI"),
        ("Milano) Italia", "MI"),
        ("Reggio", ""),
        ("Milano, Reggio Emilia", "MI"),  # the first part that names one
        ("Italia", ""),
        ("IT-MI", "MI"),
        ("  mi  ", "MI"),
        ("", ""),
    ],
)
def test_the_province_that_a_text_names(text: str, iso: str) -> None:
    names = {"MI": "Milano", "RE": "Reggio Emilia", "RC": "Reggio"}
    provinces = tuple(Province(number, 10, code, name) for number, (code, name) in enumerate(names.items(), 1))
    facts = ShopFacts(provinces=(*provinces, Province(9, 10, "R2", "Reggio")))
    found = resolve_province(facts, ITALY, text)

    assert (found.iso if found else "") == iso


UNTAXED = priced_line(tax_key="", rate=Decimal(0))
SHIPPING = priced_order().shipping
NO_CHARGE = PricedCharge(Amount(), Decimal(0))


@pytest.mark.parametrize(
    ("lines", "shipping", "wrapping", "found"),
    [
        ((priced_line(), UNTAXED), NO_CHARGE, NO_CHARGE, {1}),
        ((UNTAXED,), SHIPPING, NO_CHARGE, {0}),
        ((UNTAXED,), NO_CHARGE, NO_CHARGE, set()),  # nothing is taxed
        ((priced_line(),), replace(SHIPPING, tax_key="", rate=Decimal(0)), NO_CHARGE, {"shipping"}),
        ((priced_line(),), SHIPPING, PricedCharge(amount("1.00", "1.00"), Decimal(0)), {"wrapping"}),
        (
            (priced_line(),),
            SHIPPING,
            PricedCharge(amount("1.00", "1.22"), Decimal(22)),
            set(),
        ),  # without a tax of the shop
        ((priced_line(tax_key="", rate=Decimal(22)), priced_line()), SHIPPING, NO_CHARGE, set()),
        ((priced_line(tax_key="9", rate=Decimal(0)), UNTAXED), NO_CHARGE, NO_CHARGE, set()),
    ],
)
def test_what_has_0_percent_while_something_else_is_taxed(
    lines: tuple[Any, ...], shipping: PricedCharge, wrapping: PricedCharge, found: set[int | str]
) -> None:
    made = resolved(priced=priced_order(lines=lines, shipping=shipping, wrapping=wrapping))

    assert made.zero_rated == found
    assert replace(made, may_make_taxes=True).wants_zero_tax is bool(found)
    assert not replace(made, may_make_taxes=True, zero_tax=9).wants_zero_tax
    assert not made.wants_zero_tax
    assert replace(made, may_make_taxes=True).is_complete is not bool(found)


@pytest.mark.parametrize(
    ("item", "priced", "is_gift"),
    [
        ({}, {}, False),
        ({"gift_message": "x"}, {}, True),
        ({"gift_wrap_level": "Classic"}, {}, True),
        ({}, {"wrapping": PricedCharge(amount("1.00", "1.22"), Decimal(22))}, True),
        ({}, {"lines": (priced_line(), priced_line(kind=ProceedsType.GIFT_WRAP, item_ids=()))}, True),
        ({"quantity": 0, "gift_message": "x"}, {}, False),
    ],
)
def test_when_an_order_is_a_gift(item: dict[str, Any], priced: dict[str, Any], *, is_gift: bool) -> None:
    made = resolved(replace(ORDER, items=(replace(ORDER.items[0], **item),)), priced=priced_order(**priced))

    assert made.is_gift is is_gift


def test_gift_messages_each_once_without_what_prestashop_refuses() -> None:
    texts = ("Auguri", "", "Ciao {Mario} <3", "Auguri")
    items = tuple(replace(ORDER.items[0], item_id=str(number), gift_message=text) for number, text in enumerate(texts))

    assert resolved(replace(ORDER, items=items)).gift_message == "Auguri\nCiao (Mario) (3"


def test_what_a_line_sells_and_what_has_yet_to_be_made() -> None:
    fee = FeeKey(ProceedsType.COD_FEE, 1)
    lines = (
        ResolvedLine(priced_line(3), ORDER.items, replace(MUG, id_product_attribute=4)),
        ResolvedLine(priced_line(), ORDER.items, replace(MUG, stands_in=True)),
        ResolvedLine(priced_line(), (), MUG),
        ResolvedLine(priced_line(), ORDER.items),
        ResolvedLine(priced_line(), (), hidden_product(fee, 80), fee=fee),
    )
    unmade = ResolvedLine(priced_line(), (), hidden_product(fee), fee=fee)

    assert resolved(lines=lines).sold == (Goods(6, 4, 3),)
    assert [line.is_unmade for line in (*lines, unmade)] == [False, False, False, False, False, True]
    assert resolved(lines=lines).is_complete
    assert not resolved(lines=(*lines, unmade)).is_complete
    assert resolved(market=market(carrier_groups={2: 9})).id_carrier_group == 9
    assert resolved().id_carrier_group == 0


def test_a_hidden_product_as_it_is_written() -> None:
    product = hidden_product(FeeKey(ProceedsType.GIFT_WRAP, 4), 80)

    assert (product.id_product, product.id_product_attribute, product.name) == (80, 0, "Gift wrapping")
    assert (product.reference, product.id_tax_rules_group, product.active) == ("orderferry-gift-wrap", 4, False)
    assert (product.stock_quantity, product.weight, product.wholesale_price) == (1, 0, 0)
    codes = (product.supplier_reference, product.ean13, product.upc, product.isbn, product.mpn)
    assert codes == ("", "", "", "", "")


@pytest.mark.parametrize(
    ("text", "shown"),
    [("a<b>c", "a‹b›c"), ("one\ntwo", "one\ntwo"), ("a\x00b\tc", "abc"), ("\ud800x", "x"), ("Grüße 🎁", "Grüße 🎁")],
)
def test_a_strangers_text_is_no_markup(text: str, shown: str) -> None:
    assert harmless(text) == shown
