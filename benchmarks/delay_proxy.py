"""A TCP proxy before the database: it counts requests, and makes a server feel some milliseconds away."""

from __future__ import annotations

import selectors
import socket
import threading
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass

_CHUNK = 1 << 16


@dataclass
class Proxy:
    """A running proxy. `delay`: seconds that each piece is held in each direction. `requests`: how often a client has
    begun to speak after it was answered."""

    server: int
    delay: float = 0.0
    port: int = 0
    requests: int = 0


@contextmanager
def delaying_proxy(port: int, round_trip: float) -> Iterator[int]:
    """Forward connections to a loopback port so that each round trip takes so many seconds longer.

    Yields the proxy's own port.
    """
    with _running(Proxy(port, round_trip / 2)) as proxy:
        yield proxy.port


@contextmanager
def counting_proxy(port: int) -> Iterator[Proxy]:
    """Forward connections to a loopback port and count the requests."""
    with _running(Proxy(port)) as proxy:
        yield proxy


@contextmanager
def _running(proxy: Proxy) -> Iterator[Proxy]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        proxy.port = listener.getsockname()[1]
        threading.Thread(target=_accept, args=(listener, proxy), daemon=True).start()
        yield proxy


def _accept(listener: socket.socket, proxy: Proxy) -> None:
    with suppress(OSError):  # the listener is closed: no more connections
        while True:
            client, _ = listener.accept()
            server = socket.create_connection(("127.0.0.1", proxy.server))
            for one in (client, server):
                one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            turn = _Turn(proxy)
            for source, target, speaker in ((client, server, "client"), (server, client, "server")):
                threading.Thread(target=_forward, args=(source, target, speaker, turn), daemon=True).start()


@dataclass
class _Turn:
    """Who has spoken last on one connection."""

    proxy: Proxy
    speaker: str = "client"

    def taken_by(self, speaker: str) -> None:
        if speaker == "client" and self.speaker == "server":
            self.proxy.requests += 1
        self.speaker = speaker


def _forward(source: socket.socket, target: socket.socket, speaker: str, turn: _Turn) -> None:
    """Pass on what comes, each piece `delay` seconds after it came, however many are under way."""
    waiting: deque[tuple[float, bytes]] = deque()
    with suppress(OSError, ValueError), selectors.DefaultSelector() as selector:
        selector.register(source, selectors.EVENT_READ)
        while True:
            timeout = max(0.0, waiting[0][0] - time.monotonic()) if waiting else None
            if selector.select(timeout):
                piece = source.recv(_CHUNK)
                if not piece:
                    break
                turn.taken_by(speaker)
                waiting.append((time.monotonic() + turn.proxy.delay, piece))
            while waiting and waiting[0][0] <= time.monotonic():
                target.sendall(waiting.popleft()[1])
    for _, piece in waiting:
        with suppress(OSError):
            target.sendall(piece)
    for one in (source, target):
        with suppress(OSError):
            one.shutdown(socket.SHUT_RDWR)
        one.close()
