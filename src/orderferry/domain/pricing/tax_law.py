"""The law of VAT: under which scheme the tax of an order falls, and the rates of countries and regions.

Sources: docs/taxes-and-invoices.md; Amazon's SP-API documentation; directive 2006/112/EC. Nothing is guessed: where the
answer depends on something that no field of the order has, the scheme is unknown.

Rates of countries: the package `eu-vat-rates-data`, which is made from the European Commission's database of taxes
(TEDB) and works offline. It has the rates of today, and mixes those of regions into their country's: REGIONAL separates
them again, as of November 2026; ELSEWHERE has Amazon's other marketplaces. They only decide what Amazon's amounts leave
open (which of two rates explains 1.60?): a rate that has changed meanwhile is still found as the nearest one. Static:
still pure.

Sources of REGIONAL: for Portugal CIVA article 18(3) (Madeira: regional decree 6/2024/M), for Corsica CGI article 297,
for the French overseas departments CGI article 296, for the Canary Islands Ley 4/2012, articles 51 to 57. Austria's 19
% holds in two villages only, which have postcodes of their own: it is left out.

Sources of ELSEWHERE: the standard rates are in the data of the package `sales-tax` (npm, 2.23.0), too. The others:
Egypt, Law 67 of 2016 (5 % for machinery and equipment); India, Central Tax (Rate) notification 9/2025 (5, 18 and 40 %
since 22 September 2025, 3 % for jewellery); Japan, the reduced rate of October 2019. The 8 % of Mexico's border regions
is a stimulus that was granted until the end of 2025: no source says whether it still is, so it is left out. The United
States, Canada and Brazil have no one rate for a country; Switzerland, Norway, Turkey and the United Kingdom are in the
package.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from enum import StrEnum
from functools import cache

import eu_vat_rates_data

from orderferry.domain.orders import Channel, Order, TaxRegistration
from orderferry.domain.pricing.priced_order import PricedOrder
from orderferry.domain.pricing.tax_split import is_collected_by_amazon
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
    """Return the tax scheme of an order. `home` and `country`: the seller's country and the delivery's (ISO 3166-1
    alpha-2; '' if not known).

    Amazon's own statement comes first (UOSS of a seller in the EU is his own one-stop shop). FBA goods may leave from
    any warehouse, so of those only an order that Amazon taxes is known. For an order from the seller's own house the
    two countries decide, and between member states who buys: OSS covers consumers only.
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


@cache
def is_seller_in_eu(home: str) -> bool:
    """Return whether he is established in the EU, given the seller's country; so is one whose country is not known."""
    return not home or bool(tax_area(home).vat)


def is_reverse_charge(order: Order, *, home: str, country: str) -> bool:
    """Return whether a business of another member state, or of Northern Ireland, buys an order: with a VAT number of
    the Union that is not of the seller's own country (`home`), and delivered to another one (`country`).

    Whether it is 0 % is for Amazon to say, where Amazon calculates the VAT.
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
    """Return the country of a buyer's VAT number: the one that it begins with, else that of the address with which
    it is registered, else the one that the order is delivered to (where Amazon calculates the VAT and gives none,
    it has taken the number for a business of that country)."""
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


def _rates(text: str) -> tuple[Decimal, ...]:
    return tuple(map(Decimal, text.split()))


# By the codes of `territories` (ISO 3166-2, else of the territory); the standard rate first.
REGIONAL: Mapping[str, tuple[Decimal, ...]] = {
    "PT-20": _rates("16 9 4"),  # Azores
    "PT-30": _rates("22 12 4"),  # Madeira
    "FR-20R": _rates("20 13 10 5.5 2.1 0.9"),  # Corsica
    "GP": _rates("8.5 2.1 1.75 1.05"),
    "MQ": _rates("8.5 2.1 1.75 1.05"),
    "RE": _rates("8.5 2.1 1.75 1.05"),
    "IC": _rates("7 20 15 9.5 3"),  # IGIC, which is no VAT
}
# The marketplaces' countries outside the data set: their GST, consumption tax or VAT.
ELSEWHERE: Mapping[str, tuple[Decimal, ...]] = {
    "AE": _rates("5"),
    "AU": _rates("10"),
    "EG": _rates("14 5"),
    "IN": _rates("18 40 5 3"),
    "JP": _rates("10 8"),
    "MX": _rates("16"),
    "SA": _rates("15"),
    "SG": _rates("9"),
    "ZA": _rates("15"),
}
# What the data set says of a country and holds in its regions alone.
_OF_REGIONS: Mapping[str, tuple[Decimal, ...]] = {
    "PT": _rates("16 22"),
    "FR": _rates("0.9 1.05 8.5 13"),
    "AT": _rates("19"),
}
_SAME_AS: Mapping[str, str] = {"IM": "GB"}  # the Isle of Man bears the United Kingdom's VAT


@cache
def legal_rates(code: str) -> tuple[Decimal, ...]:
    """Return a country's or region's rates in percent without 0: the standard rate, then from high to low; else ()."""
    own = REGIONAL.get(code) or ELSEWHERE.get(code)
    if own:
        return own
    known = eu_vat_rates_data.get_rate(_SAME_AS.get(code, code))
    if known is None:
        return ()
    named = (*known["reduced"], known["super_reduced"], known["parking"])
    lower = {Decimal(str(rate)) for rate in named if rate} - set(_OF_REGIONS.get(code, ()))
    standard = Decimal(str(known["standard"]))
    return (standard, *sorted(lower - {standard}, reverse=True))


def legal_rates_of(codes: Iterable[str]) -> tuple[Decimal, ...]:
    """Return the rates of the first of a place's codes that has any; the narrowest code comes first."""
    return legal_rates(rates_code(codes))


def rates_code(codes: Iterable[str]) -> str:
    """Return the code whose rates hold at a place: the first of its codes that has any, else the first; '' without
    one. The narrowest code comes first."""
    known = tuple(codes)
    return next((code for code in known if legal_rates(code)), known[0] if known else "")
