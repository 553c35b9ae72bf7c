"""Every key of the configuration, once: its name, kind, default and meaning.

Validation, the nearest-key suggestions, the defaults of the settings (`model.py`), `config.example.toml`,
`docs/configuration.md` and `init` all derive from KEYS.
"""

from __future__ import annotations

import tomllib
from dataclasses import replace
from decimal import Decimal
from typing import Any

from orderferry.config.keys.connections import AMAZON, LEDGER, OBSERVATION, PRESTASHOP
from orderferry.config.keys.orders import CARRIERS, CUSTOMERS, INVOICES, MARKETPLACE, ORDERS, PRODUCTS, STOCK, TAXES
from orderferry.config.keys.program import ALERTS, EVENTS, INCLUDE, LOGGING
from orderferry.config.kinds import Key

# In the order of the example and of the reference.
KEYS: tuple[Key, ...] = (
    *(*INCLUDE, *AMAZON, *PRESTASHOP, *OBSERVATION, *ORDERS, *PRODUCTS, *CARRIERS, *CUSTOMERS, *TAXES),
    *(*INVOICES, *STOCK, *MARKETPLACE, *LEDGER, *EVENTS, *ALERTS, *LOGGING),
)

# What a marketplace may have for itself: the same keys again, under marketplace.<CODE>.
OVERRIDABLE = ("orders", "carriers", "customers", "taxes", "invoices")
OVERRIDES: tuple[Key, ...] = tuple(
    replace(key, name=f"marketplace.<CODE>.{key.name}") for key in KEYS if key.path[0] in OVERRIDABLE
)

_DEFAULTS = {key.name: key for key in KEYS if key.default}


def default_of(name: str) -> Any:
    """Return the default of a key as the settings keep it. Raise KeyError for a key that has none."""
    key = _DEFAULTS[name]
    return key.kind.read(tomllib.loads(f"value = {key.default}", parse_float=Decimal)["value"])


__all__ = ["KEYS", "OVERRIDABLE", "OVERRIDES", "Key", "default_of"]
