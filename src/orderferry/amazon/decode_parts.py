"""The parts of an order beside its items: addresses, buyer, packages, payments, tax registrations."""

from __future__ import annotations

import re
from datetime import time

from orderferry.amazon.decode_values import Node, TextFields, read_texts
from orderferry.amazon.decode_words import (
    ADDRESS_KINDS,
    ALIAS_KINDS,
    EXCEPTION_KINDS,
    PACKAGE_STATES,
    REPLACEMENT_KINDS,
    TAX_ENTITIES,
    TAX_REGISTRATION_KINDS,
    WEEKDAYS,
)
from orderferry.domain.orders import Address, Buyer, DeliveryHours, Package, PaymentExecution, TaxRegistration

_ADDRESS: TextFields = (
    ("name", "name", None),
    ("company", "companyName", None),
    ("city", "city", None),
    ("district", "districtOrCounty", None),
    ("municipality", "municipality", None),
    ("region", "stateOrRegion", None),
    ("postal_code", "postalCode", None),
    ("country", "countryCode", None),
    ("phone", "phone", None),
    ("kind", "addressType", ADDRESS_KINDS),
)
_LINES = ("addressLine1", "addressLine2", "addressLine3")
# Brazil: the same street once more in parts; taken only where there is no line.
_EXTENDED_LINES = (
    "extendedFields.streetName",
    "extendedFields.streetNumber",
    "extendedFields.complement",
    "extendedFields.neighborhood",
)
_BUYER: TextFields = (
    ("name", "buyer.buyerName", None),
    ("email", "buyer.buyerEmail", None),
    ("company", "buyer.buyerCompanyName", None),
    ("purchase_order_number", "buyer.buyerPurchaseOrderNumber", None),
)
_PACKAGE: TextFields = (
    ("reference", "packageReferenceId", None),
    ("carrier", "carrier", None),
    ("shipping_service", "shippingService", None),
    ("tracking_number", "trackingNumber", None),
    ("status", "packageStatus.status", PACKAGE_STATES),
    ("detailed_status", "packageStatus.detailedStatus", None),
)
_REGISTRATION: TextFields = (
    ("entity", "entityType", TAX_ENTITIES),
    ("kind", "taxRegistrationType", TAX_REGISTRATION_KINDS),
    ("number", "taxRegistrationNumber", None),
    ("legal_name", "legalName", None),
)
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}(?=$|T)", re.ASCII)
_INSTRUCTIONS = ("recipient.deliveryPreference.dropOffLocation", "recipient.deliveryPreference.addressInstruction")


def decode_address(node: Node | None) -> Address | None:
    """Given the node of an SP-API address, return it; None for None. Each field may be missing."""
    if node is None:
        return None
    lines = _present(node, _LINES)
    extended = _present(node, _EXTENDED_LINES)
    return Address(lines=lines or extended, **read_texts(node, _ADDRESS))


def decode_buyer(order: Node) -> Buyer:
    """Given an order's node, return its buyer."""
    return Buyer(**read_texts(order, _BUYER))


def decode_instructions(order: Node) -> tuple[str, ...]:
    """Given an order's node, return where to leave the parcel and how to find the door, as far as the buyer says."""
    return _present(order, _INSTRUCTIONS)


def decode_hours(order: Node) -> tuple[DeliveryHours, ...]:
    """Given an order's node, return when somebody is there to take the parcel: by day of the week, then the dates on
    which that does not hold."""
    days = [
        DeliveryHours(day.word("dayOfWeek", WEEKDAYS), _spans(day))
        for day in order.nodes("recipient.deliveryPreference.deliveryTime.businessHours")
    ]
    dates = [
        DeliveryHours(_day(date), _spans(date), date.word("exceptionDateType", EXCEPTION_KINDS) == "CLOSED")
        for date in order.nodes("recipient.deliveryPreference.deliveryTime.exceptionDates")
    ]
    return tuple(one for one in (*days, *dates) if one.day)


def _day(node: Node) -> str:
    """A calendar day, also where Amazon writes it as a time."""
    text = node.text("exceptionDate")
    found = _DAY.match(text)
    if text and not found:
        node.flaw("exceptionDate", "is no date")
    return found[0] if found else ""


def _spans(node: Node) -> tuple[tuple[time, time], ...]:
    found = [(span.clock_time("startTime"), span.clock_time("endTime")) for span in node.nodes("timeWindows")]
    return tuple((start, end) for start, end in found if start is not None and end is not None)


def decode_packages(order: Node) -> tuple[Package, ...]:
    """Given an order's node, return its packages (merchant-fulfilled orders only)."""
    return tuple(
        Package(
            ship_time=package.moment("shipTime"),
            items=tuple(
                (item.text("orderItemId", required=True), item.count("quantity", required=True) or 0)
                for item in package.nodes("packageItems")
            ),
            **read_texts(package, _PACKAGE),
        )
        for package in order.nodes("packages")
    )


def decode_payments(order: Node) -> tuple[PaymentExecution, ...]:
    """Given an order's node, return how it was paid. An amount that can't be read is no grave flaw: totals decide."""
    return tuple(
        PaymentExecution(execution.text("paymentMethod"), execution.money("paymentAmount", grave=False))
        for execution in order.nodes("payment.paymentExecutions")
    )


def decode_registrations(order: Node) -> tuple[TaxRegistration, ...]:
    """Given an order's node, return the tax registrations of buyer, seller and marketplace."""
    return tuple(
        TaxRegistration(
            address=decode_address(registration.node("taxRegistrationAddress")),
            **read_texts(registration, _REGISTRATION),
        )
        for registration in order.nodes("tax.taxRegistrations")
    )


def decode_seller_order_id(order: Node) -> str:
    """Given an order's node, return the seller's own number for it (`orderAliases`), or ''."""
    aliases = [(row.word("aliasType", ALIAS_KINDS), row.text("aliasId")) for row in order.nodes("orderAliases")]
    return next((alias for kind, alias in aliases if kind in ALIAS_KINDS and alias), "")


def decode_replaced(order: Node) -> tuple[str, ...]:
    """Given an order's node, return the ids of the orders that it replaces or is exchanged for."""
    rows = [
        (row.word("associationType", REPLACEMENT_KINDS), row.text("orderId")) for row in order.nodes("associatedOrders")
    ]
    return tuple(order_id for kind, order_id in rows if kind in REPLACEMENT_KINDS and order_id)


def _present(node: Node, fields: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(filter(None, (node.text(field).strip() for field in fields)))
