"""The test's side of `kill_runner`: runs of the program in children that are cheap to start and easy to kill."""

from __future__ import annotations

import itertools
import json
import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import orderferry
from support.installation import Installed
from support.starting import Finished

PROGRAM = Path(__file__).with_name("kill_runner.py")
PACKAGE = Path(orderferry.__file__).parents[1]
TESTS = PROGRAM.parents[1]


@dataclass
class Ended(Finished):
    """How a child ended. `signal` 0: by itself, with `code`; `events`: what it did, as (family, words), if it could
    still say so."""

    signal: int = 0
    events: tuple[tuple[str, str], ...] = ()

    def told(self) -> str:
        """Everything, for an assertion's message."""
        return f"code {self.code}, signal {self.signal}\n{self.out}\n{self.err}"

    def events_of(self, family: str) -> list[str]:
        """The words of a family's events."""
        return [text for name, text in self.events if name == family]


class Child:
    """A run in progress."""

    def __init__(self, pid: int, base: Path) -> None:
        self.pid = pid
        self._base = base

    def wait(self) -> Ended | None:
        """Wait for the end; None when the child has stopped itself at its accident: then `go_on`, and wait again."""
        answer = RUNNER.ask({"do": "wait", "pid": self.pid})
        if answer["stopped"]:
            return None
        events = self._base.with_suffix(".events")
        return Ended(
            answer["code"],
            self._base.with_suffix(".out").read_text("utf-8"),
            self._base.with_suffix(".err").read_text("utf-8"),
            answer["signal"],
            tuple(map(tuple, json.loads(events.read_text("utf-8")))) if events.exists() else (),
        )

    def stopped(self) -> bool:
        """Wait until the child stands still at its accident; False when it has ended without."""
        return self.wait() is None

    def end(self) -> Ended:
        """Wait for the end of a child that has no stop before it."""
        ended = self.wait()
        assert ended is not None, "the child stands still"
        return ended

    def go_on(self) -> None:
        """Let a child that stands still go on."""
        self.send(signal.SIGCONT)

    def send(self, number: signal.Signals) -> None:
        """Send it a signal."""
        os.kill(self.pid, number)


class Runner:
    """The one `kill_runner` of this process, from the first request until `close`."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[str] | None = None

    def ask(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """Send a request and return its answer."""
        if self._process is None:
            environment = {"PATH": os.environ["PATH"], "LANG": "C.UTF-8", "TZ": "UTC"}
            self._process = subprocess.Popen(
                [sys.executable, str(PROGRAM)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                env={**environment, "PYTHONPATH": f"{PACKAGE}:{TESTS}"},
                text=True,
            )
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(request) + "\n")
        self._process.stdin.flush()
        answer: dict[str, Any] = json.loads(self._process.stdout.readline())
        return answer

    def close(self) -> None:
        if self._process is not None:
            self._process.communicate(timeout=30)
            self._process = None


RUNNER = Runner()


class Children:
    """Runs whose output is kept in `folder`. Several may run at once; each is waited for in turn."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._numbers = itertools.count(1)

    def start(
        self,
        installed: Installed,
        now: datetime,
        *words: str,
        accident: tuple[str, str, int] | None = None,
        **more: Any,
    ) -> Child:
        """Start a command of an installation at that time.

        `accident`: (kind, family, n), see kill_runner. `more`: its other wishes (real_time, page_size, returning).
        """
        base = self._folder / f"child-{next(self._numbers)}"
        request = {
            "do": "start",
            "words": ["-c", str(installed.configuration), *words],
            "now": now.isoformat(),
            "folder": str(installed.folder),
            "ledger": str(installed.ledger),
            "out": str(base.with_suffix(".out")),
            "err": str(base.with_suffix(".err")),
            "events": str(base.with_suffix(".events")),
            **more,
        }
        if accident is not None:
            request["accident"] = dict(zip(("kind", "family", "at"), accident, strict=True))
        return Child(RUNNER.ask(request)["pid"], base)

    def run(self, installed: Installed, now: datetime, *words: str, **more: Any) -> Ended:
        """Run a command to its end."""
        return self.start(installed, now, *words, **more).end()


def run_all(children: Sequence[Child]) -> list[Ended]:
    """Wait for all of them."""
    return [child.end() for child in children]
