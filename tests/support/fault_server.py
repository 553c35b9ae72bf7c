"""An HTTP server that misbehaves on order: the login at /token, the Orders API everywhere else.

Each request takes the next behaviour of its script; the last one stays. What was asked is kept in `requests`.
"""

from __future__ import annotations

import json
import socket
import ssl
import struct
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import IPv4Address
from pathlib import Path
from types import TracebackType
from typing import Any
from urllib.parse import parse_qs, urlsplit

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

AMAZON_DATE = "Mon, 23 Nov 2026 06:00:00 GMT"
TOKEN_PATH = "/token"


@dataclass(frozen=True)
class Seen:
    """One request as it came in."""

    method: str
    path: str
    query: Mapping[str, list[str]]
    headers: Mapping[str, str]
    body: str

    @property
    def parameters(self) -> dict[str, str]:
        return {name: ",".join(values) for name, values in self.query.items()}


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # else each answer waits 40 ms for an acknowledgement
    server: FaultHttpServer

    def _serve(self) -> None:
        parts = urlsplit(self.path)
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
        headers = {name.lower(): value for name, value in self.headers.items()}
        seen = Seen(self.command, parts.path, parse_qs(parts.query, keep_blank_values=True), headers, body)
        self.server.owner.take(seen)(self)

    do_GET = do_POST = do_CONNECT = _serve  # noqa: N815 — the names that http.server calls

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing on the test's output."""


Behaviour = Callable[[Handler], None]


class FaultHttpServer(ThreadingHTTPServer):
    daemon_threads = True
    owner: FaultServer

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Clients that go away are what these tests are about."""


def raw(status: int, body: bytes | str = b"", *, headers: Mapping[str, str] | None = None) -> Behaviour:
    """Answer with exactly these bytes."""
    sent = body.encode() if isinstance(body, str) else body
    all_headers = {
        "Date": AMAZON_DATE,
        "Content-Type": "text/html",
        "Content-Length": str(len(sent)),
        **(headers or {}),
    }

    def behave(handler: Handler) -> None:
        handler.send_response_only(status)
        for name, value in all_headers.items():
            if value:
                handler.send_header(name, value)
        handler.end_headers()
        handler.wfile.write(sent)

    return behave


def answer(status: int, value: Any, *, headers: Mapping[str, str] | None = None) -> Behaviour:
    """Answer with JSON."""
    return raw(status, json.dumps(value), headers={"Content-Type": "application/json", **(headers or {})})


def errors(status: int, code: str, message: str | None = None, details: str | None = None) -> Behaviour:
    """Answer with an error in SP-API's form."""
    return answer(
        status,
        {"errors": [{"code": code, "message": message, "details": details}]},
        headers={"x-amzn-RequestId": "0a1b2c3d-req"},
    )


def login(token: str = "Atza|access", **fields: Any) -> Behaviour:
    """Answer as Login with Amazon does."""
    return answer(200, {"access_token": token, "token_type": "bearer", "expires_in": 3600, **fields})


def page(*orders: Any, token: str | None = None, **fields: Any) -> Behaviour:
    """Answer as searchOrders does."""
    body: dict[str, Any] = {"orders": list(orders), **fields}
    if token is not None:
        body["pagination"] = {"nextToken": token}
    return answer(200, body)


def hang(handler: Handler) -> None:
    """Never answer."""
    handler.server.owner.closing.wait(10)
    handler.close_connection = True


def reset(handler: Handler) -> None:
    """Break the connection off with a TCP reset."""
    handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    handler.connection.close()
    handler.close_connection = True


def close_early(handler: Handler) -> None:
    """Close the connection without a word."""
    handler.connection.shutdown(socket.SHUT_RDWR)
    handler.close_connection = True


def cut_off(value: Any) -> Behaviour:
    """Promise the whole body and send half of it."""
    whole = json.dumps(value).encode()

    def behave(handler: Handler) -> None:
        raw(200, whole[: len(whole) // 2], headers={"Content-Length": str(len(whole))})(handler)
        handler.close_connection = True

    return behave


def trickle(handler: Handler) -> None:
    """Send a byte now and then, for longer than anybody should wait: no single silence is long."""
    handler.send_response_only(200)
    handler.send_header("Content-Length", "1000000")
    handler.end_headers()
    for _ in range(100):
        if handler.server.owner.closing.wait(0.02):
            break
        handler.wfile.write(b" ")
    handler.close_connection = True


def drip(handler: Handler, *pieces: bytes) -> None:
    """Send the first piece, and the second one again and again, for longer than anybody should wait."""
    first, again = pieces
    handler.wfile.write(first)
    for _ in range(100):
        if handler.server.owner.closing.wait(0.02):
            break
        handler.wfile.write(again)
    handler.close_connection = True


def drip_headers(handler: Handler) -> None:
    """A header line now and then."""
    drip(handler, b"HTTP/1.1 200 OK\r\n", b"X-More: x\r\n")


def drip_informational(handler: Handler) -> None:
    """One 103 after the other."""
    drip(handler, b"", b"HTTP/1.1 103 Early Hints\r\n\r\n")


def drip_status(handler: Handler) -> None:
    """The first line, byte by byte."""
    drip(handler, b"HTTP/1.1 200 ", b"O")


@dataclass
class FaultServer:
    """Use as a context manager. `logins` and `answers` are the scripts of the two sides."""

    logins: list[Behaviour] = field(default_factory=lambda: [login()])
    answers: list[Behaviour] = field(default_factory=lambda: [page()])
    requests: list[Seen] = field(default_factory=list)
    closing: threading.Event = field(default_factory=threading.Event)
    certificate: Path | None = None  # https then, with this file's key and certificate

    def __enter__(self) -> FaultServer:
        self._server = FaultHttpServer(("127.0.0.1", 0), Handler)
        self._server.owner = self
        if self.certificate:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(self.certificate)
            self._server.socket = context.wrap_socket(
                self._server.socket, server_side=True, do_handshake_on_connect=False
            )
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01})
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.closing.set()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    @property
    def url(self) -> str:
        return f"{'https' if self.certificate else 'http'}://127.0.0.1:{self._server.server_address[1]}"

    @property
    def token_url(self) -> str:
        return self.url + TOKEN_PATH

    @property
    def asked_logins(self) -> list[Seen]:
        return [seen for seen in self.requests if seen.path == TOKEN_PATH]

    @property
    def asked_orders(self) -> list[Seen]:
        return [seen for seen in self.requests if seen.path != TOKEN_PATH]

    def take(self, seen: Seen) -> Behaviour:
        """Note a request and return what its script has for it."""
        self.requests.append(seen)
        script = self.logins if seen.path == TOKEN_PATH else self.answers
        return script.pop(0) if len(script) > 1 else script[0]


def self_signed(folder: Path) -> Path:
    """A key and a certificate for 127.0.0.1 that no authority has signed, in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(IPv4Address("127.0.0.1"))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    secret = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    path = folder / "server.pem"
    path.write_bytes(secret + certificate.public_bytes(Encoding.PEM))
    return path


def closed_port_url() -> str:
    """An address of this machine where nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{probe.getsockname()[1]}"
