"""Territories and names of countries: whose VAT holds where an address has the code of another country. Data.

Sources: Council Directive 2006/112/EC, articles 5 to 7 (which parts of member states are outside the territory of VAT;
Monaco counts as France, the Isle of Man as the United Kingdom); the Windsor Framework (goods in Northern Ireland, code
XI); ISO 3166-1 for the codes (IC and EA are reserved there, XI is the Commission's). Postcodes are those of the
national postal services; where a place shares its postcode with others that are inside, it has no row.

Names of countries and provinces in the languages of Amazon's marketplaces are Debian's iso-codes (ISO 3166 and its
translations) as the package `pycountry` has them. Reading them takes a tenth of a second, so they are asked only for
what is no code and no name of the shop's own, one language after the other. Static: still pure.
"""

from __future__ import annotations

import gettext
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from string import ascii_uppercase

import pycountry

from orderferry.domain.orders import Address
from orderferry.domain.text import plain_name

# Member states of the European Union (ISO 3166-1).
EU_MEMBERS = frozenset("AT BE BG CY CZ DE DK EE ES FI FR GR HR HU IE IT LT LU LV MT NL PL PT RO SE SI SK".split())  # noqa: SIM905

NORTHERN_IRELAND = "XI"

# Codes that stand in addresses for a country of ISO 3166-1 and name the whole of it.
COUNTRY_ALIASES = {"UK": "GB", "EL": "GR"}
# The words in a tax's name that say whose it is ("IVA ES 21%").
_TAX_COUNTRIES = EU_MEMBERS | COUNTRY_ALIASES.keys() | {"GB", "XI", "CH", "NO", "TR", "MC"}
LONGEST_NAME = 80  # of a country, in any language; what is longer is none


@dataclass(frozen=True, slots=True)
class Territory:
    """One territory. `code` is its own ('' for none); `country` the one whose code its addresses may bear instead;
    `vat` the code under which goods sent there bear VAT of the Union ('' for none).

    `postcode` is a pattern of its postcodes under `country`, in capitals without spaces; `regions` are names in the
    form of `plain_name`, for addresses whose postcode Amazon withholds. `is_one_area`: its VAT is that of the country
    around it, though not the Union's.
    """

    name: str
    code: str
    country: str
    vat: str
    postcode: str
    regions: tuple[str, ...] = ()
    is_one_area: bool = False


_CANARIES = (
    "canarias",
    "islas canarias",
    "canary islands",
    "las palmas",
    "las palmas de gran canaria",
    "gran canaria",
    "grand canary",
    "tenerife",
    "santa cruz de tenerife",
)
TERRITORIES: tuple[Territory, ...] = (
    # Article 7: VAT as in the member state.
    Territory("Monaco", "MC", "FR", "FR", r"980\d\d", ("monaco", "principaute de monaco")),
    # Windsor Framework: goods as in the Union, at the United Kingdom's rates.
    Territory("Northern Ireland", NORTHERN_IRELAND, "GB", NORTHERN_IRELAND, r"BT\d.*", ("northern ireland",)),
    # Article 6(1): in the customs territory, outside VAT.
    Territory("Canary Islands", "IC", "ES", "", r"3[58]\d{3}", _CANARIES),
    Territory(
        "Åland Islands", "AX", "FI", "", r"22\d{3}", ("aland", "aland islands", "ahvenanmaa", "ahvenanmaan maakunta")
    ),
    Territory("Mount Athos", "", "GR", "", r"6308[67]", ("mount athos", "agion oros")),
    Territory("Campione d'Italia", "", "IT", "", r"22061"),
    Territory("Saint Martin", "MF", "FR", "", r"97150|978\d\d", ("saint martin",)),
    Territory("Saint Barthélemy", "BL", "FR", "", r"97133|977\d\d", ("saint barthelemy",)),
    Territory("Guadeloupe", "GP", "FR", "", r"971\d\d", ("guadeloupe",)),
    Territory("Martinique", "MQ", "FR", "", r"972\d\d", ("martinique",)),
    Territory("French Guiana", "GF", "FR", "", r"973\d\d", ("guyane", "guyane francaise", "french guiana")),
    Territory("Réunion", "RE", "FR", "", r"974\d\d", ("reunion", "la reunion")),
    Territory("Mayotte", "YT", "FR", "", r"976\d\d", ("mayotte",)),
    # Article 6(2): outside the customs territory too.
    Territory("Ceuta", "EA", "ES", "", r"51\d{3}", ("ceuta",)),
    Territory("Melilla", "EA", "ES", "", r"52\d{3}", ("melilla",)),
    Territory("Heligoland", "", "DE", "", r"27498"),
    Territory("Büsingen", "", "DE", "", r"78266"),
    Territory("Livigno", "", "IT", "", r"23041"),
    # No part of the Union, under a member state's or the United Kingdom's postcodes.
    Territory("Saint Pierre and Miquelon", "PM", "FR", "", r"975\d\d", ("saint pierre et miquelon",)),
    Territory("Wallis and Futuna", "WF", "FR", "", r"986\d\d", ("wallis et futuna",)),
    Territory("French Polynesia", "PF", "FR", "", r"987\d\d", ("polynesie francaise", "french polynesia")),
    Territory("New Caledonia", "NC", "FR", "", r"988\d\d", ("nouvelle caledonie", "new caledonia")),
    Territory("Greenland", "GL", "DK", "", r"39\d\d", ("gronland", "greenland", "kalaallit nunaat")),
    Territory("Faroe Islands", "FO", "DK", "", r"\d{3}", ("foroyar", "faeroerne", "faroe islands")),
    Territory("San Marino", "SM", "IT", "", r"4789\d", ("san marino", "repubblica di san marino")),
    Territory("Vatican City", "VA", "IT", "", r"00120"),
    Territory("Andorra", "AD", "ES", "", r"AD\d{3}", ("andorra",)),
    Territory("Jersey", "JE", "GB", "", r"JE\d.*", ("jersey",)),
    Territory("Guernsey", "GG", "GB", "", r"GY\d.*", ("guernsey", "alderney", "sark")),
    Territory("Isle of Man", "IM", "GB", "", r"IM\d.*", ("isle of man",), is_one_area=True),
    Territory("Gibraltar", "GI", "GB", "", r"GX11.*", ("gibraltar",)),
)


@dataclass(frozen=True, slots=True)
class TaxRegion:
    """A part of a country that has rates of its own, under its code of ISO 3166-2. `names` and `postcode` as those of
    Territory."""

    code: str
    country: str
    postcode: str
    names: tuple[str, ...] = ()


# The narrower before the wider.
REGIONS: tuple[TaxRegion, ...] = (
    TaxRegion("PT-20", "PT", r"9[5-9]\d{5}|9[5-9]\d\d", ("acores", "azores", "regiao autonoma dos acores")),
    TaxRegion("PT-30", "PT", r"9[0-4]\d{5}|9[0-4]\d\d", ("madeira", "regiao autonoma da madeira")),
    TaxRegion("FR-2A", "FR", r"20[01]\d\d", ("corse du sud",)),
    TaxRegion("FR-2B", "FR", r"20[26]\d\d", ("haute corse",)),
    TaxRegion("FR-20R", "FR", r"20\d{3}", ("corse", "corsica", "corse du sud", "haute corse")),
    TaxRegion("ES-GC", "ES", r"35\d{3}", ("las palmas", "gran canaria", "grand canary")),
    TaxRegion("ES-TF", "ES", r"38\d{3}", ("tenerife", "santa cruz de tenerife")),
    TaxRegion("ES-CN", "ES", r"3[58]\d{3}", _CANARIES),
    TaxRegion("ES-CE", "ES", r"51\d{3}", ("ceuta",)),
    TaxRegion("ES-ML", "ES", r"52\d{3}", ("melilla",)),
    TaxRegion("FI-01", "FI", r"22\d{3}", ("aland", "aland islands", "ahvenanmaa")),
    TaxRegion("FR-971", "FR", r"971\d\d", ("guadeloupe",)),
    TaxRegion("FR-972", "FR", r"972\d\d", ("martinique",)),
    TaxRegion("FR-973", "FR", r"973\d\d", ("guyane", "guyane francaise", "french guiana")),
    TaxRegion("FR-974", "FR", r"974\d\d", ("reunion", "la reunion")),
    TaxRegion("FR-976", "FR", r"976\d\d", ("mayotte",)),
)
# Ceuta and Melilla share a code, which is enough to tell country and VAT.
_BY_CODE = {territory.code: territory for territory in reversed(TERRITORIES) if territory.code}
# By the country whose code their addresses may bear: most addresses are in a country that has none of either.
_TERRITORIES_OF = {
    code: [one for one in TERRITORIES if one.country == code] for code in {t.country for t in TERRITORIES}
}
_REGIONS_OF = {code: [one for one in REGIONS if one.country == code] for code in {r.country for r in REGIONS}}


def country_code(code: str) -> str:
    """Return a country code in capitals, UK and EL as ISO 3166-1 has them."""
    capitals = code.strip().upper()
    return COUNTRY_ALIASES.get(capitals, capitals)


@cache
def countries_in_name(tax_name: str) -> frozenset[str]:
    """Return the country codes in a tax's name ("IVA ES 21%"), UK and EL as ISO 3166-1 has them."""
    return frozenset(country_code(word) for word in re.split(r"[^A-Za-z0-9]+", tax_name) if word in _TAX_COUNTRIES)


def country_of(written: str) -> str:
    """Return the ISO 3166-1 alpha-2 code of what stands for the country in an address; '' if it names none.

    Amazon's model has the code there; another code (ITA) or a name (Italia, Germany) is understood too.
    """
    code = country_code(written)
    if re.fullmatch("[A-Z]{2}", code):
        return code
    return country_named(written) if 2 < len(code) <= LONGEST_NAME else ""


def find_territory(country: str, postcode: str = "", region: str = "") -> Territory | None:
    """Return the territory of an address from its country code, postcode and region as they were written; None if it is
    in none of the table.

    A code of the territory's own decides; then the postcode (also with a country before it: `FI-22100`); the region
    only where there is no postcode.
    """
    code = country_code(country)
    if code in _BY_CODE:
        return _BY_CODE[code]
    own = _TERRITORIES_OF.get(code, ())
    written = _written(postcode)
    if written:
        return next((t for t in own for form in _forms(written) if re.fullmatch(t.postcode, form)), None)
    name = plain_name(region)
    return next((territory for territory in own if name in territory.regions), None)


def find_regions(country: str, postcode: str = "", region: str = "") -> tuple[str, ...]:
    """Return the codes of the regions in REGIONS that an address is in, the narrowest first. A territory's own code
    (IC, RE) stands for the country around it."""
    code = country_code(country)
    territory = _BY_CODE.get(code)
    around = territory.country if territory else code
    own = _REGIONS_OF.get(around, ())
    written = _written(postcode)
    if written:
        return tuple(one.code for one in own if any(re.fullmatch(one.postcode, form) for form in _forms(written)))
    name = plain_name(region) or (plain_name(territory.name) if territory else "")
    return tuple(one.code for one in own if name in one.names)


def _written(postcode: str) -> str:
    return "".join(letter for letter in postcode.upper() if letter.isascii() and letter.isalnum())


def _forms(postcode: str) -> tuple[str, ...]:
    """Return a postcode as it is, and without letters before it, which are a country's (F-98000)."""
    bare = postcode.lstrip(ascii_uppercase)
    return (postcode,) if bare == postcode else (postcode, bare)


@dataclass(frozen=True, slots=True)
class TaxArea:
    """Where goods are sent, for taxes. `codes`: those under which a tax may be configured or ruled for it, the
    narrowest first (PT-20 before PT); `vat`: the code under which goods sent there bear VAT of the Union (a member
    state's, or XI for Northern Ireland), '' outside of it."""

    codes: tuple[str, ...]
    vat: str


def tax_area(country: str, postcode: str = "", region: str = "") -> TaxArea:
    """Return the tax area of an address by its country code, postcode and region.

    A tax of the country around it holds in a territory only where both are one area of VAT: Monaco takes France's, the
    Isle of Man the United Kingdom's, the Canary Islands never Spain's.
    """
    territory = find_territory(country, postcode, region)
    regions = find_regions(country, postcode, region)
    if territory is None:
        code = country_code(country)
        return TaxArea((*regions, code) if code else (), code if code in EU_MEMBERS else "")
    codes = (territory.code, territory.country) if territory.vat or territory.is_one_area else (territory.code,)
    return TaxArea(tuple(filter(None, (*regions, *codes))), territory.vat)


def area_of(address: Address | None, country: str) -> TaxArea:
    """Return the tax area of Amazon's address; `country` stands in where there is none, or where it names none."""
    if address is None:
        return tax_area(country)
    return tax_area(country_of(address.country) or country, address.postal_code, address.region)


# As iso-codes calls them: English, then those of the marketplaces and of the regions in them.
LANGUAGES = ("en", "it", "es", "fr", "de", "ca", "eu", "ast", "nl", "pl", "sv", "tr", "pt_BR", "ga", "cy", "ja", "hi")

_COUNTRIES, _PROVINCES = "iso3166-1", "iso3166-2"
# "Barcelona [Barcelona]", "Navarra/Nafarroa*": second names, and marks of ISO's own.
_ALTERNATIVES = re.compile(r"[\[\]/*]")
# Japan's addresses say what kind of prefecture it is (東京都, 京都府, 千葉県), its names mostly do not.
_KIND_OF_PREFECTURE = re.compile("(?<=..)[都府県]$")


def country_named(name: str) -> str:
    """Return the ISO 3166-1 alpha-2 code of a country by its name or its three letters or digits; '' for none."""
    plain = plain_name(name)
    return next((code for language in LANGUAGES if (code := _countries(language).get(plain))), "") if plain else ""


def province_keys(country: str, *names: str) -> Iterator[frozenset[str]]:
    """Yield, for each language that knows one of the names of a province, the plain codes (without the country) and
    ISO's own plain names of the provinces with that name."""
    plain = {form for name in names for form in _spellings(name)}
    if not plain:
        return
    for language in LANGUAGES:
        known = _provinces(country.upper(), language)
        found = frozenset[str]().union(*(known.get(form, frozenset()) for form in plain))
        if found:
            yield found


@cache
def _countries(language: str) -> Mapping[str, str]:
    translate = _translator(_COUNTRIES, language)
    codes: dict[str, str] = {}
    for country in pycountry.countries:
        names = {country.name, getattr(country, "official_name", ""), getattr(country, "common_name", "")} - {""}
        words = {country.alpha_3, country.numeric, *names, *map(translate, names)}
        for word in words:
            codes.setdefault(plain_name(word), country.alpha_2)
    return codes


@cache
def _provinces(country: str, language: str) -> Mapping[str, frozenset[str]]:
    """Return the keys of a country's provinces by each plain name that they have in a language."""
    translate = _translator(_PROVINCES, language)
    named: dict[str, set[str]] = {}
    for province in pycountry.subdivisions.get(country_code=country) or ():  # type: ignore[no-untyped-call]
        own = {plain_name(province.code.partition("-")[2]), *_spellings(province.name)}
        for name in (*_spellings(province.name), *_spellings(translate(province.name))):
            named.setdefault(name, set()).update(own)
    return {name: frozenset(keys) for name, keys in named.items()}


def _spellings(name: str) -> list[str]:
    """Return a name in plain, whole and by its alternatives, with and without the kind of a Japanese prefecture."""
    parts = [part for part in (name, *_ALTERNATIVES.split(name)) if part.strip()]
    both = [form for part in parts for form in (part.strip(), _KIND_OF_PREFECTURE.sub("", part.strip()))]
    return list(dict.fromkeys(filter(None, map(plain_name, both))))


def _translator(domain: str, language: str) -> Callable[[str], str]:
    return gettext.translation(domain, pycountry.LOCALES_DIR, languages=[language], fallback=True).gettext
