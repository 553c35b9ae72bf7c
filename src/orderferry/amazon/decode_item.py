"""From `orderItems[]` of an answer to items, and from Amazon's breakdowns to the parts of an amount."""

from __future__ import annotations

from collections.abc import Iterable

from orderferry.amazon.decode_values import (
    CANCEL_REQUESTERS,
    CANCELLERS,
    ITEM_PROGRAMS,
    PRICE_DESIGNATIONS,
    PROCEEDS_STATES,
    PROCEEDS_TYPES,
    REPORTING_SCHEMES,
    SUBSTITUTIONS,
    TAX_COLLECTION_MODELS,
    Node,
    TextFields,
    clean_word,
    read_texts,
)
from orderferry.domain.orders import Flaw, Item, Money, Proceeds, ProceedsType

_TEXTS: TextFields = (
    ("sku", "product.sellerSku", None),
    ("asin", "product.asin", None),
    ("title", "product.title", None),
    ("price_designation", "product.price.priceDesignation", PRICE_DESIGNATIONS),
    ("condition", "product.condition.conditionType", None),
    ("condition_subtype", "product.condition.conditionSubtype", None),
    ("customized_url", "product.customization.customizedUrl", None),
    ("cancel_requested_by", "cancellation.cancellationRequest.requester", CANCEL_REQUESTERS),
    ("cancel_request_reason", "cancellation.cancellationRequest.cancelReason", None),
    ("cancelled_by", "cancellation.cancellationExecution.cancelledBy", CANCELLERS),
    ("gift_message", "fulfillment.packing.giftOption.giftMessage", None),
    ("gift_wrap_level", "fulfillment.packing.giftOption.giftWrapLevel", None),
    ("substitution", "fulfillment.picking.substitutionPreference.substitutionType", SUBSTITUTIONS),
    ("ioss_number", "fulfillment.shipping.internationalShipping.iossNumber", None),
    ("measurement_unit", "measurement.unit", None),
)
_CONSTRAINTS = "fulfillment.shipping.shippingConstraints"
_CASH_ON_DELIVERY = "cashOnDelivery"  # told with the amount, and so apart from the other constraints


def decode_items(order: Node, *, may_be_empty: bool) -> tuple[Item, ...]:
    """Return the items of an order, in Amazon's sequence.

    Grave flaws: no list, an entry that is no object, an id that is missing or there twice, and an empty list unless
    `may_be_empty` (a cancelled order has nothing left to sell).
    """
    if order.value("orderItems") is None:
        order.flaw("orderItems", "is missing", grave=True)
        return ()
    nodes = order.nodes("orderItems", grave=True)
    if not nodes and not may_be_empty:
        order.flaw("orderItems", "has no item", grave=True)
    items = tuple(_item(node) for node in nodes)
    _name_twins(nodes, items)
    return items


def _item(node: Node) -> Item:
    unit_price = decode_price(node, "product.price.unitPrice")
    texts = read_texts(node, _TEXTS)
    fulfilled = node.count("fulfillment.quantityFulfilled", grave=True)
    unfulfilled = node.count("fulfillment.quantityUnfulfilled", grave=True)
    ordered = node.count("quantityOrdered", grave=True, required=True) or 0
    counted = texts["cancelled_by"] and fulfilled is not None and unfulfilled is not None
    return Item(
        item_id=node.text("orderItemId", grave=True, required=True),
        # Amazon may leave the quantity of a cancelled item as it was: what is on its way or still to be sent is sold.
        quantity=min(ordered, (fulfilled or 0) + (unfulfilled or 0)) if counted else ordered,
        unit_price=unit_price,
        proceeds_total=decode_price(node, "proceeds.proceedsTotal"),
        proceeds=decode_proceeds(node),
        programs=node.words("programs", ITEM_PROGRAMS),
        quantity_fulfilled=fulfilled,
        cash_on_delivery=node.yes(f"{_CONSTRAINTS}.{_CASH_ON_DELIVERY}"),
        demands=_demands(node),
        scheduled=node.window("fulfillment.shipping.scheduledDeliveryWindow"),
        serial_numbers_required=node.yes("fulfillment.packing.serialNumberRequirement.requirementType"),
        substitutes=_substitutes(node),
        reporting_schemes=_column(node, "tax.taxCalculationBreakdowns", "reportingScheme", REPORTING_SCHEMES),
        tax_collection_models=_column(node, "tax.taxCollections", "model", TAX_COLLECTION_MODELS),
        measurement_value=node.decimal("measurement.value"),
        **texts,
    )


def _demands(node: Node) -> tuple[str, ...]:
    """Return what the delivery must have, in Amazon's own names, new ones too: unmet, they bring the parcel back."""
    constraints = node.node(_CONSTRAINTS)
    if constraints is None:
        return ()
    names = [name for name in map(clean_word, constraints.fields) if name and name != _CASH_ON_DELIVERY]
    return tuple(name for name in names if constraints.yes(name))


def _substitutes(node: Node) -> tuple[tuple[int, str], ...]:
    """Return what the buyer takes instead, as (quantity, SKU, else ASIN, else title)."""
    found = [
        (option.count("quantityOrdered") or 1, option.text("sellerSku") or option.text("asin") or option.text("title"))
        for option in node.nodes("fulfillment.picking.substitutionPreference.substitutionOptions")
    ]
    return tuple((quantity, name) for quantity, name in found if name)


def _column(node: Node, rows: str, field: str, known: frozenset[str]) -> tuple[str, ...]:
    """Return one word of each row of a list, without the empty ones."""
    return tuple(filter(None, (row.word(field, known) for row in node.nodes(rows))))


def _name_twins(nodes: Iterable[Node], items: Iterable[Item]) -> None:
    seen: set[str] = set()
    for node, item in zip(nodes, items, strict=True):
        if item.item_id and item.item_id in seen:
            node.flaw("orderItemId", "is the id of another item too", grave=True)
        seen.add(item.item_id)


def decode_proceeds(node: Node) -> tuple[Proceeds, ...]:
    """Return the rows of `proceeds.breakdowns` of an order or an item.

    A row without an amount, or of a type that we do not know, is a grave flaw: the sum can't be explained. A part of
    TAX or DISCOUNT with an unknown subtype is only named: the row's own amount stands.
    """
    rows = (_row(row) for row in node.nodes("proceeds.breakdowns", grave=True))
    return tuple(row for row in rows if row is not None)


def _row(row: Node) -> Proceeds | None:
    type_, raw_type = _type(row, "type", grave=True)
    amount = row.money("subtotal", required=True)
    status = row.word("status", PROCEEDS_STATES)
    details: list[tuple[ProceedsType | None, Money]] = []
    for part in row.nodes("detailedBreakdowns"):
        subtype, _ = _type(part, "subtype", grave=False)
        value = part.money("value", required=True)
        if value is not None:
            details.append((subtype, value))
    return None if amount is None else Proceeds(type_, amount, tuple(details), raw_type, status)


def _type(node: Node, field: str, *, grave: bool) -> tuple[ProceedsType | None, str]:
    raw = node.text(field, grave=grave, required=True)
    known = PROCEEDS_TYPES.get(raw)
    if raw and known is None:
        node.flaw(field, "is a word that orderferry does not know", grave=grave, value=raw)
    return known, "" if known else clean_word(raw)


def decode_price(node: Node, field: str) -> Money | None:
    """Return the price or total in a field; a negative one is kept and is a grave flaw."""
    money = node.money(field)
    if money is not None and money.amount < 0:
        node.flaw(f"{field}.amount", "is negative", grave=True)
    return money


def mixed_currencies(amounts: Iterable[Money | None]) -> tuple[Flaw, ...]:
    """Return a grave flaw when an order's amounts are in more than one currency, else nothing."""
    if len({money.currency for money in amounts if money is not None}) > 1:
        return (Flaw("proceeds", "is in more than one currency", grave=True),)
    return ()
