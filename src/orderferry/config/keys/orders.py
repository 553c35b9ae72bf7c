"""The keys of what an order becomes in the shop, and of how Amazon's things are found there.

[orders], [customers], [invoices], [stock], [marketplace], [products], [carriers] and [taxes].
"""

from __future__ import annotations

from orderferry.config import kinds
from orderferry.config.kinds import NAME_OR_ID, Key, choice, choices, duration

_STATE = "The order state, by id or name, for"
_OWN = "the shop's own"

ORDERS = (
    Key(
        "orders.since",
        kinds.MOMENT,
        "Orders created before it are ignored (but for `--order`). The first import of a new ledger goes back to it.",
        example="2026-11-23T06:00:00Z",
        without="nothing is too old",
    ),
    Key(
        "orders.date",
        choice("import", "purchase"),
        "The order's date in the shop; the other one is in the order's note.",
        default='"import"',
    ),
    Key(
        "orders.give_up",
        duration("1d", "365d", "30d"),
        "After that a waiting order is reported as such; it is still looked at daily.",
        default='"30d"',
    ),
    Key("orders.state_paid", NAME_OR_ID, f"{_STATE} new orders.", example="2", without=_OWN),
    Key("orders.state_shipped", NAME_OR_ID, f"{_STATE} shipped orders.", example="4", without=_OWN),
    Key("orders.state_cancelled", NAME_OR_ID, f"{_STATE} cancelled orders.", example="6", without=_OWN),
    Key(
        "orders.state_fba",
        NAME_OR_ID,
        f"{_STATE} orders that Amazon fulfils.",
        example='"Shipped by Amazon"',
        without="the shop's own for shipped",
    ),
    Key("orders.state_prime", NAME_OR_ID, f"{_STATE} new Prime orders.", example='"Prime"', without="as paid"),
    Key(
        "orders.state_business",
        NAME_OR_ID,
        f"{_STATE} new orders of businesses.",
        example='"Amazon Business"',
        without="as paid",
    ),
    Key(
        "orders.state_cancel_requested",
        NAME_OR_ID,
        f"{_STATE} orders whose buyer asks to cancel.",
        example='"Cancellation requested"',
        without="a note in the order",
    ),
    Key(
        "orders.payment_label",
        kinds.LABEL,
        "The payment method that the shop shows; `{marketplace}` and `{country}` are filled in.",
        default='"Amazon"',
    ),
    Key("orders.module_name", kinds.MODULE_NAME, "The module that the order comes from.", default='"orderferry"'),
)

CUSTOMERS = (
    Key(
        "customers.mode",
        choice("order", "alias", "fixed"),
        "One guest for each order, one for each anonymised address of Amazon's, or one account for all.",
        default='"order"',
    ),
    Key(
        "customers.account",
        NAME_OR_ID,
        'With mode "fixed": the customer\'s id or e-mail in the shop.',
        example='"amazon@example.com"',
    ),
    Key(
        "customers.email",
        choice("undeliverable", "amazon"),
        "The guest's e-mail: an address that no mail reaches, or the one that Amazon gives.",
        default='"undeliverable"',
    ),
    Key(
        "customers.group",
        NAME_OR_ID,
        "The customer group, by id or name.",
        example='"Amazon"',
        without="the shop's guest group",
    ),
    Key(
        "customers.business_group",
        NAME_OR_ID,
        "The group of business buyers.",
        example='"Amazon Business"',
        without="as group",
    ),
    Key(
        "customers.phone_fallback",
        kinds.PHONE,
        "The phone where Amazon gives none (labels often need one).",
        example='"+39 000 000000"',
    ),
)

INVOICES = (
    Key(
        "invoices.mode",
        choice("state", "shipped", "never"),
        '"state": an invoice when the order state says so; "shipped": when Amazon has shipped the order (fewer credit '
        'slips, and the invoice is of the month of the supply); "never": Amazon or another program invoices.',
        default='"state"',
    ),
    Key(
        "invoices.business",
        choice("state", "shipped", "never"),
        "The same for business buyers.",
        example='"never"',
        without="as mode",
    ),
)

STOCK = (
    Key("stock.regular", choice("move", "none"), "The shop's stock for regular orders.", default='"move"'),
    Key("stock.fba", choice("move", "none"), "The shop's stock for orders that Amazon fulfils.", default='"none"'),
)

MARKETPLACE = (
    Key(
        "marketplace.<CODE>.shop",
        NAME_OR_ID,
        "The shop of a multishop, by id or name.",
        example="1",
        without="the default shop",
    ),
    Key(
        "marketplace.<CODE>.lang",
        NAME_OR_ID,
        "The order's language, by id or ISO code.",
        example='"de"',
        without="the shop's default language",
    ),
    Key(
        "marketplace.<CODE>.vat_by_amazon",
        kinds.BOOLEAN_OR_AUTO,
        'The seller is in Amazon\'s VAT Calculation Service: a tax of 0 is 0 %. "auto": as soon as Amazon has told '
        "tax above 0 there that the seller owes.",
        default='"auto"',
    ),
)


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
