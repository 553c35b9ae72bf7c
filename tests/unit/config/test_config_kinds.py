"""Each kind of value: what it takes, as what, and what it refuses."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from pathlib import Path

import pytest

from orderferry.config import kinds
from orderferry.config import kinds as urls
from orderferry.config.kinds import Kind, Unfit, choice, choices, duration, is_loopback
from orderferry.config.lines import key_text, shown

WINDOW = duration("1h", "90d", "36h")
NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)

GOOD = [
    (kinds.TEXT, " a text ", "a text"),
    (kinds.SECRET, " p@ss ", " p@ss "),
    (kinds.NAME_OR_ID, "Payment accepted", "Payment accepted"),
    (kinds.NAME_OR_ID, 2, "2"),
    (kinds.NAME_OR_ID, 1, "1"),
    (kinds.NAME_OR_ID, 2**32 - 1, "4294967295"),
    (kinds.NAMES_OR_IDS, ["a", 2, "a"], ("a", "2")),
    (kinds.NAMES_OR_IDS, 7, ("7",)),
    (kinds.FEES, "B-1", "B-1"),
    (kinds.BOOLEAN, False, False),
    (kinds.BOOLEAN_OR_AUTO, True, True),
    (kinds.SHARE, Decimal("0.001"), Decimal("0.001")),
    (kinds.RATE_OR_TAX, Decimal("99.9"), Decimal("99.9")),
    (kinds.PORT, 1, 1),
    (kinds.SHARE, 1, Decimal(1)),
    (kinds.SHARE, Decimal("0.25"), Decimal("0.25")),
    (kinds.RATE_OR_TAX, 19, Decimal(19)),
    (kinds.RATE_OR_TAX, Decimal("5.5"), Decimal("5.5")),
    (kinds.RATE_OR_TAX, 0, Decimal(0)),
    (kinds.RATE_OR_TAX, "22", "22"),
    (kinds.PORT, 65535, 65535),
    (kinds.DATE, date(2026, 11, 23), date(2026, 11, 23)),
    (kinds.DATE, NOON, date(2026, 11, 23)),
    (kinds.DATE, "2026-11-23", date(2026, 11, 23)),
    (kinds.MOMENT, NOON, NOON),
    (kinds.MOMENT, datetime(2026, 11, 23, 12), NOON),
    (kinds.MOMENT, datetime(2026, 11, 23, 13, tzinfo=timezone(timedelta(hours=1))), NOON),
    (kinds.MOMENT, date(2026, 11, 23), NOON.replace(hour=0)),
    (kinds.MOMENT, "2026-11-23T13:00:00+01:00", NOON),
    (kinds.MOMENT, "2026-11-23 12:00", NOON),
    (kinds.TEXTS, ["-FBA", "-FBA", ".x"], ("-FBA", ".x")),
    (kinds.TEXTS, [], ()),
    (kinds.PATHS, "a.toml", (Path("a.toml"),)),
    (kinds.PATHS, ["a.toml", "b.toml"], (Path("a.toml"), Path("b.toml"))),
    (kinds.LOG_TARGET, "syslog", "syslog"),
    (kinds.LOG_TARGET, "a.log", Path("a.log")),
    (kinds.PREFIX, "", ""),
    (kinds.PREFIX, "ps17_", "ps17_"),
    (kinds.PREFIX, "p" * 32, "p" * 32),
    (kinds.MODULE_NAME, "a_B-9" + "m" * 59, "a_B-9" + "m" * 59),
    (kinds.PHONE, "+39 (06) 12.34-5", "+39 (06) 12.34-5"),
    (kinds.PHONE, "0" * 32, "0" * 32),
    (kinds.LABEL, "A" * 255, "A" * 255),
    (kinds.LABEL, "Amazon {country} {marketplace}", "Amazon {country} {marketplace}"),
    (WINDOW, "1d12h", timedelta(hours=36)),
    (WINDOW, "1h", timedelta(hours=1)),
    (WINDOW, "90d", timedelta(days=90)),
    (choice("eu", "na"), "na", "na"),
    (choices("reference", "upc"), ["upc", "reference", "upc"], ("upc", "reference")),
    (urls.SERVICE_URL, "https://example.com/api/", "https://example.com/api"),
    (urls.SERVICE_URL, "http://127.3.2.1:8080", "http://127.3.2.1:8080"),
    (urls.SERVICE_URL, "http://[::1]:8080", "http://[::1]:8080"),
    (urls.SERVICE_URL, "http://LOCALHOST", "http://LOCALHOST"),
    (urls.SECRET_URL, "https://user:key@example.com/x?token=1", "https://user:key@example.com/x?token=1"),
]

BAD = [
    (kinds.TEXT, ["", "  ", 1, True, None, ["a"], "a\nb", "a\x00", "\udcff"]),
    (kinds.SECRET, ["", 1, {}, "a\nb", "\udcff"]),
    (kinds.NAME_OR_ID, [0, -1, 2**32, True, Decimal("2.0"), "", [], NOON]),
    (kinds.NAMES_OR_IDS, [[], [""], [0], None]),
    (kinds.BOOLEAN, [1, "true", 0]),
    (kinds.BOOLEAN_OR_AUTO, ["AUTO", 1, "true"]),
    (kinds.SHARE, [0, -1, Decimal("1.01"), Decimal("NaN"), Decimal("Infinity"), True, "0.5", 10**400]),
    (kinds.RATE_OR_TAX, [-1, 100, Decimal("-0.1"), Decimal("NaN"), True, "", [19]]),
    (kinds.PORT, [0, 65536, "3306", True, Decimal(3306)]),
    (kinds.DATE, ["yesterday", 20261123, time(12), "2026-02-30", ""]),
    (kinds.MOMENT, ["2d", 0, time(12), "2026-13-01", "0001-01-01T00:00:00+12:00"]),
    (kinds.TEXTS, ["-FBA", [1], [""], None]),
    (kinds.PATHS, [[1], 1, "", "a\x00b"]),
    (kinds.PREFIX, ["ps-", "ps`", "p" * 33, 1, "pré_", "ps_\n"]),
    (kinds.MODULE_NAME, ["", "a b", "a" * 65]),
    (kinds.PHONE, ["call me", "0" * 33, 39]),
    (kinds.LABEL, ["{shop}", "{}", "A" * 256, ""]),
    (WINDOW, ["59m", "91d", 36, "36", "", "-1h", "1h1", "9" * 5000 + "h", timedelta(hours=2)]),
    (choice("eu", "na"), ["EU", "", 1, ["eu"]]),
    (choices("reference", "upc"), ["reference", [], ["ean"], [["upc"]], [1]]),
    (kinds.MARKETPLACE_LIST, ["IT", [], ["XX"], [1], ["IT", ""]]),
    (
        urls.SERVICE_URL,
        [
            "http://example.com",
            "http://127.0.0.1@example.com",
            "http://127.0.0.1.example.com",
            "http://localhost\\@example.com",
            "http://169.254.0.1",
            "http://2130706433",
            "https://",
            "https:///path",
            "https://[::1",
            "https://example.com:99999",
            "https://user:key@example.com",
            "https://example.com/?a=1",
            "https://example.com/#a",
            "https://@example.com",
            "https://exa mple.com",
            "ftp://127.0.0.1",
            "example.com",
            "",
            1,
        ],
    ),
    (urls.SECRET_URL, ["http://hc-ping.com/uuid", "hc-ping.com", 1]),
]


def names(cases: list[tuple[Kind, object]]) -> list[str]:
    """Ids without the values, some of which can't be printed."""
    return [f"{kind.name}-{index}" for index, (kind, _) in enumerate(cases)]


@pytest.mark.parametrize(("kind", "value", "read"), GOOD, ids=names([case[:2] for case in GOOD]))
def test_a_good_value_is_read(kind: Kind, value: object, read: object) -> None:
    assert kind.read(value) == read
    assert type(kind.read(value)) is type(read)


BAD_CASES = [(kind, value) for kind, values in BAD for value in values]


@pytest.mark.parametrize(("kind", "value"), BAD_CASES, ids=names(BAD_CASES))
def test_a_bad_value_is_refused(kind: Kind, value: object) -> None:
    with pytest.raises(Unfit):
        kind.read(value)


def test_a_time_is_aware_utc() -> None:
    read = kinds.MOMENT.read("2026-07-01T00:00:00+02:00")
    assert isinstance(read, datetime)
    assert read.tzinfo is UTC


def test_the_united_kingdom_is_one_marketplace_by_all_its_names() -> None:
    read = kinds.MARKETPLACE_LIST.read(["UK", "gb", "A1F83G8C2ARO7P", "IT"])
    assert isinstance(read, tuple)
    assert [marketplace.code for marketplace in read] == ["GB", "IT"]


def test_the_home_folder_is_expanded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/webmaster")
    assert kinds.PATH.read("~/secret") == Path("/home/webmaster/secret")
    with pytest.raises(Unfit):
        kinds.PATH.read("~no-such-user-here/secret")


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (36, "36"),
        (True, "true"),
        ("a\nb", r'"a\nb"'),
        (Decimal("1.50"), "1.50"),
        (["IT", 1, ["x"]], '["IT", 1, […]]'),
        ([1] * 9, "[1, 1, 1, 1, 1, …]"),
        ({"a": 1}, "a table"),
        (time(6), "06:00:00"),
        (1 << 40_000, "so large a number"),
        ("x" * 500, '"' + "x" * 58 + "…"),
        ("x" * 58, '"' + "x" * 58 + '"'),
        ("x" * 59, '"' + "x" * 58 + "…"),
        (10**18 - 1, "999999999999999999"),
        (10**18, "so large a number"),
        (-(10**18), "so large a number"),
        ([1] * 5, "[1, 1, 1, 1, 1]"),
        ("café", '"café"'),
        (date(2026, 11, 23), "2026-11-23"),
        (datetime(2026, 11, 23, 6), "2026-11-23T06:00:00"),
    ],
    ids=range(19),
)
def test_values_are_shown_in_one_short_line(value: object, text: str) -> None:
    assert shown(value) == text


def test_keys_are_shown_as_toml_writes_them() -> None:
    assert key_text(("products", "map", "A.B 1")) == 'products.map."A.B 1"'
    assert "\x1b" not in key_text(("a", "\x1b[2J"))
    assert key_text(("a" * 39, "b" * 40)) == f"{'a' * 39}.{'b' * 40}"
    assert key_text(("a" * 40, "b" * 40)) == f"{'a' * 40}.{'b' * 38}…"


def test_auto_is_neither_true_nor_false() -> None:
    assert kinds.BOOLEAN_OR_AUTO.read("auto") is None


@pytest.mark.parametrize("host", ["localhost", "LocalHost", "127.0.0.1", "127.9.9.9", "::1"])
def test_a_host_that_is_this_machine(host: str) -> None:
    assert is_loopback(host) is True


@pytest.mark.parametrize("host", ["", "db.example", "localhost.example", "128.0.0.1", "10.0.0.1", "::2"])
def test_a_host_that_may_be_another_machine(host: str) -> None:
    assert is_loopback(host) is False
