"""PrestaShop's validators as the facts list them (prestashop-order-writing, "Rejected characters")."""

from __future__ import annotations

import re
from collections.abc import Iterator

from orderferry.domain.postal_address import PostalAddress
from orderferry.domain.text import Field

# Fields of every version; a customer's name also takes a dot only before a space or at its end.
ACCEPTED = {
    Field.NAME: re.compile(r'(?:[^0-9!<>,;?=+()@#"°{}_$%:.]|\.(?= |$))*'),
    Field.ADDRESS_LINE: re.compile(r"[^!<>?=+@{}_$%]*"),
    Field.CITY: re.compile(r'[^!<>;?=+@#"°{}_$%]*'),
    Field.POSTCODE: re.compile(r"[a-zA-Z0-9 -]*"),
    Field.PHONE: re.compile(r"[0-9+ .()/-]*"),
    Field.COMPANY: re.compile(r"[^<>={}]*"),
    Field.DNI: re.compile(r"[a-zA-Z0-9.-]*"),
    Field.GENERIC: re.compile(r"[^<>={}]*"),
    Field.REFERENCE: re.compile(r"[^<>;={}]*"),
    Field.TRACKING: re.compile(r"[~:#,%&_=()\[\].? +@/A-Za-z0-9-]*"),
    Field.MESSAGE: re.compile(r"[^<>]*", re.DOTALL),
}


def accepts(field: Field, text: str) -> bool:
    """Whether PrestaShop's form would take the text."""
    return ACCEPTED[field].fullmatch(text) is not None


def fields_of(address: PostalAddress) -> Iterator[tuple[Field, str]]:
    """Given an address as PrestaShop keeps it, yield each text with the kind of field that it goes into."""
    yield Field.NAME, address.firstname
    yield Field.NAME, address.lastname
    yield Field.COMPANY, address.company
    yield Field.ADDRESS_LINE, address.address1
    yield Field.ADDRESS_LINE, address.address2
    yield Field.POSTCODE, address.postcode
    yield Field.CITY, address.city
    yield Field.GENERIC, address.region
    yield Field.PHONE, address.phone
    for text in address.kept:
        yield Field.MESSAGE, text
