"""The document of a report: fetched from a host of its own, unpacked and decoded, each with its bounds.

The address is signed by itself, so it gets neither token nor credentials; it is good for five minutes.
"""

from __future__ import annotations

import codecs
import zlib
from email.message import Message
from urllib.parse import urlsplit

from orderferry.amazon.retry import LATER, TransientError
from orderferry.amazon.transport import Transport
from orderferry.config.urls import is_loopback
from orderferry.errors import AmazonUnavailable

MOST_UNPACKED = 128 * 1024 * 1024  # about half a million lines
_GZIP = 16 + zlib.MAX_WBITS
_USUAL_CHARSETS = ("utf-8", "cp1252")  # what a document without a charset is tried as


class AddressExpired(TransientError):
    """The document's host no longer takes the address: another one has to be asked for."""


def fetch_document(
    transport: Transport, url: str, user_agent: str, *, gzipped: bool, plain_allowed: bool = False
) -> str:
    """Given the address of a document and whether it is compressed, return its text.

    `plain_allowed`: the API's own address is plain http to this machine (a simulator's), so the document's may be, too.

    Raise AddressExpired for a refusal (403, 404, 410), TransientError for what may be gone later, AmazonUnavailable for
    an address that must not be asked (no https), a redirect, or a document that can't be used or is too large.
    """
    host = _safe_host(url, plain_allowed=plain_allowed)
    answer = transport.request("GET", url, headers={"user-agent": user_agent})
    if answer.status in {403, 404, 410}:
        raise AddressExpired(f"{host} no longer gives the report (HTTP {answer.status}).", hint=LATER)
    if answer.status >= 500:
        raise TransientError(f"{host} answered the download of the report with HTTP {answer.status}.", hint=LATER)
    if answer.status != 200:
        raise AmazonUnavailable(f"{host} answered the download of the report with HTTP {answer.status}.", hint=LATER)
    content = _unpack(answer.body, host) if gzipped else answer.body
    return decode(content, answer.headers.get("content-type", ""))


def decode(content: bytes, content_type: str) -> str:
    """Given the document's bytes and its Content-Type, return its text, by the charset that is named there.

    Without one, or with one that nobody knows: as UTF-8 if it is that, else as cp1252. Never raises: a byte that can't
    be read becomes U+FFFD; what is compared is ASCII.
    """
    named = _charset(content_type)
    if named:
        return content.decode(named, "replace")
    for charset in _USUAL_CHARSETS:
        try:
            return content.decode(charset)
        except UnicodeDecodeError:
            continue
    return content.decode("latin-1")


def _safe_host(url: str, *, plain_allowed: bool) -> str:
    """The host of an address that may be asked: https, or plain http to this very machine where that is allowed."""
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
    except ValueError:
        host, parts = "", urlsplit("")
    if not host or not (parts.scheme == "https" or (plain_allowed and parts.scheme == "http" and is_loopback(host))):
        raise AmazonUnavailable("Amazon names an address for the report that is not https.", hint=LATER)
    return host


def _unpack(body: bytes, host: str) -> bytes:
    unpacker = zlib.decompressobj(_GZIP)
    try:
        content = unpacker.decompress(body, MOST_UNPACKED)
    except zlib.error:
        raise TransientError(f"The report from {host} can't be decompressed.", hint=LATER) from None
    if unpacker.unconsumed_tail:
        raise AmazonUnavailable(
            f"The report from {host} is larger than {MOST_UNPACKED // 1024**2} MB.",
            hint="Compare a shorter span: --since and --until.",
        )
    if not unpacker.eof:
        raise TransientError(f"The report from {host} was cut off.", hint=LATER)
    return content


def _charset(content_type: str) -> str:
    """The charset of a Content-Type, if Python knows it as one of text; else ''."""
    message = Message()
    message["content-type"] = content_type
    name = str(message.get_param("charset") or "")
    try:
        codecs.lookup(name)
        b" ".decode(name, "replace")  # an empty text would pass codecs that are none of text
    except (LookupError, ValueError, TypeError):
        return ""
    return name
