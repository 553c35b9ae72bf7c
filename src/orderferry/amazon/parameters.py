"""What searchOrders and getOrder are asked: a search of ours as Amazon's parameters. Pure: the same for every page."""

from __future__ import annotations

from datetime import datetime, timedelta

from orderferry.amazon.decode_words import INCLUDED_DATA
from orderferry.domain.durations import iso
from orderferry.domain.orders import Channel, OrderStatus
from orderferry.domain.search import Basis, Search

PAGE_SIZE = 100  # the most that Amazon gives
_TIMES: dict[Basis, tuple[str, str]] = {
    Basis.UPDATED: ("lastUpdatedAfter", "lastUpdatedBefore"),
    Basis.CREATED: ("createdAfter", "createdBefore"),
}
_FULFILLED_BY: dict[Channel, str] = {Channel.REGULAR: "MERCHANT", Channel.FBA: "AMAZON"}
# A value of the older API: an answer may have it, but this version's filter does not take it.
_NOT_ASKED_FOR = frozenset({OrderStatus.INVOICE_UNCONFIRMED})
_MILLISECOND = timedelta(milliseconds=1)


def order_parameters() -> dict[str, str]:
    """Return the parameters of getOrder beside the id."""
    return {"includedData": ",".join(INCLUDED_DATA)}


def search_parameters(search: Search, token: str | None) -> dict[str, str]:
    """Given a search and the token of its next page (None: the first), return searchOrders' parameters.

    Amazon takes a token only with the parameters of the first request, to the letter, so nothing here depends on the
    time or on the page. Raise ValueError for a search without marketplaces, which Amazon would take for all.
    """
    if not search.marketplaces:
        raise ValueError("a search needs its marketplaces")
    after, before = _TIMES[search.basis]
    parameters = {
        after: iso(search.span.start),
        before: iso(_up_to_millisecond(search.span.end)),
        "marketplaceIds": ",".join(search.marketplaces),
        "maxResultsPerPage": str(PAGE_SIZE),
        **order_parameters(),
    }
    if search.channel:
        parameters["fulfilledBy"] = _FULFILLED_BY[search.channel]
    if statuses := [status.value for status in search.statuses if status not in _NOT_ASKED_FOR]:
        parameters["fulfillmentStatuses"] = ",".join(statuses)
    if token:
        parameters["paginationToken"] = token
    return parameters


def _up_to_millisecond(moment: datetime) -> datetime:
    """Amazon's times have milliseconds: the end is rounded up, so that what was asked for is what gets covered."""
    rest = timedelta(microseconds=moment.microsecond % 1000)
    return moment - rest + _MILLISECOND if rest else moment
