"""What an answer of the Orders API means: something to read, or one of the errors that say what to do about it.

The status decides, then the body. Amazon's codes are passed on; of its texts only what it
says of a rejected request, since only times, ids and names of parameters were sent with it.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from orderferry.amazon.decode_page import UnusableBody, parse_body
from orderferry.amazon.decode_values import INCLUDED_DATA
from orderferry.domain.marketplaces import marketplace_code
from orderferry.errors import (
    AmazonRefused,
    AmazonUnavailable,
    DatasetRefused,
    MarketplaceRefused,
    PaginationExpired,
    QuotaExhausted,
    RequestRejected,
)

_MENDS = (
    "Check in Seller Central that the application is authorised for this account and region and has a role that may "
    "read orders (Inventory and Order Tracking, Direct-to-Consumer Shipping)."
)

# searchOrders' other parameters, in lower case: a rejection that names one of them is not about the token.
_OTHER_PARAMETERS = ("created", "lastupdated", "marketplaceids", "fulfil", "includeddata", "maxresults")

_FEW = 3  # Amazon names what is wrong; more names are a list of what is right

_CODE = re.compile(r"[A-Za-z][A-Za-z0-9_.]{0,60}", re.ASCII)
_LONGEST_MESSAGE = 300
_LONGEST_WORD = 40  # tokens are longer, parameters and ids are not
_CREDENTIAL = re.compile(r"@|\||amzn1\.|Atz[ar]", re.IGNORECASE)  # the forms of Amazon's tokens, and e-mail addresses
_REQUEST_ID = re.compile(r"[A-Za-z0-9-]{1,64}", re.ASCII)
log = logging.getLogger(__name__)
T = TypeVar("T")
LATER = "The next run tries again; nothing is lost."  # the hint for what heals by itself


class Forbidden(AmazonRefused):
    """403: this request is refused to credentials that Login with Amazon has just taken."""


class AccessTokenExpired(AmazonRefused):
    """403 because the access token's hour is over: worth one new login. Twice in a row it is a refusal."""


def good_body(answer: AmazonResponse, operation: str, *, paged: bool = False, good: int = 200) -> Any:
    """Return the JSON of an answer to `operation` if its status is `good` (`paged`: a pagination token was sent).

    Raise TransientError (5xx, unusable body), AmazonUnavailable (redirects and other oddities), AccessTokenExpired,
    Forbidden (403), AmazonRefused (401), PaginationExpired (400 about the token), DatasetRefused (400 about a set of
    includedData), RequestRejected (other 4xx). What 429 and an unknown order mean, the caller has asked before.
    """
    if answer.status == good:
        try:
            return answer.json()
        except UnusableBody as unusable:
            raise unusable_answer(operation, str(unusable)) from None
    errors = error_list(answer)
    if answer.status in {401, 403}:
        raise _refusal(answer, operation, errors)
    if answer.status >= 500 or answer.status == 408:
        raise TransientError(
            f"Amazon answered {operation} with {_called(answer, errors)}.", hint=f"{LATER[:-1]}{_reference(answer)}."
        )
    if answer.status >= 400 and errors:
        if answer.status == 400 and paged and _is_about_token(errors):
            raise PaginationExpired("Amazon no longer takes the pagination token of this listing.", hint=LATER)
        raise _rejection(answer, operation, errors)
    raise AmazonUnavailable(
        f"Something else than Amazon's Orders API answered {operation} (HTTP {answer.status}).",
        hint="If it stays, check amazon.endpoint and whether a proxy stands in between.",
    )


def unusable_answer(operation: str, problem: str) -> TransientError:
    """Return the error for an answer with a good status and an unusable body; `problem` says what is wrong with it."""
    return TransientError(f"Amazon's answer to {operation} can't be used: {problem}.", hint=LATER)


def quota_spent(operation: str, retry_at: datetime) -> QuotaExhausted:
    """Return the error for a 429; `retry_at` is when a token of the operation may be back."""
    return QuotaExhausted(
        f"Amazon takes no more {operation} requests for the moment (HTTP 429).",
        operation=operation,
        retry_at=retry_at,
        hint="The quota fills up again by itself; `orderferry plan` shows a schedule that fits, and amazon.quota_share "
        "leaves room for other programs that use the account.",
    )


def listing_refused(refused: AmazonRefused, marketplaces: tuple[str, ...]) -> MarketplaceRefused:
    """Return the error for a refused listing, with its marketplaces: each may be tried alone."""
    codes = ", ".join(map(marketplace_code, marketplaces))
    hint = f"{_MENDS[:-1]}; or take what it can't read out of amazon.marketplaces."
    return MarketplaceRefused(f"{refused.message[:-1]} for {codes}.", marketplaces=marketplaces, hint=hint)


def is_unknown_order(answer: AmazonResponse) -> bool:
    """Return whether Amazon itself does not know the order; the 404 of a gateway or a wrong path says nothing of it."""
    return answer.status == 404 and bool(error_list(answer))


def _refusal(answer: AmazonResponse, operation: str, errors: tuple[ApiError, ...]) -> AmazonRefused:
    if any(error.mentions("token", "expired") for error in errors):
        return AccessTokenExpired(f"Amazon says that the access token for {operation} has expired.", hint=_MENDS)
    refusal = Forbidden if answer.status == 403 else AmazonRefused
    return refusal(
        f"Amazon refuses {operation} with {_called(answer, errors)}.", hint=f"{_MENDS[:-1]}{_reference(answer)}."
    )


def _rejection(answer: AmazonResponse, operation: str, errors: tuple[ApiError, ...]) -> RequestRejected:
    shown = next((error.message for error in errors if error.message), "")
    called = _called(answer, errors)
    message = f"Amazon rejects the request {operation} with {called}{f': “{shown}”' if shown else ''}."
    hint = f"Update orderferry; if it stays, report it to its issue tracker{_reference(answer)}."
    names = refused_datasets(errors) if answer.status == 400 else ()
    if names:
        return DatasetRefused(message, names=names, amazon_message=shown, hint=hint)
    return RequestRejected(message, amazon_message=shown, hint=hint)


def refused_datasets(errors: tuple[ApiError, ...]) -> tuple[str, ...]:
    """Return the sets of includedData that Amazon does not take, as far as its errors name any.

    It may list those that it does take after the one that it does not: then what we asked for and is not in the list is
    refused, or the first one that is named.
    """
    text = " ".join(error.text for error in errors if error.mentions("includeddata"))
    places = {name: re.search(rf"(?<![a-z_]){name.casefold()}(?![a-z_])", text) for name in INCLUDED_DATA}
    named = sorted((place.start(), name) for name, place in places.items() if place)
    if len(named) > _FEW:
        absent = tuple(name for name in INCLUDED_DATA if places[name] is None)
        return absent or (named[0][1],)
    return tuple(name for _, name in named)


def _is_about_token(errors: tuple[ApiError, ...]) -> bool:
    """Return whether the errors are about the pagination token: they name it, or no other parameter."""
    return any(
        error.mentions("token") or not any(error.mentions(parameter) for parameter in _OTHER_PARAMETERS)
        for error in errors
    )


def _called(answer: AmazonResponse, errors: tuple[ApiError, ...]) -> str:
    code = next((error.code for error in errors if error.code), "")
    return f"HTTP {answer.status} {code}".rstrip()


def _reference(answer: AmazonResponse) -> str:
    return f" (Amazon's request id {answer.request_id})" if answer.request_id else ""


@dataclass(frozen=True, slots=True)
class AmazonResponse:
    """One complete answer: `headers` by lower-case name, `body` as sent (decompressed)."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def request_id(self) -> str:
        """Return Amazon's id of the request (x-amzn-RequestId), which its support asks for; ''."""
        value = self.headers.get("x-amzn-requestid", "")
        return value if _REQUEST_ID.fullmatch(value) else ""

    def json(self) -> Any:
        """Return the body. Raise UnusableBody."""
        return parse_body(self.body)


@dataclass(frozen=True, slots=True)
class ApiError:
    """One entry of an error answer: a code that may be shown, and its whole text in lower case, which may not.

    Amazon's messages may quote what was sent, so the text is only looked at. `message`: message and details as
    they may be shown where nothing personal was sent: one line, not long, without what may be a token or an address.
    """

    code: str = ""
    text: str = ""
    message: str = ""

    def mentions(self, *words: str) -> bool:
        """Return whether the text has all of these words, in any case."""
        return all(word in self.text for word in words)


def error_list(answer: AmazonResponse) -> tuple[ApiError, ...]:
    """Return the entries of an answer's `errors`; none where the body is something else."""
    try:
        body = answer.json()
    except UnusableBody:
        return ()
    entries = body.get("errors") if isinstance(body, Mapping) else None
    return tuple(map(_api_error, entries)) if isinstance(entries, list) else ()


def _api_error(entry: object) -> ApiError:
    fields = entry if isinstance(entry, Mapping) else {}
    code = fields.get("code")
    whole = " ".join(str(fields[key]) for key in ("code", "message", "details") if fields.get(key) is not None)
    message = ": ".join(dict.fromkeys(str(fields[key]).strip() for key in ("message", "details") if fields.get(key)))
    return ApiError(code if isinstance(code, str) and _CODE.fullmatch(code) else "", whole.casefold(), _shown(message))


def _shown(message: str) -> str:
    """Return Amazon's words without control characters, long words (tokens) and addresses, cut."""
    words = "".join(sign if sign.isprintable() else " " for sign in message[: 4 * _LONGEST_MESSAGE]).split()
    text = " ".join("…" if len(word) > _LONGEST_WORD or _CREDENTIAL.search(word) else word for word in words)
    return text if len(text) <= _LONGEST_MESSAGE else f"{text[:_LONGEST_MESSAGE]}…"


class TransientError(AmazonUnavailable):
    """A fault that may be gone a second later: a broken connection, a time-out, a 5xx, a body cut off."""


PAUSES = (1.0, 2.0)  # seconds before the second and the third try
JITTER = 0.5  # up to so many seconds more


def with_retries(attempt: Callable[[], T], sleep: Callable[[float], None], chance: Callable[[], float]) -> T:
    """Call `attempt` until it succeeds, with a pause after each TransientError, and return its result. Raise the last
    TransientError, any other error at once. `chance`: a number from 0 to 1.

    Few retries, and short: each try of searchOrders spends a token that takes three minutes to come back, and cron
    starts the next run soon anyway.
    """
    for pause in PAUSES:
        try:
            return attempt()
        except TransientError as fault:
            wait = pause + JITTER * chance()
            log.info("%s; trying again in %.1f s", fault.message, wait)
            sleep(wait)
    return attempt()
