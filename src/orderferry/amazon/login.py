"""Login with Amazon: a refresh token becomes an access token, which lives an hour and is kept by this instance only.

The library's own cache is keyed by the refresh token alone, module-wide; two configurations in one process could get
each other's tokens from it, so it is not used.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from orderferry.amazon.decode_page import UnusableBody
from orderferry.amazon.response_errors import LATER, AmazonResponse, TransientError
from orderferry.amazon.transport import AmazonClock, Transport
from orderferry.config.model import AmazonSettings, Secret
from orderferry.errors import AmazonRefused, AmazonUnavailable

USUAL_LIFETIME = timedelta(hours=1)
MARGIN = timedelta(minutes=2)  # renewed so long before it ends, or half of a shorter life
_TOKEN = re.compile(r"[\x21-\x7e]{1,8192}", re.ASCII)
_ERROR = re.compile(r"[a-z_]{1,40}", re.ASCII)

# OAuth 2.0's error codes (RFC 6749, 5.2) in Login with Amazon's sense: what happened, and what a person does now.
# Last: which keys it is about.
_REFUSALS: dict[str, tuple[str, str, tuple[str, ...]]] = {
    "invalid_client": (
        "Amazon does not accept the client id with this client secret.",
        "One of the two is wrong, or the secret has expired (Amazon wants a new one every 180 days): copy both from "
        "Seller Central > Develop Apps > LWA credentials into amazon.client_id and amazon.client_secret. The refresh "
        "token stays good.",
        ("amazon.client_id", "amazon.client_secret"),
    ),
    "invalid_grant": (
        "Amazon does not accept the refresh token: it is wrong or was revoked.",
        "Authorise the application again in Seller Central (Develop Apps > Authorize) and put the new token into "
        "amazon.refresh_token.",
        ("amazon.refresh_token",),
    ),
    "unauthorized_client": (
        "Amazon does not let this application use the refresh token.",
        "amazon.refresh_token belongs to another application than amazon.client_id: take both from the same one, or "
        "authorise the application again in Seller Central.",
        ("amazon.client_id", "amazon.client_secret", "amazon.refresh_token"),
    ),
}
_OTHER_REFUSAL = (
    "Amazon refuses the login ({code}).",
    "Check amazon.client_id, amazon.client_secret and amazon.refresh_token; `orderferry check` tries them.",
    ("amazon.client_id", "amazon.client_secret", "amazon.refresh_token"),
)


@dataclass(slots=True)
class Login:
    """The login of one account by one application. `token` asks Amazon only when it has to."""

    settings: AmazonSettings
    transport: Transport
    clock: AmazonClock
    user_agent: str
    _token: Secret = field(default_factory=Secret)
    _renew_at: datetime | None = None

    def token(self) -> str:
        """Return an access token that is good for some time yet.

        Raise AmazonRefused when Amazon refuses the credentials, TransientError or AmazonUnavailable when there is no
        usable answer.
        """
        if self._renew_at is None or self.clock.local() >= self._renew_at:
            self._renew()
        return self._token.reveal()

    def forget(self) -> None:
        """Drop the access token: Amazon says that it has expired."""
        self._token, self._renew_at = Secret(), None

    def _renew(self) -> None:
        answer = self.transport.request(
            "POST",
            self.settings.token_url,
            data={
                "grant_type": "refresh_token",
                "refresh_token": self.settings.refresh_token.reveal(),
                "client_id": self.settings.client_id,
                "client_secret": self.settings.client_secret.reveal(),
            },
            headers={"user-agent": self.user_agent, "accept": "application/json"},
        )
        arrived = self.clock.local()
        body = _good_body(answer)
        token = body.get("access_token")
        if not isinstance(token, str) or not _TOKEN.fullmatch(token):
            raise TransientError("Amazon's login answered without a usable access token.", hint=LATER)
        self.clock.learn(answer.headers.get("date"), arrived)
        self._token = Secret(token)
        life = _lifetime(body.get("expires_in"))
        self._renew_at = self.clock.local() + max(life - MARGIN, life / 2)


def _good_body(answer: AmazonResponse) -> Mapping[str, Any]:
    """Return the JSON object of the token address's answer. Raise as Login.token."""
    try:
        body = answer.json()
    except UnusableBody:
        body = None
    if answer.status >= 500:
        raise TransientError(f"Amazon's login answered with an error (HTTP {answer.status}).", hint=LATER)
    if answer.status == 429:
        raise AmazonUnavailable("Amazon's login takes no more requests for the moment (HTTP 429).", hint=LATER)
    if not isinstance(body, Mapping):
        # A gateway, a captive portal or a wrong address: nothing that Login with Amazon would say.
        fault = TransientError if answer.status == 200 else AmazonUnavailable
        raise fault(
            f"Amazon's login answered with something else than JSON (HTTP {answer.status}).",
            hint="If it stays, check amazon.token_url and whether a proxy stands in between.",
        )
    if 400 <= answer.status < 500:
        raise _refusal(body.get("error"))
    if answer.status != 200:
        raise AmazonUnavailable(f"Amazon's login answered unexpectedly (HTTP {answer.status}).", hint=LATER)
    return body


def _refusal(error: object) -> AmazonRefused:
    code = error if isinstance(error, str) and _ERROR.fullmatch(error) else "no reason given"
    message, hint, keys = _REFUSALS.get(code, _OTHER_REFUSAL)
    return AmazonRefused(message.format(code=code), hint=hint, keys=keys)


def _lifetime(seconds: object) -> timedelta:
    """Return the value of `expires_in` as a duration; the documented hour where it is missing or absurd."""
    if isinstance(seconds, int) and not isinstance(seconds, bool) and 1 <= seconds <= 86_400:
        return timedelta(seconds=seconds)
    return USUAL_LIFETIME
