"""A server's own words about a refused row keep names, and never a value of the buyer's."""

from __future__ import annotations

from dataclasses import replace

import pytest

from orderferry.domain.orders import Address, Buyer, TaxRegistration
from orderferry.prestashop.database.database_errors import mask_server_text
from support.writing import Sold, amazon_order

NAMES = {"ps_customer", "ps_address", "shop", "email", "size", "quantity", "ps_stock_available", "vat_number"}
ORDER = amazon_order(
    Sold("MUG-BLUE", 1, "14.52", gift_message="Für Oma Adelheid"),
    order_id="402-1234567-7654321",
    buyer=Buyer("Jürgen O'Malley", "j.omalley@example.net", "Malley & Söhne"),
    delivery_address=Address(
        "Jürgen O'Malley", "", ("Große Straße 5b",), "Köln", postal_code="50667", country="DE", phone="+49 221 998877"
    ),
    tax_registrations=(TaxRegistration("BUYER", "VAT", "DE811907980"),),
)


@pytest.mark.parametrize(
    ("number", "text", "told"),
    [
        (1062, "Duplicate entry 'j.omalley@example.net' for key 'mail'", "Duplicate entry '…' for key 'mail'"),
        (1062, "Duplicate entry 'Jürgen O'Malley-50667' for key 'who'", "Duplicate entry '…' for key 'who'"),
        (1062, "Duplicate entry 'x' for key 'a' for key 'ps_x.who'", "Duplicate entry '…' for key 'ps_x.who'"),
        (1644, "No code for JURGEN O'MALLEY", "No code for … O'…"),
        (1644, "No code for JurgenO'Malley in Koeln/Köln", "No code for … in Koeln/…"),
        (1644, "<j.omalley@example.net> is blocked", "<…> is blocked"),
        (1644, "other.person@example.org is blocked", "… is blocked"),
        (1644, "VAT number DE811907980 is blocked", "VAT number … is blocked"),
        (1644, "Call 0221-998877 or +49 (221) 998877", "Call … or …"),
        (1644, "Call 0049-221-9988770", "Call …"),
        (1644, "Stock of MUG-BLUE for 402-1234567-7654321 is 3", "Stock of MUG-BLUE for 402-1234567-7654321 is 3"),
        (1644, "says: Adelheid", "says: …"),
        (1644, "a\x1b[31mb\nc", "a[31mb c"),
        (1366, "Incorrect integer value: 'Große Str' for column `shop`.`ps_x`.`size` at row 1", None),
        (1292, "Truncated incorrect DOUBLE value: 'somebody else'", "Truncated incorrect DOUBLE value: '…'"),
        (
            1690,
            "BIGINT UNSIGNED value is out of range in '(`shop`.`ps_stock_available`.`quantity` - 5)'",
            "BIGINT UNSIGNED value is out of range in '(`shop`.`ps_stock_available`.`quantity` - …)'",
        ),
        (1449, "The user specified as a definer ('left'@'the.company') does not exist", None),
        (4025, "CONSTRAINT `small` failed for `shop`.`ps_address`", None),
        (1644, "x" * 500, "x" * 199 + "…"),
    ],
)  # fmt: skip
def test_names_stay_and_values_go(number: int, text: str, told: str | None) -> None:
    found = mask_server_text(text, number, ORDER, NAMES)
    if told is not None:
        assert found == told
    for private in ("rgen", "alley", "example", "811907980", "998877", "Große", "Adelheid", "50667"):
        assert private.casefold() not in found.casefold()


@pytest.mark.parametrize("number", [1366, 1292, 30000])
def test_a_value_that_nobody_knows_goes_too_where_a_server_quotes_it(number: int) -> None:
    found = mask_server_text("Bad value: 'It's Nobody's 1' for column `shop`.`ps_address`.`size`", number, ORDER, NAMES)
    assert "Nobody" not in found
    assert found.startswith("Bad value: '")
    assert found.endswith("`ps_address`.`size`")


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("田中 太郎", "顧客 田中太郎様 なし"),
        ("王 伟", "no code for 王伟"),
        ("王伟", "no code for 王伟先生"),
        ("김 민준", "no code for 김민준님"),
    ],
)
def test_a_name_is_found_in_scripts_that_put_no_space_between_words(name: str, text: str) -> None:
    order = replace(ORDER, buyer=Buyer(name), delivery_address=None)
    found = mask_server_text(text, 1644, order, NAMES)
    assert not [letter for letter in name.replace(" ", "") if letter in found], found
    assert found.startswith(text.split()[0])


PLAIN = amazon_order(
    Sold("MUG-BLUE", 1, "14.52"),
    buyer=Buyer("Mario Rossi"),
    delivery_address=Address("Ugo Bo", "", ("Via Po 2",), "Roma", country="IT", kind="RESIDENTIAL"),
    tax_registrations=(TaxRegistration("BUYER", "VAT", "X1"),),
)


@pytest.mark.parametrize(
    "number",
    [
        *(1048, 1054, 1136, 1142, 1143, 1146, 1227, 1235, 1305, 1364, 1370, 1415, 1422, 1442, 1449, 1451, 1452),
        *(1906, 3105, 3819, 4025),
    ],
)
def test_errors_that_quote_names_only_are_told_with_them(number: int) -> None:
    assert mask_server_text("Trigger 'loyalty_points' of user 'a@b.it' failed", number, PLAIN, set()) == (
        "Trigger 'loyalty_points' of user 'a@b.it' failed"
    )
    assert mask_server_text("Trigger 'loyalty_points' failed", 1366, PLAIN, set()) == "Trigger '…' failed"


@pytest.mark.parametrize("number", [0, 1644])
def test_an_authors_own_sentence_stays_but_for_addresses_and_the_buyer(number: int) -> None:
    text = "Points of 'gold' for a@b.it: ask Rossi, ROSSI-2 or Rossini"

    assert mask_server_text(text, number, PLAIN, set()) == "Points of 'gold' for …: ask …-2 or …"
    assert mask_server_text("The email of rossi", number, PLAIN, {"rossi"}) == "The email of …"  # no name is trusted
    assert mask_server_text("The email of rossi", 1366, PLAIN, {"Rossi"}) == "The email of rossi"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("Romagna", "…"),  # four letters are found within a longer word
        ("Ugolino", "Ugolino"),  # three are not
        ("Ugo", "…"),
        ("Via Appia", "… Appia"),
        ("A2 and 2", "A2 and 2"),  # one letter alone names nobody
        ("a BUYER with VAT in IT, RESIDENTIAL", "a BUYER with VAT in IT, RESIDENTIAL"),  # Amazon's own words
        ("X1", "…"),
        ("Mario, Rossi; Ugo: Bo", "…"),
        ("  much   space ", "much space"),
        ("0612345678", "…"),
        ("+39 06 123456", "…"),
        ("123456", "123456"),
        ("1234567", "…"),
        ("402-1234567-1234567", "402-1234567-1234567"),
        ("x" * 200, "x" * 200),
        ("x" * 201, "x" * 199 + "…"),
        ("x" * 198 + " " + "x" * 9, "x" * 198 + "…"),
        ("", ""),
    ],
)
def test_word_by_word(text: str, told: str) -> None:
    assert mask_server_text(text, 1644, PLAIN, set()) == told


@pytest.mark.parametrize("letter", ["\u3042", "\u30ff", "\u3400", "\u9fff", "\uac00", "\ud7a3"])
def test_one_letter_of_a_script_without_spaces_is_a_name(letter: str) -> None:
    order = replace(PLAIN, buyer=Buyer(letter))

    assert letter not in mask_server_text(f"x{letter}y", 1644, order, set())
    assert mask_server_text("é", 1644, replace(PLAIN, buyer=Buyer("é")), set()) == "é"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("Value: 'gold' for column 'size' at row 1", "Value: '…' for column 'size' at row 1"),
        ("Value: 'one two' for key 'size' in table \"shop\"", "Value: '…' for key 'size' in table \"shop\""),
        ("Value: 'gold' on 'size'", "Value: '…' on 'size'"),
        (
            "of 'x' from 'size' trigger 'x' constraint 'x' and 'x'",
            "of '…' from 'size' trigger '…' constraint '…' and '…'",
        ),
        ("Value: 'gold' beside 'size'", "Value: '… 'size'"),
    ],
)
def test_between_two_quoted_names_stand_a_servers_own_words(text: str, told: str) -> None:
    assert mask_server_text(text, 1366, PLAIN, NAMES) == told
