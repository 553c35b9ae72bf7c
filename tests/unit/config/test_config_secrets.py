"""Where secrets come from, in which order, and when a file is open to others."""

from __future__ import annotations

import os
import pwd
from pathlib import Path
from types import SimpleNamespace

import pytest

from orderferry.config.keys import KEYS, Key
from orderferry.config.load import load_settings
from orderferry.config.model import Secret, Settings
from orderferry.config.read import Document, SourceFile
from orderferry.config.secrets import exposure, is_open_folder
from support.configuration import AMAZON, DATABASE, MINIMAL, load, problems, write

SECRETS = [key for key in KEYS if key.kind.secret]
URL = "mysql+pymysql://{}:pw@h:3306/d"


def value_for(name: str, word: str) -> str:
    """A good value of a secret that holds `word`."""
    if name in ("prestashop.url", "ledger.url"):
        return URL.format(word)
    return f"https://{word}.example" if name.startswith("alerts.") else word


def secret_of(settings: Settings, name: str) -> str:
    """The secret as it was loaded."""
    table, field = name.split(".")
    if name == "prestashop.password":
        return settings.prestashop.url.reveal().split(":")[2].split("@")[0]
    found = getattr(getattr(settings, table), field)
    assert isinstance(found, Secret)
    return found.reveal()


def without(name: str) -> str:
    """MINIMAL without a key; with the parts of the database when a password is to be given."""
    text = MINIMAL if name != "prestashop.password" else AMAZON + "[prestashop]\nuser = 'u'\ndatabase = 'd'\n"
    table, field = name.split(".")
    kept = [line for line in text.splitlines() if f"[{table}]" not in text or not line.startswith(f"{field} ")]
    return "\n".join(kept) + "\n"


def with_lines(name: str, *lines: str) -> str:
    """The same with lines in the key's table."""
    text, table = without(name), f"[{name.split('.')[0]}]\n"
    if table not in text:
        text += table
    return text.replace(table, table + "".join(f"{line}\n" for line in lines))


def test_there_are_the_secrets_of_the_contract() -> None:
    assert {key.name: key.variable for key in SECRETS} == {
        "amazon.client_secret": "ORDERFERRY_AMAZON_CLIENT_SECRET",
        "amazon.refresh_token": "ORDERFERRY_AMAZON_REFRESH_TOKEN",
        "prestashop.url": "ORDERFERRY_PRESTASHOP_URL",
        "prestashop.password": "ORDERFERRY_PRESTASHOP_PASSWORD",
        "ledger.url": "ORDERFERRY_LEDGER_URL",
        "alerts.ping_url": "ORDERFERRY_ALERTS_PING_URL",
        "alerts.webhook_url": "ORDERFERRY_ALERTS_WEBHOOK_URL",
    }


@pytest.mark.parametrize("key", SECRETS, ids=lambda key: key.name)
def test_a_secret_comes_from_the_environment_else_a_file_else_the_key(key: Key, tmp_path: Path) -> None:
    name, field = key.name, key.path[1]
    write(tmp_path, value_for(name, "fromfile") + "\r\n", "secret")
    own, file = f"{field} = '{value_for(name, 'fromkey')}'", f"{field}_file = 'secret'"
    environ = {key.variable: value_for(name, "fromenvironment") + "\n"}
    assert secret_of(load(tmp_path, with_lines(name, own)), name) == value_for(name, "fromkey")
    assert secret_of(load(tmp_path, with_lines(name, file)), name) == value_for(name, "fromfile")
    assert secret_of(load(tmp_path, with_lines(name, own, file)), name) == value_for(name, "fromfile")
    for lines in ((own, file), (file,), ()):
        text = with_lines(name, *lines)
        assert secret_of(load(tmp_path, text, environ), name) == value_for(name, "fromenvironment")
    assert secret_of(load(tmp_path, with_lines(name, own), {key.variable: ""}), name) == value_for(name, "fromkey")


@pytest.mark.parametrize("key", SECRETS, ids=lambda key: key.name)
def test_a_bad_secret_is_named_by_its_source_and_not_shown(key: Key, tmp_path: Path) -> None:
    write(tmp_path, "cana\try", "secret")
    text = with_lines(key.name, f"{key.path[1]}_file = 'secret'")
    line = text.split("_file")[0].count("\n") + 1
    assert problems(tmp_path, text) == [f"config.toml, line {line}: {key.name}_file must be {key.kind.expected}"]
    assert problems(tmp_path, text, {key.variable: "cana\try"}) == [
        f"config.toml: ${key.variable} must be {key.kind.expected}"
    ]
    assert problems(tmp_path, text, {key.variable: "cana\udcffry"}) == [
        f"config.toml: ${key.variable} must be {key.kind.expected}"
    ]


def test_a_file_that_can_t_be_used_is_named(tmp_path: Path) -> None:
    write(tmp_path, "\n", "empty")
    (tmp_path / "binary").write_bytes(b"\xff\xfe")
    text = AMAZON.replace('client_secret = "the-client-secret"', "client_secret_file = '{}'") + DATABASE
    for file, reason in (
        ("gone", "can't be read: No such file or directory"),
        (".", "can't be read: Is a directory"),
        ("empty", "is empty"),
        ("binary", "is not UTF-8 text"),
    ):
        assert problems(tmp_path, text.format(file)) == [
            f"config.toml, line 4: amazon.client_secret_file is of no use: {tmp_path / file} {reason}".replace(
                f"{tmp_path}/", "", 1
            ).replace("/.", "")
        ]
    assert problems(tmp_path, text.replace("'{}'", "7")) == [
        "config.toml, line 4: amazon.client_secret_file must be a path in quotes, not 7"
    ]


def test_the_client_id_may_come_from_the_environment(tmp_path: Path) -> None:
    text = MINIMAL.replace('client_id = "the-client-id"\n', "")
    assert load(tmp_path, text, {"ORDERFERRY_AMAZON_CLIENT_ID": "other"}).amazon.client_id == "other"


def test_a_database_from_the_environment_replaces_the_one_of_the_file(tmp_path: Path) -> None:
    text = AMAZON + "[prestashop]\nfrom = 'nowhere'\nuser = 'u'\n"
    settings = load(tmp_path, text, {"ORDERFERRY_PRESTASHOP_URL": "mysql://a:b@c/d"})
    assert settings.prestashop.url.reveal() == "mysql+pymysql://a:b@c/d"


PASSWORDS = [
    # password in the environment, in the URL's variable, in the key; the one that counts
    (MINIMAL, {"ORDERFERRY_PRESTASHOP_PASSWORD": "env"}, "env"),
    (MINIMAL + "password = 'key'\n", {}, "key"),
    (MINIMAL + "password = 'key'\n", {"ORDERFERRY_PRESTASHOP_PASSWORD": "env"}, "env"),
    (MINIMAL.replace(":the-password", ""), {"ORDERFERRY_PRESTASHOP_PASSWORD": "env"}, "env"),
    (AMAZON + "[prestashop]\npassword = 'key'", {"ORDERFERRY_PRESTASHOP_URL": URL.format("u")}, "pw"),
    (AMAZON + "[prestashop]\npassword = 'key'", {"ORDERFERRY_PRESTASHOP_URL": "mysql://u@h/d"}, "key"),
    (
        AMAZON,
        {"ORDERFERRY_PRESTASHOP_URL": URL.format("u"), "ORDERFERRY_PRESTASHOP_PASSWORD": "env"},
        "env",
    ),
]


@pytest.mark.parametrize(("text", "environ", "password"), PASSWORDS, ids=range(len(PASSWORDS)))
def test_which_password_counts(tmp_path: Path, text: str, environ: dict[str, str], password: str) -> None:
    assert secret_of(load(tmp_path, text, environ), "prestashop.password") == password


def test_secrets_are_not_printed(tmp_path: Path) -> None:
    settings = load(tmp_path, MINIMAL + "[alerts]\nping_url = 'https://x.example/the-key'\n")
    for secret in ("the-client-secret", "the-refresh-token", "the-password", "the-key"):
        assert secret not in repr(settings)
        assert secret not in str(settings.prestashop)


def test_a_configuration_with_secrets_that_others_can_read_is_exposed(tmp_path: Path) -> None:
    path = write(tmp_path, MINIMAL)
    for mode, open_to_others in ((0o600, False), (0o400, False), (0o640, True), (0o604, True), (0o620, True)):
        path.chmod(mode)
        exposed = load_settings(path, {}).exposed
        assert bool(exposed) is open_to_others
        if open_to_others:
            assert exposed == (
                f"{path} holds amazon.client_secret, amazon.refresh_token, prestashop.url and is open to other users "
                f"of this machine (mode {mode:04o}): chmod 600 {path}."
            )


@pytest.mark.parametrize(
    ("mode", "group", "is_open"),
    [
        (0o700, "www-data", False),
        (0o755, "www-data", False),
        (0o775, "www-data", True),
        (0o775, "the owner's own", False),
        (0o777, "the owner's own", True),
        (0o1777, "www-data", False),
    ],
)
def test_a_folder_in_which_others_can_replace_the_configuration_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, mode: int, group: str, is_open: bool
) -> None:
    owner = pwd.getpwuid(os.getuid()).pw_name
    named = SimpleNamespace(gr_name=owner if group == "the owner's own" else group)
    monkeypatch.setattr("orderferry.config.secrets.grp.getgrgid", lambda _gid: named)
    folder = tmp_path / "etc"
    folder.mkdir()
    path = write(folder, MINIMAL)
    path.chmod(0o600)
    folder.chmod(mode)
    exposed = load_settings(path, {}).exposed
    assert bool(exposed) is is_open
    if is_open:
        assert f"chmod go-w {folder}." in exposed


def test_an_open_file_without_secrets_is_not_exposed(tmp_path: Path) -> None:
    write(tmp_path, "secret", "secret")
    path = write(
        tmp_path,
        "[amazon]\nmarketplaces = ['IT']\nclient_id = 'i'\nclient_secret_file = 'secret'\n"
        "refresh_token_file = 'secret'\n"
        "[prestashop]\nurl = 'mysql://user@host/shop'\n",
    )
    path.chmod(0o644)
    assert load_settings(path, {}).exposed == ""


def test_an_included_file_and_a_secret_that_the_environment_replaces_are_exposed(tmp_path: Path) -> None:
    common = write(tmp_path, "[ledger]\nurl = 'mysql://u:p@h/l'\n", "common.toml")
    common.chmod(0o644)
    path = write(tmp_path, f"include = 'common.toml'\n{MINIMAL}")
    exposed = load_settings(path, {"ORDERFERRY_LEDGER_URL": "mysql://a:b@c/d"}).exposed
    assert exposed.startswith(f"{common} holds ledger.url and is open")
    assert "config.toml" not in exposed


@pytest.mark.parametrize(("user", "group", "is_open"), [(7, 7, False), (7, 8, True)])
def test_a_group_without_a_name_is_the_owner_s_own_if_the_numbers_are_the_same(
    user: int, group: int, is_open: bool, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def unknown(_: int) -> None:
        raise KeyError

    found = SimpleNamespace(st_mode=0o40775, st_uid=user, st_gid=group)
    monkeypatch.setattr("orderferry.config.secrets.grp.getgrgid", unknown)
    monkeypatch.setattr(Path, "stat", lambda _: found)
    assert is_open_folder(tmp_path) is is_open


def test_a_folder_that_nobody_can_write_to_or_look_at_is_not_open(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tmp_path.chmod(0o777)
    assert is_open_folder(tmp_path) is True
    monkeypatch.setattr(os, "statvfs", lambda _: SimpleNamespace(f_flag=os.ST_RDONLY))
    assert is_open_folder(tmp_path) is False
    assert is_open_folder(tmp_path / "gone") is False


def test_a_secret_of_a_wrong_form_is_one_too_and_a_file_that_is_gone_is_not_open(tmp_path: Path) -> None:
    entries = {("prestashop", "url"): "pw", ("amazon", "client_id"): "i", ("ledger", "url_file"): "f", ("x",): 1}
    path = write(tmp_path, "")
    path.chmod(0o640)
    told = exposure(Document((SourceFile(path, "", entries),)))
    assert told.startswith(f"{path} holds prestashop.url and is open to other users of this machine (mode 0640)")
    assert exposure(Document((SourceFile(tmp_path / "gone.toml", "", entries),))) == ""


def test_a_folder_of_several_open_files_is_told_of_once(tmp_path: Path) -> None:
    folder = tmp_path / "etc"
    folder.mkdir()
    common = write(folder, "[ledger]\nurl = 'mysql://u:p@h/l'\n", "common.toml")
    path = write(folder, f"include = 'common.toml'\n{MINIMAL}")
    folder.chmod(0o777)
    common.chmod(0o644)
    assert load_settings(path, {}).exposed == (
        f"{common} holds ledger.url and is open to other users of this machine (mode 0644): chmod 600 {common}. "
        f"Other users of this machine can put a configuration of their own into {folder} (mode 0777): "
        f"chmod go-w {folder}."
    )
