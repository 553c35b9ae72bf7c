"""Texts and times in the form that the shop wants: names of lines in the order's language, dates in its time zone.

PrestaShop writes every date in the shop's local time (PS_TIMEZONE, which PHP sets, not the database).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from orderferry.domain.orders import Order, OrderStatus, ProceedsType
from orderferry.prestashop.database.values import as_text

ENGLISH = "en"
MOMENT_FORMAT = "%Y-%m-%d %H:%M:%S"

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
    """Return a word in the language of an ISO 639-1 code, else in English."""
    return words.get(language.lower()[:2], words[ENGLISH])


def fee_name(kind: ProceedsType, language: str) -> str:
    """Return the name of a fee's line in the order's language."""
    return in_language(FEE_NAMES[kind], language)


def cancel_request(order: Order) -> str:
    """Return the items that the buyer asks to cancel, with the reason; '' for none."""
    return ", ".join(
        f"{item.sku or item.item_id}" + (f" ({item.cancel_request_reason})" if item.cancel_request_reason else "")
        for item in order.sold_items
        if item.cancel_requested_by
    )


def partly_shipped(order: Order) -> str:
    """Return how many of each item of a partially shipped order were sent; '' for any other order."""
    if order.status is not OrderStatus.PARTIALLY_SHIPPED:
        return ""
    parts = [
        f"{item.quantity_fulfilled} of {item.quantity} {item.sku or item.item_id}"
        for item in order.sold_items
        if item.quantity_fulfilled is not None
    ]
    return ", ".join(parts) or "how many of what it does not say"


def harmless(text: str) -> str:
    """Return a stranger's text without angle brackets and control characters, so that it can't be markup.

    Line breaks stay; all other characters are printable (lone surrogates and NUL are not).
    """
    swapped = text.replace("<", "‹").replace(">", "›")
    if swapped.replace("\n", "").isprintable():
        return swapped
    return "".join(character for character in swapped if character == "\n" or character.isprintable())


def shop_zone(name: str) -> ZoneInfo:
    """Return the zone of PS_TIMEZONE; UTC for an empty or unknown name, as PHP does it."""
    try:
        return ZoneInfo(name or "UTC")
    except (ZoneInfoNotFoundError, ValueError):
        return ZoneInfo("UTC")


@lru_cache(maxsize=256)  # most rows of an order hold the moment of writing
def shop_moment(moment: datetime, zone: ZoneInfo) -> str:
    """Return an aware time as PrestaShop writes it: local, to the second."""
    return moment.astimezone(zone).strftime(MOMENT_FORMAT)


def utc_of(value: object, zone: ZoneInfo) -> datetime | None:
    """Return a time as PrestaShop writes it (the shop's), in UTC; None for NULL and zero dates."""
    try:
        moment = value if isinstance(value, datetime) else datetime.fromisoformat(as_text(value))
    except ValueError:
        return None
    return moment.replace(tzinfo=zone).astimezone(UTC)


@lru_cache(maxsize=1024)  # many orders have the same days to ship and deliver by
def for_staff(moment: datetime | None, zone: ZoneInfo) -> str:
    """Return a time for people to read: the shop's time to the minute, '' for None."""
    return moment.astimezone(zone).strftime("%Y-%m-%d %H:%M") if moment else ""
