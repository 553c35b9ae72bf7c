"""Amazon's parameter rules, pagination tokens and the token endpoint, without sockets."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs

import pytest

from orderferry.domain.durations import iso
from orderferry.domain.marketplaces import MARKETPLACES
from orderferry.simulator.access import Logins, SimulatorCredentials
from orderferry.simulator.faults import FAULT_ANSWERS, Fault, FaultKind, Faults
from orderferry.simulator.messages import Refusal, Request, SimulatedResponse
from orderferry.simulator.orders import EventKind
from orderferry.simulator.orders_api import OrderSearch, get_order, read_search
from orderferry.simulator.world import World
from support.simulated import SEARCH_PATH, START, simulated_order, verified

NOW = START + timedelta(days=3)
DE, IT = "A1PA6795UKMFR9", "APJ6JRA9NG5V4"
SINCE = {"lastUpdatedAfter": iso(START)}


def asked(parameters: Mapping[str, Any], at: Any = NOW, **fields: Any) -> Request:
    """A request with these parameters; a list stands for a key that is repeated."""
    values = {
        name: tuple(map(str, value)) if isinstance(value, list) else (str(value),) for name, value in parameters.items()
    }
    return Request("GET", SEARCH_PATH, values, {}, b"", at, **fields)


def refused(ask: Callable[[], Any]) -> tuple[int, dict[str, Any]]:
    """The status and Amazon's error of a request that is refused."""
    with pytest.raises(Refusal) as caught:
        ask()
    return caught.value.answer.status, json.loads(caught.value.answer.body)["errors"][0]


def minutes_ago(minutes: float) -> str:
    return iso(NOW - timedelta(minutes=minutes))


GOOD: list[dict[str, Any]] = [
    SINCE,
    {"createdAfter": iso(START)},
    {"createdAfter": "2026-11-02T10:00:00+02:00"},
    {"createdAfter": "2026-11-02T08:00:00.123Z"},
    SINCE | {"lastUpdatedBefore": minutes_ago(2)},
    SINCE | {"lastUpdatedBefore": iso(START)},
    {"createdAfter": iso(START), "createdBefore": minutes_ago(3)},
    SINCE | {"marketplaceIds": f"{DE},{IT}"},
    SINCE | {"fulfillmentStatuses": "UNSHIPPED,PARTIALLY_SHIPPED,PENDING_AVAILABILITY"},
    SINCE | {"fulfilledBy": "MERCHANT,AMAZON"},
    SINCE | {"maxResultsPerPage": 1},
    SINCE | {"maxResultsPerPage": 100},
    SINCE
    | {"includedData": "BUYER,RECIPIENT,PROCEEDS,EXPENSE,PROMOTION,CANCELLATION,FULFILLMENT,PACKAGES,TAX,PAYMENT"},
    SINCE | {"includedData": "FULFILLMENT_ORDERS"},
]
BAD: list[tuple[dict[str, Any], str]] = [
    ({}, "Exactly one"),
    ({"marketplaceIds": DE}, "Exactly one"),
    ({"lastUpdatedBefore": minutes_ago(9)}, "Exactly one"),
    (SINCE | {"createdAfter": iso(START)}, "Exactly one"),
    (SINCE | {"createdBefore": minutes_ago(9)}, "do not mix"),
    (SINCE | {"lastUpdatedBefore": minutes_ago(1.99)}, "two minutes"),
    (SINCE | {"lastUpdatedBefore": iso(NOW + timedelta(days=1))}, "two minutes"),
    (SINCE | {"lastUpdatedBefore": iso(START - timedelta(seconds=1))}, "earlier"),
    ({"lastUpdatedAfter": "yesterday"}, "ISO 8601"),
    ({"lastUpdatedAfter": ""}, "ISO 8601"),
    ({"lastUpdatedAfter": "2026-11-01"}, "ISO 8601"),
    ({"lastUpdatedAfter": "2026-11-01 00:00:00+00:00"}, "ISO 8601"),
    ({"lastUpdatedAfter": "2026-11-01T00:00:00"}, "ISO 8601"),
    ({"lastUpdatedAfter": "2026-13-01T00:00:00Z"}, "ISO 8601"),
    (SINCE | {"marketplaceIds": "DE"}, "marketplaceIds"),
    (SINCE | {"marketplaceIds": ",".join([DE] * 51)}, "50"),
    (SINCE | {"marketplaceIds[]": DE}, "Unknown"),
    (SINCE | {"MarketplaceIds": DE}, "Unknown"),
    (SINCE | {"NextToken": "x"}, "Unknown"),
    (SINCE | {"fulfillmentStatuses": "Unshipped"}, "fulfillmentStatuses"),
    (SINCE | {"fulfillmentStatuses": ["SHIPPED", "UNSHIPPED"]}, "more than once"),
    (SINCE | {"fulfilledBy": "MFN"}, "fulfilledBy"),
    (SINCE | {"maxResultsPerPage": 0}, "maxResultsPerPage"),
    (SINCE | {"maxResultsPerPage": 101}, "maxResultsPerPage"),
    (SINCE | {"maxResultsPerPage": "ten"}, "maxResultsPerPage"),
    (SINCE | {"maxResultsPerPage": ""}, "maxResultsPerPage"),
    (SINCE | {"includedData": "EVERYTHING"}, "includedData"),
    (SINCE | {"paginationToken": "x"}, "paginationToken"),
    (SINCE | {"paginationToken": "bm8gdG9rZW4="}, "paginationToken"),
]


def search(parameters: Mapping[str, Any], at: Any = NOW, world: World | None = None) -> dict[str, Any]:
    answer = OrderSearch(world or World([])).answer(asked(parameters, at))
    body: dict[str, Any] = json.loads(answer.body)
    return body


@pytest.mark.parametrize("parameters", GOOD, ids=str)
def test_good_parameters_are_taken(parameters: dict[str, Any]) -> None:
    assert search(parameters)["orders"] == []


@pytest.mark.parametrize(("parameters", "details"), BAD, ids=str)
def test_broken_rules_are_400_invalid_input(parameters: dict[str, Any], details: str) -> None:
    status, error = refused(lambda: search(parameters))
    assert (status, error["code"]) == (400, "InvalidInput")
    assert details in error["details"]


def test_repeated_marketplace_keys_give_an_empty_list() -> None:
    world = World([simulated_order()])
    assert len(search(SINCE | {"marketplaceIds": f"{DE},{IT}"}, world=world)["orders"]) == 1
    assert search(SINCE | {"marketplaceIds": [DE, IT]}, world=world)["orders"] == []


def test_fifty_marketplaces_are_not_too_many() -> None:
    every = [marketplace.id for marketplace in MARKETPLACES]
    words = ",".join((every * 3)[:50])
    assert read_search(asked(SINCE | {"marketplaceIds": words})).query.marketplace_ids == frozenset(every)


def test_the_cut_off_is_the_one_asked_for_or_two_minutes_ago() -> None:
    assert search(SINCE)["lastUpdatedBefore"] == minutes_ago(2)
    assert search(SINCE | {"lastUpdatedBefore": minutes_ago(30)})["lastUpdatedBefore"] == minutes_ago(30)
    created = search({"createdAfter": iso(START)})
    assert created["createdBefore"] == minutes_ago(2)
    assert "lastUpdatedBefore" not in created


def test_a_refused_marketplace_is_403() -> None:
    world = World([simulated_order()], refused_marketplaces=[DE])
    status, error = refused(lambda: search(SINCE | {"marketplaceIds": f"{IT},{DE}"}, world=world))
    assert (status, error["code"]) == (403, "Unauthorized")
    assert search(SINCE | {"marketplaceIds": IT}, world=world)["orders"] == []


class Listing:
    """Ten orders, three on a page."""

    def __init__(self, *, shifting: bool = False) -> None:
        orders = [simulated_order(number, verified(minutes=number)) for number in range(10)]
        self.world = World(orders)
        self.search = OrderSearch(self.world, shifting=shifting)
        self.parameters = SINCE | {"maxResultsPerPage": 3, "marketplaceIds": DE}
        self.first = self.page()
        self.token = self.first["pagination"]["nextToken"]

    def page(self, at: Any = NOW, fault: Fault | None = None, **changes: Any) -> dict[str, Any]:
        body: dict[str, Any] = json.loads(self.search.answer(asked(self.parameters | changes, at), fault).body)
        return body

    def numbers(self, **changes: Any) -> str:
        """The last digits of the orders on a page."""
        return "".join(order["orderId"][-1] for order in self.page(**changes)["orders"])


def met(kind: FaultKind, seconds: float = 60) -> Fault:
    return Fault("searchOrders", kind, 0, 1, seconds)


def test_a_repeated_page_has_the_orders_of_the_one_before_and_a_new_token() -> None:
    listing = Listing()
    again = listing.page(paginationToken=listing.token, fault=met(FaultKind.REPEATED_PAGE))
    assert again["orders"] == listing.first["orders"]
    assert again["pagination"]["nextToken"] != listing.token
    assert listing.numbers(paginationToken=again["pagination"]["nextToken"]) == "678"
    fresh = OrderSearch(listing.world).answer(asked(listing.parameters), met(FaultKind.REPEATED_PAGE))
    assert json.loads(fresh.body)["orders"] == listing.first["orders"]  # no page was before it


def test_a_repeated_token_leads_back() -> None:
    listing = Listing()
    first = listing.page(fault=met(FaultKind.REPEATED_TOKEN))
    assert first["pagination"]["nextToken"] != listing.token  # the first request has none to repeat
    second = listing.page(paginationToken=listing.token, fault=met(FaultKind.REPEATED_TOKEN))
    assert second["pagination"]["nextToken"] == listing.token
    last = listing.page(paginationToken=listing.token, maxResultsPerPage=100, fault=met(FaultKind.REPEATED_TOKEN))
    assert last["pagination"]["nextToken"] == listing.token


def test_a_stale_page_shows_the_orders_as_they_were() -> None:
    listing = Listing()
    late = timedelta(days=3) - timedelta(minutes=5)
    whole = {"maxResultsPerPage": 100, "fulfillmentStatuses": "UNSHIPPED"}
    assert listing.numbers(**whole) == "0123456789"
    assert listing.numbers(**whole, fault=met(FaultKind.STALE, late.total_seconds())) == "0123"  # 2 minutes of delay
    assert listing.numbers(**whole, fault=met(FaultKind.EMPTY, late.total_seconds())) == "0123456789"


@pytest.mark.parametrize(("shifting", "second"), [(False, "345"), (True, "456")])
def test_later_pages_are_counted_anew_or_go_on_after_the_last_order(shifting: bool, second: str) -> None:
    listing = Listing(shifting=shifting)
    listing.world.change("302-0000000-0000001", EventKind.TOUCHED, NOW)
    later = NOW + timedelta(hours=1)
    assert listing.numbers(at=later, paginationToken=listing.token) == second
    token = listing.page(later, paginationToken=listing.token)["pagination"]["nextToken"]
    assert listing.numbers(at=later, paginationToken=token)[:2] == {"345": "67", "456": "78"}[second]


def test_a_token_has_signs_that_must_be_encoded_and_is_not_given_twice() -> None:
    listing = Listing()
    assert listing.token.startswith("+//+")
    assert listing.page()["pagination"]["nextToken"] != listing.token


def test_a_refused_dataset_is_named() -> None:
    world = World([simulated_order(1)])
    world.refused_datasets = {"BUYER", "TAX"}
    status, error = refused(lambda: search(SINCE | {"includedData": "TAX,BUYER,PROCEEDS"}, world=world))
    assert (status, error["code"], error["message"]) == (400, "InvalidInput", "Invalid includedData value: BUYER")
    order = asked({"includedData": "TAX"}, arguments={"order_id": "302-0000000-0000001"})
    assert refused(lambda: get_order(world, order))[1]["message"] == "Invalid includedData value: TAX"


def test_pages_follow_each_other_to_the_last() -> None:
    listing = Listing()
    numbers, token = [], None
    while True:
        page = listing.page(**({"paginationToken": token} if token else {}))
        numbers.append([int(order["orderId"][-1]) for order in page["orders"]])
        if "pagination" not in page:
            break
        token = page["pagination"]["nextToken"]
    assert numbers == [[0, 1, 2], [3, 4, 5], [6, 7, 8], [9]]


@pytest.mark.parametrize(
    "changes",
    [
        {"lastUpdatedAfter": iso(START + timedelta(seconds=1))},
        {"lastUpdatedBefore": minutes_ago(5)},
        {"marketplaceIds": f"{DE},{IT}"},
        {"fulfilledBy": "MERCHANT"},
        {"fulfillmentStatuses": "UNSHIPPED"},
    ],
    ids=str,
)
def test_a_token_is_bound_to_the_parameters_of_its_listing(changes: dict[str, Any]) -> None:
    listing = Listing()
    status, error = refused(lambda: listing.page(paginationToken=listing.token, **changes))
    assert status == 400
    assert "All parameters must match" in error["details"]


def test_page_size_and_datasets_may_change_between_pages() -> None:
    listing = Listing()
    page = listing.page(paginationToken=listing.token, maxResultsPerPage=5, includedData="FULFILLMENT")
    assert [order["orderId"][-1] for order in page["orders"]] == ["3", "4", "5", "6", "7"]
    assert "fulfillment" in page["orders"][0]


def test_a_token_needs_its_after_parameter() -> None:
    listing = Listing()
    request = asked({"paginationToken": listing.token})
    assert refused(lambda: listing.search.answer(request))[0] == 400


def test_a_token_is_good_for_24_hours_and_then_expired() -> None:
    listing = Listing()
    in_time = listing.page(NOW + timedelta(hours=24), paginationToken=listing.token)
    assert len(in_time["orders"]) == 3
    too_late = NOW + timedelta(hours=24, seconds=1)
    status, error = refused(lambda: listing.page(too_late, paginationToken=listing.token))
    assert status == 400
    assert "expired" in error["details"]


def test_the_cut_off_stays_that_of_the_first_page() -> None:
    listing = Listing()
    later = listing.page(NOW + timedelta(hours=5), paginationToken=listing.token)
    assert later["lastUpdatedBefore"] == listing.first["lastUpdatedBefore"]


def test_a_token_that_was_encoded_wrongly_is_refused() -> None:
    listing = Listing()
    assert "+" in listing.token
    broken = parse_qs(f"token={listing.token}")["token"][0]  # a + that was not encoded becomes a space
    assert refused(lambda: listing.page(paginationToken=broken))[0] == 400


def test_another_simulator_of_the_same_world_goes_on_with_a_token() -> None:
    listing, other = Listing(), Listing()
    assert other.page(paginationToken=listing.token)["orders"][0]["orderId"].endswith("3")


@pytest.mark.parametrize(
    ("order_id", "parameters", "status"),
    [
        ("302-0000000-0000001", {}, 200),
        ("302-0000000-0000001", {"includedData": "BUYER"}, 200),
        ("302-0000000-0000001", {"includedData": "ALL"}, 400),
        ("302-0000000-0000001", {"marketplaceIds": DE}, 400),
        ("302-0000000-0000002", {}, 404),
        ("TEST_CASE_400", {}, 400),
        ("171-0000000-0000001", {}, 403),
    ],
)
def test_get_order_answers_by_amazons_rules(order_id: str, parameters: dict[str, str], status: int) -> None:
    italian = simulated_order(1, marketplace="IT")
    world = World(
        [
            simulated_order(1, verified(minutes=5)),
            type(italian)("171-0000000-0000001", "IT", START, italian.lines),
        ],
        refused_marketplaces=[IT],
    )

    def answer() -> SimulatedResponse:
        return get_order(world, asked(parameters, arguments={"order_id": order_id}))

    if status == 200:
        assert json.loads(answer().body)["order"]["orderId"] == order_id
    else:
        assert refused(answer)[0] == status


CREDENTIALS = SimulatorCredentials()
FORM = (
    f"grant_type=refresh_token&client_id={CREDENTIALS.client_id}&client_secret={CREDENTIALS.client_secret}"
    f"&refresh_token={CREDENTIALS.refresh_token.replace('|', '%7C')}"
)
FORM_TYPE = "application/x-www-form-urlencoded;charset=UTF-8"


@pytest.mark.parametrize(
    ("body", "kind", "status", "error"),
    [
        (FORM, FORM_TYPE, 200, None),
        (FORM, "application/json", 400, "invalid_request"),
        ("", FORM_TYPE, 400, "invalid_request"),
        (FORM.replace("grant_type=refresh_token", "grant_type=password"), FORM_TYPE, 400, "unsupported_grant_type"),
        (FORM.replace("simulator&client_secret", "other&client_secret"), FORM_TYPE, 401, "invalid_client"),
        (FORM.replace("no-secret&refresh", "wrong&refresh"), FORM_TYPE, 401, "invalid_client"),
        (FORM.replace("Atzr", "Atza"), FORM_TYPE, 400, "invalid_grant"),
        (FORM.partition("&refresh_token")[0], FORM_TYPE, 400, "invalid_grant"),
    ],
)
def test_login_answers_as_login_with_amazon_does(body: str, kind: str, status: int, error: str | None) -> None:
    request = Request("POST", "/auth/o2/token", {}, {"content-type": kind}, body.encode(), NOW)
    answer = Logins(CREDENTIALS).token(request)
    values = json.loads(answer.body)
    assert answer.status == status
    assert values.get("error") == error
    assert ("access_token" in values) == (status == 200)


def test_an_access_token_lives_for_an_hour() -> None:
    logins = Logins(CREDENTIALS)
    request = Request("POST", "/auth/o2/token", {}, {"content-type": FORM_TYPE}, FORM.encode(), NOW)
    token = json.loads(logins.token(request).body)["access_token"]

    def bearing(text: str, **later: float) -> Request:
        return Request("GET", SEARCH_PATH, {}, {"x-amz-access-token": text}, b"", NOW + timedelta(**later))

    logins.check(bearing(token, minutes=59))
    assert "expired" in refused(lambda: logins.check(bearing(token, minutes=60)))[1]["details"]
    assert "missing" in refused(lambda: logins.check(bearing("")))[1]["details"]
    assert "invalid" in refused(lambda: logins.check(bearing("Atza|made-up")))[1]["details"]


def test_a_fault_meets_the_nth_request_of_its_operation() -> None:
    faults = Faults()
    faults.add("searchOrders", 2, FaultKind.EMPTY)
    faults.add("getOrder", 1, FaultKind.CLOSE, times=None)
    operations = ["searchOrders", "getOrder", "searchOrders", "searchOrders", "getOrder"]
    kinds = [fault.kind if (fault := faults.take(operation)) else None for operation in operations]
    assert kinds == [None, FaultKind.CLOSE, FaultKind.EMPTY, None, FaultKind.CLOSE]
    assert faults.met == 3
    faults.clear()
    assert faults.take("getOrder") is None
    with pytest.raises(ValueError, match="1"):
        faults.add("getOrder", 0, FaultKind.EMPTY)


# They mislead within good answers: searches and reports make them themselves.
MISLEADING = frozenset(
    {
        FaultKind.REPEATED_PAGE,
        FaultKind.REPEATED_TOKEN,
        FaultKind.STALE,
        FaultKind.REPORT_FATAL,
        FaultKind.REPORT_CANCELLED,
    }
)


def test_every_kind_of_fault_is_either_an_answer_or_misleading_or_a_hang() -> None:
    assert {*FAULT_ANSWERS, *MISLEADING, FaultKind.HANG} == set(FaultKind)
