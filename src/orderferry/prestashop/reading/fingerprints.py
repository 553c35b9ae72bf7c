"""A short text that changes with the taxes: a run compares it with the one that the run before has kept."""

from __future__ import annotations

import hashlib

from orderferry.config.model import Settings
from orderferry.prestashop.facts import ShopFacts


def tax_fingerprint(settings: Settings, facts: ShopFacts) -> str:
    """A short text that differs when taxes in the shop or in the configuration differ."""
    parts = [
        sorted(facts.taxes.items()),
        sorted(facts.tax_rules.items()),
        sorted(facts.carrier_tax_groups.items()),
        sorted((code, str(rate)) for code, rate in settings.taxes.by_country.items()),
        settings.taxes.missing,
        settings.taxes.collected_by_amazon,
        sorted(
            (code, sorted((country, str(rate)) for country, rate in own.taxes.by_country.items()), own.vat_by_amazon)
            for code, own in settings.marketplaces.items()
        ),
    ]
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:16]
