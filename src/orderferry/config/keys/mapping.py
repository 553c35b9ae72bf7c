"""The keys that find Amazon's things in the shop: [products], [carriers] and [taxes]."""

from __future__ import annotations

from orderferry.config import kinds
from orderferry.config.keys.key import Key
from orderferry.config.kinds import NAME_OR_ID, choice, choices

PRODUCTS = (
    Key(
        "products.match",
        choices("reference", "supplier_reference", "ean13", "upc", "mpn"),
        "What an Amazon SKU is compared with, in this order; combinations before products.",
        default='["reference"]',
    ),
    Key(
        "products.unknown",
        choice("hold", "placeholder", "line"),
        "An unknown SKU: hold the order, book it on the product `products.placeholder`, or write a free "
        "line, which PrestaShop drops with its money as soon as the order is edited.",
        default='"hold"',
    ),
    Key(
        "products.placeholder",
        NAME_OR_ID,
        "The reference or id of the product that stands in for unknown SKUs.",
        example='"AMAZON"',
    ),
    Key("products.suffixes", kinds.TEXTS, "Endings to take off a SKU before it is compared.", example='["-FBA"]'),
    Key(
        "products.map.<SKU>",
        NAME_OR_ID,
        "The shop's reference for one SKU (in quotes, if it has more than letters, digits, - and _).",
        example='"B-100"',
    ),
    Key(
        "products.fees.<FEE>",
        kinds.FEES,
        "Where a fee is booked: `cod_fee` (cash on delivery), `delivery_tip`, `other` (other charges), `gift_wrap`; "
        '`default` (or `products.fees = "…"` instead of the table) for all of them. `"product"`: a line on a hidden '
        'product of our own, which stays when the order is edited. `"shipping"`: added to the shipping; gift wrapping '
        "to the order's total of it, which an edit drops. Else the reference of a product of the shop.",
        default='"product"',
    ),
)

CARRIERS = (
    Key(
        "carriers.default",
        NAME_OR_ID,
        "The carrier, by name or id; still found after the shop has edited it. `orderferry check` says which it is.",
        example='"GLS"',
        without="the shop's default carrier",
    ),
    Key(
        "carriers.fba",
        NAME_OR_ID,
        "The carrier for orders that Amazon fulfils. Without one, an edit in the back office gives them another; "
        "`orderferry init --create-carrier` makes one that keeps (docs/editing-orders.md).",
        example='"Amazon"',
        without="none",
    ),
    Key(
        "carriers.map.<SERVICE_LEVEL>",
        NAME_OR_ID,
        "The carrier for one of Amazon's service levels, such as STANDARD, EXPEDITED, NEXT_DAY or SECOND_DAY.",
        example='"DHL Express"',
    ),
)

TAXES = (
    Key(
        "taxes.missing",
        choice("hold", "zero"),
        "A delivery inside the EU (or at home) for which no rate is known; elsewhere it is 0 %.",
        default='"hold"',
    ),
    Key(
        "taxes.collected_by_amazon",
        kinds.NAMES_OR_IDS,
        "The tax of the shop under which tax owed by Amazon (facilitator, IOSS) is booked; of a list, the one whose "
        "rate fits.",
        example='"Collected by Amazon"',
    ),
    Key(
        "taxes.<COUNTRY>",
        kinds.RATE_OR_TAX,
        "For deliveries to one country (ISO 3166-1; XI is Northern Ireland, IC the Canary Islands) or region (ISO "
        "3166-2: PT-20 is the Azores): a rate in percent, or in quotes the name or id of a tax of the shop; wins over "
        "the shop's rules. Parts of a country that are outside its VAT (Canary Islands, Livigno, Åland) don't take the "
        "country's.",
        example="19",
    ),
)
