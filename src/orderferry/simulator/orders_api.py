"""Orders API 2026-01-01: searchOrders, one page of a listing, and getOrder, with Amazon's rules for their
parameters.

Source: Amazon's SP-API documentation. Pagination tokens are opaque to the client, belong to the listing's parameters
and are good for 24 hours. A token carries all that is needed to go on, so that a simulator that was restarted still
takes it. Its text is Base64 with `+` and `/` in it, as Amazon's may be: a client that encodes it twice or not at all
fails.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import itertools
import json
import re
from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from orderferry.domain.durations import iso
from orderferry.domain.marketplaces import MARKETPLACES
from orderferry.domain.orders import OrderStatus
from orderferry.domain.search import Basis
from orderferry.simulator.faults import Fault, FaultKind
from orderferry.simulator.messages import (
    Refusal,
    Request,
    SimulatedResponse,
    error_answer,
    invalid_input,
    json_answer,
    unauthorized,
)
from orderferry.simulator.world import Query, World

# includedData: which part of an order's JSON belongs to which dataset. What is in neither table is always there.
ORDER_DATASETS: dict[str, str] = {
    "buyer": "BUYER",
    "recipient": "RECIPIENT",
    "proceeds": "PROCEEDS",
    "fulfillment": "FULFILLMENT",
    "packages": "PACKAGES",
    "tax": "TAX",
    "payment": "PAYMENT",
    "fulfillmentOrders": "FULFILLMENT_ORDERS",
}
ITEM_DATASETS: dict[str, str] = {
    "proceeds": "PROCEEDS",
    "expense": "EXPENSE",
    "promotion": "PROMOTION",
    "cancellation": "CANCELLATION",
    "fulfillment": "FULFILLMENT",
    "tax": "TAX",
}
DATASETS = frozenset({*ORDER_DATASETS.values(), *ITEM_DATASETS.values()})


def only_datasets(order: dict[str, Any], included: AbstractSet[str]) -> dict[str, Any]:
    """Return an order's JSON with these datasets only.

    Anything that is not of Amazon's shape (tests serve such orders) is passed on as it is.
    """
    kept: dict[str, Any] = _without(order, ORDER_DATASETS, included)
    items = kept.get("orderItems")
    if isinstance(items, list):
        kept["orderItems"] = [_without(item, ITEM_DATASETS, included) for item in items]
    return kept


def refuse_datasets(included: AbstractSet[str], refused: AbstractSet[str]) -> None:
    """Raise Refusal (400) for a set of data that the account may not ask for, as Amazon words it."""
    for name in sorted(included & refused):
        raise Refusal(error_answer(400, "InvalidInput", f"Invalid includedData value: {name}"))


def _without(part: Any, datasets: dict[str, str], included: AbstractSet[str]) -> Any:
    if not isinstance(part, dict):
        return part
    return {key: value for key, value in part.items() if key not in datasets or datasets[key] in included}


MARGIN = timedelta(minutes=2)  # how far *Before must lie in the past
MOST_MARKETPLACES = 50
LARGEST_PAGE = 100
STATUSES = frozenset(OrderStatus) - {OrderStatus.INVOICE_UNCONFIRMED}  # which only the older API has
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


Frozen = tuple[tuple[str, tuple[str, ...]], ...]


@dataclass(frozen=True, slots=True)
class SearchParameters:
    """A searchOrders request that keeps Amazon's rules. `frozen`: what every page of the listing must repeat."""

    query: Query
    included: frozenset[str]
    page_size: int
    token: str | None
    frozen: Frozen
    repeated_key: bool  # marketplaceIds came as repeated keys: Amazon answers an empty list


def read_search(request: Request) -> SearchParameters:
    """Return the parameters of a searchOrders request. Raise Refusal (400 InvalidInput) for a broken rule."""
    given = request.parameters
    _known_and_single(given, _SEARCH_PARAMETERS, may_repeat=frozenset({"marketplaceIds"}))
    marketplaces = _words(given, "marketplaceIds")
    if len(marketplaces) > MOST_MARKETPLACES:
        raise invalid_input(f"marketplaceIds takes at most {MOST_MARKETPLACES} values.")
    return SearchParameters(
        query=Query(
            *_span(given, request.at),
            frozenset(marketplaces),
            frozenset(_words(given, "fulfilledBy")),
            frozenset(_words(given, "fulfillmentStatuses")),
        ),
        included=frozenset(_words(given, "includedData")),
        page_size=_page_size(given),
        token=next(iter(given.get("paginationToken", ())), None),
        frozen=tuple(sorted((name, values) for name, values in given.items() if name not in NOT_FROZEN)),
        repeated_key=len(given.get("marketplaceIds", ())) > 1,
    )


def read_get(request: Request) -> frozenset[str]:
    """Return the datasets that a getOrder request asks for. Raise Refusal (400 InvalidInput)."""
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


def _span(given: Mapping[str, tuple[str, ...]], now: datetime) -> tuple[Basis, datetime, datetime]:
    """Return kind of date and span; its end is two minutes ago if not given. Raise Refusal (400) for a broken rule.

    Exactly one of the two *After is given; the pairs do not mix; *Before is not before *After and two minutes ago.
    """
    bases = [basis for basis, names in _BASES.items() if any(name in given for name in names)]
    if len(bases) != 1 or _BASES[bases[0]][0] not in given:
        raise invalid_input("Exactly one of createdAfter and lastUpdatedAfter is required, and the pairs do not mix.")
    after_name, before_name = _BASES[bases[0]]
    after = _moment(given, after_name)
    if before_name not in given:
        return bases[0], after, now - MARGIN
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
    """Return the words of a list parameter, which is one comma-separated value."""
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


PAGINATION_LIFE = timedelta(hours=24)
_MARK = b"\xfb\xff\xfe"  # in Base64: +//+


def write_token(frozen: Frozen, now: datetime, before: datetime, *, position: int, read: int, number: int) -> str:
    """Return the token of a listing, by its parameters, that goes on after the order at `position`, with `read` orders
    sent so far, up to `before`. `number` sets apart tokens that continue at the same place."""
    values = [_fingerprint(frozen), now.timestamp(), before.timestamp(), position, read, number]
    return base64.b64encode(_MARK + json.dumps(values).encode()).decode()


def read_token(token: str, frozen: Frozen, now: datetime) -> tuple[datetime, int, int]:
    """Return `before`, `position` and `read`, given a token and the parameters that came with it.

    Raise Refusal (400 InvalidInput) when it is none of ours, belongs to other parameters, or is a day old.
    """
    try:
        raw = base64.b64decode(token, validate=True)
        fingerprint, issued, before, position, read, _ = json.loads(raw.removeprefix(_MARK))
        ends = datetime.fromtimestamp(issued, UTC) + PAGINATION_LIFE
        going_on = datetime.fromtimestamp(before, UTC), position, read
    except (binascii.Error, ValueError, TypeError):
        raise invalid_input("The paginationToken is not valid.") from None
    if fingerprint != _fingerprint(frozen):
        raise invalid_input("The paginationToken is not valid. All parameters must match the first request's.")
    if now > ends:
        raise invalid_input("The paginationToken is not valid: it has expired.")
    return going_on


def _fingerprint(frozen: Frozen) -> str:
    return hashlib.sha256(json.dumps(frozen).encode()).hexdigest()[:16]


class OrderSearch:
    """The listing of one world. With `shifting`, later pages are counted from the first order that matches at the
    time of the request, so that orders that change meanwhile push others past a page; else each page goes on after
    the last order that was sent."""

    def __init__(self, world: World, *, shifting: bool = False) -> None:
        self.world = world
        self.shifting = shifting
        self._numbers = itertools.count(1)
        self._last_orders: list[dict[str, Any]] = []  # what REPEATED_PAGE repeats

    def answer(self, request: Request, fault: Fault | None = None) -> SimulatedResponse:
        """Answer one page. Raise Refusal for a broken rule or a marketplace that the account may not see."""
        asked = read_search(request)
        query, position, read = asked.query, None, 0
        if query.marketplace_ids & self.world.refused_marketplaces:
            raise unauthorized("The application is not authorised for a marketplace of the request.")
        refuse_datasets(asked.included, self.world.refused_datasets)
        if asked.token:
            before, position, read = read_token(asked.token, asked.frozen, request.at)
            query = replace(query, before=before)
        kind = fault.kind if fault else None
        seen_at = request.at - timedelta(seconds=fault.seconds) if fault and kind is FaultKind.STALE else request.at
        found: list[dict[str, Any]] = []
        end = None
        if not asked.repeated_key:
            beyond, skip = (None, read) if self.shifting else (position, 0)
            found, end = self.world.search(seen_at, query, limit=asked.page_size, beyond=beyond, skip=skip)
        orders = [only_datasets(order, asked.included) for order in found]
        token = None
        if end is not None:
            number, read = next(self._numbers), read + len(found)
            token = write_token(asked.frozen, request.at, query.before, position=end, read=read, number=number)
        if kind is FaultKind.REPEATED_PAGE:
            orders = self._last_orders or orders
        if kind is FaultKind.REPEATED_TOKEN and asked.token:
            token = asked.token
        self._last_orders = orders
        body: dict[str, Any] = {"orders": orders}
        if token is not None:
            body["pagination"] = {"nextToken": token}
        return json_answer({**body, _BASES[query.basis][1]: iso(query.before)})


_ORDER_ID = re.compile(r"\d{3}-\d{7}-\d{7}")


def get_order(world: World, request: Request) -> SimulatedResponse:
    """Return an order as it is now, also one that searches list late.

    Raise Refusal: 400 for a malformed id or parameter, 404 for an unknown id, 403 for an order of a marketplace that
    the account may not see.
    """
    order_id = request.arguments["order_id"]
    included = read_get(request)
    refuse_datasets(included, world.refused_datasets)
    if not _ORDER_ID.fullmatch(order_id):
        raise invalid_input("orderId must be in 3-7-7 format.")
    found = world.find(order_id, request.at)
    if found is None:
        raise Refusal(error_answer(404, "NotFound", "The requested resource doesn't exist."))
    fields, order = found
    if fields.marketplace_id in world.refused_marketplaces:
        raise unauthorized("The application is not authorised for the order's marketplace.")
    return json_answer({"order": only_datasets(order, included)})
