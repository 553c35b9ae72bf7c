"""Every key of the configuration, once: its name, kind, default and meaning.

Validation, the nearest-key suggestions, `config.example.toml` and `docs/configuration.md` all derive from KEYS. The
names, defaults and meanings are those of the contract's section 3; the defaults live in `model.py`, and a test holds
the two together.
"""

from __future__ import annotations

from dataclasses import replace

from orderferry.config.keys.amazon import AMAZON, OBSERVATION
from orderferry.config.keys.databases import LEDGER, PRESTASHOP
from orderferry.config.keys.key import Key
from orderferry.config.keys.mapping import CARRIERS, PRODUCTS, TAXES
from orderferry.config.keys.orders import CUSTOMERS, INVOICES, MARKETPLACE, ORDERS, STOCK
from orderferry.config.keys.program import ALERTS, EVENTS, INCLUDE, LOGGING

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

__all__ = ["KEYS", "OVERRIDABLE", "OVERRIDES", "Key"]
