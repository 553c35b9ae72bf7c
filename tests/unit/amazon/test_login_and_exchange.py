"""The login and one request with its retries, on Amazon's answers given by hand."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import timedelta
from decimal import Decimal
from typing import Any, cast

import pytest

from orderferry.amazon.decode_page import UnusableBody
from orderferry.amazon.exchange import Exchange, PassingQuota, parse_rate
from orderferry.amazon.login import Login
from orderferry.amazon.response_errors import AccessTokenExpired, AmazonResponse, TransientError
from orderferry.amazon.transport import AmazonClock, Transport
from orderferry.errors import AmazonRefused, AmazonUnavailable, OrderferryError, QuotaExhausted
from support.amazon_side import LOCAL_NOW, SECRETS, MovableClock, QuotaDouble, amazon_settings

AHEAD = "Mon, 23 Nov 2026 06:10:00 GMT"
LATER = "The next run tries again; nothing is lost."


def answer(status: int, body: Any = None, **headers: str) -> AmazonResponse:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return AmazonResponse(status, {name.replace("_", "-"): value for name, value in headers.items()}, content)


class Door:
    """Stands where the transport to the login is: gives these answers in turn, the last one for ever."""

    def __init__(self, answers: Iterable[AmazonResponse]) -> None:
        self.answers = list(answers)
        self.asked: list[dict[str, Any]] = []

    def request(self, method: str, url: str, **given: Any) -> AmazonResponse:
        self.asked.append({"method": method, "url": url, **given})
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


def login_at(*answers: AmazonResponse) -> tuple[Login, Door, MovableClock]:
    door, clock = Door(answers), MovableClock()
    settings = amazon_settings("https://api.example", "https://login.example/token")
    return Login(settings, cast(Transport, door), AmazonClock(clock), "orderferry/test"), door, clock


def token(name: str = "Atza|1", **more: Any) -> dict[str, Any]:
    return {"access_token": name, "expires_in": 3600, **more}


def test_the_login_asks_as_oauth_wants_it() -> None:
    login, door, _ = login_at(answer(200, token(), date=AHEAD))
    assert login.token() == "Atza|1"
    assert door.asked == [
        {
            "method": "POST",
            "url": "https://login.example/token",
            "data": {
                "grant_type": "refresh_token",
                "refresh_token": SECRETS[1],
                "client_id": "amzn1.application-oa2-client.canary",
                "client_secret": SECRETS[0],
            },
            "headers": {"user-agent": "orderferry/test", "accept": "application/json"},
        }
    ]
    assert login.clock.offset == timedelta(minutes=10)


@pytest.mark.parametrize(
    ("expires_in", "good_for"),
    [
        (3600, timedelta(minutes=58)),
        (200, timedelta(seconds=100)),
        (1, timedelta(seconds=0.5)),
        (86_400, timedelta(hours=24) - timedelta(minutes=2)),
        (86_401, timedelta(minutes=58)),
        (0, timedelta(minutes=58)),
        (True, timedelta(minutes=58)),
        ("60", timedelta(minutes=58)),
        (None, timedelta(minutes=58)),
    ],
)
def test_a_token_is_renewed_before_it_ends(expires_in: Any, good_for: timedelta) -> None:
    login, door, clock = login_at(answer(200, token(expires_in=expires_in)), answer(200, token("Atza|2")))
    login.token()
    clock.moment = LOCAL_NOW + good_for - timedelta(microseconds=1)
    assert login.token() == "Atza|1"
    clock.moment = LOCAL_NOW + good_for
    assert login.token() == "Atza|2"
    assert len(door.asked) == 2


def test_a_token_that_was_dropped_is_asked_for_anew() -> None:
    login, door, _ = login_at(answer(200, token()), answer(200, token("Atza|2")))
    login.token()
    login.forget()
    assert (login.token(), len(door.asked)) == ("Atza|2", 2)


ALL_KEYS = ("amazon.client_id", "amazon.client_secret", "amazon.refresh_token")
NO_JSON = "If it stays, check amazon.token_url and whether a proxy stands in between."


@pytest.mark.parametrize(
    ("given", "kind", "message", "hint", "keys"),
    [
        (
            answer(401, {"error": "invalid_client"}),
            AmazonRefused,
            "Amazon does not accept the client id with this client secret.",
            "One of the two is wrong, or the secret has expired (Amazon wants a new one every 180 days): copy both "
            "from Seller Central > Develop Apps > LWA credentials into amazon.client_id and amazon.client_secret. The "
            "refresh token stays good.",
            ALL_KEYS[:2],
        ),
        (
            answer(400, {"error": "invalid_grant"}),
            AmazonRefused,
            "Amazon does not accept the refresh token: it is wrong or was revoked.",
            "Authorise the application again in Seller Central (Develop Apps > Authorize) and put the new token into "
            "amazon.refresh_token.",
            ALL_KEYS[2:],
        ),
        (
            answer(400, {"error": "unauthorized_client"}),
            AmazonRefused,
            "Amazon does not let this application use the refresh token.",
            "amazon.refresh_token belongs to another application than amazon.client_id: take both from the same one, "
            "or authorise the application again in Seller Central.",
            ALL_KEYS,
        ),
        (
            answer(499, {"error": "invalid_scope"}),
            AmazonRefused,
            "Amazon refuses the login (invalid_scope).",
            "Check amazon.client_id, amazon.client_secret and amazon.refresh_token; `orderferry check` tries them.",
            ALL_KEYS,
        ),
        (
            answer(400, {"error": "Not A Code"}),
            AmazonRefused,
            "Amazon refuses the login (no reason given).",
            "Check amazon.client_id, amazon.client_secret and amazon.refresh_token; `orderferry check` tries them.",
            ALL_KEYS,
        ),
        (
            answer(429, {"error": "slow_down"}),
            AmazonUnavailable,
            "Amazon's login takes no more requests for the moment (HTTP 429).",
            LATER,
            (),
        ),
        (answer(500, b"<html>"), TransientError, "Amazon's login answered with an error (HTTP 500).", LATER, ()),
        (
            answer(200, b"<html>"),
            TransientError,
            "Amazon's login answered with something else than JSON (HTTP 200).",
            NO_JSON,
            (),
        ),
        (
            answer(404, b"<html>"),
            AmazonUnavailable,
            "Amazon's login answered with something else than JSON (HTTP 404).",
            NO_JSON,
            (),
        ),
        (answer(302, {}), AmazonUnavailable, "Amazon's login answered unexpectedly (HTTP 302).", LATER, ()),
        (answer(201, token()), AmazonUnavailable, "Amazon's login answered unexpectedly (HTTP 201).", LATER, ()),
        (
            answer(200, token("a b")),
            TransientError,
            "Amazon's login answered without a usable access token.",
            LATER,
            (),
        ),
        (answer(200, {}), TransientError, "Amazon's login answered without a usable access token.", LATER, ()),
    ],
)
def test_a_login_that_fails_is_told_whole(
    given: AmazonResponse, kind: type[OrderferryError], message: str, hint: str, keys: tuple[str, ...]
) -> None:
    login, _, _ = login_at(given)
    with pytest.raises(OrderferryError) as caught:
        login.token()
    error = caught.value
    assert (type(error), error.message, error.hint, error.keys) == (kind, message, hint, keys)
    assert login.clock.offset is None


class Api:
    """An exchange with everything that it uses, and an API that gives these answers in turn."""

    def __init__(self, *answers: AmazonResponse) -> None:
        self.login, self.door, self.clock = login_at(answer(200, token()))
        self.quota, self.sleeps = QuotaDouble(), list[float]()
        self.answers = list(answers)
        self.exchange = Exchange(self.login, self.quota, self.login.clock, self.sleeps.append, lambda: 0.5)

    def ask(self, operation: str = "getOrder") -> str:
        return self.exchange.ask(operation, lambda: self.answers.pop(0), self.read)

    @staticmethod
    def read(given: AmazonResponse) -> str:
        if given.status == 403:
            raise AccessTokenExpired("expired")
        if given.status == 500:
            raise UnusableBody("it is empty")
        return "good"


def test_a_good_answer_sets_clock_and_rate() -> None:
    api = Api(answer(200, date=AHEAD, **{"x-amzn-ratelimit-limit": "0.25"}))
    assert api.ask() == "good"
    assert api.exchange.calls == {"getOrder": 1}
    assert (api.quota.spent, api.quota.learnt) == (["getOrder"], [("getOrder", Decimal("0.25"))])
    assert (api.sleeps, api.quota.drained_operations) == ([], [])
    assert api.login.clock.offset == timedelta(minutes=10)


def test_an_answer_that_can_not_be_used_is_asked_for_three_times_and_sets_no_clock() -> None:
    api = Api(*[answer(500, date=AHEAD)] * 3)
    with pytest.raises(TransientError, match=r"Amazon's answer to getOrder can't be used: it is empty\."):
        api.ask()
    assert (api.sleeps, api.exchange.calls) == ([1.25, 2.25], {"getOrder": 3})
    assert api.login.clock.offset is None


def test_an_access_token_that_has_expired_is_renewed_once_at_once() -> None:
    api = Api(answer(403), answer(200))
    assert api.ask() == "good"
    assert (len(api.door.asked), api.sleeps) == (2, [])
    api = Api(answer(403), answer(403))
    with pytest.raises(AccessTokenExpired):
        api.ask()


@pytest.mark.parametrize(
    ("operation", "back"), [("getOrder", timedelta(seconds=2)), ("getReport", timedelta(seconds=0.5))]
)
def test_a_429_empties_the_bucket_and_says_when_a_token_is_back(operation: str, back: timedelta) -> None:
    api = Api(answer(429))
    with pytest.raises(QuotaExhausted) as caught:
        api.ask(operation)
    assert (caught.value.operation, caught.value.retry_at) == (operation, LOCAL_NOW + back)
    assert (api.quota.drained_operations, api.sleeps) == ([operation], [])


def test_a_login_that_fails_costs_no_token_of_the_quota() -> None:
    api = Api()
    api.door.answers = [answer(400, {"error": "invalid_grant"})]
    with pytest.raises(AmazonRefused):
        api.ask()
    assert (api.quota.spent, api.exchange.calls) == ([], {})


@pytest.mark.parametrize(
    ("header", "rate"), [("0.000001", "0.000001"), ("0.0000009", None), ("1000", "1000"), ("1001", None)]
)
def test_rates_at_the_ends_of_what_can_be_one(header: str, rate: str | None) -> None:
    assert parse_rate(header) == (None if rate is None else Decimal(rate))


def test_a_process_without_a_ledger_says_when_its_own_bucket_has_a_token_again() -> None:
    clock = MovableClock()
    quota = PassingQuota(Decimal("0.1"), clock)
    for _ in range(3):
        quota.spend("getOrder")
    with pytest.raises(QuotaExhausted) as caught:
        quota.spend("getOrder")
    assert caught.value.message == "Amazon's quota for getOrder is used up until 2026-11-23T06:00:20Z."
    assert caught.value.hint == "Wait until then; a shorter span costs fewer requests."
    assert (caught.value.operation, caught.value.retry_at) == ("getOrder", LOCAL_NOW + timedelta(seconds=20))
