"""Configurations that `init` writes: what was answered is in force, everything else is there as a comment."""

from __future__ import annotations

import os
import re
import stat
import tomllib
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from orderferry.config import load
from orderferry.config.draft import ConfigurationDraft, render_filled, write_new
from orderferry.config.keys import KEYS
from orderferry.config.model import Settings
from orderferry.errors import ConfigError, UsageError
from support.configuration import write
from support.saved_output import saved

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


@pytest.mark.parametrize(
    ("word", "message", "hint"),
    [
        ("orders.giveup=1d", "--set orders.giveup: there is no such key.", "Did you mean orders.give_up?"),
        (" zz = 1", "--set zz: there is no such key.", "For example: --set orders.give_up=14d"),
        ("orders.giveup", "--set orders.giveup: there is no such key.", "For example: --set orders.give_up=14d"),
        ("a b=1", "--set a b: there is no such key.", "For example: --set orders.give_up=14d"),
        (
            "amazon.client_secret=abc",
            "--set amazon.client_secret: a secret does not belong on a command line.",
            "Put it into the environment ($ORDERFERRY_AMAZON_CLIENT_SECRET) or into a file: amazon.client_secret_file.",
        ),
    ],
)
def test_the_whole_sentence_on_a_word_that_is_refused(word: str, message: str, hint: str) -> None:
    with pytest.raises(UsageError) as caught:
        ConfigurationDraft({}).set_by_word(word)
    assert (caught.value.message, caught.value.hint) == (message, hint)


def test_what_has_an_answer() -> None:
    environ = {"ORDERFERRY_AMAZON_CLIENT_SECRET": "s", "ORDERFERRY_AMAZON_REFRESH_TOKEN": ""}
    draft = ConfigurationDraft(environ)
    draft.put("orders.state_paid", 4)
    draft.put("ledger.url_file", "f")
    draft.put("stock.fba", "none")
    draft.put("stock.fba", None)
    draft.put("stock.regular", None)
    answered = ["orders.state_paid", "ledger.url", "ledger.url_file", "amazon.client_secret"]
    assert [name for name in (*answered, "amazon.refresh_token", "stock.fba", "url") if draft.has(name)] == answered


@pytest.mark.parametrize("part", ["url", "from", "host", "socket", "user", "database"])
def test_a_database_is_named_by_any_of_its_parts(part: str) -> None:
    assert not ConfigurationDraft({}, {("prestashop", "port"): 1, ("prestashop", "password"): "p"}).has_database
    draft = ConfigurationDraft({}, {("prestashop", part): "x"})
    assert draft.has_database
    with pytest.raises(ConfigError) as caught:
        draft.settings()
    assert "prestashop.url is missing" not in "".join(caught.value.problems)


def test_only_what_is_not_answered_has_a_stand_in() -> None:
    answers: dict[tuple[str, ...], object] = {
        ("amazon", "marketplaces"): ["DE"],
        ("amazon", "client_id"): "mine",
        ("prestashop", "user"): "u",
        ("prestashop", "database"): "d",
    }
    draft = ConfigurationDraft({"ORDERFERRY_AMAZON_REFRESH_TOKEN": "from-outside"}, answers)
    settings = draft.settings(whole=False)
    amazon = settings.amazon
    assert ([each.code for each in amazon.marketplaces], amazon.client_id) == (["DE"], "mine")
    assert (amazon.client_secret.reveal(), amazon.refresh_token.reveal()) == ("unanswered", "from-outside")
    assert settings.prestashop.location == "127.0.0.1:3306/d"
    assert draft.values == answers, "what stands in is never an answer"
    nothing = ConfigurationDraft({}).settings(whole=False)
    assert [each.code for each in nothing.amazon.marketplaces] == ["IT"]
    assert nothing.prestashop.location.endswith("/unanswered")


def test_a_draft_is_tried_in_its_folder_under_a_name_that_no_run_takes_for_a_configuration(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tried: list[Path] = []

    def load_settings(path: Path, environ: dict[str, str]) -> Settings:
        tried.append(path)
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        return load.load_settings(path, environ)

    monkeypatch.setattr("orderferry.config.draft.load_settings", load_settings)
    write(tmp_path, "-----", "ca.pem")
    draft = ConfigurationDraft({}, {("prestashop", "ssl_ca"): "ca.pem"}, tmp_path)
    assert draft.settings(whole=False).prestashop.ssl_ca == tmp_path / "ca.pem"
    assert tried[0].parent == tmp_path
    assert re.fullmatch(r"\.orderferry-\w+\.draft", tried[0].name)
    assert [path.name for path in tmp_path.iterdir()] == ["ca.pem"], "and it is gone"


def test_a_draft_is_tried_to_its_last_key_and_written_as_it_is() -> None:
    draft = ConfigurationDraft({}, {("logging", "level"): "debug"})
    assert draft.settings(whole=False).logging.level == "debug"
    assert draft.text() == render_filled(draft.values)


def test_all_mistakes_of_a_draft_are_told_without_a_file() -> None:
    draft = ConfigurationDraft({}, {("amazon", "region"): "mars", ("stock", "fba"): 3})
    with pytest.raises(ConfigError) as caught:
        draft.settings()
    assert caught.value.message == "These answers make no configuration."
    assert [problem.split()[0] for problem in caught.value.problems] == [
        "amazon.region",
        "stock.fba",
        "amazon.marketplaces",
        "amazon.client_id",
        "amazon.client_secret",
        "amazon.refresh_token",
        "prestashop.url",
    ]


def test_half_a_file_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "config.toml"

    def full(descriptor: int) -> None:
        assert os.fstat(descriptor).st_size == len("a = 'ä'\n".encode()), "all of it was handed over"
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        write_new(path, "a = 'ä'\n")
    assert list(tmp_path.iterdir()) == []


def test_the_first_error_is_told_where_the_file_has_gone_meanwhile(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "config.toml"

    def full(_descriptor: int) -> None:
        path.unlink()
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        write_new(path, "a = 1\n")


def test_the_sentences_on_a_file_that_can_t_be_written(tmp_path: Path) -> None:
    path = write(tmp_path, "")
    with pytest.raises(UsageError) as caught:
        write_new(path, "")
    assert caught.value.message == f"There is a configuration {path} already; it is left as it is."
    assert caught.value.hint == "Give another name with -c FILE, or edit that one."


def test_the_whole_of_a_configuration() -> None:
    text = render_filled(ANSWERS)
    assert text == saved("config.toml", text)
    text = render_filled({})
    assert text == saved("config-empty.toml", text)
