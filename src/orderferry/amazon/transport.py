"""One HTTP request and its whole answer, bounded in time and size; what goes wrong on the way becomes a sentence.

The bound in time is for all of it: the look-up of the name, the connection, what a server says before its answer (1xx),
headers and body. So a thread asks, and whoever waits for it stops waiting in time.

Stands in for the library's own transport (same `request` and `close`). No redirect is followed, TLS is verified, and
the machine's proxy variables are honoured for every host but this very machine.

`AmazonClock` learns Amazon's time from the Date headers of its answers.
"""

from __future__ import annotations

import os
import ssl
import zlib
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, wait
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from functools import partial
from pathlib import Path
from threading import Event, Thread
from urllib.parse import urlsplit

import httpx

from orderferry.amazon.response_errors import LATER, AmazonResponse, TransientError
from orderferry.config.kinds import is_loopback
from orderferry.domain.durations import format_duration
from orderferry.errors import AmazonUnavailable, root_cause
from orderferry.safe_files import refuse_special

DOCUMENT_TIME = timedelta(minutes=5)  # as long as its address is good
MOST_BYTES = 16 * 1024 * 1024  # a page of 100 orders with all datasets has about one
MOST_BYTES_OF_DOCUMENT = 64 * 1024 * 1024  # a report, mostly compressed
_UNPACKED_AT_ONCE = 64 * 1024
_GZIP = 16 + zlib.MAX_WBITS
_ACCEPTED = {"accept-encoding": "gzip"}  # one way, which is unpacked below
_PROXY_VARIABLES = ("HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY", "NO_PROXY")
_TRUST_VARIABLES = ("SSL_CERT_FILE", "SSL_CERT_DIR")
# httpx's classes, the narrow ones first, and what they mean.
_FAULTS: tuple[tuple[type[httpx.HTTPError], str], ...] = (
    (httpx.TimeoutException, "did not answer within {timeout}"),
    (httpx.ProxyError, "can't be reached: the proxy refused"),
    (httpx.ConnectError, "can't be reached{reason}"),
    (httpx.HTTPError, "broke the connection off"),
)


class Transport:
    """Requests to one host or several that are reached in the same way (`local`: this machine, never by proxy).

    Raise AmazonUnavailable when the machine's proxy or certificate variables are unusable.
    """

    def __init__(self, timeout: timedelta, *, local: bool, secure: bool = True, most_bytes: int | None = None) -> None:
        self._timeout = timeout
        self._most_bytes = most_bytes
        self._open: Callable[[], httpx.Client] = partial(self._client_for, local=local, secure=secure)
        self._client = self._open()

    def _client_for(self, *, local: bool, secure: bool) -> httpx.Client:
        try:
            if authorities := os.environ.get("SSL_CERT_FILE"):
                refuse_special(Path(authorities))  # OpenSSL would wait at a named pipe
            # Without https no certificates are needed; a bare context trusts nobody, and is quick to make.
            verify = httpx.create_ssl_context() if secure else ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        except (OSError, ValueError) as error:
            raise _unusable("certificate", _TRUST_VARIABLES) from error
        try:
            return httpx.Client(
                timeout=self._timeout.total_seconds(), verify=verify, trust_env=not local, follow_redirects=False
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
    ) -> AmazonResponse:
        """Send one request and return the complete answer, whatever its status.

        Raise TransientError for a broken connection or a time-out, AmazonUnavailable for what a retry can't mend.
        """
        host = urlsplit(url).netloc
        request = self._client.build_request(
            method, url, params=params, data=data, content=content, headers={**(headers or {}), **_ACCEPTED}
        )
        exchange = _Exchange(self._client, request, host, self._most_bytes or MOST_BYTES)
        Thread(target=exchange.run, name=f"request to {host}", daemon=True).start()
        if not wait([exchange.outcome], self._timeout.total_seconds()).done:
            exchange.is_abandoned.set()
            self._client.close()  # which ends the thread's next look at the connection
            self._client = self._open()
            raise TransientError(f"{host} did not answer within {format_duration(self._timeout)}.", hint=LATER)
        try:
            return exchange.outcome.result()
        except httpx.HTTPError as error:
            raise self._explain(error, host) from error

    def close(self) -> None:
        """Close the connections. May be called twice."""
        self._client.close()

    def _explain(self, error: httpx.HTTPError, host: str) -> AmazonUnavailable:
        cause = root_cause(error)
        if isinstance(cause, ssl.SSLCertVerificationError):
            return AmazonUnavailable(
                f"The certificate of {host} can't be verified.",
                hint="Check the machine's clock, its certificates, and whether a proxy opens TLS connections "
                "(SSL_CERT_FILE names the proxy's own certificate).",
            )
        what = next(words for class_, words in _FAULTS if isinstance(error, class_))
        told = what.format(timeout=format_duration(self._timeout), reason=_reason(cause))
        return TransientError(f"{host} {told}.", hint=LATER)


@dataclass(slots=True)
class _Exchange:
    """One request in a thread of its own. Once it `is_abandoned`, nobody waits for the `outcome` any more."""

    client: httpx.Client
    request: httpx.Request
    host: str
    most_bytes: int
    outcome: Future[AmazonResponse] = field(default_factory=Future)
    is_abandoned: Event = field(default_factory=Event)

    def run(self) -> None:
        """Send the request and read the answer; never raises."""
        try:
            response = self.client.send(self.request, stream=True)
            try:
                answer = AmazonResponse(response.status_code, dict(response.headers), self._body(response))
            finally:
                response.close()
        except BaseException as error:  # whoever waits raises it
            self.outcome.set_exception(error)
        else:
            self.outcome.set_result(answer)

    def _body(self, response: httpx.Response) -> bytes:
        """Return all of the body, unpacked piece by piece so that it never takes more room than it may."""
        encoding = response.headers.get("content-encoding", "").strip().lower()
        if encoding not in {"", "identity", "gzip"}:
            raise self._not_unpacked()
        unpacker = zlib.decompressobj(_GZIP) if encoding == "gzip" else None
        body = bytearray()
        for chunk in response.iter_raw():
            for piece in (chunk,) if unpacker is None else self._unpacked(unpacker, chunk):
                body += piece
                if len(body) > self.most_bytes:
                    raise AmazonUnavailable(
                        f"{self.host} sent an answer of more than {self.most_bytes // 1024**2} MB.", hint=LATER
                    )
            if self.is_abandoned.is_set():
                break
        if unpacker is not None and body and not unpacker.eof:
            raise self._not_unpacked()
        return bytes(body)

    def _unpacked(self, unpacker: zlib._Decompress, packed: bytes) -> Iterator[bytes]:
        while packed:
            try:
                yield unpacker.decompress(packed, _UNPACKED_AT_ONCE)
            except zlib.error:
                raise self._not_unpacked() from None
            packed = unpacker.unconsumed_tail

    def _not_unpacked(self) -> TransientError:
        return TransientError(f"{self.host} sent an answer that can't be decompressed.", hint=LATER)


def open_transports(endpoint: str, token_url: str, timeout: timedelta) -> tuple[Transport, Transport]:
    """Return the transports to the API and to the login; the same one where one serves both.

    Raise AmazonUnavailable as Transport does.
    """

    # what a transport is made for: this machine or another, TLS or plain
    kinds = [(is_loopback(url.hostname or ""), url.scheme == "https") for url in map(urlsplit, (endpoint, token_url))]
    made = {kind: Transport(timeout, local=kind[0], secure=kind[1]) for kind in dict.fromkeys(kinds)}
    return made[kinds[0]], made[kinds[1]]


def open_document_transport(endpoint: str, timeout: timedelta) -> Transport:
    """Return a transport for the documents of reports, which lie on another host, given the API's address and the
    time for a request: nothing of the API's connections is known to it. A large document may take longer.
    """
    local = is_loopback(urlsplit(endpoint).hostname or "")
    return Transport(max(timeout, DOCUMENT_TIME), local=local, most_bytes=MOST_BYTES_OF_DOCUMENT)


def _reason(cause: BaseException) -> str:
    """Return the operating system's words for a connection that failed; nothing that the other side sent."""
    if isinstance(cause, ssl.SSLError):
        return ": no TLS connection came about"
    return f": {cause.strerror}" if isinstance(cause, OSError) and cause.strerror else ""


def _unusable(what: str, variables: tuple[str, ...]) -> AmazonUnavailable:
    """Return the error for unusable settings. It names the variables alone: a proxy's address may hold a password."""
    found = [name for name in variables if os.environ.get(name) or os.environ.get(name.lower())]
    return AmazonUnavailable(
        f"The machine's {what} settings can't be used ({', '.join(found) or 'none of ' + ', '.join(variables)}).",
        hint=f"Correct or unset {', '.join(found) or 'them'} where orderferry is started.",
    )


def parse_http_date(header: str | None) -> datetime | None:
    """Return the time of a Date header (RFC 9110) in UTC; None where it is missing or can't be the present."""
    try:
        moment = parsedate_to_datetime(header or "")
        moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    return moment if moment.year >= 2020 else None


class AmazonClock:
    """This machine's clock, set right by each answer of Amazon's.

    `offset` is Amazon's time less this machine's, None before the first answer with a date. A date is as old as its
    answer took to arrive, so Amazon's now is never taken for later than it is.
    """

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self._clock = clock
        self.offset: timedelta | None = None

    def learn(self, date_header: str | None, arrived: datetime) -> None:
        """Take over the Date header of a good answer that arrived at this time of this machine's clock."""
        moment = parse_http_date(date_header)
        if moment is not None:
            self.offset = moment - arrived

    def now(self) -> datetime:
        """Return Amazon's now; this machine's as long as Amazon has not named its own."""
        return self._clock() + (self.offset or timedelta())

    def local(self) -> datetime:
        """Return this machine's now."""
        return self._clock()
