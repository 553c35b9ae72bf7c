"""What `bridge status` finds in the feed and in the bridge's calls, and its whole document."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from orderferry.domain.feed import Calls, Feed, Reader
from orderferry.run.bridge import BridgeStatus

NOW = datetime(2026, 11, 23, 6, tzinfo=UTC)
HOUR, TWO_DAYS = NOW - timedelta(hours=1), NOW - timedelta(days=2)
BRIDGE = Reader("bridge", 7, 0, None, HOUR, "version 1")
LATE = Reader("erp", 3, 4, TWO_DAYS, None)
FAILED = Calls("mailalerts", "actionValidateOrder", done=5, skipped=2, failed=3, given_up=1, first=4, message="no mail")
UNKNOWN = Calls("", "", unknown=1, first=9)


def status(
    feed: Feed | None = Feed(7, HOUR, (BRIDGE,)),  # noqa: B008 — it is frozen
    *calls: Calls,
    enabled: bool = True,
) -> BridgeStatus:
    return BridgeStatus(enabled, feed, calls, NOW)


def test_a_bridge_that_takes_what_comes_is_healthy() -> None:
    well = status()
    assert well.findings == ()
    assert well.exit_code == 0
    assert well.as_json() == {
        "healthy": True,
        "enabled": True,
        "events": {"last": 7, "oldest": "2026-11-23T05:00:00Z"},
        "consumers": [
            {
                "consumer": "bridge",
                "taken_up_to": 7,
                "behind": 0,
                "oldest_waiting": None,
                "last_taken": "2026-11-23T05:00:00Z",
                "late": False,
                "note": "version 1",
            }
        ],
        "calls": [],
        "problems": [],
        "exit_code": 0,
    }


def test_readers_that_are_late_and_calls_that_failed_are_told_in_full() -> None:
    bad = status(Feed(7, None, (BRIDGE, LATE)), FAILED, UNKNOWN)
    assert bad.exit_code == 1
    document = bad.as_json()
    assert (document["healthy"], document["exit_code"]) == (False, 1)
    assert document["events"] == {"last": 7, "oldest": None}
    assert document["consumers"][1] == {
        "consumer": "erp",
        "taken_up_to": 3,
        "behind": 4,
        "oldest_waiting": "2026-11-21T06:00:00Z",
        "last_taken": None,
        "late": True,
        "note": "",
    }
    assert document["calls"] == [
        {
            "module": "mailalerts",
            "hook": "actionValidateOrder",
            "done": 5,
            "skipped": 2,
            "failed": 3,
            "given_up": 1,
            "unknown": 0,
            "first_event": 4,
            "message": "no mail",
        },
        {
            "module": "",
            "hook": "",
            "done": 0,
            "skipped": 0,
            "failed": 0,
            "given_up": 0,
            "unknown": 1,
            "first_event": 9,
            "message": "",
        },
    ]
    assert document["problems"] == [
        {
            "order_id": "",
            "code": "events-unread",
            "message": "4 events of the feed wait for 'erp', the oldest for 2d; it has never taken any.",
            "hint": "Is its cron still running? It prints why it can't work.",
        },
        {
            "order_id": "",
            "code": "calls-failed",
            "message": "mailalerts on actionValidateOrder: 3 calls failed, 1 of them for good; first for event 4 "
            "(no mail).",
            "hint": "Ask the module's maker; `--replay failed` of the bridge tries again, modules_skip leaves the "
            "module out.",
        },
        {
            "order_id": "",
            "code": "calls-unknown",
            "message": "A whole event: the bridge ended during 1 call, first for event 9: whether the module did its "
            "work is unknown.",
            "hint": "Look whether it did; if not, `--replay unknown` of the bridge fires again.",
        },
    ]


def test_a_call_that_is_tried_again_says_so() -> None:
    ((_, message, _),) = status(Feed(), Calls("mailalerts", "", failed=1, first=2)).findings
    assert message == "mailalerts: 1 call failed, which is tried again; first for event 2."


def test_a_call_that_went_well_has_no_first_event() -> None:
    (calls,) = status(Feed(), Calls("mailalerts", "actionValidateOrder", done=1)).as_json()["calls"]
    assert calls["first_event"] is None


@pytest.mark.parametrize(
    ("feed", "enabled", "code", "message", "hint"),
    [
        (
            Feed(7, TWO_DAYS, (LATE,)),
            False,
            "events-off",
            "No events are written: events.enabled is false.",
            "Set events.enabled = true.",
        ),
        (None, True, "no-feed", "The feed's tables are not there yet.", "The first import creates them."),
        (
            Feed(7, TWO_DAYS),
            True,
            "bridge-never-ran",
            "The bridge has never run.",
            "`orderferry bridge install FOLDER` puts it there and says what to write into the crontab "
            "(docs/bridge.md says how).",
        ),
    ],
    ids=["events are off", "no tables", "events and no reader"],
)
def test_what_keeps_a_bridge_from_working_at_all(
    feed: Feed | None, enabled: bool, code: str, message: str, hint: str
) -> None:
    assert status(feed, enabled=enabled).findings == ((code, message, hint),)


def test_an_empty_feed_that_nobody_has_read_yet_is_no_finding() -> None:
    assert status(Feed()).findings == ()


def test_another_reader_does_not_stand_for_the_bridge() -> None:
    assert [code for code, _, _ in status(Feed(7, HOUR, (Reader("erp", 7, 0, None, HOUR),))).findings] == [
        "bridge-never-ran"
    ]


def test_a_shop_without_a_feed_has_no_events_in_its_document() -> None:
    document = status(None).as_json()
    assert (document["events"], document["consumers"]) == ({"last": 0, "oldest": None}, [])
