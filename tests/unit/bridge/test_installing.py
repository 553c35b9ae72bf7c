"""Putting the bridge's files into a folder: what is written, what stays, what is refused, and with whose rights."""

from __future__ import annotations

import os
import pwd
import stat
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from orderferry import bridge
from orderferry.bridge.installing import crontab_line, find_shop_folder, install
from orderferry.errors import UsageError

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a folder to somebody else")
NOBODY = pwd.getpwnam("nobody")
SCRIPT, SETTINGS = "orderferry-bridge.php", "orderferry-bridge.ini"
ME = pwd.getpwuid(os.geteuid()).pw_name


@pytest.fixture
def place() -> Iterator[Path]:
    """A folder that every user can enter; pytest's own are closed to others."""
    with TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)


def prestashop(folder: Path) -> Path:
    (folder / "config").mkdir(parents=True)
    (folder / "config/config.inc.php").write_text("<?php\n")
    return folder


def refusal(folder: Path, shop_folder: Path | None = None, shop_id: str = "abc") -> tuple[str, str]:
    with pytest.raises(UsageError) as refused:
        install(folder, shop_folder, shop_id)
    return refused.value.message, refused.value.hint


def test_the_line_for_cron_keeps_mails_in_and_escapes_percent_signs() -> None:
    assert crontab_line(Path("/srv/a b/100%.php")) == (
        "*/5 * * * *  php -d sendmail_path=/bin/true '/srv/a b/100\\%.php'"
    )


def test_the_shop_is_what_was_given_else_what_is_known_else_what_is_around(tmp_path: Path) -> None:
    given, known, around = (prestashop(tmp_path / name) for name in ("given", "known", "around"))
    inside = around / "modules" / "bridge"
    inside.mkdir(parents=True)
    assert find_shop_folder(given, known, inside) == given
    assert find_shop_folder(None, known, inside) == known
    assert find_shop_folder(None, None, inside) == around
    assert find_shop_folder(None, None, around) == around
    assert find_shop_folder(None, tmp_path / "elsewhere", inside) == around
    assert find_shop_folder(None, None, tmp_path) is None


def test_a_shop_is_named_by_its_whole_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    prestashop(tmp_path / "shop")
    monkeypatch.chdir(tmp_path)
    assert find_shop_folder(Path("shop"), None, tmp_path) == tmp_path / "shop"


def test_a_folder_that_is_no_shop_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError) as refused:
        find_shop_folder(tmp_path, None, tmp_path)
    assert refused.value.message == f"{tmp_path} is no PrestaShop: it has no config/config.inc.php."
    assert refused.value.hint == "--shop takes the folder that holds config/, classes/ and modules/."


def test_script_and_settings_are_put_there_for_everybody_to_read(tmp_path: Path) -> None:
    shop, folder = prestashop(tmp_path / "shop"), tmp_path / "bridge"
    before = os.umask(0o022)
    try:
        assert install(folder, shop, "abc") == (ME, False)
    finally:
        os.umask(before)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o755
    assert {path.name: stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()} == {
        SCRIPT: 0o644,
        SETTINGS: 0o644,
    }
    package = Path(bridge.__file__).parent
    assert (folder / SCRIPT).read_bytes() == (package / SCRIPT).read_bytes()
    settings = (folder / SETTINGS).read_text()
    assert f'"{shop}"' in settings
    assert '"abc"' in settings
    assert "@SHOP" not in settings


def test_a_shop_that_is_not_on_this_host_leaves_its_folder_open(tmp_path: Path) -> None:
    assert install(tmp_path, None, "abc") == ("", False)
    assert 'shop_folder = ""\n' in (tmp_path / SETTINGS).read_text()


def test_settings_that_are_there_stay_and_the_script_is_renewed(tmp_path: Path) -> None:
    install(tmp_path, None, "abc")
    mine = (tmp_path / SETTINGS).read_text() + "; mine\n"
    (tmp_path / SETTINGS).write_text(mine)
    script = (tmp_path / SCRIPT).read_text()
    (tmp_path / SCRIPT).write_text(f"{script}// of an older version\n")
    assert install(tmp_path, None, "abc") == ("", True)
    assert (tmp_path / SETTINGS).read_text() == mine
    assert (tmp_path / SCRIPT).read_text() == script


@pytest.mark.parametrize("found", ["", "shop_id = abc\n", ' shop_id="abc"\n', 'shop_id = ""\n'])
def test_settings_of_this_shop_or_of_none_are_ours(tmp_path: Path, found: str) -> None:
    (tmp_path / SETTINGS).write_text(f"; for {SCRIPT}\n{found}")
    assert install(tmp_path, None, "abc") == ("", True)


def test_settings_of_another_shop_are_left_alone(tmp_path: Path) -> None:
    install(tmp_path, None, "abc")
    (tmp_path / SCRIPT).unlink()
    assert refusal(tmp_path, shop_id="other") == (
        f"{tmp_path}/{SETTINGS} belongs to the bridge of another shop; nothing is changed.",
        "Name another folder. If it is the same shop, made anew: correct shop_id there, or delete the file.",
    )
    assert not (tmp_path / SCRIPT).exists()


@pytest.mark.parametrize("name", [SCRIPT, SETTINGS])
def test_another_programs_file_is_left_alone(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("theirs")
    assert refusal(tmp_path) == (
        f"{tmp_path}/{name} is there already and is not orderferry's; it is left as it is.",
        "Name another folder.",
    )
    assert [path.name for path in tmp_path.iterdir()] == [name]
    assert (tmp_path / name).read_text() == "theirs"


@pytest.mark.parametrize("kind", ["a link", "a folder"])
def test_what_is_no_ordinary_file_is_left_alone(tmp_path: Path, kind: str) -> None:
    if kind == "a link":
        (tmp_path / SCRIPT).symlink_to(tmp_path / "elsewhere")
    else:
        (tmp_path / SCRIPT).mkdir()
    assert refusal(tmp_path) == (
        f"{tmp_path}/{SCRIPT} is not an ordinary file; it is left as it is.",
        "Name another folder.",
    )
    assert not (tmp_path / "elsewhere").exists()


def test_a_place_that_can_not_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    assert refusal(tmp_path / "file") == (
        f"The bridge can't be put into {tmp_path}/file: Not a directory.",
        "Name a folder that this user may write to.",
    )


@as_root
def test_root_gives_the_files_to_the_owner_of_the_shop(tmp_path: Path) -> None:
    shop = prestashop(tmp_path / "shop")
    os.chown(shop / "config", NOBODY.pw_uid, NOBODY.pw_gid)
    folder = tmp_path / "bridge"
    assert install(folder, shop, "abc") == ("nobody", False)
    owners = {path.name: (path.stat().st_uid, path.stat().st_gid) for path in (folder, *folder.iterdir())}
    assert owners == {"bridge": (0, 0)} | dict.fromkeys((SCRIPT, SETTINGS), (NOBODY.pw_uid, NOBODY.pw_gid))


@as_root
def test_into_a_folder_that_others_can_change_root_writes_with_the_owners_rights(place: Path) -> None:
    shop = prestashop(place / "shop")
    os.chown(shop / "config", NOBODY.pw_uid, NOBODY.pw_gid)
    folder = place / "public"
    folder.mkdir()
    os.chown(folder, NOBODY.pw_uid, NOBODY.pw_gid)
    groups = os.getgroups()
    assert install(folder, shop, "abc") == ("nobody", False)
    assert {path.stat().st_uid for path in folder.iterdir()} == {NOBODY.pw_uid}
    assert (os.geteuid(), os.getegid(), os.getgroups()) == (0, 0, groups)
    os.chown(folder, 0, 0)
    folder.chmod(0o757)
    (folder / SCRIPT).unlink()
    assert install(folder, shop, "abc") == ("nobody", True), "everybody may write there, so may the owner"


@as_root
@pytest.mark.parametrize("owner", ["unknown", "root"])
def test_into_such_a_folder_root_does_not_write_without_another_owner(tmp_path: Path, owner: str) -> None:
    folder = tmp_path / "public"
    folder.mkdir()
    folder.chmod(0o777)
    shop = prestashop(tmp_path / "shop") if owner == "root" else None
    assert refusal(folder, shop) == (
        f"The bridge is not put into {folder}: every user can change the folder {folder}, and root would write there.",
        "Name a folder that belongs to root and that only root can change. Where the shop's folder is known (--shop), "
        "root leaves the writing to its owner.",
    )
    assert list(folder.iterdir()) == []


def test_the_hooks_that_fire_by_default_are_named_as_in_the_script() -> None:
    script = (Path(bridge.__file__).parent / SCRIPT).read_text()
    for hook in (*bridge.DEFAULT_HOOKS, *bridge.HOOKS_ON_REQUEST):
        assert f"'{hook}'" in script, hook
    assert len({*bridge.DEFAULT_HOOKS, *bridge.HOOKS_ON_REQUEST}) == 22
