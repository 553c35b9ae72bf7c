"""The tables customer, customer_group and address, as PrestaShop writes them for a guest.

Measured: 0-guest-customer-and-address. An address that an order uses is never edited in place.
"""

from __future__ import annotations

from datetime import timedelta

from orderferry.prestashop.database.values import ZERO_MOMENT, DraftValue
from orderferry.prestashop.planning.resolved_order import Place, ResolvedOrder
from orderferry.prestashop.planning.shop_texts import shop_moment
from orderferry.prestashop.rows.drafts import (
    CUSTOMER,
    DELIVERY_ADDRESS,
    INVOICE_ADDRESS,
    PASSWORD,
    SECURE_KEY,
    ZERO_DAY,
    Draft,
)


def customer_rows(resolved: ResolvedOrder) -> list[Draft]:
    """Return a guest account and its groups: the configured one, and the one that the order's carrier is for.

    No password opens the account, and it gets no newsletter. `last_passwd_gen` is PS_PASSWD_TIME_FRONT minutes ago, as
    PrestaShop sets it.
    """
    account = resolved.account
    customer = Draft(
        "customer",
        {
            "id_shop_group": resolved.market.shop.id_group,
            "id_shop": resolved.market.shop.id,
            "id_gender": 0,
            "id_default_group": account.id_group,
            "id_lang": resolved.market.id_lang,
            "id_risk": 0,
            "company": account.company or None,
            "siret": None,
            "ape": None,
            "firstname": account.firstname,
            "lastname": account.lastname,
            "email": account.email,
            "passwd": PASSWORD,
            "last_passwd_gen": shop_moment(
                resolved.now - timedelta(minutes=resolved.market.password_age_minutes), resolved.market.zone
            ),
            "birthday": ZERO_DAY,
            "newsletter": 0,
            "ip_registration_newsletter": None,
            "newsletter_date_add": ZERO_MOMENT,
            "optin": 0,
            "website": None,
            "outstanding_allow_amount": 0,
            "show_public_prices": 0,
            "max_payment_days": 0,
            "secure_key": SECURE_KEY,
            "note": None,
            "active": 1,
            "is_guest": 1,
            "deleted": 0,
            "date_add": resolved.written,
            "date_upd": resolved.written,
            "reset_password_token": None,
            "reset_password_validity": ZERO_MOMENT,
        },
        name=CUSTOMER.name,
    )
    groups = dict.fromkeys((account.id_group, *filter(None, [resolved.id_carrier_group])))
    return [customer, *(Draft("customer_group", {"id_customer": CUSTOMER, "id_group": group}) for group in groups)]


ALIAS = "Amazon"


def address_rows(resolved: ResolvedOrder) -> list[Draft]:
    """Return the delivery address and, where it differs, the invoice address."""
    rows = [address_row(resolved.delivery, CUSTOMER, resolved.written, DELIVERY_ADDRESS.name)]
    if resolved.invoice_place is not None:
        rows.append(address_row(resolved.invoice_place, CUSTOMER, resolved.written, INVOICE_ADDRESS.name))
    return rows


def address_row(place: Place, id_customer: DraftValue, written: str, name: str) -> Draft:
    """Return the address row of a place.

    Optional texts are '', never NULL: the order page of 1.7.7+ fails on NULL in company, address2, postcode and phones.
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
