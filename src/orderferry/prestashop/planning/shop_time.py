"""The shop's local time, in which PrestaShop writes every date (PS_TIMEZONE, set by PHP, not by the database)."""

from __future__ import annotations

from datetime import datetime
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

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
