"""Every fault of HTTP, of gateways and of Amazon, over a real socket, at the login and at both operations.

For each: the error that says what to do, how often it was tried, and that no secret is in the words.
"""

from __future__ import annotations

import gzip
import json
import tracemalloc
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from orderferry.amazon.source import AmazonSource
from orderferry.errors import (
    AmazonError,
    AmazonRefused,
    AmazonUnavailable,
    ExitCode,
    MarketplaceRefused,
    OrderferryError,
    PaginationExpired,
    QuotaExhausted,
    RequestRejected,
)
from support import fault_server as faults
from support.amazon_side import A_SEARCH, SECRETS, SourceUnderTest, order_json, source_under_test
from support.fault_server import Behaviour, FaultServer, answer, errors, page, raw, self_signed

ORDER_ID = "202-7654321-1098765"
HTML = "<html><body>Bad gateway</body></html>"
QUICK = timedelta(milliseconds=200)
SLOW = {
    "hang",
    "trickle",
    "headers by drops",
    "1xx without end",
    "a first line by drops",
}  # only these wait for the time-out; the others must not run into it on a busy machine
Question = Callable[[AmazonSource], Any]
QUESTIONS: dict[str, Question] = {
    "searchOrders": lambda source: source.search(A_SEARCH),
    "getOrder": lambda source: source.get(ORDER_ID),
}
# What comes back from the wire whatever the operation: behaviour, tries. All of it is AmazonUnavailable.
WIRE: dict[str, tuple[Behaviour, int]] = {
    "hang": (faults.hang, 3),
    "trickle": (faults.trickle, 3),
    "headers by drops": (faults.drip_headers, 3),
    "1xx without end": (faults.drip_informational, 3),
    "a first line by drops": (faults.drip_status, 3),
    "reset": (faults.reset, 3),
    "closed early": (faults.close_early, 3),
    "cut off": (faults.cut_off({"orders": [], "order": order_json(), "access_token": "Atza|x"}), 3),
    "bad gzip": (raw(200, "no gzip", headers={"Content-Encoding": "gzip"}), 3),
    "cut-off gzip": (raw(200, gzip.compress(b"{}" * 100)[:-9], headers={"Content-Encoding": "gzip"}), 3),
    "gzip in gzip": (raw(200, gzip.compress(gzip.compress(b"{}")), headers={"Content-Encoding": "gzip, gzip"}), 3),
    "another compression": (raw(200, b"x", headers={"Content-Encoding": "br"}), 3),
    "too many values": (raw(200, b'{"orders": [' + b"{}," * 600_000 + b"{}]}"), 3),
    "too many orders": (answer(200, {"orders": [{}] * 1001, "order": "none"}), 3),
    "HTML 500": (raw(500, HTML), 3),
    "HTML 502": (raw(502, HTML), 3),
    "HTML 503": (raw(503, HTML), 3),
    "HTML 504": (raw(504, HTML), 3),
    "HTML 200": (raw(200, HTML), 3),
    "empty 200": (raw(200), 3),
    "cut-off JSON 200": (raw(200, '{"orders": [{"orderId": "1'), 3),
    "list 200": (answer(200, []), 3),
    "invalid UTF-8 200": (raw(200, b'{\xff"orders": []}'), 3),
    "null 200": (answer(200, None), 3),
    "HTML 400": (raw(400, HTML), 1),
    "HTML 404": (raw(404, HTML), 1),
    "204": (raw(204, headers={"Content-Length": ""}), 1),
    "301": (raw(301, headers={"Location": "http://127.0.0.1:1/"}), 1),
    "307": (raw(307, headers={"Location": "http://127.0.0.1:1/"}), 1),
}
# What only the Orders API says: behaviour, error, tries.
API: dict[str, tuple[Behaviour, type[OrderferryError], int]] = {
    "200 of another shape": (answer(200, {"payload": {"Orders": []}}), AmazonUnavailable, 3),
    "200 with errors": (errors(200, "InternalFailure"), AmazonUnavailable, 3),
    "200 with a key `headers`": (answer(200, {"headers": {}}), AmazonUnavailable, 3),
    "JSON 500": (errors(500, "InternalFailure"), AmazonUnavailable, 3),
    "JSON 503": (errors(503, "ServiceUnavailable"), AmazonUnavailable, 3),
    "400": (errors(400, "InvalidInput", "lastUpdatedBefore is too late"), RequestRejected, 1),
    "400 without errors": (answer(400, {"errors": []}), AmazonUnavailable, 1),
    "401": (errors(401, "Unauthorized"), AmazonRefused, 1),
    "403": (errors(403, "Unauthorized", "Access to requested resource is denied."), AmazonRefused, 1),
    "403 of the gateway": (answer(403, {"message": "Forbidden"}), AmazonRefused, 1),
    "403 with empty errors": (answer(403, {"errors": []}), AmazonRefused, 1),
    "HTML 403": (raw(403, HTML), AmazonRefused, 1),
    "409": (errors(409, "Conflict"), RequestRejected, 1),
    "413": (errors(413, "RequestTooLarge"), RequestRejected, 1),
    "415": (errors(415, "UnsupportedMediaType"), RequestRejected, 1),
    "418 with odd errors": (answer(418, {"errors": ["teapot", 7, {"code": {"a": 1}}]}), RequestRejected, 1),
    "429": (errors(429, "QuotaExceeded"), QuotaExhausted, 1),
    "HTML 429": (raw(429, HTML), QuotaExhausted, 1),
}
LOGIN: dict[str, tuple[Behaviour, type[OrderferryError], int, str]] = {
    "invalid_client": (
        answer(401, {"error": "invalid_client", "error_description": "Client authentication failed"}),
        AmazonRefused,
        1,
        "180 days",
    ),
    "invalid_grant": (answer(400, {"error": "invalid_grant"}), AmazonRefused, 1, "amazon.refresh_token"),
    "unauthorized_client": (answer(400, {"error": "unauthorized_client"}), AmazonRefused, 1, "another application"),
    "another refusal": (answer(400, {"error": "invalid_scope"}), AmazonRefused, 1, "orderferry check"),
    "a refusal without a word": (answer(403, {"message": "Forbidden"}), AmazonRefused, 1, "orderferry check"),
    "429": (answer(429, {"error": "slow_down"}), AmazonUnavailable, 1, "next run"),
    "JSON 500": (answer(500, {"error": "server_error"}), AmazonUnavailable, 3, "next run"),
    "no token": (answer(200, {"expires_in": 3600}), AmazonUnavailable, 3, "next run"),
    "a token that is no text": (faults.login(token=7), AmazonUnavailable, 3, "next run"),  # type: ignore[arg-type]
    "a token that splits headers": (faults.login(token="a\r\nx: y"), AmazonUnavailable, 3, "next run"),
    "a token beyond ASCII": (faults.login(token="é"), AmazonUnavailable, 3, "next run"),
}


@pytest.fixture
def server() -> Iterator[FaultServer]:
    with FaultServer() as running:
        yield running


@pytest.fixture
def tested(server: FaultServer, request: pytest.FixtureRequest) -> Iterator[SourceUnderTest]:
    fault = getattr(request.node, "callspec", None) and request.node.callspec.params.get("fault")
    made = source_under_test(server.url, server.token_url, timeout=QUICK if fault in SLOW else timedelta(seconds=10))
    yield made
    made.source.close()


def failure(ask: Callable[[], Any]) -> OrderferryError:
    """The error that a question ends in; with no secret in what it says."""
    with pytest.raises(OrderferryError) as caught:
        ask()
    said = f"{caught.value.message} {caught.value.hint}"
    assert not [secret for secret in SECRETS if secret in said]
    assert caught.value.message.endswith((".", ")"))
    assert caught.value.hint
    return caught.value


@pytest.mark.parametrize("operation", QUESTIONS)
@pytest.mark.parametrize("fault", WIRE)
def test_faults_of_the_wire(server: FaultServer, tested: SourceUnderTest, fault: str, operation: str) -> None:
    behaviour, tries = WIRE[fault]
    server.answers = [behaviour]
    error = failure(lambda: QUESTIONS[operation](tested.source))
    assert isinstance(error, AmazonUnavailable)
    assert error.exit_code is ExitCode.AMAZON_UNAVAILABLE
    assert ("did not answer within" in error.message) == (fault in SLOW)
    assert len(server.asked_orders) == tries == tested.source.calls[operation]
    assert tested.quota.spent == [operation] * tries
    assert tested.sleeps == [1.0, 2.0][: tries - 1]
    assert len(server.asked_logins) == 1


@pytest.mark.parametrize("operation", QUESTIONS)
@pytest.mark.parametrize("fault", API)
def test_faults_of_the_orders_api(server: FaultServer, tested: SourceUnderTest, fault: str, operation: str) -> None:
    behaviour, class_, tries = API[fault]
    server.answers = [behaviour]
    error = failure(lambda: QUESTIONS[operation](tested.source))
    assert isinstance(error, class_)
    assert isinstance(error, AmazonUnavailable) == (class_ is AmazonUnavailable)
    assert len(server.asked_orders) == tries
    if class_ is QuotaExhausted:
        assert tested.quota.drained_operations == [operation]


@pytest.mark.parametrize("fault", WIRE)
def test_faults_of_the_wire_at_the_login(server: FaultServer, tested: SourceUnderTest, fault: str) -> None:
    behaviour, tries = WIRE[fault]
    server.logins = [behaviour]
    error = failure(tested.source.now)
    assert isinstance(error, AmazonUnavailable)
    assert len(server.asked_logins) == tries
    failure(lambda: tested.source.search(A_SEARCH))
    assert server.asked_orders == []
    assert tested.quota.spent == []


@pytest.mark.parametrize("fault", LOGIN)
def test_what_login_with_amazon_says(server: FaultServer, tested: SourceUnderTest, fault: str) -> None:
    behaviour, class_, tries, hint = LOGIN[fault]
    server.logins = [behaviour]
    error = failure(lambda: tested.source.search(A_SEARCH))
    assert type(error) is class_ or issubclass(type(error), class_)
    assert not isinstance(error, MarketplaceRefused)
    assert hint in error.hint
    assert len(server.asked_logins) == tries
    assert tested.quota.spent == []


def test_refused_logins_have_words_and_keys_of_their_own(server: FaultServer, tested: SourceUnderTest) -> None:
    client, token = {"amazon.client_id", "amazon.client_secret"}, {"amazon.refresh_token"}
    about = {
        "invalid_client": client,
        "invalid_grant": token,
        "unauthorized_client": client | token,
        "invalid_request": client | token,
    }
    said = set()
    for code, keys in about.items():
        server.logins = [answer(400, {"error": code, "error_description": SECRETS[0]})]
        error = failure(tested.source.now)
        assert set(error.keys) == keys, code
        said.add(error.message)
    assert len(said) == 4


@pytest.mark.parametrize("question", QUESTIONS.values(), ids=QUESTIONS)
def test_nobody_listens(server: FaultServer, question: Question) -> None:
    nowhere = faults.closed_port_url()
    tested = source_under_test(nowhere, server.token_url)
    error = failure(lambda: question(tested.source))
    assert isinstance(error, AmazonUnavailable)
    assert "Connection refused" in error.message
    assert len(tested.sleeps) == 2
    tested.source.close()
    alone = source_under_test(server.url, nowhere + "/token")
    assert isinstance(failure(lambda: question(alone.source)), AmazonUnavailable)
    assert alone.quota.spent == []
    alone.source.close()


def test_an_answer_without_end_is_given_up(
    server: FaultServer, tested: SourceUnderTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("orderferry.amazon.transport.MOST_BYTES", 1_000_000)
    server.answers = [raw(200, b" " * 3_000_000)]
    assert "more than" in failure(lambda: tested.source.search(A_SEARCH)).message
    assert len(server.asked_orders) == 1


def test_a_small_answer_that_unpacks_to_a_large_one_takes_little_room(
    server: FaultServer, tested: SourceUnderTest
) -> None:
    packed = gzip.compress(b" " * 300_000_000)
    server.answers = [raw(200, packed, headers={"Content-Encoding": "gzip"})]
    tracemalloc.start()
    try:
        assert "more than 16 MB" in failure(lambda: tested.source.search(A_SEARCH)).message
        assert tracemalloc.get_traced_memory()[1] < 100_000_000
    finally:
        tracemalloc.stop()
    assert len(server.asked_orders) == 1


def test_a_compressed_answer_is_read(server: FaultServer, tested: SourceUnderTest) -> None:
    packed = gzip.compress(json.dumps({"orders": [order_json()]}).encode())
    server.answers = [raw(200, packed, headers={"Content-Encoding": "gzip"})]
    assert len(tested.source.search(A_SEARCH).orders) == 1
    assert {seen.headers["accept-encoding"] for seen in server.requests} == {"gzip"}


def test_a_certificate_that_nobody_vouches_for_is_refused_at_once(tmp_path: Path) -> None:
    with FaultServer(certificate=self_signed(tmp_path)) as server:
        tested = source_under_test(server.url, server.token_url)
        error = failure(lambda: tested.source.search(A_SEARCH))
        tested.source.close()
        assert isinstance(error, AmazonUnavailable)
        assert "certificate" in error.message
        assert (server.requests, tested.sleeps) == ([], [])


def test_a_fault_that_passes_costs_a_retry_and_nothing_else(server: FaultServer, tested: SourceUnderTest) -> None:
    server.answers = [raw(503, HTML), faults.reset, page(order_json())]
    assert len(tested.source.search(A_SEARCH).orders) == 1
    assert tested.sleeps == [1.0, 2.0]
    assert tested.source.calls == {"searchOrders": 3, "getOrder": 0}
    first, *others = [seen.parameters for seen in server.asked_orders]
    assert others == [first, first]


def test_no_redirect_is_followed(server: FaultServer, tested: SourceUnderTest) -> None:
    server.answers = [raw(302, headers={"Location": server.url + "/elsewhere"})]
    failure(lambda: tested.source.search(A_SEARCH))
    server.logins = [raw(302, headers={"Location": server.url + "/elsewhere"})]
    tested.source._login.forget()
    failure(lambda: tested.source.search(A_SEARCH))
    assert "/elsewhere" not in {seen.path for seen in server.requests}


def test_a_refused_listing_names_its_marketplaces(server: FaultServer, tested: SourceUnderTest) -> None:
    server.answers = [errors(403, "Unauthorized", "Access to requested resource is denied.")]
    error = failure(lambda: tested.source.search(A_SEARCH))
    assert isinstance(error, MarketplaceRefused)
    assert error.marketplaces == A_SEARCH.marketplaces
    assert "DE, IT" in error.message
    assert error.exit_code is ExitCode.AMAZON_REFUSED
    refused_order = failure(lambda: tested.source.get(ORDER_ID))
    assert isinstance(refused_order, AmazonRefused)
    assert not isinstance(refused_order, MarketplaceRefused)


def test_a_401_is_about_the_credentials_and_not_the_marketplaces(server: FaultServer, tested: SourceUnderTest) -> None:
    server.answers = [errors(401, "Unauthorized")]
    assert not isinstance(failure(lambda: tested.source.search(A_SEARCH)), MarketplaceRefused)


EXPIRED = errors(403, "Unauthorized", "Access to requested resource is denied.", "The access token has expired.")


def test_an_expired_access_token_is_renewed_once(server: FaultServer, tested: SourceUnderTest) -> None:
    server.logins = [faults.login("Atza|old"), faults.login("Atza|new")]
    server.answers = [EXPIRED, page(order_json())]
    assert len(tested.source.search(A_SEARCH).orders) == 1
    assert [seen.headers["x-amz-access-token"] for seen in server.asked_orders] == ["Atza|old", "Atza|new"]
    assert tested.quota.spent == ["searchOrders"] * 2
    assert tested.sleeps == []


def test_an_access_token_that_expires_for_ever_is_a_refusal(server: FaultServer, tested: SourceUnderTest) -> None:
    server.answers = [EXPIRED]
    error = failure(lambda: tested.source.search(A_SEARCH))
    assert isinstance(error, AmazonRefused)
    assert (len(server.asked_orders), len(server.asked_logins)) == (2, 2)


@pytest.mark.parametrize(
    ("message", "class_"),
    [
        ("paginationToken provided is not valid. All parameters must match", PaginationExpired),
        (None, PaginationExpired),
        ("Invalid Input", PaginationExpired),
        ("marketplaceIds: X is not valid", RequestRejected),
    ],
)
def test_a_400_with_a_pagination_token(
    server: FaultServer, tested: SourceUnderTest, message: str | None, class_: type[AmazonError]
) -> None:
    server.answers = [errors(400, "InvalidInput", message)]
    error = failure(lambda: tested.source.search(A_SEARCH, "canary-token"))
    assert type(error) is class_
    assert "canary-token" not in f"{error.message}{error.hint}"
    assert type(failure(lambda: tested.source.search(A_SEARCH))) is RequestRejected


def test_amazons_own_sentence_on_a_rejected_request_is_passed_on_without_what_may_be_secret(
    server: FaultServer, tested: SourceUnderTest
) -> None:
    told = f"Invalid includedData\x1b[2J value {SECRETS[1]} {SECRETS[0]} {'q' * 60} somebody@example.com for ORDER"
    server.answers = [errors(400, "InvalidInput", told)]
    error = failure(lambda: tested.source.search(A_SEARCH))
    assert error.message == (
        "Amazon rejects the request searchOrders with HTTP 400 InvalidInput: “Invalid includedData [2J value … … … … "
        "for ORDER”."
    )
    assert "0a1b2c3d-req" in error.hint
    server.answers = [errors(403, "Unauthorized", f"canary text {SECRETS[2]}")]
    error = failure(lambda: tested.source.search(A_SEARCH))
    assert "canary" not in f"{error.message}{error.hint}"


@pytest.mark.parametrize(
    ("said", "left_out"),
    [
        ("Invalid includedData value: PAYMENT", {"PAYMENT"}),
        ("includedData: TAX and PAYMENT are not allowed", {"TAX", "PAYMENT"}),
        ("Invalid includedData value: TAX. Valid values: BUYER, RECIPIENT, PROCEEDS, PROMOTION, CANCELLATION, "
         "FULFILLMENT, PAYMENT, PACKAGES", {"TAX"}),
        ("includedData takes BUYER, RECIPIENT, PROCEEDS, PROMOTION, CANCELLATION, FULFILLMENT, PACKAGES only",
         {"TAX", "PAYMENT"}),
    ],
)  # fmt: skip
def test_a_set_of_data_that_the_account_may_not_ask_for_is_left_out(
    server: FaultServer, tested: SourceUnderTest, said: str, left_out: set[str]
) -> None:
    server.answers = [errors(400, "InvalidInput", said), page(), page()]
    tested.source.search(A_SEARCH)
    assert set(tested.source.withheld) == left_out
    tested.source.search(A_SEARCH, "next")
    asked = [set(",".join(request.query["includedData"]).split(",")) for request in server.asked_orders]
    assert len(asked) == 3
    assert asked[0] - asked[1] == left_out
    assert asked[1] == asked[2]


@pytest.mark.parametrize("said", ["Invalid includedData value: PROCEEDS", "FULFILLMENT is no includedData"])
def test_without_status_and_amounts_nothing_is_asked(server: FaultServer, tested: SourceUnderTest, said: str) -> None:
    server.answers = [errors(400, "InvalidInput", said)]
    error = failure(lambda: tested.source.search(A_SEARCH))
    assert isinstance(error, AmazonRefused)
    assert said in error.message


def test_an_order_that_amazon_does_not_know(server: FaultServer, tested: SourceUnderTest) -> None:
    server.answers = [errors(404, "NotFound", "Order not found")]
    assert tested.source.get(ORDER_ID) is None
    assert tested.source.calls["getOrder"] == 1
    assert type(failure(lambda: tested.source.search(A_SEARCH))) is RequestRejected


@pytest.mark.parametrize("body", [{"message": "Not Found"}, {"errors": []}, []])
def test_a_404_that_says_nothing_of_an_order_is_no_missing_order(
    server: FaultServer, tested: SourceUnderTest, body: Any
) -> None:
    server.answers = [answer(404, body)]
    assert isinstance(failure(lambda: tested.source.get(ORDER_ID)), AmazonUnavailable)


def test_an_answer_about_another_order_does_not_count(server: FaultServer, tested: SourceUnderTest) -> None:
    server.answers = [answer(200, {"order": order_json("305-0000000-0000001")})]
    assert isinstance(failure(lambda: tested.source.get(ORDER_ID)), AmazonUnavailable)
    assert len(server.asked_orders) == 3


def test_no_token_in_the_book_means_no_request(server: FaultServer) -> None:
    tested = source_under_test(server.url, server.token_url, tokens=2)
    server.answers = [raw(503, HTML)]
    assert isinstance(failure_of_quota(tested), QuotaExhausted)
    assert len(server.asked_orders) == 2
    assert tested.source.calls["searchOrders"] == 2
    tested.source.close()


def failure_of_quota(tested: SourceUnderTest) -> BaseException:
    with pytest.raises(QuotaExhausted) as caught:
        tested.source.search(A_SEARCH)
    return caught.value


def test_a_429_says_when_a_token_may_be_back(server: FaultServer, tested: SourceUnderTest) -> None:
    server.answers = [errors(429, "QuotaExceeded")]
    error = failure(lambda: tested.source.get(ORDER_ID))
    assert isinstance(error, QuotaExhausted)
    assert (error.operation, error.retry_at) == ("getOrder", tested.clock() + timedelta(seconds=2))
    error = failure(lambda: tested.source.search(A_SEARCH))
    assert isinstance(error, QuotaExhausted)
    assert error.retry_at is not None
    assert timedelta(seconds=178) < error.retry_at - tested.clock() < timedelta(seconds=179)
