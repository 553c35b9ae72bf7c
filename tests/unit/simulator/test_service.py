"""The simulated Amazon without sockets: which request goes where, what it costs, and what each answer says."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from orderferry.domain.durations import iso
from orderferry.simulator.access import Logins, SimulatorCredentials, Usage
from orderferry.simulator.clock import Clock
from orderferry.simulator.faults import Fault, FaultKind, Faults
from orderferry.simulator.messages import Request, RequestLog, SimulatedResponse
from orderferry.simulator.orders_api import OrderSearch
from orderferry.simulator.reports_api import ReportRules, Reports
from orderferry.simulator.service import SimulatedAmazon
from orderferry.simulator.world import World
from support.simulated import SEARCH_PATH, START, id_of, simulated_order, verified

NOW = START + timedelta(days=3)
OTHER_SELLER = "Atzr|other"
CREDENTIALS = SimulatorCredentials()
NOT_FOUND = {"code": "NotFound", "message": "The requested resource doesn't exist.", "details": ""}


@pytest.fixture
def amazon() -> SimulatedAmazon:
    """Order 1 is the seller's, order 2 another seller's; reports are ready at once."""
    first, second = (OrderSearch(World([simulated_order(number, verified(hours=1))])) for number in (1, 2))
    return SimulatedAmazon(
        Clock.still(NOW),
        Logins(CREDENTIALS, [OTHER_SELLER]),
        Usage(),
        Faults(),
        RequestLog(),
        first,
        Reports(ReportRules(timedelta(0), timedelta(0))),
        {OTHER_SELLER: second},
    )


def ask(
    amazon: SimulatedAmazon,
    path: str,
    *,
    method: str = "GET",
    token: str = "",
    body: bytes = b"",
    headers: Mapping[str, str] | None = None,
    **parameters: str,
) -> SimulatedResponse:
    asked = {name: (value,) for name, value in parameters.items()}
    own = {"x-amz-access-token": token} if token else {}
    return amazon.answer(Request(method, path, asked, {**own, **(headers or {})}, body, datetime.now(UTC)))


def log_in(amazon: SimulatedAmazon, refresh_token: str = CREDENTIALS.refresh_token) -> SimulatedResponse:
    form = (
        f"grant_type=refresh_token&client_id={CREDENTIALS.client_id}&client_secret={CREDENTIALS.client_secret}"
        f"&refresh_token={refresh_token.replace('|', '%7C')}"
    )
    kind = {"content-type": "application/x-www-form-urlencoded"}
    return ask(amazon, "/auth/o2/token", method="POST", body=form.encode(), headers=kind)


def token_of(amazon: SimulatedAmazon, refresh_token: str = CREDENTIALS.refresh_token) -> str:
    return str(json.loads(log_in(amazon, refresh_token).body)["access_token"])


def errors_of(answer: SimulatedResponse) -> list[Any]:
    found: list[Any] = json.loads(answer.body)["errors"]
    return found


def test_an_access_token_for_an_hour(amazon: SimulatedAmazon) -> None:
    assert (CREDENTIALS.client_id, CREDENTIALS.client_secret, CREDENTIALS.refresh_token) == (
        "amzn1.application-oa2-client.simulator",
        "amzn1.oa2-cs.v1.simulator-no-secret",
        "Atzr|simulator-no-secret",
    )
    answer = log_in(amazon)
    assert (answer.status, answer.content_type) == (200, "application/json")
    assert json.loads(answer.body) == {
        "access_token": "Atza|simulator-1",
        "refresh_token": "Atzr|simulator-no-secret",
        "token_type": "bearer",
        "expires_in": 3600,
    }
    assert token_of(amazon) == "Atza|simulator-2"
    refused = log_in(amazon, "Atzr|nobody")
    assert json.loads(refused.body) == {
        "error": "invalid_grant",
        "error_description": "The request has an invalid grant parameter: refresh_token",
    }


def test_each_answer_has_amazons_headers_and_a_good_one_its_rate(amazon: SimulatedAmazon) -> None:
    token = token_of(amazon)
    answer = ask(amazon, SEARCH_PATH, token=token, lastUpdatedAfter=iso(START))
    headers = dict(answer.headers)
    assert len(headers.pop("x-amzn-RequestId")) == 36
    assert headers == {"Date": "Thu, 05 Nov 2026 08:00:00 GMT", "x-amzn-RateLimit-Limit": "0.0056"}
    refused = dict(ask(amazon, SEARCH_PATH, token=token, lastUpdatedAfter="never").headers)
    assert len(refused.pop("x-amzn-RequestId")) == 36
    assert refused == {"Date": "Thu, 05 Nov 2026 08:00:00 GMT", "x-amzn-ErrorType": "InvalidInput"}
    assert "x-amzn-RateLimit-Limit" not in dict(log_in(amazon).headers)


def test_each_seller_sees_its_own_orders(amazon: SimulatedAmazon) -> None:
    for refresh_token, own, foreign in ((CREDENTIALS.refresh_token, 1, 2), (OTHER_SELLER, 2, 1)):
        token = token_of(amazon, refresh_token)
        listed = json.loads(ask(amazon, SEARCH_PATH, token=token, createdAfter=iso(START)).body)["orders"]
        assert [order["orderId"] for order in listed] == [id_of(own)]
        assert ask(amazon, f"{SEARCH_PATH}/{id_of(own)}", token=token).status == 200
        assert errors_of(ask(amazon, f"{SEARCH_PATH}/{id_of(foreign)}", token=token)) == [NOT_FOUND]


def test_a_report_is_asked_for_waited_for_and_fetched_without_a_token(amazon: SimulatedAmazon) -> None:
    token, reports = token_of(amazon), "/reports/2021-06-30"
    wish = {
        "reportType": "GET_FLAT_FILE_ALL_ORDERS_DATA_BY_ORDER_DATE_GENERAL",
        "marketplaceIds": ["A1PA6795UKMFR9"],
        "dataStartTime": iso(START),
        "dataEndTime": iso(NOW),
    }
    created = ask(amazon, f"{reports}/reports", method="POST", token=token, body=json.dumps(wish).encode())
    number = json.loads(created.body)["reportId"]
    document = json.loads(ask(amazon, f"{reports}/reports/{number}", token=token).body)["reportDocumentId"]
    url = json.loads(ask(amazon, f"{reports}/documents/{document}", token=token, headers={"host": "h"}).body)["url"]
    assert ask(amazon, url.removeprefix("http://h")).status == 200
    assert amazon.requests.counts == {
        "token": 1,
        "createReport": 1,
        "getReport": 1,
        "getReportDocument": 1,
        "downloadReport": 1,
    }


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/"),
        ("GET", "/auth/o2/token"),
        ("POST", SEARCH_PATH),
        ("GET", f"{SEARCH_PATH}/"),
        ("GET", f"{SEARCH_PATH}/{id_of(1)}/orderItems"),
        ("GET", "/reports/2021-06-30/reports"),
    ],
)
def test_what_is_not_served(amazon: SimulatedAmazon, method: str, path: str) -> None:
    answer = ask(amazon, path, method=method, token=token_of(amazon))
    assert (answer.status, errors_of(answer)) == (404, [NOT_FOUND])
    assert amazon.requests.count("unknown") == 1


@pytest.mark.parametrize(
    ("token", "details"),
    [
        ("", "Access token is missing in the request header."),
        ("Atza|other", "The access token you provided is revoked, malformed or invalid."),
    ],
)
@pytest.mark.parametrize(
    "path",
    [
        SEARCH_PATH,
        f"{SEARCH_PATH}/{id_of(1)}",
        "/reports/2021-06-30/reports/1",
        "/reports/2021-06-30/documents/1",
    ],
)
def test_nothing_is_given_without_a_token(amazon: SimulatedAmazon, path: str, token: str, details: str) -> None:
    answer = ask(amazon, path, token=token)
    assert answer.status == 403
    assert errors_of(answer) == [
        {"code": "Unauthorized", "message": "Access to requested resource is denied.", "details": details}
    ]
    assert amazon.usage.left("searchOrders", NOW) == 20


def test_a_token_of_an_hour_ago_is_too_old(amazon: SimulatedAmazon) -> None:
    token = token_of(amazon)
    amazon.clock.advance(timedelta(hours=1))
    answer = ask(amazon, SEARCH_PATH, token=token, createdAfter=iso(START))
    assert errors_of(answer)[0]["details"] == "The access token you provided has expired."
    wish = ask(amazon, "/reports/2021-06-30/reports", method="POST", token=token)
    assert wish.status == 403


def test_the_usage_plan_is_kept(amazon: SimulatedAmazon) -> None:
    token = token_of(amazon)
    for _ in range(20):
        assert ask(amazon, SEARCH_PATH, token=token, createdAfter=iso(START)).status == 200
    refused = ask(amazon, SEARCH_PATH, token=token, createdAfter=iso(START))
    assert (refused.status, refused.content_type) == (429, "application/json")
    assert errors_of(refused) == [
        {"code": "QuotaExceeded", "message": "You exceeded your quota for the requested resource.", "details": ""}
    ]


def test_a_fault_is_answered_instead_and_costs_its_token(amazon: SimulatedAmazon) -> None:
    token = token_of(amazon)
    amazon.faults.add("searchOrders", 1, FaultKind.INTERNAL_FAILURE)
    amazon.faults.add("searchOrders", 2, FaultKind.CLOSE)
    assert [ask(amazon, SEARCH_PATH, token=token, createdAfter=iso(START)).status for _ in range(3)] == [500, 0, 200]
    assert amazon.usage.left("searchOrders", NOW) == 17
    assert [request.status for request in amazon.requests.of("searchOrders")] == [500, 0, 200]


def test_requests_are_kept_as_they_came(amazon: SimulatedAmazon) -> None:
    ask(amazon, f"{SEARCH_PATH}/{id_of(1)}", headers={"user-agent": "me/1"}, includedData="BUYER")
    log_in(amazon)
    first, second = amazon.requests
    assert (first.operation, first.arguments, first.at, first.status) == (
        "getOrder",
        {"order_id": id_of(1)},
        NOW,
        403,
    )
    assert (first.user_agent, first.parameter("includedData"), first.parameter("other")) == ("me/1", "BUYER", None)
    assert (second.operation, second.user_agent, second.status) == ("token", "", 200)
    assert len(amazon.requests) == 2
    assert amazon.requests.count("token") == 1


def test_the_rate_of_an_operation_without_a_plan_is_not_known() -> None:
    usage = Usage()
    assert (usage.rate("token"), usage.left("token", NOW)) == (None, None)
    assert usage.rate("getOrder") == Decimal("0.5")


HTML_PAGE = "<html><head><title>{0}</title></head><body><h1>{0}</h1></body></html>"


@pytest.mark.parametrize(
    ("kind", "status", "content_type", "body"),
    [
        ("503-html", 503, "text/html", HTML_PAGE.format("503 Service Unavailable")),
        ("502-html", 502, "text/html", HTML_PAGE.format("502 Bad Gateway")),
        ("504-html", 504, "text/html", HTML_PAGE.format("504 Gateway Timeout")),
        ("400-html", 400, "text/html", HTML_PAGE.format("400 Bad Request")),
        ("200-html", 200, "text/html", HTML_PAGE.format("Please wait")),
        ("403-without-errors", 403, "application/json", '{"message": "Forbidden"}'),
        ("200-empty", 200, "application/json", ""),
        ("302", 302, "application/json", ""),
        ("200-list", 200, "application/json", "[]"),
        ("200-without-orders", 200, "application/json", '{"message": "OK"}'),
        ("cut-off-json", 200, "application/json", '{"orders": [{"orderId": "302-1234567-12'),
        ("cut-off-body", 200, "application/json", '{"orders": []}'),
        ("close", 0, "application/json", ""),
    ],
)
def test_answers_that_are_not_amazons_own(kind: str, status: int, content_type: str, body: str) -> None:
    answer = Fault("searchOrders", FaultKind(kind), 0, 1, 60.0).answer
    assert answer is not None
    assert (answer.status, answer.content_type, answer.body.decode()) == (status, content_type, body)
    assert answer.headers == ((("Location", "/elsewhere"),) if kind == "302" else ())
    assert answer.promised_length == (4096 if kind == "cut-off-body" else None)
    assert (answer.close, answer.hang) == (kind == "close", 0)


@pytest.mark.parametrize(
    ("kind", "status", "code", "message", "details"),
    [
        ("429", 429, "QuotaExceeded", "You exceeded your quota for the requested resource.", ""),
        ("500", 500, "InternalFailure", "We encountered an internal error.", ""),
        ("503", 503, "ServiceUnavailable", "Service is temporarily unavailable.", ""),
        ("403", 403, "Unauthorized", "Access to requested resource is denied.", ""),
        ("401", 401, "Unauthorized", "The request has an invalid token.", ""),
        ("400", 400, "InvalidInput", "Invalid Input", "orderId must be in 3-7-7 format."),
        (
            "expired-pagination-token",
            400,
            "InvalidInput",
            "Invalid Input",
            "The paginationToken is not valid: it has expired.",
        ),
    ],
)
def test_errors_in_amazons_form(kind: str, status: int, code: str, message: str, details: str) -> None:
    answer = Fault("searchOrders", FaultKind(kind), 0, 1, 60.0).answer
    assert answer is not None
    assert (answer.status, answer.content_type) == (status, "application/json")
    assert errors_of(answer) == [{"code": code, "message": message, "details": details}]
    assert answer.headers == (("x-amzn-ErrorType", code),)


def test_a_hanging_answer_is_never_sent() -> None:
    assert Fault("token", FaultKind("hang"), 0, 1, 7.5).answer == SimulatedResponse(0, hang=7.5, close=True)
    undecodable = Fault("token", FaultKind("not-utf8"), 0, 1, 60.0).answer
    assert undecodable is not None
    with pytest.raises(UnicodeDecodeError):
        undecodable.body.decode()
    assert (undecodable.status, undecodable.content_type) == (200, "application/json")


@pytest.mark.parametrize("kind", ["repeated-page", "repeated-token", "stale", "report-fatal", "report-cancelled"])
def test_faults_within_good_answers_have_none_of_their_own(kind: str) -> None:
    assert Fault("searchOrders", FaultKind(kind), 0, 1, 60.0).answer is None


def test_faults_are_taken_in_the_order_of_adding() -> None:
    faults = Faults()
    faults.add("token", 1, "503", times=2)
    faults.add("token", 2, "500", seconds=5)
    met = [faults.take("token") for _ in range(4)]
    assert [fault.kind.value if fault else None for fault in met] == ["503", "503", "500", None]
    assert met[0] is not None
    assert met[0].seconds == 60
    assert faults.met == 3


def test_a_clock_that_is_advanced_while_it_runs() -> None:
    real = [datetime(2026, 1, 1, tzinfo=UTC)]
    clock = Clock(START, real=lambda: real[0])
    real[0] += timedelta(hours=1)
    assert clock.advance(timedelta(hours=1)) == START + timedelta(hours=2)
    real[0] += timedelta(hours=1)
    assert clock.now() == START + timedelta(hours=3)
    assert Clock(real=lambda: real[0]).now() == real[0]
    assert abs(Clock().now() - datetime.now(UTC)) < timedelta(minutes=1)
