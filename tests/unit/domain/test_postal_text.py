"""Amazon's addresses as PrestaShop keeps them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from orderferry.domain.orders import Address
from orderferry.domain.postal_address import PostalAddress, postal_address
from support.validators import accepts, fields_of

HOME = Address(
    name="Mario Rossi",
    lines=("Via Roma 1",),
    city="Torino",
    region="TO",
    postal_code="10121",
    country="IT",
    phone="+39 011 123456",
    kind="RESIDENTIAL",
)


def home(**changes: Any) -> Address:
    values = {name: getattr(HOME, name) for name in Address.__slots__}
    return Address(**{**values, **changes})


def postal(address: Address | None, **more: str) -> PostalAddress:
    options = {"fallback_name": "", "marketplace_country": "IT", **more}
    return postal_address(address, **options)


def test_a_complete_address_stays_as_it_is() -> None:
    result = postal(HOME)
    assert result == PostalAddress(
        "Mario", "Rossi", "", "Via Roma 1", "", "10121", "Torino", "IT", "TO", "+39 011 123456"
    )
    assert not result.placeholders


@pytest.mark.parametrize(
    ("lines", "expected", "kept"),
    [
        pytest.param(("Via Roma 1", "Scala B"), ("Via Roma 1", "Scala B"), (), id="two"),
        pytest.param(("Via Roma 1", "Scala B", "Int. 4"), ("Via Roma 1", "Scala B, Int. 4"), (), id="three"),
        pytest.param(
            ("a" * 100, "b" * 27, "c"), ("a" * 100, "b" * 27 + ", c"), (), id="three that fit to the character"
        ),
        pytest.param(("a", "b" * 120, "c" * 100), ("a, " + "b" * 120, "c" * 100), (), id="first two joined"),
        pytest.param((" \t", "Via Roma 1"), ("Via Roma 1", ""), (), id="an empty line"),
        pytest.param(
            ("Via <b>Roma</b> 1+2",), ("Via (b)Roma(/b) 1 2", ""), ("Address: Via (b)Roma(/b) 1+2",), id="cleaned"
        ),
        pytest.param(
            ("wort " * 60,),
            (" ".join(["wort"] * 25), " ".join(["wort"] * 25)),
            ("Address: " + " ".join(["wort"] * 60),),
            id="too long: cut at a word, all of it kept",
        ),
        pytest.param(
            ("x" * 300,), ("x" * 128, "x" * 128), ("Address: " + "x" * 300,), id="too long: one word, all of it kept"
        ),
        pytest.param(
            ("ab " * 42 + "cd", "e" * 128), ("ab " * 42 + "cd", "e" * 128), (), id="two that fill their lines"
        ),
        pytest.param(
            ("ab " * 42 + "cde", "f"),
            (("ab " * 42).rstrip(), "cde, f"),
            (),
            id="a first line that is a character too long is cut at a word",
        ),
        pytest.param(("x" * 128 + " y",), ("x" * 128, "y"), (), id="a space right behind a line"),
        pytest.param(("a" * 100 + " " + "b" * 28 + " c",), ("a" * 100, "b" * 28 + " c"), (), id="a space one further"),
        pytest.param(("a" * 63 + " " + "b" * 80,), ("a" * 63 + " " + "b" * 64, "b" * 16), (), id="a space too early"),
        pytest.param(("a" * 64 + " " + "b" * 80,), ("a" * 64, "b" * 80), (), id="a space in the second half"),
        pytest.param(
            ("a" * 100, "b" * 100, "c" * 28),
            ("a" * 100, "b" * 100),
            ("Address: " + ", ".join(("a" * 100, "b" * 100, "c" * 28)),),
            id="two characters too many: no line ends with a comma",
        ),
        pytest.param(("a" * 100, "b" * 100, "c" * 26), ("a" * 100, "b" * 100 + ", " + "c" * 26), (), id="just fits"),
        pytest.param(("渋谷区 1-2-3", "ビル 4F"), ("渋谷区 1-2-3", "ビル 4F"), (), id="CJK"),
    ],
)
def test_lines(lines: tuple[str, ...], expected: tuple[str, str], kept: tuple[str, ...]) -> None:
    result = postal(home(lines=lines))
    assert (result.address1, result.address2) == expected
    assert result.kept == kept


@pytest.mark.parametrize(
    ("company", "lines", "expected"),
    [
        pytest.param("Acme S.r.l.", ("ACME SRL", "Via Roma 1"), ("Via Roma 1", ""), id="repeated in line 1"),
        pytest.param("Acme", ("Acme Via Roma 1",), ("Acme Via Roma 1", ""), id="only part of line 1"),
        pytest.param("Acme", ("Acme",), ("Acme", ""), id="the only line stays"),
        pytest.param("", ("Acme", "Via Roma 1"), ("Acme", "Via Roma 1"), id="no company named"),
    ],
)
def test_company_in_the_first_line(company: str, lines: tuple[str, ...], expected: tuple[str, str]) -> None:
    result = postal(home(company=company, lines=lines))
    assert (result.address1, result.address2) == expected
    assert result.company == company


def test_nothing_but_placeholders_without_an_address() -> None:
    result = postal(None, fallback_name="", marketplace_country="DE")
    assert (result.firstname, result.lastname) == ("Amazon", "Customer")
    assert (result.address1, result.city, result.postcode) == (
        "(no street given by Amazon)",
        "(no city given by Amazon)",
        "00000",
    )
    assert result.country == "DE"
    assert set(result.placeholders) == {"firstname", "lastname", "address1", "city", "postcode", "country"}


def test_the_buyer_stands_in_for_a_missing_recipient() -> None:
    result = postal(home(name=""), fallback_name="Anna Bianchi")
    assert (result.firstname, result.lastname) == ("Anna", "Bianchi")
    assert not result.placeholders


def test_a_name_that_is_none_is_kept_beside_the_buyers() -> None:
    result = postal(home(name="4711"), fallback_name="Anna Bianchi")
    assert (result.firstname, result.lastname) == ("Anna", "Bianchi")
    assert result.kept == ("Name: 4711",)


def test_the_company_stands_in_for_a_missing_name() -> None:
    result = postal(home(name="", company="Acme GmbH"))
    assert (result.firstname, result.lastname, result.company) == (".", "Acme GmbH", "Acme GmbH")


@pytest.mark.parametrize(
    ("changes", "city", "kept"),
    [
        pytest.param({"city": "", "municipality": "Shibuya"}, "Shibuya", (), id="municipality for a missing city"),
        pytest.param({"city": "", "district": "Beyoglu"}, "Beyoglu", (), id="district for a missing city"),
        pytest.param({"district": "King County"}, "Torino", ("District: King County",), id="district is kept"),
        pytest.param({"district": "torino"}, "Torino", (), id="district that repeats the city"),
        pytest.param({"city": "Torino 2°"}, "Torino 2", ("City: Torino 2°",), id="cleaned city"),
    ],
)
def test_city(changes: dict[str, str], city: str, kept: tuple[str, ...]) -> None:
    result = postal(home(**changes))
    assert (result.city, result.kept) == (city, kept)
    assert not result.placeholders


def test_a_turkish_district_belongs_to_the_address() -> None:
    result = postal(home(lines=("Istiklal Caddesi No:42", "Kat 3"), city="Istanbul", district="Beyoglu", country="TR"))
    assert (result.address1, result.address2) == ("Istiklal Caddesi No:42", "Kat 3, Beyoglu")
    assert result.kept == ()


@pytest.mark.parametrize(
    ("phone", "expected", "kept"),
    [
        pytest.param("+44 20 7946 0958", "+44 20 7946 0958", (), id="plain"),
        pytest.param("+1 480-386-0930 ext. 73824", "+1 480-386-0930", ("+1 480-386-0930 ext. 73824",), id="extension"),
        pytest.param("5553333x123", "5553333", ("5553333x123",), id="glued extension"),
        pytest.param("011 1234 interno 5", "011 1234", ("011 1234 interno 5",), id="Italian extension"),
        pytest.param("011 1234, x.5", "011 1234", ("011 1234, x.5",), id="extension behind a comma"),
        pytest.param("#5", "", ("#5",), id="an extension alone"),
        pytest.param("1" * 32, "1" * 32, (), id="as long as the column"),
        pytest.param("1" * 33, "1" * 32, ("1" * 33,), id="longer than the column"),
        pytest.param("+1 " * 12, "+1" * 12, (("+1 " * 12).strip(),), id="spaces go from a long one"),
        pytest.param("call me", "", ("call me",), id="no number"),
        pytest.param("", "", (), id="none"),
        pytest.param("0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7", "012345678901234567", None, id="too long with spaces"),
    ],
)
def test_phone(phone: str, expected: str, kept: tuple[str, ...] | None) -> None:
    result = postal(home(phone=phone))
    assert result.phone == expected
    if kept is not None:
        assert result.kept == tuple(f"Phone: {text}" for text in kept)
    assert not result.placeholders


def test_the_configured_phone_stands_in() -> None:
    result = postal(home(phone=""), phone_fallback="+39 000")
    assert result.phone == "+39 000"
    assert result.placeholders == ("phone",)
    nothing = postal(home(phone=""), phone_fallback="none")
    assert (nothing.phone, nothing.placeholders) == ("", ())


@pytest.mark.parametrize(
    ("code", "country", "placeholders"),
    [
        ("it", "IT", ()),
        (" UK ", "GB", ()),
        ("", "DE", ("country",)),
        ("Italy", "IT", ()),
        ("ITALIA", "IT", ()),
        ("Österreich", "AT", ()),
        ("ESP", "ES", ()),
        ("Nowhere", "DE", ("country",)),
        ("x" * 5000, "DE", ("country",)),
    ],
)
def test_country(code: str, country: str, placeholders: tuple[str, ...]) -> None:
    result = postal(home(country=code), marketplace_country="DE")
    assert (result.country, result.placeholders) == (country, placeholders)


def test_what_was_changed_is_kept_under_the_name_of_its_field() -> None:
    result = postal(home(company="Rossi <Srl>", postal_code="10;100", city="Torino; centro", country="Nowhere"))
    assert set(result.kept) == {
        "Company: Rossi (Srl)",
        "City: Torino; centro",
        "Postcode: 10;100",
        "Country: Nowhere",
    }


def test_no_postcode_where_there_are_none() -> None:
    for country in "AE AO BO BS BZ GH HK KE MO PA QA UG ZW".split():  # noqa: SIM905 — reads better as text
        there = postal(home(country=country, postal_code=""))
        assert (there.postcode, there.placeholders) == ("", ())
    assert postal(home(postal_code="")).placeholders == ("postcode",)


def test_a_pickup_point_is_shown_verbatim() -> None:
    point = home(name="Amazon Locker - Ibisco 12", company="Shop", lines=("Shop", "Via Roma 1"), kind="PICKUP_POINT")
    result = postal(point)
    assert (result.firstname, result.lastname) == ("Amazon Locker", "Ibisco")
    assert (result.address1, result.address2) == ("Shop", "Via Roma 1")
    assert "Pickup point: Amazon Locker - Ibisco 12, Shop, Via Roma 1" in result.kept


HOSTILE = [
    "<img src=x onerror=alert(1)>",
    "'; DROP TABLE ps_orders; -- ",
    "\u202e\u0000\ud800 evil \u2066",
    "🎉👩‍👧‍👦 " * 40,
    "z" + "\u0300" * 400,
    "{$smarty.version} ${jndi:ldap://x}",
    "１２３ ＜ｂ＞",
]


@pytest.mark.parametrize("text", HOSTILE, ids=ascii)
def test_hostile_text_in_every_field(text: str) -> None:
    hostile = Address(text, text, (text, text, text), text, text, text, text, text, text, text, text)
    result = postal(hostile, fallback_name=text, phone_fallback=text)
    for field, value in fields_of(result):
        assert accepts(field, value)
        value.encode()
        assert "\x00" not in value
    assert result.firstname
    assert result.lastname
    assert result.address1
    assert result.city
    assert len(result.address1) <= 128
    assert len(result.address2) <= 128


def test_a_recipient_that_is_none_is_kept_with_the_first_name_that_is_one() -> None:
    company = postal(home(name="#1", company="Acme"), fallback_name="#2")
    assert (company.firstname, company.lastname, company.kept) == (".", "Acme", ("Name: #1",))
    nobody = postal(home(name="#1"), fallback_name="#2")
    assert (nobody.firstname, nobody.lastname, nobody.kept) == ("Amazon", "Customer", ("Name: #1",))
    assert nobody.placeholders == ("firstname", "lastname")
    buyer = postal(home(name="#1"), fallback_name="Anna Bianchi 2")
    assert buyer.kept == ("Name: #1", "Name: Anna Bianchi 2")


def test_the_municipality_comes_before_the_district_where_the_city_is_missing() -> None:
    result = postal(home(city="", municipality="Shibuya", district="Tokyo"))
    assert (result.city, result.kept, result.placeholders) == ("Shibuya", ("District: Tokyo",), ())
    turkish = postal(home(country="TR", city="", municipality="Fatih", district="Eminönü"))
    assert (turkish.city, turkish.address2, turkish.kept) == ("Fatih", "Eminönü", ())
    both = postal(home(country="TR", district="Kadıköy", municipality="Moda"))
    assert (both.address2, both.kept) == ("Kadıköy", ("Municipality: Moda",))
    known = postal(home(lines=("Via Roma 1", "Moncalieri"), district="moncalieri", municipality="—"))
    assert known.kept == ()


def test_a_pickup_points_first_line_stays_also_where_it_repeats_the_company() -> None:
    three = home(company="Shop", lines=("shop.", "Via Roma 1", "Scala B"))
    assert postal(three).address1 == "Via Roma 1"
    assert postal(replace(three, kind="PICKUP_POINT")).address1 == "shop."
