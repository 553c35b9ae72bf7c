"""The configuration table of a seeded shop."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from orderferry.prestashop.embedded.rows import TableRows
from orderferry.prestashop.embedded.schema import release
from orderferry.prestashop.embedded.seed import ShopSeed

# Values in force in a fresh Italian shop (prestashop-order-rows/settings.json) and what its forms ask for.
CONFIGURATION: Mapping[str, str] = {
    "PS_LANG_DEFAULT": "1",
    "PS_CURRENCY_DEFAULT": "1",
    "PS_COUNTRY_DEFAULT": "10",
    "PS_SHOP_DEFAULT": "1",
    "PS_SHOP_NAME": "Bottega di prova",
    "PS_SHOP_EMAIL": "shop@shop.example",
    "PS_SHOP_DETAILS": "P. IVA 00000000000",
    "PS_SHOP_ADDR1": "Via dei Mercanti 1",
    "PS_SHOP_CODE": "20121",
    "PS_SHOP_CITY": "Milano",
    "PS_SHOP_COUNTRY": "Italia",
    "PS_SHOP_COUNTRY_ID": "10",
    "PS_ROUND_TYPE": "2",
    "PS_PRICE_ROUND_MODE": "2",
    "PS_TAX": "1",
    "PS_TAX_ADDRESS_TYPE": "id_address_delivery",
    "PS_USE_ECOTAX": "0",
    "PS_GIFT_WRAPPING": "1",
    "PS_GIFT_WRAPPING_TAX_RULES_GROUP": "1",
    "PS_INVOICE": "1",
    "PS_DELIVERY_NUMBER": "",
    "PS_STOCK_MANAGEMENT": "1",
    "PS_ORDER_OUT_OF_STOCK": "0",
    "PS_PACK_STOCK_TYPE": "0",
    "PS_STOCK_CUSTOMER_ORDER_REASON": "3",
    "PS_STOCK_CUSTOMER_RETURN_REASON": "8",
    "PS_CARRIER_DEFAULT": "2",
    "PS_SHIPPING_HANDLING": "2",
    "PS_SHIPPING_FREE_PRICE": "0",
    "PS_UNIDENTIFIED_GROUP": "1",
    "PS_GUEST_GROUP": "2",
    "PS_CUSTOMER_GROUP": "3",
    "PS_GUEST_CHECKOUT_ENABLED": "1",
    "PS_WEIGHT_UNIT": "kg",
    "PS_OS_CHEQUE": "1",
    "PS_OS_PAYMENT": "2",
    "PS_OS_PREPARATION": "3",
    "PS_OS_SHIPPING": "4",
    "PS_OS_DELIVERED": "5",
    "PS_OS_CANCELED": "6",
    "PS_OS_REFUND": "7",
    "PS_OS_ERROR": "8",
    "PS_OS_OUTOFSTOCK": "9",
    "PS_OS_OUTOFSTOCK_PAID": "9",
    "PS_OS_BANKWIRE": "10",
    "PS_OS_WS_PAYMENT": "11",
    "PS_OS_OUTOFSTOCK_UNPAID": "12",
}


class VersionedSetting(NamedTuple):
    """A value that only some releases have: from `first` up to, but without, `end`."""

    name: str
    value: str
    first: tuple[int, ...]
    end: tuple[int, ...]


VERSIONED = (
    VersionedSetting("PS_PRICE_DISPLAY_PRECISION", "2", (1, 6), (1, 7, 7)),
    VersionedSetting("PS_ADVANCED_STOCK_MANAGEMENT", "0", (1, 6), (9,)),
    VersionedSetting("PS_ENABLE_BACKORDER_STATUS", "0", (8, 1), (10,)),
)


def setting_rows(seed: ShopSeed, version: str) -> Iterator[TableRows]:
    """Given a seed and a version, yield the configuration."""
    values: dict[str, str | None] = {
        **CONFIGURATION,
        **{setting.name: setting.value for setting in VERSIONED if setting.first <= release(version) < setting.end},
        "PS_VERSION_DB": version,
        "PS_INSTALL_VERSION": version,
        "PS_TIMEZONE": seed.time_zone,
        "PS_MULTISHOP_FEATURE_ACTIVE": str(int(len(seed.shops) > 1)),
        **seed.configuration,
    }
    kept = [(name, value) for name, value in values.items() if value is not None]
    yield (
        "configuration",
        [{"id_configuration": number, "name": name, "value": value} for number, (name, value) in enumerate(kept, 1)],
    )
