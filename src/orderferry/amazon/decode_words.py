"""Amazon's enumerations: the words that its model of 2026-01-01 lists, and how the two that decide are spelt elsewhere.

A word outside these tables is kept as Amazon wrote it and named in the order's flaws. Fields whose words Amazon does
not list completely (payment methods, detailed package states, conditions) have no table and take any text.
"""

from __future__ import annotations

from orderferry.domain.orders import Channel, OrderStatus, ProceedsType


def squeeze(word: str) -> str:
    """Given a word of Amazon's, return what its spellings have in common: `PartiallyShipped`, `PARTIALLY_SHIPPED`."""
    return word.strip().replace("_", "").casefold()


# The older API writes CamelCase and `Canceled`; migration tools and third-party sources pass those spellings on.
STATUSES: dict[str, OrderStatus] = {squeeze(status.value): status for status in OrderStatus} | {
    "canceled": OrderStatus.CANCELLED
}
CHANNELS: dict[str, Channel] = {
    "merchant": Channel.REGULAR,
    "mfn": Channel.REGULAR,
    "amazon": Channel.FBA,
    "afn": Channel.FBA,
}
PROCEEDS_TYPES: dict[str, ProceedsType] = {type_.value: type_ for type_ in ProceedsType}

SALES_CHANNELS = frozenset({"AMAZON", "NON_AMAZON"})
ORDER_PROGRAMS = frozenset(
    {
        "AMAZON_BAZAAR",
        "AMAZON_BUSINESS",
        "AMAZON_EASY_SHIP",
        "AMAZON_HAUL",
        "DELIVERY_BY_AMAZON",
        "FBM_SHIP_PLUS",
        "INVOICE_BY_AMAZON",
        "IN_STORE_PICK_UP",
        "PREMIUM",
        "PREORDER",
        "PRIME",
    }
)
ITEM_PROGRAMS = frozenset({"TRANSPARENCY", "SUBSCRIBE_AND_SAVE"})
SERVICE_LEVELS = frozenset(
    {
        "EXPEDITED",
        "FREE_ECONOMY",
        "NEXT_DAY",
        "PRIORITY",
        "SAME_DAY",
        "SECOND_DAY",
        "SCHEDULED",
        "STANDARD",
    }
)
ADDRESS_KINDS = frozenset({"RESIDENTIAL", "COMMERCIAL", "PICKUP_POINT"})
ALIAS_KINDS = frozenset({"SELLER_ORDER_ID"})
REPLACEMENT_KINDS = frozenset({"REPLACEMENT_ORIGINAL_ID", "EXCHANGE_ORIGINAL_ID"})
PROCEEDS_STATES = frozenset({"PENDING", "FINALIZED"})
PACKAGE_STATES = frozenset({"PENDING", "IN_TRANSIT", "SHIPPED", "DELIVERED", "CANCELLED", "UNDELIVERABLE"})
TAX_ENTITIES = frozenset({"BUYER", "MERCHANT", "MARKETPLACE"})
TAX_REGISTRATION_KINDS = frozenset({"BUSINESS", "VAT", "CST", "CPF", "CNPJ"})
REPORTING_SCHEMES = frozenset({"UOSS", "IOSS"})
TAX_COLLECTION_MODELS = frozenset({"MARKETPLACE_FACILITATOR"})
PRICE_DESIGNATIONS = frozenset({"BUSINESS_PRICE"})
WEEKDAYS = frozenset({"SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"})
EXCEPTION_KINDS = frozenset({"CLOSED", "OPEN"})
SUBSTITUTIONS = frozenset({"CUSTOMER_PREFERENCE", "AMAZON_RECOMMENDED", "DO_NOT_SUBSTITUTE"})
CANCEL_REQUESTERS = frozenset({"BUYER"})
CANCELLERS = frozenset({"BUYER", "MERCHANT", "AMAZON"})

# Constraints are words (`MANDATORY`); booleans and booleans written as text have been seen in their place.
YES_WORDS = frozenset({"mandatory", "required", "true"})
NO_WORDS = frozenset({"", "false", "optional", "none"})

# includedData set -> where it shows: the key of the order, the key of its items.
DATASETS: dict[str, tuple[str, str]] = {
    "BUYER": ("buyer", ""),
    "RECIPIENT": ("recipient", ""),
    "PROCEEDS": ("proceeds", "proceeds"),
    "EXPENSE": ("", "expense"),
    "PROMOTION": ("", "promotion"),
    "CANCELLATION": ("", "cancellation"),
    "FULFILLMENT": ("fulfillment", "fulfillment"),
    "PACKAGES": ("packages", ""),
    "TAX": ("tax", "tax"),
    "PAYMENT": ("payment", ""),
    "FULFILLMENT_ORDERS": ("fulfillmentOrders", ""),
}
# What an importer needs of them: EXPENSE is the seller's cost, FULFILLMENT_ORDERS is of Easy Ship only.
INCLUDED_DATA = (
    "BUYER",
    "RECIPIENT",
    "PROCEEDS",
    "PROMOTION",
    "CANCELLATION",
    "FULFILLMENT",
    "TAX",
    "PAYMENT",
    "PACKAGES",
)
