"""Short texts that differ when something in the shop or in the configuration has changed since the last run."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

from orderferry import __version__
from orderferry.config.model import Settings
from orderferry.prestashop.facts import ShopFacts, Table


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
    return _short(parts)


def column_fingerprint(tables: Mapping[str, Table]) -> str:
    """A short text that differs when a table has other columns, or one that must have a value or no longer must; and
    for another version of this program, whose rows may be others."""
    columns = [
        (name, [(one.name, one.nullable, one.has_default, one.neutral, one.primary) for one in table.columns.values()])
        for name, table in sorted(tables.items())
    ]
    return _short([__version__, columns])


def _short(parts: object) -> str:
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:16]
