"""An address as PrestaShop can keep it: split names, two lines, allowed characters; lengths are cut by the writer."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class PostalAddress:
    """Values that pass PrestaShop's own validators (prestashop-order-writing, "Rejected characters").

    Required parts are never empty: placeholders stand in (`placeholders` names the fields). `kept` holds the lines of
    text that did not fit or lost characters, for the order's private message: the full text is never lost.
    """

    firstname: str
    lastname: str
    company: str
    address1: str
    address2: str
    postcode: str
    city: str
    country: str  # ISO 3166-1 alpha-2, as far as Amazon gave one, else the marketplace's
    region: str  # Amazon's free text
    phone: str
    kept: tuple[str, ...] = ()
    placeholders: tuple[str, ...] = ()
