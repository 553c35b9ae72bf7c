"""What an answer of Amazon's means: the error, its whole sentence, its hint. Pure, from status and body."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from orderferry.amazon.decode_page import parse_body
from orderferry.amazon.response_errors import (
    AccessTokenExpired,
    AmazonResponse,
    Forbidden,
    TransientError,
    error_list,
    good_body,
    is_unknown_order,
    listing_refused,
    quota_spent,
)
from orderferry.errors import (
    AmazonRefused,
    AmazonUnavailable,
    DatasetRefused,
    OrderferryError,
    PaginationExpired,
    RequestRejected,
)


def answer(status: int, body: Any = None, **headers: str) -> AmazonResponse:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return AmazonResponse(status, {name.replace("_", "-"): value for name, value in headers.items()}, content)


def errors(code: str = "", message: str = "", details: str = "") -> dict[str, Any]:
    entry = {"code": code, "message": message, "details": details}
    return {"errors": [{name: value for name, value in entry.items() if value}]}


MENDS = (
    "Check in Seller Central that the application is authorised for this account and region and has a role that may "
    "read orders (Inventory and Order Tracking, Direct-to-Consumer Shipping)"
)
LATER = "The next run tries again; nothing is lost"
UPDATE = "Update orderferry; if it stays, report it to its issue tracker"
GATEWAY = "If it stays, check amazon.endpoint and whether a proxy stands in between."


@pytest.mark.parametrize(
    ("given", "kind", "message", "hint"),
    [
        (
            answer(403, errors("Unauthorized", "Access denied"), x_amzn_requestid="A-1"),
            Forbidden,
            "Amazon refuses getOrder with HTTP 403 Unauthorized.",
            f"{MENDS} (Amazon's request id A-1).",
        ),
        (
            answer(401, errors(), x_amzn_requestid="<script>"),
            AmazonRefused,
            "Amazon refuses getOrder with HTTP 401.",
            f"{MENDS}.",
        ),
        (
            answer(403, errors("Unauthorized", "The access token has expired")),
            AccessTokenExpired,
            "Amazon says that the access token for getOrder has expired.",
            f"{MENDS}.",
        ),
        (
            answer(403, errors("Unauthorized", "The access token is wrong")),
            Forbidden,
            "Amazon refuses getOrder with HTTP 403 Unauthorized.",
            f"{MENDS}.",
        ),
        (
            answer(500, errors("InternalFailure"), x_amzn_requestid="A-1"),
            TransientError,
            "Amazon answered getOrder with HTTP 500 InternalFailure.",
            f"{LATER} (Amazon's request id A-1).",
        ),
        (answer(408), TransientError, "Amazon answered getOrder with HTTP 408.", f"{LATER}."),
        (
            answer(400, errors("InvalidInput", "createdAfter is wrong"), x_amzn_requestid="A-1"),
            RequestRejected,
            "Amazon rejects the request getOrder with HTTP 400 InvalidInput: “createdAfter is wrong”.",
            f"{UPDATE} (Amazon's request id A-1).",
        ),
        (
            answer(409, errors("Conflict")),
            RequestRejected,
            "Amazon rejects the request getOrder with HTTP 409 Conflict.",
            f"{UPDATE}.",
        ),
        (
            answer(499, errors("no code", "m")),
            RequestRejected,
            "Amazon rejects the request getOrder with HTTP 499: “m”.",
            f"{UPDATE}.",
        ),
        (
            answer(400, {"errors": []}),
            AmazonUnavailable,
            "Something else than Amazon's Orders API answered getOrder (HTTP 400).",
            GATEWAY,
        ),
        (
            answer(302, errors("Moved")),
            AmazonUnavailable,
            "Something else than Amazon's Orders API answered getOrder (HTTP 302).",
            GATEWAY,
        ),
        (
            answer(200, b"<html>"),
            TransientError,
            "Amazon's answer to getOrder can't be used: the answer is no JSON, or was cut off.",
            f"{LATER}.",
        ),
        (
            answer(200, b" "),
            TransientError,
            "Amazon's answer to getOrder can't be used: the answer is empty.",
            f"{LATER}.",
        ),
    ],
)
def test_an_answer_that_is_no_good_is_told_whole(
    given: AmazonResponse, kind: type[OrderferryError], message: str, hint: str
) -> None:
    with pytest.raises(OrderferryError) as caught:
        good_body(given, "getOrder")
    assert (type(caught.value), caught.value.message, caught.value.hint) == (kind, message, hint)


def test_the_body_of_a_good_answer() -> None:
    assert good_body(answer(200, {"a": 1}), "getOrder") == {"a": 1}
    assert good_body(answer(202, {"a": 1}), "createReport", good=202) == {"a": 1}
    with pytest.raises(AmazonUnavailable, match="HTTP 200"):
        good_body(answer(200, {"a": 1}), "createReport", good=202)


@pytest.mark.parametrize(
    ("message", "paged", "expired"),
    [
        ("paginationToken is invalid", True, True),
        ("The pagination token and createdAfter do not fit", True, True),
        ("Something is wrong", True, True),
        ("Something is wrong", False, False),
        *(
            (f"{name} is wrong", True, False)
            for name in (
                "createdAfter",
                "lastUpdatedBefore",
                "marketplaceIds",
                "fulfilledBy",
                "includedData",
                "maxResultsPerPage",
            )
        ),
    ],
)
def test_a_rejection_is_about_the_token_unless_it_names_another_parameter(
    message: str, paged: bool, expired: bool
) -> None:
    with pytest.raises(PaginationExpired if expired else RequestRejected) as caught:
        good_body(answer(400, errors("InvalidInput", message)), "searchOrders", paged=paged)
    if expired:
        assert caught.value.message == "Amazon no longer takes the pagination token of this listing."
        assert caught.value.hint == f"{LATER}."


def test_only_a_400_is_about_the_token_or_a_set_of_data() -> None:
    for message in ("paginationToken is invalid", "includedData TAX is not allowed"):
        with pytest.raises(RequestRejected) as caught:
            good_body(answer(409, errors("Conflict", message)), "searchOrders", paged=True)
        assert type(caught.value) is RequestRejected


ALL = "BUYER, RECIPIENT, PROCEEDS, PROMOTION, CANCELLATION, FULFILLMENT, TAX, PAYMENT, PACKAGES"


@pytest.mark.parametrize(
    ("message", "names"),
    [
        ("includedData TAX is not allowed", ("TAX",)),
        ("includedData: PAYMENT and BUYER are not allowed", ("PAYMENT", "BUYER")),
        ("includedData TAX, BUYER, PAYMENT", ("TAX", "BUYER", "PAYMENT")),
        (f"includedData PROMOTIONS; allowed: {ALL.replace('PROMOTION, ', '')}", ("PROMOTION",)),
        (f"includedData TAX; allowed: {ALL}", ("TAX",)),
        ("includedData BUYER_TAX is not allowed", None),
        ("TAX is not allowed", None),
    ],
)
def test_sets_of_data_that_amazon_does_not_take(message: str, names: tuple[str, ...] | None) -> None:
    with pytest.raises(RequestRejected) as caught:
        good_body(answer(400, errors("InvalidInput", message)), "getOrder")
    assert getattr(caught.value, "names", None) == names
    assert caught.value.amazon_message == message
    assert caught.value.hint == f"{UPDATE}."
    assert isinstance(caught.value, DatasetRefused) is bool(names)


@pytest.mark.parametrize(
    ("message", "shown"),
    [
        ("a\nb\x00c", "a b c"),
        ("x" * 40, "x" * 40),
        ("x" * 41, "…"),
        ("see eva@example.org now", "see … now"),
        ("token Atza|abc, ATZR|abc, amzn1.oa2", "token … … …"),
        ("a|b", "…"),
        ("ab " * 100, ("ab " * 100).strip()),
        ("abc " * 75 + "d", "abc " * 75 + "…"),
        ("abc " * 2000, "abc " * 75 + "…"),
    ],
)
def test_amazons_words_are_shown_in_one_line_cut_and_without_what_may_be_secret(message: str, shown: str) -> None:
    (error,) = error_list(answer(400, errors("", message)))
    assert error.message == shown


def test_an_entry_of_the_errors_is_a_code_a_text_and_what_may_be_shown() -> None:
    body = {
        "errors": [
            {"code": "Invalid.Input_1", "message": " Wrong ", "details": "Very"},
            {"code": "no code", "message": "Same", "details": "Same"},
            {"code": 7, "message": None},
            {"code": "A" * 62},
            "text",
        ]
    }
    found = error_list(answer(400, body))
    assert [(one.code, one.text, one.message) for one in found] == [
        ("Invalid.Input_1", "invalid.input_1  wrong  very", "Wrong: Very"),
        ("", "no code same same", "Same"),
        ("", "7", ""),
        ("", "a" * 62, ""),
        ("", "", ""),
    ]
    assert found[0].mentions("invalid", "very")
    assert not found[0].mentions("invalid", "missing")


@pytest.mark.parametrize("body", [b"<html>", {"errors": {}}, [], None, {}])
def test_a_body_without_a_list_of_errors_has_none(body: Any) -> None:
    assert error_list(answer(400, body)) == ()


def test_only_amazon_itself_can_say_that_it_knows_no_such_order() -> None:
    assert is_unknown_order(answer(404, errors("NotFound")))
    assert not is_unknown_order(answer(404, {"message": "no path"}))
    assert not is_unknown_order(answer(400, errors("NotFound")))


def test_a_quota_that_is_spent_and_a_listing_that_is_refused() -> None:
    back = datetime(2026, 11, 23, tzinfo=UTC)
    spent = quota_spent("getOrder", back)
    assert spent.message == "Amazon takes no more getOrder requests for the moment (HTTP 429)."
    assert (spent.operation, spent.retry_at) == ("getOrder", back)
    refused = listing_refused(Forbidden("Amazon refuses searchOrders."), ("APJ6JRA9NG5V4", "X"))
    assert refused.message == "Amazon refuses searchOrders for IT, X."
    assert refused.hint == f"{MENDS}; or take what it can't read out of amazon.marketplaces."
    assert refused.marketplaces == ("APJ6JRA9NG5V4", "X")


@pytest.mark.parametrize(("given", "shown"), [("A" * 64, "A" * 64), ("A" * 65, ""), ("a b", "")])
def test_the_id_of_a_request(given: str, shown: str) -> None:
    assert answer(200, x_amzn_requestid=given).request_id == shown
    assert answer(200).request_id == ""


def test_numbers_that_are_too_long_become_text() -> None:
    whole, point = "1" * 40, "1." + "1" * 38
    values = parse_body(f"[{whole}, {whole}1, {point}, {point}1, 1e5]".encode())
    assert [type(value).__name__ for value in values] == ["int", "str", "Decimal", "str", "str"]
