"""The import commands as data, and the options of a run."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from orderferry.domain.decide import Rules
from orderferry.domain.orders import Channel, Order, OrderStatus
from orderferry.domain.search import Basis
from orderferry.run.sweeps import SWEEPS, RunOptions, give_up_of, rules_of, since_of
from support.configuration import AMAZON, DATABASE, load

NOW = datetime(2026, 11, 23, 6, tzinfo=UTC)
DE, IT = "A1PA6795UKMFR9", "APJ6JRA9NG5V4"
DAY = timedelta(days=1)
S = OrderStatus


@pytest.mark.parametrize(
    ("command", "basis", "channels", "statuses", "looks_at", "reserve"),
    [
        ("import", Basis.UPDATED, (Channel.REGULAR, Channel.FBA), (), (True, True), 0),
        ("recheck", Basis.CREATED, (Channel.FBA,), (S.SHIPPED, S.INVOICE_UNCONFIRMED), (False, False), 6),
        ("doublecheck", Basis.CREATED, (Channel.REGULAR,), (S.UNSHIPPED, S.PARTIALLY_SHIPPED), (False, False), 6),
    ],
)
def test_what_each_command_observes(
    command: str,
    basis: Basis,
    channels: tuple[Channel, ...],
    statuses: tuple[OrderStatus, ...],
    looks_at: tuple[bool, bool],
    reserve: int,
) -> None:
    sweep = SWEEPS[command]
    assert (sweep.command, sweep.basis, sweep.channels, sweep.statuses) == (command, basis, channels, statuses)
    assert (sweep.incremental, sweep.processes_due, sweep.reserve) == (*looks_at, reserve)


@pytest.mark.parametrize(
    ("command", "channel", "days"),
    [
        ("import", Channel.REGULAR, 1),
        ("import", Channel.FBA, 3),
        ("recheck", Channel.FBA, 7),
        ("doublecheck", Channel.REGULAR, 30),
    ],
)
def test_how_far_back_each_reads(tmp_path: Path, command: str, channel: Channel, days: int) -> None:
    assert SWEEPS[command].lookback(channel, load(tmp_path).observation) == days * DAY


@pytest.mark.parametrize(
    ("command", "changes", "wanted"),
    [
        ("import", {}, True),
        ("recheck", {}, False),
        ("recheck", {"channel": Channel.FBA}, False),
        ("recheck", {"channel": Channel.FBA, "status": S.SHIPPED}, True),
        ("recheck", {"channel": None, "status": S.SHIPPED}, True),
        ("recheck", {"channel": Channel.FBA, "status": None}, True),
        ("doublecheck", {}, True),
        ("doublecheck", {"status": S.SHIPPED}, False),
    ],
)
def test_which_orders_are_a_commands_business(command: str, changes: dict[str, Any], wanted: bool) -> None:
    order = Order("1", NOW, NOW, IT, S.UNSHIPPED, Channel.REGULAR, ())
    assert SWEEPS[command].wants(replace(order, **changes)) is wanted


@pytest.mark.parametrize(
    ("options", "by_hand"),
    [
        ({}, False),
        ({"window": DAY}, True),
        ({"since": NOW}, True),
        ({"until": NOW}, True),
        ({"orders": ("1",), "dry_run": True}, False),
    ],
)
def test_spans_by_hand(options: dict[str, Any], by_hand: bool) -> None:
    assert RunOptions(**options).spans_by_hand is by_hand


def test_a_run_is_an_ordinary_one_of_two_hours_unless_asked_otherwise() -> None:
    options = RunOptions()
    assert (options.dry_run, options.restore, options.accept_shop) == (False, False, False)
    assert options.max_time == timedelta(hours=2)


def test_a_marketplaces_own_rules(tmp_path: Path) -> None:
    more = (
        '[orders]\nsince = "2026-01-01"\ngive_up = "9d"\n'
        '[marketplace.DE.orders]\nsince = "2026-06-01"\ngive_up = "3d"\n'
    )
    settings = load(tmp_path, AMAZON + DATABASE + more)
    january, june = datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 6, 1, tzinfo=UTC)
    assert rules_of(settings) == Rules(january, since_of={IT: january, DE: june})
    assert (since_of(settings, IT), since_of(settings, DE)) == (january, june)
    assert (give_up_of(settings, IT), give_up_of(settings, DE)) == (9 * DAY, 3 * DAY)
