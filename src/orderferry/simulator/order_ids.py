"""Order ids of Amazon's form 3-7-7: unique by construction, in any number, without a list of those given."""

from __future__ import annotations

# The first three digits as sellers see them, by region of the world (not a rule of Amazon's).
_PREFIXES = {
    "IT": "171", "ES": "402", "DE": "302", "FR": "405", "NL": "404", "BE": "407", "PL": "408", "SE": "403",
    "IE": "206", "GB": "202", "TR": "028", "US": "114", "CA": "702", "MX": "701", "BR": "701", "JP": "250",
    "AU": "250", "SG": "503", "IN": "408", "AE": "405", "SA": "405", "EG": "404", "ZA": "406",
}  # fmt: skip
_SPACE = 10**14
_STRIDE = 61803398874989  # has no factor in common with 10, so that it visits every number once


def order_id(marketplace: str, number: int, seed: int = 0) -> str:
    """Given a country code and a running number (from 0), return an order id; different numbers give different ids.

    `seed` moves the whole sequence, so that two worlds do not use the same ids.
    """
    scattered = (number * _STRIDE + seed * 7919 + 10**13 // 3) % _SPACE
    first, second = divmod(scattered, 10**7)
    return f"{_PREFIXES.get(marketplace, '305')}-{first:07d}-{second:07d}"
