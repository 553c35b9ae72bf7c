"""What commands that only read are given: they make no ledger, keep nothing but quota, and go on without the shop."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from orderferry import inspection
from orderferry.amazon.exchange import PassingQuota
from orderferry.bootstrap import Installation
from orderferry.domain.check_result import fine
from orderferry.domain.feed import Feed, Reader
from orderferry.domain.ledger_entry import EntryState, OrderResult, OrderSnapshot
from orderferry.domain.orders import Channel
from orderferry.domain.search import Basis
from orderferry.domain.spans import Span
from orderferry.errors import ExitCode, LedgerUnusable, ShopUnavailable
from orderferry.inspection import (
    amazon_to_ask,
    bridge_shop,
    check_ledger,
    held_for_tax,
    inspect_order,
    ledger_if_there,
    measured_volume,
    shop_status,
)
from orderferry.ledger.filesystem import inspect_place
from orderferry.ledger.quota import QuotaBook
from orderferry.prestashop.auditing import ShopAudit
from orderferry.run.conditions import CurrentCondition
from support.configuration import AMAZON, load
from support.sqlite_shop import sqlite_shop_in

NOW = datetime(2026, 11, 23, 6, tzinfo=UTC)
IT = "APJ6JRA9NG5V4"
ID = "402-0000001-0000000"


@pytest.fixture
def installation(tmp_path: Path) -> Installation:
    shop = sqlite_shop_in(tmp_path)
    settings = load(tmp_path, AMAZON + f'[prestashop]\nurl = "{shop.url}"\n')
    return Installation(settings, lambda: NOW, lambda _seconds: None)


def test_where_there_is_no_ledger_none_is_made(installation: Installation, tmp_path: Path) -> None:
    with ledger_if_there(installation) as ledger:
        assert ledger is None
    with ledger_if_there(installation, spending=True) as ledger:
        assert ledger is None
    assert not installation.settings.ledger.path.exists()


def test_of_a_ledger_that_is_read_nothing_is_kept_but_the_quota_spent(installation: Installation) -> None:
    installation.ledger().close()
    with ledger_if_there(installation, spending=True) as ledger:
        assert ledger
        ledger.remember("a", "b")
        installation.quota(ledger).spend("getOrder")
    with ledger_if_there(installation) as ledger:
        assert ledger
        assert (ledger.recall("a"), int(installation.quota(ledger).left("getOrder", NOW))) == (None, 29)
        with pytest.raises(LedgerUnusable), suppress(AttributeError):
            installation.quota(ledger).spend("getOrder")


@pytest.mark.parametrize(("made", "book"), [(False, PassingQuota), (True, QuotaBook)])
def test_questions_to_amazon_are_booked_where_there_is_a_ledger(
    installation: Installation, monkeypatch: pytest.MonkeyPatch, made: bool, book: type
) -> None:
    heard: list[Any] = []

    class Source:
        def __init__(self, _settings: Any, quota: Any, **_: Any) -> None:
            heard.append(quota)

        def close(self) -> None:
            heard.append("closed")

    monkeypatch.setattr(inspection, "AmazonSource", Source)
    if made:
        installation.ledger().close()
    with amazon_to_ask(installation):
        heard[0].spend("getOrder")
        assert type(heard[0]) is book
        assert len(heard) == 1
    assert heard[1:] == ["closed"]


def test_a_damaged_ledger_does_not_keep_amazon_from_being_asked(installation: Installation) -> None:
    installation.settings.ledger.path.write_bytes(b"no database" * 1000)
    with amazon_to_ask(installation):
        pass
    assert held_for_tax(installation) == {}


def hold(
    installation: Installation, order_id: str, code: str, subject: str, state: EntryState = EntryState.HELD
) -> None:
    with installation.ledger() as ledger:
        run = ledger.begin_run("import", NOW)
        ledger.note_seen([OrderSnapshot(order_id, IT, Channel.REGULAR, "UNSHIPPED", NOW)], run, NOW)
        ledger.record_results([OrderResult(order_id, state, code, subject, "message")], run, NOW)


def test_the_places_and_rates_of_orders_that_are_held_for_taxes(installation: Installation) -> None:
    assert held_for_tax(installation) == {}
    for number, (code, subject) in enumerate(
        (
            ("no-vat-rate", "DE 19 %"),
            ("no-vat-rate", "DE 7 %"),
            ("no-vat-rate", "PT-20"),
            ("no-vat-rate", ""),
            ("unknown-sku", "FR 20 %"),
        )
    ):
        hold(installation, f"402-000000{number}-0000000", code, subject)
    hold(installation, "402-0000009-0000000", "no-vat-rate", "ES 21 %", EntryState.FAILED)
    assert held_for_tax(installation) == {"DE": {Decimal(19), Decimal(7)}, "PT-20": set()}


def test_the_ledger_as_check_sees_it(
    installation: Installation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = inspect_place(installation.settings.ledger.path)[0]
    where = f"{installation.settings.ledger.path} ({place})" if place else str(installation.settings.ledger.path)
    assert list(check_ledger(installation)) == [
        fine("ledger", f"There is no ledger {where} yet; the first import creates it.")
    ]
    installation.ledger().close()
    assert list(check_ledger(installation)) == [
        fine("ledger", f"The ledger {where} is in order, and of this shop and account.")
    ]
    monkeypatch.setattr(inspection, "is_open_folder", lambda folder: folder == tmp_path)
    assert [result.name for result in check_ledger(installation)] == ["ledger-folder", "ledger"]


def test_the_volume_that_a_ledger_has_measured(installation: Installation) -> None:
    assert measured_volume(installation) == (None, None)
    with installation.ledger() as ledger:
        run = ledger.begin_run("import", NOW)
        ledger.cover([(IT, channel) for channel in Channel], Basis.UPDATED, Span(NOW - timedelta(days=3), NOW), NOW)
        ledger.note_seen([OrderSnapshot(ID, IT, Channel.REGULAR, "UNSHIPPED", NOW - timedelta(days=1))], run, NOW)
        installation.quota(ledger).learn("searchOrders", Decimal("0.5"))
    volume, rate = measured_volume(installation)
    assert volume
    assert (volume.orders, rate) == (1, Decimal("0.5"))


def test_an_order_is_shown_with_and_without_a_ledger_and_amazon(
    installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    alone = inspect_order(installation, ID, refresh=False)
    assert (alone.known, alone.asked, alone.shop is not None, alone.errors) == (False, False, True, ())
    hold(installation, ID, "unknown-sku", "MUG")
    asked: list[str] = []

    class Source:
        def __init__(self, *_: Any, **__: Any) -> None:
            """Connect to nothing."""

        def get(self, order_id: str) -> None:
            asked.append(order_id)

        def close(self) -> None:
            """Nothing is open."""

    monkeypatch.setattr(inspection, "AmazonSource", Source)
    shown = inspect_order(installation, ID, refresh=True)
    assert shown.entry
    assert (shown.entry.state, shown.asked, asked, shown.now) == (EntryState.HELD, True, [ID], NOW)


def test_the_shop_as_the_bridge_sees_it(installation: Installation) -> None:
    with bridge_shop(installation) as shop:
        assert shop.feed() is None
    installation.ledger().close()
    with bridge_shop(installation) as shop:
        assert shop.feed() is None


def test_the_status_has_the_shops_name_and_says_what_could_not_be_asked(
    installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(LedgerUnusable):
        shop_status(installation)
    installation.ledger().close()
    status = shop_status(installation)
    assert (status.shop != "", status.now, status.unconfirmed) == (True, NOW, ())
    assert status.notes == ("`orderferry import` has never run here.",)

    def away(*_: Any) -> None:
        raise ShopUnavailable("The database is away.")

    monkeypatch.setattr(inspection, "find_unconfirmed", away)
    assert shop_status(installation).notes[1:] == (
        "Which orders the shop has shipped is unknown: The database is away.",
    )


def test_a_monitor_does_not_wait_for_a_slow_shop(installation: Installation, monkeypatch: pytest.MonkeyPatch) -> None:
    installation.ledger().close()
    heard: list[timedelta] = []
    audit = ShopAudit

    def kept(settings: Any, **options: Any) -> Any:
        heard.append(settings.prestashop.timeout)
        return audit(settings, **options)

    monkeypatch.setattr(inspection, "ShopAudit", kept)
    for seconds in (30, 2):
        prestashop = replace(installation.settings.prestashop, timeout=timedelta(seconds=seconds))
        shop_status(replace(installation, settings=replace(installation.settings, prestashop=prestashop)))
    assert heard == [timedelta(seconds=5), timedelta(seconds=2)]


class Readers:
    """A shop whose feed is given."""

    feed_: Feed | None = None

    def __init__(self, *_: Any, **__: Any) -> None:
        """Connect to nothing."""

    def feed(self) -> Feed | None:
        return Readers.feed_

    def close(self) -> None:
        """Nothing is open."""


LATE = Reader("erp", 3, 4, NOW - timedelta(days=2), None)


@pytest.mark.parametrize(
    ("feed", "enabled", "found"),
    [
        (Feed(7, None, (LATE,)), False, False),
        (None, True, False),
        (Feed(7, None, (LATE, replace(LATE, name="wms"))), True, True),
    ],
)
def test_readers_that_are_late_are_conditions(
    installation: Installation, monkeypatch: pytest.MonkeyPatch, feed: Feed | None, enabled: bool, found: bool
) -> None:
    monkeypatch.setattr(inspection, "BridgeShop", Readers)
    monkeypatch.setattr(Readers, "feed_", feed)
    installation.ledger().close()
    settings = replace(installation.settings, events_enabled=enabled)
    status = shop_status(replace(installation, settings=settings))
    sentence = "4 events of the feed wait for {!r}, the oldest for 2d; it has never taken any."
    assert list(status.conditions) == [
        CurrentCondition(f"events-unread {number}", sentence.format(name), ExitCode.NEEDS_A_PERSON)
        for number, name in enumerate(("erp", "wms"))
        if found
    ]
