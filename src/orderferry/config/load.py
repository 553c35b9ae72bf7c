"""Builds the Settings of one shop from a validated configuration."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, replace
from pathlib import Path
from typing import Any, TypeVar

from orderferry.config.database import Database, find_database
from orderferry.config.database_url import TLS_KEYS, DatabaseUrl
from orderferry.config.keys import KEYS, OVERRIDABLE, default_of
from orderferry.config.lines import KeyPath
from orderferry.config.model import (
    AlertsSettings,
    AmazonSettings,
    CarriersSettings,
    CustomersSettings,
    InvoicesSettings,
    LedgerSettings,
    LoggingSettings,
    MarketplaceSettings,
    ObservationSettings,
    OrdersSettings,
    PrestashopSettings,
    ProductsSettings,
    Secret,
    Settings,
    StockSettings,
    TaxesSettings,
)
from orderferry.config.read import read_document
from orderferry.config.secrets import exposure
from orderferry.config.validate import Findings, validate
from orderferry.domain.marketplaces import ENDPOINTS, TOKEN_URL, Region
from orderferry.errors import ConfigError

_HINT = "Every key is explained in config.example.toml and docs/configuration.md."
_Table = TypeVar(
    "_Table", OrdersSettings, CarriersSettings, CustomersSettings, TaxesSettings, ProductsSettings, InvoicesSettings
)

_SECRET_KEYS = frozenset(key.path for key in KEYS if key.kind.secret)


def load_settings(path: Path, environ: Mapping[str, str]) -> Settings:
    """Return the settings of a configuration file and the environment.

    Reads the files that it includes, those with secrets, and the shop's own PHP file. Raise ConfigError with all
    `problems` at once, each one line with file, line and key.
    """
    findings = validate(read_document(path), environ)
    database = find_database(findings)
    problems = findings.problems
    if problems or database is None:
        count = "one mistake" if len(problems) == 1 else f"{len(problems)} mistakes"
        raise ConfigError(f"{path} has {count}.", hint=_HINT, problems=problems)
    return _settings(path.absolute(), findings, database)


def configuration_name(path: Path) -> str:
    """Return the name of a configuration: its file's, without .toml."""
    return path.stem if path.suffix == ".toml" else path.name


def _settings(path: Path, findings: Findings, database: Database) -> Settings:
    values = findings.values
    defaults = MarketplaceSettings()
    shared: dict[str, Any] = {name: _merged(getattr(defaults, name), values, (name,)) for name in OVERRIDABLE}
    alerts = _table(values, ("alerts",))
    alerts |= {name: Secret(value) for name, value in alerts.items() if ("alerts", name) in _SECRET_KEYS}
    return Settings(
        path=path,
        name=configuration_name(path),
        amazon=_amazon(values),
        prestashop=_prestashop(values, database),
        ledger=_ledger(path, values, database),
        observation=ObservationSettings(**_table(values, ("observation",))),
        products=_merged(ProductsSettings(), values, ("products",)),
        stock=StockSettings(**_table(values, ("stock",))),
        marketplaces={
            code: MarketplaceSettings(
                **_table(values, ("marketplace", code)),
                **{name: _merged(base, values, ("marketplace", code, name)) for name, base in shared.items()},
            )
            for code in sorted({key[1] for key in values if key[0] == "marketplace"})
        },
        **{f"events_{name}": value for name, value in _table(values, ("events",)).items()},
        alerts=AlertsSettings(**alerts),
        logging=LoggingSettings(**{name: str(value) for name, value in _table(values, ("logging",)).items()}),
        exposed=exposure(findings.document),
        **shared,
    )


def _table(values: Mapping[KeyPath, object], table: KeyPath) -> dict[str, Any]:
    """Return the keys that stand directly in one table."""
    return {path[-1]: value for path, value in values.items() if path[:-1] == table}


def _merged(base: _Table, values: Mapping[KeyPath, object], table: KeyPath) -> _Table:
    """Return `base` with the keys of a table over it; maps are merged entry by entry."""
    own = _table(values, table)
    names = {field.name for field in fields(base)}
    changes = {name: value for name, value in own.items() if name in names}
    if isinstance(base, TaxesSettings):
        countries = {name: value for name, value in own.items() if name not in names}
        changes["by_country"] = {**base.by_country, **countries}
    elif isinstance(base, CarriersSettings | ProductsSettings):
        changes["map"] = {**base.map, **_table(values, (*table, "map"))}
        if isinstance(base, ProductsSettings):
            changes["fees"] = {**base.fees, **_table(values, (*table, "fees"))}
    return replace(base, **changes)


def _amazon(values: Mapping[KeyPath, object]) -> AmazonSettings:
    given = _table(values, ("amazon",))
    region = Region(given.pop("region", default_of("amazon.region")))
    secrets = {name: Secret(given.pop(name)) for name in ("client_secret", "refresh_token")}
    return AmazonSettings(
        **{"region": region, "endpoint": ENDPOINTS[region], "token_url": TOKEN_URL, **given, **secrets}
    )


def _prestashop(values: Mapping[KeyPath, object], database: Database) -> PrestashopSettings:
    given = _table(values, ("prestashop",))
    names = {field.name for field in fields(PrestashopSettings)} - {"url"}
    own = {name: value for name, value in given.items() if name in names}
    prefix = {"table_prefix": database.table_prefix} if database.table_prefix else {}
    return PrestashopSettings(
        url=Secret(database.url.text),
        location=database.url.location,
        shop_folder=database.shop_folder,
        password_from=database.password_from,
        **{**prefix, **own},
    )


def _ledger(path: Path, values: Mapping[KeyPath, object], database: Database) -> LedgerSettings:
    given = _table(values, ("ledger",))
    url = given.get("url")
    if isinstance(url, DatabaseUrl):
        url = _as_safe(url, database.url, {name: _table(values, ("prestashop",)).get(name) for name in TLS_KEYS})
    return LedgerSettings(
        path=given.get("path", path.with_name(f"{configuration_name(path)}.ledger.sqlite")),
        url=Secret(url.text) if isinstance(url, DatabaseUrl) else Secret(),
    )


def _as_safe(ledger: DatabaseUrl, shop: DatabaseUrl, files: Mapping[str, object]) -> DatabaseUrl:
    """Return the ledger's address; where it is on the shop's own server, with the TLS that is configured for that."""
    if ledger.server != shop.server or set(dict(ledger.query)) & set(TLS_KEYS):
        return ledger
    return replace(ledger, query=(*ledger.query, *((name, str(path)) for name, path in files.items() if path)))
