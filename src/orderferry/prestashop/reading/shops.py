"""What is read once a run: settings, shops, languages and currencies."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from decimal import Decimal

import sqlalchemy as sa

from orderferry.prestashop.database.tables import ShopTables
from orderferry.prestashop.database.values import as_decimal, as_flag, as_int, as_text
from orderferry.prestashop.facts import Currency, ShopUnit

Configuration = Mapping[tuple[str, int, int], str]

# Currencies whose smallest unit is not a hundredth (ISO 4217).
_DECIMALS = {
    **dict.fromkeys(("BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "VND", "VUV"), 0),
    **dict.fromkeys(("XAF", "XOF", "XPF"), 0),
    **dict.fromkeys(("BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"), 3),
}
_USUAL_DECIMALS = 2


def read_configuration(connection: sa.Connection, tables: ShopTables) -> Configuration:
    """`configuration`: PrestaShop's own settings (PS_…) but those of its mailer, by name, shop group and shop."""
    table = tables["configuration"]
    rows = connection.execute(
        sa.select(table.c.name, table.c.id_shop_group, table.c.id_shop, table.c.value)
        .where(table.c.name.startswith("PS_", autoescape=True), ~table.c.name.startswith("PS_MAIL_", autoescape=True))
        .order_by(table.c.id_configuration)
    )
    return {(as_text(name), as_int(group), as_int(shop)): as_text(value) for name, group, shop, value in rows}


def shop_version(configuration: Configuration) -> str:
    """The version that the database's tables belong to: PS_VERSION_DB, else the installed one; '' when unknown."""
    return configuration.get(("PS_VERSION_DB", 0, 0)) or configuration.get(("PS_INSTALL_VERSION", 0, 0), "")


def read_shops(connection: sa.Connection, tables: ShopTables) -> Mapping[int, ShopUnit]:
    """`shop` with `shop_group`: the shops that are not deleted."""
    shop, group = tables["shop"], tables["shop_group"]
    rows = connection.execute(
        sa.select(
            shop.c.id_shop,
            shop.c.id_shop_group,
            shop.c.name,
            group.c.share_stock,
            group.c.share_customer,
            group.c.share_order,
        )
        .join_from(shop, group, group.c.id_shop_group == shop.c.id_shop_group, isouter=True)
        .where(shop.c.deleted == 0)
        .order_by(shop.c.id_shop)
    )
    return {
        as_int(id_shop): ShopUnit(
            as_int(id_shop), as_int(id_group), as_text(name), as_flag(stock), as_flag(customer), as_flag(order)
        )
        for id_shop, id_group, name, stock, customer, order in rows
    }


def read_languages(connection: sa.Connection, tables: ShopTables) -> Mapping[str, int]:
    """`lang`: the active languages by ISO code."""
    table = tables["lang"]
    rows = connection.execute(
        sa.select(table.c.iso_code, table.c.id_lang).where(table.c.active == 1).order_by(table.c.id_lang.desc())
    )
    return {as_text(iso).lower(): as_int(id_lang) for iso, id_lang in rows}


def read_currencies(
    connection: sa.Connection, tables: ShopTables, configuration: Configuration
) -> Mapping[str, Currency]:
    """`currency` and `currency_shop`: by ISO code, the active one where two rows have the same."""
    table = tables["currency"]
    rows = connection.execute(
        sa.select(
            table.c.id_currency,
            table.c.iso_code,
            table.c.conversion_rate,
            table.c.active,
            tables.column("currency", "precision"),
            tables.column("currency", "decimals", 1),
        )
        .where(table.c.deleted == 0)
        .order_by(table.c.active, table.c.id_currency.desc())
    ).all()
    shop_rates = _shop_rates(connection, tables)
    display = configuration.get(("PS_PRICE_DISPLAY_PRECISION", 0, 0), "")
    return {
        as_text(iso).upper(): Currency(
            id=as_int(id_currency),
            iso=as_text(iso).upper(),
            rate=as_decimal(rate) or Decimal(1),
            decimals=_decimals(as_text(iso).upper(), precision, display if as_flag(decimals) else "0"),
            active=as_flag(active),
            shop_rates=shop_rates.get(as_int(id_currency), {}),
        )
        for id_currency, iso, rate, active, precision, decimals in rows
    }


def _shop_rates(connection: sa.Connection, tables: ShopTables) -> Mapping[int, Mapping[int, Decimal]]:
    rates: dict[int, dict[int, Decimal]] = defaultdict(dict)
    if tables.has("currency_shop"):
        table = tables["currency_shop"]
        for id_currency, id_shop, rate in connection.execute(
            sa.select(table.c.id_currency, table.c.id_shop, table.c.conversion_rate)
        ):
            rates[as_int(id_currency)][as_int(id_shop)] = as_decimal(rate)
    return rates


def _decimals(iso: str, precision: object, display: str) -> int:
    """The least of the currency's own decimals and the shop's: `currency.precision` (1.7.6 and newer), before it
    PS_PRICE_DISPLAY_PRECISION, or none where the currency was set to show no decimals (1.6)."""
    own = _DECIMALS.get(iso, _USUAL_DECIMALS)
    if precision is not None:
        return min(own, as_int(precision))
    return min(own, as_int(display)) if display.isdigit() else own
