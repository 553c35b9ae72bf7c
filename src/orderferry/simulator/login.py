"""Login with Amazon, simulated: POST /auth/o2/token turns a refresh token into an access token for an hour.

Source: sp-api-orders 6. All values are made up; none opens anything but a simulator.
"""

from __future__ import annotations

import itertools
import threading
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import parse_qs

from orderferry.simulator.answers import Request, SimulatedResponse, json_answer, unauthorized

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
        """The refresh token of the seller for whom a request that was checked is made."""
        return self._given[request.headers["x-amz-access-token"]][1]

    def revoke_all(self) -> None:
        """Make every access token bad, as when a seller takes the authorisation back."""
        with self._lock:
            self._given.clear()


def _refused(status: int, error: str, description: str) -> SimulatedResponse:
    return json_answer({"error": error, "error_description": description}, status)
