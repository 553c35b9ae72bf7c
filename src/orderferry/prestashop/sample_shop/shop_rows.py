"""Make the rows of the sample shop itself: shops and groups, languages, customer groups, people, hooks, settings."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from orderferry.prestashop.database.values import version_numbers
from orderferry.prestashop.sample_shop.schema import Row, TableRows, per_shop
from orderferry.prestashop.sample_shop.seed import ShopSeed

HOME_CATEGORY = 2
LANGUAGE_NAMES: Mapping[str, tuple[str, str]] = {
    "it": ("Italiano (Italian)", "it-IT"),
    "en": ("English (English)", "en-US"),
    "de": ("Deutsch (German)", "de-DE"),
    "fr": ("Français (French)", "fr-FR"),
    "es": ("Español (Spanish)", "es-ES"),
}
CUSTOMER_GROUPS = (("Visitor", "Visitatore"), ("Guest", "Ospite"), ("Customer", "Cliente"))

REASONS = (  # stock_mvt_reason: sign, English, Italian
    (1, "Increase", "Aumento"),
    (-1, "Decrease", "Diminuzione"),
    (-1, "Customer order", "Ordine del cliente"),
    (-1, "Regulation after an inventory", "Rettifica d'inventario"),
    (1, "Regulation after an inventory", "Rettifica d'inventario"),
    (-1, "Transfer to another warehouse", "Trasferimento a un altro magazzino"),
    (1, "Transfer from another warehouse", "Trasferimento da un altro magazzino"),
    (1, "Product return", "Reso"),
)

MODULES = ("ps_wirepayment", "ps_checkpayment", "ps_emailalerts", "ps_crossselling")
HOOKS: Mapping[str, tuple[str, ...]] = {  # hook -> the modules that listen
    "actionValidateOrder": ("ps_emailalerts",),
    "actionPaymentConfirmation": (),
    "actionOrderStatusUpdate": (),
    "actionOrderStatusPostUpdate": ("ps_crossselling",),
    "actionUpdateQuantity": ("ps_emailalerts",),
    "actionObjectOrderAddAfter": (),
    "paymentOptions": ("ps_wirepayment", "ps_checkpayment"),
}
HOOK_ALIASES: Mapping[str, str] = {  # old name -> name
    "newOrder": "actionValidateOrder",
    "paymentConfirm": "actionPaymentConfirmation",
    "updateOrderStatus": "actionOrderStatusUpdate",
    "postUpdateOrderStatus": "actionOrderStatusPostUpdate",
    "updateQuantity": "actionUpdateQuantity",
}

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
# Settings that only some releases have: name, value, from which release on, and before which one (empty: to this day).
VERSIONED: tuple[tuple[str, str, tuple[int, ...], tuple[int, ...]], ...] = (
    ("PS_PRICE_DISPLAY_PRECISION", "2", (1, 6), (1, 7, 7)),
    ("PS_ADVANCED_STOCK_MANAGEMENT", "0", (1, 6), (9,)),
    ("PS_ENABLE_BACKORDER_STATUS", "0", (8, 1), ()),
)


def shop_rows(seed: ShopSeed) -> Iterator[TableRows]:
    """Yield the rows that make the shop itself."""
    yield from _shops(seed)
    yield from _languages(seed)
    yield from _customer_groups(seed)
    yield from _people(seed)
    yield from _stock_reasons(seed)
    yield from _modules(seed)


def translated(seed: ShopSeed, key: str, names: tuple[tuple[str, str], ...], column: str = "name") -> list[Row]:
    """Return the rows of a `…_lang` table for ids from 1; `names`: (English, Italian)."""
    return [
        {key: number, "id_lang": id_lang, column: italian if iso == "it" else english}
        for number, (english, italian) in enumerate(names, 1)
        for id_lang, iso in zip(seed.lang_ids, seed.languages, strict=True)
    ]


def _shops(seed: ShopSeed) -> Iterator[TableRows]:
    yield (
        "shop_group",
        [
            {
                "id_shop_group": number,
                "name": group.name,
                "share_customer": int(group.share_customer),
                "share_order": int(group.share_order),
                "share_stock": int(group.share_stock),
                "active": 1,
            }
            for number, group in enumerate(seed.groups, 1)
        ],
    )
    common = {"id_category": HOME_CATEGORY, "id_theme": 1, "theme_name": "classic", "active": 1}
    yield (
        "shop",
        [
            {"id_shop": id_shop, "id_shop_group": shop.group, "name": shop.name, **common}
            for id_shop, shop in zip(seed.shop_ids, seed.shops, strict=True)
        ],
    )
    yield (
        "shop_url",
        [
            {
                "id_shop_url": id_shop,
                "id_shop": id_shop,
                "domain": shop.domain,
                "domain_ssl": shop.domain,
                "physical_uri": "/",
                "main": 1,
                "active": 1,
            }
            for id_shop, shop in zip(seed.shop_ids, seed.shops, strict=True)
        ],
    )


def _languages(seed: ShopSeed) -> Iterator[TableRows]:
    rows: list[Row] = []
    for id_lang, iso in zip(seed.lang_ids, seed.languages, strict=True):
        name, code = LANGUAGE_NAMES.get(iso, (iso.upper(), f"{iso}-{iso.upper()}"))
        rows.append(
            {
                "id_lang": id_lang,
                "name": name,
                "active": 1,
                "iso_code": iso,
                "language_code": code.lower(),
                "locale": code,
                "date_format_lite": "d/m/Y",
                "date_format_full": "d/m/Y H:i:s",
            }
        )
    yield "lang", rows
    yield "lang_shop", per_shop(seed.shop_ids, [{"id_lang": id_lang} for id_lang in seed.lang_ids])


def _customer_groups(seed: ShopSeed) -> Iterator[TableRows]:
    ids: list[Row] = [{"id_group": number} for number, _ in enumerate(CUSTOMER_GROUPS, 1)]
    yield "group", ids
    yield "group_lang", translated(seed, "id_group", CUSTOMER_GROUPS)
    yield "group_shop", per_shop(seed.shop_ids, ids)
    yield "gender", [{"id_gender": 1, "type": 0}, {"id_gender": 2, "type": 1}]
    yield "gender_lang", translated(seed, "id_gender", (("Mr", "Sig."), ("Mrs", "Sig.ra")))


def _people(seed: ShopSeed) -> Iterator[TableRows]:
    yield "profile", [{"id_profile": 1}]
    yield (
        "employee",
        [
            {
                "id_employee": 1,
                "id_profile": 1,
                "id_lang": 1,
                "lastname": "Admin",
                "firstname": "Ada",
                "email": "admin@shop.example",
                "active": 1,
            }
        ],
    )
    yield "employee_shop", per_shop(seed.shop_ids, [{"id_employee": 1}])
    yield (
        "contact",
        [
            {"id_contact": number, "email": "shop@shop.example", "customer_service": 1, "position": number}
            for number in (1, 2)
        ],
    )


def _stock_reasons(seed: ShopSeed) -> Iterator[TableRows]:
    rows: list[Row] = [{"id_stock_mvt_reason": n, "sign": sign} for n, (sign, _, _) in enumerate(REASONS, 1)]
    yield "stock_mvt_reason", rows
    yield (
        "stock_mvt_reason_lang",
        translated(seed, "id_stock_mvt_reason", tuple((english, italian) for _, english, italian in REASONS)),
    )


def _modules(seed: ShopSeed) -> Iterator[TableRows]:
    modules = {name: number for number, name in enumerate(MODULES, 1)}
    hooks = {name: number for number, name in enumerate(HOOKS, 1)}
    yield (
        "module",
        [{"id_module": number, "name": name, "active": 1, "version": "2.0.0"} for name, number in modules.items()],
    )
    yield "module_shop", per_shop(seed.shop_ids, [{"id_module": n} for n in modules.values()])
    yield "hook", [{"id_hook": number, "name": name, "title": name} for name, number in hooks.items()]
    yield "hook_alias", [{"alias": alias, "name": name} for alias, name in HOOK_ALIASES.items()]
    listeners: list[Row] = [
        {"id_module": modules[module], "id_hook": hooks[hook], "position": position}
        for hook, listening in HOOKS.items()
        for position, module in enumerate(listening, 1)
    ]
    yield "hook_module", per_shop(seed.shop_ids, listeners)


def setting_rows(seed: ShopSeed, version: str) -> Iterator[TableRows]:
    """Yield the configuration of a shop of this version."""
    numbers = version_numbers(version)
    values: dict[str, str | None] = {
        **CONFIGURATION,
        **{name: value for name, value, first, end in VERSIONED if first <= numbers and (not end or numbers < end)},
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
