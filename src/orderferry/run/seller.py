"""Whose orders these are: the seller account that the coverage, the ledger and the quota belong to.

Amazon gives no seller's id to an application that may read orders. A refresh token belongs to one seller and one
application, but a new authorisation of the same seller brings another token. Then an order decides: Amazon shows an
order to its own seller alone.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from orderferry.config.model import Settings
from orderferry.errors import LedgerUnusable, RequestRejected
from orderferry.run.stop import QuotaWait

if TYPE_CHECKING:
    from orderferry.amazon.source import AmazonSource
    from orderferry.ledger.ledger import Ledger

log = logging.getLogger(__name__)

COMPARED = "compared with the shop's markers"  # in the ledger's memory: since when it knows them
MOST_ASKED = 5  # orders that Amazon is asked for before an account counts as another one


class WrongSeller(LedgerUnusable):
    """The ledger belongs to another seller than the refresh token."""

    code = "another-seller"


@dataclass(frozen=True, slots=True)
class AccountOrders:
    """Asks Amazon whether orders are this account's; each of them once a run."""

    source: AmazonSource
    quota_wait: QuotaWait
    _answers: dict[str, bool] = field(default_factory=dict)

    def any_is_ours(self, order_ids: Iterable[str]) -> bool:
        """Return whether Amazon shows one of the first few orders to this account. Raise as the source, but for a
        rejection of the one request.
        """
        return any(self._is_ours(order_id) for order_id in list(order_ids)[:MOST_ASKED])

    def all_are_ours(self, order_ids: Iterable[str]) -> bool:
        """Return whether there are orders, and Amazon shows all of the first few to this account. Raise as above."""
        asked = list(order_ids)[:MOST_ASKED]
        return bool(asked) and all(self._is_ours(order_id) for order_id in asked)

    def _is_ours(self, order_id: str) -> bool:
        if order_id not in self._answers:
            self._answers[order_id] = self._ask(order_id)
        return self._answers[order_id]

    def _ask(self, order_id: str) -> bool:
        try:
            return self.quota_wait.call(lambda: self.source.get(order_id)) is not None
        except RequestRejected:
            return False  # Amazon rejects the id


def check_seller(ledger: Ledger, account: AccountOrders, settings: Settings) -> None:
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
    if orders and not account.any_is_ours(orders):
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
