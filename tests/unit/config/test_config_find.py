"""Where configurations are looked for, and what a folder of them is."""

from __future__ import annotations

from pathlib import Path

import pytest

from orderferry.config import read
from orderferry.config.read import find_configurations
from orderferry.errors import ConfigError, ExitCode
from support.configuration import write


@pytest.fixture(autouse=True)
def _places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine with nothing but these folders."""
    for name in ("here", "home", "etc", "xdg"):
        (tmp_path / name).mkdir()
    monkeypatch.chdir(tmp_path / "here")
    monkeypatch.setattr(read, "SYSTEM_WIDE", tmp_path / "etc" / "config.toml")
    monkeypatch.setattr(read, "_home_of_user", lambda: "")


def test_the_first_place_that_has_one_wins(tmp_path: Path) -> None:
    environ = {"HOME": str(tmp_path / "home"), "XDG_CONFIG_HOME": str(tmp_path / "xdg")}
    places = [
        (tmp_path / "etc" / "config.toml", environ),
        (tmp_path / "xdg" / "orderferry" / "config.toml", environ),
        (tmp_path / "here" / "config.toml", environ),
        (tmp_path / "elsewhere.toml", environ | {"ORDERFERRY_CONFIG": str(tmp_path / "elsewhere.toml")}),
    ]
    for place, variables in places:
        place.parent.mkdir(exist_ok=True)
        place.touch()
        (found,) = find_configurations((), variables)
        assert found.absolute() == place
    assert find_configurations((), environ) == (Path("config.toml"),)  # shown as a person would write it
    assert find_configurations((tmp_path / "etc" / "config.toml",), places[-1][1]) == (
        tmp_path / "etc" / "config.toml",
    )


@pytest.mark.parametrize("xdg", [None, "", "relative/folder"])
def test_without_a_usable_xdg_folder_it_is_below_home(tmp_path: Path, xdg: str | None) -> None:
    environ = {"HOME": str(tmp_path / "home")} | ({} if xdg is None else {"XDG_CONFIG_HOME": xdg})
    place = tmp_path / "home" / ".config" / "orderferry" / "config.toml"
    place.parent.mkdir(parents=True)
    place.touch()
    assert find_configurations((), environ) == (place,)


def test_without_home_it_is_below_the_users_home_of_the_machine(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = tmp_path / "home" / ".config" / "orderferry" / "config.toml"
    place.parent.mkdir(parents=True)
    place.touch()
    monkeypatch.setattr(read, "_home_of_user", lambda: str(tmp_path / "home"))
    assert find_configurations((), {}) == (place,)
    assert find_configurations((), {"HOME": ""}) == (place,)


def test_a_user_without_an_entry_has_no_home(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()

    def unknown(_: int) -> None:
        raise KeyError("getpwuid(): uid not found")

    monkeypatch.setattr(read.pwd, "getpwuid", unknown)
    assert read._home_of_user() == ""


def test_none_at_all_says_where_was_looked_and_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        find_configurations((), {"HOME": "/home/webmaster"})
    assert caught.value.message == (
        "No configuration was found; looked for $ORDERFERRY_CONFIG and config.toml, "
        f"/home/webmaster/.config/orderferry/config.toml, {tmp_path}/etc/config.toml."
    )
    assert "orderferry init" in caught.value.hint
    assert "config.example.toml" in caught.value.hint
    assert caught.value.exit_code is ExitCode.USAGE
    with pytest.raises(ConfigError, match=r"config\.toml, [^,]+/etc/config\.toml\.$"):
        find_configurations((), {})


def test_one_that_is_named_and_is_not_there_is_never_replaced_by_another(tmp_path: Path) -> None:
    write(tmp_path / "here", "")
    with pytest.raises(ConfigError, match=r"There is no configuration gone\.toml \(-c\) in the folder /\S+\.$"):
        find_configurations((Path("config.toml"), Path("gone.toml")), {})
    with pytest.raises(ConfigError, match=r"There is no configuration gone\.toml \(\$ORDERFERRY_CONFIG\) in "):
        find_configurations((), {"ORDERFERRY_CONFIG": "gone.toml"})


def test_a_folder_stands_for_its_configurations_in_order(tmp_path: Path) -> None:
    shops = tmp_path / "shops"
    shops.mkdir()
    for name in ("b.toml", "a.toml", ".hidden.toml", "a.ledger.sqlite", "notes.txt"):
        write(shops, "", name)
    assert find_configurations((shops,), {}) == (shops / "a.toml", shops / "b.toml")
    assert find_configurations((), {"ORDERFERRY_CONFIG": str(shops)}) == (shops / "a.toml", shops / "b.toml")
    assert find_configurations((shops / "b.toml", shops, shops / "b.toml"), {}) == (shops / "b.toml", shops / "a.toml")


def test_in_a_folder_what_another_includes_is_no_shop(tmp_path: Path) -> None:
    write(tmp_path, "", "common.toml")
    write(tmp_path, "include = 'common.toml'\n", "it.toml")
    write(tmp_path, "include = ['./common.toml']\n", "de.toml")
    write(tmp_path, "this is no TOML", "broken.toml")
    assert [path.name for path in find_configurations((tmp_path,), {})] == ["broken.toml", "de.toml", "it.toml"]
    assert find_configurations((tmp_path / "common.toml",), {}) == (tmp_path / "common.toml",)


def test_an_empty_folder_is_said(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"The folder .*home \(-c\) holds no configuration"):
        find_configurations((tmp_path / "home",), {})


def test_a_folder_that_can_t_be_read_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_: Path) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "iterdir", refuse)  # root, who may run the tests, may read every folder
    with pytest.raises(ConfigError, match=r"home \(-c\) can't be read: Permission denied\."):
        find_configurations((tmp_path / "home",), {})


def test_a_folder_that_was_removed_under_the_program_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    def gone() -> Path:
        raise FileNotFoundError(2, "No such file or directory")

    monkeypatch.setattr(Path, "cwd", gone)
    with pytest.raises(ConfigError, match=r"gone\.toml \(-c\) in a folder that is gone\.$") as caught:
        find_configurations((Path("gone.toml"),), {})
    assert "A crontab needs absolute paths" in caught.value.hint
    with pytest.raises(ConfigError, match=r"/gone\.toml \(-c\)\.$") as caught:
        find_configurations((Path("/gone.toml"),), {})
    assert "crontab" not in caught.value.hint
