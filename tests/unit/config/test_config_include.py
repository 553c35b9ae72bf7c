"""`include`: what is shared, who wins, and errors that name the right file."""

from __future__ import annotations

from pathlib import Path

import pytest

from orderferry.config.load import load_settings
from orderferry.errors import ConfigError
from support.configuration import AMAZON, DATABASE, MINIMAL, load, problems, write


def test_an_included_file_gives_what_the_including_one_has_not(tmp_path: Path) -> None:
    write(tmp_path, AMAZON + "[products.map]\nA = 'common'\nB = 'common'\n[stock]\nfba = 'move'\n", "common.toml")
    settings = load(
        tmp_path, f"include = 'common.toml'\n{DATABASE}[products.map]\nB = 'own'\n[stock]\nregular='none'\n"
    )
    assert settings.amazon.client_id == "the-client-id"
    assert settings.products.map == {"A": "common", "B": "own"}
    assert (settings.stock.regular, settings.stock.fba) == ("none", "move")
    assert settings.name == "config"


def test_of_a_list_the_later_file_wins_and_the_including_file_over_all(tmp_path: Path) -> None:
    for name in ("first", "second"):
        write(
            tmp_path,
            f"[orders]\npayment_label = '{name}'\nmodule_name = '{name}'\nstate_paid = '{name}'\n",
            f"{name}.toml",
        )
    text = f"include = ['first.toml', 'second.toml']\n{MINIMAL}[orders]\nstate_paid = 'own'\n"
    orders = load(tmp_path, text).orders
    assert (orders.payment_label, orders.module_name, orders.state_paid) == ("second", "second", "own")


def test_includes_nest_and_are_relative_to_the_file_that_names_them(tmp_path: Path) -> None:
    shared = tmp_path / "shared"
    shared.mkdir()
    write(shared, "include = 'deep.toml'\n[stock]\nfba = 'move'\n", "common.toml")
    write(shared, "[stock]\nregular = 'none'\n[amazon]\nclient_secret_file = 'key'\n", "deep.toml")
    write(shared, "shared-secret\n", "key")
    own = MINIMAL.replace('client_secret = "the-client-secret"\n', "")
    settings = load(tmp_path, f"include = 'shared/common.toml'\n{own}")
    assert (settings.stock.regular, settings.stock.fba) == ("none", "move")
    assert settings.amazon.client_secret.reveal() == "shared-secret"


def test_two_files_may_include_the_same_one(tmp_path: Path) -> None:
    write(tmp_path, "[stock]\nfba = 'move'\n", "base.toml")
    write(tmp_path, "include = 'base.toml'\n", "left.toml")
    write(tmp_path, "include = 'base.toml'\n", "right.toml")
    assert load(tmp_path, f"include = ['left.toml', 'right.toml']\n{MINIMAL}").stock.fba == "move"


def test_mistakes_name_the_file_they_stand_in_those_of_the_main_file_first(tmp_path: Path) -> None:
    write(tmp_path, "\n\n[stock]\nfba = 'all'\nregulr = 'move'\n", "common.toml")
    assert problems(tmp_path, f"include = 'common.toml'\n{MINIMAL}[stock]\nregular = 3\n") == [
        'config.toml, line 10: stock.regular must be "move" or "none", not 3',
        'common.toml, line 4: stock.fba must be "move" or "none", not "all"',
        "common.toml, line 5: stock.regulr is no key of orderferry (did you mean stock.regular?)",
    ]


def test_a_value_that_is_replaced_is_no_mistake(tmp_path: Path) -> None:
    write(tmp_path, "[stock]\nfba = 'all'\n[taxes]\nUK = 99999\n", "common.toml")
    assert problems(tmp_path, f"include = 'common.toml'\n{MINIMAL}[stock]\nfba = 'none'\n[taxes]\nGB = 20\n") == []


def test_the_same_thing_said_another_way_wins_too(tmp_path: Path) -> None:
    write(tmp_path, MINIMAL + "[ledger]\nurl = 'mysql://u:p@h/ledger'\n", "common.toml")
    write(tmp_path, "from-file", "secret")
    settings = load(
        tmp_path,
        "include = 'common.toml'\n[prestashop]\nuser = 'me'\ndatabase = 'mine'\n[ledger]\npath = 'own.sqlite'\n"
        "[amazon]\nclient_secret_file = 'secret'\n",
    )
    assert settings.prestashop.location == "127.0.0.1:3306/mine"
    assert settings.ledger.path == tmp_path / "own.sqlite"
    assert not settings.ledger.url
    assert settings.amazon.client_secret.reveal() == "from-file"


def test_a_key_wins_over_the_file_that_an_included_configuration_names(tmp_path: Path) -> None:
    write(tmp_path, "[amazon]\nclient_secret_file = 'missing'\n", "common.toml")
    assert load(tmp_path, f"include = 'common.toml'\n{MINIMAL}").amazon.client_secret.reveal() == "the-client-secret"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("include = 'gone.toml'", "config.toml, line 1: gone.toml can't be read: No such file or directory."),
        ("include = ['config.toml']", "config.toml, line 1: config.toml includes itself."),
        ("\ninclude = 'loop.toml'", "loop.toml, line 2: config.toml includes itself."),
        ("include = 'broken.toml'", "broken.toml, line 3, column 3: this is no TOML: expected '=' after a key in a "
         "key/value pair."),
        ("include = 3", "config.toml, line 1: include must be a path in quotes or a list of paths, not 3"),
        ("include = ['a\\nb']", "config.toml, line 1: include must be a path in quotes or a list of paths, not "
         "[\"a\\\\nb\"]"),
    ],
)  # fmt: skip
def test_an_include_that_can_t_be_is_said(tmp_path: Path, text: str, message: str) -> None:
    write(tmp_path, "# again\ninclude = 'config.toml'\n", "loop.toml")
    write(tmp_path, "\n\na b\n", "broken.toml")
    text = text.replace("'a\\nb'", '"a\\nb"')
    assert problems(tmp_path, f"{text}\n{MINIMAL}") == [message.replace("\\\\n", "\\n")]


def test_include_inside_a_table_is_an_unknown_key(tmp_path: Path) -> None:
    assert problems(tmp_path, f"{MINIMAL}include = 'common.toml'\n") == [
        "config.toml, line 8: prestashop.include is no key of orderferry (did you mean include?)"
    ]


def test_files_are_named_as_the_user_named_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "shops").mkdir()
    write(tmp_path / "shops", "include = '../common.toml'\n", "it.toml")
    write(tmp_path, "[stock]\nfba = 1\n", "common.toml")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ConfigError) as caught:
        load_settings(Path("shops/it.toml"), {})
    assert caught.value.problems[0].startswith("shops/../common.toml, line 2: stock.fba ")
    assert caught.value.message.startswith("shops/it.toml has ")
