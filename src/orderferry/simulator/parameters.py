"""The parameters of searchOrders and getOrder, and Amazon's rules for them (sp-api-orders 2.2)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from orderferry.domain.marketplaces import MARKETPLACES
from orderferry.domain.search import Basis
from orderferry.simulator.answers import Request, invalid_input
from orderferry.simulator.datasets import DATASETS

MARGIN = timedelta(minutes=2)  # how far *Before must lie in the past
MOST_MARKETPLACES = 50
LARGEST_PAGE = 100
STATUSES = frozenset(
    {"PENDING_AVAILABILITY", "PENDING", "UNSHIPPED", "PARTIALLY_SHIPPED", "SHIPPED", "CANCELLED", "UNFULFILLABLE"}
)
CHANNELS = frozenset({"MERCHANT", "AMAZON"})
_MARKETPLACE_IDS = frozenset(marketplace.id for marketplace in MARKETPLACES)
_BASES = {
    Basis.CREATED: ("createdAfter", "createdBefore"),
    Basis.UPDATED: ("lastUpdatedAfter", "lastUpdatedBefore"),
}
_TIME = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{1,9})?(Z|[+-]\d{2}:\d{2})")
# Each list parameter: the words that Amazon knows.
_LISTS = {
    "marketplaceIds": _MARKETPLACE_IDS,
    "fulfillmentStatuses": STATUSES,
    "fulfilledBy": CHANNELS,
    "includedData": DATASETS,
}
_SEARCH_PARAMETERS = frozenset(
    {*_LISTS, *(name for pair in _BASES.values() for name in pair), "maxResultsPerPage", "paginationToken"}
)
_GET_PARAMETERS = frozenset({"includedData"})
# What may differ between the pages of one listing.
NOT_FROZEN = frozenset({"paginationToken", "maxResultsPerPage", "includedData"})


@dataclass(frozen=True, slots=True)
class SearchParameters:
    """A searchOrders request that keeps Amazon's rules. `before` None: not given. `frozen`: what every page of the
    listing must repeat."""

    basis: Basis
    after: datetime
    before: datetime | None
    marketplace_ids: frozenset[str]
    statuses: frozenset[str]
    fulfilled_by: frozenset[str]
    included: frozenset[str]
    page_size: int
    token: str | None
    frozen: tuple[tuple[str, tuple[str, ...]], ...]
    hopeless: bool  # marketplaceIds came as repeated keys: Amazon answers an empty list


def read_search(request: Request) -> SearchParameters:
    """Given a searchOrders request, return its parameters. Raise Refusal (400 InvalidInput) for a broken rule."""
    given = request.parameters
    _known_and_single(given, _SEARCH_PARAMETERS, may_repeat=frozenset({"marketplaceIds"}))
    basis, after, before = _span(given, request.at)
    marketplaces = _words(given, "marketplaceIds")
    if len(marketplaces) > MOST_MARKETPLACES:
        raise invalid_input(f"marketplaceIds takes at most {MOST_MARKETPLACES} values.")
    return SearchParameters(
        basis=basis,
        after=after,
        before=before,
        marketplace_ids=frozenset(marketplaces),
        statuses=frozenset(_words(given, "fulfillmentStatuses")),
        fulfilled_by=frozenset(_words(given, "fulfilledBy")),
        included=frozenset(_words(given, "includedData")),
        page_size=_page_size(given),
        token=next(iter(given.get("paginationToken", ())), None),
        frozen=tuple(sorted((name, values) for name, values in given.items() if name not in NOT_FROZEN)),
        hopeless=len(given.get("marketplaceIds", ())) > 1,
    )


def read_get(request: Request) -> frozenset[str]:
    """Given a getOrder request, return the datasets that it asks for. Raise Refusal (400 InvalidInput)."""
    _known_and_single(request.parameters, _GET_PARAMETERS)
    return frozenset(_words(request.parameters, "includedData"))


def _known_and_single(
    given: Mapping[str, tuple[str, ...]], known: frozenset[str], may_repeat: frozenset[str] = frozenset()
) -> None:
    for name, values in given.items():
        if name not in known:
            raise invalid_input(f"Unknown parameter: {name}.")
        if len(values) > 1 and name not in may_repeat:
            raise invalid_input(f"{name} was given more than once.")


def _span(given: Mapping[str, tuple[str, ...]], now: datetime) -> tuple[Basis, datetime, datetime | None]:
    """Exactly one of the two *After; the pairs do not mix; *Before not before *After and two minutes in the past."""
    bases = [basis for basis, names in _BASES.items() if any(name in given for name in names)]
    if len(bases) != 1 or _BASES[bases[0]][0] not in given:
        raise invalid_input("Exactly one of createdAfter and lastUpdatedAfter is required, and the pairs do not mix.")
    after_name, before_name = _BASES[bases[0]]
    after = _moment(given, after_name)
    if before_name not in given:
        return bases[0], after, None
    before = _moment(given, before_name)
    if before < after:
        raise invalid_input(f"{before_name} must not be earlier than {after_name}.")
    if before > now - MARGIN:
        raise invalid_input(f"{before_name} must be at least two minutes before the time of the request.")
    return bases[0], after, before


def _moment(given: Mapping[str, tuple[str, ...]], name: str) -> datetime:
    text = given[name][0]
    if not _TIME.fullmatch(text):
        raise invalid_input(f"{name} must be a time in ISO 8601 format.")
    try:
        return datetime.fromisoformat(text).astimezone(UTC)
    except (ValueError, OverflowError):
        raise invalid_input(f"{name} must be a time in ISO 8601 format.") from None


def _words(given: Mapping[str, tuple[str, ...]], name: str) -> list[str]:
    """A list parameter: one comma-separated value."""
    words = [word for value in given.get(name, ()) for word in value.split(",")]
    for word in words:
        if word not in _LISTS[name]:
            raise invalid_input(f"{name} has an unknown value.")
    return words


def _page_size(given: Mapping[str, tuple[str, ...]]) -> int:
    text = given.get("maxResultsPerPage", (str(LARGEST_PAGE),))[0]
    if not (text.isascii() and text.isdigit() and 1 <= int(text) <= LARGEST_PAGE):
        raise invalid_input(f"maxResultsPerPage must be a whole number from 1 to {LARGEST_PAGE}.")
    return int(text)
