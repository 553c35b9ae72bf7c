"""A loopback HTTP server that takes alerts, or treats them badly: hangs, drips, redirects, breaks off."""

from __future__ import annotations

import json
import ssl
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Event, Thread
from typing import Any


@dataclass(frozen=True)
class Received:
    """One request as it arrived."""

    method: str
    path: str
    body: bytes
    headers: dict[str, str]

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class Mailbox:
    """What arrived, and how the next requests are answered: `ok`, a status, `hang`, `drip`, `redirect`, `cut`."""

    url: str
    manner: str = "ok"
    received: list[Received] = field(default_factory=list)
    released: Event = field(default_factory=Event)

    @property
    def paths(self) -> list[str]:
        return [one.path for one in self.received]

    def answer(self, handler: BaseHTTPRequestHandler) -> None:
        if self.manner == "hang":
            self.released.wait(20)
        elif self.manner == "cut":
            handler.close_connection = True
        elif self.manner == "drip":
            self._drip(handler)
        elif self.manner == "redirect":
            handler.send_response(302)
            handler.send_header("Location", f"{self.url}/elsewhere")
            handler.send_header("Content-Length", "0")
            handler.end_headers()
        else:
            handler.send_response(200 if self.manner == "ok" else int(self.manner))
            handler.send_header("Content-Length", "0")
            handler.end_headers()

    def _drip(self, handler: BaseHTTPRequestHandler) -> None:
        """One header byte at a time: each read gets something, the whole never ends."""
        handler.wfile.write(b"HTTP/1.1 200 OK\r\nX-Slow: ")
        while not self.released.is_set():
            handler.wfile.write(b"x")
            handler.wfile.flush()
            time.sleep(0.02)


@contextmanager
def mailbox(manner: str = "ok", certificate: tuple[Path, Path] | None = None) -> Iterator[Mailbox]:
    """A running server; with a certificate and its key it speaks https."""
    box = Mailbox("", manner)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            box.received.append(Received(self.command, self.path, body, dict(self.headers)))
            with suppress(OSError):  # the sender may have given up, which is what is tested
                box.answer(self)

        def log_message(self, format: str, *args: Any) -> None:
            """Quiet."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        box.url = f"{'https' if certificate else 'http'}://127.0.0.1:{server.server_port}"
        if certificate:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(*certificate)
            server.socket = context.wrap_socket(server.socket, server_side=True)
        server.handle_error = lambda *_: None  # type: ignore[method-assign]
        Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        try:
            yield box
        finally:
            box.released.set()
            server.shutdown()
