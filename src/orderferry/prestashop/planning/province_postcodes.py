"""Provinces by the beginning of a postcode, for addresses whose region says nothing: ISO 3166-2 without the country.

Spain's postcodes begin with the number of the province (Correos); France's with the department's, Corsica's two apart
(Insee). Elsewhere postcodes cross the borders of provinces. Data.
"""

from __future__ import annotations

from collections.abc import Mapping

# In the order of the numbers 01 to 52.
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

# Countries whose provinces bear the names of their capitals (never so in the United States: Washington, New York).
NAMED_LIKE_CAPITALS = frozenset({"IT", "ES"})
