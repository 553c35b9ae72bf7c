"""Starts the program as cron does. A start costs a second of imports before anything happens, and the tests need
hundreds: so they fork it off a process that has imported the program (see `starter`). What a fork can't show, an
environment that Python or a library reads at its start, is started anew. So is everything in tests that use the
fixture `started_anew`, and everything with --whole.
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
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

import orderferry

PROGRAM = Path(__file__).with_name("starter.py")
PACKAGE = Path(orderferry.__file__).parents[1]
TESTS = PROGRAM.parents[1]
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


def started(words: Sequence[str], folder: Path, environ: Mapping[str, str], timeout: float = 120) -> Finished:
    """Start a whole command line in `folder` and wait for its end. stdin is closed, as under cron."""
    if STARTERS.can_fork(words, environ):
        script = words[2] if words[1] == "-c" else None
        return STARTERS.mine().run(words[len(COMMAND) :], folder, environ, timeout, script)
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


class Starter:
    """One `starter` process, for one thread of the tests."""

    def __init__(self) -> None:
        self._socket, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, str(PROGRAM)],
                stdin=theirs.fileno(),
                env={"PATH": os.environ["PATH"], "PYTHONPATH": f"{PACKAGE}:{TESTS}", **LOCALE},
            )

    def close(self) -> None:
        self._socket.close()
        self._process.wait(30)

    def run(
        self,
        words: Sequence[str],
        folder: Path,
        environ: Mapping[str, str],
        timeout: float,
        script: str | None = None,
    ) -> Finished:
        """Start `orderferry WORDS`, or a script with these words, and wait for its end. Raise TimeoutExpired when it
        takes too long."""
        umask = os.umask(0)
        os.umask(umask)
        request: dict[str, Any] = {"do": "start", "script": script, "words": words, "umask": umask}
        request |= {"folder": str(folder), "environ": dict(environ)}
        (out, out_end), (err, err_end) = os.pipe(), os.pipe()
        nothing = os.open(os.devnull, os.O_RDONLY)
        try:
            socket.send_fds(self._socket, [json.dumps(request).encode()], [nothing, out_end, err_end])
            pid = self._answer()["pid"]
        finally:
            for descriptor in (nothing, out_end, err_end):
                os.close(descriptor)
        try:
            texts = read_all([out, err], timeout)
        except TimeoutError:
            os.kill(pid, signal.SIGKILL)
            raise subprocess.TimeoutExpired([*COMMAND, *words], timeout) from None
        finally:
            os.close(out)
            os.close(err)
            self._socket.send(json.dumps({"do": "wait", "pid": pid}).encode())
            code = self._answer()["code"]
        return Finished(code, texts[out], texts[err])

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
            ready = selector.select(max(end - time.monotonic(), 0))
            if not ready:
                raise TimeoutError
            for key, _ in ready:
                some = os.read(key.fd, 1 << 16)
                read[key.fd] += some
                if not some:
                    selector.unregister(key.fd)
    return {descriptor: text.decode() for descriptor, text in read.items()}


class Starters:
    """The starters of this process: one for each thread that has asked, until `close`. `anew`: use none."""

    def __init__(self) -> None:
        self.anew = False
        self._made: list[Starter] = []
        self._of_thread = threading.local()

    def can_fork(self, words: Sequence[str], environ: Mapping[str, str]) -> bool:
        """Whether a fork shows of this command line all that a new process does."""
        known = all(name.startswith(READ_LATE) or LOCALE.get(name) == value for name, value in environ.items())
        ours = list(words[: len(COMMAND)]) == COMMAND or list(words[:2]) == [sys.executable, "-c"]
        return not self.anew and ours and known and LOCALE.items() <= environ.items()

    def mine(self) -> Starter:
        """The starter of this thread."""
        if not hasattr(self._of_thread, "starter"):
            self._of_thread.starter = Starter()
            self._made.append(self._of_thread.starter)
        starter: Starter = self._of_thread.starter
        return starter

    def close(self) -> None:
        while self._made:
            self._made.pop().close()
        self._of_thread = threading.local()


STARTERS = Starters()


@pytest.fixture
def started_anew() -> Iterator[None]:
    """Start each program in a process of its own, as cron does."""
    before, STARTERS.anew = STARTERS.anew, True
    yield
    STARTERS.anew = before
