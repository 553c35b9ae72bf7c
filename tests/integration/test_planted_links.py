"""Links and named pipes where a command writes or reads: nothing goes through a link, nothing waits at a pipe."""

from __future__ import annotations

import os
import shutil
import stat
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from orderferry.bridge import SCRIPT, SETTINGS
from orderferry.demo import (
    CONFIGURATION_FILE,
    SHOP_FILE,
    WORLD_FILE,
    create_demo_shop,
    prepare_folder,
    write_configuration,
)
from orderferry.ledger.migrations import keep_copy
from orderferry.prestashop.sample_shop import ShopSeed, plain_products
from orderferry.simulator.catalog import DEMO_CATALOG
from orderferry.simulator.http_server import SimulatorServer
from orderferry.simulator.shop_life import generate
from support.installation import Installed, install
from support.simulated import READY_REPORTS
from support.sqlite_shop import sqlite_shop_in
from support.starting import Finished

STRANGER = 65534
SECONDS = 40  # a command that waits at a pipe waits for ever
VICTIM = "another program's\n"
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a folder to somebody else")


@pytest.fixture
def place() -> Iterator[Path]:
    """A folder that every user can enter, as /srv is; pytest's own are closed to others."""
    folder = Path(tempfile.mkdtemp(prefix="orderferry-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def server() -> Iterator[SimulatorServer]:
    with SimulatorServer(
        generate(5, datetime.now(UTC) - timedelta(days=1), 1, 6, ("IT",)), report_rules=READY_REPORTS
    ) as running:
        yield running


@pytest.fixture
def installed(place: Path, server: SimulatorServer) -> Installed:
    shop = sqlite_shop_in(place, ShopSeed(products=plain_products([item.sku for item in DEMO_CATALOG], 1000)))
    return install(place, server, shop.url, marketplaces=("IT",))


@dataclass
class Victim:
    """A file of another program's that must stay as it is."""

    path: Path

    def planted(self, link: Path, owner: int | None = None) -> None:
        """Put a link to it there, as if `owner` had."""
        link.unlink(missing_ok=True)
        link.symlink_to(self.path)
        if owner is not None and os.geteuid() == 0:
            os.chown(link, owner, owner, follow_symlinks=False)

    def is_whole(self) -> bool:
        found = self.path.stat()
        return (self.path.read_text(), stat.S_IMODE(found.st_mode), found.st_uid) == (VICTIM, 0o644, os.geteuid())


@pytest.fixture
def victim(place: Path) -> Victim:
    path = place / "victim"
    path.write_text(VICTIM)
    path.chmod(0o644)
    return Victim(path)


def run(installed: Installed, *words: str) -> Finished:
    return installed.run(*words, timeout=SECONDS)


PAGES = [("status", "--html"), ("status", "--prometheus"), ("compare", "--html"), ("compare", "--csv")]


@pytest.mark.sample(2)
@pytest.mark.parametrize(("command", "option"), PAGES)
def test_pages_are_not_written_through_links_and_pipes(
    installed: Installed, victim: Victim, place: Path, command: str, option: str
) -> None:
    assert run(installed, "import").code == 0
    victim.planted(place / "page")
    os.mkfifo(place / "pipe")
    for name, kind in (("page", "a link"), ("pipe", "a named pipe")):
        done = run(installed, command, option, str(place / name))
        assert (done.code, done.out) == (2, "")
        assert f"{place / name} is not written: it is {kind}, not an ordinary file." in done.err
    assert "it is a device" in run(installed, command, option, "/dev/zero").err
    assert victim.is_whole()
    shown = run(installed, command, option, "/dev/stdout")
    assert shown.code == 0
    assert len(shown.out) > 100


@pytest.mark.sample(5)
@pytest.mark.parametrize("suffix", ["", "-wal", "-shm", "-journal", ".import.lock"])
@pytest.mark.parametrize("first", [True, False], ids=["a first run", "a later run"])
def test_the_ledger_and_what_lies_beside_it_are_no_links_of_strangers(
    installed: Installed, victim: Victim, suffix: str, first: bool
) -> None:
    if not first:
        assert run(installed, "import").code == 0
    path = installed.ledger.with_name(installed.ledger.name + suffix)
    victim.planted(path, STRANGER if os.geteuid() == 0 else None)
    done = run(installed, "import")
    assert victim.is_whole(), done
    if suffix != "-journal":  # SQLite removes one that it can't use
        assert done.code == 6, done
        assert "orderferry: The ledger" in done.err


def test_the_log_is_no_link_and_no_pipe(installed: Installed, victim: Victim, place: Path) -> None:
    installed.more = '[logging]\nfile = "log"\n'
    installed.write()
    victim.planted(place / "log")
    assert "logging.file: " in run(installed, "import").err
    assert victim.is_whole()
    (place / "log").unlink()
    os.mkfifo(place / "log")
    done = run(installed, "import")
    assert done.code == 2
    assert "it is a named pipe, not an ordinary file" in done.err
    (place / "log").unlink()
    victim.planted(place / "log.1")
    (place / "log").write_bytes(b"x" * 4_999_990 + b"\n")
    (place / "log").chmod(0o644)
    before = os.umask(0)
    try:
        assert run(installed, "import").code == 0
    finally:
        os.umask(before)
    assert victim.is_whole()
    assert (place / "log.1").stat().st_size == 4_999_991, "put aside in the place of the link"
    assert not (place / "log.1").is_symlink()
    assert {stat.S_IMODE((place / name).stat().st_mode) for name in ("log", "log.1")} == {0o600}


def test_init_writes_no_configuration_through_a_link(place: Path, victim: Victim, installed: Installed) -> None:
    victim.planted(place / "new.toml")
    words = [*installed.command()[:3], "-c", str(place / "new.toml"), "init", "--non-interactive", "--no-try"]
    assert installed.run_words(words, timeout=SECONDS).code == 2
    assert victim.is_whole()


def test_the_copy_before_a_migration_is_made_beside_planted_links(place: Path, victim: Victim) -> None:
    ledger = place / "a.sqlite"
    with sa.create_engine(f"sqlite:///{ledger}", poolclass=sa.NullPool).begin() as connection:
        connection.exec_driver_sql("CREATE TABLE t (a)")
    for name in ("a.before-m002.sqlite", "a.before-m002.sqlite.part"):
        victim.planted(place / name)
    copy = keep_copy(ledger, ["m002_x"])
    assert victim.is_whole()
    assert (copy.is_symlink(), stat.S_IMODE(copy.stat().st_mode)) == (False, 0o600)


def test_the_demo_writes_through_no_link(place: Path, victim: Victim, server: SimulatorServer) -> None:
    world = generate(5, datetime.now(UTC) - timedelta(days=1), 1, 2, ("IT",))
    folder = place / "demo"
    prepare_folder(folder)
    victim.planted(folder / SHOP_FILE)
    victim.planted(folder / CONFIGURATION_FILE)
    victim.planted(folder / WORLD_FILE)
    writers: list[Callable[[], object]] = [
        lambda: create_demo_shop(folder),
        lambda: world.save(folder / WORLD_FILE),
        lambda: write_configuration(folder, server, datetime.now(UTC)),
    ]
    for write in writers:
        with pytest.raises(OSError, match=r"exists|not an ordinary file"):
            write()
    assert victim.is_whole()
    prepare_folder(folder)
    assert victim.is_whole()


@pytest.mark.parametrize("name", [SCRIPT, SETTINGS, f".{SCRIPT}.new", f".{SETTINGS}.new"])
def test_the_bridge_is_installed_through_no_link(installed: Installed, victim: Victim, place: Path, name: str) -> None:
    (place / "bridge").mkdir()
    victim.planted(place / "bridge" / name)
    done = run(installed, "bridge", "install", str(place / "bridge"))
    assert done.code == (0 if name.endswith(".new") else 2), done
    assert victim.is_whole()


# --- as root, in a folder of somebody else's


def prestashop_of(owner: int, folder: Path) -> Path:
    """The folder of a PrestaShop whose files belong to a user."""
    (folder / "config").mkdir(parents=True)
    (folder / "config/config.inc.php").write_text("<?php\n")
    for path in (folder, *folder.rglob("*")):
        os.chown(path, owner, owner)
    return folder


@as_root
def test_root_installs_the_bridge_with_the_rights_of_the_shop_s_owner(
    installed: Installed, victim: Victim, place: Path
) -> None:
    shop = prestashop_of(STRANGER, place / "home" / "shop")
    os.chown(place / "home", STRANGER, STRANGER)
    folder = place / "home" / "bridge"
    words = ("bridge", "install", str(folder), "--shop", str(shop))
    done = run(installed, *words)
    assert done.code == 0, done
    for path in (folder, folder / SCRIPT, folder / SETTINGS):
        assert (path.stat().st_uid, path.stat().st_gid) == (STRANGER, STRANGER)
    assert stat.S_IMODE((folder / SCRIPT).stat().st_mode) == 0o644
    victim.path.chmod(0o600)
    for name in (SCRIPT, SETTINGS, f".{SCRIPT}.new"):
        (folder / name).unlink(missing_ok=True)
        (folder / name).symlink_to(victim.path)
    assert run(installed, *words).code == 2
    shutil.rmtree(folder)
    (place / "root only").mkdir(mode=0o700)
    folder.symlink_to(place / "root only")
    assert run(installed, *words).code == 2
    assert list((place / "root only").iterdir()) == []
    victim.path.chmod(0o644)
    assert victim.is_whole()


@as_root
def test_root_gives_the_bridge_s_files_to_the_shop_s_owner_in_a_folder_of_its_own(
    installed: Installed, place: Path
) -> None:
    shop = prestashop_of(STRANGER, place / "home" / "shop")
    done = run(installed, "bridge", "install", str(place / "bridge"), "--shop", str(shop))
    assert done.code == 0, done
    assert (place / "bridge").stat().st_uid == 0
    assert {(place / "bridge" / name).stat().st_uid for name in (SCRIPT, SETTINGS)} == {STRANGER}


@as_root
def test_root_writes_into_no_folder_of_another_user(installed: Installed, place: Path) -> None:
    assert run(installed, "import").code == 0
    theirs = place / "theirs"
    theirs.mkdir()
    os.chown(theirs, STRANGER, STRANGER)
    inside = theirs / "inside"
    inside.mkdir()
    for folder in (theirs, inside):
        for words in (
            *((command, option, str(folder / "page")) for command, option in PAGES),
            ("demo", "--folder", str(folder / "demo")),
            ("bridge", "install", str(folder)),
        ):
            done = run(installed, *words)
            assert (done.code, done.out) == (2, ""), (words, done)
            assert "and root would write there" in done.err
        new = [*installed.command()[:3], "-c", str(folder / "new.toml"), "init", "--non-interactive", "--no-try"]
        made = installed.run_words(new, timeout=SECONDS)
        assert (made.code, "and root would write there" in made.err) == (2, True)
        for more, code in ((f'[logging]\nfile = "{folder}/log"', 2), (f'[ledger]\npath = "{folder}/ledger"', 6)):
            installed.more = more
            installed.write()
            done = run(installed, "import")
            assert (done.code, "and root would write there" in done.err) == (code, True), done
            if code == 6:
                assert "and root would write there" in run(installed, "check").out
        installed.more = ""
        installed.write()
    assert [path.name for path in theirs.rglob("*")] == ["inside"]


# --- named pipes, devices and folders where a file is read


def test_a_pipe_as_a_file_that_is_read_is_a_sentence(installed: Installed, place: Path) -> None:
    pipe = place / "pipe"
    os.mkfifo(pipe)
    program = installed.command()[:3]
    for words in (["-c", str(pipe)], ["-c", "/dev/zero"]):
        done = installed.run_words([*program, *words, "import"], timeout=SECONDS)
        assert done.code == 2
        assert "not an ordinary file" in done.err
    (place / "many").mkdir()
    os.mkfifo(place / "many" / "one.toml")
    assert installed.run_words([*program, "-c", str(place / "many"), "import"], timeout=SECONDS).code == 2
    cases = (
        (f'include = "{pipe}"', "", ""),
        ("", f'client_secret_file = "{pipe}"', ""),
        ("", 'refresh_token_file = "/dev/zero"', ""),
        ("", "", f'from = "{pipe}"'),
        ("", "", f'ssl_ca = "{pipe}"'),
        ("", "", f'ssl_ca = "{place}"'),
    )
    for top, amazon, prestashop in cases:
        installed.amazon, installed.prestashop = amazon, prestashop
        installed.write()
        text = installed.configuration.read_text()
        if "from" in prestashop:
            text = "\n".join(line for line in text.splitlines() if not line.startswith("url ="))
        for key in ("client_secret", "refresh_token"):
            if amazon.startswith(f"{key}_file"):
                text = "\n".join(line for line in text.splitlines() if not line.startswith(f"{key} ="))
        installed.configuration.write_text(f"{top}\n{text}")
        done = run(installed, "import")
        assert done.code == 2, (top, amazon, prestashop, done)
        assert str(pipe) in done.err or "/dev/zero" in done.err or str(place) in done.err
    assert not installed.ledger.exists()


def test_a_shop_s_folder_with_a_pipe_for_a_file_is_a_sentence(installed: Installed, place: Path) -> None:
    (place / "shop/config").mkdir(parents=True)
    os.mkfifo(place / "shop/config/settings.inc.php")
    (place / "shop/config/config.inc.php").write_text("<?php\n")
    done = run(installed, "bridge", "install", str(place / "bridge"), "--shop", str(place / "shop"))
    assert done.code == 0, done


def test_a_pipe_as_world_or_as_authority_is_a_sentence(installed: Installed, place: Path) -> None:
    os.mkfifo(place / "pipe")
    done = run(installed, "simulator", "--port", "0", "--world", str(place / "pipe"))
    assert (done.code, "it is a named pipe" in done.err) == (2, True)
    installed.endpoint = "https://127.0.0.1:1"
    installed.write()
    installed.environ = {"SSL_CERT_FILE": str(place / "pipe")}
    done = run(installed, "import", "--json")
    assert (done.code, "SSL_CERT_FILE" in done.out) == (4, True), done
