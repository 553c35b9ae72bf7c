"""Invented buyers: a name and an address in the right country for every order id, always the same ones.

Names, streets and telephone numbers are made up; nothing here belongs to a person. Some are awkward on purpose: one
word, very long, with apostrophes, with a company in the first line, without a region.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Locale:
    """The raw material of one country. `places` are (city, region, postal code)."""

    names: tuple[str, ...]
    streets: tuple[str, ...]
    places: tuple[tuple[str, str, str], ...]
    phone: str


@dataclass(frozen=True, slots=True)
class Person:
    """A buyer: `address` has the fields of Amazon's `deliveryAddress`; `alias` is the local part of the e-mail."""

    name: str
    alias: str
    address: dict[str, str]


_GERMAN = ("Anna Schäfer", "Jürgen Weiß", "Lena Groß-Bülow", "Max Öttinger", "Dr. Karl Friedrich von der Lüneburg")
_FRENCH = ("Élodie Lefèvre", "Jean-Luc d'Aubigné", "Noëlle Çelik", "Maïté Garçon", "Émile")
_ENGLISH = ("Grace O'Hara", "Tom Ashworth", "Priya Nair", "Siobhán Kelly", "J. R. Whitcombe-Langley III")

COUNTRIES: dict[str, Locale] = {
    "DE": Locale(
        _GERMAN,
        ("Lindenstraße {n}", "Am Mühlbach {n} a", "Hauptstr. {n}"),
        (("Köln", "Nordrhein-Westfalen", "50667"), ("München", "Bayern", "80331"), ("Görlitz", "", "02826")),
        "+49 30 23125 {n:03d}",
    ),
    "AT": Locale(_GERMAN, ("Ringgasse {n}",), (("Wien", "", "1010"), ("Graz", "Steiermark", "8010")), "+43 1 5550 {n}"),
    "IT": Locale(
        ("Giulia Rossetti", "Niccolò D'Amico", "Chiara Bonfanti", "Maria Grazia De Sanctis", "Ettore"),
        ("Via dei Mille {n}", "Corso Vittorio {n}, interno 4", "P.za dell'Orologio {n}"),
        (("Milano", "MI", "20121"), ("L'Aquila", "AQ", "67100"), ("Reggio nell'Emilia", "RE", "42121")),
        "+39 02 5550 {n:04d}",
    ),
    "FR": Locale(
        _FRENCH,
        ("{n} rue de l'Église", "{n} bis avenue Foch", "Résidence Les Pins, bât. {n}"),
        (("Lyon", "", "69002"), ("Ajaccio", "Corse-du-Sud", "20000"), ("Paris", "Île-de-France", "75011")),
        "+33 1 99 00 {n:02d} 10",
    ),
    "ES": Locale(
        ("María José Ibáñez Ruiz", "Iñigo Etxeberria", "Lucía Peña", "Joan Vidal i Puig"),
        ("Calle del Olmo {n}, 2º B", "Avda. de la Paz {n}"),
        (("Sevilla", "Sevilla", "41001"), ("A Coruña", "A Coruña", "15001"), ("Palma", "Illes Balears", "07001")),
        "+34 910 55 {n:02d} 01",
    ),
    "PT": Locale(
        ("João Conceição", "Inês Gonçalves"), ("Rua do Sol {n}",), (("Porto", "", "4000-123"),), "+351 22 555 {n:04d}"
    ),
    "NL": Locale(
        ("Sanne van 't Hof", "Daan de Vries"),
        ("Kerkstraat {n}-II",),
        (("Utrecht", "", "3511 AB"),),
        "+31 30 555 {n:04d}",
    ),
    "BE": Locale(
        _FRENCH,
        ("Rue Haute {n}", "Stationsstraat {n}"),
        (("Bruxelles", "", "1000"), ("Gent", "", "9000")),
        "+32 2 555 {n:04d}",
    ),
    "LU": Locale(_FRENCH, ("{n}, rue du Fossé",), (("Luxembourg", "", "1536"),), "+352 555 {n:03d}"),
    "IE": Locale(
        _ENGLISH, ("{n} Quay Lane",), (("Cork", "Co. Cork", "T12 X0X0"), ("Dublin", "", "")), "+353 1 555 {n:04d}"
    ),
    "PL": Locale(
        ("Łukasz Żółkiewski", "Małgorzata Śliwa"),
        ("ul. Długa {n} m. 7",),
        (("Łódź", "", "90-001"),),
        "+48 22 555 {n:04d}",
    ),
    "SE": Locale(("Åsa Lindström", "Björn Ek"), ("Storgatan {n}",), (("Malmö", "", "211 34"),), "+46 40 555 {n:03d}"),
    "GB": Locale(
        _ENGLISH,
        ("{n} Orchard Close", "Flat {n}, The Old Mill", "{n}b Station Road"),
        (("Leeds", "West Yorkshire", "LS1 4AP"), ("Belfast", "Northern Ireland", "BT1 5GS"), ("London", "", "N1 9GU")),
        "+44 20 7946 {n:04d}",
    ),
    "US": Locale(
        _ENGLISH,
        ("{n} Maple Ave Apt 3",),
        (("Portland", "OR", "97201"), ("Austin", "TX", "78701")),
        "+1 512-555-01{n:02d}",
    ),
    "CA": Locale(_ENGLISH + _FRENCH, ("{n} Lake Road",), (("Montréal", "QC", "H2X 1Y4"),), "+1 514-555-01{n:02d}"),
    "JP": Locale(
        ("佐藤 花子", "鈴木 一郎"),
        ("中央{n}丁目2-3",),
        (("", "東京都", "104-0061"), ("大阪市", "大阪府", "530-0001")),
        "03-5550-{n:04d}",
    ),
}
_ELSEWHERE = Locale(_ENGLISH, ("{n} Market Street",), (("Capital City", "", "10000"),), "+000 555 {n:04d}")


def person_of(order_id: str, country: str) -> Person:
    """Return the buyer of an order in an ISO country: the same one for the same order id, at any time."""
    source = COUNTRIES.get(country, _ELSEWHERE)
    number = zlib.crc32(order_id.encode())
    name = source.names[number % len(source.names)]
    city, region, postal_code = source.places[number // 7 % len(source.places)]
    house = number // 11 % 98 + 1
    address = {
        "name": name,
        "addressLine1": source.streets[number // 13 % len(source.streets)].format(n=house),
        "city": city,
        "stateOrRegion": region,
        "postalCode": postal_code,
        "countryCode": country,
        "phone": source.phone.format(n=house),
        "addressType": "RESIDENTIAL",
    }
    return Person(name, f"{number:08x}", {key: value for key, value in address.items() if value})
