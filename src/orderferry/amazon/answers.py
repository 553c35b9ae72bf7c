"""An HTTP answer of the SP-API, and the error texts of Amazon's that decide what it means."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from orderferry.amazon.decode_page import UnusableBody, parse_body

_CODE = re.compile(r"[A-Za-z][A-Za-z0-9_.]{0,60}", re.ASCII)
_LONGEST_SAID = 300
_LONGEST_WORD = 40  # tokens are longer, parameters and ids are not
_CREDENTIAL = re.compile(r"@|\||amzn1\.|Atz[ar]", re.IGNORECASE)  # the forms of Amazon's tokens, and e-mail addresses
_REQUEST_ID = re.compile(r"[A-Za-z0-9-]{1,64}", re.ASCII)


@dataclass(frozen=True, slots=True)
class AmazonResponse:
    """One complete answer: `headers` by lower-case name, `body` as sent (decompressed)."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def request_id(self) -> str:
        """Amazon's id of the request (x-amzn-RequestId), which its support asks for; ''."""
        value = self.headers.get("x-amzn-requestid", "")
        return value if _REQUEST_ID.fullmatch(value) else ""

    def json(self) -> Any:
        """The body. Raise UnusableBody."""
        return parse_body(self.body)


@dataclass(frozen=True, slots=True)
class ApiError:
    """One entry of an error answer: a code that may be shown, and its whole text in lower case, which may not.

    Amazon's messages may quote what was sent, so the text is only looked at. `said`: message and details as they may be
    shown where nothing personal was sent: one line, not long, without what may be a token or an address.
    """

    code: str = ""
    text: str = ""
    said: str = ""

    def mentions(self, *words: str) -> bool:
        """Whether the text has all of these words, in any case."""
        return all(word in self.text for word in words)


def error_list(answer: AmazonResponse) -> tuple[ApiError, ...]:
    """Given an SP-API answer, return the entries of its `errors`; none where the body is something else."""
    try:
        body = answer.json()
    except UnusableBody:
        return ()
    entries = body.get("errors") if isinstance(body, Mapping) else None
    return tuple(map(_word, entries)) if isinstance(entries, list) else ()


def _word(entry: object) -> ApiError:
    fields = entry if isinstance(entry, Mapping) else {}
    code = fields.get("code")
    told = " ".join(str(fields[key]) for key in ("code", "message", "details") if fields.get(key) is not None)
    said = ": ".join(dict.fromkeys(str(fields[key]).strip() for key in ("message", "details") if fields.get(key)))
    return ApiError(code if isinstance(code, str) and _CODE.fullmatch(code) else "", told.casefold(), _shown(said))


def _shown(said: str) -> str:
    """Amazon's words without control characters, long words (tokens) and addresses, cut."""
    words = "".join(sign if sign.isprintable() else " " for sign in said[: 4 * _LONGEST_SAID]).split()
    text = " ".join("…" if len(word) > _LONGEST_WORD or _CREDENTIAL.search(word) else word for word in words)
    return text if len(text) <= _LONGEST_SAID else f"{text[:_LONGEST_SAID]}…"
