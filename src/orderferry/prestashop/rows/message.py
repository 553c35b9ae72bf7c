"""What staff reads of an order: its note (orders.note), and a private message in a closed customer thread.

The order page of 1.7.7+ does not show rows of `message`, and a thread with status 'open' would count as an unread
ticket. The back office escapes both texts; angle brackets are replaced nevertheless.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from decimal import Decimal

from orderferry.domain.orders import DeliveryHours, Item, Order, TimeSpan
from orderferry.prestashop.database.values import DraftValue
from orderferry.prestashop.planning.resolved_order import ResolvedLine, ResolvedOrder, tracking_of
from orderferry.prestashop.planning.shop_texts import (
    PROMOTION,
    cancel_request,
    for_staff,
    harmless,
    in_language,
    partly_shipped,
)
from orderferry.prestashop.rows.drafts import CUSTOMER, ORDER, THREAD, THREAD_TOKEN, Draft

# The programs that staff has to know of (SP-API `programs`), with the names that they have here.
_PROGRAM_NAMES = {
    "PRIME": "Prime",
    "AMAZON_BUSINESS": "Business",
    "PREMIUM": "Premium",
    "PREORDER": "Pre-order",
    "AMAZON_EASY_SHIP": "Easy Ship",
    "IN_STORE_PICK_UP": "In-store pick-up",
    "INVOICE_BY_AMAZON": "Invoice by Amazon",
}

# What Amazon demands of the delivery (SP-API `shippingConstraints`), in words for those who pack.
_DEMANDS = {
    "signatureConfirmation": "signature on delivery",
    "recipientIdentityVerification": "identity check, only for the addressee",
    "recipientAgeVerification": "age check of the recipient",
    "palletDelivery": "on a pallet",
}
_SUBSTITUTIONS = {
    "DO_NOT_SUBSTITUTE": "no substitute",
    "AMAZON_RECOMMENDED": "what Amazon recommends",
    "CUSTOMER_PREFERENCE": "what the buyer chose",
}
_TRANSPARENCY = "TRANSPARENCY"  # an item program: each unit has a code that Amazon checks
_CASH_ON_DELIVERY = "CashOnDelivery"  # SP-API payment.paymentExecutions[].paymentMethod


def order_note(resolved: ResolvedOrder) -> str:
    """Return orders.note: the Amazon id, when the order was bought and imported, how fast it must be sent."""
    parts = [f"Amazon {resolved.order.order_id}", *_headlines(resolved)]
    return harmless(" | ".join(parts))


def message_rows(resolved: ResolvedOrder, cut: tuple[str, ...] = ()) -> list[Draft]:
    """Return a closed thread and its private message, with everything that PrestaShop has no column for.

    `cut`: the texts that columns will cut, for the message to hold in full.
    """
    thread = Draft(
        "customer_thread",
        {
            "id_shop": resolved.market.shop.id,
            "id_lang": resolved.market.id_lang,
            "id_contact": 0,
            "id_customer": CUSTOMER,
            "id_order": ORDER,
            "id_product": 0,
            "status": "closed",
            "email": resolved.account.email,
            "token": THREAD_TOKEN,
            "date_add": resolved.written,
            "date_upd": resolved.written,
        },
        name=THREAD.name,
        close=True,
    )
    return [
        thread,
        private_message(THREAD, message_text(resolved, cut), resolved.market.facts.employee, resolved.written),
    ]


def private_message(id_thread: DraftValue, text: str, id_employee: int, written: str) -> Draft:
    """Return the customer_message row of a message that only staff sees.

    The employee must exist (≥ 1): PrestaShop takes a message without one for the customer's.
    """
    return Draft(
        "customer_message",
        {
            "id_customer_thread": id_thread,
            "id_employee": id_employee,
            "message": harmless(text),
            "file_name": "",
            "ip_address": "",
            "user_agent": "",
            "date_add": written,
            "date_upd": written,
            "private": 1,
            "read": 1,
            "id_product": None,
        },
    )


def message_text(resolved: ResolvedOrder, cut: tuple[str, ...] = ()) -> str:
    """Return the text of the private message: one fact a line, empty ones left out."""
    order, priced = resolved.order, resolved.priced
    tracking = tracking_of(order.packages)
    recipient = order.delivery_address.name if order.delivery_address else ""
    facts = [
        f"Amazon order {order.order_id} ({resolved.market.code})",
        *_headlines(resolved),
        _labelled("Purchase order number", order.buyer.purchase_order_number),
        _labelled("Buyer", order.buyer.name if order.buyer.name != recipient else ""),
        *(_labelled("Gift message", text) for text in dict.fromkeys(item.gift_message for item in order.sold_items)),
        *(_labelled("Delivery instructions", text) for text in order.delivery_instructions),
        _labelled("Delivery hours", _hours(order.delivery_hours)),
        _labelled("At the place of delivery", ", ".join(map(_in_words, order.delivery_capabilities))),
        _labelled("Labels can be printed", _window(order.print_labels, resolved)),
        *_item_facts(order),
        *(_labelled("Address as Amazon gives it", text) for text in _kept(resolved)),
        *(_labelled("In full", text) for text in cut),
        _labelled("Placeholders stand for", ", ".join(resolved.delivery.postal.placeholders)),
        _labelled("Amazon has it as partially shipped", partly_shipped(order)),
        _labelled("Further tracking numbers", ", ".join(tracking.others)),
        _labelled("Cash on delivery, to be collected", _cash_on_delivery(resolved)),
        _labelled("Replacement for", ", ".join(order.replaces)),
        _labelled("Buyer asks to cancel", cancel_request(order)),
        *(_labelled(f"Customisation of {item.sku}", item.customized_url) for item in order.sold_items),
        *(_labelled(f"IOSS number ({item.sku})", item.ioss_number) for item in order.sold_items),
        *_promotions(resolved),
        "Fees are in the shipping: the database user may not make a product for them (docs/database-rights.md)"
        if resolved.fees_joined
        else "",
        _collected_by_amazon(resolved),
        _labelled(
            "Tax collected by Amazon beside the total",
            f"{priced.tax_beside} {priced.currency}" if priced.tax_beside else "",
        ),
        _labelled("Tax for which the shop has none, in the totals alone", _tax_without_row(resolved)),
    ]
    return "\n".join(fact for fact in facts if fact)


def _item_facts(order: Order) -> list[str]:
    """Return what those who pick and pack an item have to know of it."""
    facts: list[str] = []
    for item in order.sold_items:
        name = item.sku or item.item_id
        condition = " ".join(map(_in_words, filter(None, (item.condition, item.condition_subtype))))
        facts += [
            _labelled(f"Amount of {name}", _measured(item)),
            _labelled(f"Condition of {name}", condition if item.condition.casefold() not in {"", "new"} else ""),
            _labelled(
                f"Transparency codes needed for {name}", str(item.quantity) if _TRANSPARENCY in item.programs else ""
            ),
            _labelled(f"If {name} is not to be had", _substitution(item)),
        ]
    return facts


def _measured(item: Item) -> str:
    """Return how much one unit is, for an item sold by weight, length, volume or in packs."""
    value, unit = item.measurement_value, item.measurement_unit
    if value is None or (value == 1 and unit in {"", "COUNT"}):
        return ""
    return f"{value.normalize():f} {_in_words(unit)}".strip()


def _substitution(item: Item) -> str:
    chosen = ", ".join(f"{quantity} × {name}" for quantity, name in item.substitutes)
    words = _SUBSTITUTIONS.get(item.substitution, _in_words(item.substitution))
    return f"{words}: {chosen}" if words and chosen else words or chosen


def _hours(hours: Iterable[DeliveryHours]) -> str:
    """Return hours of delivery, days with the same hours together: `MON, TUE 09:00-17:00; 2024-12-31 closed`."""
    days: dict[str, list[str]] = {}
    for one in hours:
        spans = " and ".join(f"{start:%H:%M}-{end:%H:%M}" for start, end in one.spans)
        days.setdefault("closed" if one.closed else spans or "open", []).append(one.day)
    return "; ".join(f"{', '.join(named)} {when}" for when, named in days.items())


def _in_words(word: str) -> str:
    """Return a word of Amazon's (`PALLET_ENABLED`, `palletDelivery`) as people write it (`pallet delivery`)."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", " ", word).replace("_", " ").lower()


def _of_items(order: Order, concerned: Iterable[Item]) -> str:
    """Return the names of the items concerned, in brackets; '' when all items to be sent are concerned."""
    names = [item.sku or item.item_id for item in concerned]
    return "" if len(names) == len(order.sold_items) else f" ({', '.join(names)})"


def _demands(order: Order) -> str:
    """Return what Amazon demands of the delivery, so that those who pack book it with the carrier."""
    items = order.sold_items
    words = dict.fromkeys(word for item in items for word in item.demands)
    return ", ".join(
        _DEMANDS.get(word, _in_words(word)) + _of_items(order, [item for item in items if word in item.demands])
        for word in words
    )


def _scheduled(resolved: ResolvedOrder) -> list[str]:
    """Return the windows of delivery that the buyer was promised for single items, each once."""
    items = [item for item in resolved.order.sold_items if item.scheduled != TimeSpan()]
    windows = dict.fromkeys(item.scheduled for item in items)
    return [
        _window(window, resolved) + _of_items(resolved.order, [item for item in items if item.scheduled == window])
        for window in windows
    ]


def _promotions(resolved: ResolvedOrder) -> list[str]:
    """Return what promotions took off each line and the shipping, since no page of PrestaShop shows it."""
    word, currency = in_language(PROMOTION, resolved.market.language), resolved.priced.currency
    of_lines = [
        _labelled(word, f"-{line.priced.promotion} {currency} ({_skus(line)})")
        for line in resolved.lines
        if line.priced.promotion
    ]
    shipping = resolved.priced.shipping.promotion
    return [*of_lines, _labelled(word, f"-{shipping} {currency} (shipping)" if shipping else "")]


def _skus(line: ResolvedLine) -> str:
    return ", ".join(dict.fromkeys(item.sku or item.item_id for item in line.items)) or line.priced.kind.lower()


def _collected_by_amazon(resolved: ResolvedOrder) -> str:
    """Return how much of the order's tax Amazon has collected, which the seller must not declare.

    PrestaShop's invoice adds up taxes of the same rate, so it can't show Amazon's and the seller's separately.
    """
    priced = resolved.priced
    if not priced.collected_by_amazon:
        return ""
    if not priced.tax_of_amazon or priced.tax_of_amazon == priced.total.tax:
        return "Tax collected by Amazon"
    return (
        f"Tax collected by Amazon: {priced.tax_of_amazon} {priced.currency} of {priced.total.tax} {priced.currency} "
        "(the invoice adds it to your own where both have one rate)"
    )


def _tax_without_row(resolved: ResolvedOrder) -> str:
    """Return Amazon's tax that no tax of the shop explains (outside the EU); the invoice's table of taxes lacks it."""
    priced = resolved.priced
    charges = [(charge.tax_key, charge.amount.tax) for charge in (priced.shipping, priced.wrapping)]
    parts = [(line.priced.tax_key, line.priced.total.tax) for line in resolved.lines] + charges
    amount = sum((tax for tax_key, tax in parts if not tax_key), Decimal(0))
    return f"{amount} {priced.currency}" if amount else ""


def _cash_on_delivery(resolved: ResolvedOrder) -> str:
    """Return the amount that the carrier has to collect, for the label; '' for none."""
    order = resolved.order
    paid = [one for one in order.payments if one.method == _CASH_ON_DELIVERY]
    if not paid and not any(item.cash_on_delivery for item in order.sold_items):
        return ""
    given = next((one.amount for one in paid if one.amount), None)
    return f"{given.amount} {given.currency}" if given else f"{resolved.priced.total.incl} {resolved.priced.currency}"


def _headlines(resolved: ResolvedOrder) -> list[str]:
    order = resolved.order
    programs = [_PROGRAM_NAMES[program] for program in order.programs if program in _PROGRAM_NAMES]
    with_numbers = [item.sku or item.item_id for item in order.sold_items if item.serial_numbers_required]
    lines = [
        _labelled("Purchased", for_staff(order.created, resolved.market.zone)),
        _labelled("Imported", for_staff(resolved.now, resolved.market.zone)),
        _labelled("Service level", order.service_level),
        _labelled("Ship by", _window(order.ship_by, resolved)),
        _labelled("Deliver by", _window(order.deliver_by, resolved)),
        *(_labelled("Scheduled delivery", window) for window in _scheduled(resolved)),
        _labelled("Amazon demands on delivery", _demands(order)),
        _labelled("Serial numbers to be reported for", ", ".join(with_numbers)),
        _labelled("Programs", ", ".join(programs)),
    ]
    return [line for line in lines if line]


def _window(span: TimeSpan, resolved: ResolvedOrder) -> str:
    if span.earliest and not span.latest:
        return f"from {for_staff(span.earliest, resolved.market.zone)}"
    ends = [for_staff(span.earliest, resolved.market.zone), for_staff(span.latest, resolved.market.zone)]
    return " to ".join(dict.fromkeys(end for end in ends if end))


def _kept(resolved: ResolvedOrder) -> list[str]:
    kept = list(resolved.delivery.postal.kept)
    if resolved.invoice_place is not None:
        kept += resolved.invoice_place.postal.kept
    return list(dict.fromkeys(kept))


def _labelled(label: str, text: str) -> str:
    return f"{label}: {text}" if text else ""
