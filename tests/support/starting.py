"""Starts of the program, as cron starts it. A start costs half a second of imports before anything happens, and the
tests need thousands: so they fork it off a process that has imported its modules (see `starter`). What a fork can't
show, an environment that Python itself listens to, is started anew, and with `--whole` everything is.
"""

from __future__ import annotations

import json
import os
import selectors
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orderferry

PROGRAM = Path(__file__).with_name("starter.py")
PACKAGE = Path(orderferry.__file__).parents[1]
COMMAND = [sys.executable, "-m", "orderferry"]
LOCALE = {"LANG": "C.UTF-8"}
# What the program reads while it runs; any other variable may mean something to Python or to a library at its start.
READ_LATE = ("PATH", "HOME", "ORDERFERRY_", "XDG_")


@dataclass
class Finished:
    """How a call of the program ended."""

    code: int
    out: str
    err: str

    @property
    def words(self) -> str:
        """What was printed to stdout, as if no line had been broken."""
        return " ".join(self.out.split())

    @property
    def json(self) -> dict[str, Any]:
        """The one JSON object on stdout."""
        document: dict[str, Any] = json.loads(self.out)
        return document


class Starter:
    """One `starter`, for one thread of the tests."""

    def __init__(self) -> None:
        self._socket, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, str(PROGRAM)],
                stdin=theirs,
                env={"PATH": os.environ["PATH"], "PYTHONPATH": str(PACKAGE), **LOCALE},
            )

    def close(self) -> None:
        self._socket.close()
        self._process.wait(30)

    def run(self, words: Sequence[str], folder: Path, environ: Mapping[str, str], timeout: float) -> Finished:
        """Start `orderferry WORDS` and wait for its end. Raise TimeoutExpired when it takes too long."""
        umask = os.umask(0)
        os.umask(umask)
        request = {"do": "start", "words": words, "folder": str(folder), "environ": dict(environ), "umask": umask}
        (out, out_end), (err, err_end) = os.pipe(), os.pipe()
        nothing = os.open(os.devnull, os.O_RDONLY)
        try:
            socket.send_fds(self._socket, [json.dumps(request).encode()], [nothing, out_end, err_end])
            pid = self._answer()["pid"]
        finally:
            for descriptor in (nothing, out_end, err_end):
                os.close(descriptor)
        try:
            told = read_all([out, err], timeout)
        except TimeoutError:
            os.kill(pid, signal.SIGKILL)
            raise subprocess.TimeoutExpired([*COMMAND, *words], timeout) from None
        finally:
            os.close(out)
            os.close(err)
            self._socket.send(json.dumps({"do": "wait", "pid": pid}).encode())
            code = self._answer()["code"]
        return Finished(code, told[out], told[err])

    def _answer(self) -> dict[str, Any]:
        answer: dict[str, Any] = json.loads(self._socket.recv(1000))
        return answer


def read_all(descriptors: Sequence[int], timeout: float) -> dict[int, str]:
    """Return what comes out of each of these pipes until its end. Raise TimeoutError when that takes too long."""
    end = time.monotonic() + timeout
    read = {descriptor: bytearray() for descriptor in descriptors}
    with selectors.DefaultSelector() as selector:
        for descriptor in descriptors:
            selector.register(descriptor, selectors.EVENT_READ)
        while selector.get_map():
            ready = selector.select(end - time.monotonic())
            if not ready:
                raise TimeoutError
            for key, _ in ready:
                some = os.read(key.fd, 1 << 16)
                read[key.fd] += some
                if not some:
                    selector.unregister(key.fd)
    return {descriptor: text.decode() for descriptor, text in read.items()}


class Starters:
    """The starters of this process: one for each thread that has asked, until `close`. `whole`: use none."""

    def __init__(self) -> None:
        self.whole = False
        self._made: list[Starter] = []
        self._mine = threading.local()

    def run(self, words: Sequence[str], folder: Path, environ: Mapping[str, str], timeout: float) -> Finished | None:
        """Run a command line; None for one that has to be started anew."""
        known = all(name.startswith(READ_LATE) or LOCALE.get(name) == value for name, value in environ.items())
        if self.whole or list(words[:3]) != COMMAND or not known or not LOCALE.items() <= environ.items():
            return None
        if not hasattr(self._mine, "starter"):
            self._mine.starter = Starter()
            self._made.append(self._mine.starter)
        return self._mine.starter.run(words[3:], folder, environ, timeout)  # type: ignore[no-any-return]

    def close(self) -> None:
        while self._made:
            self._made.pop().close()
        self._mine = threading.local()


STARTERS = Starters()


def started(words: Sequence[str], folder: Path, environ: Mapping[str, str], timeout: float = 120) -> Finished:
    """Start a whole command line in `folder` and wait for its end. stdin is closed, as under cron."""
    return STARTERS.run(words, folder, environ, timeout) or started_anew(words, folder, environ, timeout)


def started_anew(words: Sequence[str], folder: Path, environ: Mapping[str, str], timeout: float = 120) -> Finished:
    """As `started`, in a process that begins with nothing."""
    done = subprocess.run(
        words,
        cwd=folder,
        env=environ,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=timeout,
        check=False,
    )
    return Finished(done.returncode, done.stdout, done.stderr)
