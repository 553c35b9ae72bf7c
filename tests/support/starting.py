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
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
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
READ_LATE = ("PATH", "HOME", "ORDERFERRY_", "XDG_", "TERM", "COLUMNS", "NO_COLOR")


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
        return STARTERS.mine().run(words, folder, environ, timeout)
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


def start(words: Sequence[str], folder: Path, environ: Mapping[str, str], *, out: int, err: int) -> Callable[[], int]:
    """Start a whole command line that writes to these descriptors; return what waits for its end and gives its code.
    stdin is that of a terminal if `out` is one, else closed."""
    if os.isatty(out):
        return _start(words, folder, environ, [out, out, err])
    with Path(os.devnull).open("rb") as nothing:
        return _start(words, folder, environ, [nothing.fileno(), out, err])


def _start(
    words: Sequence[str], folder: Path, environ: Mapping[str, str], descriptors: Sequence[int]
) -> Callable[[], int]:
    if STARTERS.can_fork(words, environ):
        starter = STARTERS.mine()
        return partial(starter.wait, starter.start(words, folder, environ, descriptors))
    stdin, out, err = descriptors
    return subprocess.Popen(words, cwd=folder, env=environ, stdin=stdin, stdout=out, stderr=err).wait


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

    def start(self, words: Sequence[str], folder: Path, environ: Mapping[str, str], descriptors: Sequence[int]) -> int:
        """Start a command line with these descriptors for stdin, stdout and stderr; return its process number."""
        umask = os.umask(0)
        os.umask(umask)
        request: dict[str, Any] = {"do": "start", "script": words[2] if words[1] == "-c" else None, "umask": umask}
        request |= {"words": words[len(COMMAND) :], "folder": str(folder), "environ": dict(environ)}
        socket.send_fds(self._socket, [json.dumps(request).encode()], list(descriptors))
        pid: int = self._answer()["pid"]
        return pid

    def wait(self, pid: int) -> int:
        """Wait for the end of a process that this starter has started; return its exit code."""
        self._socket.send(json.dumps({"do": "wait", "pid": pid}).encode())
        code: int = self._answer()["code"]
        return code

    def run(self, words: Sequence[str], folder: Path, environ: Mapping[str, str], timeout: float) -> Finished:
        """Start a command line and wait for its end. Raise TimeoutExpired when it takes too long."""
        (out, out_end), (err, err_end) = os.pipe(), os.pipe()
        nothing = os.open(os.devnull, os.O_RDONLY)
        try:
            pid = self.start(words, folder, environ, [nothing, out_end, err_end])
        finally:
            for descriptor in (nothing, out_end, err_end):
                os.close(descriptor)
        try:
            texts = read_all([out, err], timeout)
        except TimeoutError:
            os.kill(pid, signal.SIGKILL)
            raise subprocess.TimeoutExpired(words, timeout) from None
        finally:
            os.close(out)
            os.close(err)
            code = self.wait(pid)
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
