"""Which places belong to the EU's VAT area: its member states but for the territories that VAT law leaves out.

Source: directive 2006/112/EC, articles 5 to 7, and for Northern Ireland the protocol to the withdrawal agreement.
Amazon gives the country and the postcode; postcodes of these territories are their own.
"""

from __future__ import annotations

from orderferry.domain.marketplaces import EU_COUNTRIES

# Postcodes, by their beginnings, of what a member state's code covers and the VAT area does not.
_OUTSIDE: dict[str, tuple[str, ...]] = {
    "DE": ("27498", "78266"),  # Heligoland, Büsingen
    "ES": ("35", "38", "51", "52"),  # Canary Islands, Ceuta, Melilla
    "FI": ("22",),  # Åland
    "FR": ("971", "972", "973", "974", "975", "976", "977", "978", "984", "986", "987", "988"),  # overseas
    "GR": ("63086", "63087"),  # Mount Athos
    "IT": ("22061", "23041"),  # Campione d'Italia, Livigno
}
_NORTHERN_IRELAND = "BT"  # for goods a part of the EU's area, for services not


def is_in_eu_vat_area(country: str, postcode: str = "") -> bool:
    """Given a country (ISO 3166-1 alpha-2) and a postcode ('' if unknown), return whether VAT of the EU applies."""
    return country in EU_COUNTRIES and not _bare(postcode).startswith(_OUTSIDE.get(country, ()))


def is_uncertain(country: str, postcode: str) -> bool:
    """Whether a place is in the area for some sales and not for others: Northern Ireland."""
    return country == "XI" or (country == "GB" and _bare(postcode).startswith(_NORTHERN_IRELAND))


def _bare(postcode: str) -> str:
    """The postcode alone: `I-23041`, `FR 97110` and `bt1 1aa` are written so, too."""
    letters = "".join(letter for letter in postcode.upper() if letter.isalnum())
    digits = letters.lstrip("ABCDEFGHIJKLMNOPQRSTUVWXYZ")
    return letters if letters.startswith(_NORTHERN_IRELAND) else digits
