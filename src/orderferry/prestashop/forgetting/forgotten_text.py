"""What stands in the shop instead of a forgotten buyer: values that PrestaShop's validators take. Data."""

from __future__ import annotations

from orderferry.prestashop.database.values import Value
from orderferry.prestashop.planning.addresses import UNDELIVERABLE_DOMAIN

_FIRST, _LAST = "Buyer", "deleted"
STREET = "(deleted after delivery)"
NOTICE = "The buyer's personal data were deleted."

# Nobody can be reached by these any more, invoice or not.
CONTACTS: dict[str, Value] = {"phone": "", "phone_mobile": "", "other": ""}
ADDRESS: dict[str, Value] = {
    **CONTACTS,
    "firstname": _FIRST,
    "lastname": _LAST,
    "company": "",
    "address1": STREET,
    "address2": "",
    "postcode": "",
    "vat_number": "",
    "dni": "",
}


def customer_values(id_customer: int) -> dict[str, Value]:
    """Given a customer's id, return the columns of `customer` that name the person, blanked."""
    return {
        "firstname": _FIRST,
        "lastname": _LAST,
        "company": None,
        "website": None,
        "siret": None,
        "ape": None,
        "email": forgotten_email(id_customer),
    }


def forgotten_email(id_customer: int) -> str:
    """An address that no mail reaches and that tells customers apart."""
    return f"forgotten-{id_customer}@{UNDELIVERABLE_DOMAIN}"
