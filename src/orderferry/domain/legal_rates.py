"""The rates of VAT that are law in a country, and in those of its regions that have rates of their own.

Countries: the package `eu-vat-rates-data`, which is made from the European Commission's database of taxes (TEDB) and
works offline. It names the rates of today, and mixes those of regions into their country's: REGIONAL takes them apart
again, as of November 2026; ELSEWHERE has Amazon's other marketplaces. They only decide what Amazon's amounts leave open
(which of two rates explains 1.60?): a rate that has changed meanwhile is still found as the nearest one. Static: still
pure.

Sources of REGIONAL: for Portugal CIVA article 18(3) (Madeira: regional decree 6/2024/M), for Corsica CGI article 297,
for the French overseas departments CGI article 296, for the Canary Islands Ley 4/2012, articles 51 to 57. Austria's
19 % is that of two villages that share their postcodes with nobody, and is nobody else's: it is left out.

Sources of ELSEWHERE: the standard rates stand in the data of the package `sales-tax` (npm, 2.23.0), too. The others:
Egypt, Law 67 of 2016 (5 % for machinery and equipment); India, Central Tax (Rate) notification 9/2025 (5, 18 and 40 %
since 22 September 2025, 3 % for jewellery); Japan, the reduced rate of October 2019. The 8 % of Mexico's border regions
is a stimulus that was granted until the end of 2025: no source tells whether it still is, so it is left out. The United
States, Canada and Brazil have no one rate for a country; Switzerland, Norway, Turkey and the United Kingdom are in the
package.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from functools import cache

import eu_vat_rates_data


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
    """Given a country's or a region's code, return its rates in percent without 0: the standard rate first, then from
    high to low; () for one of which nothing is known."""
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
    """Given the codes under which a place is known, the narrowest first, return the rates of the first that has any."""
    return legal_rates(rates_code(codes))


def rates_code(codes: Iterable[str]) -> str:
    """Given the codes under which a place is known, the narrowest first, return the one whose rates hold there: the
    first that has any, else the first; '' where there is none."""
    known = tuple(codes)
    return next((code for code in known if legal_rates(code)), known[0] if known else "")
