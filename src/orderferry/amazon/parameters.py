"""What searchOrders and getOrder are asked: a search of ours as Amazon's parameters, the same for every page, and which
sets of data go with it."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta

from orderferry.amazon.decode_values import INCLUDED_DATA
from orderferry.domain.durations import iso, parse_moment
from orderferry.domain.orders import Channel, OrderStatus
from orderferry.domain.search import Basis, Search
from orderferry.errors import AmazonRefused, DatasetRefused

PAGE_SIZE = 100  # the most that Amazon gives
_TIMES: dict[Basis, tuple[str, str]] = {
    Basis.UPDATED: ("lastUpdatedAfter", "lastUpdatedBefore"),
    Basis.CREATED: ("createdAfter", "createdBefore"),
}
_FULFILLED_BY: dict[Channel, str] = {Channel.REGULAR: "MERCHANT", Channel.FBA: "AMAZON"}
# A value of the older API: an answer may have it, but this version's filter does not take it.
_NOT_ASKED_FOR = frozenset({OrderStatus.INVOICE_UNCONFIRMED})
REFUSED = "datasets refused"  # in the ledger's memory
ASK_AGAIN = timedelta(days=1)
NEEDED = frozenset({"FULFILLMENT", "PROCEEDS"})
_MILLISECOND = timedelta(milliseconds=1)


class Datasets:
    """The sets of includedData that this account is asked with, and those that Amazon has refused to it.

    A set that was refused is left out and remembered (`recall` and `remember` keep a text between runs), so that it
    costs a request once a day. `now` gives this machine's UTC time.
    """

    def __init__(
        self, recall: Callable[[str], str | None], remember: Callable[[str, str], None], now: Callable[[], datetime]
    ) -> None:
        self._remember, self._now = remember, now
        self._refused = _read(recall(REFUSED), now())
        self._left_out = {name for name, (since, _) in self._refused.items() if _is_fresh(since, now())}

    @property
    def asked(self) -> tuple[str, ...]:
        """Return what the next request asks for."""
        return tuple(name for name in INCLUDED_DATA if name not in self._left_out)

    @property
    def withheld(self) -> Mapping[str, str]:
        """Return what Amazon refused when it was asked last, with its own words."""
        return {name: message for name, (_, message) in self._refused.items()}

    def leave_out(self, refused: DatasetRefused) -> None:
        """Ask without these sets from now on. Raise AmazonRefused where no order can be read without them, the refusal
        itself where they were not asked for."""
        if not set(refused.names) & set(self.asked):
            raise refused
        if needed := sorted(NEEDED & set(refused.names)):
            raise AmazonRefused(
                f"{refused.message} Without {' and '.join(needed)} no order can be imported.",
                hint="Check the application's roles in Seller Central, and authorise it again.",
            ) from refused
        self._left_out |= set(refused.names)
        self._refused |= {name: (self._now(), refused.amazon_message) for name in refused.names}
        self._keep()

    def answered(self) -> None:
        """Note that Amazon gave what was asked: what it refused earlier and gives now is no longer withheld."""
        given = self._refused.keys() & set(self.asked)
        if given:
            self._refused = {name: value for name, value in self._refused.items() if name not in given}
            self._keep()

    def _keep(self) -> None:
        kept = {name: [iso(since), message] for name, (since, message) in sorted(self._refused.items())}
        self._remember(REFUSED, json.dumps(kept, ensure_ascii=False))


def _read(text: str | None, now: datetime) -> dict[str, tuple[datetime, str]]:
    try:
        kept = json.loads(text or "{}")
        return {str(name): (parse_moment(since, now), str(message)) for name, (since, message) in kept.items()}
    except (ValueError, TypeError, AttributeError):
        return {}


def _is_fresh(since: datetime, now: datetime) -> bool:
    """Return whether the refusal need not be tried again yet; one from the future (a clock set back) must be."""
    return timedelta(0) <= now - since < ASK_AGAIN


def order_parameters(datasets: Sequence[str] = INCLUDED_DATA) -> dict[str, str]:
    """Return the parameters of getOrder beside the id, given the sets of data to ask for."""
    return {"includedData": ",".join(datasets)}


def search_parameters(search: Search, token: str | None, datasets: Sequence[str] = INCLUDED_DATA) -> dict[str, str]:
    """Return searchOrders' parameters, given a search and the token of its next page (None: the first).

    Amazon takes a token only with the parameters of the first request, to the letter, so nothing here depends on the
    time or on the page; only the sets of data may change. Raise ValueError for a search without marketplaces, which
    Amazon would take for all.
    """
    if not search.marketplaces:
        raise ValueError("a search needs its marketplaces")
    after, before = _TIMES[search.basis]
    parameters = {
        after: iso(search.span.start),
        before: iso(_up_to_millisecond(search.span.end)),
        "marketplaceIds": ",".join(search.marketplaces),
        "maxResultsPerPage": str(PAGE_SIZE),
        **order_parameters(datasets),
    }
    if search.channel:
        parameters["fulfilledBy"] = _FULFILLED_BY[search.channel]
    if statuses := [status.value for status in search.statuses if status not in _NOT_ASKED_FOR]:
        parameters["fulfillmentStatuses"] = ",".join(statuses)
    if token:
        parameters["paginationToken"] = token
    return parameters


def _up_to_millisecond(moment: datetime) -> datetime:
    """Return an end rounded up to Amazon's milliseconds, so that what was asked for is what gets covered."""
    rest = timedelta(microseconds=moment.microsecond % 1000)
    return moment - rest + _MILLISECOND if rest else moment
