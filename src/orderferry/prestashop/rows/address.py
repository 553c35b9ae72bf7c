"""address: delivery and invoice addresses. An address that an order uses is never edited in place."""

from __future__ import annotations

from orderferry.prestashop.planning.resolved_order import Place, ResolvedOrder
from orderferry.prestashop.rows.drafts import CUSTOMER, DELIVERY_ADDRESS, INVOICE_ADDRESS, Draft, DraftValue

ALIAS = "Amazon"


def address_rows(resolved: ResolvedOrder) -> list[Draft]:
    """Given a resolved order, return its delivery address and, where it differs, its invoice address."""
    rows = [address_row(resolved.delivery, CUSTOMER, resolved.written, DELIVERY_ADDRESS.name)]
    if resolved.invoice_place is not None:
        rows.append(address_row(resolved.invoice_place, CUSTOMER, resolved.written, INVOICE_ADDRESS.name))
    return rows


def address_row(place: Place, id_customer: DraftValue, written: str, name: str) -> Draft:
    """Given a place, its owner and the time of writing, return the row. Optional texts are '', never NULL: the order
    page of 1.7.7+ fails on NULL in company, address2, postcode and the phones.
    """
    postal = place.postal
    return Draft(
        "address",
        {
            "id_country": place.country.id,
            "id_state": place.id_state,
            "id_customer": id_customer,
            "id_manufacturer": 0,
            "id_supplier": 0,
            "id_warehouse": 0,
            "alias": ALIAS,
            "company": postal.company,
            "lastname": postal.lastname,
            "firstname": postal.firstname,
            "address1": postal.address1,
            "address2": postal.address2,
            "postcode": postal.postcode,
            "city": postal.city,
            "other": "",
            "phone": postal.phone,
            "phone_mobile": "",
            "vat_number": place.vat_number,
            "dni": place.dni,
            "date_add": written,
            "date_upd": written,
            "active": 1,
            "deleted": 0,
        },
        name=name,
    )
