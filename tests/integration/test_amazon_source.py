"""The source at work: what it asks, what it makes of good answers, how it keeps time, tokens and its tongue."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from orderferry.domain.orders import Order, UnreadableOrder
from orderferry.domain.search import read_pages
from support.amazon_side import A_SEARCH, LOCAL_NOW, SECRETS, SourceUnderTest, order_json, source_under_test
from support.fault_server import Behaviour, FaultServer, answer, login, page, raw

ORDER_ID = "202-7654321-1098765"


@pytest.fixture
def server() -> Iterator[FaultServer]:
    with FaultServer() as running:
        yield running


@pytest.fixture
def tested(server: FaultServer) -> Iterator[SourceUnderTest]:
    made = source_under_test(server.url, server.token_url)
    yield made
    made.source.close()


def test_nothing_is_sent_before_the_first_question(server: FaultServer, tested: SourceUnderTest) -> None:
    assert tested.source.calls == {"searchOrders": 0, "getOrder": 0}
    assert tested.source.clock_offset is None
    assert server.requests == []


def test_the_login_as_amazon_wants_it(server: FaultServer, tested: SourceUnderTest) -> None:
    tested.source.now()
    (seen,) = server.requests
    assert (seen.method, seen.path) == ("POST", "/token")
    assert seen.headers["content-type"].startswith("application/x-www-form-urlencoded")
    assert seen.headers["user-agent"].startswith("orderferry/")
    assert seen.headers["host"] == server.url.removeprefix("http://")
    assert sorted(part.split("=")[0] for part in seen.body.split("&")) == [
        "client_id",
        "client_secret",
        "grant_type",
        "refresh_token",
    ]


def test_a_listing_is_asked_for_and_read_page_by_page(server: FaultServer, tested: SourceUnderTest) -> None:
    server.answers = [
        page(order_json("305-0000000-0000001"), token="a+/=", lastUpdatedBefore="2026-11-23T05:57:00Z"),
        page(order_json("305-0000000-0000002"), lastUpdatedBefore="2026-11-23T05:56:00.5Z"),
    ]
    pages = list(read_pages(lambda token: tested.source.search(A_SEARCH, token)))
    assert [order.order_id for one in pages for order in one.orders] == ["305-0000000-0000001", "305-0000000-0000002"]
    assert pages[0].observed_until == datetime(2026, 11, 23, 5, 57, tzinfo=UTC)
    first, second = server.asked_orders
    assert (first.method, first.path, first.body) == ("GET", "/orders/2026-01-01/orders", "")
    assert dict(second.parameters) == {**first.parameters, "paginationToken": "a+/="}
    assert first.query["marketplaceIds"] == ["A1PA6795UKMFR9,APJ6JRA9NG5V4"]
    assert not {name for name in first.query if name.lower().replace("_", "") == "marketplaceid"}
    assert first.headers["host"] == server.url.removeprefix("http://")
    assert first.headers["x-amz-access-token"] == "Atza|access"
    assert first.headers["user-agent"].endswith("Platform=Linux)")
    assert not {"content-length", "content-type", "authorization"} & set(first.headers)
    assert tested.source.calls == {"searchOrders": 2, "getOrder": 0}
    assert len(server.asked_logins) == 1


def test_one_order(server: FaultServer, tested: SourceUnderTest) -> None:
    server.answers = [answer(200, {"order": order_json()})]
    order = tested.source.get(ORDER_ID)
    assert isinstance(order, Order)
    assert (order.order_id, order.flaws) == (ORDER_ID, ())
    (seen,) = server.asked_orders
    assert seen.path == f"/orders/2026-01-01/orders/{ORDER_ID}"
    assert list(seen.query) == ["includedData"]
    assert tested.quota.spent == ["getOrder"]


def test_one_order_that_can_not_be_read(server: FaultServer, tested: SourceUnderTest) -> None:
    server.answers = [answer(200, {"order": order_json(createdTime="once")})]
    order = tested.source.get(ORDER_ID)
    assert isinstance(order, UnreadableOrder)
    assert order.order_id == ORDER_ID


@pytest.mark.parametrize("order_id", ["", "..", "a/b", "305-0000000-0000001?x=y", "\ud800", "x" * 200])
def test_what_can_be_no_orders_id_is_not_asked_for(server: FaultServer, tested: SourceUnderTest, order_id: str) -> None:
    assert tested.source.get(order_id) is None
    assert server.requests == []
    assert tested.quota.spent == []


def test_a_bad_order_does_not_hide_the_others(server: FaultServer, tested: SourceUnderTest) -> None:
    server.answers = [page(None, order_json(orderItems="?"), order_json("305-0000000-0000001"))]
    orders = tested.source.search(A_SEARCH).orders
    assert [type(order) for order in orders] == [UnreadableOrder, Order, Order]


def test_amazons_rate_is_passed_on(server: FaultServer, tested: SourceUnderTest) -> None:
    server.answers = [
        answer(200, {"orders": []}, headers={"x-amzn-RateLimit-Limit": "0.0167"}),
        answer(200, {"orders": []}),
        answer(200, {"orders": []}, headers={"x-amzn-RateLimit-Limit": "plenty"}),
    ]
    for _ in range(3):
        tested.source.search(A_SEARCH)
    assert tested.quota.learnt == [("searchOrders", Decimal("0.0167"))]


def test_amazons_clock_comes_from_the_login_and_is_kept_up(server: FaultServer, tested: SourceUnderTest) -> None:
    tested.clock.advance(minutes=10)
    assert tested.source.now() == LOCAL_NOW
    assert tested.source.clock_offset == timedelta(minutes=-10)
    tested.clock.advance(minutes=5)
    assert tested.source.now() == LOCAL_NOW + timedelta(minutes=5)
    server.answers = [answer(200, {"orders": []}, headers={"Date": "Mon, 23 Nov 2026 06:05:30 GMT"})]
    tested.source.search(A_SEARCH)
    assert tested.source.clock_offset == timedelta(minutes=-9, seconds=-30)
    assert len(server.asked_logins) == 1


def test_a_gateways_clock_is_not_amazons(server: FaultServer, tested: SourceUnderTest) -> None:
    tested.source.now()
    wrong = {"Date": "Mon, 23 Nov 2026 09:00:00 GMT"}
    server.answers = [raw(502, "x", headers=wrong), raw(200, "<html>", headers=wrong), page()]
    tested.source.search(A_SEARCH)
    assert tested.source.clock_offset == timedelta()


def test_without_a_date_this_machines_clock_has_to_do(server: FaultServer, tested: SourceUnderTest) -> None:
    server.logins = [login_without_date()]
    assert tested.source.now() == LOCAL_NOW
    assert tested.source.clock_offset is None


def login_without_date() -> Behaviour:
    return answer(200, {"access_token": "Atza|access", "expires_in": 3600}, headers={"Date": ""})


@pytest.mark.parametrize(("expires_in", "minutes"), [(3600, 58), (None, 58), (True, 58), (10**9, 58), (120, 1)])
def test_the_access_token_is_renewed_before_it_expires(
    server: FaultServer, tested: SourceUnderTest, expires_in: int | None, minutes: int
) -> None:
    server.logins = [login(expires_in=expires_in)]
    tested.source.search(A_SEARCH)
    tested.clock.advance(minutes=minutes, seconds=-1)
    tested.source.search(A_SEARCH)
    assert len(server.asked_logins) == 1
    tested.clock.advance(seconds=2)
    tested.source.search(A_SEARCH)
    assert len(server.asked_logins) == 2


def test_two_sources_with_one_refresh_token_do_not_share_access_tokens(
    server: FaultServer, tested: SourceUnderTest
) -> None:
    server.logins = [login("Atza|one"), login("Atza|two")]
    other = source_under_test(server.url, server.token_url, client_id="another application")
    tested.source.search(A_SEARCH)
    other.source.search(A_SEARCH)
    other.source.close()
    assert [seen.headers["x-amz-access-token"] for seen in server.asked_orders] == ["Atza|one", "Atza|two"]


def test_one_connection_serves_a_run(server: FaultServer, tested: SourceUnderTest) -> None:
    server.answers = [page()]
    tested.source.search(A_SEARCH)
    tested.source.search(A_SEARCH)
    pool = tested.source._client._transport._client._transport._pool
    assert len(pool.connections) == 1


def test_closing_twice_is_no_error(tested: SourceUnderTest) -> None:
    """That nothing is raised is the proof."""
    tested.source.close()
    tested.source.close()


def test_neither_secrets_nor_buyers_get_into_the_log(server: FaultServer, caplog: pytest.LogCaptureFixture) -> None:
    for name in ("", "httpx", "httpcore", "sp_api", "sp_api.base.client"):
        caplog.set_level(logging.DEBUG, logger=name)
    tested = source_under_test(server.url, server.token_url)
    server.logins = [login(SECRETS[2])]
    server.answers = [raw(503, "x"), page(order_json(buyer={"buyerName": "Jane Canary", "buyerEmail": 7}))]
    tested.source.search(A_SEARCH, "canary-token")
    tested.source.close()
    logged = "\n".join(record.getMessage() for record in caplog.records)
    assert "trying again in 1.0 s" in logged
    assert "searchOrders: HTTP 200" in logged
    assert "anary" not in logged
    assert "lastUpdatedAfter" not in logged
