"""The keys of what an order becomes in the shop: [orders], [customers], [invoices], [stock] and [marketplace]."""

from __future__ import annotations

from orderferry.config import kinds
from orderferry.config.keys.key import Key
from orderferry.config.kinds import NAME_OR_ID, choice, duration

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
