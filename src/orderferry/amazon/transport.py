"""One HTTP request and its whole answer, bounded in time and size; what goes wrong on the way becomes a sentence.

Stands in for the library's own transport (same `request` and `close`). No redirect is followed, TLS is verified, and
the machine's proxy variables are honoured for every host but this very machine.
"""

from __future__ import annotations

import os
import ssl
import time
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

from orderferry.amazon.answers import Answer
from orderferry.amazon.lean_httpx import httpx
from orderferry.amazon.retry import LATER, PassingFault
from orderferry.config.urls import is_loopback
from orderferry.domain.durations import format_duration
from orderferry.errors import AmazonUnavailable
from orderferry.safe_files import refuse_special

DOCUMENT_TIME = timedelta(minutes=5)  # as long as its address is good
MOST_BYTES = 64 * 1024 * 1024  # a page of 100 orders with all datasets has about one
_PROXY_VARIABLES = ("HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY", "NO_PROXY")
_TRUST_VARIABLES = ("SSL_CERT_FILE", "SSL_CERT_DIR")
# httpx's classes, the narrow ones first, and what they mean.
_FAULTS: tuple[tuple[type[httpx.HTTPError], str], ...] = (
    (httpx.TimeoutException, "did not answer within {timeout}"),
    (httpx.ProxyError, "can't be reached: the proxy refused"),
    (httpx.ConnectError, "can't be reached{reason}"),
    (httpx.DecodingError, "sent an answer that can't be decompressed"),
    (httpx.HTTPError, "broke the connection off"),
)


class Transport:
    """Requests to one host or several that are reached in the same way (`local`: this machine, never by proxy).

    Raise AmazonUnavailable when the machine's proxy or certificate variables are unusable.
    """

    def __init__(self, timeout: timedelta, *, local: bool, secure: bool = True) -> None:
        self._timeout = timeout
        try:
            if authorities := os.environ.get("SSL_CERT_FILE"):
                refuse_special(Path(authorities))  # OpenSSL would wait at a named pipe
            # Without https no certificates are needed; a bare context trusts nobody, and is quick to make.
            verify = httpx.create_ssl_context() if secure else ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        except (OSError, ValueError) as error:
            raise _unusable("certificate", _TRUST_VARIABLES) from error
        try:
            self._client = httpx.Client(
                timeout=timeout.total_seconds(), verify=verify, trust_env=not local, follow_redirects=False
            )
        except (ImportError, ValueError, TypeError, httpx.InvalidURL) as error:
            raise _unusable("proxy", _PROXY_VARIABLES) from error

    def request(
        self,
        method: str,
        url: str,
        *,
        params: Mapping[str, str] | None = None,
        data: Mapping[str, str] | None = None,
        content: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """Send one request and return the complete answer, whatever its status.

        Raise PassingFault for a broken connection or a time-out, AmazonUnavailable for what a retry can't mend.
        """
        host = urlsplit(url).netloc
        ends = time.monotonic() + self._timeout.total_seconds()
        try:
            with self._client.stream(
                method, url, params=params, data=data, content=content, headers=headers
            ) as response:
                body = self._body(response, host, ends)
                return Answer(response.status_code, dict(response.headers), body)
        except httpx.HTTPError as error:
            raise self._explain(error, host) from error

    def close(self) -> None:
        """Close the connections. May be called twice."""
        self._client.close()

    def _body(self, response: httpx.Response, host: str, ends: float) -> bytes:
        """All of the body. httpx's own time-out bounds each silence; this bounds the whole, drop by drop included."""
        chunks: list[bytes] = []
        size = 0
        for chunk in response.iter_bytes():
            chunks.append(chunk)
            size += len(chunk)
            if size > MOST_BYTES:
                raise AmazonUnavailable(f"{host} sent an answer of more than {MOST_BYTES // 1024**2} MB.", hint=LATER)
            if time.monotonic() > ends:
                raise PassingFault(self._silence(host), hint=LATER)
        return b"".join(chunks)

    def _silence(self, host: str) -> str:
        return f"{host} did not answer within {format_duration(self._timeout)}."

    def _explain(self, error: httpx.HTTPError, host: str) -> AmazonUnavailable:
        cause = _root(error)
        if isinstance(cause, ssl.SSLCertVerificationError):
            return AmazonUnavailable(
                f"The certificate of {host} can't be verified.",
                hint="Check the machine's clock, its certificates, and whether a proxy opens TLS connections "
                "(SSL_CERT_FILE names the proxy's own certificate).",
            )
        what = next(words for class_, words in _FAULTS if isinstance(error, class_))
        told = what.format(timeout=format_duration(self._timeout), reason=_reason(cause))
        return PassingFault(f"{host} {told}.", hint=LATER)


def open_transports(endpoint: str, token_url: str, timeout: timedelta) -> tuple[Transport, Transport]:
    """Given the two addresses and the time for a request, return the transports for them, one where one serves both.

    Raise AmazonUnavailable as Transport does.
    """

    def kind(url: str) -> tuple[bool, bool]:
        """What a transport is made for: this machine or another, TLS or plain."""
        parts = urlsplit(url)
        return is_loopback(parts.hostname or ""), parts.scheme == "https"

    made: dict[tuple[bool, bool], Transport] = {}
    for local, secure in (kind(endpoint), kind(token_url)):
        if (local, secure) not in made:
            made[local, secure] = Transport(timeout, local=local, secure=secure)
    return made[kind(endpoint)], made[kind(token_url)]


def open_document_transport(endpoint: str, timeout: timedelta) -> Transport:
    """Given the API's address and the time for a request, return a transport for the documents of reports, which lie
    on another host: nothing of the API's connections is known to it. A large document may take longer."""
    local = is_loopback(urlsplit(endpoint).hostname or "")
    return Transport(max(timeout, DOCUMENT_TIME), local=local)


def _root(error: BaseException) -> BaseException:
    """The first cause of an error; httpx and httpcore wrap what the socket said."""
    seen = {id(error)}
    while (cause := error.__cause__ or error.__context__) is not None and id(cause) not in seen:
        seen.add(id(cause))
        error = cause
    return error


def _reason(cause: BaseException) -> str:
    """The operating system's words for a connection that did not come about; nothing that the other side sent."""
    if isinstance(cause, ssl.SSLError):
        return ": no TLS connection came about"
    return f": {cause.strerror}" if isinstance(cause, OSError) and cause.strerror else ""


def _unusable(what: str, variables: tuple[str, ...]) -> AmazonUnavailable:
    """Names the variables, not their values: a proxy's address may hold a password."""
    found = [name for name in variables if os.environ.get(name) or os.environ.get(name.lower())]
    return AmazonUnavailable(
        f"The machine's {what} settings can't be used ({', '.join(found) or 'none of ' + ', '.join(variables)}).",
        hint=f"Correct or unset {', '.join(found) or 'them'} where orderferry is started.",
    )
