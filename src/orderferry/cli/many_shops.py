"""Several configurations in one call: each in a process of its own, and together one answer, in the files' order."""

from __future__ import annotations

import hashlib
import signal
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

from orderferry.cli.context import CliContext
from orderferry.cli.each_shop import whole_document
from orderferry.cli.failures import error_lines
from orderferry.cli.print_report import is_news, summary_line
from orderferry.cli.terminal import echo, echo_lines
from orderferry.errors import ExitCode, InternalError, OrderferryError, worst
from orderferry.run.report import Report
from orderferry.run.stop import GRACE, Stopped, stopped_by
from orderferry.run.workers import Died, ProcessJob, Workers, cores_for_workers

# A worker ends itself at --max-time; only one that can't do even that is killed from outside.
_SLACK = GRACE * 3


@dataclass(frozen=True, slots=True)
class Fleet:
    """One call of a command for several shops. `run` takes a configuration and returns its report, whatever happens.

    `longest`: what one run may take, queueing included; `splay`: over what time the starts are spread.
    """

    command: str
    run: Callable[[Path], Report]
    longest: timedelta
    splay: timedelta
    dry_run: bool
    as_json: bool


@dataclass(frozen=True, slots=True)
class ShopEnd:
    """How one shop's run ended, as its process hands it over: `document` is its JSON object, `summary` its one line,
    `news` the lines for a run without a terminal."""

    exit_code: ExitCode
    document: dict[str, Any]
    summary: str
    news: tuple[tuple[ExitCode, str], ...]


def start_delay(path: Path, splay: timedelta) -> timedelta:
    """Return how long after cron's minute a configuration begins: anywhere within `splay`, always the same for the
    same file.

    By its path, so that a shop that is added or taken away moves no other.
    """
    share = int.from_bytes(hashlib.sha256(str(path.absolute()).encode()).digest()[:4], "big") / 2**32
    return splay * share


def run_fleet(fleet: Fleet, files: Sequence[Path], context: CliContext) -> tuple[ExitCode, Mapping[str, Any]]:
    """Run all of them and print each one's line, or news, when it and those before it have ended.

    Return the exit code that stands for all, and the contract's JSON object.
    """
    jobs = [ProcessJob(partial(_end, fleet, path), start_delay(path, fleet.splay).total_seconds()) for path in files]
    workers = Workers[ShopEnd](cores_for_workers(), (fleet.longest + _SLACK).total_seconds())
    names = _names(files)
    ends: list[ShopEnd] = []
    for path, came in zip(files, workers.run(jobs), strict=True):
        end = _summed_up(_dead(fleet, path, came)) if isinstance(came, Died) else came
        ends.append(end)
        if not fleet.as_json:
            _print(names[path], end, fleet, context)
    code = worst(end.exit_code for end in ends)
    return code, whole_document(files, [end.document for end in ends], code)


def _end(fleet: Fleet, path: Path) -> ShopEnd:
    """Return what a worker does."""
    return _summed_up(fleet.run(path))


def _summed_up(report: Report) -> ShopEnd:
    return ShopEnd(report.exit_code, report.as_json(), summary_line(report), report.said)


def _print(name: str, end: ShopEnd, fleet: Fleet, context: CliContext) -> None:
    if (context.on_terminal or fleet.dry_run) and not context.quiet:
        echo(f"{name}: {end.summary}")
        return
    for code, line in end.news:
        if is_news(code, quiet=context.quiet):
            echo_lines(f"{name}: {line}", err=True)


def _names(files: Sequence[Path]) -> dict[Path, str]:
    """Short names for people: without folder and .toml where that tells them apart."""
    stems = Counter(path.stem for path in files)
    return {path: path.stem if stems[path.stem] == 1 else str(path) for path in files}


def _dead(fleet: Fleet, path: Path, died: Died) -> Report:
    """Return the report of a run that could not make its own."""
    now = datetime.now(UTC)
    report = Report(fleet.command, now, fleet.dry_run, finished=now, errors=[_cause(path, died)])
    if not isinstance(report.errors[0], Stopped):
        report.said = tuple((report.exit_code, line) for line in error_lines(report.errors[0]))
    return report


def _cause(path: Path, died: Died) -> OrderferryError:
    if died.asked and (not died.started or died.signal == died.asked):
        return stopped_by(died.asked)
    if died.hung:
        return InternalError(
            f"The run of {path} did not end at its --max-time and was killed.",
            hint="Nothing is lost: the next run goes on. If it repeats, look at this host's disks and network.",
        )
    how = f"by {signal.Signals(died.signal).name}" if died.signal else f"with exit code {died.exit_code}"
    return InternalError(
        f"The process that ran {path} was ended {how}.",
        hint="Nothing is lost: the next run goes on. If it repeats, see whether this host runs out of memory (dmesg).",
    )
