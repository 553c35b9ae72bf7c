"""The few words of ours that PrestaShop prints for buyers, in the order's language: names of lines. Data.

Texts of strangers, made harmless before they reach the back office.

The shop's local time, in which PrestaShop writes every date (PS_TIMEZONE, set by PHP, not by the database).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from orderferry.domain.orders import Order, OrderStatus, ProceedsType

ENGLISH = "en"

FEE_NAMES: Mapping[ProceedsType, Mapping[str, str]] = {
    ProceedsType.COD_FEE: {
        "en": "Cash on delivery fee",
        "it": "Contributo per il contrassegno",
        "fr": "Frais de contre-remboursement",
        "de": "Nachnahmegebühr",
        "es": "Gastos de contra reembolso",
    },
    ProceedsType.DELIVERY_TIP: {
        "en": "Delivery tip",
        "it": "Mancia per la consegna",
        "fr": "Pourboire de livraison",
        "de": "Trinkgeld für die Lieferung",
        "es": "Propina de entrega",
    },
    ProceedsType.OTHER: {
        "en": "Other charges",
        "it": "Altri addebiti",
        "fr": "Autres frais",
        "de": "Sonstige Kosten",
        "es": "Otros cargos",
    },
    ProceedsType.GIFT_WRAP: {
        "en": "Gift wrapping",
        "it": "Confezione regalo",
        "fr": "Emballage cadeau",
        "de": "Geschenkverpackung",
        "es": "Envoltorio de regalo",
    },
}
PROMOTION = {"en": "Promotion", "it": "Promozione", "fr": "Promotion", "de": "Aktionsrabatt", "es": "Promoción"}
NO_TAX = {"en": "No tax", "it": "Senza IVA", "fr": "Sans taxe", "de": "Ohne Steuer", "es": "Sin impuesto"}
NAMELESS = {
    "en": "(without a name at Amazon)",
    "it": "(senza nome su Amazon)",
    "fr": "(sans nom chez Amazon)",
    "de": "(ohne Namen bei Amazon)",
    "es": "(sin nombre en Amazon)",
}


def in_language(words: Mapping[str, str], language: str) -> str:
    """Given a word in several languages and an ISO 639-1 code, return it in that one, else in English."""
    return words.get(language.lower()[:2], words[ENGLISH])


def fee_name(kind: ProceedsType, language: str) -> str:
    """Return what the fee's line is called, given a kind of fee and the language of an order."""
    return in_language(FEE_NAMES[kind], language)


def cancel_request(order: Order) -> str:
    """Return the items whose buyer asks to cancel, with the reason, given an order; '' when nobody asks."""
    return ", ".join(
        f"{item.sku or item.item_id}" + (f" ({item.cancel_request_reason})" if item.cancel_request_reason else "")
        for item in order.sold_items
        if item.cancel_requested_by
    )


def partly_shipped(order: Order) -> str:
    """Given an order that Amazon has as partially shipped, return how many of each item are on their way; '' for any
    other."""
    if order.status is not OrderStatus.PARTIALLY_SHIPPED:
        return ""
    told = [
        f"{item.quantity_fulfilled} of {item.quantity} {item.sku or item.item_id}"
        for item in order.sold_items
        if item.quantity_fulfilled is not None
    ]
    return ", ".join(told) or "how many of what it does not say"


def harmless(text: str) -> str:
    """Given a text, return it without angle brackets and control characters: nothing in it is markup any more, and
    the letters, line breaks apart, are all printable (lone surrogates and NUL are not)."""
    swapped = text.replace("<", "‹").replace(">", "›")
    if swapped.replace("\n", "").isprintable():
        return swapped
    return "".join(character for character in swapped if character == "\n" or character.isprintable())


MOMENT_FORMAT = "%Y-%m-%d %H:%M:%S"


def shop_zone(name: str) -> ZoneInfo:
    """Given PS_TIMEZONE, return its zone; UTC for an empty or unknown name, which is PHP's own fallback."""
    try:
        return ZoneInfo(name or "UTC")
    except (ZoneInfoNotFoundError, ValueError):
        return ZoneInfo("UTC")


@lru_cache(maxsize=256)  # the moment of writing stands in most rows of an order
def shop_moment(moment: datetime, zone: ZoneInfo) -> str:
    """Given an aware time (UTC), return it as PrestaShop writes it: local, to the second."""
    return moment.astimezone(zone).strftime(MOMENT_FORMAT)


def shop_day(moment: datetime, zone: ZoneInfo) -> str:
    """Given an aware time, return the shop's calendar day (product_sale.date_upd)."""
    return moment.astimezone(zone).strftime("%Y-%m-%d")


@lru_cache(maxsize=1024)  # days to ship and deliver by are the same for many orders
def for_staff(moment: datetime | None, zone: ZoneInfo) -> str:
    """Given a time or None, return it for people to read: shop time to the minute, '' for None."""
    return moment.astimezone(zone).strftime("%Y-%m-%d %H:%M") if moment else ""
