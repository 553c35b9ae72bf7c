"""Amazon's marketplaces and regions as data.

Ids and regions: SP-API "Marketplace IDs" and "SP-API endpoints". Currencies are only used where an order names none;
an order's own currency always wins.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from orderferry.domain.territories import EU_MEMBERS


class Region(StrEnum):
    """SP-API regions; each has its own endpoint and authorises apart."""

    EU = "eu"
    NA = "na"
    FE = "fe"


@dataclass(frozen=True, slots=True)
class Marketplace:
    """One marketplace. `code` is the ISO 3166-1 country code (the United Kingdom is GB; users may write UK)."""

    code: str
    id: str
    region: Region
    currency: str
    domain: str


MARKETPLACES: tuple[Marketplace, ...] = tuple(
    Marketplace(code, id_, Region(region), currency, domain)
    for code, id_, region, currency, domain in (
        ("IT", "APJ6JRA9NG5V4", "eu", "EUR", "amazon.it"),
        ("DE", "A1PA6795UKMFR9", "eu", "EUR", "amazon.de"),
        ("FR", "A13V1IB3VIYZZH", "eu", "EUR", "amazon.fr"),
        ("ES", "A1RKKUPIHCS9HS", "eu", "EUR", "amazon.es"),
        ("NL", "A1805IZSGTT6HS", "eu", "EUR", "amazon.nl"),
        ("BE", "AMEN7PMS3EDWL", "eu", "EUR", "amazon.com.be"),
        ("IE", "A28R8C7NBKEWEA", "eu", "EUR", "amazon.ie"),
        ("PL", "A1C3SOZRARQ6R3", "eu", "PLN", "amazon.pl"),
        ("SE", "A2NODRKZP88ZB9", "eu", "SEK", "amazon.se"),
        ("GB", "A1F83G8C2ARO7P", "eu", "GBP", "amazon.co.uk"),
        ("TR", "A33AVAJ2PDY3EV", "eu", "TRY", "amazon.com.tr"),
        ("AE", "A2VIGQ35RCS4UG", "eu", "AED", "amazon.ae"),
        ("SA", "A17E79C6D8DWNP", "eu", "SAR", "amazon.sa"),
        ("EG", "ARBP9OOSHTCHU", "eu", "EGP", "amazon.eg"),
        ("IN", "A21TJRUUN4KGV", "eu", "INR", "amazon.in"),
        ("ZA", "AE08WJ6YKNBMC", "eu", "ZAR", "amazon.co.za"),
        ("US", "ATVPDKIKX0DER", "na", "USD", "amazon.com"),
        ("CA", "A2EUQ1WTGCTBG2", "na", "CAD", "amazon.ca"),
        ("MX", "A1AM78C64UM0Y8", "na", "MXN", "amazon.com.mx"),
        ("BR", "A2Q3Y263D00KWC", "na", "BRL", "amazon.com.br"),
        ("JP", "A1VC38T7YXB528", "fe", "JPY", "amazon.co.jp"),
        ("AU", "A39IBJ37TRP1C6", "fe", "AUD", "amazon.com.au"),
        ("SG", "A19VAU5U5O7RUS", "fe", "SGD", "amazon.sg"),
    )
)

ENDPOINTS: dict[Region, str] = {
    Region.EU: "https://sellingpartnerapi-eu.amazon.com",
    Region.NA: "https://sellingpartnerapi-na.amazon.com",
    Region.FE: "https://sellingpartnerapi-fe.amazon.com",
}
TOKEN_URL = "https://api.amazon.com/auth/o2/token"  # noqa: S105 — an address, not a secret

# Whole countries with VAT of the European Union: its members, and Monaco, which belongs to the French VAT area. What
# holds for a part of a country, `territories` knows.
EU_COUNTRIES = EU_MEMBERS | {"MC"}

# Whose prices are without tax, which comes on top.
PRICES_WITHOUT_TAX = frozenset({"US", "CA"})

_BY_ID = {marketplace.id: marketplace for marketplace in MARKETPLACES}
_BY_CODE = {marketplace.code: marketplace for marketplace in MARKETPLACES}
_ALIASES = {"UK": "GB"}


def find_marketplace(word: str) -> Marketplace | None:
    """Return the marketplace, or None, given a country code (any case; UK is GB) or a marketplace id."""
    code = word.strip().upper()
    return _BY_ID.get(word.strip()) or _BY_CODE.get(_ALIASES.get(code, code))


def marketplace_code(marketplace_id: str) -> str:
    """Return the country code of a marketplace id; an id that we do not know is returned as it is."""
    known = _BY_ID.get(marketplace_id)
    return known.code if known else marketplace_id
