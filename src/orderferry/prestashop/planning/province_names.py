"""Names of provinces that neither PrestaShop's localisation packs nor ISO 3166-2 and its translations have: by country,
plain name -> ISO 3166-2 without the country.

English names, second official languages and short forms, as Amazon's address forms give them. A code that was replaced
stands before the new one. Data.
"""

from __future__ import annotations

from collections.abc import Mapping

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
