"""Find the shop's countries, provinces and account for the addresses and the buyer of an order. Pure.

Amazon's addresses spell countries and provinces in many ways. The tables at the end of the
file hold spellings that neither PrestaShop's localisation packs nor ISO 3166-2 and its translations have.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from itertools import chain

from orderferry.domain.orders import TO_BE_SHIPPED_STATUSES, Address, Channel, Order, TaxRegistration
from orderferry.domain.postal_address import PostalAddress, postal_address, split_name
from orderferry.domain.problems import Problem, ProblemCode
from orderferry.domain.territories import LONGEST_NAME, country_code, find_territory, province_keys
from orderferry.domain.text import Field, clean_text
from orderferry.domain.text import plain_name as plain
from orderferry.prestashop.facts import Catalog, Country, Province, ShopFacts
from orderferry.prestashop.planning.market import Market
from orderferry.prestashop.planning.resolved_order import Account, Place

DNI_LENGTH = 16  # address.dni, in every version
DNI_PLACEHOLDER = "00000"  # passes PrestaShop's forms where a country demands a number and Amazon gives none
_PERSONAL_NUMBERS = frozenset({"CPF", "CNPJ"})  # taxRegistrations that go into address.dni, not into vat_number
# RFC 2606: no mail ever reaches this domain, and no domain of this name can be bought.
UNDELIVERABLE_DOMAIN = "amazon.invalid"
# What Amazon's aliases look like, and short enough for customer.email and customer_thread.email in every version.
_ADDRESS = re.compile(r"(?=.{3,128}$)[a-z0-9][a-z0-9._+-]*@[a-z0-9-]+(?:\.[a-z0-9-]+)+")
_PARTS = re.compile(r"[,;/()|]|\s-\s")
_LONGEST_TEXT = 400  # the rest is not read: each part is compared with each province
_GENERIC = re.compile(
    r"\b(?:(?:citta metropolitana|metropolitan city|libero consorzio comunale|provincia|province|prov|departamento|"
    r"departement|state|estado|comunidad autonoma|comunidad|principado|region)(?: (?:di|d|de|del|della|of|foral))?)\b"
)


def resolve_places(order: Order, market: Market) -> tuple[Place, Place | None] | Problem:
    """Return the place of delivery and the invoice's place (None: the same), or the problem that holds the order.

    A regular order that is still to be sent and has no street is held (no-address), since nobody could send it. Any
    other order gets placeholders in the marketplace's country. A country that the shop lacks holds the order too.
    """
    address = order.delivery_address
    unknown_street = address is None or not address.lines
    if order.channel is Channel.REGULAR and order.status in TO_BE_SHIPPED_STATUSES and unknown_street:
        message = f"order {order.order_id} has no delivery address to send it to"
        return Problem(ProblemCode.NO_ADDRESS, message, order.order_id)
    delivery = _place(order, address, market)
    registration = _buyer_registration(order)
    if isinstance(delivery, Problem) or registration is None or registration.address is None:
        return delivery if isinstance(delivery, Problem) else (delivery, None)
    invoiced = _place(order, _registered(registration, registration.address), market)
    # A parcel is not held because the invoice's country is unknown to the shop.
    if isinstance(invoiced, Problem) or invoiced.postal == delivery.postal:
        return delivery, None
    return delivery, invoiced


def _place(order: Order, address: Address | None, market: Market) -> Place | Problem:
    facts = market.facts
    postal = postal_address(
        address,
        fallback_name=order.buyer.name,
        marketplace_country=market.code,
        phone_fallback=market.settings.customers.phone_fallback,
    )
    given = address or Address()
    country = resolve_country(facts, postal.country, given.postal_code, given.region)
    if country is None:
        message = f"order {order.order_id} goes to {postal.country}, a country that the shop does not have"
        return Problem(ProblemCode.UNKNOWN_COUNTRY, message, order.order_id, postal.country)
    if country.iso != postal.country:
        postal = replace(postal, kept=(*postal.kept, f"Country: {postal.country}"))
    if "postcode" in postal.placeholders:
        postal = replace(postal, postcode=_zeros(country) or postal.postcode)
    province = resolve_province(facts, country, postal.region, postal.postcode, postal.city)
    registration = _buyer_registration(order)
    number = registration.number if registration else ""
    personal = bool(registration and registration.kind in _PERSONAL_NUMBERS)
    return Place(
        postal=postal,
        country=country,
        id_state=province.id if province else 0,
        vat_number="" if personal else clean_text(number, Field.COMPANY),
        dni=_dni(country, number if personal else ""),
    )


def _zeros(country: Country) -> str:
    """Return a placeholder in the form that PrestaShop demands of the country's postcodes: 0000 AA."""
    signs = {"N": "0", "L": "A", "C": country.iso}
    return "".join(signs.get(sign, sign) for sign in country.zip_code_format)


def _dni(country: Country, number: str) -> str:
    fitting = clean_text(number, Field.DNI)
    if len(fitting) > DNI_LENGTH:
        fitting = "".join(letter for letter in fitting if letter.isalnum())[:DNI_LENGTH]
    return fitting or (DNI_PLACEHOLDER if country.need_identification_number else "")


def _buyer_registration(order: Order) -> TaxRegistration | None:
    own = [registration for registration in order.tax_registrations if registration.entity == "BUYER"]
    return next((registration for registration in own if registration.number), own[0] if own else None)


def _registered(registration: TaxRegistration, address: Address) -> Address:
    """Return the registered address under its legal name. A name that only repeats the company is left out."""
    company = address.company or registration.legal_name
    return replace(address, name="" if address.name == company else address.name, company=company)


def resolve_account(order: Order, market: Market, catalog: Catalog, postal: PostalAddress) -> Account:
    """Return the shop's account for an order, by customers.mode and customers.email. `postal`: the delivery address.

    No account is shared by a guess: without an alias of Amazon's, the mode `alias` gives each order its own guest.
    """
    settings = market.settings.customers
    mode = "order" if settings.mode == "alias" and not order.buyer.email else settings.mode
    business = "AMAZON_BUSINESS" in order.programs
    firstname, lastname = _names(order, postal)
    return Account(
        mode=mode,
        email=account_email(order, mode, settings.email),
        firstname=firstname,
        lastname=lastname,
        company=clean_text(order.buyer.company, Field.COMPANY),
        id_group=market.id_business_group if business else market.id_group,
        id_customer=catalog.customers.get(settings.account) if mode == "fixed" else None,
    )


def account_email(order: Order, mode: str, email: str) -> str:
    """Return the account's e-mail address: Amazon's alias if configured and given, else one that no mail reaches.

    The latter is another one for each order (mode order) or each alias (mode alias).
    """
    alias = order.buyer.email.strip().lower()
    if not _ADDRESS.fullmatch(alias):
        alias = ""  # mail or PrestaShop's isEmail would refuse it
    if email == "amazon" and alias:
        return alias
    if mode == "alias" and alias:
        return f"{hashlib.sha256(alias.encode()).hexdigest()[:20]}@{UNDELIVERABLE_DOMAIN}"
    return f"{order.order_id.lower()}@{UNDELIVERABLE_DOMAIN}"


def _names(order: Order, postal: PostalAddress) -> tuple[str, str]:
    """Return the buyer's names where Amazon gives others than the recipient's; those are in `postal` already."""
    recipient = order.delivery_address.name if order.delivery_address else ""
    if order.buyer.name == recipient:
        return postal.firstname, postal.lastname
    buyer = split_name(order.buyer.name)
    return (postal.firstname, postal.lastname) if buyer.placeholder else (buyer.firstname, buyer.lastname)


def resolve_country(facts: ShopFacts, iso: str, postcode: str = "", region: str = "") -> Country | None:
    """Return the shop's country for an ISO 3166-1 code (also UK and the like), active or not; None for none.

    A territory with another country's code (98000 in France is Monaco) is its own country if the shop sends there. A
    territory whose own code the shop lacks (Jersey, the Canary Islands) gets the country that it belongs to.
    """
    code = country_code(iso)
    named = facts.countries.get(code)
    territory = find_territory(code, postcode, region)
    if territory is None:
        return named
    own = facts.countries.get(territory.code)
    if own is not None and own.active:
        return own
    return named or facts.countries.get(territory.country)


def resolve_province(
    facts: ShopFacts, country: Country, text: str, postcode: str = "", city: str = ""
) -> Province | None:
    """Return the province that a free text names; None for none or several, and in a country without provinces.

    Understood: ISO 3166-2 (`IT-MI`, `MI`), names in any case with or without accents, "Provincia di Milano",
    "Milano (MI)", the spellings of ALIASES, and ISO's names in the languages of the marketplaces (Mailand, 東京都). If
    the text names none, the postcode is tried in the countries of POSTCODES, then the city in those of
    NAMED_LIKE_CAPITALS.
    """
    if not country.contains_states:
        return None
    text, city = text[:_LONGEST_TEXT], city[:_LONGEST_TEXT]
    own = [province for province in facts.provinces if province.id_country == country.id]
    by_postcode = next((c for start, c in POSTCODES.get(country.iso, {}).items() if postcode.startswith(start)), "")
    capital = city if country.iso in NAMED_LIKE_CAPITALS else ""
    ways = ((_named, text), (_translated, text), (_named, by_postcode), (_named, capital))
    return next((found for way, word in ways if word.strip() and (found := way(country, own, word))), None)


def _named(country: Country, own: Sequence[Province], text: str) -> Province | None:
    """Return the province that the shop's own names and codes and ALIASES give."""
    return _single(country, own, (_words(country, word) for word in (text, *_parts(text))))


def _translated(country: Country, own: Sequence[Province], text: str) -> Province | None:
    """Return the province that ISO's names give, for the whole text before its parts."""
    if len(text) > LONGEST_NAME:
        return None
    keys = (province_keys(country.iso, word, _GENERIC.sub(" ", plain(word))) for word in (text, *_parts(text)))
    return _single(country, own, chain.from_iterable(keys))


def _single(country: Country, own: Sequence[Province], meanings: Iterable[frozenset[str]]) -> Province | None:
    """Return the province of the first meaning that names exactly one."""
    for words in meanings:
        found = [province for province in own if _keys(country.iso, province) & words]
        if len(found) == 1:
            return found[0]
    return None


@lru_cache(maxsize=4096)
def _keys(country: str, province: Province) -> frozenset[str]:
    names = {province.name, *_parts(province.name), _code(country, province.iso)}
    return frozenset(filter(None, map(plain, names)))


def _words(country: Country, text: str) -> frozenset[str]:
    """Return what the text may mean: itself as code or name, and the codes that ALIASES has for it."""
    name = plain(text)
    shorter = plain(_GENERIC.sub(" ", name))
    aliases = ALIASES.get(country.iso, {})
    codes = {plain(code) for word in (name, shorter) if word in aliases for code in aliases[word].split()}
    return frozenset({name, shorter, plain(_code(country.iso, text.strip())), *codes} - {""})


def _code(country: str, code: str) -> str:
    """Return an ISO 3166-2 code without the country; shops store it with or without."""
    return code.upper().removeprefix(f"{country}-")


def _parts(text: str) -> Iterable[str]:
    return [part for part in _PARTS.split(text) if part.strip()]


# Other names of provinces: by country, plain name -> ISO 3166-2 without the country. English names, second official
# languages and short forms, as Amazon's address forms give them. A code that was replaced stands before the new one.
ALIASES: Mapping[str, Mapping[str, str]] = {
    "IT": {
        "aosta valley": "AO",
        "valle d aosta": "AO",
        "vallee d aoste": "AO",
        "aoste": "AO",
        "alto adige": "BZ",
        "sudtirol": "BZ",
        "south tyrol": "BZ",
        "forli": "FC",
        "leghorn": "LI",
        "massa": "MS",
        "monza": "MB",
        "monza brianza": "MB",
        "monza e della brianza": "MB",
        "pesaro": "PU",
        "reggio di calabria": "RC",
        "reggio nell emilia": "RE",
        "roma capitale": "RM",
        "south sardinia": "SU",
        "trent": "TN",
        "venice": "VE",
        "verbania": "VB",
    },
    "ES": {
        "alacant": "A",
        "araba": "VI",
        "araba alava": "VI",
        "balears": "PM",
        "baleares": "PM",
        "balearic islands": "PM",
        "biscay": "BI",
        "castello": "CS",
        "castellon de la plana": "CS",
        "coruna": "C",
        "corunna": "C",
        "grand canary": "GC",
        "las palmas de gran canaria": "GC",
        "nafarroa": "NA",
        "navarre": "NA",
        "rioja": "LO",
        "tenerife": "TF",
    },
    "US": {
        "washington d c": "DC",
        "washington dc": "DC",
        "d c": "DC",
    },
    "CA": {
        "newfoundland": "NL",
        "yukon territory": "YT",
    },
    "MX": {
        "cdmx": "DIF CMX",
        "ciudad de mexico": "DIF CMX",
        "mexico city": "DIF CMX",
        "distrito federal": "DIF CMX",
        "edomex": "MEX",
    },
}

# Provinces by the beginning of a postcode: ISO 3166-2 without the country. Spain's postcodes begin with the number of
# the province (Correos), 01 to 52; France's with the department's, Corsica's two apart (Insee). In other countries
# postcodes cross the borders of provinces.
_SPAIN = """
    VI AB A AL AV BA PM B BU CC CA CS CR CO C CU GI GR GU SS H HU J LE L LO LU M MA MU NA OR O P GC PO SA TF S SG SE SO
    T TE TO V VA BI ZA Z CE ML
    """.split()  # noqa: SIM905
_FRANCE = {
    **{f"{number:02}": f"{number:02}" for number in range(1, 96) if number != 20},
    **dict.fromkeys(("200", "201"), "2A"),
    **dict.fromkeys(("202", "206"), "2B"),
}
POSTCODES: Mapping[str, Mapping[str, str]] = {
    "ES": {f"{number:02}": code for number, code in enumerate(_SPAIN, 1)},
    "FR": _FRANCE,
}

# Countries whose provinces have the names of their capitals (not the United States: Washington, New York).
NAMED_LIKE_CAPITALS = frozenset({"IT", "ES"})
