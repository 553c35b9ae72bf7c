"""Under which scheme the tax of an order falls: what a bookkeeper asks first, and what Amazon does not always tell.

Sources: shops-in-the-field, "Tax and invoices"; sp-api-orders 4.2; directive 2006/112/EC. Nothing is guessed: where
the answer hangs on something that no field of the order tells, the scheme is unknown.
"""

from __future__ import annotations

from enum import StrEnum

from orderferry.domain.orders import Channel, Order, TaxRegistration
from orderferry.domain.pricing import PricedOrder
from orderferry.domain.tax_split import is_collected_by_amazon
from orderferry.domain.territories import EU_MEMBERS, NORTHERN_IRELAND, area_of, country_code, tax_area

BUSINESS = "AMAZON_BUSINESS"
_UOSS = "UOSS"
_OF_THE_UNION = EU_MEMBERS | {NORTHERN_IRELAND}


class TaxScheme(StrEnum):
    """The words that stand in the marker's `tax_scheme`."""

    DOMESTIC = "domestic"  # from the seller's country into the same
    OSS = "oss"  # to a consumer in another member state: the one-stop shop, where the seller is registered for it
    INTRA_COMMUNITY = "intra-community"  # to a business in another member state, without tax: reverse charge
    EXPORT = "export"  # out of the seller's VAT area
    COLLECTED_BY_AMAZON = "collected-by-amazon"  # Amazon owes the tax: facilitator, IOSS
    DEPARTURE_UNKNOWN = "departure-unknown"  # FBA: no field says from which country the goods left
    UNKNOWN = "unknown"


def tax_scheme(order: Order, priced: PricedOrder, *, home: str, country: str) -> TaxScheme:
    """Given an order with its money, the seller's country and the one that it is delivered to (ISO 3166-1 alpha-2;
    '' for not known), return the scheme.

    Amazon's own statement comes first (UOSS of a seller in the EU is his own one-stop shop); FBA goods may leave from
    any warehouse, so that only an order which Amazon taxes is known then. Of an order from the seller's own house the
    two countries tell, and for sales between member states who buys: OSS covers consumers only.
    """
    bought = [item for item in order.items if item.quantity]
    seller_in_eu = is_seller_in_eu(home)
    owed = [is_collected_by_amazon(item, seller_in_eu=seller_in_eu) for item in bought] or [False]
    if all(owed):
        return TaxScheme.COLLECTED_BY_AMAZON
    if bought and all(_UOSS in item.reporting_schemes for item in bought):
        return TaxScheme.OSS
    if any(owed) or not home or not country:
        return TaxScheme.UNKNOWN
    if order.channel is not Channel.REGULAR:
        return TaxScheme.DEPARTURE_UNKNOWN if order.channel is Channel.FBA else TaxScheme.UNKNOWN
    area = area_of(order.delivery_address, country)
    if area.vat == NORTHERN_IRELAND:
        is_business = is_reverse_charge(order, home=home, country=country) and not priced.total.tax
        return TaxScheme.INTRA_COMMUNITY if is_business else TaxScheme.UNKNOWN
    if home in area.codes:
        return TaxScheme.DOMESTIC
    if not area.vat or not tax_area(home).vat:
        return TaxScheme.EXPORT
    return _between_member_states(order, priced)


def is_seller_in_eu(home: str) -> bool:
    """Given the seller's country, return whether he is established in the EU; so is one whose country is not known."""
    return not home or bool(tax_area(home).vat)


def is_reverse_charge(order: Order, *, home: str, country: str) -> bool:
    """Given an order, the seller's country and the one that it is delivered to, return whether a business of another
    member state, or of Northern Ireland, buys it: with a VAT number of the Union that is not of the seller's own
    country, and delivered to another one.

    Whether it is 0 % is Amazon's to say, where Amazon calculates the VAT.
    """
    numbers = [one for one in order.tax_registrations if one.entity == "BUYER" and one.kind == "VAT"]
    of = {_country_of(one, country) for one in numbers if one.number.strip()}
    if not of:
        return False
    area = area_of(order.delivery_address, country)
    if not area.vat or not tax_area(home).vat or home in area.codes:
        return False
    if area.vat == NORTHERN_IRELAND:
        return NORTHERN_IRELAND in of
    return bool(of & (_OF_THE_UNION - {home}))


def _country_of(registration: TaxRegistration, country: str) -> str:
    """Whose a buyer's VAT number is: the country that it begins with, else that of the address with which it is
    registered, else the one that the order is delivered to (where Amazon calculates the VAT and tells none, it has
    taken the number for a business of that country)."""
    prefix = registration.number.strip()[:2]
    if prefix.isalpha():
        return country_code(prefix)
    area = area_of(registration.address, country)
    return area.vat or next(reversed(area.codes), "")


def _between_member_states(order: Order, priced: PricedOrder) -> TaxScheme:
    registered = any(one.entity == "BUYER" and one.number for one in order.tax_registrations)
    if not registered and BUSINESS not in order.programs:
        return TaxScheme.OSS
    # A business that is taxed may be one without a valid VAT number (a consumer for OSS), or an error of Amazon's.
    return TaxScheme.UNKNOWN if priced.total.tax else TaxScheme.INTRA_COMMUNITY
