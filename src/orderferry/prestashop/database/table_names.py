"""The tables of PrestaShop that orderferry knows, without prefix. Data."""

from __future__ import annotations

# There in every version; an order can't be written without them.
REQUIRED_TABLES = frozenset(
    """
    address attribute attribute_group attribute_group_lang attribute_lang carrier cart cart_product configuration
    country currency customer customer_group customer_message customer_thread employee group_lang lang order_carrier
    order_detail order_detail_tax order_history order_invoice order_invoice_payment order_invoice_tax order_payment
    order_state order_state_lang orders pack product product_attribute product_attribute_combination
    product_attribute_shop product_lang product_shop shop shop_group state stock_available tax tax_lang tax_rule
    """.split()  # noqa: SIM905 — a list of names reads better as text
)

# Missing in some version, or needed by some shops only.
OPTIONAL_TABLES = frozenset(
    """
    carrier_group carrier_shop carrier_tax_rules_group_shop country_lang currency_shop hook
    hook_module message module order_cart_rule order_slip order_slip_detail product_sale product_supplier
    stock_mvt stock_mvt_reason tax_rules_group
    """.split()  # noqa: SIM905 — a list of names reads better as text
)

OWN_TABLES = frozenset({"orderferry_order", "orderferry_state"})

# The feed of changes, where `events.enabled`.
EVENT_TABLES = frozenset({"orderferry_event", "orderferry_event_consumer", "orderferry_event_call"})

# Written in an order's transaction: all of them must know transactions.
WRITTEN_TABLES = (
    OWN_TABLES
    | EVENT_TABLES
    | frozenset(
        """
    address cart cart_product customer customer_group customer_message customer_thread
    order_carrier order_cart_rule order_detail order_detail_tax order_history order_invoice
    order_invoice_payment order_invoice_tax order_payment orders product_sale stock_available stock_mvt
    """.split()  # noqa: SIM905 — a list of names reads better as text
    )
)


def wanted_tables(*, events: bool) -> frozenset[str]:
    """Return all tables that orderferry reads or writes, those of the feed only where it is switched on."""
    return REQUIRED_TABLES | OPTIONAL_TABLES | OWN_TABLES | (EVENT_TABLES if events else frozenset())
