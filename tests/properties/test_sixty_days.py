"""Sixty days of orders that Amazon delays, hides, reorders, repeats and resurrects, with crons that are skipped, killed
and doubled, and ledgers that are lost or come back older: at the end the shop equals Amazon, no order was imported
before it was ready, and none twice.
"""

from __future__ import annotations

import itertools
import logging
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import partial
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from orderferry.domain.marketplaces import MARKETPLACES
from orderferry.domain.orders import Channel
from orderferry.ledger.ledger import open_ledger
from orderferry.run.engine import Engine
from orderferry.run.stop import StopSwitch
from orderferry.run.sweeps import SWEEPS, RunOptions
from orderferry.simulator.orders import Event, EventKind, Line, SimulatedOrder
from orderferry.simulator.world import World
from support.engine_world import settings_in
from support.long_run import Fate, Killed, Manners, MemoryShop, Mortal, WorldSource, wrong_at_the_end
from support.proofs import Proofs

START = datetime(2026, 9, 1, 6, 0, tzinfo=UTC)
SIXTY_DAYS = timedelta(days=60)
DE = next(marketplace for marketplace in MARKETPLACES if marketplace.code == "DE")
K = EventKind
MINUTE, HOUR, DAY = 60, 3600, 86400
MOST_LATE = 20 * MINUTE  # how late an event is listed; with a stale answer, less than the overlap of half an hour
MOST_STALE = 8
LATER_SKU = "LATER"


SAMPLE, WHOLE = 1, 400


# What happens at Amazon.


@dataclass(frozen=True)
class LifePlan:
    """An order to come: when it is placed (seconds from now), and its events as (kind, seconds after the one before,
    seconds until searches list it)."""

    placed_in: int
    channel: Channel
    events: tuple[tuple[EventKind, int, int], ...]
    listed_after: int = 120
    sku: str = "SKU"

    def order(self, number: int, now: datetime) -> SimulatedOrder:
        after, events = 0, [Event(K.PLACED, 0, self.listed_after)]
        for kind, gap, late in self.events:
            after += gap
            status = "UNSHIPPED" if kind is K.STATUS_SET else ""
            events.append(Event(kind, after, late, status=status))
        placed = now + timedelta(seconds=self.placed_in)
        lines = (Line(self.sku, 1, Decimal("10.00")),)
        return SimulatedOrder(f"302-0000000-{number:07d}", "DE", placed, lines, tuple(events), self.channel)


# What happens on this side.


@dataclass(frozen=True)
class Placed:
    """Orders come in."""

    plans: tuple[LifePlan, ...]


@dataclass(frozen=True)
class Run:
    """After a while, cron starts a command. `fate`: "" or what happens at its `at`-th step: "killed", "doubled" (on a
    second machine with a ledger of its own), "beside" (another command on the same ledger)."""

    minutes: int
    command: str = "import"
    fate: str = ""
    at: int = 0
    manners: Manners = field(default_factory=Manners)


@dataclass(frozen=True)
class Outage:
    """Cron is down."""

    hours: int


@dataclass(frozen=True)
class LedgerAccident:
    """The ledger is copied, put back as it was copied, or deleted."""

    kind: str


@dataclass(frozen=True)
class ProductArrives:
    """The shop gets the product that held orders wait for."""


Step = Placed | Run | Outage | LedgerAccident | ProductArrives


@dataclass
class Installation:
    """One shop, the machine that imports into it, and a second one that does so at times."""

    folder: Path
    now: datetime = START
    world: World = field(default_factory=World)
    runs: int = 0
    numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    def __post_init__(self) -> None:
        self.shop = MemoryShop(self.world, lambda: self.now, {"SKU"})
        self.settings = settings_in(self.folder, marketplaces=(DE,), ledger=self.ledger())

    def ledger(self, machine: int = 1) -> Path:
        return self.folder / f"ledger-{machine}.sqlite"

    @property
    def copy(self) -> Path:
        return self.folder / "copy.sqlite"

    def take(self, step: Step) -> None:
        """Let one thing happen."""
        if isinstance(step, Placed):
            self.world.add_all(plan.order(next(self.numbers), self.now) for plan in step.plans)
        elif isinstance(step, Run):
            self.now += timedelta(minutes=step.minutes)
            self.run(step)
        elif isinstance(step, Outage):
            self.now += timedelta(hours=step.hours)
        elif isinstance(step, ProductArrives):
            self.shop.skus.add(LATER_SKU)
        else:
            self.maltreat_ledger(step.kind)

    def run(self, run: Run, machine: int = 1) -> None:
        """Run a command; it may die."""
        strikes = {
            "killed": self.die,
            "doubled": partial(self.run, Run(0, run.command), machine=2),
            "beside": partial(self.run, Run(0, "recheck" if run.command == "import" else "import"), machine=machine),
        }
        fate = Fate(run.at, strikes.get(run.fate, self.nothing))
        with open_ledger(self.ledger(machine), account="a", shop="s", now=self.now) as ledger:
            source = WorldSource(self.world, lambda: self.now, run.manners)
            engine = Engine(
                SWEEPS[run.command],
                self.settings,
                RunOptions(),
                Mortal(source, fate),
                Mortal(self.shop, fate),
                Mortal(ledger, fate),
                StopSwitch(lambda: self.now),
                lambda: self.now,
                lambda _seconds: None,
            )
            self.runs += 1
            try:
                engine.run()
            except Killed:
                return

    def die(self) -> None:
        raise Killed

    def nothing(self) -> None:
        """A run that nothing befalls."""

    def maltreat_ledger(self, kind: str) -> None:
        here = self.ledger()
        if kind == "copied" and here.exists():
            shutil.copy(here, self.copy)
        elif kind != "copied":
            for file in self.folder.glob(f"{here.name}*"):
                file.unlink()
            if kind == "put back" and self.copy.exists():
                shutil.copy(self.copy, here)

    def live_on(self, until: datetime) -> None:
        """The rest of the time without accidents, as a crontab has it, if not as often."""
        last = [moment for order in self.world if isinstance(order, SimulatedOrder) for moment in order.update_times()]
        # Where nothing happens any more, nothing needs to run; the last orders still get their looks.
        until = max([self.now, *(moment for moment in last if moment <= until)]) + timedelta(days=3)
        while self.now < until:
            self.take(Run(9 * 60))
            if self.now.hour < 9:
                self.take(Run(10, "recheck"))
                self.take(Run(10, "doublecheck"))


LATENESS = st.integers(1, MOST_LATE)
GAPS = st.one_of(st.integers(MINUTE, HOUR), st.integers(HOUR, 2 * DAY), st.integers(2 * DAY, 20 * DAY))


def lives(channel: Channel, kinds: Sequence[Sequence[EventKind]]) -> st.SearchStrategy[LifePlan]:
    """Lives that go through these kinds of events, with all kinds of gaps."""

    def plan(chosen: Sequence[EventKind]) -> st.SearchStrategy[LifePlan]:
        events = st.tuples(*(st.tuples(st.just(kind), GAPS, LATENESS) for kind in chosen))
        sku = st.sampled_from(["SKU", "SKU", "SKU", LATER_SKU])
        return st.builds(LifePlan, st.integers(0, DAY), st.just(channel), events, LATENESS, sku)

    return st.sampled_from(kinds).flatmap(plan)


REGULAR = lives(
    Channel.REGULAR,
    [
        (K.VERIFIED, K.SHIPPED),
        (K.VERIFIED, K.TOUCHED, K.SHIPPED, K.DELIVERED),
        (K.VERIFIED, K.CANCELLED),
        (K.CANCELLED,),
        (K.VERIFIED,),
        (),
        (K.AVAILABLE, K.VERIFIED, K.SHIPPED),
        (K.CANCELLED, K.STATUS_SET, K.SHIPPED),
        (K.VERIFIED, K.CANCELLED, K.STATUS_SET, K.SHIPPED),
    ],
)
FBA = lives(Channel.FBA, [(K.VERIFIED, K.SHIPPED), (K.SHIPPED,), (K.VERIFIED, K.CANCELLED), (K.VERIFIED, K.TOUCHED)])
PLACED = st.builds(Placed, st.lists(REGULAR | FBA, min_size=1, max_size=6).map(tuple))
MANNERS = st.builds(
    Manners,
    page_size=st.integers(2, 5),
    shuffle=st.integers(0, 3),
    repeat=st.booleans(),
    stale=st.integers(0, MOST_STALE).map(lambda minutes: timedelta(minutes=minutes)),
    fail_at=st.sampled_from([0, 0, 0, 1, 2, 3, 5]),
    quota=st.booleans(),
)
RUN = st.builds(
    Run,
    minutes=st.one_of(st.integers(15, 180), st.integers(180, 1440)),
    command=st.sampled_from(["import", "import", "import", "import", "recheck", "doublecheck"]),
    fate=st.sampled_from(["", "", "killed", "killed", "doubled", "beside"]),
    at=st.integers(1, 60),
    manners=MANNERS,
)
STEP = st.one_of(
    RUN,
    RUN,
    RUN,
    RUN,
    PLACED,
    PLACED,
    st.builds(Outage, st.integers(1, 24 * 6)),
    st.builds(LedgerAccident, st.sampled_from(["copied", "put back", "deleted"])),
    st.just(ProductArrives()),
)
SIXTY = st.lists(STEP, min_size=10, max_size=60)


@contextmanager
def installation() -> Iterator[Installation]:
    """A new installation; its ledger in memory where the machine has such a place, since thousands of runs write it."""
    shared = Path("/dev/shm")
    with tempfile.TemporaryDirectory(dir=shared if shared.is_dir() else None) as folder:
        yield Installation(Path(folder))


def live(steps: Sequence[Step]) -> Installation:
    """Let the steps happen, live on to the end, and compare."""
    with installation() as lived:
        # What is promised is promised from the first import on that got through.
        lived.take(Run(0))
        for step in steps:
            if lived.now - START < SIXTY_DAYS - timedelta(days=5):
                lived.take(step)
        lived.live_on(START + SIXTY_DAYS)
        wrong = wrong_at_the_end(lived.world, lived.shop, lived.now)
        assert not wrong, "\n".join(wrong)
        return lived


# Histories that once ended with an order missing.
SHIPPED_AT_ONCE = ((K.VERIFIED, 60, 1), (K.SHIPPED, 60, 1))
FAILED_ONCE: dict[str, list[Step]] = {
    "the ledger was lost before the first order came": [
        Run(75),
        Placed((LifePlan(0, Channel.REGULAR, SHIPPED_AT_ONCE, listed_after=1),)),
        Outage(1),
        LedgerAccident("deleted"),
        Outage(15),
    ],
}


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    """Thousands of runs have nothing to say here."""
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(logging.NOTSET)


@pytest.mark.parametrize("what", FAILED_ONCE)
def test_what_failed_once(what: str) -> None:
    live(FAILED_ONCE[what])


def test_after_sixty_days_the_shop_equals_amazon(proofs: Proofs) -> None:
    """The sample is the same each time; `--whole` takes others each time, and makes a failing one small."""
    counted = {"histories of sixty days": 0, "runs in them": 0, "simulated days": 0}

    @settings(
        max_examples=WHOLE if proofs.whole else SAMPLE,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        phases=(Phase.generate, Phase.shrink) if proofs.whole else (Phase.generate,),
        derandomize=not proofs.whole,
        database=None,
        print_blob=False,
    )
    @given(SIXTY)
    def check(steps: list[Step]) -> None:
        lived = live(steps)
        counted["histories of sixty days"] += 1
        counted["runs in them"] += lived.runs
        counted["simulated days"] += SIXTY_DAYS.days

    check()
    for what, cases in counted.items():
        proofs.ran(what, cases)
