"""What of the configuration the decisions about orders depend on, for each marketplace."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from orderferry.config.model import Settings
from orderferry.domain.decide import Rules
from orderferry.domain.marketplaces import marketplace_code


def rules_of(settings: Settings) -> Rules:
    """The rules of an ordinary run."""
    own = {one.id: settings.marketplace(one.code).orders.since for one in settings.amazon.marketplaces}
    return Rules(settings.orders.since, since_of=own)


def since_of(settings: Settings, marketplace_id: str) -> datetime | None:
    """orders.since for the orders of one marketplace."""
    return settings.marketplace(marketplace_code(marketplace_id)).orders.since


def give_up_of(settings: Settings) -> Mapping[str, timedelta]:
    """orders.give_up by the ids of the configured marketplaces."""
    return {one.id: settings.marketplace(one.code).orders.give_up for one in settings.amazon.marketplaces}
