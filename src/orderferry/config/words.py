"""The words of the user's that stand in the names of keys: SKUs, countries, marketplaces, service levels."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from orderferry.domain.marketplaces import find_marketplace
from orderferry.domain.territories import TERRITORIES, country_code

# ISO 3166-1 alpha-2, and XK, which postal services and Amazon use for Kosovo.
COUNTRIES = frozenset(
    """
    AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT BV BW BY BZ
    CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI FJ FK FM FO FR
    GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR IS IT
    JE JM JO JP KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO
    MP MQ MR MS MT MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW PY
    QA RE RO RS RU RW SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG TH TJ TK TL TM TN TO
    TR TT TV TW TZ UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS YE YT ZA ZM ZW XK
    """.split()  # noqa: SIM905
)
_TERRITORIES = frozenset(territory.code for territory in TERRITORIES) - {""}  # XI, IC and EA stand beside the list
FEES = ("default", "cod_fee", "delivery_tip", "other", "gift_wrap")
_REGION = re.compile(r"[A-Z0-9]{1,3}")
_SERVICE_LEVEL = re.compile(r"[A-Z0-9_]+")


@dataclass(frozen=True, slots=True)
class KeyPlaceholder:
    """`label` says what is expected; `read` returns the word in the form that we keep, or None when it is none."""

    label: str
    read: Callable[[str], str | None]


def _sku(word: str) -> str | None:
    return word.strip() or None


def _country(word: str) -> str | None:
    """A country, or with a hyphen one of its regions by ISO 3166-2, whose codes are not looked up."""
    country, hyphen, region = word.strip().upper().partition("-")
    code = country_code(country)
    if code not in COUNTRIES and code not in _TERRITORIES:
        return None
    return f"{code}-{region}" if _REGION.fullmatch(region) else None if hyphen else code


def _marketplace(word: str) -> str | None:
    marketplace = find_marketplace(word)
    return marketplace.code if marketplace else None


def _service_level(word: str) -> str | None:
    """Amazon may add service levels, so any word of their form is good."""
    level = word.strip().upper().replace("-", "_").replace(" ", "_")
    return level if _SERVICE_LEVEL.fullmatch(level) else None


def _fee(word: str) -> str | None:
    return word if word in FEES else None


WORDS: dict[str, KeyPlaceholder] = {
    "<SKU>": KeyPlaceholder("a SKU", _sku),
    "<COUNTRY>": KeyPlaceholder("a country code of ISO 3166-1", _country),
    "<CODE>": KeyPlaceholder("a marketplace's country code or id", _marketplace),
    "<FEE>": KeyPlaceholder(f"a fee ({', '.join(FEES)})", _fee),
    "<SERVICE_LEVEL>": KeyPlaceholder("a service level", _service_level),
}
