"""The small parts of Amazon's side: parameters, clock, rates, retries, stray variables, the library's loggers."""

from __future__ import annotations

import logging
import random
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from orderferry.amazon.exchange import parse_rate
from orderferry.amazon.parameters import order_parameters, search_parameters
from orderferry.amazon.response_errors import TransientError, with_retries
from orderferry.amazon.source import drop_stray_variables, stray_variables, user_agent
from orderferry.amazon.transport import AmazonClock, parse_http_date
from orderferry.domain.orders import Channel, OrderStatus
from orderferry.domain.search import Basis
from orderferry.domain.spans import Span
from orderferry.errors import AmazonRefused
from support.amazon_side import A_SEARCH, LOCAL_NOW, MovableClock


def test_parameters_of_a_listing_by_update() -> None:
    assert search_parameters(A_SEARCH, None) == {
        "lastUpdatedAfter": "2026-11-22T06:00:00Z",
        "lastUpdatedBefore": "2026-11-23T05:57:00Z",
        "marketplaceIds": "A1PA6795UKMFR9,APJ6JRA9NG5V4",
        "maxResultsPerPage": "100",
        "includedData": "BUYER,RECIPIENT,PROCEEDS,PROMOTION,CANCELLATION,FULFILLMENT,TAX,PAYMENT,PACKAGES",
    }


def test_parameters_of_a_filtered_listing_by_creation() -> None:
    search = replace(
        A_SEARCH,
        basis=Basis.CREATED,
        channel=Channel.FBA,
        statuses=(OrderStatus.SHIPPED, OrderStatus.PARTIALLY_SHIPPED, OrderStatus.INVOICE_UNCONFIRMED),
    )
    parameters = search_parameters(search, None)
    assert parameters["createdAfter"] == "2026-11-22T06:00:00Z"
    assert parameters["createdBefore"] == "2026-11-23T05:57:00Z"
    assert parameters["fulfilledBy"] == "AMAZON"
    assert parameters["fulfillmentStatuses"] == "SHIPPED,PARTIALLY_SHIPPED"
    assert not [name for name in parameters if name.startswith("lastUpdated")]
    assert search_parameters(replace(search, channel=Channel.REGULAR), None)["fulfilledBy"] == "MERCHANT"


def test_with_a_token_nothing_else_changes() -> None:
    first, next_one = search_parameters(A_SEARCH, None), search_parameters(A_SEARCH, "t+/=")
    assert next_one.pop("paginationToken") == "t+/="
    assert next_one == first


def test_a_span_with_microseconds_is_asked_for_whole() -> None:
    span = Span(
        datetime(2026, 11, 22, 6, 0, 0, 999, tzinfo=UTC), datetime(2026, 11, 23, 5, 59, 59, 999_001, tzinfo=UTC)
    )
    parameters = search_parameters(replace(A_SEARCH, span=span), None)
    assert datetime.fromisoformat(parameters["lastUpdatedAfter"]) <= span.start
    assert datetime.fromisoformat(parameters["lastUpdatedBefore"]) >= span.end
    assert parameters["lastUpdatedBefore"] == "2026-11-23T06:00:00Z"


def test_a_search_of_no_marketplace_is_refused() -> None:
    with pytest.raises(ValueError, match="marketplaces"):
        search_parameters(replace(A_SEARCH, marketplaces=()), None)


def test_one_order_is_asked_for_with_all_datasets() -> None:
    assert order_parameters()["includedData"].split(",")[-1] == "PACKAGES"


def test_our_user_agent_has_amazons_form() -> None:
    assert re.fullmatch(r"orderferry/[\w.]+ \(Language=Python/3\.\d+; Platform=\w+\)", user_agent())
    assert len(user_agent()) < 500


def test_amazons_clock() -> None:
    local = MovableClock()
    clock = AmazonClock(local)
    assert (clock.offset, clock.now()) == (None, LOCAL_NOW)
    clock.learn("Mon, 23 Nov 2026 05:50:00 GMT", LOCAL_NOW)
    assert clock.offset == timedelta(minutes=-10)
    local.advance(minutes=1)
    assert clock.now() == LOCAL_NOW - timedelta(minutes=9)
    clock.learn("nonsense", LOCAL_NOW)
    clock.learn(None, LOCAL_NOW)
    assert clock.offset == timedelta(minutes=-10)


@pytest.mark.parametrize(
    "header",
    [None, "", "x", "Mon, 99 Nov 2026 05:50:00 GMT", "Thu, 01 Jan 1970 00:00:00 GMT", "0", "Mon, 23 Nov 99999 5:5 GMT"],
)
def test_dates_that_are_no_now(header: str | None) -> None:
    assert parse_http_date(header) is None


def test_a_date_with_an_offset_is_brought_to_utc() -> None:
    assert parse_http_date("Mon, 23 Nov 2026 08:00:00 +0200") == datetime(2026, 11, 23, 6, tzinfo=UTC)


@pytest.mark.parametrize(
    ("header", "rate"),
    [
        ("0.0056", "0.0056"),
        (" 5 ", "5"),
        ("NaN", None),
        ("Infinity", None),
        ("1e-7", None),
        ("-1", None),
        ("0", None),
        ("fast", None),
        (None, None),
    ],
)
def test_rates(header: str | None, rate: str | None) -> None:
    assert parse_rate(header) == (None if rate is None else Decimal(rate))


def test_a_passing_fault_is_tried_three_times_with_growing_pauses() -> None:
    sleeps: list[float] = []
    tries = 0

    def attempt() -> None:
        nonlocal tries
        tries += 1
        raise TransientError(f"fault {tries}")

    with pytest.raises(TransientError, match="fault 3"):
        with_retries(attempt, sleeps.append, lambda: 0.5)
    assert sleeps == [1.25, 2.25]


def test_what_heals_is_returned_and_a_refusal_is_not_retried() -> None:
    answers = [TransientError("one"), "good"]
    sleeps: list[float] = []

    def attempt() -> object:
        answer = answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    assert with_retries(attempt, sleeps.append, random.random) == "good"
    assert 1.0 <= sleeps[0] <= 1.5
    answers[:] = [AmazonRefused("no"), "never asked"]
    with pytest.raises(AmazonRefused):
        with_retries(attempt, sleeps.append, random.random)
    assert (len(sleeps), answers) == (1, ["never asked"])


def test_stray_variables_are_dropped_and_named() -> None:
    environ = {
        "SP_API_DEFAULT_MARKETPLACE": "US",
        "SP_API_REFRESH_TOKEN_default": "x",
        "LWA_APP_ID": "x",
        "AWS_ENV": "SANDBOX",
        "AWS_PROFILE": "kept",
        "HTTPS_PROXY": "kept",
        "ORDERFERRY_AMAZON_REFRESH_TOKEN": "kept",
    }
    named = drop_stray_variables(environ)
    assert named == ("AWS_ENV", "LWA_APP_ID", "SP_API_DEFAULT_MARKETPLACE", "SP_API_REFRESH_TOKEN_default")
    assert set(environ.values()) == {"kept"}
    assert stray_variables(environ) == ()


def test_the_libraries_do_not_log_addresses_or_tokens() -> None:
    from orderferry.amazon.client import quiet_libraries

    logging.getLogger("httpx").setLevel(logging.DEBUG)
    quiet_libraries()
    for name in ("httpx", "httpcore", "sp_api", "sp_api.base.client"):
        assert not logging.getLogger(name).isEnabledFor(logging.INFO)
