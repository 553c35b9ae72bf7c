"""One name into two."""

from __future__ import annotations

import pytest

from orderferry.domain.postal_address import is_company_name, split_name
from orderferry.domain.text import Field
from support.validators import accepts

WHOLE = [
    ("Mario Rossi", "Mario", "Rossi"),
    ("  Mario \t Rossi ", "Mario", "Rossi"),
    ("Anna Maria Rossi", "Anna Maria", "Rossi"),
    ("Rossi, Mario", "Mario", "Rossi"),
    ("de la Cruz, Maria", "Maria", "de la Cruz"),
    ("Ludwig van Beethoven", "Ludwig", "van Beethoven"),
    ("Leonardo di ser Piero", "Leonardo di ser", "Piero"),
    ("Maria de la Cruz", "Maria", "de la Cruz"),
    ("Hans von der Heide", "Hans", "von der Heide"),
    ("van Gogh", "van", "Gogh"),
    ("John Smith Jr.", "John", "Smith Jr."),
    ("Henry de Vere III", "Henry", "de Vere III"),
    ("Smith, Jr.", "Smith", "Jr."),
    ("Dr. Eva Müller-Lüdenscheidt", "Dr. Eva", "Müller-Lüdenscheidt"),
    ("J.R.R. Tolkien", "J. R. R.", "Tolkien"),
    *((f"John Smith {suffix}", "John", f"Smith {suffix}") for suffix in ("Sr", "II", "III", "IV", "PhD", "MD", "Esq")),
    ("Smith Jr", "Smith", "Jr"),
    ("Garcia Lorca de Vega, Juan Maria Jose Luis", "Juan Maria Jose Luis", "Garcia Lorca de Vega"),
    ("Juan Maria Jose Luis Garcia, Rossi", "Juan Maria Jose Luis Garcia", "Rossi"),
    ("Rossi, ", ".", "Rossi"),
    ("Cher", ".", "Cher"),
    ("O'Brien", ".", "O'Brien"),
    ("Wilson Electronics Ltd", ".", "Wilson Electronics Ltd"),
    ("Acme S.r.l.", ".", "Acme S. r. l."),
    ("Kowalski Sp. z o.o.", ".", "Kowalski Sp. z o. o."),
    ("Kowalski Sp. zoo", ".", "Kowalski Sp. zoo"),
    ("Yamada 有限会社", ".", "Yamada 有限会社"),
    ("山田 太郎", "太郎", "山田"),
    ("山田太郎", ".", "山田太郎"),
    ("김 철수", "철수", "김"),
    ("株式会社 山田", ".", "株式会社 山田"),
    ("محمد بن سلمان", "محمد بن", "سلمان"),
    ("\u202eMario Rossi", "Mario", "Rossi"),
]


@pytest.mark.parametrize(("full", "first", "last"), WHOLE, ids=[case[0] for case in WHOLE])
def test_split_without_loss(full: str, first: str, last: str) -> None:
    result = split_name(full)
    assert (result.firstname, result.lastname) == (first, last)
    assert result.kept == ""
    assert not result.placeholder


LOSSY = [
    ("Mario Rossi 2°", "Mario", "Rossi"),
    ("Mario Rossi c/o Bianchi", "Mario Rossi c-o", "Bianchi"),
    ("Rossi, c/o Bianchi", "Rossi c-o", "Bianchi"),
    ("Test Store #1234", "Test", "Store"),
    ("Mario (casa) Rossi", "Mario casa", "Rossi"),
]


@pytest.mark.parametrize(("full", "first", "last"), LOSSY, ids=[case[0] for case in LOSSY])
def test_lost_characters_keep_the_full_text(full: str, first: str, last: str) -> None:
    result = split_name(full)
    assert (result.firstname, result.lastname, result.kept) == (first, last, full)


@pytest.mark.parametrize("full", ["", "   ", "\x00", "...", "12345", "<>", "\ud83d"], ids=ascii)
def test_no_name_at_all(full: str) -> None:
    result = split_name(full)
    assert (result.firstname, result.lastname, result.placeholder) == ("Amazon", "Customer", True)


def test_what_was_no_name_is_kept_too() -> None:
    assert split_name("12345").kept == "12345"


@pytest.mark.parametrize("full", ["<script>alert(1)</script>", "Robert'); DROP TABLE ps_orders;--", "🎉 Eva"])
def test_hostile_names_pass_the_validators(full: str) -> None:
    result = split_name(full)
    assert accepts(Field.NAME, result.firstname)
    assert accepts(Field.NAME, result.lastname)
    assert accepts(Field.MESSAGE, result.kept)


@pytest.mark.parametrize("person", ["Maria Sá", "Mario Spa Rossi", "Ltd", "Sp. zoo", "Sp. z o.o.", "Marco Corporale"])
def test_people_are_no_companies(person: str) -> None:
    assert not is_company_name(person)


def test_a_name_with_digits_is_not_turned_round() -> None:
    result = split_name("Rossi, int. 4")
    assert (result.firstname, result.lastname, result.kept) == ("Rossi", "int.", "Rossi, int. 4")
