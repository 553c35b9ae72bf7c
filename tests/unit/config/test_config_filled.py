"""Configurations that `init` writes: what was answered is in force, everything else is there as a comment."""

from __future__ import annotations

import os
import stat
import tomllib
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from orderferry.config.draft import ConfigurationDraft, render_filled, write_new
from orderferry.config.keys import KEYS
from orderferry.errors import ConfigError, UsageError

ANSWERS: dict[tuple[str, ...], Any] = {
    ("amazon", "marketplaces"): ["IT", "DE"],
    ("amazon", "client_id"): "amzn1.application-oa2-client.1",
    ("amazon", "client_secret_file"): "/run/secrets/amazon",
    ("amazon", "refresh_token"): 'Atzr|"quoted"\\',
    ("prestashop", "host"): "db.example",
    ("prestashop", "user"): "ferry",
    ("prestashop", "database"): "shop",
    ("orders", "since"): datetime(2026, 11, 23, 6, tzinfo=UTC),
    ("orders", "state_paid"): 14,
    ("taxes", "DE"): "DE 19%",
    ("taxes", "FR"): 20,
    ("taxes", "AT"): 5.5,
    ("products", "map", "A.1"): "B-1",
    ("carriers", "map", "EXPEDITED"): 7,
    ("marketplace", "IT", "vat_by_amazon"): True,
    ("marketplace", "DE", "orders", "state_paid"): 3,
}


def flat(table: dict[str, Any], above: tuple[str, ...] = ()) -> dict[tuple[str, ...], Any]:
    found: dict[tuple[str, ...], Any] = {}
    for name, value in table.items():
        found |= flat(value, (*above, name)) if isinstance(value, dict) else {(*above, name): value}
    return found


def test_the_answers_and_nothing_else_are_in_force() -> None:
    assert flat(tomllib.loads(render_filled(ANSWERS))) == ANSWERS


def test_every_other_key_is_there_as_a_comment_with_its_meaning() -> None:
    text = render_filled(ANSWERS)
    for key in KEYS:
        assert key.doc.split()[0] in text
    assert '#timeout = "30s"' in text
    assert "#url = " in text
    assert "#[marketplace.DE]" in render_filled({})
    assert tomllib.loads(render_filled({})).keys() <= {"amazon", "prestashop", *(key.path[0] for key in KEYS)}
    assert flat(tomllib.loads(render_filled({}))) == {}


def test_a_file_is_written_for_its_user_alone_and_never_over_another(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    before = os.umask(0)
    try:
        write_new(path, "a = 1\n")
    finally:
        os.umask(before)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    with pytest.raises(UsageError, match="already"):
        write_new(path, "b = 2\n")
    assert path.read_text() == "a = 1\n"
    link = tmp_path / "link.toml"
    link.symlink_to(tmp_path / "nowhere.toml")
    with pytest.raises(UsageError, match="already"):
        write_new(link, "c = 3\n")


def test_a_draft_says_what_is_wrong_without_lines_of_a_file_that_nobody_sees() -> None:
    draft = ConfigurationDraft({}, {("amazon", "region"): "mars"})
    with pytest.raises(ConfigError) as caught:
        draft.settings(whole=False)
    assert caught.value.problems == ('amazon.region must be "eu", "na" or "fe", not "mars"',)


def test_a_draft_tries_with_stand_ins_and_takes_secrets_from_the_environment() -> None:
    draft = ConfigurationDraft({"ORDERFERRY_PRESTASHOP_URL": "mysql://u:p@db.example/shop"})
    assert draft.settings(whole=False).prestashop.location == "db.example:3306/shop"
    with pytest.raises(ConfigError) as caught:
        draft.settings()
    assert {problem.split()[0] for problem in caught.value.problems} == {
        "amazon.marketplaces",
        "amazon.client_id",
        "amazon.client_secret",
        "amazon.refresh_token",
    }


@pytest.mark.parametrize(
    ("word", "path", "value"),
    [
        ("orders.give_up=14d", ("orders", "give_up"), "14d"),
        ('orders.state_paid="Paid by Amazon"', ("orders", "state_paid"), "Paid by Amazon"),
        ("orders.state_paid=Paid by Amazon", ("orders", "state_paid"), "Paid by Amazon"),
        ("taxes.DE=19", ("taxes", "DE"), 19),
        ("taxes.FI=25.5", ("taxes", "FI"), 25.5),
        ("events.enabled=true", ("events", "enabled"), True),
        ('products.map."A.1"=B', ("products", "map", "A.1"), "B"),
        ("amazon.client_secret_file=/run/s", ("amazon", "client_secret_file"), "/run/s"),
    ],
)
def test_keys_by_word(word: str, path: tuple[str, ...], value: object) -> None:
    draft = ConfigurationDraft({})
    draft.set_by_word(word)
    assert draft.values == {path: value}


@pytest.mark.parametrize(
    ("word", "sentence"),
    [
        ("orders.giveup=1d", "no such key"),
        ("orders", "no such key"),
        ("amazon.client_secret=abc", "does not belong on a command line"),
        ("prestashop.password=abc", "does not belong on a command line"),
        ("alerts.ping_url=https://hc-ping.com/abc", "does not belong on a command line"),
    ],
)
def test_words_that_are_refused_without_their_value(word: str, sentence: str) -> None:
    with pytest.raises(UsageError, match=sentence) as caught:
        ConfigurationDraft({}).set_by_word(word)
    assert "abc" not in f"{caught.value} {caught.value.hint}"
