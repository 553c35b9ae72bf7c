"""Who may call, and how often: Login with Amazon, and Amazon's usage plans as it enforces them.

POST /auth/o2/token turns a refresh token into an access token for an hour. All values are made up;
none opens anything but a simulator. Tokens and buckets live on the simulator's clock.
"""

from __future__ import annotations

import itertools
import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from urllib.parse import parse_qs

from orderferry.domain.quota import USAGE_PLANS, UsagePlan
from orderferry.simulator.messages import Request, SimulatedResponse, json_answer, unauthorized

TOKEN_LIFE = timedelta(hours=1)
_FORM = "application/x-www-form-urlencoded"


@dataclass(frozen=True, slots=True)
class SimulatorCredentials:
    """What a configuration must say to be let in."""

    client_id: str = "amzn1.application-oa2-client.simulator"
    client_secret: str = "amzn1.oa2-cs.v1.simulator-no-secret"  # noqa: S105 — opens a simulator only
    refresh_token: str = "Atzr|simulator-no-secret"  # noqa: S105 — opens a simulator only


class Logins:
    """The token endpoint and the access tokens that it gave out, on the simulator's clock."""

    def __init__(self, credentials: SimulatorCredentials, other_sellers: Iterable[str] = ()) -> None:
        self.credentials = credentials
        self._refresh_tokens = frozenset({credentials.refresh_token, *other_sellers})
        self._given: dict[str, tuple[datetime, str]] = {}
        self._numbers = itertools.count(1)
        self._lock = threading.Lock()

    def token(self, request: Request) -> SimulatedResponse:
        """Answer a token request: 200 with a token, else 400 or 401 with LWA's error names."""
        kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        form = {key: values[-1] for key, values in parse_qs(request.body.decode("utf-8", "replace")).items()}
        if kind != _FORM or not form.get("grant_type"):
            return _refused(400, "invalid_request", "The request is missing a required parameter: grant_type")
        if form["grant_type"] != "refresh_token":
            return _refused(400, "unsupported_grant_type", "The authorization grant type is not supported")
        if (form.get("client_id"), form.get("client_secret")) != (
            self.credentials.client_id,
            self.credentials.client_secret,
        ):
            return _refused(401, "invalid_client", "Client authentication failed")
        refresh_token = form.get("refresh_token", "")
        if refresh_token not in self._refresh_tokens:
            return _refused(400, "invalid_grant", "The request has an invalid grant parameter: refresh_token")
        with self._lock:
            token = f"Atza|simulator-{next(self._numbers)}"
            self._given[token] = request.at, refresh_token
        body = {
            "access_token": token,
            "refresh_token": refresh_token,
            "token_type": "bearer",
            "expires_in": int(TOKEN_LIFE.total_seconds()),
        }
        return json_answer(body)

    def check(self, request: Request) -> None:
        """Raise Refusal (403) unless the request bears an access token that is still good."""
        token = request.headers.get("x-amz-access-token", "")
        given = self._given.get(token)
        if not token:
            raise unauthorized("Access token is missing in the request header.")
        if given is None:
            raise unauthorized("The access token you provided is revoked, malformed or invalid.")
        if request.at >= given[0] + TOKEN_LIFE:
            raise unauthorized("The access token you provided has expired.")

    def seller(self, request: Request) -> str:
        """Return the refresh token of the seller for whom a request that was checked is made."""
        return self._given[request.headers["x-amz-access-token"]][1]


def _refused(status: int, error: str, description: str) -> SimulatedResponse:
    return json_answer({"error": error, "error_description": description}, status)


class SimulatedTokenBucket:
    """A token bucket, full at first. It is refilled at the plan's rate. A clock set back gives no tokens."""

    def __init__(self, plan: UsagePlan) -> None:
        self.plan = plan
        self._tokens = Decimal(plan.burst)
        self._counted: datetime | None = None

    def left(self, now: datetime) -> Decimal:
        """Return the tokens in the bucket at `now`, fractions included."""
        if self._counted is not None and now > self._counted:
            back = Decimal(str((now - self._counted).total_seconds())) * self.plan.rate
            self._tokens = min(self._tokens + back, Decimal(self.plan.burst))
        self._counted = now
        return self._tokens

    def spend(self, now: datetime) -> bool:
        """Take one token at `now`; False, and nothing taken, when there is no whole one."""
        if self.left(now) < 1:
            return False
        self._tokens -= 1
        return True


class Usage:
    """The buckets of one account. An operation without a plan is free."""

    def __init__(self, plans: Mapping[str, UsagePlan] = USAGE_PLANS) -> None:
        self._lock = threading.Lock()
        self._buckets = {operation: SimulatedTokenBucket(plan) for operation, plan in plans.items()}

    def spend(self, operation: str, now: datetime) -> bool:
        """Take a token for a call of `operation`; False when the plan is used up (Amazon's 429)."""
        with self._lock:
            bucket = self._buckets.get(operation)
            return bucket is None or bucket.spend(now)

    def left(self, operation: str, now: datetime) -> Decimal | None:
        """Return the tokens that are left, or None where no plan applies."""
        with self._lock:
            bucket = self._buckets.get(operation)
            return None if bucket is None else bucket.left(now)

    def rate(self, operation: str) -> Decimal | None:
        """Return the rate that Amazon names in x-amzn-RateLimit-Limit, or None where no plan applies."""
        with self._lock:
            bucket = self._buckets.get(operation)
            return None if bucket is None else bucket.plan.rate
