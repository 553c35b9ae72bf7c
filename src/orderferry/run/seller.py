"""Whose orders these are: the seller account that the coverage, the ledger and the quota belong to.

Amazon gives no seller's id to an application that may read orders. A refresh token belongs to one seller and one
application, but a new authorisation of the same seller brings another token. Then an order decides: Amazon shows an
order to its own seller alone.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING

from orderferry.config.model import Settings
from orderferry.errors import LedgerUnusable, RequestRejected

if TYPE_CHECKING:
    from orderferry.ledger.ledger import Ledger

log = logging.getLogger(__name__)

COMPARED = "compared with the shop's markers"  # in the ledger's memory: since when it knows them
MOST_ASKED = 5  # orders that Amazon is asked for before an account counts as another one


class WrongSeller(LedgerUnusable):
    """The ledger belongs to another seller than the refresh token."""

    code = "another-seller"


IsOurs = Callable[[str], bool]


def ask_whether_ours(fetch: Callable[[str], object]) -> IsOurs:
    """Return the question whether an order is this account's: whether Amazon shows it, each of them asked once a run.

    `fetch`: getOrder, None for an unknown order. Raise as it, but for a rejection of the one request.
    """

    @cache
    def is_ours(order_id: str) -> bool:
        try:
            return fetch(order_id) is not None
        except RequestRejected:
            return False  # Amazon rejects the id

    return is_ours


def check_seller(ledger: Ledger, is_ours: IsOurs, settings: Settings) -> None:
    """Check that the ledger is this seller's, before its coverage is used.

    A new ledger, or one of an older version, takes the seller that it meets. One without any order can't distinguish
    two sellers: it forgets what was observed, and is a new one to its next import. Raise WrongSeller, and what the
    source raises.
    """
    before, now = ledger.seller(), settings.amazon.seller
    if before == now:
        return
    orders = ledger.newest_orders(MOST_ASKED) if before else ()
    newest = next(iter(orders), "")
    if orders and not any(map(is_ours, orders)):
        raise WrongSeller(
            f"The ledger belongs to another seller than amazon.refresh_token: Amazon does not show it order {newest}.",
            hint="Put back the token of that seller; or give this seller a ledger of its own (ledger.path), which "
            "begins at orders.since.",
        )
    if before and orders:
        log.warning("the refresh token is new, and the seller the same: Amazon shows it the orders of this ledger")
    elif before:
        log.warning("the refresh token is new, and no order tells whose it is: what was observed is observed anew")
        ledger.forget_coverage()
        ledger.remember(COMPARED, "")
    ledger.set_seller(now)
